"""One row of a site table, and a whole table as a site edition."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import msgspec

from shared.errors import Refused
from shared.phone import PhoneVerdict, check_phone
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
    Column("site_id", "站点编号", "", required=False),
    Column("old12", "原区划代码", "", required=False),
    Column("successors", "继任代码", "", required=False),
    Column("phone", "咨询电话", "", required=False),
)
SiteKey = tuple[str, bool, str]
_HOTLINE = re.compile("[19][0-9]{4}", re.ASCII)
"""12345 and its like."""
_BETWEEN = re.compile(r"[;；、,，\s]+")


class SiteUnclear(Refused):
    """A row does not say plainly which of the county's sites it means."""


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One site as a county's table has it; `parent12` is empty for the county centre.

    `site_id` or `old12` name a site the county has already, `successors` the codes that took its
    region over. `phone` is where citizens ask; '' keeps the one the county has.
    """

    code12: str
    name: str
    region_kind: str
    parent12: str
    kind: SiteKind
    status: SiteStatus = SiteStatus.LIVE
    site_id: str = ""
    old12: str = ""
    successors: tuple[str, ...] = ()
    phone: str = ""

    @property
    def closed(self) -> bool:
        """Whether the row ends its site."""
        return self.status is SiteStatus.CLOSED

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
    site_id = row.word("site_id")
    old12 = "".join(_codes(row, "old12")[:1])
    successors = _codes(row, "successors")
    phone = _phone(row)
    if successors and status is not SiteStatus.CLOSED and not (site_id or old12):
        row.fail("successors", "只有撤销或换了代码的站点才有继任代码，请改状态，或补原区划代码。")
    if row.faults:
        return None, row.faults
    whole = (code12, name, region_kind, parent12, kind, status, site_id, old12, successors, phone)
    return SiteRow(*whole), []


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

    Ids are `s0001` for the county centre, then in the order of the codes. With `previous` a row
    keeps the site it means and gives it its code from `valid_from` on, new sites come after, and
    sites that are gone are closed. Raises SiteUnclear, InvalidEdition.
    """
    eve = valid_from - timedelta(days=1)
    ordered = sorted(rows, key=lambda row: (row.kind is not SiteKind.COUNTY, *_key(row)))
    old = {} if previous is None else _matches(ordered, previous, valid_from)
    if previous is None and (named := next((row for row in ordered if row.site_id), None)):
        raise SiteUnclear(f"本县还没有站点编号「{named.site_id}」，第一次装入请把这一列留空。")
    fresh = len(previous.sites) if previous is not None else 0
    ids: dict[SiteRow, str] = {}
    for row in ordered:
        fresh += row not in old
        ids[row] = old[row].id if row in old else f"s{fresh:04d}"
    standing = [row for row in ordered if not row.shared]
    owners = {row.code12: ids[row] for row in sorted(standing, key=lambda row: not row.closed)}
    sites = {ids[row]: _site(row, ids[row], owners, valid_from, old.get(row)) for row in ordered}
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
    if old is not None and row.closed:
        eve = valid_from - timedelta(days=1)
        is_closed = old.status is SiteStatus.CLOSED
        return old if is_closed else old.closed(eve, row.successors)
    parent = owners.get(row.parent12) if row.closed or not row.parent12 else owners[row.parent12]
    code = RegionCode(
        code12=row.code12, valid_from=valid_from, kind=row.region_kind, shared=row.shared
    )
    if old is None:
        return Site(
            id=site_id, name=row.name, kind=row.kind, codes=(code,), parent=parent,
            status=row.status, phone=row.phone,
        )  # fmt: skip
    present = old.code_on(valid_from)
    if present is None or present.code12 != row.code12:
        old = old.recoded(code, parent=parent, successors=row.successors)
    return msgspec.structs.replace(
        old, name=row.name, parent=parent, status=row.status, phone=row.phone or old.phone
    )


def _matches(rows: Sequence[SiteRow], previous: SiteEdition, on: date) -> dict[SiteRow, Site]:
    """Return the site that each row means; a row of a new site is left out. Raises SiteUnclear."""
    standing = {
        _key_of(code, site): site
        for site in previous.sites
        if (code := site.code_on(on)) is not None
    }
    found: dict[SiteRow, Site] = {}
    taken: dict[str, SiteRow] = {}
    for row in rows:
        site = _meant(row, previous, standing)
        if site is None:
            continue
        if site.kind is not row.kind:
            raise SiteUnclear(f"{row.code12} 是{row.kind}，站点 {site.id} 是{site.kind}，请更正。")
        other = taken.setdefault(site.id, row)
        if other is not row:
            raise SiteUnclear(
                f"{other.code12} 和 {row.code12} 两行都指站点 {site.id}，请只留一行，"
                "或更正其中的站点编号、原区划代码。"
            )
        found[row] = site
    return found


def _meant(
    row: SiteRow, previous: SiteEdition, standing: Mapping[SiteKey, Site]
) -> Site | None:  # fmt: skip
    """The site of a row by its site id, else by its present code, else by its old one.

    Codes are handed on in chains (a takes b's code, b takes c's). So the present code speaks for
    a site only where the old one does not speak for another: one that has it today, while the
    holder of the present code never had it. The same table loaded twice changes nothing.
    """
    if row.site_id:
        if not previous.knows(row.site_id):
            raise SiteUnclear(
                f"{row.code12} 的站点编号「{row.site_id}」不存在，请核对；新站点请留空。"
            )
        return previous.by_id(row.site_id)
    present = standing.get(_key(row))
    if present is None and row.closed:  # closed by an earlier table already
        present = next((site for site in previous.sites if _ended_as(site, row)), None)
    if not row.old12:
        return present
    before = standing.get((row.old12, *_key(row)[1:]))
    if present is not None and (before is None or _had(present, row.old12)):
        return present
    if before is None:
        raise SiteUnclear(
            f"{row.code12} 的原区划代码 {row.old12} 现在不属于任何站点，请核对；新站点请留空。"
        )
    return before


def _ended_as(site: Site, row: SiteRow) -> bool:
    return site.status is SiteStatus.CLOSED and _key_of(site.codes[-1], site) == _key(row)


def _had(site: Site, code12: str) -> bool:
    return any(code.code12 == code12 for code in site.codes)


def _key_of(code: RegionCode, site: Site) -> SiteKey:
    return code.code12, code.shared, site.name if code.shared else ""


def _key(row: SiteRow) -> SiteKey:
    """What makes two rows the same site: the region, and for a second site there its name."""
    return row.code12, row.shared, row.name if row.shared else ""


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


def _phone(row: RowReader) -> str:
    typed = row.word("phone")
    if not typed or _HOTLINE.fullmatch(typed):
        return typed
    checked = check_phone(typed)
    if checked.verdict is PhoneVerdict.INVALID:
        row.fail("phone", "电话号码不对，请核对；没有可以留空。")
    return checked.number


def _codes(row: RowReader, column: str) -> tuple[str, ...]:
    words = unicodedata.normalize("NFKC", row.text(column, longest=400))
    codes = tuple(dict.fromkeys(word for word in _BETWEEN.split(words) if word))
    for code in codes:
        try:
            require_code(code)
        except InvalidRegionCode as error:
            row.fail(column, str(error))
    return codes
