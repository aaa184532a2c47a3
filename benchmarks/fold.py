"""Fold: from operations as decoded to the shown record; on tablet and county the same function.

Records of one operation, as nearly all are, and of twelve written by turns on two tablets that did
not see each other, so that registers conflict. The floor is MessagePack's decoding of their bytes.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from benchmarks import work
from benchmarks.figures import Better, Figure
from shared import kinds
from shared.clock import Quality, at
from shared.fold import Entry, fold
from shared.operation import Operation, build, salt_of
from shared.validation import validate
from shared.verdict import Status, Verdict

LONG = 12
START_MS = 1_785_000_000_000
_SEED = bytes(32)

T = TypeVar("T")


def measure(_folder: Path, count: int) -> Iterator[Figure]:
    """Fold `count` short records, then long ones of as many operations together."""
    draw = random.Random(work.SEED)
    short = [_record(draw, matter, 1) for matter in work.matters(count)]
    long = [_record(draw, matter, LONG) for matter in work.matters(max(count // LONG, 1))]
    for name, records in (("fold, 1 operation", short), (f"fold, {LONG} operations", long)):
        operations = [entry.operation for record in records for entry in record]
        spent = _timed(fold, records)
        floor = _timed(_decoded, operations)
        yield Figure(
            name, spent / len(operations) * 1e6, "µs an operation", Better.LOWER,
            floor / len(operations) * 1e6, "MessagePack decoding of skeleton and data",
        )  # fmt: skip


def _record(draw: random.Random, matter: work.Matter, length: int) -> Sequence[Entry]:
    first = kinds.kind_of(matter.kind).default_act
    record, streams = draw.randbytes(16), [draw.randbytes(16), draw.randbytes(16)]
    acts = [(first, matter.data), *(("amend", data) for data in work.updates(length - 1))]
    made: list[Operation] = []
    for seq, (act, data) in enumerate(acts, start=1):
        parents = [made[max(seq - 3, 0)].id] if made else []
        now = START_MS + seq * 60_000
        one = build(
            stream=streams[seq % 2], seq=seq, author="agent:ABCDEFGH", site="s0001",
            session=bytes(32), record=record, kind=matter.kind, act=act, parents=parents,
            clock=at(now), quality=Quality.GOOD, effective_at=now,
            data=validate(matter.kind, act, data), salt=salt_of(_SEED, seq),
        )  # fmt: skip
        made.append(one)
    return [
        Entry(one, Verdict(1, place, Status.ADMITTED, None, one.skeleton.effective_at, 1))
        for place, one in enumerate(made, start=1)
    ]


def _decoded(operation: Operation) -> tuple[object, object]:
    data = operation.data_bytes
    assert data is not None
    return msgspec.msgpack.decode(operation.skeleton_bytes), msgspec.msgpack.decode(data)


def _timed(work_on: Callable[[T], object], things: Sequence[T]) -> float:
    """Return the seconds of the best of three."""
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        for thing in things:
            work_on(thing)
        times.append(time.perf_counter() - begun)
    return min(times)
