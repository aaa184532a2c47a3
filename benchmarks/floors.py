"""Floors: the least that work of this shape can cost here. No index, no key check, no fold.

A bare SQLCipher file with the product's settings (WAL, synchronous FULL) and the same rows.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as driver

Row = Sequence[object]
_TABLES = (
    """CREATE TABLE operations(position INTEGER PRIMARY KEY, id BLOB, record BLOB, seq INTEGER,
           skeleton BLOB, salt BLOB, data BLOB)""",
    """CREATE TABLE records(position INTEGER PRIMARY KEY, record BLOB, kind TEXT, state TEXT,
           title TEXT, updated INTEGER, name TEXT, initials TEXT, words TEXT, slip TEXT,
           phone TEXT)""",
)
_OPERATION = """INSERT INTO operations(id, record, seq, skeleton, salt, data)
                VALUES (?, ?, ?, ?, ?, ?)"""
_RECORD = """INSERT INTO records(record, kind, state, title, updated, name, initials, words, slip,
                 phone) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


class Bare:
    """An encrypted file with the two bare tables."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def insert_operations(self, rows: Sequence[Row], a_transaction: int) -> float:
        """Insert operation rows, so many in a transaction; return rows a second."""
        begun = time.perf_counter()
        for at in range(0, len(rows), a_transaction):
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(_OPERATION, rows[at : at + a_transaction])
            self._connection.execute("COMMIT")
        return len(rows) / (time.perf_counter() - begun)

    def insert_pair(self, operation: Row, record: Row) -> float:
        """Insert an operation row and a record row in a transaction; return seconds."""
        begun = time.perf_counter()
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute(_OPERATION, operation)
        self._connection.execute(_RECORD, record)
        self._connection.execute("COMMIT")
        return time.perf_counter() - begun


@contextmanager
def bare(path: Path) -> Iterator[Bare]:
    """Make and open an encrypted file at `path`."""
    connection = driver.connect(str(path), isolation_level=None, cached_statements=256)
    try:
        connection.execute(f"PRAGMA key = \"x'{os.urandom(32).hex()}'\"")
        for setting in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -8192"):
            connection.execute(f"PRAGMA {setting}")
        for statement in _TABLES:
            connection.execute(statement)
        yield Bare(connection)
    finally:
        connection.close()
