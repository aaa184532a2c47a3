"""A running county: its home, keys, ledger and editions, with clock and chance as arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from server.home import CountyHome
from server.keys import CountyKeys
from server.shelf import Shelves
from server.storage import Ledger, Tx
from shared.calendars import CalendarEdition, calendar_in_force
from shared.catalogue import CatalogueEdition
from shared.civil import civil_date
from shared.errors import Refused
from shared.regions import Level
from shared.sites import SiteEdition

CATALOGUE, CALENDAR, SITES = "catalogue_edition", "calendar_edition", "site_edition"


class NoEdition(Refused):
    """The county has no edition in force of what a judgement needs."""


@dataclass(frozen=True)
class Editions:
    """What is in force on a day: sites, catalogue, working days."""

    sites: SiteEdition
    catalogue: CatalogueEdition
    calendar: CalendarEdition
    calendars: tuple[CalendarEdition, ...] = ()
    """Every calendar that has begun; a closed case keeps the date of the one it ended under."""

    def calendar_on(self, on: int) -> CalendarEdition:
        """Return the calendar that was counted by on a day (20261031)."""
        day = date(on // 10_000, on // 100 % 100, on % 100)
        return calendar_in_force(self.calendars, day) or self.calendar

    def township_of(self, site: str) -> str:
        """Return the township's site id for a village or township site, else ''."""
        return self._townships.get(site, "")

    @cached_property
    def _townships(self) -> dict[str, str]:
        above = ((one.id, self.sites.township_of(one.id)) for one in self.sites.sites)
        return {site: township.id for site, township in above if township is not None}

    def level_of(self, site: str) -> str:
        """Return county, township or village; '' for a site no edition knows."""
        return self.sites.by_id(site).level.value if self.knows(site) else ""

    def knows(self, site: str) -> bool:
        """Whether the edition holds this site id."""
        return bool(site) and self.sites.knows(site)

    @cached_property
    def centre(self) -> str:
        """The site id of the county centre."""
        return next(one.id for one in self.sites.sites if one.level is Level.COUNTY)


@dataclass
class County:
    """Everything the core works with. Safe to share between threads."""

    code: int
    home: CountyHome
    keys: CountyKeys
    ledger: Ledger
    now: Callable[[], int]
    """Wall clock, Unix ms."""
    entropy: Callable[[int], bytes]
    sample: bool = False
    shelves: Shelves = field(default_factory=Shelves, init=False, repr=False)
    """What was counted lately (server.reporting)."""
    _cached: dict[tuple[bytes | None, ...], Editions] = field(default_factory=dict, repr=False)

    def today(self) -> date:
        """The civil date now."""
        return civil_date(self.now())

    def editions(self, tx: Tx, on: date | None = None) -> Editions:
        """Return the editions in force on a day (today); raise NoEdition.

        Cached by the operations that published them: an edition published by another process is
        seen by the next transaction.
        """
        in_force = tx.editions_on(day_number(on or self.today()))
        named = [in_force.get(kind) for kind in (SITES, CATALOGUE, CALENDAR)]
        if None in named:
            raise NoEdition(
                "县里还没有发布站点名册、事项目录或工作日历，请先运行 bianmin county load。"
            )
        key = tuple(one.operation for one in named if one is not None)
        if key not in self._cached:
            found = tx.operations([one for one in key if one is not None])
            contents = [found[one].data.get("content") for one in key if one is not None]
            self._cached[key] = Editions(
                SiteEdition.from_data(contents[0]),
                CatalogueEdition.from_data(contents[1]),
                CalendarEdition.from_data(contents[2]),
                self._calendars(tx, on or self.today()),
            )
        return self._cached[key]

    def _calendars(self, tx: Tx, on: date) -> tuple[CalendarEdition, ...]:
        rows = [row for row in tx.all_editions(CALENDAR) if row.effective_on <= day_number(on)]
        found = tx.operations([row.operation for row in rows if row.operation is not None])
        return tuple(CalendarEdition.from_data(one.data.get("content")) for one in found.values())


def day_number(on: date) -> int:
    """Return a civil date as an integer, 20261031."""
    return on.year * 10_000 + on.month * 100 + on.day
