"""Fold by example: conflicts, evidence, held and refused nodes, lost parents, purge."""

from __future__ import annotations

import msgspec
import pytest

from shared import operation
from shared.canonical import Value
from shared.fold import EmptyFold, Entry, fold
from shared.record import Record, Standing
from shared.verdict import Status
from tests.shared.history import admitted, make, verdict

START = make("entrust", {"person_name": "李婠", "item": "BM-YB-001", "phone": "13800000001"})


def amend(phone: str, device: int, *, at: int, parents: tuple[bytes, ...] = (START.id,)) -> Entry:
    made = make("amend", {"phone": phone}, parent_ids=parents, device=device, seq=2, at=at)
    return admitted(made)[0]


def standing(record: Record) -> dict[bytes, Standing]:
    return {item.operation: item.status for item in record.without_effect}


def test_one_act_makes_a_record() -> None:
    record = fold(admitted(START))
    assert (record.kind, record.state) == ("proxy", "已委托")
    assert record.fields["person_name"] == "李婠"
    assert record.heads == (START.id,)
    assert not record.conflicts


def test_a_matter_operation_by_operation() -> None:
    """The worked example of the design: two agents change the phone, a clerk settles."""
    ours, theirs = amend("13800000002", 1, at=10), amend("13800000003", 2, at=20)
    both = [*admitted(START), ours, theirs]
    record = fold(both)
    assert [c.register for c in record.conflicts] == ["phone"]
    assert record.conflicts[0].shown.value == "13800000003"
    assert record.fields["phone"] == "13800000003"
    settle = make(
        "settle",
        {"values": {"phone": "13800000002"}, "reason": "电话核实"},
        parent_ids=record.heads, device=9, at=30,
    )  # fmt: skip
    settled = fold([*both, *admitted(settle, rank=5)])
    assert not settled.conflicts
    assert settled.fields["phone"] == "13800000002"
    assert settled.heads == (settle.id,)


def test_equal_values_merge_silently() -> None:
    record = fold([*admitted(START), amend("139", 1, at=1), amend("139", 2, at=2)])
    assert not record.conflicts


def test_better_evidence_is_shown_then_rank_then_clock() -> None:
    seen = make(
        "amend", {"phone": "1", "evidence": {"phone": "seen"}}, parents=[START], device=2, at=1
    )
    later = make("amend", {"phone": "2"}, parents=[START], device=3, at=99)
    higher = make("amend", {"phone": "3"}, parents=[START], device=4, at=50)
    base = admitted(START)
    assert fold([*base, *admitted(seen, later)]).fields["phone"] == "1"
    assert fold([*base, *admitted(later), *admitted(higher, rank=2)]).fields["phone"] == "3"
    assert fold([*base, *admitted(later, higher)]).fields["phone"] == "2"


def test_no_person_is_put_together_from_two() -> None:
    one = make("amend", {"person_name": "王小明", "id_no": "1"}, parents=[START], device=2, at=1)
    two = make("amend", {"person_name": "王小民"}, parents=[START], device=3, at=2)
    record = fold([*admitted(START), *admitted(one, two)])
    assert record.conflicts[0].register == "person_name"
    assert record.fields["person_name"] == "王小民"
    assert "id_no" not in record.fields


def test_a_write_over_better_evidence_is_listed_until_confirmed() -> None:
    seen = make("amend", {"phone": "1", "evidence": {"phone": "read"}}, parents=[START], at=1)
    typed = make("amend", {"phone": "2"}, parents=[seen], seq=3, at=2)
    record = fold(admitted(START, seen, typed))
    assert [(d.register, d.covered) for d in record.downgrades] == [("phone", seen.id)]
    confirm = make("settle", {"values": {"phone": "2"}, "reason": "换号"}, parents=[typed], at=3)
    after = fold(admitted(START, seen, typed, confirm))
    assert not after.downgrades
    assert after.fields["phone"] == "2"


def test_concurrent_states_are_both_kept() -> None:
    checked = make("check", {"check_result": "complete"}, parents=[START], device=2, at=1)
    gone = make("withdraw", {}, parents=[START], device=3, at=2)
    record = fold(admitted(START, checked, gone))
    assert [c.register for c in record.conflicts] == ["state"]
    assert {c.value for c in record.conflicts[0].values} == {"材料齐", "已撤回"}
    assert record.state == "已撤回"


def test_an_act_not_allowed_from_its_own_ancestors_is_listed_and_writes_nothing() -> None:
    early = make("deliver", {"delivered_to": "李二"}, parents=[START], at=1)
    record = fold(admitted(START, early))
    assert standing(record) == {early.id: Standing.NOT_ALLOWED}
    assert record.state == "已委托"
    assert "delivered_to" not in record.fields


@pytest.mark.parametrize("status", [Status.REFUSED, Status.HELD])
def test_a_refused_or_held_node_never_buries_later_work(status: Status) -> None:
    bad = make("amend", {"phone": "9"}, parents=[START], seq=2, at=1)
    later = make("amend", {"remark": "后来的"}, parents=[bad], seq=3, at=2)
    record = fold([*admitted(START, later), Entry(bad, verdict(status))])
    assert record.fields["phone"] == "13800000001"
    assert record.fields["remark"] == "后来的"
    assert standing(record) == {bad.id: Standing(status.value)}


def test_a_refused_operation_travels_as_a_bare_skeleton_and_folds_the_same() -> None:
    bad = make("amend", {"phone": "9"}, parents=[START], seq=2, at=1)
    refused = verdict(Status.REFUSED)
    whole = fold([*admitted(START), Entry(bad, refused)])
    bare = fold([*admitted(START), Entry(bad.without_data(), refused)])
    assert whole.digest() == bare.digest()


