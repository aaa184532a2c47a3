"""What one calendar edition changes against another: days, and years that become certain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from shared.calendars import WORKED, CalendarEdition

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Days in a row that change alike. `was_worked` and `is_worked` None: the year is not there."""

    first: date
    last: date
    was_worked: bool | None
    is_worked: bool | None

    @property
    def days(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class YearChange:
    """A year that comes, goes, or stops (or starts) being provisional; None: not there."""

    year: int
    was_provisional: bool | None
    is_provisional: bool | None


@dataclass(frozen=True, slots=True)
class CalendarDifference:
    """Everything that differs between two calendars, in the order of the days."""

    spans: tuple[Span, ...]
    years: tuple[YearChange, ...]

    @property
    def is_empty(self) -> bool:
        """Whether both count the same days, as surely."""
        return not self.spans and not self.years


def compare_calendars(old: CalendarEdition, new: CalendarEdition) -> CalendarDifference:
    """Return what `new` changes against `old`."""
    years = tuple(
        YearChange(year, *marks)
        for year in sorted(old.years.keys() | new.years.keys())
        if (marks := (_provisional(old, year), _provisional(new, year)))[0] != marks[1]
    )
    return CalendarDifference(tuple(_spans(old, new)), years)


def _provisional(edition: CalendarEdition, year: int) -> bool | None:
    return edition.years[year].provisional if year in edition.years else None


def _spans(old: CalendarEdition, new: CalendarEdition) -> Iterator[Span]:
    for year in sorted(old.years.keys() | new.years.keys()):
        if year not in old.years or year not in new.years:
            continue  # a whole year that comes or goes is told once, as a year
        before, after = old.years[year].days, new.years[year].days
        first: int | None = None
        for place in range(len(before) + 1):
            ended = place == len(before) or before[place] == after[place]
            if first is not None and (ended or after[place] != after[first]):
                yield Span(
                    date(year, 1, 1) + first * _DAY, date(year, 1, 1) + (place - 1) * _DAY,
                    before[first] == WORKED, after[first] == WORKED,
                )  # fmt: skip
                first = None
            if not ended and first is None:
                first = place


def with_days(edition: CalendarEdition, first: date, last: date, *, worked: bool) -> str:
    """Return the days of `first`'s year with a span set to worked or free (both inclusive)."""
    days = edition.years[first.year].days
    start, end = first.timetuple().tm_yday - 1, last.timetuple().tm_yday
    return days[:start] + (WORKED if worked else "0") * (end - start) + days[end:]
