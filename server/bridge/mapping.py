"""The county's table of codes: what the province calls what we call so.

It ships with proposals (`data/codes.json`, with source and date) and becomes the county's own once
loaded: an edition, that is a signed operation, whose history stays. A code that has no entry, or an
empty one, is never guessed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from server.county import County, Editions, day_number
from server.steward import SYSTEM, Draft, write
from server.storage import Tx
from server.storage.rows import Edition
from shared import canonical, ids, lifecycle
from shared.canonical import Value
from shared.catalogue import SPECIAL_PROCEDURES, Item
from shared.errors import Refused
from shared.kind_table import common
from shared.regions import Level
from shared.sites import Site

KIND = "bridge_edition"
ITEM_SECTIONS = ("item_catalog", "item_task", "item_handle")
SITE = "site_org"
NO_ID = "no_id_no"
OPTIONAL = frozenset({"item_handle"})
"""Sections that may stay empty without anything waiting for them."""


class Section(NamedTuple):
    """A group of codes: its name for people and the most characters of a code."""

    label: str
    width: int


SECTIONS: Mapping[str, Section] = MappingProxyType(
    {
        "event_name": Section("业务动作", 2),
        "result_type": Section("办结结果", 2),
        "special_type": Section("特别程序种类", 2),
        "id_type": Section("证件类型", 70),
        "apply_type": Section("申请类型", 2),
        "project_type": Section("办理类型", 2),
        "get_type": Section("材料收取方式", 2),
        "satisfaction": Section("满意度", 2),
        "fixed": Section("固定值", 70),
        "item_catalog": Section("事项基本编码", 12),
        "item_task": Section("事项实施编码", 36),
        "item_handle": Section("业务办理项编码", 50),
        "site_org": Section("受理部门编码", 18),
    }
)
FIXED = {
    "recipient": "接收单位：文件报给谁，写进操作日志",
    "applyer_type": "申请人类型：自然人",
    "data_source": "数据来源",
    "is_delivery_results": "是否快递递送结果：否",
    "no_id_no": "没有证件号码时“证件号码”一栏填什么；空着则等补齐证件再报",
}
RESULTS = {"granted": "准予", "denied": "不予", "reported": "转报", "withdrawn": "申请人撤回"}
LEVELS = {"5": "非常满意", "4": "满意", "3": "基本满意", "2": "不满意", "1": "非常不满意"}
FIXED_WIDTHS = {"applyer_type": 2, "data_source": 3, "is_delivery_results": 2}


class WrongMapping(Refused):
    """A table of codes that cannot be taken; the sentence names what is wrong."""


class Line(NamedTuple):
    """One line of the table as people edit it."""

    section: str
    local: str
    label: str
    code: str
    source: str


@dataclass(frozen=True)
class Codes:
    """A table of codes. `number` 0: the proposals that came with the program."""

    number: int
    title: str
    codes: Mapping[str, Mapping[str, str]]
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def is_own(self) -> bool:
        """Whether the county has loaded a table of its own."""
        return self.number > 0

    def to_data(self) -> dict[str, Value]:
        """Return the plain form."""
        return {
            "title": self.title,
            "codes": {name: {**some} for name, some in self.codes.items()},
            "sources": {name: {**some} for name, some in self.sources.items()},
        }

    def digest(self) -> bytes:
        """Return the SHA-256 over what codes there are (32 bytes)."""
        return hashlib.sha256(canonical.encode(self.to_data())).digest()


class Resolver:
    """Looks codes up: the table first, for items then what the catalogue itself says."""

    def __init__(self, codes: Codes, editions: Editions) -> None:
        self._codes, self._editions = codes, editions

    def code(self, section: str, local: str) -> str:
        """Return the province's code; '' where there is none."""
        return self._codes.codes.get(section, {}).get(local, "")

    def item(self, section: str, item: str) -> str:
        """Return a code of an item; '' where there is none."""
        known = self._editions.catalogue.by_code.get(item)
        return self.code(section, item) or (_of_catalogue(known, section) if known else "")

    def item_name(self, item: str) -> str:
        """Return the name of an item; '' for one that the catalogue in force does not hold."""
        known = self._editions.catalogue.by_code.get(item)
        return known.name if known else ""

    def task_version(self, item: str) -> int:
        """Return the version of an item in the catalogue in force; 1 where it says nothing."""
        known = self._editions.catalogue.by_code.get(item)
        return known.task_version if known else 1

    def body(self, site: str) -> tuple[str, str]:
        """Return code and name of the body a site accepts for: its own, else of the site above."""
        wanted: str | None = site
        while wanted and self._editions.knows(wanted):
            found = self._editions.sites.by_id(wanted)
            if code := self.code(SITE, wanted):
                return code, found.title
            wanted = found.parent
        return "", ""


@cache
def proposals() -> Codes:
    """Return the table that came with the program."""
    raw = files("server.bridge").joinpath("data", "codes.json").read_bytes()
    told = msgspec.json.decode(raw, type=_Shipped)
    source = {
        name: {local: f"{one.source}，{told.date}" for local, one in some.items()}
        for name, some in told.codes.items()
    }
    codes = {
        name: {local: one.code for local, one in some.items()} for name, some in told.codes.items()
    }
    return Codes(0, told.note, codes, source)


def in_force(tx: Tx, county: County) -> Codes:
    """Return the county's table of today; the proposals where it has loaded none."""
    row = tx.edition_on(KIND, day_number(county.today()))
    published = tx.operation(row.operation) if row is not None and row.operation else None
    if row is None or published is None:
        return proposals()
    try:
        told = msgspec.convert(published.data.get("content"), _Content)
    except msgspec.ValidationError as error:
        raise WrongMapping("台账里的代码对照表无法读取，请重新装入一份。") from error
    return Codes(row.number, told.title, told.codes, told.sources)


