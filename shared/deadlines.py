"""Due dates and warnings, counted the same way on tablet and county (DOMAIN.md §3.5).

The day of acceptance is not counted, whatever day it was; day 1 is the next working day (民法典
article 201). A special procedure stops the clock from the day after its written notice to the day
it ended, inclusive (行政许可法 article 45). Nothing here knows today: the caller says what time it
is. A date outside the calendar edition raises CalendarMissing; nothing is ever guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from enum import Enum, IntEnum, StrEnum
from types import MappingProxyType

from shared.calendars import CalendarEdition
from shared.civil import InstantOutOfRange, civil_date, start_of_day
from shared.errors import Refused

CLOSING_TIME = time(17, 30)
"""When a window closes where the county says nothing else (UTC+8)."""

WARN_BEFORE_CLOSING_MS = 2 * 60 * 60 * 1000
EXTENSION_DAYS_MAX = 10
EXTENSION_DAYS_MAX_JOINT = 15
_DAY = timedelta(days=1)


class ExtensionTooLate(Refused):
    """An extension told on or after the due date: it moves nothing, the case counts as late."""


class Unit(StrEnum):
    """What a limit counts. The two live side by side in one catalogue and are never mixed."""

    WORKDAY = "工作日"
    NATURAL = "自然日"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many days; 0 means the same day."""

    days: int
    unit: Unit = Unit.WORKDAY

    def __post_init__(self) -> None:
        if self.days < 0:
            raise ValueError("a limit is never negative")


@dataclass(frozen=True, slots=True)
class Suspension:
    """One special procedure (特别程序): the clock stands from the day after `noticed_on`.

    `ended_on` is the last standing day, None while the procedure still runs.
    """

    noticed_on: date
    ended_on: date | None = None

    def covers(self, on: date) -> bool:
        """Return whether the clock stands on `on`."""
        return self.noticed_on < on and (self.ended_on is None or on <= self.ended_on)


@dataclass(frozen=True, slots=True)
class DueDate:
    """The last day in time.

    `provisional` (暂定): counted through a year without notice. `paused`: a procedure still runs,
    so the date can only move later.
    """

    on: date
    provisional: bool = False
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Extension:
    """More days in the limit's own unit, approved by the head and told to the applicant."""

    days: int
    told_on: date


@dataclass(frozen=True, slots=True)
class Deadline:
    """Everything that decides when one accepted case is due: its frozen limits and its history."""

    accepted_on: date
    promised: Limit
    statutory: Limit
    suspensions: Sequence[Suspension] = ()
    extensions: Sequence[Extension] = ()
    joint: bool = False

    def promised_due(self, calendar: CalendarEdition, *, today: date | None = None) -> DueDate:
        """Return the promised due date; raise CalendarMissing."""
        return self._due(calendar, self.promised, today)

    def statutory_due(self, calendar: CalendarEdition, *, today: date | None = None) -> DueDate:
        """Return the statutory due date; raise CalendarMissing."""
        return self._due(calendar, self.statutory, today)

    def _due(self, calendar: CalendarEdition, limit: Limit, today: date | None) -> DueDate:
        """An extension told too late moves nothing: asking after the date counts as late.

        All of them together count no more days than the law allows, whatever was written.
        """
        days = calendar if limit.unit is Unit.WORKDAY else None
        due = _nth(self.accepted_on, limit.days, self.suspensions, today, days)
        left = EXTENSION_DAYS_MAX_JOINT if self.joint else EXTENSION_DAYS_MAX
        for each in sorted(self.extensions, key=lambda extension: extension.told_on):
            if each.told_on < due.on:
                counted = replace(each, days=min(each.days, left))
                left -= counted.days
                due = extend(calendar, due, counted, self.suspensions, unit=limit.unit, today=today)
        return due


class Warning(IntEnum):
    """The colour of an open case, in ascending urgency."""

    NONE = 0
    BLUE = 1
    YELLOW = 2
    RED = 3
    BLACK = 4

    @property
    def label(self) -> str:
        """The word on the screen; empty for none."""
        return ("", "蓝", "黄", "红", "黑")[self]


class Term(Enum):
    """The pledges that are not in the catalogue."""

    FORWARD = "代办移交"
    CORRECTION = "一次告知补正"
    ACKNOWLEDGE = "流转签收"
    HAND_OUT = "结果送达"
    LAPSE = "补正逾期退件"
    TRIAGE = "投诉分办"
    REPLY = "投诉答复"
    REPLY_COMPLEX = "复杂投诉答复"
    BAD_RATING_CHECK = "差评核实"
    BAD_RATING_FIX = "差评整改"


TERMS: Mapping[Term, Limit] = MappingProxyType(
    {
        Term.FORWARD: Limit(2),
        Term.CORRECTION: Limit(5),
        Term.ACKNOWLEDGE: Limit(1),
        Term.HAND_OUT: Limit(10),
        Term.LAPSE: Limit(30),
        Term.TRIAGE: Limit(1),
        Term.REPLY: Limit(5),
        Term.REPLY_COMPLEX: Limit(15),
        Term.BAD_RATING_CHECK: Limit(2),
        Term.BAD_RATING_FIX: Limit(15),
    }
)
"""Defaults of DOMAIN.md §3.3, §3.5 and §4 (差评); a county may set others."""


