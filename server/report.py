"""The county's report: all figures of a period, for the county or one site and those below."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from server.metrics.definitions import DEFINITIONS
from server.metrics.everything import Asked, all_figures
from server.metrics.facts import Fields
from server.metrics.figure import Figure, Scope
from server.storage.ledger import Tx
from shared.errors import Misuse
from shared.regions import Level
from shared.sites import Site, SiteEdition, UnknownSite

YEARS_MAX = 10


class WrongPeriod(Misuse):
    """A period that ends before it begins, or is longer than anybody asks for."""


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a period. `site` is None for the whole county."""

    from_on: date
    to_on: date
    site: Site | None
    figures: dict[str, Figure]

    def plain(self) -> dict[str, object]:
        """Return the JSON form of DESIGN.md §8; M8 adds received, closed and upheld."""
        return {
            "from": self.from_on.isoformat(),
            "to": self.to_on.isoformat(),
            "site": self.site.id if self.site else None,
            "metrics": {
                key: {
                    "value": figure.value,
                    "numerator": figure.numerator,
                    "denominator": figure.denominator,
                    **figure.extra,
                }
                for key, figure in self.figures.items()
            },
        }


def make_report(
    tx: Tx,
    sites: SiteEdition,
    from_on: date,
    to_on: date,
    *,
    fields: Fields,
    today: date,
    site: str | None = None,
    item: str | None = None,
    channel: str | None = None,
) -> Report:
    """Return the report of [from_on, to_on] (both inclusive, UTC+8), of one item and channel.

    `site` is a site id or 12-digit region code; `today` decides what is overdue in a period that is
    not over yet. Raises WrongPeriod, UnknownSite.
    """
    require_period(from_on, to_on)
    chosen = find_site(sites, site, to_on) if site else None
    among = _below(sites, chosen) if chosen else None
    scope = Scope(Levels(sites, to_on), among, item, channel)
    asked = Asked(tx, sites, from_on, to_on, today, scope, fields)
    figures = all_figures(asked)
    return Report(from_on, to_on, chosen, {d.key: figures[d.key] for d in DEFINITIONS})


def require_period(from_on: date, to_on: date) -> None:
    """Raise WrongPeriod for a period that cannot be asked for."""
    if to_on < from_on:
        raise WrongPeriod(f"起始日期 {from_on} 晚于截止日期 {to_on}，请对调后再试。")
    if to_on.year - from_on.year > YEARS_MAX:
        raise WrongPeriod(f"一次最多统计 {YEARS_MAX} 年，请缩短期间。")


def find_site(sites: SiteEdition, text: str, on: date) -> Site:
    """Return the site of an id or of a 12-digit region code on a day; raise UnknownSite."""
    try:
        return sites.by_id(text)
    except UnknownSite:
        return sites.by_code(text, on)


def as_number(on: date) -> int:
    """Return a date as the integer that projections hold: 20261031."""
    return on.year * 10_000 + on.month * 100 + on.day


def as_date(number: int | None) -> date | None:
    """Return the date of such an integer."""
    if number is None:
        return None
    return date(number // 10_000, number // 100 % 100, number % 100)


class Levels:
    """The level of a site id or region code; what no edition names counts at no window."""

    def __init__(self, sites: SiteEdition, on: date) -> None:
        self._sites = sites
        self._on = on
        self._known = {site.id: site.level for site in sites.sites}

    def __call__(self, site: str) -> Level:
        if site not in self._known:
            try:
                self._known[site] = self._sites.by_code(site, self._on).level
            except UnknownSite:
                self._known[site] = Level.COUNTY
        return self._known[site]


def _below(sites: SiteEdition, top: Site) -> frozenset[str]:
    """The ids of a site and everything below it."""
    found, ahead = {top.id}, [top.id]
    while ahead:
        for child in sites.children(ahead.pop()):
            if child.id not in found:
                found.add(child.id)
                ahead.append(child.id)
    return frozenset(found)
