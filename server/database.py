"""Opening the county's database: SQLCipher by path, PostgreSQL by URL, one set of errors.

SQLite: WAL with `synchronous=FULL` (NORMAL loses acknowledged commits in a power cut), every
writing transaction begins IMMEDIATE. PostgreSQL: READ COMMITTED with rows locked in a fixed order
for writing, because a repeatable snapshot would fail at the county's one counter row whenever two
envelopes meet; REPEATABLE READ for reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import QueuePool

from shared.errors import BianminError

BUSY_MS = 20_000
CACHE_KIB = 8_000
"""Pages a connection keeps decrypted. Four connections stay open in each process, so four times
this; the one used last is taken first, and the others stay small where little goes on at once."""
KEY_BYTES = 32
ATTEMPTS = 12
READING = "bianmin_reading"
"""Execution option of a connection that only reads."""

_T = TypeVar("_T")
_PATCHED = ((3, 44, 6), (3, 50, 7))
_FIXED_SINCE = (3, 51, 3)
_FULL_STATES = frozenset({"53100", "53200"})
_BUSY_STATES = frozenset({"40001", "40P01", "55P03"})
_UNIQUE_STATE = "23505"
_FOREIGN_KEY_STATE = "23503"
_SQLITE_BUSY = frozenset({5, 6})
_SQLITE_FULL = 13
_SQLITE_NOT_A_DATABASE = 26
_SQLITE_CONSTRAINT = 19


class DatabaseUnavailable(BianminError):
    """The database cannot be reached, opened or used; what was asked for did not happen."""


class DatabaseFull(DatabaseUnavailable):
    """No space is left where the database writes."""


class WrongDatabaseKey(DatabaseUnavailable):
    """The file is not opened by this key (or is no database of this product)."""


class DatabaseBusy(DatabaseUnavailable):
    """Others wrote the same rows at the same time; nothing was written. `retrying` tries again."""


class AlreadyThere(BianminError):
    """A key that has to be unique exists already; nothing was written."""


class NotThere(BianminError):
    """A row names a device or staff member that does not exist; nothing was written."""


def open_engine(url_or_path: str | Path, key: bytes | None = None) -> Engine:
    """Open the database at a PostgreSQL URL, or the SQLCipher file at a path under its raw `key`.

    The key has 32 bytes and is None for PostgreSQL. Raises DatabaseUnavailable or WrongDatabaseKey;
    a file that does not exist is made.
    """
    target = str(url_or_path)
    if "://" in target:
        engine = _open_postgresql(target)
    else:
        engine = _open_sqlite(Path(target), key)
    try:
        with translated(), engine.connect():
            pass
    except BianminError:
        engine.dispose()
        raise
    return engine


def is_sqlite(engine: Engine) -> bool:
    """Return whether this is the embedded database."""
    return engine.dialect.name == "sqlite"


@contextmanager
def translated() -> Iterator[None]:
    """Turn the drivers' errors into the declared ones."""
    try:
        yield
    except DBAPIError as error:
        raise _translate(error.orig) from error
    except sqlcipher.Error as error:
        raise _translate(error) from error


def retrying(step: Callable[[], _T], *, attempts: int = ATTEMPTS) -> _T:
    """Run `step`, a whole transaction, again after DatabaseBusy, at most `attempts` times."""
    for _ in range(attempts - 1):
        try:
            return step()
        except DatabaseBusy:
            continue
    return step()


def require_sound_sqlite(version: tuple[int, ...]) -> None:
    """Refuse a SQLite whose WAL reset can lose commits (fixed in 3.51.3, 3.50.7 and 3.44.6)."""
    is_patched = any(version[:2] == one[:2] and version >= one for one in _PATCHED)
    if version < _FIXED_SINCE and not is_patched:
        shown = ".".join(map(str, version))
        raise DatabaseUnavailable(
            f"内置数据库 {shown} 有已知的丢数缺陷，请升级到 3.51.3 以上再启动。"
        )


