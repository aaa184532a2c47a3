"""Run benchmarks and print the table.   python -m benchmarks [--quick] [--json] [NAME…]

Each figure stands beside a floor measured in the same run: quote ratios, not absolute figures. A
goal that is not met is no error; a benchmark that did not do its work is.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import (
    codec,
    console,
    figures,
    fold,
    front,
    memory,
    pull,
    push,
    report,
    save,
    wire,
)
from benchmarks.figures import Figure

Measure = Callable[[Path, int], Iterator[Figure]]


class Benchmark(NamedTuple):
    """What measures, and how much it takes: in full, and with --quick."""

    measure: Measure
    full: int
    quick: int


BENCHMARKS: dict[str, Benchmark] = {
    "push": Benchmark(push.measure, 10_000, 1_000),
    "pull": Benchmark(pull.measure, 10_000, 1_000),
    "wire": Benchmark(wire.measure, 1_000, 200),
    "save": Benchmark(save.measure, 500, 100),
    "memory": Benchmark(memory.measure, 100_000, 10_000),
    "fold": Benchmark(fold.measure, 5_000, 1_000),
    "codec": Benchmark(codec.measure, 5_000, 1_000),
    "console": Benchmark(console.measure, 400_000, 4_000),
    "report": Benchmark(report.measure, 40_000, 2_000),
    "front": Benchmark(front.measure, 3_000, 500),
}


def run(names: Sequence[str], *, quick: bool = False, count: int | None = None) -> Iterator[Figure]:
    """Yield the figures of these benchmarks (all for none), each in a folder of its own."""
    for name in names or BENCHMARKS:
        chosen = BENCHMARKS[name]
        with tempfile.TemporaryDirectory(prefix="bianmin-bench-") as folder:
            yield from chosen.measure(
                Path(folder), count or (chosen.quick if quick else chosen.full)
            )


def main(arguments: Sequence[str]) -> None:
    """Read the command line, run, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", metavar="NAME", nargs="*", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, or less")
    parser.add_argument("--count", type=int, help="this much of it")
    parser.add_argument("--json", action="store_true", help="one JSON document instead")
    given = parser.parse_args(arguments)
    unknown = sorted(set(given.names) - BENCHMARKS.keys())
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    found = run(given.names, quick=given.quick, count=given.count)
    if given.json:
        print(figures.document(found))
        return
    facts = figures.machine()
    print(", ".join(f"{name} {value}" for name, value in facts.items()), flush=True)
    for line in figures.table(found):
        print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
