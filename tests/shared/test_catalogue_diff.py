"""The difference of two catalogue editions: whole, applicable, the same from both sides."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from shared.catalogue import CatalogueEdition, Fee, Item, ItemKind, Material, TaskType
from shared.catalogue_diff import (
    FIELDS,
    MIRRORED,
    DoesNotFit,
    Group,
    apply,
    compare,
)
from shared.deadlines import Unit
from shared.sample import sample_catalogue
from shared.sites import SiteKind
from tests.shared.catalogues import edition_pairs
from tests.shared.test_catalogue import edition, item

Pair = tuple[CatalogueEdition, CatalogueEdition]


@given(edition_pairs())
@settings(max_examples=60)
def test_a_difference_applied_to_the_old_edition_is_the_new_one(pair: Pair) -> None:
    old, new = pair
    assert apply(compare(old, new), old) == new
    assert compare(old, old).is_empty
    assert compare(old, old).counts() == {}
    assert compare(old, new).is_empty == (old == new)


@given(edition_pairs())
@settings(max_examples=60)
def test_from_the_other_side_the_same_kinds_of_change_are_seen(pair: Pair) -> None:
    there, back = compare(*pair), compare(*reversed(pair))
    mirrored = {MIRRORED.get(group, group): n for group, n in there.counts().items()}
    assert back.counts() == mirrored
    assert {(new, old) for old, new in there.ways} == back.ways
    assert [(one.after, one.before) for one in there.changed] == [
        (one.before, one.after) for one in back.changed
    ]


def test_merged_split_recoded_and_cancelled_items_are_told_apart() -> None:
    old = edition(*(item(code) for code in "ABCDEFG"))
    new = edition(
        item("M", replaces=("A", "B")), item("C"), item("C2", replaces=("C",)),
        item("R", replaces=("D",)), item("E", replaces=("F",)), item("N"),
        number=2,
    )  # fmt: skip
    found = compare(old, new)
    assert found.counts() == {
        Group.ADDED: 1, Group.MERGED: 2, Group.SPLIT: 1, Group.RECODED: 1, Group.CANCELLED: 1,
        Group.OTHER: 1,
    }  # fmt: skip
    merged = {
        tuple(one.code for one in family.before): family.after[0].code
        for family in found.families_of(Group.MERGED)
    }
    assert merged == {("A", "B"): "M", ("E", "F"): "E"}
    (split,) = found.families_of(Group.SPLIT)
    assert [one.code for one in split.after] == ["C", "C2"]
    assert [one.code for one in found.cancelled] == ["G"]
    assert [one.code for one in found.fresh] == ["N"]
    later = msgspec.structs.replace(new, number=3)
    assert compare(new, later).counts() == {}, "a successor is told once, not in every edition"


@pytest.mark.parametrize(
    ("fields", "groups"),
    [
        ({"kind": ItemKind.INSTANT, "promised_days": 0}, {Group.KIND, Group.LIMIT}),
        ({"statutory_days": 30}, {Group.LIMIT}),
        ({"unit": Unit.NATURAL}, {Group.LIMIT}),
        ({"fee": Fee(amount_fen=500)}, {Group.FEE}),
        ({"task_type": TaskType.LICENCE}, {Group.MOVED}),
        ({"materials": (Material(name="申请表"),)}, {Group.MATERIALS}),
        ({"department": "县残联"}, {Group.PLACE}),
        ({"accept_at": (SiteKind.VILLAGE,)}, {Group.PLACE}),
        ({"name": "高龄补贴", "fee": Fee(amount_fen=500)}, {Group.FEE, Group.OTHER}),
    ],
)
def test_a_changed_item_stands_in_the_groups_of_its_changes(
    fields: dict[str, Any], groups: set[Group]
) -> None:
    found = compare(edition(item()), edition(item(**fields), number=2))
    assert set(found.counts()) == groups
    for group in groups:
        (change,) = found.changes_of(group)
        assert (change.before, change.after) == (item(), item(**fields))


def test_every_field_of_an_item_is_seen_by_the_comparison() -> None:
    other = {
        "department": "县残联", "accept_at": (SiteKind.VILLAGE,), "village_proxy": False,
        "in_person_steps": ("评定",), "special_procedures": ("公示",),
        "materials": (Material(name="申请表"),), "legal_basis": "某法", "tacit_approval": True,
        "relative_declaration": True, "catalog_code": "1", "task_code": "2",
        "handle_item_code": "3", "task_version": 2, "name": "别的", "statutory_days": 21,
        "promised_days": 9, "unit": Unit.NATURAL, "task_type": TaskType.LICENCE,
        "fee": Fee(amount_fen=1), "suspended": True, "replaces": ("Z",),
    }  # fmt: skip
    assert set(Item.__struct_fields__) - set(other) == {"code", "kind", "parent"}
    for name, value in other.items():
        changed = msgspec.structs.replace(item(), **{name: value})
        (change,) = compare(edition(item()), edition(changed)).changed
        assert change.fields == (name,)
        assert any(compare(edition(item()), edition(changed)).changes_of(group) for group in FIELDS)


def test_a_draft_moves_onto_the_edition_that_came_out_meanwhile() -> None:
    base = sample_catalogue()
    one, other, third = base.items[:3]

    def with_item(edition: CatalogueEdition, changed: Item) -> CatalogueEdition:
        rest = tuple(changed if each.code == changed.code else each for each in edition.items)
        return msgspec.structs.replace(edition, items=rest)

    mine = with_item(base, msgspec.structs.replace(one, name="改名一"))
    theirs = msgspec.structs.replace(
        with_item(base, msgspec.structs.replace(other, name="改名二")), number=2
    )
    moved = apply(compare(base, mine), theirs)
    assert (moved.by_code[one.code].name, moved.by_code[other.code].name) == ("改名一", "改名二")
    assert moved.by_code[third.code] == third
    clash = with_item(base, msgspec.structs.replace(one, name="另一个名"))
    with pytest.raises(DoesNotFit, match=one.code):
        apply(compare(base, mine), clash)
