"""The ledger of one county: transactions in which its tables are read and written.

Inside a writing transaction lock in this order: streams, records, the county's row (numbers of the
county's stream, then positions of the feed). `Ledger.writing` retries what the database refuses
because others wrote at the same time.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TypeVar

from sqlalchemy import Engine

from server.database import READING, is_sqlite, retrying, translated
from server.schema import (
    attached,
    conflicts,
    feed,
    judgements,
    match_keys,
    metadata,
    numbers,
    pairs,
    records,
    routes,
    watched,
)
from server.storage.arrivals import Arrivals
from server.storage.bridging import Bridging
from server.storage.devices import Devices
from server.storage.editions import EditionsRoom
from server.storage.feed import Feed
from server.storage.judgements import Judgements
from server.storage.matching import Matching
from server.storage.operations import Operations
from server.storage.postings import Postings
from server.storage.records import Records
from server.storage.rows import Counts
from server.storage.staff import StaffRoom
from server.storage.watched import Watched

_T = TypeVar("_T")
_PROJECTIONS = (
    judgements, records, routes, conflicts, attached, pairs, match_keys, numbers, watched,
)  # fmt: skip


class Tx(
    Operations, Judgements, Records, Watched, Matching, Feed, Devices, Postings, StaffRoom,
    Arrivals, Bridging, EditionsRoom,
):  # fmt: skip
    """One transaction: every noun of the storage under one name."""

    def drop_projections(self, *, with_feed: bool = False) -> None:
        """Empty what follows from the ledger, to build it anew.

        The feed stays unless asked: its positions are in the cursors of tablets, and only a new
        epoch allows them to begin again.
        """
        for table in (*_PROJECTIONS, feed) if with_feed else _PROJECTIONS:
            self.connection.execute(self._delete(table))

    def counts(self) -> Counts:
        """Return the totals that have to agree."""
        return Counts(
            self.count_operations(), self.count_judgements(), self.count_records(),
            self.count_feed(), self._count(conflicts),
        )  # fmt: skip


class Ledger:
    """One county's storage on an open engine. Safe to share between threads."""

    def __init__(
        self,
        engine: Engine,
        county: int,
        data_key: bytes,
        *,
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.engine = engine
        self.county = county
        self._data_key = data_key
        self._entropy = entropy
        # SQLite has one writer: waiting for one's turn here is fair, its busy handler is not.
        self._turn = threading.Lock() if is_sqlite(engine) else nullcontext()
        isolation = {} if is_sqlite(engine) else {"isolation_level": "REPEATABLE READ"}
        self._reader = engine.execution_options(**{READING: True}, **isolation)

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """Open a writing transaction: committed at the end, rolled back if anything is raised."""
        with translated(), self._turn, self.engine.begin() as connection:
            yield Tx(connection, self.county, self._data_key, self._entropy)

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """Open a reading transaction: one unchanging view of the county."""
        with translated(), self._reader.begin() as connection:
            yield Tx(connection, self.county, self._data_key, self._entropy)

    def writing(self, step: Callable[[Tx], _T]) -> _T:
        """Run `step` in a writing transaction, again where others wrote at the same time.

        `step` has to bear being run more than once: it must not keep anything outside the database.
        """

        def once() -> _T:
            with self.write() as tx:
                return step(tx)

        return retrying(once)

    def rehearse(self, step: Callable[[Tx], object], look: Callable[[Tx], _T]) -> tuple[_T, _T]:
        """Return what `look` sees before and after `step`, which is rolled back: nothing stays."""

        def once() -> tuple[_T, _T]:
            with translated(), self._turn, self.engine.connect() as connection:
                with connection.begin() as transaction:
                    tx = Tx(connection, self.county, self._data_key, self._entropy)
                    before = look(tx)
                    step(tx)
                    after = look(tx)
                    transaction.rollback()
                return before, after

        return retrying(once)


def create_schema(engine: Engine) -> None:
    """Make the tables that are not there yet."""
    with translated(), engine.begin() as connection:
        metadata.create_all(connection)