def add_workdays(
    calendar: CalendarEdition,
    start: date,
    n: int,
    suspensions: Sequence[Suspension] = (),
    *,
    today: date | None = None,
) -> DueDate:
    """Return the `n`-th counted working day after `start`; n = 0 is `start` itself.

    A procedure that still runs counts as standing up to `today`; without `today` it counts as not
    yet standing, which gives the earliest date still possible. Raises CalendarMissing.
    """
    return _nth(start, n, suspensions, today, calendar)


def add_days(
    start: date, n: int, suspensions: Sequence[Suspension] = (), *, today: date | None = None
) -> DueDate:
    """Return the `n`-th counted natural day after `start`, free days included."""
    return _nth(start, n, suspensions, today, None)


def workdays_between(calendar: CalendarEdition, after: date, through: date) -> int:
    """Return the number of working days later than `after`, up to and including `through`."""
    return elapsed_workdays(calendar, after, through)


def elapsed_workdays(
    calendar: CalendarEdition,
    start: date,
    through: date,
    suspensions: Sequence[Suspension] = (),
) -> int:
    """Return the working days a case took from `start` through `through`, standing days left out.

    The same day, or a `through` before `start` (a wrong clock), is 0.
    """
    return _count(start, through, suspensions, calendar)


def extend(
    calendar: CalendarEdition,
    due: DueDate,
    extension: Extension,
    suspensions: Sequence[Suspension] = (),
    *,
    unit: Unit = Unit.WORKDAY,
    today: date | None = None,
) -> DueDate:
    """Return `due` moved by `extension`; raise ExtensionTooLate if it was not told before `due`."""
    if extension.told_on >= due.on:
        raise ExtensionTooLate(
            f"延期须在到期日（{due.on}）之前批准并告知申请人；现已到期，请按超期办理并说明原因。"
        )
    days = calendar if unit is Unit.WORKDAY else None
    moved = _nth(due.on, extension.days, suspensions, today, days)
    return replace(moved, provisional=moved.provisional or due.provisional)


def term_due(
    calendar: CalendarEdition, term: Term, start: date, terms: Mapping[Term, Limit] = TERMS
) -> DueDate:
    """Return when the pledge `term` that began on `start` is due; raise CalendarMissing."""
    limit = terms[term]
    return _nth(start, limit.days, (), None, calendar if limit.unit is Unit.WORKDAY else None)


def needs_notice(printed_on: date, due: DueDate) -> bool:
    """Return whether a date the citizen holds in print moved later: then she must be told.

    Earlier is silent. Happens when the notice for a provisional year arrives (§3.5 rule 9).
    """
    return due.on > printed_on


def warning(
    now: int, calendar: CalendarEdition, deadline: Deadline, closing: time = CLOSING_TIME
) -> Warning:
    """Return the colour of an open case at `now` (Unix ms); raise CalendarMissing.

    Blue: half used. Yellow: a fifth of the promised days left, or one of them. Red: past the
    promise. Black: past the law. A 即办件 (promise 0) is yellow two hours before `closing` and red
    when its day is over. Days are of the promise's unit. While the clock stands the colour stands.
    """
    today = civil_date(now)
    due = deadline.promised_due(calendar, today=today)
    if today > due.on:
        late = today > deadline.statutory_due(calendar, today=today).on
        return Warning.BLACK if late else Warning.RED
    if deadline.promised.days == 0:
        closes_at = start_of_day(due.on) + (closing.hour * 60 + closing.minute) * 60_000
        return Warning.YELLOW if now >= closes_at - WARN_BEFORE_CLOSING_MS else Warning.NONE
    stands = _cut(deadline.suspensions, today)
    days = calendar if deadline.promised.unit is Unit.WORKDAY else None
    left = _count(today, due.on, stands, days)
    total = _count(deadline.accepted_on, due.on, stands, days)
    if 5 * left <= total or left <= 1:
        return Warning.YELLOW
    return Warning.BLUE if 2 * left <= total else Warning.NONE


def _nth(
    start: date,
    n: int,
    suspensions: Sequence[Suspension],
    today: date | None,
    calendar: CalendarEdition | None,
) -> DueDate:
    """Return the `n`-th counted day after `start`: of all days where there is no calendar."""
    if n < 0:
        raise ValueError("a limit is never negative")
    stands = _cut(suspensions, today)
    on = start
    provisional = False
    while n > 0:
        on = _next(on)
        if calendar is not None:
            provisional = provisional or calendar.is_provisional(on)
        n -= _counts(on, stands, calendar)
    paused = any(each.ended_on is None and each.noticed_on < on for each in suspensions)
    return DueDate(on, provisional, paused)


def _count(
    after: date, through: date, stands: Sequence[Suspension], calendar: CalendarEdition | None
) -> int:
    total = 0
    while after < through:
        after = _next(after)
        total += _counts(after, stands, calendar)
    return total


def _counts(on: date, stands: Sequence[Suspension], calendar: CalendarEdition | None) -> bool:
    worked = calendar is None or calendar.is_working_day(on)
    return worked and not any(each.covers(on) for each in stands)


def _cut(suspensions: Sequence[Suspension], today: date | None) -> list[Suspension]:
    """Return the procedures with an end: one that still runs stands up to `today`, or not yet."""
    return [
        each if each.ended_on is not None else replace(each, ended_on=today or each.noticed_on)
        for each in suspensions
    ]


def _next(on: date) -> date:
    try:
        return on + _DAY
    except OverflowError:
        raise InstantOutOfRange("日期超出可用范围，请核对设备的日期和时间。") from None
