"""Save: one matter recorded at the desk, durable when the call returns, encrypted and indexed.

Beside it, in turn, the bare insert of the same two rows (operation and record) in a SQLCipher file
at FULL, one transaction each: so both see the same machine, disk and neighbours.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import work
from benchmarks.county import Failed, served
from benchmarks.figures import Better, Figure
from benchmarks.floors import bare
from mobile.desk import Recorded

_OPERATION = """SELECT id, record, seq, skeleton, salt, data FROM operations
                WHERE record = ? AND id = ?"""
_RECORD = """SELECT record, kind, state, title, updated, name, initials, words, slip, phone
             FROM records WHERE record = ?"""
WARM_UP = 10


def measure(folder: Path, count: int) -> Iterator[Figure]:
    """Save `count` matters one by one; medians of both."""
    saves: list[float] = []
    floors: list[float] = []
    with served(folder) as county:
        tablet = county.tablet("tablet")
    with bare(folder / "floor.db") as floor:
        for matter in work.matters(count + WARM_UP):
            begun = time.perf_counter()
            done = tablet.desk.record(matter.kind, matter.data)
            saves.append(time.perf_counter() - begun)
            if not isinstance(done, Recorded):
                raise Failed("a matter was sealed: it leaves no rows to compare with")
            operation = tablet.store.row(_OPERATION, (done.record, done.operation))
            record = tablet.store.row(_RECORD, (done.record,))
            floors.append(floor.insert_pair(operation, record))
    tablet.lock()
    own, least = (statistics.median(times[WARM_UP:]) * 1e6 for times in (saves, floors))
    yield Figure(
        "save", own, "µs, median", Better.LOWER, least,
        "bare SQLCipher insert of the same two rows in one transaction, FULL",
        goal_ratio=2.0, note=f"{count} of each in turn",
    )  # fmt: skip
