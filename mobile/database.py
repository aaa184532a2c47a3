"""The one place that opens the tablet's store: SQLCipher, keyed raw, through sqlite-utils.

sqlite-utils must see SQLCipher's exception classes, so `sqlcipher3` stands in `sys.modules` as
`pysqlite3` before its first import. The trap behind that: `sqlite_utils.Database("path")` would
silently make an unencrypted file; so nobody but `open_store` opens one, and tests grep for it.

Commits are durable: WAL with `synchronous=FULL` (NORMAL lost acknowledged commits in simulated
power cuts). SQLite before 3.51.3 (3.44.6, 3.50.7) has a race at WAL reset that loses commits and is
refused.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any, NoReturn, Protocol, TypeVar, cast

import sqlcipher3
import sqlcipher3.dbapi2 as driver

from mobile.files import NotSaved
from shared.errors import BianminError

if "sqlite_utils" in sys.modules:  # imported too early: it would raise another library's errors
    raise ImportError("mobile.database must be imported before sqlite_utils")
sys.modules["pysqlite3"] = sqlcipher3
sys.modules["pysqlite3.dbapi2"] = driver

from sqlite_utils import Database  # noqa: E402  (only after the two lines above)

# Without one the driver asks every blob for three protocols before it binds it as it is.
driver.register_adapter(bytes, bytes)

_T = TypeVar("_T")

KEY_BYTES = 32
BUSY_MS = 5_000
_FIXED = ((3, 44, 6), (3, 50, 7))
_FIXED_FROM = (3, 51, 3)

Error: type[Exception] = driver.Error
"""Root of the driver's errors, for callers that have to name it."""


class StoreUnusable(BianminError):
    """The store cannot be opened on this machine, or its file is damaged."""


class WrongKey(StoreUnusable):
    """The key does not open this file."""


class Busy(BianminError):
    """Another window or command holds the store for too long."""


