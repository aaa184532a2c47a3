"""Civil dates at UTC+8, whatever UTC says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.civil import InstantOutOfRange, civil_date, end_of_day, start_of_day


def instant(*parts: int) -> int:
    year, month, day, hour, minute = (*parts, 0, 0)[:5]
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp() * 1000)


def test_half_past_seven_in_beijing_is_that_day_although_utc_says_yesterday() -> None:
    assert civil_date(instant(2026, 11, 22, 23, 30)) == date(2026, 11, 23)


def test_midnight_in_beijing_begins_the_day() -> None:
    midnight = instant(2026, 12, 31, 16)
    assert civil_date(midnight) == date(2027, 1, 1)
    assert civil_date(midnight - 1) == date(2026, 12, 31)
    assert start_of_day(date(2027, 1, 1)) == midnight


def test_an_instant_before_the_epoch_has_its_date() -> None:
    assert civil_date(instant(1900, 1, 1)) == date(1900, 1, 1)


@pytest.mark.parametrize("at", [-(10**17), 10**17])
def test_an_instant_without_a_date_is_refused(at: int) -> None:
    with pytest.raises(InstantOutOfRange, match="核对设备的日期"):
        civil_date(at)


@given(st.dates(), st.integers(0, 86_399_999))
def test_every_instant_of_a_day_has_that_date(on: date, offset: int) -> None:
    assert civil_date(start_of_day(on) + offset) == on


@given(st.dates(max_value=date(9999, 12, 30)))
def test_a_day_ends_where_the_next_begins(on: date) -> None:
    assert end_of_day(on) == start_of_day(on + timedelta(days=1))


@given(st.integers(-60_000_000_000_000, 250_000_000_000_000))
def test_the_date_is_the_one_of_the_zone_at_eight_hours_east(at: int) -> None:
    east = timezone(timedelta(hours=8))
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)
    assert civil_date(at) == moment.astimezone(east).date()
