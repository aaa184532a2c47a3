"""What the core looks up to judge: an envelope's new operations, or held ones once more.

`server.judge` is a pure function; here its questions are gathered, in as few reads as will do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server import sealed
from server.county import County, Editions
from server.judge import CITIZEN, Bench, Brief, judge, stated
from server.landing import Landing
from server.scopes import Roster
from server.storage import Tx
from server.storage.rows import Device, Stream
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


class Court:
    """Judges the operations of one envelope, each on what the earlier ones made of its record."""

    def __init__(
        self,
        tx: Tx,
        county: int,
        editions: Editions,
        arrived: Arrived,
        roster: Roster,
        landing: Landing,
    ) -> None:
        base, device = arrived.base, arrived.device
        self._arrived, self._landing = arrived, landing
        self._bench = Bench(
            county, editions, arrived.received_at, max(base.last_anchor_at, device.enrolled_at),
            device.state, base.cut_seq, roster.agents,
        )  # fmt: skip
        self._sessions = _sessions(tx, arrived.operations)
        first = arrived.operations[0].skeleton
        self._open = None
        if first.kind != session.KIND and first.session is not None:
            self._open = tx.last_session(base.stream, before_seq=first.seq)
        self._postings, self._grants = roster.postings, tx.grants_of(roster.people)

    def rulings(self) -> list[Ruling]:
        """Return the rulings in the order of the operations."""
        rulings: list[Ruling] = []
        head = self._arrived.base.head
        for operation in self._arrived.operations:
            ruling = self._ruling(operation, head)
            verdict = ruling.verdict(operation, 0, 0, self._arrived.received_at)
            self._landing.land(operation, verdict)
            if operation.skeleton.kind == session.KIND:
                self._sessions[operation.id] = Entry(operation, verdict)
                is_close = operation.skeleton.act == session.CLOSE
                self._open = None if is_close else operation.id
            head = chain.extend(head, operation.id)
            rulings.append(ruling)
        return rulings

    def _ruling(self, operation: Operation, head: bytes) -> Ruling:
        record = operation.skeleton.record
        if self._arrived.base.branch:
            return Ruling(Status.HELD, 0, "fork", stated(self._bench, operation))
        if operation.skeleton.kind == sealed.KIND:
            is_alone = not self._landing.entries(record)
            return sealed.judge(operation, stated(self._bench, operation), is_alone=is_alone)
        named = operation.skeleton.session
        opening = self._sessions.get(named) if named and named == self._open else None
        person = operation.skeleton.author
        if person == CITIZEN and opening is not None:
            person = opening.operation.skeleton.author
        return judge(
            self._bench,
            Brief(
                operation, head, self._landing.record(record), self._landing.founder(record),
                opening, [one for one in self._postings if one.person == person],
                [one for one in self._grants if one.person == person],
            ),
        )  # fmt: skip


def judge_again(tx: Tx, county: County, entry: Entry, landing: Landing) -> Ruling:
    """Judge a held operation of a loaded record on what the record is now."""
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
    brief = Brief(
        operation, b"", landing.record(skeleton.record), landing.founder(skeleton.record),
        _sessions(tx, [operation]).get(skeleton.session or b""),
        tx.postings(person=skeleton.author), tx.grants(person=skeleton.author),
    )  # fmt: skip
    return judge(bench, brief)


def _sessions(tx: Tx, operations: Sequence[Operation]) -> dict[bytes, Entry]:
    """The openings of the ledger that these operations name, of their own stream alone."""
    stream = operations[0].skeleton.stream
    named = {op.skeleton.session for op in operations if op.skeleton.session is not None}
    return {
        one: entry
        for one, entry in tx.entries(named).items()
        if entry.operation.skeleton.kind == session.KIND
        and entry.operation.skeleton.stream == stream
    }
