"""All figures of one question, each counted from the basis of its period."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta

from server.county import day_number
from server.metrics import decisions, flow, limits, service, standing
from server.metrics.basis import Basis, narrowed
from server.metrics.cases import Case, cases_of
from server.metrics.counting import count
from server.metrics.facts import Fields, acceptances, chunks
from server.metrics.figure import Figure, Scope
from server.storage.ledger import Tx

FOR_EVER = 99_991_231


def figures_of(
    tx: Tx, basis: Basis, scope: Scope, fields: Fields, firsts: Mapping[str, int] | None = None
) -> dict[str, Figure]:
    """Return every figure by key, of one scope.

    `firsts`: the day of the first acceptance of each site, where that is known (see first_days).
    """
    period = basis.period
    first, last, limit = period.first, period.last, day_number(period.overdue_before)
    cases = within(basis.cases, scope)
    facts = narrowed(basis.facts, scope)
    ratings = [
        (fact, level) for fact, level in basis.ratings
        if scope.holds(fact.site)
        and scope.takes_matter(facts.fields.get(fact.record, {}), facts.fields)
    ]  # fmt: skip
    accepted = [c for c in cases if c.accepted_on and first <= c.accepted_on <= last]
    closed = [c for c in cases if c.closed_on and first <= c.closed_on <= last]
    found = count(facts, cases, first, last, scope, overdue_before=limit, ratings=ratings)
    opening = [*facts.consultations, *facts.proxies, *facts.complaints, *facts.ratings]
    opening += [f for f in facts.cases if f.act == "receive" and first <= f.on <= last]
    before = period.year_before()
    spans = ((period.from_on, period.to_on), (before.from_on, before.to_on))
    return {
        **found,
        **limits.catalogue_figures(basis.catalogue, basis.catalogue_before, scope.item),
        **limits.limit_figures(cases, first, last, basis.calendar),
        **flow.applied(cases, first, last),
        **flow.cohorts(cases, first, last, basis.calendar),
        **flow.closings(facts, cases, first, last, basis.rated),
        "M24": _clean_months(tx, basis, scope, fields, firsts),
        **standing.compared(cases, within(basis.cases_before, scope), spans, basis.standing),
        **standing.new_centres(accepted, closed, basis.new_centres, scope),
        **standing.by_kind(facts, closed, scope),
        **service.service_figures(facts, scope),
        "M34": standing.people(tx.postings(), min(period.to_on, period.today), scope),
        "N2": service.delays(facts, opening, scope),
        "N3": decisions.double_filings(
            basis.confirmed, tuple(case.record for case in accepted), scope
        ),
        "N4": decisions.settling(basis.settled, scope),
        "N5": service.deliveries(facts, scope, basis.calendar, period.overdue_before),
        "N6": flow.notices(cases, first, last),
        **standing.unrecorded(),
    }


def within(cases: list[Case], scope: Scope) -> list[Case]:
    """Return the cases of a scope."""
    if scope.is_whole:
        return cases
    return [case for case in cases if scope.holds(case.site) and scope.takes(case.values)]


def first_days(
    tx: Tx, scope: Scope, fields: Fields, from_on: int, wanted: Collection[str]
) -> dict[str, int]:
    """Return the first day from `from_on` on which each of these sites accepted a case."""
    found: dict[str, int] = {}
    for cases in _accepted(tx, scope, fields, from_on, FOR_EVER):
        for case in cases:
            on = case.accepted_on or FOR_EVER
            found[case.site] = min(on, found.get(case.site, on))
        if found.keys() >= set(wanted):
            break
    return found


def _clean_months(
    tx: Tx, basis: Basis, scope: Scope, fields: Fields, firsts: Mapping[str, int] | None
) -> Figure:
    """M24, back from the last month that is over at the end of the period and today."""
    period = basis.period
    limit = period.overdue_before
    end = limit.replace(day=1) - timedelta(days=1)
    if firsts is None or scope.item is not None or scope.channel is not None:
        several = next(_accepted(tx, scope, fields, 0, period.last), [])
        began = min((case.accepted_on or 0 for case in several), default=None)
    else:
        days = [on for site, on in firsts.items() if scope.holds(site) and on <= period.last]
        began = min(days, default=None)
    return flow.clean_months(
        within(basis.late, scope), began, day_number(end) // 100, period.last, day_number(limit)
    )  # fmt: skip


def _accepted(
    tx: Tx, scope: Scope, fields: Fields, from_on: int, to_on: int
) -> Iterator[list[Case]]:
    """Yield the accepted cases that count in the scope, some at a time, the earliest first."""
    for chunk in chunks(acceptances(tx, from_on, to_on, scope.item)):
        shown = dict(fields(tx, {fact.record for fact in chunk}))
        real = [f for f in chunk if shown.get(f.record, {}).get("practice") is not True]
        if cases := cases_of(real, shown, scope):
            yield cases
