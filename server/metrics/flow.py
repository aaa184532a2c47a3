"""How work flows: M15, M17 to M19, M22, M24 to M26, the one-time notice and the trips.

Choices where DOMAIN.md leaves one, beside those of server.metrics.cases:
* M17 asks of each case accepted in the period whether it was closed by the end of that month, or of
  the period where this ends before;
* M18 leaves days without an acceptance and free days out;
* M19 divides by the months the period touches, and says by how many;
* M24 counts back from the last month that is over, to the first acceptance at most;
* M25: closed at a window by 当场办结, or receipt and closing name one visit;
* notice: cases with a correction notice in the period, good with one in all up to its end;
* trips: different visits named by acts of a case; a proxy's case without any is 0, any other case
  without any is left out and shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from fractions import Fraction

from server.metrics.cases import Case
from server.metrics.facts import Facts
from server.metrics.figure import Figure, counted, rate
from shared.calendars import CalendarEdition, CalendarMissing

AT_WINDOW = "window"


def applied(cases: Iterable[Case], from_on: int, to_on: int) -> dict[str, Figure]:
    """Return M15: received, first accepted and closed in the period, with the reconciliation."""
    cases = list(cases)
    received = [c for c in cases if _in(c.received_on, from_on, to_on)]
    accepted = [c for c in cases if _in(c.accepted_on, from_on, to_on)]
    closed = [c for c in cases if _in(c.closed_on, from_on, to_on)]
    carried = sum(1 for c in accepted if c.received_on is not None and c.received_on < from_on)
    open_now = sum(1 for c in accepted if c.closed_on is None or c.closed_on > to_on)
    taken = sum(1 for c in received if _in(c.accepted_on, from_on, to_on))
    return {
        "M15": counted((c.record for c in received), {"not_accepted": len(received) - taken}),
        "M15_accepted": counted((c.record for c in accepted), {"carried": carried}),
        "M15_closed": counted((c.record for c in closed), {"open": open_now}),
    }


def cohorts(
    cases: Iterable[Case], from_on: int, to_on: int, calendar: CalendarEdition | None
) -> dict[str, Figure]:
    """Return M17 and M18."""
    accepted = [c for c in cases if _in(c.accepted_on, from_on, to_on)]
    in_month: dict[bool, list[bytes]] = {True: [], False: []}
    same_day: dict[bool, list[bytes]] = {True: [], False: []}
    days: dict[int, list[bool]] = {}
    for case in accepted:
        on, closed = case.accepted_on or 0, case.closed_on
        in_month[closed is not None and closed // 100 == on // 100 and closed <= to_on].append(
            case.record
        )
        if _is_worked(calendar, on):
            same_day[closed == on].append(case.record)
            days.setdefault(on, []).append(closed == on)
    rates = [Fraction(sum(marks), len(marks)) for marks in days.values()]
    daily = rate(same_day[True], same_day[False], {"days": len(days)})
    mean = sum(rates, Fraction(0)) / len(rates) if rates else None
    return {
        "M17": rate(in_month[True], in_month[False]),
        "M18": Figure(
            daily.numerator, daily.denominator, daily.records, daily.others, daily.extra, mean
        ),
    }


def _is_worked(calendar: CalendarEdition | None, on: int) -> bool:
    try:
        return calendar is not None and calendar.is_working_day(_date(on))
    except CalendarMissing:  # nobody knows: the day is left out, as the rule says
        return False


def closings(
    facts: Facts, cases: Iterable[Case], from_on: int, to_on: int,
    rated: Collection[bytes | None],
) -> dict[str, Figure]:  # fmt: skip
    """Return M19, M22, M25, M26 and the trips; `rated` are the matters rated in the period."""
    cases = list(cases)
    closed = [c for c in cases if _in(c.closed_on, from_on, to_on)]
    accepted = [c for c in cases if _in(c.accepted_on, from_on, to_on)]
    months = (
        (to_on // 10000 - from_on // 10000) * 12 + to_on // 100 % 100 - from_on // 100 % 100 + 1
    )
    on_spot = [c for c in closed if _is_on_spot(facts, c)]
    spot = {c.record for c in on_spot}
    records = tuple(c.record for c in closed)
    return {
        "M19": Figure(len(closed), months, records, below=()),
        "M22": rate(
            [c.record for c in closed if c.record in rated],
            [c.record for c in closed if c.record not in rated],
        ),
        "M25": rate(spot, [c.record for c in closed if c.record not in spot]),
        "M26": Figure(len(closed), len(accepted), records, below=tuple(c.record for c in accepted)),
        "N7": _trips(facts, closed),
    }


def _is_on_spot(facts: Facts, case: Case) -> bool:
    closing = case.closing
    if closing is None or case.values.get("channel") != AT_WINDOW:
        return False
    if closing.act == "close_on_spot":
        return True
    named = facts.visited.get(case.record, ())
    received = {visit for act, visit in named if act == "receive"}
    return any(act == closing.act and visit in received for act, visit in named)


def _trips(facts: Facts, closed: Sequence[Case]) -> Figure:
    trips = {c.record: len({visit for _, visit in facts.visited.get(c.record, ())}) for c in closed}
    told = [c.record for c in closed if trips[c.record] or c.values.get("proxy")]
    extra = {"left_out": len(closed) - len(told)}
    return Figure(sum(trips[one] for one in told), len(told), tuple(told), extra=extra)


def notices(cases: Iterable[Case], from_on: int, to_on: int) -> Figure:
    """Return the rate of cases that needed no second correction notice."""
    told = [c for c in cases if any(from_on <= act.on <= to_on for act in c.corrections)]
    return rate(
        [c.record for c in told if len(c.corrections) == 1],
        [c.record for c in told if len(c.corrections) > 1],
    )


def clean_months(
    late: Iterable[Case], began_on: int | None, last_month: int, to_on: int, overdue_before: int
) -> Figure:
    """Return M24: months without a late closing or an open overdue case, back from `last_month`
    (202610) while they are clean, at most to the month of the first acceptance."""
    bad: set[int] = set()
    for case in late:
        closed = case.closed_on
        if case.due_on is None or case.accepted is None:
            continue
        if closed is not None and closed > case.due_on:
            bad |= set(_months(case.due_on // 100, closed // 100))
            if case.due_on // 100 != closed // 100:
                continue
        elif case.is_overdue(to_on, overdue_before):
            bad |= set(_months(case.due_on // 100, last_month))
    months = 0
    month = last_month
    while began_on is not None and month >= began_on // 100 and month not in bad:
        months += 1
        month = _month_before(month)
    return Figure(months)


def _months(first: int, last: int) -> Iterable[int]:
    while last >= first:
        yield last
        last = _month_before(last)


def _month_before(month: int) -> int:
    return month - 1 if month % 100 > 1 else month - 89


def _in(on: int | None, from_on: int, to_on: int) -> bool:
    return on is not None and from_on <= on <= to_on


def _date(on: int) -> date:
    return date(on // 10000, on // 100 % 100, on % 100)