def test_a_missing_parent_holds_until_it_arrives_or_is_declared_lost() -> None:
    between = make("amend", {"phone": "5"}, parents=[START], seq=2, at=1)
    after = make("amend", {"phone": "6"}, parents=[between], seq=3, at=2)
    waiting = fold(admitted(START, after))
    assert standing(waiting) == {after.id: Standing.WAITING}
    assert fold(admitted(START, after, between)).fields["phone"] == "6"
    lost = make(
        "declare_lost", {"operations": [between.id.hex()], "reason": "平板损坏"},
        parents=[START], device=9, at=3,
    )  # fmt: skip
    declared = fold(admitted(START, after, lost))
    assert declared.fields["phone"] == "6"
    assert [c.register for c in declared.conflicts] == ["phone"], "the lost parent is no ancestor"


def test_a_purge_hides_the_data_present_or_not() -> None:
    named: dict[str, Value] = {"id": START.id.hex(), "fields": ["person_name", "phone", "item"]}
    purge = make("purge", {"operations": [named], "reason": "到期"}, parents=[START], at=9)
    present = fold(admitted(START, purge))
    absent = fold([*admitted(START.without_data(), purge)])
    assert present.digest() == absent.digest()
    assert set(present.purged) == {"person_name", "phone", "item"}
    assert "person_name" not in present.fields
    assert present.state == "已委托"


def test_a_purged_value_still_covers_what_it_covered() -> None:
    second = make("amend", {"phone": "13800000009"}, parents=[START], at=1, seq=2)
    named: dict[str, Value] = {"id": second.id.hex(), "fields": ["phone"]}
    purge = make("purge", {"operations": [named], "reason": "到期"}, parents=[second], at=9)
    record = fold(admitted(START, second, purge))
    assert "phone" not in record.fields
    assert record.purged == ("phone",)


def test_own_unjudged_work_folds_on_top() -> None:
    mine = make("amend", {"phone": "7"}, parents=[START], device=2, at=5)
    record = fold([*admitted(START), Entry(mine, None, provisional_rank=1)])
    assert record.fields["phone"] == "7"
    assert record.registers["phone"][0].provisional
    other = fold([*admitted(START), Entry(mine, None)])
    assert other.fields["phone"] == "13800000001"
    assert standing(other) == {mine.id: Standing.UNJUDGED}


def test_a_later_verdict_stands_over_an_earlier_one() -> None:
    held = Entry(START, verdict(Status.HELD, seq=1))
    freed = Entry(START, verdict(Status.ADMITTED, seq=2))
    assert fold([held, freed]).digest() == fold([freed, held]).digest()
    assert fold([freed, held]).state == "已委托"


def test_a_clock_years_ahead_counts_only_to_its_cap() -> None:
    ahead = make("amend", {"phone": "1"}, parents=[START], device=2, at=10**11)
    now = make("amend", {"phone": "2"}, parents=[START], device=3, at=2000)
    record = fold([*admitted(START, now), Entry(ahead, verdict(cap=1000))])
    assert record.fields["phone"] == "2"


def test_what_a_newer_version_wrote_is_carried_without_effect() -> None:
    old = make("amend", {"phone": "8"}, parents=[START], seq=2, at=1)
    fields = list(msgspec.structs.astuple(old.skeleton))
    raw = msgspec.msgpack.encode([2, *fields[1:], "new"])
    newer = operation.restore(raw, old.salt, old.data_bytes)
    unknown = make("teleport", {"phone": "8"}, parents=[START], seq=3, at=1)
    record = fold(admitted(START, newer, unknown))
    assert standing(record) == {newer.id: Standing.UNKNOWN, unknown.id: Standing.UNKNOWN}
    assert record.fields["phone"] == "13800000001"


def test_an_operation_of_another_kind_under_the_same_id_has_no_effect() -> None:
    other = make("receive", {"person_name": "甲", "item": "X"}, kind="case", device=5, at=9)
    record = fold(admitted(START, other))
    assert record.kind == "proxy"
    assert standing(record) == {other.id: Standing.NOT_ALLOWED}


def test_fold_takes_exactly_one_record() -> None:
    with pytest.raises(EmptyFold):
        fold([])
    with pytest.raises(EmptyFold):
        fold(admitted(START, make("entrust", {"item": "X"}, record=b"x" * 16)))


def test_settling_again_undoes() -> None:
    ours, theirs = amend("2", 1, at=10), amend("3", 2, at=20)
    heads = [ours.operation, theirs.operation]
    first = make("settle", {"values": {"phone": "2"}, "reason": "一"}, parents=heads, at=30)
    again = make("settle", {"values": {"phone": "3"}, "reason": "二"}, parents=[first], at=40)
    record = fold([*admitted(START, first, again), ours, theirs])
    assert record.fields["phone"] == "3"
    assert not record.conflicts


def test_work_done_beside_a_settle_is_a_new_conflict() -> None:
    """The parents of a settle are the heads the person was shown, never those at commit."""
    ours, theirs, third = amend("2", 1, at=10), amend("3", 2, at=20), amend("4", 3, at=25)
    heads = [ours.operation, theirs.operation]
    settle = make("settle", {"values": {"phone": "2"}, "reason": "一"}, parents=heads, at=30)
    record = fold([*admitted(START), *admitted(settle, rank=5), ours, theirs, third])
    assert {c.value for c in record.conflicts[0].values} == {"2", "4"}