class Cursor(Protocol):
    """What the product uses of a driver's cursor."""

    rowcount: int

    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Store:
    """An open store: `db` for sqlite-utils, `execute` for statements where speed counts.

    One connection, one thread. Writes happen inside `write()`; nested blocks join the outer one.
    """

    def __init__(self, db: Database) -> None:
        self.db = db
        self._connection = cast(Any, db.conn)
        self._writing = False
        self._version = 0
        self._memory: dict[str, Any] = {}

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> Cursor:
        """Run one prepared statement; raise NotSaved, Busy, StoreUnusable."""
        try:
            return cast(Cursor, self._connection.execute(sql, parameters))
        except driver.DatabaseError as error:
            raise_translated(error)

    def execute_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement for many rows; raise as `execute`."""
        try:
            self._connection.executemany(sql, rows)
        except driver.DatabaseError as error:
            raise_translated(error)

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """Return all rows of a query as tuples; raise as `execute`."""
        try:
            return cast("list[Any]", self._connection.execute(sql, parameters).fetchall())
        except driver.DatabaseError as error:
            raise_translated(error)

    def named_rows(self, sql: str, parameters: Mapping[str, object]) -> list[Any]:
        """Return all rows of a query with named parameters; raise as `execute`."""
        try:
            return cast("list[Any]", self._connection.execute(sql, parameters).fetchall())
        except driver.DatabaseError as error:
            raise_translated(error)

    def row(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        """Return the first row of a query, or None; raise as `execute`."""
        try:
            return self._connection.execute(sql, parameters).fetchone()
        except driver.DatabaseError as error:
            raise_translated(error)

    def write(self) -> AbstractContextManager[None]:
        """One durable transaction: everything inside is kept, or nothing.

        The write lock is taken at once, so that what is read inside cannot be overtaken.
        """
        return _JOINED if self._writing else _Transaction(self)

    def remembered(self, key: str, read: Callable[[], _T]) -> _T:
        """Return what `read` returned in an earlier transaction of this process, if it still holds.

        Another connection's commit and a roll-back forget everything; who changes what is
        remembered calls `forget`. Outside `write()` it is read anew.
        """
        if not self._writing:
            return read()
        if key not in self._memory:
            self._memory[key] = read()
        return cast(_T, self._memory[key])

    def forget(self) -> None:
        """Read again what was remembered."""
        self._memory.clear()

    def close(self) -> None:
        """Close the connection; the key leaves memory with it."""
        self._connection.close()

    def _begin(self) -> None:
        self.execute("BEGIN IMMEDIATE")
        self._writing = True
        try:
            (version,) = self.row("PRAGMA data_version")
        except BaseException:
            self._roll_back()
            raise
        if version != self._version:  # another connection may have changed what is remembered
            self._version = version
            self.forget()

    def _commit(self) -> None:
        try:
            self.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        self._writing = False

    def _roll_back(self) -> None:
        self._writing = False
        self.forget()
        if self._connection.in_transaction:  # a full disk may have rolled back already
            with suppress(driver.Error):
                self._connection.execute("ROLLBACK")


class _Transaction(AbstractContextManager[None]):
    """Commits at the end of its block, or rolls back."""

    __slots__ = ("_store",)

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> None:
        self._store._begin()

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._store._commit()
        else:
            self._store._roll_back()


_JOINED = nullcontext()
"""What a block inside another one does at its end."""

Migration = Callable[[Store], None]


def open_store(path: Path, key: bytes, migrations: Sequence[Migration]) -> Store:
    """Open or create the encrypted store at `path` with a raw key of 32 bytes.

    `migrations` bring `user_version` from n to n+1 each, in one transaction together.
    Raises WrongKey, StoreUnusable, NotSaved.
    """
    require_sound_sqlite(driver.sqlite_version_info)
    if len(key) != KEY_BYTES:
        raise ValueError("the store takes a raw key of 32 bytes")
    try:
        connection = driver.connect(
            str(path), timeout=BUSY_MS / 1000, isolation_level=None, cached_statements=256
        )
    except driver.DatabaseError as error:
        raise_translated(error)
    try:
        _key(connection, key)
        store = Store(Database(connection, recursive_triggers=False, execute_plugins=False))
        _configure(store)
        _migrate(store, migrations)
    except BaseException:
        connection.close()
        raise
    return store


def require_sound_sqlite(version: tuple[int, int, int]) -> None:
    """Raise StoreUnusable for an SQLite whose WAL can lose commits."""
    patched = any(version[:2] == fixed[:2] and version >= fixed for fixed in _FIXED)
    if version < _FIXED_FROM and not patched:
        shown = ".".join(map(str, version))
        raise StoreUnusable(f"数据库组件版本 {shown} 有丢失数据的缺陷，请升级 sqlcipher3 后再用。")


def _key(connection: Any, key: bytes) -> None:
    connection.execute("PRAGMA cipher_log_level = NONE")
    connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    if not connection.execute("PRAGMA cipher_version").fetchone():
        raise StoreUnusable("数据库组件不支持加密，已停止使用；请重新安装本软件。")
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except driver.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) == driver.SQLITE_NOTADB:
            raise WrongKey("密钥与本机数据库不符，请用本机原来的用户解锁。") from error
        raise_translated(error)


def _configure(store: Store) -> None:
    mode = store.row("PRAGMA journal_mode = WAL")[0]
    if mode != "wal":
        raise StoreUnusable("存储设备不支持安全写入（WAL），请换用本机存储后再试。")
    store.execute("PRAGMA synchronous = FULL")
    store.execute("PRAGMA foreign_keys = ON")
    store.execute("PRAGMA temp_store = MEMORY")
    store.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    store.execute("PRAGMA cache_size = -8192")


def _migrate(store: Store, migrations: Sequence[Migration]) -> None:
    if _user_version(store) == len(migrations):
        return
    with store.write():
        reached = _user_version(store)  # another process may have been first
        if reached > len(migrations):
            raise StoreUnusable("本机数据由更新的版本写成，请升级软件后再打开。")
        for migration in migrations[reached:]:
            migration(store)
        store.execute(f"PRAGMA user_version = {len(migrations)}")


def _user_version(store: Store) -> int:
    return int(store.row("PRAGMA user_version")[0])


_DAMAGED = frozenset({driver.SQLITE_CORRUPT, driver.SQLITE_NOTADB})
_LOCKED = frozenset({driver.SQLITE_BUSY, driver.SQLITE_LOCKED})


def raise_translated(error: Exception) -> NoReturn:
    """Raise a driver's error as the declared error it means; a bug of ours stays what it is."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    name = getattr(error, "sqlite_errorname", "") or type(error).__name__
    if code == driver.SQLITE_FULL:
        raise NotSaved.full() from error
    if code in {driver.SQLITE_IOERR, driver.SQLITE_READONLY}:
        raise NotSaved.broken(name) from error
    if code in _LOCKED:
        raise Busy("本机数据正被另一个窗口使用，请稍候再试。") from error
    if code == driver.SQLITE_CANTOPEN:
        raise StoreUnusable("打不开本机数据库，请检查数据目录是否存在、是否可写。") from error
    if code in _DAMAGED:
        raise StoreUnusable("本机数据库文件已损坏，请停止使用并联系县里恢复。") from error
    raise error
