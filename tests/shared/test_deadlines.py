"""Due dates and warnings in working days, by example and by property."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendars import CalendarMissing
from shared.civil import end_of_day, start_of_day
from shared.deadlines import (
    TERMS,
    Deadline,
    DueDate,
    Limit,
    Suspension,
    Term,
    Unit,
    Warning,
    add_days,
    add_workdays,
    elapsed_workdays,
    needs_notice,
    term_due,
    warning,
    workdays_between,
)
from shared.sample import sample_calendar

CALENDAR = sample_calendar()
HOUR = 60 * 60 * 1000
days = st.dates(date(2024, 1, 1), date(2027, 6, 30))
counts = st.integers(0, 60)
suspensions = st.lists(
    st.builds(
        lambda noticed, length: Suspension(noticed, noticed + timedelta(days=length)),
        st.dates(date(2024, 1, 1), date(2027, 8, 1)),
        st.integers(0, 20),
    ),
    max_size=3,
)


def noon(on: date) -> int:
    return start_of_day(on) + 12 * HOUR


# --- counting ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        (date(2026, 12, 15), 15, date(2027, 1, 6)),
        (date(2026, 12, 15), 20, date(2027, 1, 13)),
        (date(2026, 12, 4), 20, date(2027, 1, 4)),
    ],
)
def test_limits_into_a_year_without_notice_are_provisional(start: date, n: int, due: date) -> None:
    assert add_workdays(CALENDAR, start, n) == DueDate(due, provisional=True)


def test_a_limit_that_ends_on_the_last_announced_day_is_firm() -> None:
    assert add_workdays(CALENDAR, date(2026, 12, 3), 20) == DueDate(date(2026, 12, 31))


def test_a_worked_saturday_counts() -> None:
    # 14 February 2026 is worked before the festival, 15 to 23 February are free.
    assert add_workdays(CALENDAR, date(2026, 2, 13), 1).on == date(2026, 2, 14)
    assert add_workdays(CALENDAR, date(2026, 2, 13), 2).on == date(2026, 2, 24)


def test_acceptance_on_a_sunday_is_of_that_sunday_and_monday_is_day_one() -> None:
    assert add_workdays(CALENDAR, date(2026, 11, 22), 1).on == date(2026, 11, 23)
    assert add_workdays(CALENDAR, date(2026, 11, 22), 0).on == date(2026, 11, 22)


def test_natural_days_run_through_weekends_and_need_no_calendar() -> None:
    assert add_days(date(2030, 1, 31), 15).on == date(2030, 2, 15)
    assert add_days(date(2026, 2, 10), 15).on == date(2026, 2, 25)


def test_the_clock_stands_from_the_day_after_the_notice_to_the_last_day_inclusive() -> None:
    # Monday 2 November; notice on Wednesday 4th, the procedure ends on Friday 6th.
    stand = Suspension(date(2026, 11, 4), date(2026, 11, 6))
    assert add_workdays(CALENDAR, date(2026, 11, 2), 5).on == date(2026, 11, 9)
    assert add_workdays(CALENDAR, date(2026, 11, 2), 5, [stand]).on == date(2026, 11, 11)
    assert elapsed_workdays(CALENDAR, date(2026, 11, 2), date(2026, 11, 11), [stand]) == 5


def test_overlapping_procedures_stand_once() -> None:
    one = Suspension(date(2026, 11, 4), date(2026, 11, 6))
    assert (
        add_workdays(CALENDAR, date(2026, 11, 2), 5, [one, one]).on
        == add_workdays(CALENDAR, date(2026, 11, 2), 5, [one]).on
    )


def test_a_procedure_noticed_after_the_due_date_moves_nothing() -> None:
    late = Suspension(date(2026, 11, 9), date(2026, 11, 20))
    assert add_workdays(CALENDAR, date(2026, 11, 2), 5, [late]) == DueDate(date(2026, 11, 9))


def test_a_running_procedure_moves_the_date_day_by_day() -> None:
    running = [Suspension(date(2026, 11, 4))]
    start = date(2026, 11, 2)
    assert add_workdays(CALENDAR, start, 5, running) == DueDate(date(2026, 11, 9), paused=True)
    on_friday = add_workdays(CALENDAR, start, 5, running, today=date(2026, 11, 6))
    assert on_friday == DueDate(date(2026, 11, 11), paused=True)
    assert elapsed_workdays(CALENDAR, start, date(2026, 11, 6), running) == 2


def test_counting_beyond_the_edition_is_said_and_not_guessed() -> None:
    with pytest.raises(CalendarMissing, match="2028"):
        add_workdays(CALENDAR, date(2027, 12, 20), 20)
    with pytest.raises(CalendarMissing, match="2015"):
        add_workdays(CALENDAR, date(2015, 1, 1), 3)


def test_a_wrong_clock_that_closes_before_it_accepts_takes_no_days() -> None:
    assert elapsed_workdays(CALENDAR, date(2026, 11, 9), date(2026, 11, 2)) == 0


def test_negative_limits_do_not_exist() -> None:
    with pytest.raises(ValueError, match="negative"):
        add_workdays(CALENDAR, date(2026, 11, 2), -1)
    with pytest.raises(ValueError, match="negative"):
        Limit(-1)


@given(days, counts, suspensions)
def test_a_due_date_is_counted_back_to_its_limit(
    start: date, n: int, stands: list[Suspension]
) -> None:
    due = add_workdays(CALENDAR, start, n, stands)
    assert elapsed_workdays(CALENDAR, start, due.on, stands) == n
    if n:
        assert CALENDAR.is_working_day(due.on)
        assert not any(each.covers(due.on) for each in stands)


@given(days, counts)
def test_without_procedures_the_days_between_are_the_limit(start: date, n: int) -> None:
    assert workdays_between(CALENDAR, start, add_workdays(CALENDAR, start, n).on) == n


@given(days, counts, suspensions)
def test_one_day_more_is_never_earlier(start: date, n: int, stands: list[Suspension]) -> None:
    assert (
        add_workdays(CALENDAR, start, n, stands).on
        < add_workdays(CALENDAR, start, n + 1, stands).on
    )


@given(days, days, counts, suspensions)
def test_later_acceptance_is_never_due_earlier(
    one: date, other: date, n: int, stands: list[Suspension]
) -> None:
    first, second = sorted((one, other))
    assert (
        add_workdays(CALENDAR, first, n, stands).on <= add_workdays(CALENDAR, second, n, stands).on
    )


@given(days, st.integers(0, 30), st.integers(0, 30), suspensions)
def test_counting_on_from_a_due_date_adds_up(
    start: date, n: int, more: int, stands: list[Suspension]
) -> None:
    halfway = add_workdays(CALENDAR, start, n, stands)
    assert (
        add_workdays(CALENDAR, halfway.on, more, stands).on
        == add_workdays(CALENDAR, start, n + more, stands).on
    )


@given(days, counts, suspensions)
def test_a_procedure_never_brings_the_date_forward(
    start: date, n: int, stands: list[Suspension]
) -> None:
    free = add_workdays(CALENDAR, start, n)
    held = add_workdays(CALENDAR, start, n, stands)
    assert held.on >= free.on
    standing = {
        on
        for offset in range(1, (held.on - start).days + 1)
        if CALENDAR.is_working_day(on := start + timedelta(days=offset))
        and any(each.covers(on) for each in stands)
    }
    assert workdays_between(CALENDAR, start, held.on) == n + len(standing)


@given(days, counts, suspensions)
def test_natural_days_are_never_due_later_than_as_many_working_days(
    start: date, n: int, stands: list[Suspension]
) -> None:
    assert add_days(start, n, stands).on <= add_workdays(CALENDAR, start, n, stands).on


@given(days, counts)
def test_provisional_says_whether_a_day_counted_was(start: date, n: int) -> None:
    due = add_workdays(CALENDAR, start, n)
    assert due.provisional == (n > 0 and due.on.year == 2027)


# --- pledges ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("term", "due"),
    [
        (Term.FORWARD, date(2026, 11, 24)),
        (Term.TRIAGE, date(2026, 11, 23)),
        (Term.REPLY, date(2026, 11, 27)),
        (Term.REPLY_COMPLEX, date(2026, 12, 11)),
        (Term.CORRECTION, date(2026, 11, 27)),
        (Term.HAND_OUT, date(2026, 12, 4)),
        (Term.BAD_RATING_CHECK, date(2026, 11, 24)),
        (Term.BAD_RATING_FIX, date(2026, 12, 11)),
    ],
)
def test_pledges_of_a_sunday_are_counted_from_monday(term: Term, due: date) -> None:
    assert term_due(CALENDAR, term, date(2026, 11, 22)).on == due


def test_a_county_may_pledge_otherwise() -> None:
    terms = {**TERMS, Term.FORWARD: Limit(3, Unit.NATURAL)}
    assert term_due(CALENDAR, Term.FORWARD, date(2026, 11, 20), terms).on == date(2026, 11, 23)


def test_a_printed_date_moves_later_only_with_a_notice() -> None:
    printed = date(2027, 1, 6)
    assert needs_notice(printed, DueDate(date(2027, 1, 7)))
    assert not needs_notice(printed, DueDate(printed))
    assert not needs_notice(printed, DueDate(date(2027, 1, 5)))


# --- warnings ---------------------------------------------------------------------------------

CASE = Deadline(date(2026, 11, 2), Limit(10), Limit(20))  # a Monday; due Monday 16 November


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2026, 11, 2), Warning.NONE),
        (date(2026, 11, 6), Warning.NONE),
        (date(2026, 11, 9), Warning.BLUE),
        (date(2026, 11, 11), Warning.BLUE),
        (date(2026, 11, 12), Warning.YELLOW),
        (date(2026, 11, 16), Warning.YELLOW),
        (date(2026, 11, 17), Warning.RED),
        (date(2026, 11, 30), Warning.RED),
        (date(2026, 12, 1), Warning.BLACK),
    ],
)
def test_a_case_of_ten_days_goes_through_the_colours(on: date, expected: Warning) -> None:
    assert warning(noon(on), CALENDAR, CASE) == expected


def test_red_begins_when_the_due_day_is_over() -> None:
    over = end_of_day(date(2026, 11, 16))
    assert warning(over - 1, CALENDAR, CASE) == Warning.YELLOW
    assert warning(over, CALENDAR, CASE) == Warning.RED


def test_a_saturday_after_a_due_friday_is_late_although_no_working_day_passed() -> None:
    case = Deadline(date(2026, 11, 12), Limit(1), Limit(5))
    assert warning(noon(date(2026, 11, 14)), CALENDAR, case) == Warning.RED


def test_a_promise_of_one_day_is_yellow_from_the_start() -> None:
    case = Deadline(date(2026, 11, 2), Limit(1), Limit(3))
    assert warning(noon(date(2026, 11, 2)), CALENDAR, case) == Warning.YELLOW


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (time(8, 0), Warning.NONE),
        (time(15, 29), Warning.NONE),
        (time(15, 30), Warning.YELLOW),
        (time(23, 59), Warning.YELLOW),
    ],
)
def test_an_instant_matter_is_yellow_two_hours_before_closing(at: time, expected: Warning) -> None:
    case = Deadline(date(2026, 11, 2), Limit(0), Limit(5))
    now = start_of_day(date(2026, 11, 2)) + (at.hour * 60 + at.minute) * 60_000
    assert warning(now, CALENDAR, case) == expected
    assert warning(now, CALENDAR, case, closing=time(9, 0)) >= expected


def test_an_instant_matter_is_red_when_its_day_is_over_and_black_past_the_law() -> None:
    case = Deadline(date(2026, 11, 2), Limit(0), Limit(5))
    assert warning(end_of_day(date(2026, 11, 2)), CALENDAR, case) == Warning.RED
    assert warning(noon(date(2026, 11, 10)), CALENDAR, case) == Warning.BLACK


def test_while_the_clock_stands_the_colour_stands() -> None:
    case = Deadline(
        date(2026, 11, 2), Limit(10), Limit(20), suspensions=[Suspension(date(2026, 11, 9))]
    )
    for offset in range(60):
        on = date(2026, 11, 9) + timedelta(days=offset)
        assert warning(noon(on), CALENDAR, case) == Warning.BLUE, on


def test_a_natural_limit_has_its_colours_too() -> None:
    case = Deadline(date(2026, 11, 2), Limit(15, Unit.NATURAL), Limit(20, Unit.NATURAL))
    seen = [warning(noon(date(2026, 11, 2) + timedelta(n)), CALENDAR, case) for n in range(24)]
    assert seen == [0] * 8 + [1] * 4 + [2] * 4 + [3] * 5 + [4] * 3


def test_a_natural_limit_is_warned_of_without_a_calendar() -> None:
    """Its last days lie in a year that nobody has published."""
    case = Deadline(date(2027, 12, 20), Limit(15, Unit.NATURAL), Limit(20, Unit.NATURAL))
    assert case.promised_due(CALENDAR).on == date(2028, 1, 4)
    colours = [warning(noon(date(2027, 12, 20) + timedelta(n)), CALENDAR, case) for n in range(17)]
    assert colours == [0] * 8 + [1] * 4 + [2] * 4 + [3]


def test_a_weekend_makes_no_natural_day_the_last_one() -> None:
    # Due on Monday; on Friday three natural days are left, though only one working day.
    case = Deadline(date(2026, 11, 2), Limit(7, Unit.NATURAL), Limit(20, Unit.NATURAL))
    assert warning(noon(date(2026, 11, 6)), CALENDAR, case) == Warning.BLUE


def test_every_colour_has_its_word() -> None:
    assert [each.label for each in Warning] == ["", "蓝", "黄", "红", "黑"]


@given(
    st.dates(date(2024, 1, 1), date(2026, 6, 30)),
    st.integers(0, 30),
    st.integers(0, 30),
    suspensions,
    st.integers(0, 90),
)
def test_a_colour_never_goes_back_by_waiting(
    start: date, promised: int, more: int, stands: list[Suspension], wait: int
) -> None:
    case = Deadline(start, Limit(promised), Limit(promised + more), suspensions=stands)
    on = start + timedelta(days=wait)
    assert warning(noon(on), CALENDAR, case) <= warning(end_of_day(on), CALENDAR, case)
