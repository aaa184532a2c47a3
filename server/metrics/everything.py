"""All figures of one question: facts and editions are read, each figure is counted from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from server.county import CALENDAR, CATALOGUE, day_number
from server.metrics import flow, limits, service
from server.metrics.cases import Case, cases_of
from server.metrics.counting import count
from server.metrics.facts import Facts, Fields, chunks, first_acceptances, read_cases, read_facts
from server.metrics.figure import Figure, Scope
from server.storage.ledger import Tx
from shared.calendars import CalendarEdition
from shared.catalogue import CatalogueEdition
from shared.civil import civil_date
from shared.sites import SiteEdition


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: a period (inclusive), the day it is asked, what it is asked of."""

    tx: Tx
    sites: SiteEdition
    from_on: date
    to_on: date
    today: date
    scope: Scope
    fields: Fields


def all_figures(asked: Asked) -> dict[str, Figure]:
    """Return every figure by key."""
    tx, scope = asked.tx, asked.scope
    from_on, to_on = day_number(asked.from_on), day_number(asked.to_on)
    overdue_before = min(asked.to_on + timedelta(days=1), asked.today)
    limit = day_number(overdue_before)
    facts = read_facts(tx, from_on, to_on, asked.fields, overdue_before=limit)
    cases = cases_of(facts.cases, facts.fields, scope)
    calendar = _calendar(tx, to_on)
    before = day_number(asked.from_on - timedelta(days=1))
    found = count(facts, cases, from_on, to_on, scope, overdue_before=limit)
    accepted = found["M2"].numerator
    late = cases_of(facts.late, facts.fields, scope)
    opening = [*facts.consultations, *facts.proxies, *facts.complaints, *facts.ratings]
    opening += [f for f in facts.cases if f.act == "receive" and from_on <= f.on <= to_on]
    return {
        **found,
        **limits.catalogue_figures(_catalogue(tx, to_on), _catalogue(tx, before), scope.item),
        **limits.limit_figures(cases, from_on, to_on, calendar),
        **flow.applied(cases, from_on, to_on),
        **flow.year_on_year(cases, *_last_year(asked)),
        **flow.cohorts(cases, from_on, to_on, calendar),
        **flow.closings(facts, cases, from_on, to_on, scope),
        "M24": flow.clean_months(late, _began(asked, to_on), _last_month(asked), to_on, limit),
        **service.service_figures(facts, scope),
        "M29": flow.new_sites(cases, from_on, to_on, _new_sites(asked)),
        **flow.online(facts, scope),
        **service.people(facts, _posted(asked, to_on), scope),
        "N1": service.silent(_tablets(asked), asked.today, scope),
        "N2": service.delays(facts, opening, scope),
        "N3": service.double_filings(facts, accepted, scope),
        "N4": service.decisions(facts, scope),
        "N5": service.deliveries(facts, scope, calendar, overdue_before),
        "N6": flow.notices(cases, from_on, to_on),
    }


def _calendar(tx: Tx, on: int) -> CalendarEdition | None:
    content = _content(tx, CALENDAR, on)
    return None if content is None else CalendarEdition.from_data(content)


def _catalogue(tx: Tx, on: int) -> CatalogueEdition | None:
    content = _content(tx, CATALOGUE, on)
    return None if content is None else CatalogueEdition.from_data(content)


def _content(tx: Tx, kind: str, on: int) -> object:
    edition = tx.edition_on(kind, on)
    if edition is None or edition.operation is None:
        return None
    return tx.operations([edition.operation])[edition.operation].data.get("content")


def _last_year(
    asked: Asked,
) -> tuple[list[Case], tuple[int, int, int, int], frozenset[str]]:
    first, last = flow.last_year(asked.from_on), flow.last_year(asked.to_on)
    then = Facts(cases=read_cases(asked.tx, day_number(first), day_number(last)))
    records = {fact.record for fact in then.cases}
    fields = {record: values for chunk in chunks(sorted(records))
              for record, values in asked.fields(asked.tx, chunk)}  # fmt: skip
    real = [f for f in then.cases if fields.get(f.record, {}).get("practice") is not True]
    alike = frozenset(
        site.id for site in asked.sites.sites if site.code_on(last) and site.code_on(asked.to_on)
    )
    days = (asked.from_on, asked.to_on, first, last)
    numbers = tuple(day_number(day) for day in days)
    return (
        cases_of(real, fields, asked.scope),
        (numbers[0], numbers[1], numbers[2], numbers[3]),
        alike,
    )


def _began(asked: Asked, to_on: int) -> int | None:
    """The first acceptance that counts in the scope."""
    for chunk in chunks(first_acceptances(asked.tx, to_on, asked.scope.item)):
        fields = dict(asked.fields(asked.tx, {fact.record for fact in chunk}))
        real = [f for f in chunk if fields.get(f.record, {}).get("practice") is not True]
        cases = cases_of(real, fields, asked.scope)
        if cases:
            return min(case.accepted_on or to_on for case in cases)
    return None


def _last_month(asked: Asked) -> int:
    """The last month that is over: at the end of the period and today."""
    end = min(asked.to_on + timedelta(days=1), asked.today).replace(day=1) - timedelta(days=1)
    return day_number(end) // 100


def _new_sites(asked: Asked) -> frozenset[str]:
    return frozenset(
        site.id
        for site in asked.sites.sites
        if asked.from_on <= min(code.valid_from for code in site.codes) <= asked.to_on
        and asked.scope.holds(site.id)
    )


def _posted(asked: Asked, on: int) -> list[service.Posted]:
    return [
        service.Posted(row.person, row.site)
        for row in asked.tx.postings()
        if row.from_on <= on and (row.to_on is None or on <= row.to_on)
    ]


def _tablets(asked: Asked) -> list[service.Seen]:
    return [
        service.Seen(row.site, civil_date(row.last_seen_at or row.enrolled_at))
        for row in asked.tx.devices()
        if row.state == "active"
    ]
