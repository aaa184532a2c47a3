"""The permission table: DOMAIN §3.4 cell by cell, both ways, then the rows of §3.3."""

from __future__ import annotations

from dataclasses import fields

import pytest

from shared.act_table import ACTS, COMMON_ACTS
from shared.kinds import KINDS
from shared.lifecycle import acts_of
from shared.permission_table import PERMISSIONS
from shared.permissions import (
    RANK,
    Capability,
    Decision,
    Question,
    Role,
    UnknownRole,
    capability_of,
    may,
    rank_of,
)
from shared.rights import CAPABILITY_LABELS, FORBIDS, NEEDS, READING, ROLE_LABELS, Clause

FACTS = {f.name for f in fields(Question)} - {"role", "capability", "kind", "act"}


def ask(role: Role | str, capability: Capability, facts: str = "") -> Decision:
    unknown = set(facts.split()) - FACTS
    assert not unknown
    told = dict.fromkeys(facts.split(), True)
    return may(Question(role=role, capability=capability, **told))  # type: ignore[arg-type]


# One line per cell of §3.4: role, what must hold, the answer when it holds. "-": nothing helps.
CELLS: dict[Capability, str] = {
    Capability.REGISTER: """
        village | same_site | do
        clerk | same_site | do
        head | same_township | do
        department | - | no
        supervisor | | view
        administrator | | view
        citizen | | do""",
    Capability.TAKE_ENTRUSTMENT: """
        village | same_site | do
        clerk | same_site | do
        head | - | no
        department | - | no
        supervisor | | view
        administrator | - | no
        citizen | is_own | do""",
    Capability.ADMIT_CASE: """
        village | same_site village_instant | do
        clerk | same_site item_at_site | do
        head | same_township | do
        department | own_department | do
        supervisor | | view
        administrator | - | no
        citizen | is_own | view""",
    Capability.DECIDE: """
        village | - | no
        clerk | same_site instant_item | do
        head | - | no
        department | own_department has_grant | do
        supervisor | | view
        administrator | - | no
        citizen | - | no""",
    Capability.PROLONG: """
        village | - | no
        clerk | same_site | propose
        head | same_township | propose
        department | own_department | propose
        department | own_department head_approved | do
        supervisor | | view
        administrator | - | no
        citizen | - | no""",
    Capability.WITHDRAW: """
        village | same_site | do
        clerk | same_site | do
        head | - | no
        department | - | no
        supervisor | | view
        administrator | - | no
        citizen | is_own | do""",
    Capability.SEE_FULL_NUMBER: """
        village | same_site entering | view
        clerk | is_handler open_case reason_given | view
        head | is_handler open_case reason_given | view
        department | is_handler | view
        supervisor | named_check | view
        administrator | - | no
        citizen | is_own | view""",
    Capability.SEE_CONDUCT_COMPLAINT: """
        village | - | no
        clerk | same_site | view
        head | same_township | view
        department | is_handler | view
        supervisor | | view
        administrator | metadata_only | view
        citizen | is_own | view""",
    Capability.DECIDE_PAIR: """
        village | same_site | propose
        clerk | same_site | propose
        head | same_township | propose
        head | same_township township_internal | do
        department | - | no
        supervisor | | view
        administrator | | do
        citizen | - | no""",
    Capability.REASSIGN: """
        village | - | no
        clerk | - | no
        head | same_township | do
        department | - | no
        supervisor | - | no
        administrator | | do
        citizen | - | no""",
    Capability.ENROL_DEVICE: """
        village | - | no
        clerk | - | no
        head | same_township | propose
        department | - | no
        supervisor | - | no
        administrator | | do
        citizen | - | no""",
    Capability.REVOKE_DEVICE: """
        village | - | no
        clerk | - | no
        head | same_township | propose
        department | - | no
        supervisor | - | no
        administrator | | do
        citizen | - | no""",
    Capability.SUSPEND_DEVICE: """
        village | - | no
        clerk | - | no
        head | same_township | propose
        department | - | no
        supervisor | - | no
        administrator | | do
        citizen | - | no""",
    Capability.DRAFT_CATALOGUE: """
        village | - | no
        clerk | - | no
        head | - | no
        department | own_items | do
        supervisor | - | no
        administrator | | do
        citizen | - | no""",
    Capability.PUBLISH_CATALOGUE: """
        village | - | no
        clerk | - | no
        head | - | no
        department | - | no
        supervisor | - | no
        administrator | second_person | do
        citizen | - | no""",
    Capability.SIGN_MONTH: """
        village | - | no
        clerk | - | no
        head | same_township | do
        department | - | no
        supervisor | - | no
        administrator | - | no
        citizen | - | no""",
    Capability.PUBLISH_MONTH: """
        village | - | no
        clerk | - | no
        head | - | no
        department | - | no
        supervisor | | do
        administrator | - | no
        citizen | - | no""",
    Capability.READ_MONTH: """
        citizen | published | view""",
    Capability.READ_AUDIT: """
        village | is_own | view
        clerk | is_own | view
        head | same_township | view
        department | is_own | view
        supervisor | | view
        administrator | | view
        citizen | is_own | view""",
}
ROWS = [
    (capability, *(part.strip() for part in line.split("|")))
    for capability, cells in CELLS.items()
    for line in cells.strip().splitlines()
]


