"""How long cases took: the working days of the 承诺件 closed in a period, as a distribution."""

from __future__ import annotations

from dataclasses import dataclass

from server.metrics.basis import Basis
from server.metrics.everything import within
from server.metrics.figure import Scope

BINS: tuple[tuple[int, int | None], ...] = (
    (0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 7), (8, 10), (11, 15), (16, 20), (21, None),
)  # fmt: skip
"""Working days, both ends inclusive; None: and more."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The cases that took so many working days."""

    least: int
    most: int | None
    records: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Times:
    """The distribution. `median` and `p90` are working days by nearest rank, None over nothing."""

    bins: tuple[Bin, ...]
    total: int
    median: int | None
    p90: int | None
    instant: int
    """即办件 closed in the period, which take no day and stand in no bin."""
    left_out: int
    """承诺件 of which the working days are not known (no calendar)."""


def times_of(basis: Basis, scope: Scope) -> Times:
    """Return the distribution over the cases of a scope that were closed in the period."""
    first, last = basis.period.first, basis.period.last
    closed = [
        case for case in within(basis.cases, scope)
        if case.closed_on is not None and first <= case.closed_on <= last
    ]  # fmt: skip
    promised = [case for case in closed if case.is_promised]
    taken = [(case.workdays(basis.calendar), case.record) for case in promised]
    told = sorted((days, record) for days, record in taken if days is not None)
    bins = tuple(
        Bin(least, most, tuple(record for days, record in told
                               if least <= days and (most is None or days <= most)))
        for least, most in BINS
    )  # fmt: skip
    return Times(
        bins, len(told), _rank([days for days, _ in told], 50),
        _rank([days for days, _ in told], 90), len(closed) - len(promised),
        len(promised) - len(told),
    )  # fmt: skip


def _rank(spans: list[int], percent: int) -> int | None:
    return spans[(len(spans) * percent + 99) // 100 - 1] if spans else None
