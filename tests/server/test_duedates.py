"""The dates of a record, from what fold says of it."""

from __future__ import annotations

from datetime import date

import pytest

from server.duedates import dates_of, due_of, pledge_level, pledge_of
from shared.canonical import Value
from shared.civil import start_of_day
from shared.deadlines import Term, Warning, add_workdays
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


FRIDAY = date(2026, 11, 6)


def complained(act: str, on: date, data: dict[str, Value], *after: Operation) -> Operation:
    at = start_of_day(on) + 12 * 60 * 60 * 1000 - NOW
    return make(act, data, kind="complaint", parents=after, at=at)


def test_a_complaint_owes_a_triage_then_an_answer_then_nothing() -> None:
    said: dict[str, Value] = {"target_kind": "equipment", "content": "叫号机坏了"}
    acts = [complained("register", FRIDAY, said)]
    assert due(record_of(*acts)) == date(2026, 11, 9), "one working day, over the weekend"
    acts.append(complained("triage", date(2026, 11, 10), {"triage_result": "accept"}, acts[-1]))
    assert due(record_of(*acts)) == date(2026, 11, 17), "five of them"
    acts.append(complained("assign", date(2026, 11, 11), {"handler": "staff:A"}, acts[-1]))
    acts.append(complained("investigate", date(2026, 11, 12), {}, acts[-1]))
    owed = pledge_of(record_of(*acts))
    assert owed == (Term.REPLY, date(2026, 11, 10))
    acts.append(complained("extend", date(2026, 11, 13), {"complex": True, "reason": "复杂"},
                           acts[-1]))  # fmt: skip
    assert due(record_of(*acts)) == add_workdays(CALENDAR, date(2026, 11, 10), 15).on
    acts.append(complained("reply", date(2026, 11, 16), {"finding": "upheld", "reply": "已修好"},
                           acts[-1]))  # fmt: skip
    assert due_of(CALENDAR, record_of(*acts)) is None
    assert dates_of(CALENDAR, record_of(*acts)).closed_on is None
    acts.append(complained("call_back", date(2026, 11, 17), {"satisfied": False}, acts[-1]))
    acts.append(complained("reopen", date(2026, 11, 18), {"reason": "有新情况"}, acts[-1]))
    assert pledge_of(record_of(*acts)) == (Term.REPLY_COMPLEX, date(2026, 11, 18))


@pytest.mark.parametrize(
    ("on", "level"),
    [(date(2026, 11, 10), Warning.NONE), (date(2026, 11, 13), Warning.BLUE),
     (date(2026, 11, 16), Warning.YELLOW), (date(2026, 11, 17), Warning.YELLOW),
     (date(2026, 11, 18), Warning.RED), (date(2026, 12, 18), Warning.RED)],
)  # fmt: skip
def test_an_answer_is_red_when_it_is_late_and_never_black(on: date, level: Warning) -> None:
    said: dict[str, Value] = {"target_kind": "equipment", "content": "叫号机坏了"}
    first = complained("register", FRIDAY, said)
    taken = complained("triage", date(2026, 11, 10), {"triage_result": "accept"}, first)
    owed = pledge_of(record_of(first, taken))
    assert owed is not None
    assert pledge_level(start_of_day(on) + 1, CALENDAR, owed) is level
