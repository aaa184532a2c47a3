"""All figures of one question, each counted from the basis of its period."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from server.county import day_number
from server.metrics import decisions, flow, limits, service, standing
from server.metrics.basis import Basis, narrowed
from server.metrics.cases import Case, cases_of
from server.metrics.counting import count
from server.metrics.facts import Fields, chunks, first_acceptances
from server.metrics.figure import Figure, Scope
from server.storage.ledger import Tx


def figures_of(tx: Tx, basis: Basis, scope: Scope, fields: Fields) -> dict[str, Figure]:
    """Return every figure by key, of one scope."""
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
        "M24": _clean_months(tx, basis, scope, fields),
        **standing.compared(cases, within(basis.cases_before, scope), spans, basis.sites),
        **standing.new_centres(accepted, closed, basis.sites, period.to_on, scope),
        **standing.by_kind(facts, closed, scope),
        **service.service_figures(facts, scope),
        "M34": standing.people(basis.postings, min(period.to_on, period.today), scope),
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


def _clean_months(tx: Tx, basis: Basis, scope: Scope, fields: Fields) -> Figure:
    """M24, back from the last month that is over at the end of the period and today."""
    period = basis.period
    limit = period.overdue_before
    end = limit.replace(day=1) - timedelta(days=1)
    began = min((case.accepted_on or 0 for case in _first(tx, basis, scope, fields)), default=None)
    return flow.clean_months(
        within(basis.late, scope), began, day_number(end) // 100, period.last, day_number(limit)
    )  # fmt: skip


def _first(tx: Tx, basis: Basis, scope: Scope, fields: Fields) -> Iterator[Case]:
    """The earliest accepted cases that count in the scope; none where there is none."""
    for chunk in chunks(first_acceptances(tx, basis.period.last, scope.item)):
        shown = dict(fields(tx, {fact.record for fact in chunk}))
        real = [f for f in chunk if shown.get(f.record, {}).get("practice") is not True]
        cases = cases_of(real, shown, scope)
        if cases:
            yield from cases
            return
