"""Rows of a site table become sites, or say what is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from shared.site_rows import SITE_COLUMNS, SiteRow, SiteUnclear, read_site, site_edition
from shared.sites import SiteEdition, SiteKind, SiteStatus

DAY = date(2026, 1, 1)
COUNTY = SiteRow("450222000000", "柳城县", "县", "", SiteKind.COUNTY)
TOWN = SiteRow("450222100000", "大埔镇", "镇", "450222000000", SiteKind.TOWNSHIP)
OTHER = SiteRow("450222101000", "龙头镇", "镇", "450222000000", SiteKind.TOWNSHIP)
VILLAGE = SiteRow("450222100201", "中回村委会", "村委会", "450222100000", SiteKind.VILLAGE)
PARK = SiteRow("450222100000", "工业园", "镇", "450222000000", SiteKind.ENTERPRISE)


def build(*rows: SiteRow, previous: SiteEdition | None = None, on: date = DAY) -> SiteEdition:
    number = 1 if previous is None else previous.number + 1
    return site_edition(
        rows, number=number, document="", published_on=on, valid_from=on, previous=previous
    )


def test_a_row_becomes_a_site_and_its_parent_follows_from_the_code() -> None:
    cells = {"code12": "450222100201", "name": "中回村委会", "kind": "村委会"}
    assert read_site(cells) == (VILLAGE, [])
    assert read_site({"code12": "450222100000", "name": "大埔镇", "kind": "镇"}) == (TOWN, [])
    assert read_site({"code12": "450222000000", "name": "柳城县", "kind": "县"}) == (COUNTY, [])


def test_the_further_columns() -> None:
    cells = {"code12": "450222100000", "name": "工业园", "kind": "镇", "site_kind": "企业中心"}
    assert read_site(cells) == (PARK, [])
    moved = {
        "code12": "450222100201",
        "name": "中回村委会",
        "kind": "村委会",
        "parent12": "450222101000",
        "status": "筹建",
        "level": "village",
    }
    row, faults = read_site(moved)
    assert faults == []
    assert row is not None
    assert (row.parent12, row.status) == ("450222101000", SiteStatus.PLANNED)


def test_the_example_of_the_template_is_a_good_row() -> None:
    row, faults = read_site({column.name: column.example for column in SITE_COLUMNS})
    assert faults == []
    assert row is not None


@pytest.mark.parametrize(
    ("column", "cell", "sentence"),
    [
        ("code12", "", "不能为空"),
        ("code12", "450222", "12 位区划代码"),
        ("name", "", "不能为空"),
        ("name", "村" * 51, "最多 50 个"),
        ("kind", "镇", "村委会、居委会"),
        ("parent12", "大埔镇", "12 位区划代码"),
        ("site_kind", "县中心", "应为「村站」"),
        ("status", "拆迁", "筹建"),
        ("level", "township", "应为 village"),
        ("old12", "中回村", "12 位区划代码"),
        ("successors", "450222100202;中回村", "12 位区划代码"),
        ("successors", "450222100202", "继任代码"),
    ],
)
def test_every_kind_of_bad_cell_is_named(column: str, cell: str, sentence: str) -> None:
    cells = {"code12": "450222100201", "name": "中回村委会", "kind": "村委会", column: cell}
    row, faults = read_site(cells)
    assert row is None
    assert column in {fault.column for fault in faults}
    assert any(sentence in fault.sentence for fault in faults)


def test_the_county_centre_has_nobody_above_it() -> None:
    cells = {"code12": "450222000000", "name": "柳城县", "kind": "县", "parent12": "450000000000"}
    row, faults = read_site(cells)
    assert row is None
    assert "没有上级" in faults[0].sentence


def test_ids_follow_the_codes_and_the_county_is_first_whatever_the_order_of_the_rows() -> None:
    edition = build(VILLAGE, OTHER, PARK, COUNTY, TOWN)
    assert [(site.id, site.name) for site in edition.sites] == [
        ("s0001", "柳城县"),
        ("s0002", "大埔镇"),
        ("s0003", "工业园"),
        ("s0004", "中回村委会"),
        ("s0005", "龙头镇"),
    ]
    assert edition == build(TOWN, COUNTY, OTHER, VILLAGE, PARK)
    assert edition.county == "450222"
    assert edition.by_id("s0004").parent == "s0002"
    assert edition.by_code("450222100000", DAY).name == "大埔镇"


def test_a_second_table_keeps_ids_adds_after_them_and_closes_what_is_gone() -> None:
    first = build(COUNTY, TOWN, VILLAGE)
    later = date(2026, 7, 1)
    renamed = SiteRow(VILLAGE.code12, "团结村委会", "村委会", TOWN.code12, SiteKind.VILLAGE)
    second = build(COUNTY, OTHER, TOWN, renamed, previous=first, on=later)
    assert {site.name: site.id for site in second.sites} == {
        "柳城县": "s0001",
        "大埔镇": "s0002",
        "团结村委会": "s0003",
        "龙头镇": "s0004",
    }
    assert second.by_id("s0003").codes == first.by_id("s0003").codes
    third = build(COUNTY, OTHER, previous=second, on=date(2027, 1, 1))
    gone = third.by_id("s0003")
    assert gone.status is SiteStatus.CLOSED
    assert gone.code_on(date(2026, 12, 31)) is not None
    assert gone.code_on(date(2027, 1, 1)) is None
    fourth = build(COUNTY, OTHER, TOWN, previous=third, on=date(2028, 1, 1))
    assert fourth.by_id("s0003") == gone
    assert fourth.by_code(TOWN.code12, date(2028, 1, 1)).id == "s0005"
    assert fourth.by_code(TOWN.code12, date(2026, 8, 1)).id == "s0002"


LATER = date(2026, 7, 1)
EVE = date(2026, 6, 30)
SECOND = SiteRow("450222100202", "西村委会", "村委会", TOWN.code12, SiteKind.VILLAGE)


def names(edition: SiteEdition) -> dict[str, str]:
    return {site.id: site.name for site in edition.sites}


def code(edition: SiteEdition, site: str, on: date) -> str:
    found = edition.by_id(site).code_on(on)
    assert found is not None
    return found.code12


def test_the_columns_that_name_a_site_of_before() -> None:
    cells = {
        "code12": "450222101201", "name": "中回村委会", "kind": "村委会", "site_id": "s0004",
        "old12": "４５０２２２１００２０１",
        "successors": "450222101201、450222101202；450222101203",
    }  # fmt: skip
    row, faults = read_site(cells)
    assert faults == []
    assert row is not None
    assert (row.site_id, row.old12) == ("s0004", "450222100201")
    assert row.successors == ("450222101201", "450222101202", "450222101203")


@pytest.mark.parametrize("by", ["site_id", "old12"])
def test_a_recoded_site_keeps_its_id_and_its_code_begins_with_the_edition(by: str) -> None:
    first = build(COUNTY, TOWN, OTHER, VILLAGE)
    (site_id,) = (site.id for site in first.sites if site.name == VILLAGE.name)
    moved = SiteRow(
        "450222101230", "团结村委会", "村委会", OTHER.code12, SiteKind.VILLAGE,
        site_id=site_id if by == "site_id" else "",
        old12=VILLAGE.code12 if by == "old12" else "",
    )  # fmt: skip
    second = build(COUNTY, TOWN, OTHER, moved, previous=first, on=LATER)
    assert len(second.sites) == len(first.sites)
    assert (code(second, site_id, EVE), code(second, site_id, LATER)) == (
        VILLAGE.code12, moved.code12,
    )  # fmt: skip
    assert second.by_id(site_id).name == "团结村委会"
    assert second.township_of(site_id) == second.by_code(OTHER.code12, LATER)
    assert second.successors(VILLAGE.code12) == (moved.code12,)
    again = build(COUNTY, TOWN, OTHER, moved, previous=second, on=date(2027, 1, 1))
    assert again.sites == second.sites


def test_nobody_is_matched_by_name_alone() -> None:
    first = build(COUNTY, TOWN, OTHER, VILLAGE)
    namesake = replace(VILLAGE, code12="450222101201", parent12=OTHER.code12)
    second = build(COUNTY, TOWN, OTHER, namesake, previous=first, on=LATER)
    assert len(second.sites) == len(first.sites) + 1


@pytest.mark.parametrize(
    ("codes", "olds"),
    [
        (("450222100202", "450222100203"), ("450222100201", "450222100202")),
        (("450222100202", "450222100201"), ("450222100201", "450222100202")),
    ],
    ids=["chain", "swap"],
)
def test_codes_that_are_handed_on(codes: tuple[str, str], olds: tuple[str, str]) -> None:
    first = build(COUNTY, TOWN, VILLAGE, SECOND)
    rows = [
        replace(row, code12=new, old12=old)
        for row, new, old in zip((VILLAGE, SECOND), codes, olds, strict=True)
    ]
    second = build(COUNTY, TOWN, *rows, previous=first, on=LATER)
    assert names(second) == names(first)
    assert [second.by_code(one, LATER).name for one in codes] == [VILLAGE.name, SECOND.name]
    again = build(COUNTY, TOWN, *rows, previous=second, on=date(2027, 1, 1))
    assert again.sites == second.sites


def test_a_closed_site_names_who_took_over() -> None:
    first = build(COUNTY, TOWN, VILLAGE, SECOND)
    closed = replace(VILLAGE, status=SiteStatus.CLOSED, successors=(SECOND.code12,))
    second = build(COUNTY, TOWN, closed, SECOND, previous=first, on=LATER)
    assert names(second) == names(first)
    assert second.successors(VILLAGE.code12) == (SECOND.code12,)
    gone = second.by_code(VILLAGE.code12, EVE)
    assert gone.status is SiteStatus.CLOSED
    assert gone.code_on(LATER) is None
    again = build(COUNTY, TOWN, closed, SECOND, previous=second, on=date(2027, 1, 1))
    assert again.by_code(VILLAGE.code12, EVE) == gone
    assert names(again) == names(first)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (replace(VILLAGE, site_id="s0999"), "不存在"),
        (replace(VILLAGE, site_id="s0002"), "是乡镇中心"),
        (replace(VILLAGE, old12="450222100999"), "不属于任何站点"),
        (replace(VILLAGE, old12=SECOND.code12), "两行都指站点"),
    ],
)
def test_a_row_that_means_no_site_or_another_rows_site(changed: SiteRow, sentence: str) -> None:
    first = build(COUNTY, TOWN, VILLAGE, SECOND)
    row = replace(changed, code12="450222100230")
    with pytest.raises(SiteUnclear, match=sentence):
        build(COUNTY, TOWN, row, SECOND, previous=first, on=LATER)


def test_a_first_table_has_no_site_ids() -> None:
    with pytest.raises(SiteUnclear, match="留空"):
        build(COUNTY, replace(TOWN, site_id="s0002"))
    assert names(build(COUNTY, replace(TOWN, old12="450222900000")))["s0002"] == TOWN.name