def publish(tx: Tx, county: County, codes: Codes, author: str = SYSTEM) -> Codes:
    """Let a table hold from today on, as a signed operation; return it as it is in force."""
    number, today = tx.next_edition_number(KIND), county.today()
    data: dict[str, Value] = {
        "number": number,
        "title": codes.title,
        "published_on": today.isoformat(),
        "effective_on": today.isoformat(),
        "content_hash": codes.digest().hex(),
        "content": codes.to_data(),
    }
    record = ids.uuid7(county.now(), county.entropy(10))
    centre = county.editions(tx).centre
    (done,) = write(tx, county, [Draft(record, KIND, "publish", data, author=author, site=centre)])
    tx.put_edition(Edition(KIND, number, codes.digest(), done.id, day_number(today)))
    return Codes(number, codes.title, codes.codes, codes.sources)


# ---- as a list of lines


def lines_of(codes: Codes, editions: Editions) -> Iterator[Line]:
    """Yield every code the county has, mapped or not, in the order of the sheet."""
    for section, words in _words(editions).items():
        told = codes.codes.get(section, {})
        sources = codes.sources.get(section, {})
        resolver = Resolver(codes, editions)
        for local, label in words.items():
            code = told.get(local, "")
            source = sources.get(local, "")
            if not code and section in ITEM_SECTIONS:
                code = resolver.item(section, local)
                source = "事项目录" if code else source
            yield Line(section, local, label, code, source)
        for local in sorted(told.keys() - words.keys()):
            yield Line(section, local, "（目录外）", told[local], sources.get(local, ""))


def codes_from(lines: Iterable[tuple[int, Line]], title: str) -> Codes:
    """Return the table that numbered lines make; raise WrongMapping naming the first ten faults."""
    codes: dict[str, dict[str, str]] = {}
    sources: dict[str, dict[str, str]] = {}
    faults: list[str] = []
    for number, line in lines:
        if fault := _fault(line, codes):
            faults.append(f"第 {number} 行：{fault}")
            continue
        codes.setdefault(line.section, {})[line.local] = line.code
        if line.source:
            sources.setdefault(line.section, {})[line.local] = line.source[:200]
    if faults:
        more = f"等 {len(faults)} 处" if len(faults) > 10 else ""
        raise WrongMapping("代码对照表没有装入。" + "；".join(faults[:10]) + more + "。")
    if not codes:
        raise WrongMapping("代码对照表是空的，没有装入；请先用 --write 取一份，填好后再装。")
    return Codes(0, title[:200], codes, sources)


def _fault(line: Line, known: Mapping[str, Mapping[str, str]]) -> str:
    section = SECTIONS.get(line.section)
    if section is None:
        return f"没有“{line.section[:20]}”这一类代码"
    if not line.local or len(line.local) > 64:
        return "本县代码是空的，或超过 64 个字符"
    if line.local in known.get(line.section, {}):
        return f"{section.label}“{line.local[:40]}”重复"
    width = section.width
    if line.section == "fixed":
        width = FIXED_WIDTHS.get(line.local, width)
    if len(line.code) > width:
        return f"{section.label}“{line.local[:40]}”的省平台代码超过 {width} 个字符"
    return "" if line.code.isprintable() else f"“{line.local[:40]}”的省平台代码里有看不见的字符"


def has_to_be(line: Line) -> bool:
    """Whether rows wait while this code is empty; a site without one takes that of the site above,
    and what stands for a missing document may stay empty on purpose."""
    if line.section in OPTIONAL or line.section == SITE:
        return False
    return (line.section, line.local) not in {("fixed", NO_ID), ("id_type", "999")}


def label_of(section: str, local: str, editions: Editions) -> str:
    """Return what a code of ours means."""
    return _words(editions).get(section, {}).get(local, local)


def _words(editions: Editions) -> dict[str, dict[str, str]]:
    items = {item.code: item.name for item in editions.catalogue.items}
    listed = [p for item in editions.catalogue.items for p in item.special_procedures]
    procedures = dict.fromkeys([*SPECIAL_PROCEDURES, *listed])
    acts = proposals().codes["event_name"]
    return {
        "event_name": {act: lifecycle.act_label("case", act) for act in acts},
        "result_type": RESULTS,
        "special_type": {one: one for one in procedures},
        "id_type": dict(common.ID_TYPES),
        "apply_type": dict(common.CHANNELS),
        "project_type": dict(common.ITEM_KINDS),
        "get_type": dict(common.MATERIAL_FORMS),
        "satisfaction": LEVELS,
        "fixed": FIXED,
        **dict.fromkeys(ITEM_SECTIONS, items),
        SITE: {one.id: _site_label(one) for one in _by_level(editions)},
    }


def _by_level(editions: Editions) -> list[Site]:
    order = {Level.COUNTY: 0, Level.TOWNSHIP: 1, Level.VILLAGE: 2}
    return sorted(editions.sites.sites, key=lambda one: order.get(one.level, 3))


def _site_label(site: Site) -> str:
    code = site.codes[-1].code12 if site.codes else ""
    above = "" if site.level is Level.COUNTY else "；空着用上级站点的"
    return f"{site.title} {code}{above}"


def _of_catalogue(item: Item, section: str) -> str:
    return {
        "item_catalog": item.catalog_code,
        "item_task": item.task_code,
        "item_handle": item.handle_item_code,
    }[section]


class _Content(msgspec.Struct):
    title: str
    codes: dict[str, dict[str, str]]
    sources: dict[str, dict[str, str]]


class _ShippedCode(msgspec.Struct):
    code: str
    source: str


class _Shipped(msgspec.Struct):
    date: str
    note: str
    codes: dict[str, dict[str, _ShippedCode]]