@pytest.mark.parametrize(("capability", "role", "facts", "mode"), ROWS)
def test_a_cell_both_ways(capability: Capability, role: str, facts: str, mode: str) -> None:
    if facts == "-":
        helpful = " ".join(FACTS - {"about_self", "person_target", "unsynced"})
        for told in ("", helpful, *FACTS):
            assert ask(role, capability, told).mode == "no"
            assert not ask(role, capability, told).allowed
        return
    answer = ask(role, capability, facts)
    assert answer.mode == mode
    assert answer.allowed == (mode == "do" or (mode == "view" and capability in READING))
    for dropped in facts.split():
        rest = " ".join(fact for fact in facts.split() if fact != dropped)
        assert ask(role, capability, rest).mode != mode


@pytest.mark.parametrize(
    ("capability", "role", "facts", "forbidden"),
    [
        (Capability.SEE_CONDUCT_COMPLAINT, "clerk", "same_site", "person_target"),
        (Capability.SEE_CONDUCT_COMPLAINT, "head", "same_township", "about_self"),
        (Capability.SEE_CONDUCT_COMPLAINT, "department", "is_handler", "about_self"),
        (Capability.REVOKE_DEVICE, "administrator", "", "unsynced"),
        (Capability.READ_AUDIT, "administrator", "", "complaint_content"),
        (Capability.REGISTER_COMPLAINT, "village", "same_site", "person_target"),
        (Capability.TRIAGE_COMPLAINT, "clerk", "same_site", "person_target"),
        (Capability.TRIAGE_COMPLAINT, "head", "same_township", "person_target"),
        (Capability.TRIAGE_COMPLAINT, "head", "same_township", "about_self"),
        (Capability.WORK_COMPLAINT, "department", "is_handler", "about_self"),
        (Capability.REPLY_COMPLAINT, "supervisor", "", "about_self"),
        (Capability.AMEND, "village", "same_site", "person_target"),
        (Capability.SETTLE, "administrator", "", "person_target"),
        (Capability.SETTLE, "clerk", "same_township", "person_target"),
        (Capability.VIEW_RECORD, "village", "same_site", "person_target"),
        (Capability.VIEW_RECORD, "administrator", "", "person_target"),
        (Capability.CHECK_RATING, "head", "same_township", "about_self"),
    ],
)
def test_what_rules_an_act_out(
    capability: Capability, role: str, facts: str, forbidden: str
) -> None:
    assert ask(role, capability, facts).allowed
    refused = ask(role, capability, f"{facts} {forbidden}")
    assert not refused.allowed


def test_sealed_registration_and_second_person_open_the_way_again() -> None:
    sealed = "same_site person_target sealed"
    assert ask("village", Capability.REGISTER_COMPLAINT, sealed).allowed
    assert ask("administrator", Capability.REVOKE_DEVICE, "unsynced second_person").allowed
    assert ask("administrator", Capability.VOID, "second_person").allowed
    assert not ask("administrator", Capability.VOID).allowed


