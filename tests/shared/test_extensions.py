"""Extensions of due dates: told in time, counted no longer than the law allows."""

from __future__ import annotations

from datetime import date

import pytest

from shared.deadlines import (
    Deadline,
    Extension,
    ExtensionTooLate,
    Limit,
    Unit,
    add_workdays,
    extend,
)
from shared.sample import sample_calendar

CALENDAR = sample_calendar()


def test_an_extension_told_in_time_adds_its_days() -> None:
    due = add_workdays(CALENDAR, date(2026, 11, 2), 5)
    moved = extend(CALENDAR, due, Extension(10, told_on=date(2026, 11, 6)))
    assert moved == add_workdays(CALENDAR, date(2026, 11, 2), 15)


def test_an_extension_told_on_the_due_date_is_too_late() -> None:
    due = add_workdays(CALENDAR, date(2026, 11, 2), 5)
    with pytest.raises(ExtensionTooLate, match="2026-11-09"):
        extend(CALENDAR, due, Extension(10, told_on=due.on))


def test_an_extension_keeps_the_mark_of_a_provisional_date() -> None:
    due = add_workdays(CALENDAR, date(2026, 12, 15), 15)
    assert extend(CALENDAR, due, Extension(0, told_on=date(2026, 12, 31))).provisional


def test_a_late_extension_moves_the_law_but_not_the_missed_promise() -> None:
    asked = Extension(10, told_on=date(2026, 11, 10))
    case = Deadline(date(2026, 11, 2), Limit(5), Limit(20), extensions=[asked])
    assert case.promised_due(CALENDAR).on == date(2026, 11, 9)
    assert case.statutory_due(CALENDAR) == add_workdays(CALENDAR, date(2026, 11, 2), 30)


def test_a_second_extension_may_lie_inside_the_first() -> None:
    both = [Extension(5, date(2026, 11, 13)), Extension(5, date(2026, 11, 6))]
    case = Deadline(date(2026, 11, 2), Limit(5), Limit(20), extensions=both)
    assert case.promised_due(CALENDAR) == add_workdays(CALENDAR, date(2026, 11, 2), 15)


@pytest.mark.parametrize(("joint", "most"), [(False, 10), (True, 15)])
def test_an_extension_counts_no_longer_than_the_law_allows(joint: bool, most: int) -> None:
    limits = (date(2026, 2, 24), Limit(5), Limit(20))
    told = date(2026, 3, 1)
    asked = Deadline(*limits, extensions=[Extension(40, told)], joint=joint)
    allowed = Deadline(*limits, extensions=[Extension(most, told)], joint=joint)
    assert asked.promised_due(CALENDAR) == allowed.promised_due(CALENDAR)
    assert asked.promised_due(CALENDAR) == add_workdays(CALENDAR, date(2026, 2, 24), 5 + most)


def test_several_extensions_together_count_no_longer_than_one_may() -> None:
    many = [Extension(8, date(2026, 11, 5)), Extension(8, date(2026, 11, 6))]
    case = Deadline(date(2026, 11, 2), Limit(5), Limit(20), extensions=many)
    assert case.promised_due(CALENDAR) == add_workdays(CALENDAR, date(2026, 11, 2), 15)


def test_natural_limits_are_extended_by_natural_days() -> None:
    asked = Extension(10, told_on=date(2026, 11, 6))
    case = Deadline(
        date(2026, 11, 2), Limit(15, Unit.NATURAL), Limit(15, Unit.NATURAL), extensions=[asked]
    )
    assert case.promised_due(CALENDAR).on == date(2026, 11, 27)
