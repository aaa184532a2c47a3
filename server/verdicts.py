"""A verdict as an operation: one per envelope, its rulings in runs.

Data: {"stream", "from", "to", "head", "received_at", "runs": [[count, status, rank, reason,
effective_at | null], …]} for an envelope, or {"operations": [id, …], "received_at": [ms, …],
"reason", "runs"} for the branch of a fork and for operations judged again. `effective_at` null
says: as the operation itself states it. The cap is receipt + 24 h. Naming stream, range and head
names the ids: the head is a hash over all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from shared.canonical import Value
from shared.clock import CAP_MS
from shared.errors import BianminError
from shared.operation import Operation
from shared.verdict import Status, Verdict

KIND = "verdict"
ACT = "judge"


class MalformedVerdict(BianminError):
    """Verdict data that this version cannot read: the ledger is damaged or newer."""


class Ruling(NamedTuple):
    """What the core decided about one operation."""

    status: Status
    rank: int
    reason: str = ""
    effective_at: int | None = None
    """None: as the operation states it."""

    def verdict(self, operation: Operation, epoch: int, seq: int, received_at: int) -> Verdict:
        """Return the verdict on `operation`, written as operation `seq` of the county's stream."""
        stated = operation.skeleton.effective_at
        effective = stated if self.effective_at is None else self.effective_at
        return Verdict(
            epoch, seq, self.status, received_at + CAP_MS, effective, self.rank, self.reason
        )


def of_envelope(
    stream: bytes,
    seq_from: int,
    seq_to: int,
    head: bytes,
    received_at: int,
    rulings: Sequence[Ruling],
) -> dict[str, Value]:
    """Return the data of the verdict on one envelope."""
    return {
        "stream": stream, "from": seq_from, "to": seq_to, "head": head,
        "received_at": received_at, "runs": _runs(rulings),
    }  # fmt: skip


def of_operations(
    ids: Sequence[bytes], received_at: Sequence[int], rulings: Sequence[Ruling], reason: str
) -> dict[str, Value]:
    """Return the data of a verdict on single operations, each with its receipt (for the cap)."""
    return {
        "operations": [*ids], "received_at": [*received_at], "reason": reason,
        "runs": _runs(rulings),
    }  # fmt: skip


def rulings_of(data: dict[str, Value]) -> Iterator[Ruling]:
    """Return the rulings of a verdict in the order of its operations; raise MalformedVerdict."""
    runs = data.get("runs")
    for run in runs if isinstance(runs, list) else []:
        match run:
            case [int(count), str(status), int(rank), str(reason), int() | None as effective]:
                for _ in range(count):
                    yield Ruling(Status(status), rank, reason, effective)
            case _:
                raise MalformedVerdict("台账中的裁定无法读取，请升级程序或从备份恢复。")


def _runs(rulings: Sequence[Ruling]) -> list[Value]:
    return [
        [len(list(run)), ruling.status.value, ruling.rank, ruling.reason, ruling.effective_at]
        for ruling, run in groupby(rulings)
    ]