@pytest.mark.parametrize(
    ("kind", "act", "role", "facts", "mode"),
    [
        ("proxy", "entrust", "village", "same_site", "do"),
        ("proxy", "entrust", "head", "same_site same_township", "no"),
        ("proxy", "deliver", "village", "same_site", "do"),
        ("proxy", "receive", "village", "same_site", "no"),
        ("proxy", "receive", "clerk", "same_township", "do"),
        ("proxy", "reassign", "clerk", "same_site same_township", "no"),
        ("proxy", "reassign", "head", "same_township", "do"),
        ("case", "accept", "village", "same_site", "no"),
        ("case", "accept", "village", "same_site village_instant", "do"),
        ("case", "decide", "village", "same_site village_instant", "no"),
        ("case", "close_on_spot", "village", "same_site village_instant instant_item", "do"),
        ("case", "close_on_spot", "village", "same_site village_instant", "no"),
        ("case", "close_on_spot", "village", "same_site instant_item", "no"),
        ("case", "acknowledge", "village", "is_receiver same_site", "no"),
        ("case", "acknowledge", "clerk", "is_receiver", "do"),
        ("case", "acknowledge", "clerk", "same_site item_at_site", "no"),
        ("case", "acknowledge", "clerk", "unaddressed same_site item_at_site", "do"),
        ("case", "acknowledge", "head", "is_receiver", "do"),
        ("case", "acknowledge", "head", "same_township", "no"),
        ("case", "acknowledge", "head", "unaddressed same_township", "do"),
        ("case", "acknowledge", "department", "is_receiver", "do"),
        ("case", "acknowledge", "department", "own_department", "no"),
        ("case", "acknowledge", "department", "unaddressed own_department", "do"),
        ("case", "resume", "clerk", "same_site item_at_site", "no"),
        ("case", "resume", "clerk", "held_here", "do"),
        ("case", "resume", "head", "same_township", "no"),
        ("case", "resume", "head", "held_here", "do"),
        ("case", "resume", "department", "own_department", "do"),
        ("case", "send_back", "clerk", "same_site item_at_site", "no"),
        ("case", "send_back", "head", "held_here", "do"),
        ("case", "send_back", "department", "own_department", "do"),
        ("case", "suspend", "department", "own_department head_approved", "do"),
        ("case", "suspend", "department", "own_department", "propose"),
        ("proxy", "mirror", "clerk", "same_site same_township", "no"),
        ("proxy", "mirror", "administrator", "", "no"),
        ("case", "close", "village", "same_site", "no"),
        ("case", "hand_out", "village", "same_site", "do"),
        ("case", "correct_record", "administrator", "", "do"),
        ("case", "correct_record", "clerk", "same_site", "propose"),
        ("case", "merge", "clerk", "same_site", "propose"),
        ("case", "merge", "administrator", "", "do"),
        ("case", "deem_accepted", "administrator", "second_person", "no"),
        ("case", "amend", "village", "same_site", "do"),
        ("case", "amend", "village", "", "no"),
        ("case", "confirm_held", "head", "same_township", "do"),
        ("case", "confirm_held", "clerk", "same_township", "no"),
        ("complaint", "register", "administrator", "", "do"),
        ("complaint", "assign", "head", "same_township", "no"),
        ("complaint", "assign", "supervisor", "", "do"),
        ("complaint", "reply", "department", "is_handler", "propose"),
        ("complaint", "reply", "supervisor", "", "do"),
        ("complaint", "withdraw", "village", "same_site", "do"),
        ("complaint", "withdraw", "village", "same_site person_target", "no"),
        ("complaint", "withdraw", "clerk", "same_site", "do"),
        ("complaint", "withdraw", "clerk", "same_site person_target", "no"),
        ("complaint", "call_back", "clerk", "same_site", "no"),
        ("rating", "rate", "citizen", "is_own", "do"),
        ("rating", "rate", "clerk", "is_own same_site", "no"),
        ("rating", "amend", "village", "same_site", "no"),
        ("verdict", "judge", "administrator", "", "no"),
        ("custody", "hand_over", "village", "same_site", "do"),
        ("custody", "acknowledge", "village", "is_handler", "do"),
        ("custody", "acknowledge", "village", "same_township", "no"),
        ("custody", "acknowledge", "clerk", "same_township", "do"),
        ("notice", "give", "department", "own_department", "do"),
        ("posting", "end", "head", "same_township", "do"),
        ("device", "approve", "administrator", "", "do"),
        ("device", "suspend", "administrator", "unsynced", "do"),
        ("device", "report_lost", "administrator", "unsynced", "do"),
        ("device", "revoke", "administrator", "unsynced", "no"),
        ("device", "revoke", "administrator", "unsynced second_person", "do"),
        ("catalogue_edition", "draft", "department", "own_items", "do"),
        ("catalogue_edition", "draft", "department", "", "no"),
        ("catalogue_edition", "draft", "administrator", "", "do"),
        ("catalogue_edition", "publish", "department", "own_items", "no"),
        ("catalogue_edition", "publish", "administrator", "", "no"),
        ("catalogue_edition", "publish", "administrator", "second_person", "do"),
        ("parcel", "register", "administrator", "", "no"),
        ("case", "fly", "administrator", "", "no"),
    ],
)
def test_acts_find_their_row(kind: str, act: str, role: str, facts: str, mode: str) -> None:
    told = dict.fromkeys(facts.split(), True)
    answer = may(Question(role=role, kind=kind, act=act, **told))  # type: ignore[arg-type]
    assert answer.mode == mode
    assert answer.allowed == (mode == "do")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_act_of_every_kind_has_a_row(kind: str) -> None:
    acts = set(acts_of(kind))
    assert acts - set(ACTS[kind]) <= set(COMMON_ACTS)
    if acts:
        assert set(ACTS[kind]) <= acts
    for act in ("amend", "void", "settle"):
        if act in acts and act not in ACTS[kind]:
            assert capability_of(kind, act) is COMMON_ACTS[act]


