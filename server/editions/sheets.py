"""The difference of two editions as a sheet people read: groups, items, old beside new in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from shared.calendar_diff import CalendarDifference
from shared.calendars import CalendarEdition
from shared.catalogue import Item
from shared.catalogue_diff import FAMILIES, FIELDS, GROUP_OF, Change, Difference, Group
from shared.item_rows import FIELD_OF, ITEM_COLUMNS, words_of

HEADINGS = {column.name: column.heading for column in ITEM_COLUMNS}
SUMMARY = "概要"
MAKE_UP, DAY_OFF = "班", "休"
WORKED, FREE = "上班", "休息"
ADDED_YEAR, REMOVED_YEAR, NOW_PROVISIONAL, NOW_CERTAIN = (
    "新增年份（暂定）", "删去年份", "改为暂定", "已有放假通知，不再暂定",
)  # fmt: skip
YEAR_WORDS = (ADDED_YEAR, REMOVED_YEAR, NOW_PROVISIONAL, NOW_CERTAIN)


@dataclass(frozen=True, slots=True)
class Line:
    """One cell that changed; '' where there was or is nothing."""

    heading: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One item, or one family of items that went over into each other."""

    code: str
    name: str
    lines: tuple[Line, ...]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A group of a sheet with its entries."""

    group: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class DayLine:
    """A span of days that changed, and how."""

    first: date
    last: date
    days: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class CalendarSheet:
    """A calendar's changes: spans of days, and years with a word each."""

    spans: tuple[DayLine, ...]
    years: tuple[tuple[int, str], ...]


def catalogue_sheet(difference: Difference) -> list[Section]:
    """Return the groups that are not empty, in the order of a difference sheet."""
    return [
        Section(group.value, entries) for group in Group if (entries := _entries(difference, group))
    ]


def calendar_sheet(difference: CalendarDifference) -> CalendarSheet:
    """Return the days and years that change."""
    words = {True: WORKED, False: FREE, None: ""}
    spans = tuple(
        DayLine(one.first, one.last, one.days, words[one.was_worked], words[one.is_worked])
        for one in difference.spans
    )
    return CalendarSheet(
        spans,
        tuple(
            (one.year, _year_word(one.was_provisional, one.is_provisional))
            for one in difference.years
        ),
    )


def _year_word(was: bool | None, now: bool | None) -> str:
    if was is None:
        return ADDED_YEAR
    if now is None:
        return REMOVED_YEAR
    return NOW_PROVISIONAL if now else NOW_CERTAIN


def _entries(difference: Difference, group: Group) -> tuple[Entry, ...]:
    if group is Group.ADDED:
        return tuple(_facts(item, is_new=True) for item in difference.fresh)
    if group is Group.CANCELLED:
        return tuple(_facts(item, is_new=False) for item in difference.cancelled)
    if group in FAMILIES:
        return tuple(
            Entry(
                family.after[0].code if len(family.after) == 1 else family.before[0].code,
                family.after[0].name if len(family.after) == 1 else family.before[0].name,
                (), tuple(map(_title, family.before)), tuple(map(_title, family.after)),
            )
            for family in difference.families_of(group)
        )  # fmt: skip
    assert group in FIELDS
    return tuple(_changed(change, group) for change in difference.changes_of(group))


def _title(item: Item) -> str:
    return f"{item.code} {item.name}"


def _facts(item: Item, *, is_new: bool) -> Entry:
    words = words_of(item)
    told = (
        f"{item.department}，{words['kind']}，承诺 {item.promised_days} / 法定 "
        f"{item.statutory_days} {words['unit']}，收费 {words['fee_yuan']} 元"
    )
    line = Line(SUMMARY, "" if is_new else told, told if is_new else "")
    return Entry(item.code, item.name, (line,))


def _changed(change: Change, group: Group) -> Entry:
    before, after = words_of(change.before), words_of(change.after)
    lines = tuple(
        Line(HEADINGS[name], before[name], after[name])
        for name in before
        if before[name] != after[name]
        and GROUP_OF.get(FIELD_OF.get(name, name), Group.OTHER) is group
    )
    return Entry(change.after.code, change.after.name, lines)


# ---- a year as months


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a calendar page; `mark`: 班 a weekend that is worked, 休 a weekday that is not."""

    number: int
    is_worked: bool
    mark: str
    is_changed: bool


@dataclass(frozen=True, slots=True)
class Month:
    """A month as weeks from Monday to Sunday; None outside the month."""

    number: int
    weeks: tuple[tuple[Day | None, ...], ...]
    worked: int


@dataclass(frozen=True, slots=True)
class Year:
    """A year of a calendar as people look at it."""

    number: int
    is_provisional: bool
    months: tuple[Month, ...]

    @property
    def worked(self) -> int:
        """How many days are worked."""
        return sum(month.worked for month in self.months)


YEARS_SHOWN = 2


def years_of(
    edition: CalendarEdition, base: CalendarEdition | None = None, wanted: str = ""
) -> list[Year]:
    """Return the latest years, or the one wanted; days that differ from `base` are marked."""
    known = sorted(edition.years, reverse=True)
    shown = [year for year in known if str(year) == wanted] or known[:YEARS_SHOWN]
    return [
        Year(
            year, edition.years[year].provisional,
            tuple(_month(edition, base, year, month) for month in range(1, 13)),
        )
        for year in shown
    ]  # fmt: skip


def _month(edition: CalendarEdition, base: CalendarEdition | None, year: int, month: int) -> Month:
    on = date(year, month, 1)
    days: list[Day | None] = [None] * on.weekday()
    while on.month == month:
        is_worked, is_weekend = edition.is_working_day(on), on.weekday() >= 5
        mark = MAKE_UP if is_worked and is_weekend else ""
        mark = mark if is_worked or is_weekend else DAY_OFF
        is_changed = (
            base is not None and year in base.years and base.is_working_day(on) != is_worked
        )
        days.append(Day(on.day, is_worked, mark, is_changed))
        if on == date.max:
            break
        on += timedelta(days=1)
    worked = sum(1 for day in days if day is not None and day.is_worked)
    days += [None] * (-len(days) % 7)
    return Month(month, tuple(tuple(days[at : at + 7]) for at in range(0, len(days), 7)), worked)
