"""All figures of one question: facts and editions are read, each figure is counted from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from server.county import CALENDAR, CATALOGUE, day_number
from server.metrics import flow, limits, service
from server.metrics.cases import cases_of
from server.metrics.counting import count
from server.metrics.facts import Fields, chunks, first_acceptances, read_facts
from server.metrics.figure import Figure, Scope
from server.storage.ledger import Tx
from shared.calendars import CalendarEdition
from shared.catalogue import CatalogueEdition
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
    late = cases_of(facts.late, facts.fields, scope)
    opening = [*facts.consultations, *facts.proxies, *facts.complaints, *facts.ratings]
    opening += [f for f in facts.cases if f.act == "receive" and from_on <= f.on <= to_on]
    return {
        **found,
        **limits.catalogue_figures(_catalogue(tx, to_on), _catalogue(tx, before), scope.item),
        **limits.limit_figures(cases, from_on, to_on, calendar),
        **flow.applied(cases, from_on, to_on),
        **flow.cohorts(cases, from_on, to_on, calendar),
        **flow.closings(facts, cases, from_on, to_on, scope),
        "M24": flow.clean_months(late, _began(asked, to_on), _last_month(asked), to_on, limit),
        **service.service_figures(facts, scope),
        "N2": service.delays(facts, opening, scope),
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
