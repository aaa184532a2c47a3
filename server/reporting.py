"""The figures as staff ask for them: in their rights, from the shelf where the books are the same.

Pages, files and /api/v1 all ask here. A month is read once and counted for every site that is
asked; twelve months of a trend are counted anew only where operations can have touched them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

from server import sight
from server.accounts import Person
from server.cards import card_fields
from server.county import County, Editions, day_number
from server.metrics import standing
from server.metrics.basis import Basis, Period, read_basis
from server.metrics.definitions import BY_KEY, Definition
from server.metrics.everything import figures_of, first_days
from server.metrics.figure import Figure, Scope
from server.metrics.times import Times, times_of
from server.metrics.touched import NEVER, first_day, touched_since
from server.report import Report, find_site, report_of, require_period, scope_of
from server.shelf import Stamp
from server.storage import Tx
from server.storage.rows import Posting
from shared.catalogue import Item
from shared.errors import Misuse
from shared.regions import Level
from shared.sites import Site

TREND_MONTHS = 12
POSTED = "M34"
FIRSTS = "first acceptances"


class UnknownMetric(Misuse):
    """A key that no figure has."""


@dataclass(frozen=True, slots=True)
class Question:
    """A period (both days inclusive), and where, of what, by which way; None for all."""

    from_on: date
    to_on: date
    site: str | None = None
    item: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Tile:
    """One township of the map."""

    site: Site
    figure: Figure


@dataclass(frozen=True, slots=True)
class Month:
    """One month of a trend, without the lists behind it. `last` is its last day, or today."""

    first: date
    last: date
    figure: Figure


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person may choose: sites in the order of the roll, items of the edition in force."""

    sites: Sequence[Site]
    items: Sequence[Item]


def choices(county: County, person: Person) -> Choices:
    """Return the sites and items a person may ask for."""
    with county.ledger.read() as tx:
        editions = county.editions(tx)
    only = sight.township_only(person, editions)
    sites = [
        one for one in editions.sites.sites
        if one.level is not Level.COUNTY and (not only or editions.township_of(one.id) == only)
    ]  # fmt: skip
    return Choices(sites, editions.catalogue.items)


def definition_of(key: str) -> Definition:
    """Return the definition of a figure; raise UnknownMetric."""
    if key not in BY_KEY:
        raise UnknownMetric("没有这个指标，请从报表中打开。")
    return BY_KEY[key]


def report(county: County, person: Person, asked: Question) -> Report:
    """Return all figures; raise WrongPeriod, UnknownSite, NotAllowed."""
    with county.ledger.read() as tx:
        desk = _Counter(county, tx)
        site = desk.site_of(person, asked)
        basis = desk.basis(desk.period(asked))
        return report_of(site, basis, desk.figures(basis, site, asked.item, asked.channel))


def handling_times(county: County, person: Person, asked: Question) -> Times:
    """Return how long the 承诺件 closed in the period took."""
    with county.ledger.read() as tx:
        desk = _Counter(county, tx)
        site = desk.site_of(person, asked)
        basis = desk.basis(desk.period(asked))
        return times_of(basis, desk.scope(asked.to_on, site, asked.item, asked.channel))


def map_of(county: County, person: Person, asked: Question, key: str) -> list[Tile]:
    """Return a figure of every township the person may see, in the order of the roll."""
    definition_of(key)
    with county.ledger.read() as tx:
        desk = _Counter(county, tx)
        only = sight.township_only(person, desk.editions)
        basis = desk.basis(desk.period(asked))
        return [
            Tile(site, desk.figures(basis, site, asked.item, asked.channel)[key])
            for site in desk.townships()
            if not only or site.id == only
        ]


