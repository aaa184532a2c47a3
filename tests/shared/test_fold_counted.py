"""Counted limits of DOMAIN §3.3 hold in fold: an act counts once, and asks for what was said."""

from __future__ import annotations

import pytest

from shared.canonical import Value
from shared.fold import fold
from shared.operation import Operation
from shared.record import Record, Standing
from tests.shared.history import admitted, make

Step = tuple[str, dict[str, Value]]


def chain(kind: str, *steps: Step) -> list[Operation]:
    """Acts of one record, each on the one before."""
    made: list[Operation] = []
    for number, (act, data) in enumerate(steps, 1):
        made.append(make(act, data, kind=kind, parents=made[-1:], seq=number, at=number))
    return made


def folded(kind: str, *steps: Step) -> Record:
    return fold(admitted(*chain(kind, *steps), rank=5))


def idle(record: Record) -> list[tuple[Standing, str]]:
    return [(one.status, one.reason) for one in record.without_effect]


REGISTERED: Step = ("register", {"target_kind": "site", "content": "态度不好"})
TAKEN: tuple[Step, ...] = (("triage", {"triage_result": "accept"}), ("assign", {"handler": "A"}))
OBJECTED: Step = ("object", {"reason": "不归我管"})
REPLIED: tuple[Step, ...] = (
    ("investigate", {}),
    ("reply", {"finding": "upheld", "reply": "已处理"}),
    ("call_back", {"satisfied": False}),
)
REOPENED: tuple[Step, ...] = (("reopen", {"reason": "有新情况"}), ("assign", {"handler": "A"}))


def test_a_handler_objects_once() -> None:
    again: Step = ("assign", {"handler": "B"})
    record = folded("complaint", REGISTERED, *TAKEN, OBJECTED, again, OBJECTED)
    assert (record.state, idle(record)) == ("转办中", [(Standing.NOT_ALLOWED, "once")])


def test_a_complaint_is_reopened_once() -> None:
    twice = (*REPLIED, *REOPENED, *REPLIED, REOPENED[0])
    record = folded("complaint", REGISTERED, *TAKEN, *twice)
    assert (record.state, idle(record)) == ("已回访", [(Standing.NOT_ALLOWED, "once")])


def test_a_case_is_extended_once() -> None:
    there: list[Step] = [("receive", {"person_name": "李婠", "item": "BM-YB-001"})]
    there += [("accept", {}), ("forward", {}), ("acknowledge", {})]
    one, two = ({"extend_days": days, "reason": "疑难"} for days in (5, 9))
    record = folded("case", *there, ("extend", {**one}), ("extend", {**two}))
    assert (record.fields["extend_days"], idle(record)) == (5, [(Standing.NOT_ALLOWED, "once")])


def rated(*steps: Step, level: int = 5) -> Record:
    return folded("rating", ("rate", {"of": "x", "level": level}), *steps)


def test_a_rating_is_amended_once() -> None:
    record = rated(("rate_again", {"level": 4}), ("rate_again", {"level": 1}))
    assert (record.fields["level"], idle(record)) == (4, [(Standing.NOT_ALLOWED, "once")])


@pytest.mark.parametrize(
    ("first", "then", "state"),
    [(5, None, "已评"), (2, None, "待核实"), (5, 2, "待核实"), (1, 4, "已评")],
)
def test_a_bad_rating_alone_is_checked(first: int, then: int | None, state: str) -> None:
    """What counts is the level that the act itself had before it."""
    amended: list[Step] = [] if then is None else [("rate_again", {"level": then})]
    record = rated(*amended, ("open_check", {}), level=first)
    assert record.state == state
    assert idle(record) == ([] if state == "待核实" else [(Standing.NOT_ALLOWED, "value")])


def test_a_rating_amended_unseen_does_not_undo_the_check() -> None:
    first, checked = chain("rating", ("rate", {"of": "x", "level": 1}), ("open_check", {}))
    unseen = make("rate_again", {"level": 5}, kind="rating", parents=[first], device=2, at=9)
    assert fold(admitted(first, checked, unseen)).state == "待核实"


@pytest.mark.parametrize(("route", "state"), [("c", "待领取"), (None, "待领取"), ("a", "材料齐")])
def test_an_errand_is_finished_on_its_own_route(route: str | None, state: str) -> None:
    taken: dict[str, Value] = {"person_name": "李婠", "item": "BM-YB-001"}
    if route is not None:
        taken["route"] = route
    record = folded("proxy", ("entrust", taken), ("check", {}), ("finish_errand", {}))
    assert record.state == state


def test_two_that_did_not_see_each_other_both_stand_and_the_next_does_not() -> None:
    there = chain("complaint", REGISTERED, *TAKEN, *REPLIED)
    apart = [
        make("reopen", {"reason": "新情况"}, kind="complaint", parents=there[-1:], device=n, at=20)
        for n in (2, 3)
    ]
    after: list[Operation] = []
    for at, (act, data) in enumerate((REOPENED[1], *REPLIED, REOPENED[0]), 30):
        made = make(
            act, data, kind="complaint", parents=after[-1:] or apart, device=4, seq=at, at=at
        )
        after.append(made)
    entries = admitted(*there, *apart, *after, rank=5)
    record = fold(entries)
    assert record.digest() == fold(reversed(entries)).digest()
    assert [effect.act for effect in record.history].count("reopen") == 2
    assert [one.operation for one in record.without_effect] == [after[-1].id]
