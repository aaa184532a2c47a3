"""Rows of an item table become items, or say what is wrong."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings

from shared.catalogue import Fee, Form, Item, ItemKind, Material, Need, Source, TaskType
from shared.deadlines import Unit
from shared.item_rows import ITEM_COLUMNS, NotForTable, cells_of, read_item
from shared.sites import SiteKind
from tests.shared.catalogues import items

GOOD = {
    "code": "BM-RS-007",
    "name": "社会保障卡挂失与补换",
    "department": "县人社局",
    "kind": "承诺件",
    "statutory_workdays": "20",
    "promised_workdays": "7",
    "village_proxy": "no",
    "fee_yuan": "20",
    "materials": "申领人身份证件;挂失申请",
    "legal_basis": "社会保障卡管理办法",
}


def good(**cells: str) -> Item:
    item, faults = read_item({**GOOD, **cells})
    assert faults == []
    assert item is not None
    return item


def test_a_row_becomes_an_item() -> None:
    item = good()
    assert item.kind is ItemKind.PROMISED
    assert (item.statutory_days, item.promised_days) == (20, 7)
    assert not item.village_proxy
    assert item.fee.amount_fen == 2000
    assert item.materials == (Material(name="申领人身份证件"), Material(name="挂失申请"))
    assert item.task_type is TaskType.SERVICE
    assert item.accept_at == (SiteKind.TOWNSHIP,)


def test_the_further_columns() -> None:
    item = good(
        unit="自然日",
        task_type="行政许可",
        accept_at="村；乡镇",
        in_person_steps="本人签字",
        special_procedures="公示;鉴定",
        deferrable="挂失申请=5",
        tacit_approval="是",
        relative_declaration="是",
    )
    assert item.unit is Unit.NATURAL
    assert item.deemed_acceptance
    assert item.accept_at == (SiteKind.TOWNSHIP, SiteKind.VILLAGE)
    assert item.in_person_steps == ("本人签字",)
    assert item.special_procedures == ("公示", "鉴定")
    assert item.materials[1] == Material(name="挂失申请", need=Need.DEFERRABLE, later_days=5)
    assert item.tacit_approval
    assert item.relative_declaration


def test_the_example_of_the_template_is_a_good_row() -> None:
    item, faults = read_item({column.name: column.example for column in ITEM_COLUMNS})
    assert faults == []
    assert item is not None


@pytest.mark.parametrize(
    ("column", "cell", "sentence"),
    [
        ("code", "", "不能为空"),
        ("code", "医保一号", "只能用字母"),
        ("name", "", "不能为空"),
        ("department", "", "不能为空"),
        ("kind", "缓办件", "即办件、承诺件"),
        ("kind", "", "不能为空"),
        ("statutory_workdays", "二十", "整数"),
        ("promised_workdays", "", "不能为空"),
        ("promised_workdays", "21", "多于法定"),
        ("promised_workdays", "0", "至少 1 天"),
        ("village_proxy", "也许", "是、否"),
        ("fee_yuan", "-5", "金额"),
        ("materials", "申请书;申请书", "重复"),
        ("unit", "月", "工作日、自然日"),
        ("task_type", "其他", "行政许可"),
        ("accept_at", "省", "县、乡镇、村"),
        ("special_procedures", "领导出差", "停钟"),
        ("deferrable", "挂失申请", "名称=可后补"),
        ("deferrable", "挂失申请=0", "名称=可后补"),
        ("deferrable", "照片=5", "不在材料一栏里"),
    ],
)
def test_every_kind_of_bad_cell_is_named(column: str, cell: str, sentence: str) -> None:
    item, faults = read_item({**GOOD, column: cell})
    assert item is None
    assert [fault.column for fault in faults] == [column]
    assert sentence in faults[0].sentence


def test_an_instant_matter_promises_nothing() -> None:
    assert good(kind="即办件", promised_workdays="0").promised_days == 0
    item, faults = read_item({**GOOD, "kind": "即办件"})
    assert item is None
    assert "即办件的承诺时限应为 0" in faults[0].sentence


def test_all_faults_of_a_row_are_told_at_once() -> None:
    _, faults = read_item({**GOOD, "code": "", "kind": "缓办件", "fee_yuan": "x"})
    assert {fault.column for fault in faults} == {"code", "kind", "fee_yuan"}


@given(items())
@settings(max_examples=150)
def test_an_item_written_as_cells_and_read_again_is_the_same(item: Item) -> None:
    cells = cells_of(item)
    assert set(cells) == {column.name for column in ITEM_COLUMNS}
    assert read_item(cells) == (item, [])


def test_every_field_of_an_item_has_its_column() -> None:
    """What the table once lost: the rules of papers, days of a fee, codes, successors."""
    full = Item(
        code="BM-1", name="名", department="局", kind=ItemKind.PROMISED, statutory_days=20,
        promised_days=5, replaces=("BM-0",), parent="BM-9", suspended=True, catalog_code="000123",
        task_version=7,
        fee=Fee(amount_fen=550, basis="某文", valid_from=date(2026, 1, 1), valid_to=None),
        materials=(
            Material(name="照片", form=Form.ORIGINAL, copies=2, reuse_days=365),
            Material(name="户口簿", source=Source.SHARED, need=Need.DEFERRABLE, later_days=10),
            Material(name="监护人证明", need=Need.CONDITIONAL, when="未成年人，由监护人提供"),
        ),
    )  # fmt: skip
    cells = cells_of(full)
    assert cells["material_rules"] == (
        "照片=原件、2份、复用365天;户口簿=共享;监护人证明=情形：未成年人，由监护人提供"
    )
    assert (cells["deferrable"], cells["fee_yuan"]) == ("户口簿=10", "5.50")
    assert read_item(cells) == (full, [])


def test_an_item_that_no_cell_can_carry_is_not_written_short() -> None:
    odd = Item(
        code="A", name="名", department="局", kind=ItemKind.INSTANT, statutory_days=1,
        promised_days=0, materials=(Material(name="照片;底片"),),
    )  # fmt: skip
    with pytest.raises(NotForTable, match="事项A"):
        cells_of(odd)


@pytest.mark.parametrize(
    ("cells", "column", "sentence"),
    [
        ({"material_rules": "照片=原件"}, "material_rules", "名称与材料一栏相同"),
        ({"material_rules": "挂失申请=很多份"}, "material_rules", "应为 原件"),
        ({"fee_from": "2026-02-01", "fee_to": "2026-01-01"}, "fee_to", "早于收费起"),
        ({"parent": "甲"}, "parent", "只能用字母"),
        ({"task_version": "0"}, "task_version", "1 到"),
        ({"catalog_code": "1234567890123"}, "catalog_code", "超过 12 位"),
    ],
)
def test_a_fault_in_the_further_columns_is_named(
    cells: dict[str, str], column: str, sentence: str
) -> None:
    found, faults = read_item({**GOOD, **cells})
    assert found is None
    assert [fault.column for fault in faults] == [column]
    assert sentence in faults[0].sentence
