"""The sample county 富顺县 (510322) and the first calendar edition, read from package data.

Where the rows come from and what may be relied on: `data/fushun_510322/SOURCE.md`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import TypeVar

from shared.calendars import CalendarEdition
from shared.catalogue import CatalogueEdition
from shared.editions import InvalidEdition
from shared.item_rows import read_item
from shared.rows import Fault
from shared.site_rows import read_site, site_edition
from shared.sites import SiteEdition

T = TypeVar("T")

SAMPLE_COUNTY = "510322"
SAMPLE_LABEL = "示范目录"
_SITES_ON = date(2016, 7, 31)
_ITEMS_ON = date(2026, 1, 1)


@cache
def sample_calendar() -> CalendarEdition:
    """Return the calendar of 2024 to 2026 as announced and of 2027 as expected (provisional)."""
    return CalendarEdition.from_data(json.loads(_read("calendar_2024_2027.json")))


@cache
def sample_sites() -> SiteEdition:
    """Return the county centre, 26 townships and 384 villages of the 2016 edition."""
    return site_edition(
        _rows("fushun_510322/sites.csv", read_site),
        number=1,
        document="统计用区划代码2016年版（示范数据）",
        published_on=_SITES_ON,
        valid_from=_SITES_ON,
    )


@cache
def sample_catalogue() -> CatalogueEdition:
    """Return the 60 sample items, labelled 示范目录."""
    return CatalogueEdition(
        number=1,
        document="示范目录（不是县政府公布的文件）",
        published_on=_ITEMS_ON,
        effective_on=_ITEMS_ON,
        items=_rows("fushun_510322/items.csv", read_item),
        label=SAMPLE_LABEL,
    )


def _rows(
    name: str, read: Callable[[Mapping[str, str]], tuple[T | None, list[Fault]]]
) -> tuple[T, ...]:
    parsed = []
    for cells in csv.DictReader(_read(name).splitlines(keepends=True), strict=True):
        row, faults = read(cells)
        if row is None:
            raise InvalidEdition(f"示范数据 {name} 有误（{faults[0].sentence}），请重新安装。")
        parsed.append(row)
    return tuple(parsed)


def _read(name: str) -> str:
    return files("shared").joinpath("data", *name.split("/")).read_text(encoding="utf-8")
