"""Pull: a fresh tablet of the same village gets everything of its scope, folded and searchable."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import work
from benchmarks.county import Failed, operation_rows, record_all, served, synchronise
from benchmarks.figures import Better, Figure
from benchmarks.floors import bare
from benchmarks.push import deliver_all
from mobile.lists import everything

TRANSACTION = 100


def measure(folder: Path, count: int) -> Iterator[Figure]:
    """Let one tablet push `count` operations, and time another that pulls them."""
    matters = list(work.matters(count))
    with served(folder) as county:
        first = county.tablet("first")
        record_all(first, matters)
        deliver_all(first, county.url)
        rows = operation_rows(first)
        first.lock()
        fresh = county.tablet("fresh")
        begun = time.perf_counter()
        done = synchronise(fresh, county.url)
        spent = time.perf_counter() - begun
        found = fresh.desk.search(str(matters[-1].data["person_name"]))
        listed = len(everything(fresh.store))
        fresh.lock()
    if listed != count or not found:
        raise Failed(f"{listed} of {count} are listed, search found {len(found)}")
    with bare(folder / "floor.db") as floor:
        floored = floor.insert_operations(rows, TRANSACTION)
    yield Figure(
        "pull", count / spent, "operations/s", Better.HIGHER, floored,
        f"bare SQLCipher insert of the same rows, FULL, {TRANSACTION} a transaction",
        goal=5000,
        note=f"{done.round_trips} requests, {done.bytes_down / count:.0f} B down each",
    )  # fmt: skip
