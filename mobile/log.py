"""The operation log: what an agent does becomes an operation, durable in one transaction.

Appending reads the stream's head inside the write transaction, so two windows on one store write
one chain. Nothing is ever altered: an edit is a new operation. Verdicts and delivery lie beside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from mobile import streams
from mobile.database import Store
from mobile.session import Author, opening
from mobile.streams import ACTS, Entropy, Stream
from mobile.tables import keep_session, place
from mobile.timekeeping import Reading
from shared import clock as hybrid
from shared import operation as operations
from shared.canonical import Value
from shared.chain import extend
from shared.fold import Entry
from shared.operation import Operation
from shared.verdict import Status, Verdict
from sync.codec import derive_record_id

_OF_RECORD = """SELECT id, delivered, skeleton, salt, data, own, epoch, county_seq, status, cap_ms,
                       effective_at, rank, reason FROM operations WHERE record = ?"""
_INSERT = """INSERT INTO operations(position, id, record, own, seq, skeleton, salt, data,
                 effective_at, head, slip_day, slip_count)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


DELIVERIES = ("saved", "delivered", "merged")
"""已存本机, 已送达县级, 县级已入账."""
MERGED = 2


class Act(NamedTuple):
    """What is to be written. `record` None makes a new record; `parents` are the heads shown."""

    kind: str
    act: str
    data: dict[str, Value]
    record: bytes | None = None
    parents: tuple[bytes, ...] = ()
    effective_at: int | None = None
    """Unix ms; None for now. A date from paper is given by the author."""
    by_citizen: bool = False
    after: int = 0
    """The latest clock among the parents: an act is never stamped before what it was done upon."""


@dataclass(slots=True)
class Log:
    """Writes the stream of acts for one unlocked agent."""

    store: Store
    county: int
    author: Author
    entropy: Entropy
    session: bytes | None = None
    """The session this process opened; a restart or another opening closes it."""

    def stream(self) -> Stream:
        """Return the stream of acts, started at the first call."""
        found = self.store.remembered("stream", lambda: streams.current(self.store, ACTS))
        return found or streams.start(self.store, ACTS, self.county, self.entropy)

    def append(self, act: Act, reading: Reading, stream: Stream | None = None) -> Operation:
        """Write one operation; call inside the store's `write()`. The session is opened on the way.

        Raises NotCanonical or MalformedOperation for data that no operation can hold.
        """
        stream = stream or self.stream()
        if self.session is None or self.session != stream.session:
            self._open_session(stream, reading)
        return self._write(stream, act, reading)

    def open_citizen_session(self, record: bytes, reading: Reading) -> None:
        """Open a session for one rating of `record`; it is the agent's key that opens it."""
        self._open_session(self.stream(), reading, citizen_of=record)

    def close_session(self) -> None:
        """Close the session: the next act opens a new one."""
        self.session = None

    def _open_session(
        self, stream: Stream, reading: Reading, citizen_of: bytes | None = None
    ) -> None:
        streams.new_block(self.store, stream, self.entropy)
        self.session = None
        name, data = opening(self.author, self.county, stream.id, stream.head, citizen_of)
        operation = self._write(stream, Act("session", name, data), reading)
        self.session = stream.session = operation.id
        streams.save(self.store, stream)
        keep_session(self.store, operation.id, place(stream.number, stream.seq))

    def _write(self, stream: Stream, act: Act, reading: Reading) -> Operation:
        if streams.block_is_full(stream):
            streams.new_block(self.store, stream, self.entropy)
        seq = stream.seq + 1
        stream.clock = hybrid.tick(max(stream.clock, act.after), reading.at)
        record = act.record or derive_record_id(stream.seed, seq, hybrid.ms_of(stream.clock))
        effective_at = reading.at if act.effective_at is None else act.effective_at
        operation = operations.build(
            stream=stream.id, seq=seq, author="citizen" if act.by_citizen else self.author.name,
            site=self.author.site, session=self.session, record=record, kind=act.kind, act=act.act,
            parents=act.parents, clock=stream.clock, quality=reading.quality,
            effective_at=effective_at, data=act.data, salt=operations.salt_of(stream.seed, seq),
        )  # fmt: skip
        insert_own(self.store, stream, operation)
        return operation


def insert_own(store: Store, stream: Stream, operation: Operation) -> None:
    """Store the next operation of an own stream, and with it the stream's new end."""
    skeleton, head = operation.skeleton, extend(stream.head, operation.id)
    store.execute(
        _INSERT,
        (place(stream.number, skeleton.seq), operation.id, skeleton.record, stream.number,
         skeleton.seq, operation.skeleton_bytes, operation.salt, operation.data_bytes,
         skeleton.effective_at, head, stream.slip_day, stream.slip_count),
    )  # fmt: skip
    stream.seq, stream.head = skeleton.seq, head


class Held(NamedTuple):
    """What this tablet holds of one record."""

    entries: list[Entry]
    delivery: str
    """The least of the record's own operations: saved, delivered or merged."""


def held(
    store: Store, record: bytes, rank: int, arrived: Mapping[bytes, Operation] | None = None
) -> Held:
    """Return all operations of a record for fold; own unjudged and held ones get `rank`.

    `arrived`: operations stored in this transaction, by id; they need no second decoding.
    """
    arrived = arrived or {}
    found: list[Entry] = []
    least = MERGED
    for op_id, delivered, *row in store.rows(_OF_RECORD, (record,)):
        entry = _entry(row, rank, arrived.get(op_id))
        found.append(entry)
        if entry.provisional_rank is not None:
            least = min(least, _step(entry.verdict, bool(delivered)))
    return Held(found, DELIVERIES[min(least, _in_books(found))])


def of_others(found: list[Entry]) -> Held:
    """Return operations that all came from the county as what is held of their record."""
    return Held(found, DELIVERIES[_in_books(found)])


def _in_books(found: Iterable[Entry]) -> int:
    """Whoever wrote it: what waits or was refused is in no books."""
    admitted = any(one.verdict and one.verdict.status is Status.ADMITTED for one in found)
    return MERGED if admitted else 1


def _step(verdict: Verdict | None, delivered: bool) -> int:
    if verdict is None or not delivered:  # what a restored county lost is on this tablet alone
        return 1 if delivered else 0
    return MERGED if verdict.status is Status.ADMITTED else 1


def _entry(row: Any, rank: int, arrived: Operation | None) -> Entry:
    skeleton, salt, data, own, *judged = row
    verdict = None
    if judged[0] is not None:
        epoch, county_seq, status, cap_ms, effective_at, county_rank, reason = judged
        verdict = Verdict(
            epoch, county_seq, Status(status), cap_ms, effective_at, county_rank, reason
        )
    operation = arrived or operations.restore(skeleton, salt, data)
    return Entry(operation, verdict, None if own is None else rank)
