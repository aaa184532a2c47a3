"""县里催办: what the county asks after reaches the list, the record and whoever synchronises."""

from __future__ import annotations

from pathlib import Path

import pytest

from mobile import documents, lists, projection
from mobile.desk import Recorded
from mobile.replies import Outcome, Replies
from mobile.tablet import Tablet
from shared import operation as operations
from shared.operation import Operation
from shared.verdict import Status, Verdict
from sync.page import Page, Received, cursor_mark
from tests.mobile.kit import COUNTY, NOW, unlocked

REASON = "已超过承诺期限，请尽快移交"


@pytest.fixture
def tablet(tmp_path: Path) -> Tablet:
    return unlocked(tmp_path / "home")


def entrusted(tablet: Tablet) -> Recorded:
    done = tablet.desk.record("proxy", {"person_name": "李婠", "item": "BM-YB-001"})
    assert isinstance(done, Recorded)
    return done


def asking(
    done: Recorded, act: str = "urge", seq: int = 1, by_on: str = "2026-11-27", reason: str = REASON
) -> Operation:
    return operations.build(
        stream=b"c" * 16, seq=seq, author="staff:ADMIN", site="", session=None,
        record=done.record, kind="proxy", act=act, parents=(done.operation,), clock=seq << 16,
        quality=3, effective_at=NOW + seq, data={"reason": reason, "answer_by_on": by_on},
        salt=b"s" * 16,
    )  # fmt: skip


def tell(tablet: Tablet, *told: Operation, status: Status = Status.ADMITTED) -> Outcome:
    """Let a page of the county arrive; return what came of it."""
    outcome = Outcome()
    entries = [
        Received(one, Verdict(1, one.skeleton.seq, status, None, NOW, 5, "")) for one in told
    ]
    page = Page(
        COUNTY, 1, tablet.device_key.id, cursor_mark(tablet.intake.cursor()), b"next", False,
        NOW, None, tuple(entries), header=b"header", leaves=b"leaves",
    )  # fmt: skip
    Replies(tablet).take(page, outcome, live=False)
    return outcome


def only_row(tablet: Tablet) -> lists.ListRow:
    (row,) = tablet.desk.records()
    return row


def test_what_the_county_asks_is_told_once_and_stands_until_it_is_answered(tablet: Tablet) -> None:
    done = entrusted(tablet)
    urged = asking(done)
    sentence = f"县里催办：代办 {done.slip_number}，{REASON}，请在 2026-11-27 前答复。"
    assert tell(tablet, urged).notices == [sentence]
    assert tell(tablet, urged).notices == [], "the same page again tells nothing new"
    row = only_row(tablet)
    assert (row.asked, row.asked_by_on, row.asked_for) == ("urge", "2026-11-27", REASON)
    assert row.state == "已委托"
    assert "县里催办" in documents.listed_line(row)
    assert tablet.desk.search("李婠") == [row]
    shown = documents.shown(tablet.desk.show(done.record))
    assert shown["asked"] == {
        "act": "urge", "label": "催办", "by_on": "2026-11-27", "reason": REASON
    }  # fmt: skip
    history = shown["history"]
    assert isinstance(history, list)
    assert (history[-1]["label"], history[-1]["reason"]) == ("催办", REASON)

    tablet.desk.act(done.record, "answer_supervision", {"supervision_answer": "明天交到乡镇"})
    assert only_row(tablet).asked == ""
    shown = documents.shown(tablet.desk.show(done.record))
    assert shown["asked"] is None
    assert isinstance(shown["history"], list)
    assert shown["history"][-1]["supervision_answer"] == "明天交到乡镇"


def test_a_supervision_after_an_urging_stands_in_its_place(tablet: Tablet) -> None:
    done = entrusted(tablet)
    told = tell(tablet, asking(done), asking(done, "supervise", 2, "2026-12-01", "催办后仍未移交"))
    assert [one.partition("：")[0] for one in told.notices] == ["县里督办"]
    assert only_row(tablet).asked == "supervise"


@pytest.mark.parametrize("status", [Status.HELD, Status.REFUSED])
def test_what_was_not_admitted_asks_nothing(tablet: Tablet, status: Status) -> None:
    done = entrusted(tablet)
    assert tell(tablet, asking(done), status=status).notices == []
    assert only_row(tablet).asked == ""


def test_nothing_is_asked_of_a_matter_that_is_over(tablet: Tablet) -> None:
    done = entrusted(tablet)
    tablet.desk.act(done.record, "withdraw", {"reason": "本人不办了"})
    assert tell(tablet, asking(done)).notices == []
    assert only_row(tablet).asked == ""


def test_a_rebuilt_projection_asks_the_same(tablet: Tablet) -> None:
    first, second = entrusted(tablet), entrusted(tablet)
    tell(tablet, asking(first), asking(second, seq=2))
    tablet.desk.act(second.record, "answer_supervision", {"supervision_answer": "已交"})
    asked = "SELECT * FROM asked ORDER BY record"
    before = tablet.store.rows(asked)
    assert len(before) == 1
    projection.rebuild(tablet.store, tablet.log.author.rank)
    assert tablet.store.rows(asked) == before
