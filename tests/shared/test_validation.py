"""Validation: canonical data out, or one error that names the field; never anything else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared import canonical
from shared.canonical import Value
from shared.identity import check_character
from shared.kinds import KINDS, SEALED_TARGETS
from shared.lifecycle import acts_of
from shared.validation import InvalidField, validate

ID = "51990119480315003"
ID += check_character(ID)
OPERATION = "ab" * 32


def refused(kind: str, act: str, data: Mapping[str, object]) -> InvalidField:
    with pytest.raises(InvalidField) as caught:
        validate(kind, act, data)
    assert str(caught.value).endswith(("。", "？"))
    return caught.value


@pytest.mark.parametrize(
    ("kind", "act", "data"),
    [
        ("consultation", "register", {"question": "怎么办社保卡"}),
        ("consultation", "register", {"item": "BM-YB-001"}),
        ("consultation", "register", {"question": "问", "answer": "答", "phone": "13800008000"}),
        ("proxy", "entrust", {"person_name": "王芳", "item": "BM-YB-001"}),
        ("case", "receive", {"person_name": "王芳", "item": "BM-YB-001", "id_no": ID}),
        ("complaint", "register", {"target_kind": "site", "content": "开门晚"}),
        ("complaint", "register", {"target_kind": "undisclosed", "content": "态度"}),
        (
            "appointment",
            "register",
            {"person_name": "王芳", "item": "BM-YB-001", "slot": "2026-12-01 09:00"},
        ),
        ("rating", "rate", {"of": "0193a5b0-0000-7000-8000-000000000001", "level": 5}),
    ],
)
def test_the_smallest_data_pass_unchanged(kind: str, act: str, data: dict[str, object]) -> None:
    assert validate(kind, act, data) == data


@pytest.mark.parametrize(
    ("kind", "act", "data", "field"),
    [
        ("consultation", "register", {}, "question"),
        ("consultation", "register", {"question": "  "}, "question"),
        ("proxy", "entrust", {"item": "BM-YB-001"}, "person_name"),
        ("proxy", "entrust", {"person_name": "王芳"}, "item"),
        ("case", "receive", {"person_name": "\u200b", "item": "X"}, "person_name"),
        ("complaint", "register", {"target_kind": "site"}, "content"),
        ("complaint", "register", {"target_kind": "dog", "content": "x"}, "target_kind"),
        ("complaint", "triage", {}, "triage_result"),
        ("complaint", "triage", {"triage_result": "transfer"}, "transfer_to"),
        ("appointment", "register", {"person_name": "王芳", "item": "X"}, "slot"),
        ("rating", "rate", {"of": "a", "level": 0}, "level"),
        ("rating", "rate", {"of": "a", "level": 6}, "level"),
        ("rating", "rate", {"of": "a", "level": True}, "level"),
        ("rating", "rate", {"of": "a", "level": 3.0}, "level"),
        ("rating", "rate", {"of": "a b", "level": 3}, "of"),
        ("proxy", "amend", {"phone": "123"}, "phone"),
        ("proxy", "amend", {"phone": 13800008000}, "phone"),
        ("proxy", "amend", {"id_no": ID[:-1]}, "id_no"),
        ("proxy", "amend", {"id_no": ID, "id_type": "999"}, "id_no"),
        ("proxy", "amend", {"birth_on": "1948-02-30"}, "birth_on"),
        ("proxy", "amend", {"promised_forward_on": "2026-12"}, "promised_forward_on"),
        ("proxy", "amend", {"cash_held_fen": 2**70}, "cash_held_fen"),
        ("proxy", "amend", {"materials": [{"form": "copy"}]}, "materials"),
        ("proxy", "amend", {"materials": [{"name": "甲", "colour": "红"}]}, "materials"),
        ("proxy", "amend", {"care_flags": ["rich"]}, "care_flags"),
        ("proxy", "amend", {"care_flags": "aged"}, "care_flags"),
        ("proxy", "amend", {"remark": "长" * 1001}, "remark"),
        ("proxy", "amend", {"remark": "\ud800"}, "remark"),
        ("proxy", "amend", {"item": "BM YB"}, "item"),
        ("proxy", "amend", {"address_region": "富世镇"}, "address_region"),
        ("proxy", "amend", {"colour": "红"}, "colour"),
        ("proxy", "amend", {"practice": 1}, "practice"),
        ("proxy", "amend", {}, "data"),
        ("proxy", "amend", {"reason": "只有理由"}, "data"),
        ("proxy", "void", {}, "reason"),
        ("proxy", "accept", {}, "act"),
        ("parcel", "register", {}, "kind"),
        ("case", "decide", {}, "outcome"),
        ("case", "decide", {"outcome": "denied", "outcome_reason": "x"}, "remedy"),
        ("proxy", "amend", {"phone": "7201234", "evidence": {"phone": "sure"}}, "evidence"),
        ("proxy", "amend", {"phone": "7201234", "evidence": {"colour": "read"}}, "evidence"),
        ("proxy", "amend", {"phone": "7201234", "evidence": "read"}, "evidence"),
        ("proxy", "settle", {"reason": "x"}, "values"),
        ("proxy", "settle", {"reason": "x", "values": {"id_no": ID}}, "values"),
        ("proxy", "settle", {"reason": "x", "values": {"person_name": "王芳"}}, "values"),
        ("proxy", "settle", {"reason": "x", "values": {"person_name": {"phone": 1}}}, "values"),
        ("proxy", "settle", {"reason": "x", "values": {"phone": "1"}}, "phone"),
        ("proxy", "settle", {"reason": "x", "values": {"state": "受理"}}, "state"),
        ("proxy", "settle", {"values": {"phone": None}}, "reason"),
        ("proxy", "purge", {"reason": "x", "operations": ["zz"]}, "operations"),
        ("proxy", "declare_lost", {"reason": "x", "operations": []}, "operations"),
        ("month_close", "freeze", {"month": "2026-10", "figures": {"M4": 0.5}}, "figures"),
        ("month_close", "freeze", {"month": "2026-10", "figures": {"": 1}}, "figures"),
        (
            "month_close",
            "freeze",
            {"month": "2026-10", "figures": {"a": [[[[[[1]]]]]]}},
            "figures",
        ),
    ],
)
def test_a_bad_value_is_refused_by_its_name(
    kind: str, act: str, data: dict[str, object], field: str
) -> None:
    error = refused(kind, act, data)
    assert error.field == field
    assert error.label


def test_values_come_back_in_their_stored_form() -> None:
    given_data = {
        "person_name": " 买买提・吐尔逊 ",
        "id_type": "居民身份证",
        "id_no": f" {ID[:6]} {ID[6:].lower()}",
        "phone": "+86 138 0000 8000",
        "birth_on": "1948年3月",
        "item": "BM-YB-001",
        "care_flags": ["高龄", "aged", "disabled"],
        "materials": [{"name": " 户口簿 ", "form": "复印件", "count": 1, "present": True}],
        "remark": "一\r\n二\u0007",
        "promised_forward_on": "2026/1/5",
        "route": None,
        "relation": "",
    }
    assert validate("proxy", "entrust", given_data) == {
        "person_name": "买买提·吐尔逊",
        "name_as_written": "买买提・吐尔逊",
        "id_type": "111",
        "id_no": ID,
        "phone": "13800008000",
        "birth_on": "1948-03",
        "item": "BM-YB-001",
        "care_flags": ["aged", "disabled"],
        "materials": [{"name": "户口簿", "form": "copy", "count": 1, "present": True}],
        "remark": "一\n二",
        "promised_forward_on": "2026-01-05",
        "route": None,
        "relation": None,
    }


def test_an_old_card_and_other_documents_are_kept() -> None:
    assert validate("proxy", "amend", {"id_no": "519901480315003"})["id_no"] == "519901480315003"
    passport = validate("proxy", "amend", {"id_type": "414", "id_no": "e1234567"})
    assert passport["id_no"] == "E1234567"
    assert refused("proxy", "amend", {"id_type": "414", "id_no": "护照"}).field == "id_no"


def test_how_a_number_was_verified_is_evidence_of_the_person() -> None:
    data = {"person_name": "王芳", "id_no": ID, "id_assurance": "read"}
    assert validate("proxy", "amend", data)["evidence"] == {"id_no": "read"}
    own_word = data | {"evidence": {"id_no": "photo"}}
    assert validate("proxy", "amend", own_word)["evidence"] == {"id_no": "photo"}
    assert "evidence" not in validate("proxy", "amend", data | {"id_assurance": "stated"})
    named = validate("proxy", "amend", {"person_name": "王芳", "id_assurance": "seen"})
    assert named["evidence"] == {"person_name": "seen"}


def test_settle_names_registers_as_conflicts_do() -> None:
    data = {
        "reason": "查看原件",
        "values": {
            "phone": "138 0000 8000",
            "person_name": {"person_name": "王 芳", "id_no": ID},
            "state": "已上送",
        },
    }
    assert validate("proxy", "settle", data)["values"] == {
        "phone": "13800008000",
        "person_name": {"person_name": "王芳", "id_no": ID},
        "state": "已上送",
    }


def test_purge_may_say_what_an_operation_had_written() -> None:
    named = {"id": OPERATION, "fields": ["phone"], "kept": {"check_result": "complete"}}
    data: dict[str, object] = {"reason": "本人要求", "operations": [named]}
    assert validate("proxy", "purge", data) == data


@pytest.mark.parametrize(
    ("act", "named"),
    [
        ("purge", OPERATION),
        ("purge", {"id": OPERATION}),
        ("purge", {"id": OPERATION, "fields": []}),
        ("declare_lost", {"id": OPERATION, "fields": ["phone"]}),
        ("confirm_held", {"id": OPERATION}),
    ],
)
def test_each_act_names_operations_in_its_own_form(act: str, named: object) -> None:
    assert refused("proxy", act, {"reason": "x", "operations": [named]}).field == "operations"


TODAY = date(2026, 11, 25)
UNBORN = "51990120990101001"
UNBORN += check_character(UNBORN)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"birth_on": "2026-11-26"}, "birth_on"),
        ({"birth_on": "2027"}, "birth_on"),
        ({"id_no": UNBORN}, "id_no"),
        ({"id_no": ID, "birth_on": "1990-01-01"}, "birth_on"),
        ({"id_no": ID, "sex": "female"}, "sex"),
    ],
)
def test_a_person_agrees_with_the_number_and_is_born(data: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        validate("proxy", "amend", data, TODAY)
    assert caught.value.field == field


def test_a_birth_that_may_be_is_kept_as_it_was_said() -> None:
    for data in ({"birth_on": "2026-11-25"}, {"birth_on": "2026-11"}, {"id_no": UNBORN[:0]}):
        assert validate("proxy", "amend", {**data, "sex": "female"}, TODAY)["sex"] == "female"
    agreed = {"id_no": ID, "birth_on": "1948", "sex": "male"}
    assert validate("proxy", "amend", agreed, TODAY) == agreed
    assert validate("proxy", "amend", {"id_no": UNBORN}), "a clock nobody trusts refuses nobody"


def test_a_foreigner_s_card_is_a_document_of_its_own() -> None:
    card = "91990119480315003"
    card += check_character(card)
    assert validate("proxy", "amend", {"id_no": card})["id_type"] == "553"
    assert "外国人" in str(refused("proxy", "amend", {"id_no": card, "id_type": "111"}))
    assert validate("proxy", "amend", {"id_no": card, "id_type": "553"})["id_no"] == card
    wrong = card[:-1] + ("0" if card[-1] != "0" else "1")
    assert refused("proxy", "amend", {"id_no": wrong, "id_type": "553"}).field == "id_no"


@pytest.mark.parametrize(
    "data",
    [
        {"person_name": "李四", "id_assurance": "stated", "evidence": {"person_name": "read"}},
        {"id_no": ID, "id_assurance": "photo", "evidence": {"id_no": "seen"}},
    ],
)
def test_nothing_is_surer_than_the_document_it_was_read_from(data: dict[str, object]) -> None:
    assert refused("proxy", "amend", data).field == "id_assurance"


def test_a_name_may_be_seen_elsewhere_than_on_a_card() -> None:
    data = {"person_name": "李婠", "id_assurance": "none", "evidence": {"person_name": "seen"}}
    assert validate("proxy", "amend", data)["evidence"] == {"person_name": "seen"}


def test_an_unknown_field_gets_a_hint() -> None:
    assert "person_name" in str(refused("proxy", "entrust", {"pesron_name": "王芳"}))


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=20)
    | st.sampled_from(["13800008000", ID, "111", "2026-01-01", "aged", "state", "\ud800"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@st.composite
def _acts(draw: st.DrawFn) -> tuple[str, str, dict[str, object]]:
    kind = draw(st.sampled_from(sorted(KINDS)))
    acts = sorted({*acts_of(kind), *KINDS[kind].creating_acts, "settle"})
    names = [*KINDS[kind].fields, "evidence"]
    keys = st.sampled_from(names) | st.text(max_size=5)
    data: dict[str, object] = {**draw(st.dictionaries(keys, _JSON, max_size=6))}
    for name in draw(st.lists(st.sampled_from(["values", "evidence"]), max_size=2)):
        data[name] = draw(st.dictionaries(st.sampled_from([*names, "state"]), _JSON, max_size=3))
    return kind, draw(st.sampled_from(acts)), data


def attempt(kind: str, act: str, data: Mapping[str, object]) -> dict[str, Value] | InvalidField:
    try:
        return validate(kind, act, data)
    except InvalidField as error:
        return error


@settings(max_examples=400, deadline=None)
@given(_acts())
@example(("appointment", "arrive", {"values": {"person_name": {" ": None}}}))
@example(("appointment", "arrive", {"values": {"\ufb2c" * 64: None}}))
def test_garbage_gives_canonical_data_or_the_one_error(
    drawn: tuple[str, str, dict[str, object]],
) -> None:
    kind, act, data = drawn
    out = attempt(kind, act, data)
    if isinstance(out, InvalidField):
        assert str(out).encode("utf-8")
        assert out.label
        return
    assert canonical.decode(canonical.encode(out), 1 << 20) == out
    assert validate(kind, act, out) == out


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([field for kind in KINDS.values() for field in kind.fields.values()]), _JSON)
def test_any_value_in_any_field(field: object, raw: object) -> None:
    for kind in KINDS.values():
        for name, own in kind.fields.items():
            if own is field:
                out = attempt(kind.name, kind.default_act, {name: raw})
                assert isinstance(out, dict) or out.field


@pytest.mark.parametrize("data", [None, [], "x", 7])
def test_data_that_are_no_mapping(data: object) -> None:
    with pytest.raises(InvalidField):
        validate("proxy", "amend", data)  # type: ignore[arg-type]


def test_words_that_are_no_text() -> None:
    huge = 10**5000
    with pytest.raises(InvalidField):
        validate(huge, "amend", {})  # type: ignore[arg-type]
    with pytest.raises(InvalidField):
        validate("proxy", huge, {})  # type: ignore[arg-type]
    with pytest.raises(InvalidField):
        validate("proxy", "amend", {huge: 1})  # type: ignore[dict-item]
    assert refused("proxy", "amend", {"\ud800": 1}).field == "?"


def test_sealed_targets_are_choices() -> None:
    for target in SEALED_TARGETS:
        assert validate("complaint", "register", {"target_kind": target, "content": "x"})


def test_a_branch_that_waits_for_another_names_the_law() -> None:
    plain = {"of": "0" * 32, "department": "县住建局"}
    assert validate("branch", "open", plain) == plain
    with pytest.raises(InvalidField, match=r"after_basis.*填了“前置分支”时"):
        validate("branch", "open", {**plain, "after": ["0" * 32]})
    basis = "行政许可法第二十六条"
    given = validate("branch", "open", {**plain, "after": ["0" * 32], "after_basis": basis})
    assert given["after_basis"] == basis
