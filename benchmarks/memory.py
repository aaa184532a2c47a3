"""Memory: what front and core hold while they take in a long backlog. Flat, or it ends badly.

Resident bytes of both processes together, sampled ten times a second. Flat means: the most of the
second half is at most a tenth above the most of the first half. The floor is the same two processes
before the first envelope.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks import work
from benchmarks.county import Failed, record_all, served
from benchmarks.figures import Better, Figure
from benchmarks.push import deliver_all

CHUNK = 5_000
EVERY_S = 0.1
_MIB = 1 << 20


def measure(folder: Path, count: int) -> Iterator[Figure]:
    """Push `count` operations in chunks; watch the county's processes during each push."""
    matters = work.matters(count)
    samples: list[int] = []
    with served(folder) as county:
        processes = county.processes()
        if len(processes) != 2:
            raise Failed(f"{len(processes)} processes serve the county, not two")
        tablet = county.tablet("tablet")
        at_rest = sum(map(resident, processes))
        pushed = 0
        while pushed < count:
            size = min(CHUNK, count - pushed)
            record_all(tablet, (next(matters) for _ in range(size)))
            with watched(processes, samples):
                pushed += deliver_all(tablet, county.url)[0]
        tablet.lock()
    half = len(samples) // 2
    first, second = max(samples[:half]), max(samples[half:])
    yield Figure(
        "memory", max(samples) / _MIB, "MiB, most", Better.LOWER, at_rest / _MIB,
        "front and core at rest", goal=300, note=f"{count:,} operations",
    )  # fmt: skip
    yield Figure(
        "memory, second half", second / _MIB, "MiB, most", Better.LOWER, first / _MIB,
        "the most of the first half", goal_ratio=1.1,
    )  # fmt: skip


@contextmanager
def watched(processes: Sequence[int], samples: list[int]) -> Iterator[None]:
    """Sample the processes' memory until the block ends, at least twice."""
    stopping = threading.Event()

    def watch() -> None:
        samples.append(sum(map(resident, processes)))
        while not stopping.wait(EVERY_S):
            samples.append(sum(map(resident, processes)))
        samples.append(sum(map(resident, processes)))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def resident(process: int) -> int:
    """Return the resident bytes of a process (Linux)."""
    for line in Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) << 10
    raise Failed(f"process {process} is gone")
