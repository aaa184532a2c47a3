"""The opening factory: encrypted, durable, and honest about errors."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mobile.database import Busy, Store, StoreUnusable, WrongKey, open_store, require_sound_sqlite
from mobile.files import NotSaved

KEY = bytes(range(32))
NAME = "赵测试"


def schema(store: Store) -> None:
    store.execute("CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT NOT NULL)")


def second(store: Store) -> None:
    store.execute("ALTER TABLE person ADD COLUMN phone TEXT")


def names(store: Store) -> list[str]:
    return [row[0] for row in store.rows("SELECT name FROM person ORDER BY id")]


def test_pragmas_make_every_commit_durable(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store.db", KEY, [schema])
    pragmas = {
        name: store.row(f"PRAGMA {name}")[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "temp_store", "user_version")
    }
    assert pragmas == {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "temp_store": 2,
        "user_version": 1,
    }  # fmt: skip
    store.close()


def test_nothing_on_disk_is_readable(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store.db", KEY, [schema])
    with store.write():
        for _ in range(200):
            store.execute("INSERT INTO person(name) VALUES (?)", (NAME,))
    (tmp_path / "control.txt").write_text(f"…{NAME}…")  # proves that the search can find
    found = [path.name for path in tmp_path.iterdir() if NAME.encode() in path.read_bytes()]
    plain = [
        path for path in tmp_path.iterdir() if path.read_bytes().startswith(b"SQLite format 3")
    ]
    assert found == ["control.txt"]
    assert plain == []
    assert {"store.db", "store.db-wal"} <= {path.name for path in tmp_path.iterdir()}
    store.close()


def test_wrong_key_opens_nothing(tmp_path: Path) -> None:
    open_store(tmp_path / "store.db", KEY, [schema]).close()
    with pytest.raises(WrongKey, match="解锁"):
        open_store(tmp_path / "store.db", bytes(32), [schema])
    open_store(tmp_path / "store.db", KEY, [schema]).close()


def test_wrong_key_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    open_store(tmp_path / "store.db", KEY, [schema]).close()
    with pytest.raises(WrongKey):
        open_store(tmp_path / "store.db", bytes(32), [schema])
    assert capfd.readouterr() == ("", "")


def test_migrations_run_once_and_in_order(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store.db", KEY, [schema])
    with store.write():
        store.execute("INSERT INTO person(name) VALUES (?)", (NAME,))
    store.close()
    for _ in range(2):
        store = open_store(tmp_path / "store.db", KEY, [schema, second])
        assert store.rows("SELECT name, phone FROM person") == [(NAME, None)]
        store.close()


def test_a_failing_migration_leaves_the_old_version_whole(tmp_path: Path) -> None:
    def broken(store: Store) -> None:
        second(store)
        raise StoreUnusable("停")

    open_store(tmp_path / "store.db", KEY, [schema]).close()
    with pytest.raises(StoreUnusable):
        open_store(tmp_path / "store.db", KEY, [schema, broken])
    store = open_store(tmp_path / "store.db", KEY, [schema])
    assert [row[1] for row in store.rows("PRAGMA table_info(person)")] == ["id", "name"]
    store.close()


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    open_store(tmp_path / "store.db", KEY, [schema, second]).close()
    with pytest.raises(StoreUnusable, match="升级"):
        open_store(tmp_path / "store.db", KEY, [schema])


def test_a_transaction_is_whole_or_nothing(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store.db", KEY, [schema])

    def half() -> None:
        with store.write():
            store.execute("INSERT INTO person(name) VALUES (?)", (NAME,))
            with store.write():  # joins the outer one
                store.execute("INSERT INTO person(name) VALUES (?)", (NAME,))
            raise NotSaved("未保存")

    with pytest.raises(NotSaved):
        half()
    assert names(store) == []
    store.close()


def test_a_full_disk_says_so_and_work_goes_on_after(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store.db", KEY, [schema])
    pages = int(store.row("PRAGMA page_count")[0])
    store.execute(f"PRAGMA max_page_count = {pages + 2}")

    def fill() -> None:
        with store.write():
            for _ in range(1000):
                store.execute("INSERT INTO person(name) VALUES (?)", (NAME * 50,))

    with pytest.raises(NotSaved, match="未保存：存储空间已满"):
        fill()
    assert names(store) == []
    store.execute("PRAGMA max_page_count = 100000")
    with store.write():
        store.execute("INSERT INTO person(name) VALUES (?)", (NAME,))
    assert names(store) == [NAME]
    store.close()


def test_another_writer_is_named_instead_of_waiting_for_ever(tmp_path: Path) -> None:
    one = open_store(tmp_path / "store.db", KEY, [schema])
    other = open_store(tmp_path / "store.db", KEY, [schema])
    other.execute("PRAGMA busy_timeout = 0")
    with one.write(), pytest.raises(Busy), other.write():
        pass
    one.close()
    other.close()


def test_a_damaged_file_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_store(path, KEY, [schema])
    with store.write():
        for _ in range(500):
            store.execute("INSERT INTO person(name) VALUES (?)", (NAME,))
    store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(bytes(raw))
    store = open_store(path, KEY, [schema])
    with pytest.raises(StoreUnusable, match="损坏"):
        names(store)
    store.close()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match="数据目录"):
        open_store(tmp_path / "none" / "store.db", KEY, [schema])


@pytest.mark.parametrize(
    ("version", "sound"),
    [((3, 40, 1), False), ((3, 44, 5), False), ((3, 44, 6), True), ((3, 50, 6), False),
     ((3, 50, 7), True), ((3, 51, 2), False), ((3, 51, 3), True), ((3, 53, 4), True)],
)  # fmt: skip
def test_only_sqlite_without_the_wal_race(version: tuple[int, int, int], sound: bool) -> None:
    if sound:
        require_sound_sqlite(version)
    else:
        with pytest.raises(StoreUnusable):
            require_sound_sqlite(version)


def test_only_the_factory_opens_stores() -> None:
    source = Path(__file__).parents[2] / "mobile"
    opening = re.compile(r"\bDatabase\(|dbapi2|\.connect\(|import sqlite3")
    users = {path.name for path in source.rglob("*.py") if opening.search(path.read_text("utf-8"))}
    assert users == {"database.py"}


def test_sqlite_utils_imported_too_early_is_noticed() -> None:
    code = "import sqlite_utils, mobile.database"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "before sqlite_utils" in done.stderr


def test_what_is_remembered_holds_until_somebody_else_writes(tmp_path: Path) -> None:
    one, other = (open_store(tmp_path / "store.db", KEY, [schema]) for _ in range(2))

    def count(store: Store) -> int:
        return store.remembered("count", lambda: len(names(store)))

    def add(store: Store) -> int:
        with store.write():
            before = count(store)
            store.execute("INSERT INTO person(name) VALUES (?)", (NAME,))
        return before

    assert (add(one), add(one)) == (0, 0), "its own writes do not make it forget"
    assert add(other) == 2
    assert add(one) == 3, "another connection's do"
    assert count(one) == 4, "outside a transaction nothing is remembered"
    with one.write():
        one.forget()
        assert count(one) == 4
    one.close()
    other.close()


def test_a_roll_back_forgets_what_was_remembered(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store.db", KEY, [schema])

    def add_and_fail() -> None:
        with store.write():
            store.execute("INSERT INTO person(name) VALUES (?)", (NAME,))
            assert store.remembered("names", lambda: names(store)) == [NAME]
            raise ValueError("停")

    with pytest.raises(ValueError, match="停"):
        add_and_fail()
    with store.write():
        assert store.remembered("names", lambda: names(store)) == []
    store.close()
