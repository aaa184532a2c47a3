"""After an upgrade the county judges again what it had held as too new."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from server import judge as judging
from server import sealed as sealing
from server import upgrading
from server.county import County
from server.due import run_due
from server.storage.rows import Posting
from shared import kinds
from shared.operation import MalformedOperation, Operation
from tests.server.core.test_judge_input import _newer
from tests.server.core.world import (
    Tablet,
    folded,
    judged,
    judgement,
    ruled,
    township_of,
    villages,
)

OLD = ("held", "newer_version")


@pytest.fixture
def older(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A county of before: the version of these tablets is newer than it knows. `undo` upgrades."""
    monkeypatch.setattr(judging, "VERSION", 0)
    monkeypatch.setattr(sealing, "VERSION", 0)
    return monkeypatch


def test_what_waited_for_the_upgrade_counts_afterwards(
    older: pytest.MonkeyPatch, county: County, anna: Tablet
) -> None:
    asked = anna.consult()
    first = anna.amend(asked, remark="一")
    anna.open_session()
    second = anna.amend(asked, remark="二")
    assert judged(anna, second) == OLD
    assert [ruled(county, op) for op in anna.log] == [OLD] * len(anna.log)
    older.undo()
    assert run_due(county)["judged_again"] == len(anna.log) == 5
    assert [ruled(county, op) for op in anna.log] == [("admitted", "")] * 5
    assert [judgement(county, op).rank for op in (asked, first)] == [1, 1]
    assert folded(county, asked).fields["remark"] == "二"
    anna.pull()
    assert anna.folded(asked.skeleton.record).digest() == folded(county, asked).digest()
    assert run_due(county)["judged_again"] == 0


def test_an_unknown_kind_counts_once_it_is_known(
    monkeypatch: pytest.MonkeyPatch, county: County, anna: Tablet
) -> None:
    fewer = {name: kind for name, kind in kinds.KINDS.items() if name != "visit"}
    monkeypatch.setattr(judging, "kinds", SimpleNamespace(KINDS=fewer))
    seen = anna.record("visit", "register", {"person_name": "张三"})
    assert judged(anna, seen) == ("held", "unknown_kind")
    monkeypatch.undo()
    assert run_due(county)["judged_again"] == 1
    assert ruled(county, seen) == ("admitted", "")


def test_what_is_still_too_new_waits_on_and_nothing_is_written(
    county: County, anna: Tablet
) -> None:
    anna.open_session()
    op = _newer(anna)
    assert judged(anna, op) == OLD
    strange = anna.record("hologram", "show", {})
    assert judged(anna, strange) == ("held", "unknown_kind")
    before = judgement(county, op)
    assert run_due(county)["judged_again"] == 0
    assert judgement(county, op) == before


def test_an_act_waits_on_while_its_session_does(county: County, anna: Tablet, bert: Tablet) -> None:
    anna.open_session()
    opened = _newer(anna, "session")
    anna.session = opened.id
    asked = anna.consult()
    assert judged(anna, asked) == OLD
    assert run_due(county)["judged_again"] == 0
    assert ruled(county, asked) == OLD


def test_the_rules_hold_for_what_waited(older: pytest.MonkeyPatch, county: County) -> None:
    stranger = Tablet(county, villages(1, township=3)[0], posted=False)
    asked = stranger.consult()
    stranger.send()
    older.undo()
    assert run_due(county)["judged_again"] == 2
    assert ruled(county, asked) == ("refused", "no_posting")


def test_a_forged_opening_stays_out(
    older: pytest.MonkeyPatch, county: County, anna: Tablet, bert: Tablet
) -> None:
    anna.agent_key = bert.agent_key
    asked = anna.consult()
    anna.send()
    older.undo()
    run_due(county)
    assert ruled(county, asked) == ("refused", "session_signature")


def test_a_suspended_tablet_s_work_is_asked_again_when_it_is_back(
    older: pytest.MonkeyPatch, county: County, anna: Tablet
) -> None:
    asked = anna.consult()
    anna.send()
    anna.set_state("suspended")
    older.undo()
    assert run_due(county)["judged_again"] == 0
    anna.set_state("active")
    assert run_due(county)["judged_again"] == 2
    assert ruled(county, asked) == ("admitted", "")


def test_batches_follow_one_another(
    older: pytest.MonkeyPatch, county: County, anna: Tablet, bert: Tablet
) -> None:
    ops = [tablet.consult() for tablet in (anna, bert) for _ in range(4)]
    anna.send()
    bert.send()
    older.undo()
    older.setattr(upgrading, "_BATCH", 3)
    assert run_due(county)["judged_again"] == 10
    assert {ruled(county, op) for op in ops} == {("admitted", "")}


def test_garbage_that_nobody_could_read_is_refused_and_stops_nothing(
    older: pytest.MonkeyPatch, county: County, anna: Tablet
) -> None:
    bad, good = anna.consult("乱"), anna.consult("好")
    anna.send()
    older.undo()
    whole = upgrading._is_readable

    def unreadable(operation: Operation) -> bool:
        return operation.id != bad.id and whole(operation)

    older.setattr(upgrading, "_is_readable", unreadable)
    assert run_due(county)["judged_again"] == 3
    assert ruled(county, bad) == ("refused", "invalid_field")
    assert ruled(county, good) == ("admitted", "")


def test_what_cannot_be_decoded_is_not_readable(anna: Tablet) -> None:
    anna.open_session()
    op = _newer(anna)
    assert not upgrading._is_readable(op)
    assert upgrading._is_readable(anna.log[0])
    with pytest.raises(MalformedOperation):
        _ = op.data


def test_what_a_head_confirmed_with_a_newer_program_stands_after_the_upgrade(
    older: pytest.MonkeyPatch, county: County, anna: Tablet
) -> None:
    older.undo()
    gone = Tablet(county, anna.site, posted=False)
    with county.ledger.write() as tx:
        tx.put_posting(
            Posting(b"p" * 16, gone.author, gone.site, "village", 20200101, 20261020, None)
        )
    asked = anna.consult()
    anna.send()
    late = gone.record("consultation", "amend", {"remark": "补充"}, record=asked.skeleton.record,
                       parents=(asked.id,))  # fmt: skip
    assert judged(gone, late) == ("held", "posting_ended")
    head = Tablet(county, township_of(anna.site), role="head")
    head.pull()
    older.setattr(judging, "VERSION", 0)
    confirm = head.record("consultation", "confirm_held", {"operations": [late.id.hex()]},
                          on=asked.skeleton.record)  # fmt: skip
    assert judged(head, confirm) == OLD
    older.undo()
    run_due(county)
    assert ruled(county, late) == ("admitted", "confirmed")
