"""Opening the database: encryption, durability, and every failure as a declared error."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from server.database import (
    CACHE_KIB,
    DatabaseBusy,
    DatabaseFull,
    DatabaseUnavailable,
    WrongDatabaseKey,
    is_sqlite,
    open_engine,
    require_sound_sqlite,
    retrying,
    translated,
)
from server.storage import Ledger, create_schema
from shared.errors import BianminError
from tests.server import ledgers
from tests.server.ledgers import FILE_KEY, operation, stored


def pragma(engine: Engine, name: str) -> object:
    with engine.connect() as connection:
        return connection.execute(text(f"PRAGMA {name}")).scalar()


def test_the_file_is_encrypted_and_commits_reach_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "core.db"
    engine = open_engine(path, FILE_KEY)
    create_schema(engine)
    with ledgers.begun(engine).write() as tx:
        tx.append_operations([stored(operation(1, person_name="王小二"))])
    assert is_sqlite(engine)
    settings = {name: pragma(engine, name) for name in ("journal_mode", "synchronous")}
    assert settings == {"journal_mode": "wal", "synchronous": 2}
    assert pragma(engine, "foreign_keys") == 1
    for file in tmp_path.iterdir():
        raw = file.read_bytes()
        assert b"SQLite format 3" not in raw
        assert b"BM-YB-001" not in raw
        assert b"receive" not in raw
    engine.dispose()


def test_the_connection_used_last_is_taken_first(tmp_path: Path) -> None:
    """Each has pages of its own in memory: taken by turns, all of them would fill up."""
    engine = open_engine(tmp_path / "core.db", FILE_KEY)
    at_once = [engine.connect() for _ in range(3)]
    for connection in at_once:
        connection.close()
    taken = set()
    for _ in range(3):
        with engine.connect() as connection:
            taken.add(id(connection.connection.dbapi_connection))
    assert len(taken) == 1
    assert pragma(engine, "cache_size") == -CACHE_KIB
    engine.dispose()


def test_another_key_does_not_open_it(tmp_path: Path) -> None:
    engine = open_engine(tmp_path / "core.db", FILE_KEY)
    create_schema(engine)
    engine.dispose()
    for key in (bytes(32), b"short", None):
        with pytest.raises(WrongDatabaseKey):
            open_engine(tmp_path / "core.db", key)
    (tmp_path / "plain.db").write_bytes(b"SQLite format 3\0" + bytes(4080))
    with pytest.raises(WrongDatabaseKey):
        open_engine(tmp_path / "plain.db", FILE_KEY)


@pytest.mark.parametrize(
    "target",
    [
        "postgresql://nobody@/none?host=/nowhere",
        "postgresql://nobody@127.0.0.1:1/none",
        "mysql://root@localhost/x",
        "://",
    ],
)
def test_an_address_that_leads_nowhere_is_one_clear_error(target: str) -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        open_engine(target)
    assert str(caught.value).endswith("。") or "）" in str(caught.value)


def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable):
        open_engine(tmp_path / "missing" / "core.db", FILE_KEY)


def test_a_full_disk_leaves_what_was_and_goes_on_after_space_is_made(
    sqlite_ledger: Ledger,
) -> None:
    rows = [stored(operation(seq, content="满" * 900)) for seq in range(1, 101)]
    with sqlite_ledger.write() as tx:
        tx.append_operations(rows[:1])
        pages = tx.connection.execute(text("PRAGMA page_count")).scalar_one()
    engine = sqlite_ledger.engine
    with engine.connect() as connection:
        connection.execute(text(f"PRAGMA max_page_count = {pages + 3}"))
    with pytest.raises(DatabaseFull), sqlite_ledger.write() as tx:
        tx.append_operations(rows)
    with sqlite_ledger.read() as tx:
        assert tx.count_operations() == 1
    with engine.connect() as connection:
        connection.execute(text("PRAGMA max_page_count = 100000"))
    with sqlite_ledger.write() as tx:
        assert tx.append_operations(rows) == 99


def test_a_server_that_goes_away_is_one_clear_error(postgres_ledger: Ledger) -> None:
    with pytest.raises(DatabaseUnavailable), postgres_ledger.write() as tx:
        tx.connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    with postgres_ledger.write() as tx:  # and the next transaction finds the server again
        assert tx.append_operations([stored(operation(1))]) == 1


def test_writers_of_sqlite_wait_for_each_other(tmp_path: Path) -> None:
    """Two engines on one file, as after a restart that overlaps: the second waits its turn."""
    engines = [open_engine(tmp_path / "core.db", FILE_KEY) for _ in range(2)]
    create_schema(engines[0])
    ledgers.begun(engines[0])
    both = [Ledger(engine, ledgers.COUNTY, ledgers.DATA_KEY) for engine in engines]
    inside = threading.Event()

    def take(writer: int) -> list[int]:
        taken = []
        for _ in range(10):
            with both[writer].write() as tx:
                assert not inside.is_set()
                inside.set()
                taken.append(tx.take_county_seq(1)[1])
                inside.clear()
        return taken

    found = ledgers.at_once(2, take)
    assert sorted(found[0] + found[1]) == list(range(1, 21))
    for engine in engines:
        engine.dispose()


@pytest.mark.parametrize("version", [(3, 44, 6), (3, 50, 7), (3, 51, 3), (3, 53, 4), (4, 0, 0)])
def test_a_sound_sqlite_is_taken(version: tuple[int, ...]) -> None:
    require_sound_sqlite(version)


@pytest.mark.parametrize("version", [(3, 40, 1), (3, 44, 5), (3, 45, 9), (3, 50, 6), (3, 51, 2)])
def test_a_sqlite_that_loses_commits_is_refused(version: tuple[int, ...]) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"3\.51\.3"):
        require_sound_sqlite(version)


def test_only_busy_is_tried_again() -> None:
    tries: list[int] = []

    def fail(error: BianminError) -> None:
        tries.append(1)
        raise error

    with pytest.raises(DatabaseFull):
        retrying(lambda: fail(DatabaseFull("满")))
    assert len(tries) == 1
    with pytest.raises(DatabaseBusy):
        retrying(lambda: fail(DatabaseBusy("忙")), attempts=4)
    assert len(tries) == 5


def test_an_error_never_quotes_the_values_of_a_row(postgres_ledger: Ledger) -> None:
    with postgres_ledger.write() as tx:
        tx.append_operations([stored(operation(1))])
    raw = "INSERT INTO counties (county, epoch) VALUES (519901, NULL)"
    engine = postgres_ledger.engine
    with pytest.raises(BianminError) as caught, translated(), engine.begin() as connection:
        connection.execute(text(raw))
    assert "519901" not in str(caught.value)
