"""The kind tables: complete, consistent, and as the contract of DESIGN §8 names them."""

from __future__ import annotations

import re

import pytest

from shared.fields import GIVEN, Condition, Field, FieldType, Register, make_kind
from shared.kinds import KINDS, LISTED, SEALED_TARGETS, Kind, UnknownKind, kind_of
from shared.lifecycle import acts_of, allowed_acts
from shared.validation import InvalidField, validate

ALL_KINDS = """
consultation proxy case complaint appointment rating person visit entrustment custody notice charge
branch attachment person_companion complaint_companion case_companion session sealed verdict pair
number posting grant device month_close catalogue_edition calendar_edition site_edition
bridge_edition
""".split()  # noqa: SIM905
WITH_PERSON = ["consultation", "proxy", "case", "complaint", "appointment", "visit", "person"]


def test_every_kind_of_the_design_is_declared() -> None:
    assert sorted(KINDS) == sorted(ALL_KINDS)
    assert all(name == kind.name for name, kind in KINDS.items())


def test_six_kinds_are_listed() -> None:
    assert LISTED == ("consultation", "proxy", "case", "complaint", "appointment", "rating")


@pytest.mark.parametrize(
    ("kind", "act"),
    [
        ("consultation", "register"),
        ("appointment", "register"),
        ("complaint", "register"),
        ("proxy", "entrust"),
        ("case", "receive"),
        ("rating", "rate"),
        ("visit", "register"),
        ("person", "register"),
    ],
)
def test_the_act_that_record_uses(kind: str, act: str) -> None:
    assert kind_of(kind).default_act == act
    assert act in kind_of(kind).creating_acts


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(UnknownKind, match="receipt"):
        kind_of("receipt")


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_table_is_sound(kind: Kind) -> None:
    acts = {*acts_of(kind.name), *kind.creating_acts, "settle", "purge", "declare_lost"}
    acts.add("confirm_held")
    for name, field in kind.fields.items():
        assert name == field.name
        assert re.fullmatch(r"[a-z][a-z_]{0,40}", name)
        assert name not in {"evidence", "state"}
        assert re.search(r"[\u4e00-\u9fff]", field.label)
        assert 0 <= field.pd <= 4
        assert field.low <= field.high
        assert (field.type is FieldType.CHOICE) <= bool(field.choices)
        assert bool(field.columns) == (field.type is FieldType.TABLE)
        assert len({code for code, _ in field.choices}) == len(field.choices)
        assert (kind.register_of(name) is None) == field.note
    for act, names in kind.either:
        assert act in acts
        assert set(names) <= set(kind.fields)
    for rule in kind.conditions:
        assert rule.act in acts
        assert rule.value is GIVEN or rule.value in dict(kind.fields[rule.field].choices)
        assert set(rule.needs) <= set(kind.fields)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_field_but_notes_lies_in_exactly_one_register(kind: Kind) -> None:
    placed = [name for register in kind.registers.values() for name in register.fields]
    assert len(placed) == len(set(placed))
    assert set(placed) == {name for name, field in kind.fields.items() if not field.note}
    public = [register.public_name for register in kind.registers.values()]
    assert len(public) == len(set(public))


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_creating_acts_are_the_first_acts_of_the_life_cycle(kind: Kind) -> None:
    if acts_of(kind.name):
        assert kind.creating_acts == set(allowed_acts(kind.name, None))


@pytest.mark.parametrize("name", WITH_PERSON)
def test_who_somebody_is_is_one_register(name: str) -> None:
    kind = kind_of(name)
    person = kind.registers["person"]
    assert person.fields == ("person_name", "id_type", "id_no", "id_assurance")
    assert person.public_name == "person_name"
    assert kind.register_of("id_no") is person
    phone = kind.register_of("phone")
    assert phone == Register("phone", ("phone",))
    assert phone is not None
    assert not phone.composite


def test_other_things_that_belong_together() -> None:
    def fields(kind: str, name: str) -> tuple[str, ...]:
        register = kind_of(kind).register_of(name)
        assert register is not None
        return register.fields

    assert fields("case_companion", "account_holder")[:2] == ("account", "account_holder")
    assert fields("appointment", "slot_site") == ("slot", "slot_site")
    assert {"item", "item_version", "item_edition"} <= set(fields("case", "promised_days"))
    assert fields("complaint", "target_name")[0] == "target_kind"
    assert fields("case", "procedure_to_on") == (
        "procedure",
        "procedure_from_on",
        "procedure_to_on",
    )
    public = kind_of("case").register_of("procedure_from_on")
    assert public is not None
    assert public.public_name == "procedure"


def test_a_predecessor_needs_its_legal_basis() -> None:
    (rule,) = kind_of("branch").conditions
    assert rule == Condition("open", "after", GIVEN, ("after_basis",))
    assert rule.applies("open", {"after": ["b1"]})
    assert not rule.applies("amend", {"after": ["b1"]})
    assert not rule.applies("open", {})
    assert not rule.applies("open", {"after": None})
    assert not rule.applies("open", {"after": []})


def test_a_condition_on_a_value_applies_to_that_value_alone() -> None:
    rule = Condition("decide", "outcome", "denied", ("remedy",))
    assert rule.applies("decide", {"outcome": "denied"})
    assert not rule.applies("decide", {"outcome": "granted"})
    assert not rule.applies("decide", {})


def test_a_matter_closed_on_the_spot_may_say_its_outcome() -> None:
    case = kind_of("case")
    assert "close_on_spot" not in case.fields["outcome"].required
    told = validate("case", "close_on_spot", {"outcome": "granted"})
    assert told == {"outcome": "granted"}
    assert validate("case", "close_on_spot", {}) == {}
    with pytest.raises(InvalidField, match="outcome_reason"):
        validate("case", "close_on_spot", {"outcome": "denied"})


@pytest.mark.parametrize("level", ["A", "B", "C", "D"])
def test_an_attachment_may_say_how_far_it_is_trusted(level: str) -> None:
    paper = {"of": "0" * 32, "content_hash": "0" * 64}
    assert "trust" not in validate("attachment", "add", paper)
    assert validate("attachment", "add", {**paper, "trust": level})["trust"] == level


def test_accounts_lie_in_companions_only() -> None:
    holders = {kind.name for kind in KINDS.values() if "account" in kind.fields}
    assert holders == {"person_companion", "case_companion"}
    assert all(kind_of(name).companion_of for name in holders)


def test_personal_data_classes() -> None:
    case = kind_of("case").fields
    assert case["id_no"].pd == 3
    assert case["care_flags"].pd == 3
    assert case["phone"].pd == 2
    assert kind_of("complaint").fields["target_name"].pd == 4
    assert {code for code, _ in kind_of("complaint").fields["target_kind"].choices} == {
        "site",
        "item",
        "equipment",
        "person",
        "undisclosed",
    }
    assert {"person", "undisclosed"} == SEALED_TARGETS


def test_a_field_knows_the_word_of_a_choice() -> None:
    outcome = kind_of("case").fields["outcome"]
    assert outcome.choice_label("denied") == "不予"
    assert outcome.choice_label("other") == "other"


def test_a_bad_table_is_refused_at_once() -> None:
    one = Field("a", "甲", FieldType.TEXT)
    two = Field("b", "乙", FieldType.TEXT)
    with pytest.raises(ValueError, match="twice"):
        make_kind("k", "类", (one, one), default_act="register")
    with pytest.raises(ValueError, match="share the name"):
        make_kind(
            "k",
            "类",
            (one, two, Field("c", "丙", FieldType.TEXT)),
            default_act="register",
            registers=(Register("c", ("a", "b")),),
        )
