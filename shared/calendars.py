"""The county's working days, as numbered editions.

行政许可法 article 82 counts limits in working days without statutory holidays; which weekends are
worked instead is announced by the State Council year by year. A year without a notice is
*provisional*: every date counted through it is marked so and counted again when the next edition
arrives (DOMAIN.md §3.5 rule 9).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from shared.canonical import Value
from shared.editions import InvalidEdition, edition_hash, from_plain, to_plain
from shared.errors import BianminError

FREE = "0"
WORKED = "1"


class CalendarMissing(BianminError):
    """The edition says nothing about the year of a date."""


class YearTable(msgspec.Struct, frozen=True):
    """One year: a character per day from 1 January, `1` worked, `0` free."""

    days: str
    provisional: bool = False


class CalendarEdition(msgspec.Struct, frozen=True):
    """One edition of the county calendar; a greater number replaces a smaller one.

    `document` names the notices the tables come from.
    """

    number: int
    document: str
    published_on: date
    years: Mapping[int, YearTable]
    effective_on: date | None = None
    """The first day on which it is counted by; None: from its publication."""

    @property
    def begins_on(self) -> date:
        """The first day on which it is counted by."""
        return self.effective_on or self.published_on

    def __post_init__(self) -> None:
        for year, table in self.years.items():
            _require_whole(year, table)

    def is_working_day(self, on: date) -> bool:
        """Return whether `on` is worked, make-up weekends included; raise CalendarMissing."""
        return self._table(on).days[on.timetuple().tm_yday - 1] == WORKED

    def is_provisional(self, on: date) -> bool:
        """Return whether the year of `on` still waits for its notice; raise CalendarMissing."""
        return self._table(on).provisional

    def to_data(self) -> dict[str, Value]:
        """Return the plain form, for canonical encoding."""
        return to_plain(self)

    @classmethod
    def from_data(cls, data: object) -> CalendarEdition:
        """Return the edition of a plain form; raise InvalidEdition."""
        return from_plain(data, cls, "工作日历")

    def content_hash(self) -> bytes:
        """Return the SHA-256 that operations name this edition by (32 bytes)."""
        return edition_hash(self.to_data())

    def _table(self, on: date) -> YearTable:
        try:
            return self.years[on.year]
        except KeyError:
            raise CalendarMissing(
                f"工作日历没有{on.year}年的数据，请先核对日期，再联网更新工作日历。"
            ) from None


def calendar_in_force(editions: Iterable[CalendarEdition], on: date) -> CalendarEdition | None:
    """Return the edition that is counted by on a day: the latest begun, then the greatest number.

    Before the first one begins, the first counts: nothing can be judged without a calendar.
    """
    known = sorted(editions, key=lambda one: (one.begins_on, one.number))
    begun = [one for one in known if one.begins_on <= on]
    return begun[-1] if begun else next(iter(known), None)


def _require_whole(year: int, table: YearTable) -> None:
    if not date.min.year <= year <= date.max.year:
        raise InvalidEdition(f"工作日历里的年份{year}有误，请重新同步。")
    length = date(year, 12, 31).timetuple().tm_yday
    if len(table.days) != length or not set(table.days) <= {FREE, WORKED}:
        raise InvalidEdition(f"工作日历{year}年应有 {length} 天，每天为 0 或 1，请重新同步。")