def test_the_table_is_whole_and_its_words_are_known() -> None:
    assert set(PERMISSIONS) == set(Capability) == set(CAPABILITY_LABELS)
    assert set(ROLE_LABELS) == set(RANK) == set(Role)
    for row in PERMISSIONS.values():
        assert list(row) == list(Role)
        for cell in row.values():
            for clause in cell:
                assert set(clause.needs) <= FACTS & set(NEEDS)
                assert set(clause.forbids) <= FACTS & set(FORBIDS)


def test_no_clause_hides_behind_a_weaker_one() -> None:
    strength = {"do": 2, "propose": 1, "view": 0}
    for row in PERMISSIONS.values():
        for cell in row.values():
            modes = [strength[clause.mode] for clause in cell]
            assert modes == sorted(modes, reverse=True)
            assert len(set(cell)) == len(cell)
    assert Clause("do") == Clause("do", (), ())


@pytest.mark.parametrize("capability", list(Capability))
@pytest.mark.parametrize("role", list(Role))
def test_every_answer_is_one_sentence(capability: Capability, role: Role) -> None:
    for facts in ("", "same_site", " ".join(FACTS)):
        reason = ask(role, capability, facts).reason
        assert reason.endswith("。")
        assert reason.count("。") == 1


def test_a_refusal_says_what_is_missing() -> None:
    assert "本站点" in ask("village", Capability.REGISTER).reason
    assert "授权书" in ask("department", Capability.DECIDE, "own_department").reason
    assert "部门审批人员" in ask("village", Capability.DECIDE).reason
    assert "群众本人" in ask("clerk", Capability.RATE).reason


def test_ranks() -> None:
    assert [rank_of(word) for word in ("village", "clerk", "head", "department")] == [1, 2, 3, 4]
    assert rank_of("supervisor") == rank_of(Role.ADMINISTRATOR) == 5
    with pytest.raises(UnknownRole, match="mayor"):
        rank_of("mayor")
    with pytest.raises(UnknownRole):
        may(Question(role="mayor", kind="case", act="accept"))
