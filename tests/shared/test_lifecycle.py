"""Life cycles, row by row of DOMAIN §3.3, and the seal over the published tables."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

import pytest

from shared import lifecycle
from shared.cycle_table import TABLES
from shared.cycle_table.step import NEW, SAME, Step, When, make_cycle
from shared.kinds import KINDS
from shared.lifecycle import (
    RULES_VERSION,
    act_label,
    acts_of,
    allowed_acts,
    deciding_field,
    entry_condition,
    is_end,
    is_irreversible,
    is_known_act,
    is_once,
    is_state_act,
    may_follow,
    next_state,
    states_of,
)

DIGEST_V1 = "5d550ddaa8b0325f1dd967899c9931770d2a1094d43482b59f8c99e846af826a"

# kind: (from, act, data, to). "-" is a record that does not exist yet.
ROWS: dict[str, list[tuple[str, str, dict[str, object], str]]] = {
    "consultation": [
        ("-", "register", {"question": "问"}, "已登记"),
        ("-", "register", {"question": "问", "answer": "答"}, "已答复"),
        ("已登记", "answer", {}, "已答复"),
        ("已登记", "refer", {}, "已转"),
        ("已转", "answer", {}, "已答复"),
        ("已答复", "convert", {"convert_to": "proxy"}, "转代办"),
        ("已答复", "convert", {"convert_to": "case"}, "转办件"),
        ("已答复", "convert", {"convert_to": "complaint"}, "转投诉"),
        ("转代办", "void", {}, "作废"),
        ("已登记", "void", {}, "作废"),
    ],
    "case": [
        ("-", "receive", {}, "已收件"),
        ("已收件", "accept", {}, "已受理"),
        ("已收件", "refuse", {}, "不予受理"),
        ("已收件", "request_correction", {}, "待补正"),
        ("待补正", "resubmit", {}, "已收件"),
        ("待补正", "lapse", {}, "退件"),
        ("已收件", "deem_accepted", {}, "已受理"),
        ("已受理", "forward", {}, "流转中"),
        ("流转中", "acknowledge", {}, "办理中"),
        ("流转中", "send_back", {}, "已受理"),
        ("已受理", "suspend", {}, "特别程序"),
        ("办理中", "suspend", {}, "特别程序"),
        ("特别程序", "resume", {}, "办理中"),
        ("办理中", "extend", {}, "办理中"),
        ("已受理", "decide", {}, "已决定"),
        ("办理中", "decide", {}, "已决定"),
        ("已收件", "withdraw", {}, "已撤回"),
        ("已受理", "withdraw", {}, "已撤回"),
        ("办理中", "withdraw", {}, "已撤回"),
        ("待补正", "withdraw", {}, "已撤回"),
        ("特别程序", "withdraw", {}, "已撤回"),
        ("流转中", "withdraw", {}, "已撤回"),
        ("已决定", "close", {}, "已办结"),
        ("已办结", "hand_out", {}, "已送达"),
        ("已办结", "correct_record", {}, "已办结"),
        ("已送达", "correct_record", {}, "已送达"),
        ("办理中", "merge", {}, "已并入"),
        ("已收件", "close_on_spot", {}, "已办结"),
        ("已送达", "void", {}, "作废"),
    ],
    "proxy": [
        ("-", "entrust", {}, "已委托"),
        ("已委托", "check", {}, "材料齐"),
        ("已委托", "check", {"check_result": "complete"}, "材料齐"),
        ("已委托", "check", {"check_result": "missing"}, "待补材料"),
        ("待补材料", "check", {}, "材料齐"),
        ("材料齐", "hand_over", {}, "待签收"),
        ("待签收", "receive", {}, "已上送"),
        ("待签收", "receive_with_difference", {}, "差异"),
        ("差异", "receive", {}, "已上送"),
        ("待签收", "refuse", {}, "退回"),
        ("退回", "check", {}, "材料齐"),
        ("已上送", "link_case", {}, "办理中"),
        ("办理中", "mirror", {"case_state": "待补正"}, "待补正"),
        ("办理中", "mirror", {"case_state": "特别程序"}, "特别程序"),
        ("待补正", "mirror", {"case_state": "办理中"}, "办理中"),
        ("办理中", "mirror", {"case_state": "已决定"}, "办理中"),
        ("办理中", "result_out", {}, "待领取"),
        ("已上送", "result_out", {}, "待领取"),
        ("材料齐", "finish_errand", {}, "待领取"),
        ("待领取", "deliver", {}, "已送达"),
        ("已送达", "rate", {}, "已回访"),
        ("已送达", "call_back", {}, "已回访"),
        ("已委托", "withdraw", {}, "已撤回"),
        ("待签收", "withdraw", {}, "已撤回"),
        ("办理中", "reassign", {}, "办理中"),
        ("办理中", "void", {}, "作废"),
    ],
    "complaint": [
        ("-", "register", {}, "已登记"),
        ("已登记", "triage", {"triage_result": "accept"}, "已受理"),
        ("已登记", "triage", {"triage_result": "refuse"}, "不予受理"),
        ("已登记", "triage", {"triage_result": "transfer"}, "转其他渠道"),
        ("已受理", "assign", {}, "转办中"),
        ("转办中", "object", {}, "已受理"),
        ("转办中", "reassign", {}, "已受理"),
        ("转办中", "investigate", {}, "办理中"),
        ("转办中", "ask", {}, "办理中"),
        ("办理中", "extend", {}, "办理中"),
        ("办理中", "reply", {}, "已答复"),
        ("已答复", "call_back", {}, "已回访"),
        ("已回访", "close", {}, "已办结"),
        ("已回访", "reopen", {}, "已受理"),
        ("已登记", "withdraw", {}, "已撤回"),
        ("已回访", "withdraw", {}, "已撤回"),
        ("已撤回", "continue_on_own_motion", {}, "已受理"),
        ("已办结", "void", {}, "作废"),
    ],
    "appointment": [
        ("-", "register", {}, "已预约"),
        ("已预约", "confirm", {}, "已确认"),
        ("已确认", "arrive", {}, "已到"),
        ("已确认", "miss", {}, "爽约"),
        ("已确认", "reschedule", {}, "改期"),
        ("改期", "confirm", {}, "已确认"),
        ("已预约", "cancel", {}, "取消"),
        ("已确认", "cancel", {}, "取消"),
        ("已到", "void", {}, "作废"),
    ],
    "rating": [
        ("-", "invite", {}, "待评"),
        ("-", "rate", {"level": 5}, "已评"),
        ("待评", "rate", {"level": 1}, "已评"),
        ("已评", "rate_again", {"level": 3}, "已评"),
        ("已评", "open_check", {}, "待核实"),
        ("待核实", "call_back", {}, "已回访"),
        ("已回访", "rectify", {}, "已整改"),
        ("已回访", "uphold_appeal", {}, "申诉成立"),
        ("已评", "void", {}, "作废"),
    ],
}

ENDS = {
    "consultation": "转代办 转办件 转投诉 作废",
    "case": "不予受理 退件 已撤回 已送达 已并入 作废",
    "proxy": "已回访 已撤回 已并入 作废",
    "complaint": "已办结 不予受理 转其他渠道 已撤回 作废",
    "appointment": "已到 爽约 取消 作废",
    "rating": "已整改 申诉成立 作废",
}


@pytest.mark.parametrize(
    ("kind", "state", "act", "data", "to"),
    [(kind, *row) for kind, rows in ROWS.items() for row in rows],
)
def test_every_row(kind: str, state: str, act: str, data: Mapping[str, object], to: str) -> None:
    before = None if state == "-" else state
    assert next_state(kind, before, act, data) == to
    assert may_follow(kind, before, act, data)
    assert act in allowed_acts(kind, before)
    assert is_state_act(kind, act) or to == state


@pytest.mark.parametrize("kind", ROWS)
def test_nothing_else_changes_a_state(kind: str) -> None:
    """The other way round: what the rows above do not name is not allowed."""
    named = {(row[0], row[1]) for row in ROWS[kind]}
    extra = {"merge", "absorb", "withdraw", "void", "reassign", "reschedule", "cancel", "check"}
    extra |= {"result_out", "finish_errand", "refuse", "receive", "mirror"}
    for state in [None, *states_of(kind)]:
        for act in allowed_acts(kind, state):
            changes = is_state_act(kind, act)
            assert not changes or (state or "-", act) in named or act in extra, (state, act)


@pytest.mark.parametrize(
    ("kind", "state", "act"),
    [
        ("case", None, "accept"),
        ("case", "已受理", "accept"),
        ("case", "已收件", "decide"),
        ("case", "已收件", "close"),
        ("case", "已受理", "close"),
        ("case", "已受理", "close_on_spot"),
        ("case", "已受理", "extend"),
        ("case", "已决定", "withdraw"),
        ("case", "已办结", "withdraw"),
        ("case", "已送达", "amend"),
        ("case", "已收件", "correct_record"),
        ("case", "已撤回", "merge"),
        ("case", "已收件", "receive"),
        ("proxy", "已委托", "deliver"),
        ("proxy", "已委托", "finish_errand"),
        ("proxy", "已上送", "withdraw"),
        ("proxy", "待领取", "withdraw"),
        ("proxy", "待补材料", "hand_over"),
        ("consultation", "已登记", "convert"),
        ("consultation", "转代办", "answer"),
        ("complaint", "已登记", "assign"),
        ("complaint", "已办结", "reopen"),
        ("appointment", "已预约", "arrive"),
        ("appointment", "已到", "cancel"),
        ("rating", "已评", "rate"),
        ("rating", "已整改", "rate_again"),
        ("case", "无此状态", "accept"),
        ("case", None, "void"),
        ("case", None, "amend"),
        ("parcel", "已收件", "accept"),
    ],
)
def test_what_is_not_allowed(kind: str, state: str | None, act: str) -> None:
    assert next_state(kind, state, act, {}) is None
    assert not may_follow(kind, state, act, {})
    assert act not in allowed_acts(kind, state)


@pytest.mark.parametrize(
    ("kind", "state", "act", "field"),
    [
        ("consultation", "已答复", "convert", "convert_to"),
        ("complaint", "已登记", "triage", "triage_result"),
        ("proxy", "办理中", "mirror", "case_state"),
    ],
)
def test_an_end_that_data_decide_needs_them(kind: str, state: str, act: str, field: str) -> None:
    assert deciding_field(kind, act) == field
    for value in (None, "", "other", True, 7, ["proxy"], {"a": 1}):
        assert next_state(kind, state, act, {field: value}) is None
    assert next_state(kind, state, act, {}) is None
    assert next_state("proxy", "已委托", "check", {"check_result": "other"}) is None
    assert deciding_field("case", "accept") is None


@pytest.mark.parametrize("kind", ROWS)
def test_ends(kind: str) -> None:
    ends = set(ENDS[kind].split())
    assert {state for state in states_of(kind) if is_end(kind, state)} == ends
    assert not is_end(kind, None)
    for state in states_of(kind):
        assert ("amend" in allowed_acts(kind, state)) == (state not in ends)
        assert "void" in allowed_acts(kind, state)
        assert state in ends - {"作废"} or state == "作废" or allowed_acts(kind, state)


@pytest.mark.parametrize("kind", ROWS)
def test_every_state_is_reached_from_nothing(kind: str) -> None:
    cycle = TABLES[1][kind]
    reached: set[str] = {NEW}
    for _ in cycle.states:
        for step in cycle.steps:
            if reached & set(step.sources):
                reached |= {step.target, step.given, *(end for _, end in step.ends)}
    assert set(cycle.states) <= reached


def test_irreversible_acts() -> None:
    hard = {(kind, act) for kind in ROWS for act in acts_of(kind) if is_irreversible(kind, act)}
    assert hard == {
        *(("case", act) for act in ("refuse", "lapse", "decide", "close", "hand_out")),
        *(("case", act) for act in ("close_on_spot", "merge", "absorb")),
        *(("proxy", act) for act in ("deliver", "merge", "absorb")),
        *(("complaint", act) for act in ("reply", "close")),
    }
    assert not is_irreversible("case", "amend")


def test_acts_that_count_once_in_a_record() -> None:
    once = {(kind, act) for kind in KINDS for act in acts_of(kind) if is_once(kind, act)}
    assert once == {
        ("complaint", "object"),
        ("complaint", "reopen"),
        ("rating", "rate_again"),
        ("case", "extend"),
    }
    assert not is_once("case", "extend", version=99)


def test_acts_that_ask_for_a_value_of_the_record() -> None:
    found = {
        (kind, act): rule
        for kind in KINDS
        for act in acts_of(kind)
        if (rule := entry_condition(kind, act)) is not None
    }
    assert found == {
        ("rating", "open_check"): When("level", (1, 2)),
        ("proxy", "finish_errand"): When("route", ("c",)),
    }
    assert all(rule.field in KINDS[kind].fields for (kind, _), rule in found.items())
    assert entry_condition("rating", "open_check", version=99) is None


@pytest.mark.parametrize(
    ("level", "expected"),
    [(1, True), (2, True), (3, False), (5, False), (True, False), ("1", False), ([1], False)],
)
def test_a_bad_rating_alone_is_checked(level: object, expected: bool) -> None:
    rule = When("level", (1, 2))
    assert rule.holds({"level": level}) is expected


def test_a_value_that_was_left_out_or_erased_stops_nothing() -> None:
    assert When("level", (1, 2)).holds({})
    assert When("level", (1, 2)).holds({"level": None})


def test_acts_that_keep_the_state_write_no_state() -> None:
    for act in ("amend", "correct_record", "extend", "reassign", "settle", "purge"):
        assert is_known_act("case", act)
        assert not is_state_act("case", act)
    assert next_state("case", "办理中", "amend", {}) == "办理中"
    assert not is_known_act("case", "fly")


def test_labels_are_chinese_words() -> None:
    assert act_label("case", "request_correction") == "一次告知补正"
    assert act_label("case", "fly") == "fly"
    for kind in KINDS:
        for act in acts_of(kind):
            assert re.fullmatch(r"[a-z][a-z_]{0,40}", act)
            assert re.search(r"[\u4e00-\u9fff]", act_label(kind, act))


def test_kinds_of_the_machinery_have_no_states() -> None:
    for kind in ("sealed", "verdict"):
        assert states_of(kind) == ()
        assert not is_end(kind, "作废")
        assert allowed_acts(kind, None) == ()


def test_a_version_that_is_not_published_knows_nothing() -> None:
    assert next_state("case", None, "receive", {}, version=99) is None
    assert not is_state_act("case", "receive", version=99)


def test_papers_have_lives_too() -> None:
    assert next_state("entrustment", "有效", "revoke", {}) == "已撤销"
    assert next_state("custody", "已交出", "acknowledge", {}) == "已签收"
    assert next_state("pair", "同一件", "decide", {"value": "different"}) == "不是同一件"
    assert next_state("branch", "办理中", "deem_agreed", {}) == "默许"
    assert next_state("visit", None, "register", {"ended_at": 1}) == "已结束"
    assert next_state("device", "waiting", "approve", {}) == "active"
    assert next_state("device", "revoked", "approve", {}) is None


def test_a_bad_table_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="unknown states"):
        make_cycle("k", "甲 乙", "乙", (Step("go", "走", ("甲",), "丙"),))


def _digest(version: int) -> str:
    table = {
        kind: [
            cycle.states,
            sorted(cycle.ends),
            [
                [s.act, s.sources, s.target, s.by, s.ends, s.given, s.irreversible, s.once]
                + ([s.when.field, s.when.values] if s.when is not None else [])
                for s in cycle.steps
            ],
        ]
        for kind, cycle in sorted(TABLES[version].items())
    }
    text = json.dumps(table, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_published_table_is_never_edited() -> None:
    """Operations in the field are folded by it. A change of rules is a new version, beside it."""
    assert lifecycle.RULES_VERSION == max(TABLES) == RULES_VERSION
    assert SAME == "="
    assert _digest(1) == DIGEST_V1
