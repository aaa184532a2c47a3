"""Conflicts: found when work meets, decided by a person on what the person saw, undone again."""

from __future__ import annotations

import pytest

from server import reconcile
from server.county import County
from server.reconcile import NothingToSettle
from shared.canonical import Value
from shared.operation import Operation
from shared.validation import InvalidField
from tests.server.core.world import (
    Tablet,
    folded,
    judgement,
    pass_days,
    ruled,
    township_of,
    villages,
)


def conflicts(county: County) -> list[tuple[str, list[Value]]]:
    """Return what the county lists: (register, values), the shown one first."""
    with county.ledger.read() as tx:
        return [
            (one.conflict.register, [value.value for value in one.conflict.values])
            for one in reconcile.conflicts(tx)
        ]


def listed(county: County, record: bytes) -> int:
    """How many conflicts the row of a record counts."""
    with county.ledger.read() as tx:
        row = tx.record(record)
    assert row is not None
    return row.conflicts


@pytest.fixture
def record(anna: Tablet, bert: Tablet) -> bytes:
    """A proxy whose phone both tablets changed without seeing one another."""
    made = anna.entrust(phone="13800000001").skeleton.record
    anna.sync()
    bert.pull()
    anna.amend(made, phone="13800000002")
    bert.amend(made, phone="13800000003")
    return made


@pytest.fixture
def case(county: County, anna: Tablet) -> tuple[Tablet, Tablet, bytes]:
    """Two tablets of a township that both hold a case of theirs."""
    site = township_of(anna.site)
    one, other = (Tablet(county, site, role="clerk") for _ in range(2))
    made = one.receive(phone="13800000001").skeleton.record
    one.sync()
    other.pull()
    return one, other, made


def test_a_conflict_is_found_where_two_tablets_meet(
    county: County, anna: Tablet, bert: Tablet, record: bytes
) -> None:
    anna.send()
    assert conflicts(county) == []
    bert.send()
    assert conflicts(county) == [("phone", ["13800000003", "13800000002"])]
    assert listed(county, record) == 1


def test_equal_values_merge_without_a_word(county: County, anna: Tablet, bert: Tablet) -> None:
    record = anna.entrust().skeleton.record
    anna.sync()
    bert.pull()
    for tablet in (anna, bert):
        tablet.amend(record, phone="13800000002")
        tablet.send()
    assert conflicts(county) == []


def test_better_evidence_is_shown_and_the_other_value_is_still_listed(
    county: County, anna: Tablet, bert: Tablet
) -> None:
    record = anna.entrust().skeleton.record
    anna.sync()
    bert.pull()
    anna.amend(record, phone="13800000002", evidence={"phone": "seen"})
    bert.amend(record, phone="13800000003")
    anna.send()
    bert.send()
    assert conflicts(county) == [("phone", ["13800000002", "13800000003"])]


def test_a_person_is_one_value_and_is_never_put_together_from_two(
    county: County, anna: Tablet, bert: Tablet
) -> None:
    record = anna.entrust("李婠").skeleton.record
    anna.sync()
    bert.pull()
    anna.amend(record, person_name="李婉", id_type="999")
    bert.amend(record, person_name="李琬", id_no="519900199001011237", id_type="113")
    anna.send()
    bert.send()
    ((register, values),) = conflicts(county)
    assert register == "person_name"
    assert [value["person_name"] for value in values if isinstance(value, dict)] == ["李琬", "李婉"]
    assert [value["id_type"] for value in values if isinstance(value, dict)] == ["113", "999"]
    reconcile.settle(county, record, "person_name", values[1], "看了户口簿", "ADMIN")
    fields = folded(county, record).fields
    assert (fields["person_name"], fields["id_type"]) == ("李婉", "999")
    assert "id_no" not in fields


def test_settling_closes_the_conflict_everywhere(
    county: County, anna: Tablet, bert: Tablet, record: bytes
) -> None:
    anna.send()
    bert.send()
    done = reconcile.settle(county, record, "phone", "13800000002", "电话核实", "ADMIN")
    assert done.skeleton.author == "staff:ADMIN"
    assert conflicts(county) == []
    assert listed(county, record) == 0
    for tablet in (anna, bert):
        tablet.pull()
        assert tablet.fold(record).fields["phone"] == "13800000002"
        assert tablet.folded(record).digest() == folded(county, record).digest()


