"""When a matter takes its colours, told at once, so that a list need not count days.

`shared.deadlines.warning` says which colour a case has at a moment; `marks` says the moments at
which it takes each: the same rule, read the other way (tests hold the two against each other).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta

from shared.calendars import CalendarEdition, CalendarMissing
from shared.civil import start_of_day
from shared.deadlines import (
    CLOSING_TIME,
    WARN_BEFORE_CLOSING_MS,
    Deadline,
    DueDate,
    Suspension,
    Unit,
    Warning,
)

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Marks:
    """The instants (Unix ms) at which a matter takes each colour, None for one it does not take.

    `due_on` is the last day in time. `paused_on` is the day of the notice of a procedure that
    still runs: no colour changes until it ends.
    """

    due_on: date
    blue_at: int | None = None
    yellow_at: int | None = None
    red_at: int | None = None
    black_at: int | None = None
    paused_on: date | None = None
    provisional: bool = False

    def level(self, now: int) -> Warning:
        """Return the colour at `now` (Unix ms): the most urgent one already taken."""
        taken = Warning.NONE
        for level, at in zip(list(Warning)[1:], self.instants, strict=True):
            if at is not None and at <= now:
                taken = level
        return taken

    @property
    def instants(self) -> tuple[int | None, int | None, int | None, int | None]:
        """When it turns blue, yellow, red and black."""
        return self.blue_at, self.yellow_at, self.red_at, self.black_at


def marks(calendar: CalendarEdition, deadline: Deadline, closing: time = CLOSING_TIME) -> Marks:
    """Return when an open case takes its colours; raise CalendarMissing.

    A limit of the law that ends in a year nobody has published yet is not guessed: no black.
    """
    running = next((one for one in deadline.suspensions if one.ended_on is None), None)
    due = deadline.promised_due(calendar)
    red = _over(due, running)
    legal = None if red is None else _legal(calendar, deadline, running)
    found = Marks(
        due.on, red_at=red, black_at=legal and max(legal, red or 0),
        paused_on=running.noticed_on if running is not None else None, provisional=due.provisional,
    )  # fmt: skip
    if deadline.promised.days == 0:
        closes_at = start_of_day(due.on) + (closing.hour * 60 + closing.minute) * 60_000
        return replace(found, yellow_at=closes_at - WARN_BEFORE_CLOSING_MS)
    days = calendar if deadline.promised.unit is Unit.WORKDAY else None
    stood = [one for one in deadline.suspensions if one.ended_on is not None]
    return _used_up(found, deadline.accepted_on, days, stood)


def pledge_marks(
    calendar: CalendarEdition, start: date, due: DueDate, *, by_law: bool = False
) -> Marks:
    """Return the colours of a pledge of working days that began on `start`; no procedure stops it.

    Past the day is red; where the law itself sets the day, black.
    """
    over = start_of_day(due.on + _DAY)
    found = Marks(
        due.on, red_at=over, black_at=over if by_law else None, provisional=due.provisional
    )
    return _used_up(found, min(start, due.on), calendar, ())


def _legal(calendar: CalendarEdition, deadline: Deadline, running: Suspension | None) -> int | None:
    try:
        return _over(deadline.statutory_due(calendar), running)
    except CalendarMissing:
        return None


def _used_up(
    found: Marks, start: date, calendar: CalendarEdition | None, stood: Sequence[Suspension]
) -> Marks:
    """Fill in the days on which half and four fifths of the days are used, while the clock runs."""
    through = (found.due_on - start).days
    days = [start + n * _DAY for n in range(1, through + 1)]
    counts = [_counts(on, stood, calendar) for on in days]
    left = total = sum(counts)
    blue = yellow = None
    for on, counted in zip([start, *days], [False, *counts], strict=True):
        left -= counted
        if 5 * left <= total or left <= 1:
            yellow = start_of_day(on)
            break
        if blue is None and 2 * left <= total:
            blue = start_of_day(on)
        if found.paused_on is not None and on >= found.paused_on:
            break
    return replace(found, blue_at=blue, yellow_at=yellow)


def _counts(on: date, stood: Sequence[Suspension], calendar: CalendarEdition | None) -> bool:
    worked = calendar is None or calendar.is_working_day(on)
    return worked and not any(one.covers(on) for one in stood)


def _over(due: DueDate, running: Suspension | None) -> int | None:
    """The first instant past a day; None where a procedure that runs holds the day open."""
    if running is not None and running.noticed_on < due.on:
        return None
    return start_of_day(due.on + _DAY)
