"""催办 and 督办: who may ask, who answers, and what the history says was asked last."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from shared.dunning import dunning_of, waits
from shared.permissions import Question, may
from shared.validation import InvalidField, validate
from tests.shared.history import NOW, Replica


@pytest.mark.parametrize(
    ("kind", "act", "role", "facts", "mode"),
    [
        ("case", "urge", "supervisor", "", "do"),
        ("case", "urge", "administrator", "", "do"),
        ("proxy", "supervise", "supervisor", "", "do"),
        ("proxy", "urge", "head", "same_site same_township", "no"),
        ("complaint", "urge", "supervisor", "person_target", "do"),
        ("complaint", "urge", "supervisor", "about_self", "no"),
        ("complaint", "urge", "administrator", "person_target", "no"),
        ("proxy", "answer_supervision", "village", "held_here", "do"),
        ("proxy", "answer_supervision", "village", "same_site", "no"),
        ("case", "answer_supervision", "clerk", "same_township", "do"),
        ("case", "answer_supervision", "department", "held_here", "do"),
        ("case", "answer_supervision", "supervisor", "same_site", "view"),
        ("complaint", "answer_supervision", "head", "is_handler person_target", "do"),
        ("complaint", "answer_supervision", "head", "is_handler about_self", "no"),
        ("complaint", "answer_supervision", "head", "same_township person_target", "no"),
    ],
)
def test_who_asks_and_who_answers(kind: str, act: str, role: str, facts: str, mode: str) -> None:
    told: dict[str, Any] = dict.fromkeys(facts.split(), True)
    answer = may(Question(role=role, kind=kind, act=act, **told))
    assert answer.mode == mode
    assert answer.allowed == (mode == "do")


def _asked(replica: Replica) -> Any:
    return dunning_of(replica.record, {one: entry.operation for one, entry in replica.seen.items()})


def test_the_last_question_stands_and_an_answer_counts_for_what_was_asked_before_it() -> None:
    tablet = Replica(1)
    tablet.act("entrust", {"person_name": "李婠", "item": "BM-YB-001"}, at=0)
    assert _asked(tablet) is None
    tablet.act("urge", {"reason": "已过承诺期限", "answer_by_on": "2025-10-13"}, at=10)
    first = _asked(tablet)
    assert (first.label, first.by_on, first.reason) == (
        "催办", date(2025, 10, 13), "已过承诺期限"
    )  # fmt: skip
    assert waits(tablet.record, first)
    tablet.act("answer_supervision", {"supervision_answer": "明天交到乡镇"}, at=20)
    answered = _asked(tablet)
    assert (answered.answer, answered.answered_at) == ("明天交到乡镇", NOW + 20)
    assert not waits(tablet.record, answered)
    tablet.act("supervise", {"reason": "仍未交接", "answer_by_on": "2025-10-15"}, at=30)
    assert _asked(tablet).label == "督办"
    assert waits(tablet.record, _asked(tablet))
    assert tablet.record.state == "已委托", "asking changes nothing of the record"
    tablet.act("withdraw", {}, at=40)
    assert not waits(tablet.record, _asked(tablet))


@pytest.mark.parametrize("kind", ["case", "proxy", "complaint"])
def test_asking_needs_a_reason_and_a_day_and_answering_an_answer(kind: str) -> None:
    for act in ("urge", "supervise"):
        for left_out in ("reason", "answer_by_on"):
            data = {"reason": "超期", "answer_by_on": "2026-11-27"}
            assert validate(kind, act, data)
            with pytest.raises(InvalidField):
                validate(kind, act, {n: v for n, v in data.items() if n != left_out})
    with pytest.raises(InvalidField):
        validate(kind, "answer_supervision", {})


def test_a_version_before_these_acts_carries_them_untouched() -> None:
    """An older tablet folds what it does not know as `unknown` and shows the rest."""
    tablet = Replica(1)
    tablet.act("entrust", {"person_name": "李婠", "item": "BM-YB-001"}, at=0)
    before = tablet.record.fields
    tablet.act("urge_by_drum", {"reason": "催"}, at=10)
    assert tablet.record.without_effect[0].status == "unknown"
    assert (tablet.record.fields, tablet.record.state) == (before, "已委托")