def test_settling_again_undoes(county: County, anna: Tablet, bert: Tablet, record: bytes) -> None:
    anna.send()
    bert.send()
    for phone in ("13800000002", "13800000003", "13800000001"):
        reconcile.settle(county, record, "phone", phone, "再次核实", "ADMIN")
        assert folded(county, record).fields["phone"] == phone
    assert conflicts(county) == []


def test_work_that_arrives_beside_a_decision_is_a_new_conflict(
    county: County, anna: Tablet, bert: Tablet, record: bytes
) -> None:
    anna.send()
    shown = folded(county, record).heads
    bert.send()
    reconcile.settle(county, record, "phone", "13800000002", "核实", "ADMIN", shown=shown)
    ((register, values),) = conflicts(county)
    assert register == "phone"
    assert sorted(map(str, values)) == ["13800000002", "13800000003"]


def test_what_is_not_there_cannot_be_settled(county: County, anna: Tablet, record: bytes) -> None:
    anna.send()
    for of, register in ((b"?" * 16, "phone"), (record, "slip"), (record, "nonsense")):
        with pytest.raises(NothingToSettle):
            reconcile.settle(county, of, register, "x", "理由", "ADMIN")
    with pytest.raises(NothingToSettle):
        reconcile.settle(county, record, "state", "没有这个状态", "理由", "ADMIN")
    with pytest.raises(InvalidField):
        reconcile.settle(county, record, "phone", "不是号码", "理由", "ADMIN")
    assert folded(county, record).fields["phone"] == "13800000002"


def _states(case: tuple[Tablet, Tablet, bytes]) -> tuple[Operation, Operation]:
    """Accepted here and withdrawn there, neither having seen the other."""
    one, other, record = case
    accepted = one.record("case", "accept", {}, on=record)
    withdrawn = other.record("case", "withdraw", {}, on=record)
    one.send()
    other.send()
    return accepted, withdrawn


def test_two_states_are_a_conflict_that_a_person_decides(
    county: County, case: tuple[Tablet, Tablet, bytes]
) -> None:
    accepted, _ = _states(case)
    record = case[2]
    assert conflicts(county) == [("state", ["已撤回", "已受理"])]
    reconcile.settle(county, record, "state", "已受理", "申请人未撤回", "ADMIN")
    assert folded(county, record).state == "已受理"
    assert conflicts(county) == []
    assert judgement(county, accepted).state_after == "已受理"


def test_an_irreversible_act_waits_for_the_conflict_and_then_counts(
    county: County, case: tuple[Tablet, Tablet, bytes]
) -> None:
    one, other, record = case
    one.amend(record, phone="13800000002")
    other.amend(record, phone="13800000003")
    one.send()
    other.sync()
    closed = other.record("case", "close_on_spot", {}, on=record)
    other.send()
    assert ruled(county, closed) == ("held", "conflict_open")
    assert folded(county, record).state == "已收件"
    assert judgement(county, closed).state_after == ""
    reconcile.settle(county, record, "phone", "13800000003", "核实", "ADMIN")
    assert ruled(county, closed) == ("admitted", "conflict_settled")
    assert folded(county, record).state == "已办结"
    after = judgement(county, closed)
    assert (after.rank, after.state_before, after.state_after) == (2, "已收件", "已办结")
    for tablet in (one, other):
        tablet.pull()
        assert tablet.folded(record).digest() == folded(county, record).digest()


def test_an_act_stays_held_while_another_conflict_is_open(
    county: County, case: tuple[Tablet, Tablet, bytes]
) -> None:
    one, other, record = case
    one.amend(record, phone="13800000002", remark="甲")
    other.amend(record, phone="13800000003", remark="乙")
    one.send()
    other.sync()
    closed = other.record("case", "close_on_spot", {}, on=record)
    other.send()
    reconcile.settle(county, record, "phone", "13800000003", "核实", "ADMIN")
    assert ruled(county, closed) == ("held", "conflict_open")
    reconcile.settle(county, record, "remark", "甲", "核实", "ADMIN")
    assert ruled(county, closed) == ("admitted", "conflict_settled")


