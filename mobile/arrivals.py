"""Received operations of one page on their way into the log: a few statements for all of them.

An operation comes again when its verdict changes, or its data when it may be seen; the log knows it
by its id. A record of which nothing was here before needs no reading back to be folded.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from mobile.database import Store
from mobile.tables import OWN_FROM
from shared.fold import Entry
from shared.operation import Operation
from shared.verdict import Verdict
from sync.page import Received

_KNOWN = """SELECT id, position, data IS NULL, epoch, county_seq, record FROM operations
            WHERE record IN ({})"""
_PURGED = "SELECT id FROM purged WHERE id IN ({})"
_LAST = "SELECT coalesce(max(position), 0) FROM operations WHERE position < ?"
_INSERT = """INSERT INTO operations(position, id, record, seq, skeleton, salt, data, page,
                 delivered, epoch, county_seq, status, cap_ms, effective_at, rank, reason)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?)"""
_COMPLETE = "UPDATE operations SET salt = ?, data = ?, page = ? WHERE position = ?"
JUDGE = """UPDATE operations SET epoch = ?, county_seq = ?, status = ?, cap_ms = ?,
               effective_at = ?, rank = ?, reason = ? WHERE position = ?"""
_AT_ONCE = 500


@dataclass(slots=True)
class _Known:
    """What the log has of an operation."""

    position: int
    lacks_data: bool
    order: tuple[int, int] | None


@dataclass(slots=True)
class Arrived:
    """What came of one page's operations."""

    stored: dict[bytes, Operation] = field(default_factory=dict)
    """What was stored for the first time, by id."""
    judged: int = 0
    """Operations known before that have a later verdict now."""
    touched: set[bytes] = field(default_factory=set)
    """Records that have to be folded from the log."""
    lone: dict[bytes, list[Entry]] = field(default_factory=dict)
    """Records of which the log holds nothing but these."""


class Arrivals:
    """Stores the received operations of one page; call inside the store's `write()`."""

    def __init__(self, store: Store, page: int) -> None:
        """`page` is the number of the page's kept header."""
        self._store = store
        self._page = page
        self._new: list[tuple[object, ...]] = []
        self._changes: list[tuple[str, tuple[object, ...]]] = []
        self._arrived = Arrived()

    def store(self, received: Collection[Received]) -> Arrived:
        """Store what is new, complete and judge what was known."""
        known, purged, records = self._look_up(received)
        last = int(self._store.row(_LAST, (OWN_FROM,))[0])
        for entry in received:
            operation = entry.operation
            if operation.id in purged and operation.has_data:
                operation = operation.without_data()
            found = known.get(operation.id)
            if found is not None:
                self._again(found, operation, entry.verdict)
                continue
            last += 1
            known[operation.id] = _Known(last, not operation.has_data, entry.verdict.order)
            self._first(last, operation, entry.verdict)
            self._note(Entry(operation, entry.verdict), records)
        self._store.execute_many(_INSERT, self._new)
        for statement, values in self._changes:
            self._store.execute(statement, values)
        return self._arrived

    def _look_up(
        self, received: Collection[Received]
    ) -> tuple[dict[bytes, _Known], set[bytes], set[bytes]]:
        """Return what the log has of these operations, which of them are purged, and which of their
        records it has anything of."""
        records = {entry.operation.skeleton.record for entry in received}
        rows = _among(self._store, _KNOWN, list(records))
        known = {
            row[0]: _Known(row[1], bool(row[2]), None if row[3] is None else (row[3], row[4]))
            for row in rows
        }
        purged = _among(self._store, _PURGED, [entry.operation.id for entry in received])
        return known, {row[0] for row in purged}, {row[5] for row in rows}

    def _first(self, position: int, operation: Operation, verdict: Verdict) -> None:
        self._new.append(
            (position, operation.id, operation.skeleton.record, operation.skeleton.seq,
             operation.skeleton_bytes, operation.salt, operation.data_bytes, self._page,
             *columns_of(verdict))
        )  # fmt: skip
        self._arrived.stored[operation.id] = operation

    def _note(self, entry: Entry, held: Collection[bytes]) -> None:
        record = entry.operation.skeleton.record
        if record in held or record in self._arrived.touched:
            self._arrived.touched.add(record)
        else:
            self._arrived.lone.setdefault(record, []).append(entry)

    def _again(self, found: _Known, operation: Operation, verdict: Verdict) -> None:
        record = operation.skeleton.record
        self._arrived.touched.add(record)
        self._arrived.lone.pop(record, None)
        if found.lacks_data and operation.has_data:
            found.lacks_data = False
            if operation.id in self._arrived.stored:
                self._arrived.stored[operation.id] = operation
            values = (operation.salt, operation.data_bytes, self._page, found.position)
            self._changes.append((_COMPLETE, values))
        if found.order is None or found.order < verdict.order:
            found.order = verdict.order
            self._changes.append((JUDGE, (*columns_of(verdict), found.position)))
            self._arrived.judged += 1


def columns_of(verdict: Verdict) -> tuple[object, ...]:
    """Return a verdict as the log's columns, in the order of `JUDGE`."""
    return (verdict.epoch, verdict.county_seq, verdict.status.value, verdict.cap_ms,
            verdict.effective_at, verdict.rank, verdict.reason)  # fmt: skip


def _among(store: Store, statement: str, values: list[bytes]) -> list[Any]:
    """Return all rows of a query whose `{}` stands for any number of values."""
    found: list[Any] = []
    for at in range(0, len(values), _AT_ONCE):
        some = values[at : at + _AT_ONCE]
        found += store.rows(statement.format(",".join("?" * len(some))), some)
    return found
