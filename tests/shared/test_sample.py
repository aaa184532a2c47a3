"""The sample county holds what its source says."""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import date
from importlib.resources import files

import pytest

from shared.catalogue import ItemKind, Need
from shared.deadlines import Unit
from shared.regions import Level
from shared.sample import SAMPLE_COUNTY, SAMPLE_LABEL, sample_catalogue, sample_sites
from shared.sites import SiteKind, SiteStatus

SITES = sample_sites()
CATALOGUE = sample_catalogue()
TODAY = date(2026, 11, 23)


def test_one_county_26_townships_and_384_villages() -> None:
    levels = Counter(site.level for site in SITES.sites)
    assert levels == {Level.COUNTY: 1, Level.TOWNSHIP: 26, Level.VILLAGE: 384}
    kinds = Counter(code.kind for site in SITES.sites for code in site.codes)
    assert kinds == {"县": 1, "镇": 22, "乡": 4, "村委会": 319, "居委会": 65}
    assert SITES.county == SAMPLE_COUNTY
    assert all(site.status is SiteStatus.LIVE for site in SITES.sites)


def test_the_county_centre_is_the_first_site() -> None:
    centre = SITES.by_id("s0001")
    assert (centre.name, centre.kind, centre.parent) == ("富顺县", SiteKind.COUNTY, None)
    assert centre.title == "富顺县政务服务中心"


def test_ids_are_in_the_order_of_the_codes() -> None:
    codes = [site.codes[0].code12 for site in SITES.sites]
    assert codes == sorted(codes)
    assert [site.id for site in SITES.sites] == [f"s{n:04d}" for n in range(1, 412)]


def test_sites_are_found_by_the_codes_of_the_table() -> None:
    assert SITES.by_code("510322100000", TODAY).name == "富世镇"
    village = SITES.by_code("510322200201", TODAY)
    assert village.name == "华利村委会"
    township = SITES.township_of(village.id)
    assert township is not None
    assert township.name == "龙万乡"


def test_every_village_has_its_township_by_its_code() -> None:
    for site in SITES.sites:
        if site.level is Level.VILLAGE:
            township = SITES.township_of(site.id)
            assert township is not None
            assert township.codes[0].code12[:9] == site.codes[0].code12[:9]


def test_four_names_are_a_village_and_a_community_so_names_are_no_key() -> None:
    names = Counter(re.sub("(社区居|居|村)委会$", "", site.name) for site in SITES.sites)
    assert {name for name, count in names.items() if count > 1} == {"西湖", "高石", "黄葛", "永胜"}


def test_sixty_items_of_which_fifteen_are_done_at_once() -> None:
    assert Counter(item.kind for item in CATALOGUE.items) == {
        ItemKind.PROMISED: 45,
        ItemKind.INSTANT: 15,
    }
    assert sum(not item.village_proxy for item in CATALOGUE.items) == 4
    assert CATALOGUE.label == SAMPLE_LABEL == "示范目录"


def test_two_items_cost_something() -> None:
    fees = {item.code: item.fee_on(TODAY) for item in CATALOGUE.items if item.fee_on(TODAY)}
    assert fees == {"BM-RS-007": 2000, "BM-GA-003": 4000}


def test_promised_days_are_606_of_1022() -> None:
    promised = [item for item in CATALOGUE.items if item.kind is ItemKind.PROMISED]
    assert sum(item.promised_days for item in promised) == 606
    assert sum(item.statutory_days for item in promised) == 1022
    assert {item.unit for item in CATALOGUE.items} == {Unit.WORKDAY}


def test_the_rarer_rules_have_a_real_case() -> None:
    items = CATALOGUE.items
    assert [i.code for i in items if i.village_instant] == ["BM-YB-003", "BM-RS-004"]
    assert [i.code for i in items if i.deemed_acceptance] == [
        "BM-LY-001",
        "BM-LY-002",
        "BM-ZR-002",
    ]
    assert len([i for i in items if i.special_procedures]) == 6
    relief = CATALOGUE.item("BM-MZ-004")
    later = [m for m in relief.materials if m.need is Need.DEFERRABLE]
    assert [m.later_days for m in later] == [10, 10]
    assert CATALOGUE.item("BM-CL-001").in_person_steps == ("残疾评定",)
    assert [i.code for i in items if i.relative_declaration] == ["BM-MZ-001", "BM-MZ-002"]
    assert not any(i.tacit_approval for i in items)


@pytest.mark.parametrize("name", ["sites.csv", "items.csv", "SOURCE.md"])
def test_the_package_carries_its_data(name: str) -> None:
    assert files("shared").joinpath("data", "fushun_510322", name).is_file()


def test_every_row_of_the_tables_is_in_the_editions() -> None:
    folder = files("shared").joinpath("data", "fushun_510322")
    for name, held in (("sites.csv", len(SITES.sites)), ("items.csv", len(CATALOGUE.items))):
        lines = folder.joinpath(name).read_text(encoding="utf-8").splitlines()
        assert len(list(csv.DictReader(lines))) == held
