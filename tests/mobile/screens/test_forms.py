"""Forms follow the declared kinds: what has to be given is on the first page, nothing is twice."""

from __future__ import annotations

import pytest

from mobile.screens.forms import TARGET_FIELD, TOWNSHIP_KINDS, Form, form_of, kinds_for
from shared.kinds import kind_of

FORMS = [(kind, "") for kind in TOWNSHIP_KINDS if kind != "complaint"] + [
    ("complaint", code)
    for code, _word in kind_of("complaint").fields["target_kind"].choices
]  # fmt: skip


def names(form: Form) -> list[str]:
    return [question.field.name for question in (*form.first, *form.more)]


@pytest.mark.parametrize(("kind", "target"), FORMS)
def test_what_is_required_stands_first(kind: str, target: str) -> None:
    form = form_of(kind, target)
    first = {question.field.name for question in form.first} | set(form.preset)
    table = kind_of(kind)
    assert {field.name for field in table.required_at(table.default_act)} <= first
    for act, either in table.either:
        assert act != table.default_act or first & set(either)


@pytest.mark.parametrize(("kind", "target"), FORMS)
def test_no_field_stands_twice_and_none_of_the_machine(kind: str, target: str) -> None:
    found = names(form_of(kind, target))
    assert len(found) == len(set(found))
    assert not set(found) & {"slip", "query_code", "item_name", "reason", "practice"}
    assert not any(kind_of(kind).fields[name].note for name in found)


def test_a_complaint_asks_for_its_own_target_alone() -> None:
    for target, field in TARGET_FIELD.items():
        found = names(form_of("complaint", target))
        assert found[0] == field
        assert not set(found) & (set(TARGET_FIELD.values()) - {field})


def test_persons_and_undisclosed_targets_are_sealed() -> None:
    sealed = {target for kind, target in FORMS if form_of(kind, target).sealed}
    assert sealed == {"person", "undisclosed"}


def test_cases_are_received_in_the_township() -> None:
    assert "case" not in kinds_for("village")
    assert "case" in kinds_for("clerk")
    assert "case" in kinds_for("head")
