"""What the core looks up to judge: an envelope's new operations, or held ones once more.

`server.judge` is a pure function; here its questions are gathered, in as few reads as will do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from server import sealed
from server.brief import Bench, Brief
from server.county import County, Editions
from server.enquiries import enquire
from server.judge import CITIZEN, judge, stated
from server.landing import Landing
from server.scopes import Roster
from server.storage import Tx
from server.storage.rows import Device, Grant, Posting, Stream
from server.verdicts import Ruling
from shared import chain, session
from shared.fold import Entry
from shared.operation import Operation
from shared.verdict import Status


@dataclass(frozen=True, slots=True)
class Arrived:
    """What an envelope brought that the ledger lacks."""

    device: Device
    base: Stream
    """The stream, or the branch of a fork, as it stands before these operations."""
    operations: list[Operation]
    head_after: bytes
    received_at: int
    digest: bytes
    """Of the envelope."""


@dataclass(slots=True)
class _Hearing:
    """What one envelope's operations are judged on."""

    arrived: Arrived
    bench: Bench
    postings: Sequence[Posting]
    grants: Sequence[Grant]
    open: bytes | None
    """The session that stands open in the stream."""


class Court:
    """Judges the operations of a sitting, each on what the earlier ones made of its record."""

    def __init__(self, tx: Tx, county: int, editions: Editions, landing: Landing) -> None:
        self._tx, self._county, self._editions = tx, county, editions
        self._landing = landing
        self._sessions: dict[bytes, Entry] = {}
        """The judged openings that operations of this sitting name."""
        self._open: dict[bytes, tuple[int, bytes]] = {}
        """Stream → its last seq judged in this sitting, and the session that stands open there."""

    def rulings(self, arrived: Arrived, roster: Roster, grants: Sequence[Grant]) -> list[Ruling]:
        """Return the rulings on an envelope's new operations, in their order."""
        hearing = self._hearing(arrived, roster, grants)
        rulings: list[Ruling] = []
        head = arrived.base.head
        for operation in arrived.operations:
            ruling = self._ruling(hearing, operation, head)
            verdict = ruling.verdict(operation, 0, 0, arrived.received_at)
            self._landing.land(operation, verdict)
            if operation.skeleton.kind == session.KIND:
                self._sessions[operation.id] = Entry(operation, verdict)
                is_close = operation.skeleton.act == session.CLOSE
                hearing.open = None if is_close else operation.id
            head = chain.extend(head, operation.id)
            rulings.append(ruling)
        if hearing.open is not None and not arrived.base.branch:
            self._open[arrived.base.stream] = (operation.skeleton.seq, hearing.open)
        return rulings

    def _hearing(self, arrived: Arrived, roster: Roster, grants: Sequence[Grant]) -> _Hearing:
        base, device, operations = arrived.base, arrived.device, arrived.operations
        bench = Bench(
            self._county, self._editions, arrived.received_at,
            max(base.last_anchor_at, device.enrolled_at), device.state, base.cut_seq,
            roster.agents,
        )  # fmt: skip
        self._sessions |= _sessions(self._tx, operations, self._sessions.keys())
        first, before = operations[0].skeleton, None
        if first.kind != session.KIND and first.session is not None:
            before = self._last_session(base.stream, first.seq)
        return _Hearing(arrived, bench, roster.postings, grants, before)

    def _last_session(self, stream: bytes, before_seq: int) -> bytes | None:
        seq, session_open = self._open.get(stream, (0, None))
        if session_open is not None and seq == before_seq - 1:
            return session_open
        return self._tx.last_session(stream, before_seq=before_seq)

    def _ruling(self, hearing: _Hearing, operation: Operation, head: bytes) -> Ruling:
        record, bench = operation.skeleton.record, hearing.bench
        if hearing.arrived.base.branch:
            return Ruling(Status.HELD, 0, "fork", stated(bench, operation))
        if operation.skeleton.kind == sealed.KIND:
            is_alone = not self._landing.entries(record)
            return sealed.judge(operation, stated(bench, operation), is_alone=is_alone)
        named = operation.skeleton.session
        opening = self._sessions.get(named) if named and named == hearing.open else None
        person = operation.skeleton.author
        if person == CITIZEN and opening is not None:
            person = opening.operation.skeleton.author
        postings = [one for one in hearing.postings if one.person == person]
        found = enquire(self._tx, bench, self._landing, operation, postings)
        return judge(
            bench,
            Brief(
                operation, head, self._landing.record(record), self._landing.founder(record),
                opening, postings, [one for one in hearing.grants if one.person == person], found,
            ),
        )  # fmt: skip


def judge_again(
    tx: Tx, county: County, entry: Entry, landing: Landing, *, openings: Mapping[bytes, Entry] = {}
) -> Ruling:  # fmt: skip
    """Judge a held operation of a loaded record on what the record is now.

    `openings` are sessions judged again in this very transaction, which the ledger cannot tell yet.
    """
    operation, verdict = entry.operation, entry.verdict
    assert verdict is not None
    skeleton = operation.skeleton
    stream = tx.stream(skeleton.stream)
    assert stream is not None
    device = tx.device(stream.device)
    assert device is not None
    bench = Bench(
        county.code, county.editions(tx), tx.stored([operation.id])[operation.id].received_at,
        verdict.effective_at,  # an anchor there gives the time that was believed at arrival
        device.state, stream.cut_seq, tx.agents(device=device.device),
    )  # fmt: skip
    if skeleton.kind == sealed.KIND:
        is_alone = len(landing.entries(skeleton.record)) == 1
        return sealed.judge(operation, stated(bench, operation), is_alone=is_alone)
    opening = {**_sessions(tx, [operation], ()), **openings}.get(skeleton.session or b"")
    person = skeleton.author
    if person == CITIZEN and opening is not None:
        person = opening.operation.skeleton.author
    postings = tx.postings(person=person)
    found = enquire(tx, bench, landing, operation, postings)
    brief = Brief(
        operation, _head_before(tx, county, operation), landing.record(skeleton.record),
        landing.founder(skeleton.record), opening, postings, tx.grants(person=person), found,
    )  # fmt: skip
    return judge(bench, brief)


def _head_before(tx: Tx, county: County, operation: Operation) -> bytes:
    """The stream's head before a session's opening, which its agent signed; nobody else asks."""
    skeleton = operation.skeleton
    head = chain.genesis(county.code, skeleton.stream)
    if skeleton.kind != session.KIND:
        return head
    after = 0
    while after < skeleton.seq - 1:
        rows = tx.stream_operations(skeleton.stream, after_seq=after, opened=False)
        head = chain.extend_all(head, (row.id for row in rows if row.seq < skeleton.seq))
        after = rows[-1].seq
    return head


def _sessions(
    tx: Tx, operations: Sequence[Operation], known: Collection[bytes]
) -> dict[bytes, Entry]:
    """The openings of the ledger that these operations name, of their own stream alone."""
    stream = operations[0].skeleton.stream
    named = {op.skeleton.session for op in operations if op.skeleton.session is not None}
    return {
        one: entry
        for one, entry in tx.entries(named.difference(known)).items()
        if entry.operation.skeleton.kind == session.KIND
        and entry.operation.skeleton.stream == stream
    }
