"""Histories of one record for tests: several devices, each seeing only some of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from shared import clock, operation
from shared.canonical import Value
from shared.fold import Entry, fold
from shared.operation import Operation
from shared.record import Record
from shared.verdict import Status, Verdict

RECORD = bytes(range(16))
NOW = 1_760_000_000_000


def make(
    act: str,
    data: dict[str, Value] | None = None,
    *,
    parents: Iterable[Operation] = (),
    parent_ids: Iterable[bytes] = (),
    kind: str = "proxy",
    device: int = 1,
    seq: int = 1,
    at: int = 0,
    record: bytes = RECORD,
) -> Operation:
    """Build one operation of a test device; `at` is milliseconds after NOW."""
    return operation.build(
        stream=bytes([device]) * 16, seq=seq, author=f"agent:AGENT{device}", site="s0002",
        session=None, record=record, kind=kind, act=act,
        parents=[*(parent.id for parent in parents), *parent_ids],
        clock=clock.at(NOW + at), quality=3, effective_at=NOW + at, data=data or {},
        salt=bytes([device, seq % 256]) * 8,
    )  # fmt: skip


def verdict(
    status: Status = Status.ADMITTED, rank: int = 1, *, seq: int = 1, cap: int = 10**9, at: int = 0
) -> Verdict:
    """Return a verdict of epoch 1 whose cap is NOW + `cap`."""
    return Verdict(1, seq, status, NOW + cap, NOW + at, rank, "")


def admitted(*operations: Operation, rank: int = 1) -> list[Entry]:
    """Return entries that the county admitted."""
    return [Entry(op, verdict(rank=rank, at=op.skeleton.effective_at - NOW)) for op in operations]


@dataclass
class Replica:
    """A device that records on the test record from what it has seen."""

    device: int
    seen: dict[bytes, Entry] = field(default_factory=dict)
    seq: int = 0

    def act(self, act: str, data: dict[str, Value], *, at: int, rank: int = 1) -> Entry:
        """Record one act on the heads this device knows."""
        self.seq += 1
        heads = self.record.heads if self.seen else ()
        made = make(act, data, parent_ids=heads, device=self.device, seq=self.seq, at=at)
        entry = Entry(made, verdict(rank=rank, at=at))
        self.see([entry])
        return entry

    def see(self, entries: Sequence[Entry]) -> None:
        """Take in entries from elsewhere."""
        self.seen.update({entry.operation.id: entry for entry in entries})

    @property
    def record(self) -> Record:
        """The record as this device folds it."""
        return fold(self.seen.values())
