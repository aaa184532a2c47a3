"""Push: from a tablet's log to the county's durable ledger, over HTTP on loopback.

Measured from pressing sync to the end of the exchange: sealing in envelopes of about 100, the
front's check and spool (FULL), the core's opening, verdicts, fold and ledger (FULL), its opened
acknowledgement, and the page that tells the tablet its verdicts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import work
from benchmarks.county import (
    Failed,
    opened_seq,
    operation_rows,
    record_all,
    served,
    synchronise,
)
from benchmarks.figures import Better, Figure
from benchmarks.floors import bare
from mobile.freezing import PACKING
from mobile.tablet import Tablet

ENVELOPE = 100
OPENED_WITHIN_S = 600
ASK_EVERY_S = 0.05


def measure(folder: Path, count: int) -> Iterator[Figure]:
    """Push `count` operations of one tablet."""
    with served(folder) as county:
        tablet = county.tablet("tablet")
        synchronise(tablet, county.url)
        record_all(tablet, work.matters(count))
        rows = operation_rows(tablet)
        begun = time.perf_counter()
        envelopes = tablet.freezer.freeze(bytes_of(rows, ENVELOPE))
        sealed = time.perf_counter()
        pushed, round_trips = deliver_all(tablet, county.url)
        ended = time.perf_counter()
        tablet.lock()
    if pushed != count:
        raise Failed(f"{pushed} of {count} were pushed")
    with bare(folder / "floor.db") as floor:
        floored = floor.insert_operations(rows, ENVELOPE)
    yield Figure(
        "push", count / (ended - begun), "operations/s", Better.HIGHER, floored,
        f"bare SQLCipher insert of the same rows, FULL, {ENVELOPE} a transaction",
        goal=5000,
        note=f"{envelopes} envelopes sealed in {sealed - begun:.2f} s, carried in"
        f" {ended - sealed:.2f} s and {round_trips} requests",
    )  # fmt: skip


def deliver_all(tablet: Tablet, url: str) -> tuple[int, int]:
    """Exchange until the county has opened all of the tablet's acts: a sync may end before that,
    with everything stored at the front. Return operations pushed and round trips."""
    deadline = time.monotonic() + OPENED_WITHIN_S
    pushed = round_trips = 0
    while True:
        done = synchronise(tablet, url)
        pushed += done.pushed
        round_trips += done.round_trips
        opened, written = opened_seq(tablet)
        if opened == written:
            return pushed, round_trips
        if time.monotonic() > deadline:
            raise Failed(f"the county opened {opened} of {written} operations")
        time.sleep(ASK_EVERY_S)


def bytes_of(rows: list[tuple[object, ...]], operations: int) -> int:
    """Return the target that makes the freezer cut about so many of these to an envelope."""
    sizes = [
        (len(skeleton) + len(data)) // PACKING
        for _, _, _, skeleton, _, data in rows
        if isinstance(skeleton, bytes) and isinstance(data, bytes)
    ]
    return sum(sizes) * operations // len(sizes)
