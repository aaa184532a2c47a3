"""Money, visits, people, and what the mission adds: M27, M28, M33, M34, N1 to N6.

Choices where DOMAIN.md leaves one:
* a charge counts on the day it was collected, less what of it was paid back; it is of the item and
  channel of its matter;
* staff are the persons posted on the last day; trained are those of them who made a practice record
  in the period (the product has no other record of training);
* N1: the county cannot see what a silent tablet holds, so active tablets not heard of for three
  days and more count; the oldest silence stands beside it;
* N2: of the opening acts of the period's matters, nearest rank; a clock ahead gives 0;
* N3: pairs decided 同一件 in the period ÷ M2; a pair is of either record's site;
* N4: from the arrival of the later side at the county to the decision;
* N5: results handed back in the period; not delivered, but within the limit, is not counted yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from server.metrics.facts import Fact, Facts
from server.metrics.figure import Figure, Scope, counted, rate
from shared.calendars import CalendarEdition, CalendarMissing
from shared.civil import civil_date
from shared.deadlines import TERMS, Term, add_workdays

SILENT_DAYS = 3
MODES = {"M28": "booked", "M28_extended": "extended", "M28_door": "door"}
HOUR_MS = 60 * 60 * 1000


class Posted(NamedTuple):
    """A person posted at a site on the last day."""

    person: str
    site: str


class Seen(NamedTuple):
    """An active tablet and the day it was last heard of."""

    site: str
    last_on: date


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


def people(facts: Facts, posted: Iterable[Posted], scope: Scope) -> dict[str, Figure]:
    """Return M33 and M34."""
    here = [one for one in posted if scope.holds(one.site)]
    staff = {one.person for one in here}
    trained = {fact.author for fact in facts.practice} & staff
    return {
        "M33": Figure(len(trained), len(staff)),
        "M34": Figure(len(staff), extra={"units": len({one.site for one in here})}),
    }


def silent(seen: Iterable[Seen], today: date, scope: Scope) -> Figure:
    """Return N1."""
    days = [(today - one.last_on).days for one in seen if scope.holds(one.site)]
    quiet = [one for one in days if one >= SILENT_DAYS]
    return Figure(len(quiet), extra={"oldest": max(quiet, default=0)})


def delays(facts: Facts, opening: Iterable[Fact], scope: Scope) -> Figure:
    """Return N2: the 95th percentile in hours, the median (minutes) beside it."""
    told = [
        (max(0, facts.received[fact.operation] - fact.at), fact.record)
        for fact in opening
        if fact.operation in facts.received and scope.holds(fact.site)
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


def double_filings(facts: Facts, accepted: int, scope: Scope) -> Figure:
    """Return N3. A pair has no channel: with one asked for, none counts."""
    found = [
        one.record for one in facts.pairs
        if any(scope.holds(site) for site in one.sites)
        and (scope.item is None or scope.item in one.items) and scope.channel is None
    ]  # fmt: skip
    return Figure(len(found), accepted, tuple(found))


def decisions(facts: Facts, scope: Scope) -> Figure:
    """Return N4, in hours."""
    told = [
        one for one in facts.settled
        if scope.holds(one.site) and scope.takes(facts.fields.get(one.record, {}))
    ]  # fmt: skip
    total = sum(max(0, one.decided_at - one.opened_at) for one in told)
    exact = Fraction(total, len(told) * HOUR_MS) if told else None
    records = tuple(dict.fromkeys(one.record for one in told))
    return Figure(total, len(told), records, exact=exact)


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
    for record, handed in back.items():
        due = _due(calendar, handed)
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
