"""Sites keep their ids while region codes come and go."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from shared.canonical import decode, encode
from shared.editions import InvalidEdition
from shared.regions import Level, RegionCode
from shared.sample import sample_sites
from shared.sites import (
    Site,
    SiteEdition,
    SiteKind,
    SiteStatus,
    UnknownSite,
    site_title,
)

BEGIN = date(2016, 7, 31)
MERGER = date(2019, 12, 1)
COUNTY = "510322000000"
OLD_TOWN, NEW_TOWN = "510322122000", "510322115000"


def code(code12: str, **fields: Any) -> RegionCode:
    return RegionCode(code12=code12, **{"valid_from": BEGIN, **fields})


def site(number: int, code12: str, kind: SiteKind, parent: str | None, **fields: Any) -> Site:
    return Site(
        id=f"s{number:04d}",
        name="某地",
        kind=kind,
        parent=parent,
        **{"codes": (code(code12),), **fields},
    )


def edition(*sites: Site, number: int = 1) -> SiteEdition:
    return SiteEdition(
        number=number, county="510322", document="", published_on=BEGIN, sites=tuple(sites)
    )


CENTRE = site(1, COUNTY, SiteKind.COUNTY, None)
TOWN = site(2, OLD_TOWN, SiteKind.TOWNSHIP, "s0001")
VILLAGE = site(3, "510322122201", SiteKind.VILLAGE, "s0002")
HEIR = site(4, NEW_TOWN, SiteKind.TOWNSHIP, "s0001")


def merged() -> SiteEdition:
    """万寿镇-like: the township ends, its village moves under another and gets a new code."""
    moved = VILLAGE.recoded(code("510322115207", valid_from=MERGER), parent="s0004")
    gone = TOWN.closed(date(2019, 11, 30), (NEW_TOWN, "510322102000"))
    return edition(CENTRE, gone, moved, HEIR, number=2)


def test_a_site_keeps_its_id_through_a_merger() -> None:
    after = merged()
    assert after.by_code("510322122201", date(2019, 11, 30)).id == "s0003"
    assert after.by_code("510322115207", MERGER).id == "s0003"
    assert after.township_of("s0003") == HEIR
    assert after.by_id("s0003").code_on(date(2019, 11, 30)) == code(
        "510322122201", valid_to=date(2019, 11, 30), successors=("510322115207",)
    )


def test_an_ended_code_is_answered_with_who_took_over() -> None:
    after = merged()
    assert after.successors(OLD_TOWN) == ("510322102000", NEW_TOWN)
    assert after.successors(NEW_TOWN) == ()
    with pytest.raises(UnknownSite, match=f"现为 510322102000、{NEW_TOWN}"):
        after.by_code(OLD_TOWN, MERGER)
    assert after.by_code(OLD_TOWN, date(2019, 11, 30)).status is SiteStatus.CLOSED


def test_a_divided_region_names_all_who_took_over() -> None:
    moved = VILLAGE.recoded(
        code("510322115207", valid_from=MERGER),
        parent="s0004",
        successors=("510322115207", "510322115208"),
    )
    after = edition(CENTRE, TOWN, moved, HEIR)
    assert after.successors("510322122201") == ("510322115207", "510322115208")


def test_a_code_may_pass_to_another_site_but_only_after_the_first() -> None:
    given_up = site(3, OLD_TOWN, SiteKind.TOWNSHIP, "s0001").recoded(
        code(NEW_TOWN, valid_from=MERGER), parent="s0001"
    )
    taker = site(
        5,
        OLD_TOWN,
        SiteKind.TOWNSHIP,
        "s0001",
        codes=(code(OLD_TOWN, valid_from=MERGER),),
    )
    both = edition(CENTRE, given_up, taker)
    assert both.by_code(OLD_TOWN, BEGIN).id == "s0003"
    assert both.by_code(OLD_TOWN, MERGER).id == "s0005"
    with pytest.raises(InvalidEdition, match="属于两个站点"):
        edition(CENTRE, TOWN, taker)


def test_a_kept_point_shares_a_region_and_is_not_found_by_its_code() -> None:
    park = site(5, OLD_TOWN, SiteKind.ENTERPRISE, "s0001", codes=(code(OLD_TOWN, shared=True),))
    county = edition(CENTRE, park, TOWN)
    assert county.by_code(OLD_TOWN, BEGIN) == TOWN
    assert county.by_id("s0005").level is Level.TOWNSHIP
    assert county.township_of("s0005") is None


def test_before_its_first_day_a_code_names_nobody() -> None:
    with pytest.raises(UnknownSite, match="请核对 12 位区划代码"):
        edition(CENTRE).by_code(COUNTY, date(2016, 7, 30))


def test_the_township_of_a_township_is_itself_and_the_county_has_none() -> None:
    county = edition(CENTRE, TOWN, VILLAGE)
    assert county.township_of("s0003") == TOWN
    assert county.township_of("s0002") == TOWN
    assert county.township_of("s0001") is None
    assert county.children("s0001") == (TOWN,)
    assert county.children("s0003") == ()


@pytest.mark.parametrize("site_id", ["", "s9999", COUNTY])
def test_an_unknown_site_is_said_so(site_id: str) -> None:
    county = edition(CENTRE)
    assert county.knows("s0001")
    assert not county.knows(site_id)
    with pytest.raises(UnknownSite, match="更新目录"):
        county.by_id(site_id)
    with pytest.raises(UnknownSite):
        county.township_of(site_id)


@pytest.mark.parametrize(
    ("sites", "sentence"),
    [
        ((CENTRE, CENTRE), "重复的站点编号"),
        ((CENTRE, site(2, OLD_TOWN, SiteKind.TOWNSHIP, "s0009")), "上级站点s0009有误"),
        ((site(2, OLD_TOWN, SiteKind.TOWNSHIP, "s0002"),), "上级站点s0002有误"),
        (
            (
                site(2, OLD_TOWN, SiteKind.TOWNSHIP, "s0003"),
                site(3, NEW_TOWN, SiteKind.TOWNSHIP, "s0002"),
            ),
            "上级站点s000[23]有误",
        ),
        ((site(2, OLD_TOWN, SiteKind.TOWNSHIP, None, codes=()),), "没有区划代码"),
    ],
)
def test_an_edition_that_contradicts_itself_cannot_be_made(
    sites: tuple[Site, ...], sentence: str
) -> None:
    with pytest.raises(InvalidEdition, match=sentence):
        edition(*sites)


def test_an_edition_comes_back_from_its_canonical_bytes() -> None:
    for each in (merged(), sample_sites()):
        again = SiteEdition.from_data(decode(encode(each.to_data()), 1_000_000))
        assert again == each
        assert again.content_hash() == each.content_hash()


def test_broken_data_is_refused() -> None:
    data: Any = merged().to_data()
    data["sites"][0]["kind"] = "省中心"
    with pytest.raises(InvalidEdition, match=r"\$\.sites\[0\]\.kind"):
        SiteEdition.from_data(data)


@pytest.mark.parametrize(
    ("name", "kind", "title"),
    [
        ("富顺县", SiteKind.COUNTY, "富顺县政务服务中心"),
        ("富世镇", SiteKind.TOWNSHIP, "富世镇便民服务中心"),
        ("华利村委会", SiteKind.VILLAGE, "华利村便民服务站"),
        ("华利村民委员会", SiteKind.VILLAGE, "华利村便民服务站"),
        ("西门社区居民委员会", SiteKind.VILLAGE, "西门社区便民服务站"),
        ("西门社区居委会", SiteKind.VILLAGE, "西门社区便民服务站"),
        ("西门居委会", SiteKind.VILLAGE, "西门社区便民服务站"),
        ("团结村", SiteKind.VILLAGE, "团结村便民服务站"),
        ("晨光园区", SiteKind.ENTERPRISE, "晨光园区企业服务中心"),
    ],
)
def test_the_name_on_the_door(name: str, kind: SiteKind, title: str) -> None:
    assert site_title(name, kind) == title


def test_every_status_has_its_word() -> None:
    assert [status.label for status in SiteStatus] == ["筹建", "试运行", "运行", "暂停", "撤销"]
