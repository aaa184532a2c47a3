"""Money, visits, and what the mission adds: M27, M28, N2, N5.

Choices where DOMAIN.md leaves one:
* a charge counts on the day it was collected, less what of it was paid back; it is of the item and
  channel of its matter; money is counted in 分, everywhere;
* N2: of the opening acts of the period's matters, nearest rank; a clock ahead gives 0;
* N5: results handed back in the period; not delivered, but within the limit, is not counted yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction

from server.metrics.facts import Fact, Facts
from server.metrics.figure import Figure, Scope, counted, rate
from shared.calendars import CalendarEdition, CalendarMissing
from shared.civil import civil_date
from shared.deadlines import TERMS, Term, add_workdays

MODES = {"M28": "booked", "M28_extended": "extended", "M28_door": "door"}
HOUR_MS = 60 * 60 * 1000


def service_figures(facts: Facts, scope: Scope) -> dict[str, Figure]:
    """Return M27 and M28."""
    charges = [
        fact for fact in facts.charges
        if scope.holds(fact.site)
        and scope.takes_matter(facts.fields.get(fact.record, {}), facts.fields)
    ]  # fmt: skip
    fen = sum(_fen(facts, f, "amount_fen") - _fen(facts, f, "refunded_fen") for f in charges)
    found = {"M27": Figure(fen, None, tuple(f.record for f in charges), (),
                           {"charges": len(charges)})}  # fmt: skip
    for key, mode in MODES.items():
        found[key] = counted(
            fact.record for fact in facts.visits
            if scope.holds(fact.site) and scope.takes(facts.fields.get(fact.record, {}))
            and facts.fields.get(fact.record, {}).get("service_mode") == mode
        )  # fmt: skip
    return found


def _fen(facts: Facts, fact: Fact, name: str) -> int:
    value = facts.fields.get(fact.record, {}).get(name)
    return value if isinstance(value, int) else 0


def delays(facts: Facts, opening: Iterable[Fact], scope: Scope) -> Figure:
    """Return N2: the 95th percentile in hours, the median (minutes) beside it."""
    told = [
        (max(0, fact.received - fact.at), fact.record)
        for fact in opening
        if scope.holds(fact.site)
        and scope.takes(facts.fields.get(fact.record, {}))
    ]  # fmt: skip
    spans = sorted(span for span, _ in told)
    records = tuple(record for _, record in told)
    if not spans:
        return Figure(0, 0, extra={"p50_minutes": 0})
    high = _rank(spans, 95)
    return Figure(
        high, len(spans), records, extra={"p50_minutes": _rank(spans, 50) // 60_000},
        exact=Fraction(high, HOUR_MS),
    )  # fmt: skip


def _rank(spans: Sequence[int], percent: int) -> int:
    """The nearest-rank percentile of a sorted list."""
    return spans[(len(spans) * percent + 99) // 100 - 1]


def deliveries(
    facts: Facts, scope: Scope, calendar: CalendarEdition | None, overdue_before: date
) -> Figure:
    """Return N5, by the site that handed the result back."""
    back: dict[bytes, Fact] = {}
    delivered: dict[bytes, Fact] = {}
    for fact in facts.results:
        (back if fact.act == "result_out" else delivered).setdefault(fact.record, fact)
    good: list[bytes] = []
    bad: list[bytes] = []
    limits: dict[int, date | None] = {}
    for record, handed in back.items():
        if handed.on not in limits:
            limits[handed.on] = _due(calendar, handed)
        due = limits[handed.on]
        if (
            due is None
            or not scope.holds(handed.site)
            or not scope.takes(facts.fields.get(record, {}))
        ):
            continue
        given = delivered.get(record)
        if given is not None:
            (good if civil_date(given.at) <= due else bad).append(record)
        elif due < overdue_before:
            bad.append(record)
    return rate(good, bad)


def _due(calendar: CalendarEdition | None, handed: Fact) -> date | None:
    limit = TERMS[Term.HAND_OUT].days
    try:
        if calendar is None:
            return None
        return add_workdays(calendar, civil_date(handed.at), limit).on
    except CalendarMissing:  # not published yet: not counted
        return None