def trend_of(county: County, person: Person, asked: Question, key: str) -> list[Month]:
    """Return a figure of the twelve months up to the one in which the period ends."""
    definition_of(key)
    with county.ledger.read() as tx:
        desk = _Counter(county, tx)
        site = desk.site_of(person, asked)
        end = min(asked.to_on, desk.stamp.today)
        months = list(_months_to(end))
        return [
            Month(first, last, desk.month(first, last, site, asked)[key]) for first, last in months
        ]


def _months_to(end: date) -> Iterator[tuple[date, date]]:
    firsts = [end.replace(day=1)]
    while len(firsts) < TREND_MONTHS:
        firsts.append((firsts[-1] - timedelta(days=1)).replace(day=1))
    for first in reversed(firsts):
        yield first, min((first + timedelta(days=32)).replace(day=1) - timedelta(days=1), end)


class _Counter:
    """Counts in one transaction, from what the county's shelves hold for its stamp."""

    def __init__(self, county: County, tx: Tx) -> None:
        self._county, self._tx = county, tx
        self._shelves = county.shelves
        self._scopes: dict[tuple[date, str], Scope] = {}
        self._firsts: Mapping[str, int] | None = None
        self.editions: Editions = county.editions(tx)
        head = tx.county_head()
        self.stamp = Stamp(head.epoch, head.county_seq, head.feed_position, county.today())

    def site_of(self, person: Person, asked: Question) -> Site | None:
        """The site asked for, as far as the person may ask; None for the county."""
        require_period(asked.from_on, asked.to_on)
        sites, only = self.editions.sites, sight.township_only(person, self.editions)
        if not asked.site:
            return sites.by_id(only) if only else None
        site = find_site(sites, asked.site, asked.to_on)
        if only and self.editions.township_of(site.id) != only:
            raise sight.NotAllowed("只能查看本乡镇的报表，请在“站点”中选择本乡镇或其下的村站。")
        return site

    def townships(self) -> list[Site]:
        """The township centres, in the order of the roll."""
        return [one for one in self.editions.sites.sites if one.level is Level.TOWNSHIP]

    def period(self, asked: Question) -> Period:
        """The period asked for, as of today."""
        require_period(asked.from_on, asked.to_on)
        return Period(asked.from_on, asked.to_on, self.stamp.today)

    def scope(
        self, on: date, site: Site | None, item: str | None, channel: str | None
    ) -> Scope:  # fmt: skip
        """The scope of a question."""
        where = site.id if site else ""
        if (on, where) not in self._scopes:
            self._scopes[on, where] = scope_of(self.editions.sites, on, site, None, None)
        return replace(self._scopes[on, where], item=item or None, channel=channel or None)

    def basis(self, period: Period) -> Basis:
        """What a period is counted from."""

        def make() -> tuple[Basis, int]:
            whole = self.scope(period.to_on, None, None, None)
            made = read_basis(self._tx, self.editions.sites, period, card_fields, whole)
            return made, made.weight

        return self._shelves.bases.get((self.stamp, period), make)

    def figures(
        self, basis: Basis, site: Site | None, item: str | None, channel: str | None
    ) -> Mapping[str, Figure]:
        """The figures of a scope; who is posted (M34) follows no operation and is asked anew."""
        scope = self.scope(basis.period.to_on, site, item, channel)

        def make() -> tuple[dict[str, Figure], int]:
            made = figures_of(self._tx, basis, scope, card_fields, self._first_days())
            weight = sum(len(one.records) + len(one.others) for one in made.values())
            return made, weight + len(made)

        where = (site.id if site else "", item or "", channel or "")
        kept = self._shelves.figures.get((self.stamp, basis.period, where), make)
        return {**kept, POSTED: self._posted(basis.period, scope)}

    def _posted(self, period: Period, scope: Scope) -> Figure:
        return standing.people(self._postings, min(period.to_on, period.today), scope)

    @cached_property
    def _postings(self) -> Sequence[Posting]:
        return self._tx.postings()

    def _first_days(self) -> Mapping[str, int]:
        """The day of the first acceptance at each site; days nobody touched are not read again."""
        if self._firsts is not None:
            return self._firsts
        kept: tuple[Stamp, dict[str, int]] | None = self._shelves.months.peek(FIRSTS)
        since = 0 if kept is None else self._first_touched(kept[0])
        found = {site: on for site, on in kept[1].items() if on < since} if kept else {}
        missing = {one.id for one in self.townships()} - found.keys()
        if missing and since < NEVER:
            whole = self.scope(self.stamp.today, None, None, None)
            fresh = first_days(self._tx, whole, card_fields, since, missing)
            found = {**fresh, **found}
        self._shelves.months.put(FIRSTS, (self.stamp, found), 1)
        self._firsts = found
        return found

    def month(
        self, first: date, last: date, site: Site | None, asked: Question
    ) -> Mapping[str, Figure]:
        """The bare figures of one month of a trend."""
        period = Period(first, last, self.stamp.today)
        where = (site.id if site else "", asked.item or "", asked.channel or "")
        key = (first, last, where)
        kept: tuple[Stamp, Mapping[str, Figure]] | None = self._shelves.months.peek(key)
        if kept is None or not self._stands(kept[0], period):
            found = self._bare(period, where)
            self._keep(first, last, found)
            return found[where]
        if kept[0] != self.stamp:
            self._keep(first, last, {where: kept[1]})
        scope = self.scope(last, site, asked.item, asked.channel)
        return {**kept[1], POSTED: _bare(self._posted(period, scope))}

    def _keep(
        self, first: date, last: date, found: Mapping[tuple[str, str, str], Mapping[str, Figure]]
    ) -> None:
        for where, figures in found.items():
            self._shelves.months.put((first, last, where), (self.stamp, figures), 1)

    def _bare(
        self, period: Period, where: tuple[str, str, str]
    ) -> dict[tuple[str, str, str], Mapping[str, Figure]]:
        """The numbers of a month: of the scope asked, and with it of county and townships."""
        basis = self.basis(period)
        wanted = [where]
        if where[1:] == ("", ""):
            wanted += [(site, "", "") for site in ("", *(one.id for one in self.townships()))]
        found: dict[tuple[str, str, str], Mapping[str, Figure]] = {}
        for each in dict.fromkeys(wanted):
            site = self.editions.sites.by_id(each[0]) if each[0] else None
            figures = self.figures(basis, site, each[1], each[2])
            found[each] = {key: _bare(one) for key, one in figures.items()}
        return found

    def _stands(self, kept: Stamp, period: Period) -> bool:
        """Whether numbers of an over month, counted at an earlier stamp, are those of now."""
        if kept == self.stamp:
            return True
        if min(kept.today, self.stamp.today) <= period.to_on:
            return False
        return self._first_touched(kept) > day_number(period.to_on)

    def _first_touched(self, kept: Stamp) -> int:
        key = ("touched", kept, self.stamp)

        def make() -> tuple[int, int]:
            touched = touched_since(self._tx, kept, self.stamp)
            return (0 if touched is None else first_day(self._tx, touched)), 1

        return self._shelves.months.get(key, make)


def _bare(figure: Figure) -> Figure:
    return replace(figure, records=(), others=(), below=None, things=(), things_below=None)


def words_for(tiles: Sequence[Tile]) -> dict[str, str]:
    """Return for each township's value whether it is among the high, middle or low third."""
    told = sorted((one.figure.fraction, one.site.id) for one in tiles if _is_told(one.figure))
    found: dict[str, str] = {}
    for value, site in told:
        below = sum(1 for other, _ in told if other < value)
        equal = sum(1 for other, _ in told if other == value)
        place = (2 * below + equal) / (2 * len(told))
        found[site] = "低" if place < 1 / 3 else "中" if place <= 2 / 3 else "高"
    return found


def _is_told(figure: Figure) -> bool:
    return not figure.missing and figure.denominator != 0
