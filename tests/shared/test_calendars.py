"""Working days by editions; a year nobody announced is provisional."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import holidays
import msgspec
import pytest

from shared.calendars import CalendarEdition, CalendarMissing, YearTable
from shared.canonical import decode, encode
from shared.editions import InvalidEdition, edition_hash
from shared.sample import sample_calendar
from tests.tools import make_calendar

EDITION = sample_calendar()
MAKE_UP_2026 = {
    date(2026, 1, 4),
    date(2026, 2, 14),
    date(2026, 2, 28),
    date(2026, 5, 9),
    date(2026, 9, 20),
    date(2026, 10, 10),
}


def days_of(*years: int) -> list[date]:
    first, last = date(min(years), 1, 1), date(max(years), 12, 31)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def test_making_the_file_again_gives_the_same_file() -> None:
    assert make_calendar.TARGET.read_text(encoding="utf-8") == make_calendar.text()


@pytest.mark.parametrize(("year", "worked"), [(2024, 251), (2025, 248), (2026, 248)])
def test_announced_years_have_their_working_days(year: int, worked: int) -> None:
    assert sum(EDITION.is_working_day(on) for on in days_of(year)) == worked


def test_both_packages_agree_with_the_edition_on_every_announced_day() -> None:
    other = holidays.country_holidays("CN")
    for on in days_of(2024, 2025, 2026):
        assert EDITION.is_working_day(on) == other.is_working_day(on), on
        assert EDITION.is_working_day(on) == chinese_calendar.is_workday(on), on


def test_the_worked_weekends_of_2026_are_those_of_the_notice() -> None:
    weekends = {on for on in days_of(2026) if on.weekday() >= 5}
    assert {on for on in weekends if EDITION.is_working_day(on)} == MAKE_UP_2026


def test_a_year_without_notice_is_provisional_and_knows_the_statutory_days() -> None:
    assert EDITION.is_provisional(date(2027, 6, 1))
    assert not EDITION.is_provisional(date(2026, 12, 31))
    assert not EDITION.is_working_day(date(2027, 1, 1))
    assert not EDITION.is_working_day(date(2027, 10, 1))
    assert EDITION.is_working_day(date(2027, 1, 4))


@pytest.mark.parametrize("on", [date(2023, 12, 31), date(2028, 1, 1)])
def test_a_year_outside_the_edition_is_never_guessed(on: date) -> None:
    with pytest.raises(CalendarMissing, match=str(on.year)):
        EDITION.is_working_day(on)
    with pytest.raises(CalendarMissing, match="更新工作日历"):
        EDITION.is_provisional(on)


def test_an_edition_comes_back_from_its_canonical_bytes() -> None:
    data = decode(encode(EDITION.to_data()), 100_000)
    assert CalendarEdition.from_data(data) == EDITION
    assert EDITION.content_hash() == edition_hash(EDITION.to_data())


def test_one_changed_day_is_another_hash() -> None:
    table = EDITION.years[2026]
    days = table.days[:-1] + ("0" if table.days[-1] == "1" else "1")
    years = {**EDITION.years, 2026: YearTable(days=days)}
    changed = msgspec.structs.replace(EDITION, years=years)
    assert changed.content_hash() != EDITION.content_hash()


def test_a_field_of_a_newer_version_is_passed_over() -> None:
    assert CalendarEdition.from_data({**EDITION.to_data(), "signed_by": "省"}) == EDITION


@pytest.mark.parametrize(
    "years",
    [
        {"2026": {"days": "1" * 364}},
        {"2024": {"days": "1" * 365}},
        {"2026": {"days": "2" * 365}},
        {"2026": {"days": 1}},
        {"2026": {}},
        {"二〇二六": {"days": "1" * 365}},
        {"0": {"days": "1" * 365}},
        ["2026"],
    ],
)
def test_broken_tables_are_refused(years: object) -> None:
    data = {"number": 1, "document": "", "published_on": "2025-11-04", "years": years}
    with pytest.raises(InvalidEdition, match="请重新同步"):
        CalendarEdition.from_data(data)


@pytest.mark.parametrize("data", [None, [], "日历", {}, {"number": "一"}])
def test_what_is_no_edition_is_refused(data: object) -> None:
    with pytest.raises(InvalidEdition):
        CalendarEdition.from_data(data)
