"""An edition's hash depends on its values, not on how it was filled."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from shared.canonical import encode
from shared.editions import InvalidEdition, edition_hash, from_plain, to_plain


class Leaf(msgspec.Struct, frozen=True):
    name: str
    tags: tuple[str, ...] = ("甲",)
    on: date | None = None


class Tree(msgspec.Struct, frozen=True):
    number: int
    leaves: tuple[Leaf, ...] = ()


def test_a_default_is_left_out_however_it_came_there() -> None:
    built = Leaf("叶", tags=("甲", "乙")[:1])
    assert to_plain(built) == {"name": "叶"}
    assert to_plain(Leaf("叶", tags=())) == {"name": "叶", "tags": []}


def test_a_required_field_is_always_there() -> None:
    assert to_plain(Tree(0)) == {"number": 0}


def test_nested_parts_and_dates_become_plain() -> None:
    tree = Tree(1, (Leaf("叶", on=date(2026, 1, 2)),))
    plain = to_plain(tree)
    assert plain == {"number": 1, "leaves": [{"name": "叶", "on": "2026-01-02"}]}
    assert from_plain(plain, Tree, "树") == tree


def test_the_hash_is_over_canonical_bytes_whatever_the_order_of_the_keys() -> None:
    assert edition_hash({"b": 1, "a": 2}) == edition_hash({"a": 2, "b": 1})
    assert edition_hash({"a": 1}) != edition_hash({"a": 2})
    assert len(edition_hash({})) == 32
    assert encode({"a": 1})


def test_what_is_wrong_is_named_with_its_place() -> None:
    with pytest.raises(InvalidEdition, match=r"树的内容不完整或有误（位置 \$\.leaves\[0\]\.name）"):
        from_plain({"number": 1, "leaves": [{"name": 5}]}, Tree, "树")
    with pytest.raises(InvalidEdition, match="位置 number"):
        from_plain({}, Tree, "树")
