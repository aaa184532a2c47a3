"""What all figures of a period are counted from: read once, for every scope that is asked.

Facts, cases and editions do not depend on where, of what and by which way is asked. A map of 26
townships therefore reads the ledger once, and counts 26 small parts.
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

from server.county import CALENDAR, CATALOGUE, day_number
from server.metrics.cases import Case, cases_of
from server.metrics.counting import first_ratings
from server.metrics.decisions import Confirmed, Settled, read_confirmed, read_settled
from server.metrics.facts import Fact, Facts, Fields, matter_of, read_cases, read_facts, real_cases
from server.metrics.figure import Scope
from server.metrics.standing import centres_new, standing_sites
from server.storage.ledger import Tx
from shared.calendars import CalendarEdition
from shared.catalogue import CatalogueEdition
from shared.sites import SiteEdition


@dataclass(frozen=True, slots=True)
class Period:
    """A period (both days inclusive) and the day it is asked."""

    from_on: date
    to_on: date
    today: date

    @property
    def first(self) -> int:
        """The first day as a number such as 20261031."""
        return day_number(self.from_on)

    @property
    def last(self) -> int:
        """The last day as a number."""
        return day_number(self.to_on)

    @property
    def overdue_before(self) -> date:
        """Open cases whose promised day is earlier are overdue at the period's end."""
        return min(self.to_on + timedelta(days=1), self.today)

    def year_before(self) -> Period:
        """The same calendar days of the year before; 29 February becomes the 28th."""
        return replace(self, from_on=_year_before(self.from_on), to_on=_year_before(self.to_on))


@dataclass
class Basis:
    """Facts and cases of a period, of the whole county, with the editions they are counted by."""

    period: Period
    facts: Facts
    cases: list[Case]
    late: list[Case]
    """Every case that was closed late or is past its promise, whenever that was."""
    cases_before: list[Case]
    """Those of the same days a year before."""
    confirmed: list[Confirmed]
    settled: list[Settled]
    sites: SiteEdition
    calendar: CalendarEdition | None
    catalogue: CatalogueEdition | None
    catalogue_before: CatalogueEdition | None
    whole: Scope

    @cached_property
    def ratings(self) -> list[tuple[Fact, int]]:
        """The first rating of each matter in the period, with its level now."""
        return first_ratings(self.facts, self.whole)

    @cached_property
    def rated(self) -> frozenset[bytes | None]:
        """The matters that were rated in the period, wherever."""
        return frozenset(matter_of(self.facts.fields[fact.record]) for fact, _ in self.ratings)

    @cached_property
    def standing(self) -> frozenset[str]:
        """The sites that were there through this period and the same days a year before."""
        now, before = self.period, self.period.year_before()
        days = (before.from_on, before.to_on, now.from_on, now.to_on)
        return standing_sites(self.sites, days)

    @cached_property
    def new_centres(self) -> frozenset[str]:
        """The township centres that are new in the year the period ends in."""
        return centres_new(self.sites, self.period.to_on)

    @property
    def weight(self) -> int:
        """How many facts it keeps in memory."""
        return len(self.facts.fields) + len(self.facts.cases)


def read_basis(
    tx: Tx, sites: SiteEdition, period: Period, fields: Fields, whole: Scope
) -> Basis:  # fmt: skip
    """Return the basis of a period; `whole` is the scope of everything."""
    with _resting_collector():
        return _read(tx, sites, period, fields, whole)


@contextmanager
def _resting_collector() -> Iterator[None]:
    """Let the cyclic collector rest: of a million small things that all stay it finds nothing to
    free, again and again, for a quarter of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read(
    tx: Tx, sites: SiteEdition, period: Period, fields: Fields, whole: Scope
) -> Basis:  # fmt: skip
    limit = day_number(period.overdue_before)
    facts = read_facts(tx, period.first, period.last, fields, overdue_before=limit)
    before = period.year_before()
    acts = real_cases(tx, read_cases(tx, before.first, before.last), fields)
    return Basis(
        period, facts, cases_of(facts.cases, facts.fields, whole),
        cases_of(facts.late, facts.fields, whole), cases_of(acts[0], acts[1], whole),
        read_confirmed(tx, period.first, period.last, fields),
        read_settled(tx, period.first, period.last, fields),
        sites,
        _calendar(tx, period.last), _catalogue(tx, period.last),
        _catalogue(tx, day_number(period.from_on - timedelta(days=1))), whole,
    )  # fmt: skip


def narrowed(facts: Facts, scope: Scope) -> Facts:
    """Return the facts of the sites in scope; complaints stay, which may concern another site."""
    if scope.among is None:
        return facts

    def here(some: Iterable[Fact], among: Collection[str] = scope.among) -> list[Fact]:
        return [fact for fact in some if fact.site in among]

    return replace(
        facts, consultations=here(facts.consultations), proxies=here(facts.proxies),
        charges=here(facts.charges), visits=here(facts.visits),
    )  # fmt: skip


def _year_before(on: date) -> date:
    if (on.month, on.day) == (2, 29):
        return date(on.year - 1, 2, 28)
    return on.replace(year=on.year - 1)


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
