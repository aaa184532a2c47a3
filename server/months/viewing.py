"""What the page of months shows: which months there are, one month's sheets, what came later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from server.accounts import Person
from server.county import County
from server.months.closing import begun, may_publish, may_sign
from server.months.corrections import Block, corrections
from server.months.sheets import (
    WAITING,
    Sheet,
    frozen,
    last_day,
    months_between,
    next_month,
    report_of,
    sheet_of,
)

OPEN, RUNNING = "未月结", "进行中"
LISTED = 24
"""Months that are offered; earlier ones are asked for by their address."""


@dataclass(frozen=True, slots=True)
class MonthView:
    """One month: `frozen` None while it is not closed; `today` is what the ledger says now."""

    month: date
    last: date
    state: str
    today: Sheet
    frozen: Sheet | None
    parts: list[Sheet]
    block: Block
    may_freeze: bool
    may_sign: bool
    may_publish: bool

    @property
    def unsigned(self) -> list[Sheet]:
        """The townships that have not signed."""
        return [one for one in self.parts if one.state == WAITING]


def listed(county: County) -> list[date]:
    """Return the first days of the months with books, the newest first."""
    with county.ledger.read() as tx:
        first = begun(tx)
    return months_between(first, county.today().replace(day=1))[::-1][:LISTED]


def view(county: County, person: Person, month: date) -> MonthView:
    """Return one month as this person sees it."""
    with county.ledger.read() as tx:
        editions = county.editions(tx)
        report = report_of(tx, county, editions, month, last_day(month))
        whole, parts = frozen(tx, county, month, editions)
        block = corrections(tx, whole, report) if whole else Block("", ())
        township = editions.township_of(person.site)
    is_over = next_month(month) <= county.today()
    mine = next((one for one in parts if one.site == township), None)
    publishes = may_publish(person, editions)
    return MonthView(
        month, last_day(month), whole.state if whole else OPEN if is_over else RUNNING,
        sheet_of(report, county.home.config.name), whole, parts, block,
        may_freeze=publishes and whole is None and is_over,
        may_sign=mine is not None and mine.state == WAITING and may_sign(person, editions),
        may_publish=publishes and whole is not None and not whole.published_at,
    )  # fmt: skip
