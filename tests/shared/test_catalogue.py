"""Catalogue editions: items, limits, fees, and what changed between two of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from shared.canonical import decode, encode
from shared.catalogue import (
    CatalogueEdition,
    Fee,
    Item,
    ItemKind,
    Material,
    Need,
    TaskType,
    UnknownItem,
    in_force,
)
from shared.deadlines import Limit, Unit
from shared.editions import InvalidEdition
from shared.sample import sample_catalogue
from shared.sites import SiteKind


def item(code: str = "A", **fields: Any) -> Item:
    usual = {
        "name": "高龄津贴申请",
        "department": "县民政局",
        "kind": ItemKind.PROMISED,
        "statutory_days": 20,
        "promised_days": 10,
    }
    return Item(code=code, **{**usual, **fields})


def edition(*items: Item, number: int = 1, effective_on: date = date(2026, 1, 1)) -> Any:
    return CatalogueEdition(
        number=number,
        document="县政府令第1号",
        published_on=date(2026, 1, 1),
        effective_on=effective_on,
        items=items,
    )


def test_a_silent_item_has_the_defaults_of_a_village_that_only_helps() -> None:
    silent = item()
    assert silent.accept_at == (SiteKind.TOWNSHIP,)
    assert silent.village_proxy
    assert not silent.village_instant
    assert not silent.tacit_approval
    assert not silent.deemed_acceptance
    assert silent.special_procedures == ()
    assert silent.fee_on(date(2026, 1, 1)) == 0
    assert silent.promised == Limit(10)
    assert silent.statutory == Limit(20, Unit.WORKDAY)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"promised_days": 21}, "超过法定时限"),
        ({"promised_days": -1}, "超过法定时限"),
        ({"promised_days": 0}, "承诺件至少 1 天"),
        ({"kind": ItemKind.INSTANT}, "即办件的承诺时限为 0"),
        ({"code": ""}, "缺少编码"),
        ({"name": ""}, "缺少编码或名称"),
    ],
)
def test_an_item_that_contradicts_itself_cannot_be_made(
    fields: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InvalidEdition, match=sentence):
        item(**fields)


def test_a_fee_holds_on_its_days_only() -> None:
    fee = Fee(amount_fen=500, valid_from=date(2026, 3, 1), valid_to=date(2026, 6, 30))
    charged = item(fee=fee)
    assert charged.fee_on(date(2026, 2, 28)) == 0
    assert charged.fee_on(date(2026, 3, 1)) == 500
    assert charged.fee_on(date(2026, 6, 30)) == 500
    assert charged.fee_on(date(2026, 7, 1)) == 0
    assert item(fee=Fee(amount_fen=2000)).fee_on(date(1999, 1, 1)) == 2000


def test_an_edition_comes_back_from_its_canonical_bytes() -> None:
    full = edition(
        item(
            "B",
            task_type=TaskType.LICENCE,
            unit=Unit.NATURAL,
            accept_at=(SiteKind.TOWNSHIP, SiteKind.VILLAGE),
            materials=(Material(name="证件照", need=Need.DEFERRABLE, later_days=5, reuse_days=90),),
            fee=Fee(amount_fen=2000, basis="省定", valid_from=date(2026, 1, 1)),
            tacit_approval=True,
        ),
        item("A"),
    )
    for each in (full, sample_catalogue()):
        data = decode(encode(each.to_data()), 1_000_000)
        again = CatalogueEdition.from_data(data)
        assert again == each
        assert again.content_hash() == each.content_hash()


def test_equal_editions_have_equal_hashes_however_they_were_built() -> None:
    spelt = item(accept_at=(SiteKind("乡镇中心"),), fee=Fee(amount_fen=0), materials=())
    assert edition(spelt).content_hash() == edition(item()).content_hash()
    assert edition(item(name="别的")).content_hash() != edition(item()).content_hash()


def test_the_hash_of_the_sample_list_never_changes_under_a_newer_program() -> None:
    # Cases name this hash. If it changes, a default or the plain form was changed: put it back.
    assert sample_catalogue().content_hash().hex() == (
        "a541cd2846f2690bd50fc77451cfda6cc8b5407c42a8f8c5fea010027d0da9ed"
    )


def test_a_field_of_a_newer_version_is_passed_over() -> None:
    data = edition(item()).to_data()
    assert CatalogueEdition.from_data({**data, "signed_by": "省"}) == edition(item())


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "缓办件"},
        {"promised_days": "10"},
        {"materials": [{}]},
        {"accept_at": ["省中心"]},
        {"fee": {"amount_fen": 1.5}},
        {"promised_days": 99},
    ],
)
def test_broken_data_is_refused(change: dict[str, Any]) -> None:
    data: Any = edition(item()).to_data()
    data["items"][0].update(change)
    with pytest.raises(InvalidEdition):
        CatalogueEdition.from_data(data)


def test_a_code_stands_once_in_an_edition() -> None:
    with pytest.raises(InvalidEdition, match="事项编码A重复"):
        edition(item(), item())


def test_an_unknown_code_is_answered_with_what_to_do() -> None:
    assert edition(item()).item("A") == item()
    with pytest.raises(UnknownItem, match="第1版事项目录里没有「Z」"):
        edition(item()).item("Z")


def test_the_edition_in_force_is_the_newest_of_those_in_effect() -> None:
    march = edition(number=2, effective_on=date(2026, 3, 2))
    july = edition(number=3, effective_on=date(2026, 7, 1))
    first = edition()
    everything = [july, first, march]
    assert in_force(everything, date(2025, 12, 31)) is None
    assert in_force(everything, date(2026, 3, 1)) is first
    assert in_force(everything, date(2026, 3, 2)) is march
    assert in_force(everything, date(2026, 12, 1)) is july


def test_a_circle_of_items_is_refused_with_their_names() -> None:
    chain = (item("A", replaces=("B",)), item("B", parent="C"), item("C"))
    assert len(edition(*chain).items) == 3
    with pytest.raises(InvalidEdition, match="事项A → B → C → A的主项或并入关系绕成了圈"):
        edition(*chain[:2], item("C", replaces=("A",)))
    with pytest.raises(InvalidEdition, match="事项A → A的"):
        edition(item("A", parent="A"))
    with pytest.raises(InvalidEdition, match="事项A的主项Z不在目录里"):
        edition(item("A", parent="Z"))
    assert edition(item("A", replaces=("Z",))).items[0].replaces == ("Z",)
