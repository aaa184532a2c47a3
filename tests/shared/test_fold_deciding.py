"""Fold where people decide: what settling may choose, what it frees, what a confirmation confirms,
and records whose beginning is lost."""

from __future__ import annotations

from shared.canonical import Value
from shared.fold import Entry, fold
from shared.graph import FREED
from shared.operation import Operation
from shared.record import Record, Standing
from shared.verdict import Status, Verdict
from tests.shared.history import NOW, admitted, make, verdict

CASE = make("receive", {"person_name": "李婠", "item": "BM-YB-001"}, kind="case")
ACCEPTED = make("accept", {}, kind="case", parents=[CASE], device=2, at=1)
CORRECTION = make(
    "request_correction", {"missing": ["户口簿"]}, kind="case", parents=[CASE], device=3, at=2
)
STATES = admitted(CASE, ACCEPTED, CORRECTION)


def ruled(op: Operation, status: Status, reason: str, seq: int) -> Entry:
    return Entry(op, Verdict(1, seq, status, NOW + 10**9, op.skeleton.effective_at, 2, reason))


def settle(value: str, *parents: Operation, seq: int) -> Entry:
    data: dict[str, Value] = {"values": {"state": value}, "reason": "核实"}
    made = make("settle", data, kind="case", parents=parents, device=9, at=50, seq=seq)
    return ruled(made, Status.ADMITTED, "", seq)


def standing(record: Record) -> dict[bytes, Standing]:
    return {item.operation: item.status for item in record.without_effect}


DECIDED = make(
    "decide", {"outcome": "granted"}, kind="case", parents=[ACCEPTED, CORRECTION], device=2, seq=2,
    at=10,
)  # fmt: skip


def test_settling_never_buries_the_act_that_it_frees() -> None:
    chosen = settle("已受理", DECIDED, seq=5)
    freed = ruled(DECIDED, Status.ADMITTED, FREED, 6)
    waiting = fold([*STATES, ruled(DECIDED, Status.HELD, "conflict_open", 4), chosen])
    assert waiting.state == "已受理"
    record = fold([*STATES, freed, chosen])
    assert (record.state, record.conflicts) == ("已决定", ())
    assert record.heads == (DECIDED.id,)
    assert [effect.state_before for effect in record.history][-1] == "已受理"


def test_an_act_that_the_settled_state_does_not_allow_is_listed() -> None:
    record = fold(
        [*STATES, ruled(DECIDED, Status.ADMITTED, FREED, 6), settle("待补正", DECIDED, seq=5)]
    )
    assert record.state == "待补正"
    assert standing(record) == {DECIDED.id: Standing.NOT_ALLOWED}


def test_acts_freed_together_keep_their_order_and_work_between_passes_through() -> None:
    noted = make("amend", {"remark": "已电话告知"}, kind="case", parents=[DECIDED], device=2, seq=3)
    closed = make("close", {}, kind="case", parents=[noted], device=2, seq=4, at=12)
    chosen = settle("已受理", closed, seq=5)
    freed = [ruled(one, Status.ADMITTED, FREED, 6) for one in (DECIDED, closed)]
    record = fold([*STATES, *admitted(noted), *freed, chosen])
    assert (record.state, record.conflicts) == ("已办结", ())
    assert record.fields["remark"] == "已电话告知"


def test_what_comes_after_the_freed_act_stays_after_it() -> None:
    chosen, freed = settle("已受理", DECIDED, seq=5), ruled(DECIDED, Status.ADMITTED, FREED, 6)
    after = make("close", {}, kind="case", parents=[DECIDED], device=2, seq=5, at=60)
    assert fold([*STATES, freed, chosen, *admitted(after)]).state == "已办结"
    undone = settle("待补正", DECIDED, seq=7)
    assert fold([*STATES, freed, chosen, undone]).state == "待补正"


def test_settling_chooses_a_state_that_the_record_was_in() -> None:
    backdoor = settle("已送达", ACCEPTED, CORRECTION, seq=5)
    record = fold([*STATES, backdoor])
    assert standing(record) == {backdoor.operation.id: Standing.NOT_ALLOWED}
    assert {value.value for value in record.conflicts[0].values} == {"已受理", "待补正"}
    lone = fold([*admitted(CASE), settle("已决定", CASE, seq=5)])
    assert lone.state == "已收件"


START = make("entrust", {"person_name": "李婠", "phone": "1", "evidence": {"phone": "seen"}})
TYPED = make("amend", {"phone": "2"}, parents=[START], seq=2, at=1)


def test_a_downgrade_is_listed_until_somebody_who_saw_it_confirms_it() -> None:
    confirm = make("confirm_downgrade", {"confirmed_fields": ["phone"]}, parents=[TYPED], seq=3)
    assert [one.register for one in fold(admitted(START, TYPED)).downgrades] == ["phone"]
    assert not fold(admitted(START, TYPED, confirm)).downgrades
    other = make("confirm_downgrade", {"confirmed_fields": ["sex"]}, parents=[TYPED], seq=3)
    assert fold(admitted(START, TYPED, other)).downgrades
    early = make("confirm_downgrade", {}, parents=[START], device=2, at=2)
    assert fold(admitted(START, TYPED, early)).downgrades, "it did not see the write"


def test_a_settled_value_is_not_written_over_in_silence() -> None:
    other = make("amend", {"phone": "3"}, parents=[START], device=2, at=2)
    data: dict[str, Value] = {
        "values": {"phone": "2"}, "reason": "核实", "evidence": {"phone": "read"},
    }  # fmt: skip
    chosen = make("settle", data, parents=[TYPED, other], device=9, at=3)
    later = make("amend", {"phone": "4"}, parents=[chosen], device=2, seq=2, at=4)
    record = fold(admitted(START, TYPED, other, chosen, later))
    assert [(one.register, one.covered) for one in record.downgrades] == [("phone", chosen.id)]


def test_a_purge_erases_whichever_way_it_names_the_operation() -> None:
    ways: list[Value] = [START.id.hex(), {"id": START.id.hex()}]
    for named in ways:
        purge = make("purge", {"operations": [named], "reason": "到期"}, parents=[START], at=9)
        record = fold(admitted(START, purge))
        assert "person_name" not in record.fields
        assert "phone" not in record.fields


def test_a_record_whose_beginning_is_lost_goes_on_once_that_is_declared() -> None:
    checked = make("check", {"check_result": "complete"}, parents=[START], seq=2, at=1)
    lost = make(
        "declare_lost", {"operations": [START.id.hex()], "reason": "平板损坏"},
        parents=[checked], device=9, at=3,
    )  # fmt: skip
    assert standing(fold(admitted(checked))) == {checked.id: Standing.WAITING}
    record = fold(admitted(checked, lost))
    assert (record.state, standing(record)) == ("材料齐", {})
    sent = make("hand_over", {}, parents=[checked, lost], seq=3, at=4)
    assert fold(admitted(checked, lost, sent)).state == "待签收"


def test_order_of_arrival_changes_nothing_where_acts_were_freed() -> None:
    entries = [
        *STATES, ruled(DECIDED, Status.HELD, "conflict_open", 4), settle("已受理", DECIDED, seq=5),
        ruled(DECIDED, Status.ADMITTED, FREED, 6),
    ]  # fmt: skip
    assert fold(entries).digest() == fold(entries[::-1]).digest()
    assert verdict(Status.HELD, seq=4).order < verdict(seq=6).order
