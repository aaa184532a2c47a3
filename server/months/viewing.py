"""What the page of months shows: which months there are, one month's sheets, what came later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from server import sight
from server.accounts import Person
from server.county import County, Editions
from server.months.closing import begun, may_publish, may_sign
from server.months.corrections import Block, corrections
from server.months.objecting import may_object
from server.months.sheets import (
    WAITING,
    Objection,
    Sheet,
    frozen,
    last_day,
    months_between,
    next_month,
    record_of,
    report_of,
    sheet_of,
)
from shared.fold import fold

OPEN, RUNNING = "未月结", "进行中"
SCORED = ("M1", "M2", "M3", "M4", "M4_open", "M5", "M6", "M7")
"""Figures by which a township is judged: it is shown its corrections of these to object to."""
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
    own: Block
    """The corrections of the person's own township, where the person may object to them."""
    objections: list[tuple[Sheet, Objection]]
    """With the township's sheet; the county's people see all, a township its own."""
    may_freeze: bool
    may_sign: bool
    may_publish: bool
    may_answer: bool

    @property
    def objected(self) -> set[tuple[str, str]]:
        """The (figure, day) of the lines objected to already."""
        return {(one.key, one.on) for _, one in self.objections}

    @property
    def unsigned(self) -> list[Sheet]:
        """The townships that have not signed."""
        return [one for one in self.parts if one.state == WAITING]


def listed(county: County) -> list[date]:
    """Return the first days of the months with books, the newest first."""
    with county.ledger.read() as tx:
        first = begun(tx)
    return months_between(first, county.today().replace(day=1))[::-1][:LISTED]


def state_of(county: County, month: date) -> str:
    """Return how a month stands, without counting anything."""
    with county.ledger.read() as tx:
        record = record_of(county.code, month)
        entries = tx.operations_of([record])[record]
    if entries:
        return fold(entries).state or ""
    return OPEN if next_month(month) <= county.today() else RUNNING


def view(county: County, person: Person, month: date) -> MonthView:
    """Return one month as this person sees it."""
    with county.ledger.read() as tx:
        editions = county.editions(tx)
        report = report_of(tx, county, editions, month, last_day(month))
        whole, parts = frozen(tx, county, month, editions)
        block = corrections(tx, whole, report) if whole else Block("", ())
        township = editions.township_of(person.site)
        mine = next((one for one in parts if one.site == township), None)
        own = Block(township, ())
        if mine is not None and block.lines and may_object(person, editions):
            theirs = report_of(tx, county, editions, month, last_day(month), township)
            found = corrections(tx, mine, theirs)
            own = Block(found.site, tuple(one for one in found.lines if one.key in SCORED))
    is_over = next_month(month) <= county.today()
    publishes = may_publish(person, editions)
    return MonthView(
        month, last_day(month), whole.state if whole else OPEN if is_over else RUNNING,
        sheet_of(report, county.home.config.name), whole, parts, block, own,
        objections_seen(person, editions, parts),
        may_freeze=publishes and whole is None and is_over,
        may_sign=mine is not None and mine.state == WAITING and may_sign(person, editions),
        may_publish=publishes and whole is not None and not whole.published_at,
        may_answer=publishes,
    )  # fmt: skip


def objections_seen(
    person: Person, editions: Editions, parts: Sequence[Sheet]
) -> list[tuple[Sheet, Objection]]:
    """Return the objections of these sheets that concern the person."""
    township = sight.township_only(person, editions)
    return [
        (sheet, one)
        for sheet in parts
        if township is None or sheet.site == township
        for one in sheet.objections
    ]
