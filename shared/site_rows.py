"""One row of a site table, and a whole table as a site edition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import msgspec

from shared.regions import InvalidRegionCode, Level, RegionCode, code_doubt, level_of, require_code
from shared.rows import Column, Fault, RowReader
from shared.sites import Site, SiteEdition, SiteKind, SiteStatus

_REGION_KINDS = {
    Level.COUNTY: ("县", "区", "市", "旗"),
    Level.TOWNSHIP: ("镇", "乡", "街道"),
    Level.VILLAGE: ("村委会", "居委会"),
}
_SITE_KINDS = {kind.value: kind for kind in SiteKind}
_USUAL = {
    Level.COUNTY: SiteKind.COUNTY,
    Level.TOWNSHIP: SiteKind.TOWNSHIP,
    Level.VILLAGE: SiteKind.VILLAGE,
}
_STATUSES = {
    **{status.label: status for status in SiteStatus},
    **{status.value: status for status in SiteStatus},
}

SITE_COLUMNS = (
    Column("code12", "区划代码（12位）", "510322000000"),
    Column("name", "名称", "富顺县"),
    Column("kind", "类别", "县"),
    Column("parent12", "上级区划代码", "", required=False),
    Column("site_kind", "站点类型", "县中心", required=False),
    Column("status", "状态", "运行", required=False),
    Column("level", "级别", "county", required=False),
)


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One site as a county's table has it; `parent12` is empty for the county centre."""

    code12: str
    name: str
    region_kind: str
    parent12: str
    kind: SiteKind
    status: SiteStatus = SiteStatus.LIVE

    @property
    def shared(self) -> bool:
        """Whether another site answers for the same region."""
        return self.kind is SiteKind.ENTERPRISE

    @property
    def doubt(self) -> str | None:
        """A sentence where code and kind look odd together; never a reason to refuse."""
        return code_doubt(self.code12, self.region_kind)


def read_site(cells: Mapping[str, str]) -> tuple[SiteRow | None, list[Fault]]:
    """Return the site of one row and what is wrong with it; no site if anything is."""
    row = RowReader(cells)
    code12 = row.word("code12", required=True)
    name = row.text("name", longest=50, required=True)
    status = row.choice("status", _STATUSES, SiteStatus.LIVE)
    level = _level(row, code12)
    if level is None:
        return None, row.faults
    if row.word("level") not in {"", level.value}:
        row.fail("level", f"按区划代码应为 {level.value}，请更正或留空。")
    kind = row.choice("site_kind", _SITE_KINDS, _USUAL[level])
    if kind is not SiteKind.ENTERPRISE and kind is not _USUAL[level]:
        row.fail("site_kind", f"区划代码是 {level.value} 级，站点类型应为「{_USUAL[level]}」。")
    region_kind = row.choice("kind", {word: word for word in _REGION_KINDS[level]})
    parent12 = _parent(row, code12, kind)
    if row.faults:
        return None, row.faults
    return SiteRow(code12, name, region_kind, parent12, kind, status), []


def site_edition(
    rows: Sequence[SiteRow],
    *,
    number: int,
    document: str,
    published_on: date,
    valid_from: date,
    previous: SiteEdition | None = None,
) -> SiteEdition:
    """Return the edition of a whole table; codes hold from `valid_from`.

    Ids are `s0001` for the county centre, then in the order of the codes. With `previous` a code
    that still stands keeps its site's id, new sites come after, and sites that are gone are closed.
    """
    eve = valid_from - timedelta(days=1)
    old = {} if previous is None else _standing(previous, valid_from)
    ids = {key: site.id for key, site in old.items()}
    fresh = len(previous.sites) if previous is not None else 0
    ordered = sorted(rows, key=lambda row: (row.kind is not SiteKind.COUNTY, *_key(row)))
    for row in ordered:
        if _key(row) not in ids:
            fresh += 1
            ids[_key(row)] = f"s{fresh:04d}"
    owners = {row.code12: ids[_key(row)] for row in ordered if not row.shared}
    sites = {
        ids[_key(row)]: _site(row, ids[_key(row)], owners, valid_from, old.get(_key(row)))
        for row in ordered
    }
    for site in previous.sites if previous is not None else ():
        if site.id not in sites:
            sites[site.id] = site if site.status is SiteStatus.CLOSED else site.closed(eve)
    return SiteEdition(
        number=number,
        county=ordered[0].code12[:6],
        document=document,
        published_on=published_on,
        sites=tuple(sites[site_id] for site_id in sorted(sites)),
    )


def _site(
    row: SiteRow, site_id: str, owners: Mapping[str, str], valid_from: date, old: Site | None
) -> Site:
    parent = owners[row.parent12] if row.parent12 else None
    if old is not None:
        return msgspec.structs.replace(old, name=row.name, parent=parent, status=row.status)
    code = RegionCode(
        code12=row.code12, valid_from=valid_from, kind=row.region_kind, shared=row.shared
    )
    return Site(
        id=site_id, name=row.name, kind=row.kind, codes=(code,), parent=parent, status=row.status
    )


def _key(row: SiteRow) -> tuple[str, bool, str]:
    """What makes two rows the same site: the region, and for a second site there its name."""
    return row.code12, row.shared, row.name if row.shared else ""


def _standing(previous: SiteEdition, on: date) -> dict[tuple[str, bool, str], Site]:
    return {
        (code.code12, code.shared, site.name if code.shared else ""): site
        for site in previous.sites
        if (code := site.code_on(on)) is not None
    }


def _level(row: RowReader, code12: str) -> Level | None:
    try:
        return level_of(code12) if code12 else None
    except InvalidRegionCode as error:
        row.fail("code12", str(error))
        return None


def _parent(row: RowReader, code12: str, kind: SiteKind) -> str:
    """Return the code of the site above: as written, else by the code's own zeros."""
    word = row.word("parent12")
    if kind is SiteKind.COUNTY:
        if word:
            row.fail("parent12", "县中心没有上级，请留空。")
        return ""
    if word:
        try:
            require_code(word)
        except InvalidRegionCode as error:
            row.fail("parent12", str(error))
        return word
    return code12[:9] + "000" if kind is SiteKind.VILLAGE else code12[:6] + "000000"
