"""What falls due by itself: month closes, counts of overdue and soon-due cases, due dates counted
anew when another calendar begins, and the work of newer tablets that waited for an upgrade.

`county run-due` runs it (cron), and the core once an hour; a lease row keeps two runs apart, and
each part looks first whether it was done, so running it often does no harm.

A month is frozen on the fourth day of the next. What tablets bring later still counts in any report
over that month; the frozen figures stay what they were.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from server.county import County, NoEdition, day_number
from server.editions import recounting
from server.months import closing
from server.months.sheets import next_month
from server.staff_postings import follow_all
from server.storage import RecordFilter, Tx
from server.upgrading import judge_known
from shared.calendars import CalendarEdition
from shared.civil import civil_date

LEASE = "run-due"
LEASE_MS = 10 * 60 * 1000
CLOSE_AFTER_DAYS = 3
SOON_WORKDAYS = 3
_BATCH = 500


def run_due(county: County) -> dict[str, object]:
    """Do what is due now and return what was done and what waits; other counts are of cases.

    `busy` is true where another run holds the lease: then nothing was done. `judged_again` counts
    the operations that an upgrade let decide, `counted_anew` the cases whose due date was counted
    again because another calendar has begun.
    """
    now = county.now()
    holder = county.entropy(8).hex()

    def taken(tx: Tx) -> bool:
        return tx.take_lease(LEASE, holder, now=now, until=now + LEASE_MS)

    if not county.ledger.writing(taken):
        return {
            "busy": True, "judged_again": 0, "counted_anew": 0, "overdue": 0, "due_soon": 0,
            "month_closes": [],
        }  # fmt: skip
    try:
        follow_all(county)
        return {
            "busy": False,
            "judged_again": judge_known(county),
            "counted_anew": recounting.run(county),
            **_deadlines(county),
            "month_closes": [
                f"{month:%Y-%m}" for month in _months(county) if closing.freeze(county, month)
            ],
        }
    finally:
        county.ledger.writing(lambda tx: tx.take_lease(LEASE, holder, now=now, until=now))


def _deadlines(county: County) -> dict[str, object]:
    """How many open cases are past their due date, and how many will be within three workdays."""
    today = county.today()
    with county.ledger.read() as tx:
        try:
            calendar = county.editions(tx).calendar
        except NoEdition:
            return {"overdue": 0, "due_soon": 0}
        overdue = _count(tx, day_number(today - timedelta(days=1)))
        soon = _count(tx, day_number(_workdays_on(calendar, today, SOON_WORKDAYS)))
    return {"overdue": overdue, "due_soon": soon - overdue}


def _count(tx: Tx, through: int) -> int:
    count, before = 0, None
    which = RecordFilter(kinds=["case"], due_through=through)
    while rows := tx.list_records(which, before=before, limit=_BATCH):
        count += len(rows)
        before = rows[-1].record
    return count


def _workdays_on(calendar: CalendarEdition, start: date, count: int) -> date:
    day = start
    while count:
        day += timedelta(days=1)
        if day.year not in calendar.years:
            return day
        count -= calendar.is_working_day(day)
    return day


def _months(county: County) -> Iterator[date]:
    """The first days of the months that are over and may be frozen, since the county began."""
    with county.ledger.read() as tx:
        begun = civil_date(tx.county_head().created_at)
        try:
            county.editions(tx)
        except NoEdition:
            return
    month = begun.replace(day=1)
    while (following := next_month(month)) + timedelta(days=CLOSE_AFTER_DAYS) <= county.today():
        yield month
        month = following