@pytest.mark.parametrize(("chosen", "state"), [("已受理", "已决定"), ("待补正", "待补正")])
def test_a_decision_that_waited_for_a_state_conflict_counts_where_the_chosen_state_allows_it(
    county: County, case: tuple[Tablet, Tablet, bytes], chosen: str, state: str
) -> None:
    one, other, record = case
    one.record("case", "accept", {}, on=record)
    other.record("case", "request_correction", {"missing": ["户口簿"]}, on=record)
    other.send()
    one.sync()
    decided = one.record("case", "decide", {"outcome": "granted"}, on=record)
    one.send()
    assert ruled(county, decided) == ("held", "conflict_open")
    reconcile.settle(county, record, "state", chosen, "核实", "ADMIN")
    assert ruled(county, decided) == ("admitted", "conflict_settled")
    assert (folded(county, record).state, conflicts(county)) == (state, [])
    listed_as = {one.operation: one.status for one in folded(county, record).without_effect}
    assert listed_as.get(decided.id) == (None if state == "已决定" else "not_allowed")
    for tablet in (one, other):
        tablet.pull()
        assert tablet.folded(record).digest() == folded(county, record).digest()


def test_settling_is_no_way_to_a_state_that_the_record_was_never_in(
    county: County, case: tuple[Tablet, Tablet, bytes]
) -> None:
    one, _, record = case
    data: dict[str, Value] = {"values": {"state": "已送达"}, "reason": "省事"}
    one.record("case", "settle", data, on=record)
    one.send()
    assert folded(county, record).state == "已收件"
    with pytest.raises(NothingToSettle, match="状态"):
        reconcile.settle(county, record, "state", "已送达", "省事", "ADMIN")


def test_an_act_goes_on_when_a_held_one_that_ends_the_conflict_is_admitted(
    county: County, case: tuple[Tablet, Tablet, bytes]
) -> None:
    one, other, record = case
    one.amend(record, phone="13800000002")
    other.amend(record, phone="13800000003")
    one.send()
    other.sync()
    gone = Tablet(county, one.site, posted=False)
    gone.post(one.site, "clerk", to_on=20261027)
    gone.pull()
    pass_days(county, 5)
    late = gone.amend(record, phone="13800000004")
    gone.send()
    assert ruled(county, late) == ("held", "posting_ended")
    closed = other.record("case", "close_on_spot", {}, on=record)
    other.send()
    assert ruled(county, closed) == ("held", "conflict_open")
    reconcile.judge(county, [late.id], True, "已核实", "ADMIN")
    assert (conflicts(county), folded(county, record).fields["phone"]) == ([], "13800000004")
    assert ruled(county, closed) == ("admitted", "conflict_settled")


def test_a_held_act_is_judged_again_by_the_time_that_was_believed(county: County) -> None:
    site = township_of(villages()[0])
    one = Tablet(county, site, role="clerk")
    gone = Tablet(county, site, posted=False)
    gone.post(site, "clerk", to_on=20261027)
    record = one.receive().skeleton.record
    one.sync()
    gone.pull()
    one.amend(record, phone="13800000002")
    gone.amend(record, phone="13800000003")
    one.send()
    closed = gone.record("case", "close_on_spot", {}, on=record, quality=0)
    gone.send()
    assert ruled(county, closed) == ("held", "conflict_open")
    believed = judgement(county, closed).effective_at
    pass_days(county, 40)
    reconcile.settle(county, record, "phone", "13800000002", "核实", "ADMIN")
    assert ruled(county, closed) == ("admitted", "conflict_settled")
    assert judgement(county, closed).effective_at == believed


def test_the_held_list_names_device_and_reason(county: County, anna: Tablet) -> None:
    anna.set_state("suspended")
    op = anna.consult()
    anna.send()
    with county.ledger.read() as tx:
        found = {one.judgement.operation: one for one in reconcile.held(tx)}
    assert found[op.id].stream == anna.stream
    assert "暂停" in found[op.id].sentence
