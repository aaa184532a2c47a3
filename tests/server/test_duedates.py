"""The dates of a record, from what fold says of it."""

from __future__ import annotations

from datetime import date

import pytest

from server.duedates import dates_of, due_of
from shared.canonical import Value
from shared.civil import start_of_day
from shared.deadlines import add_workdays
from shared.fold import fold
from shared.operation import Operation
from shared.record import Record
from shared.sample import sample_calendar
from tests.shared.history import NOW, admitted, make

CALENDAR = sample_calendar()
MONDAY = date(2026, 11, 2)


def done(
    act: str, on: date, data: dict[str, Value] | None = None, *after: Operation, device: int = 1
) -> Operation:
    """An act at noon."""
    at = start_of_day(on) + 12 * 60 * 60 * 1000 - NOW
    return make(act, data, kind="case", parents=after, device=device, at=at)


def accepted(on: date = MONDAY, **fields: Value) -> list[Operation]:
    limits: dict[str, Value] = {"promised_days": 5, "statutory_days": 20, "days_unit": "workday"}
    received = done("receive", on, {"person_name": "李婠", "item": "BM-YB-001", **limits, **fields})
    taken = done("accept", on, {}, received)
    forwarded = done("forward", on, {}, taken)
    return [received, taken, forwarded, done("acknowledge", on, {}, forwarded)]


def record_of(*operations: Operation) -> Record:
    return fold(admitted(*operations, rank=4))


def due(record: Record) -> date:
    found = due_of(CALENDAR, record)
    assert found is not None
    return found.on


@pytest.mark.parametrize(
    ("asked", "joint", "counted"), [(3, False, 3), (40, False, 10), (15, True, 15), (40, True, 15)]
)
def test_an_extension_counts_as_many_days_as_the_law_allows(
    asked: int, joint: bool, counted: int
) -> None:
    case = accepted(joint=joint)
    told = done("extend", date(2026, 11, 4), {"extend_days": asked}, case[-1])
    assert due(record_of(*case, told)) == add_workdays(CALENDAR, MONDAY, 5 + counted).on


def test_two_extensions_made_apart_count_once_from_the_first_notice() -> None:
    """The second was told on the due date, too late by itself: the first still stands."""
    case = accepted()
    one = done("extend", date(2026, 11, 4), {"extend_days": 6}, case[-1], device=2)
    other = done("extend", date(2026, 11, 9), {"extend_days": 6}, case[-1], device=3)
    for both in ([one, other], [other, one]):
        assert due(record_of(*case, *both)) == add_workdays(CALENDAR, MONDAY, 11).on


def test_a_date_counted_through_a_year_without_notice_says_so() -> None:
    firm, provisional = record_of(*accepted()), record_of(*accepted(date(2026, 12, 29)))
    assert [due_of(CALENDAR, one) for one in (firm, provisional)] != [None, None]
    found = due_of(CALENDAR, provisional)
    assert found is not None
    assert found.provisional
    assert dates_of(CALENDAR, provisional).due_on == int(found.on.strftime("%Y%m%d"))
    settled = due_of(CALENDAR, firm)
    assert settled is not None
    assert not settled.provisional


def test_a_running_procedure_pauses_the_date() -> None:
    case = accepted()
    told = done("suspend", date(2026, 11, 4), {"procedure": "鉴定"}, case[-1])
    found = due_of(CALENDAR, record_of(*case, told))
    assert found is not None
    assert found.paused


def test_a_case_that_nobody_accepted_is_due_on_no_day() -> None:
    received = accepted()[0]
    assert due_of(CALENDAR, record_of(received)) is None
    assert dates_of(CALENDAR, record_of(received)).due_on is None
    consulted = make("register", {"question": "问"}, kind="consultation")
    assert due_of(CALENDAR, record_of(consulted)) is None