def _open_sqlite(path: Path, key: bytes | None) -> Engine:
    require_sound_sqlite(sqlcipher.sqlite_version_info)
    if key is None or len(key) != KEY_BYTES:
        raise WrongDatabaseKey("打开县级数据库需要 32 字节的密钥，请检查密钥文件。")
    raw_key = key

    def connect() -> Any:
        connection = sqlcipher.connect(
            str(path), isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000
        )
        try:
            _prepare_sqlite(connection, raw_key)
        except sqlcipher.Error as error:
            connection.close()
            raise _translate(error) from error
        return connection

    engine = create_engine(
        "sqlite://", module=sqlcipher, creator=connect, poolclass=QueuePool, pool_size=4,
        max_overflow=28, pool_use_lifo=True, connect_args={},
    )  # fmt: skip

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get(READING, False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _prepare_sqlite(connection: Any, key: bytes) -> None:
    connection.execute("PRAGMA cipher_log_level = NONE")  # errors are told in a sentence
    connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise DatabaseUnavailable("数据库所在的磁盘不支持预写日志，请把数据目录放到本机磁盘上。")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA temp_store = MEMORY")  # temporary files would not be encrypted
    connection.execute("PRAGMA secure_delete = FAST")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    connection.execute("PRAGMA wal_autocheckpoint = 4000")


def _open_postgresql(target: str) -> Engine:
    try:
        url = make_url(target)
    except ArgumentError as error:
        raise DatabaseUnavailable(
            "数据库地址的写法不对，应为 postgresql://用户@主机/库名。"
        ) from error
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        raise DatabaseUnavailable("只支持内置数据库和 PostgreSQL，请检查数据库地址。")
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"), isolation_level="READ COMMITTED",
        pool_pre_ping=True, pool_size=8, max_overflow=24, use_insertmanyvalues=True,
        connect_args={"connect_timeout": 10, "cursor_factory": _BinaryCursor},
    )  # fmt: skip

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # An acknowledgement follows the commit, so the commit has to be on the disk.
        connection.execute("SET synchronous_commit = on")
        connection.commit()

    return engine


class _BinaryCursor(psycopg.Cursor[Any]):
    """Results in binary: most of what is read is bytes, which the text form doubles."""

    def __init__(self, connection: psycopg.Connection[Any], **rows: Any) -> None:
        super().__init__(connection, **rows)
        self.format = psycopg.pq.Format.BINARY


def _translate(error: BaseException | None) -> BianminError:
    state = getattr(error, "sqlstate", None)
    if isinstance(error, sqlcipher.Error):
        return _translate_sqlite(error)
    if state in _FULL_STATES:
        return DatabaseFull("数据库磁盘空间不足，请清理或扩容后重试；已入账的内容不受影响。")
    if state in _BUSY_STATES:
        return DatabaseBusy("数据库正忙，请稍后重试。")
    if state == _UNIQUE_STATE:
        return _already_there()
    if state == _FOREIGN_KEY_STATE:
        return _not_there()
    return DatabaseUnavailable(f"数据库暂时不可用，请检查数据库服务与地址（{_detail(error)}）。")


def _translate_sqlite(error: BaseException) -> BianminError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == _SQLITE_FULL:
        return DatabaseFull("磁盘空间不足，未写入；请清理磁盘后重试，已入账的内容不受影响。")
    if code in _SQLITE_BUSY:
        return DatabaseBusy("数据库正忙，请稍后重试。")
    if code == _SQLITE_NOT_A_DATABASE:
        return WrongDatabaseKey("密钥打不开这个数据库文件，请检查密钥文件是否与数据目录配套。")
    # The binding leaves extended codes off: which constraint it was, only the text says.
    if code == _SQLITE_CONSTRAINT and str(error).startswith("UNIQUE"):
        return _already_there()
    if code == _SQLITE_CONSTRAINT and str(error).startswith("FOREIGN KEY"):
        return _not_there()
    return DatabaseUnavailable(f"数据库文件无法读写，请检查磁盘与目录权限（{_detail(error)}）。")


def _already_there() -> AlreadyThere:
    return AlreadyThere("同样的编号或名称已经存在，未写入；请刷新后核对，或换一个再试。")


def _not_there() -> NotThere:
    return NotThere("所指的设备或人员不存在，未写入；请刷新后核对。")


def _detail(error: BaseException | None) -> str:
    """The driver's first line, without values: PostgreSQL puts those on a line of their own."""
    first = str(error).splitlines()[:1]
    return re.sub(r"\s+", " ", first[0])[:160] if first else type(error).__name__
