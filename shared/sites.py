"""The sites of a county and their dated region codes, as numbered editions.

A site is not a region. It has an id of its own (`s0001`), because region codes move: the merger of
26 townships to 20 left 16 of 384 village codes as they were, and a village point may stay open
after its village is gone. A code therefore always comes with its dates, and nobody is ever matched
by a village's name (in the sample county four names are borne by a village and a community each).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property

import msgspec

from shared.canonical import Value
from shared.editions import InvalidEdition, edition_hash, from_plain, to_plain
from shared.errors import Refused
from shared.regions import Level, RegionCode


class UnknownSite(Refused):
    """A site id or region code that the edition does not hold."""


class SiteKind(StrEnum):
    """What a site is; the value is the word the county uses."""

    COUNTY = "县中心"
    TOWNSHIP = "乡镇中心"
    VILLAGE = "村站"
    ENTERPRISE = "企业中心"

    @property
    def level(self) -> Level:
        """The level whose rights and figures the site belongs to."""
        return _LEVELS[self]


_LEVELS = {
    SiteKind.COUNTY: Level.COUNTY,
    SiteKind.TOWNSHIP: Level.TOWNSHIP,
    SiteKind.VILLAGE: Level.VILLAGE,
    SiteKind.ENTERPRISE: Level.TOWNSHIP,
}


class SiteStatus(StrEnum):
    """A site's life; figures of coverage count the live ones."""

    PLANNED = "planned"
    TRIAL = "trial"
    LIVE = "live"
    SUSPENDED = "suspended"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        """The word on the screen."""
        return _STATUS_LABELS[self]


_STATUS_LABELS = {
    SiteStatus.PLANNED: "筹建",
    SiteStatus.TRIAL: "试运行",
    SiteStatus.LIVE: "运行",
    SiteStatus.SUSPENDED: "暂停",
    SiteStatus.CLOSED: "撤销",
}


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """One place of service. `name` is its region's (华利村委会), `parent` the site above it.

    `phone` is where citizens ask; '' where the table names none.
    """

    id: str
    name: str
    kind: SiteKind
    codes: tuple[RegionCode, ...]
    parent: str | None = None
    status: SiteStatus = SiteStatus.LIVE
    phone: str = ""

    @property
    def level(self) -> Level:
        """county, township or village."""
        return self.kind.level

    @property
    def title(self) -> str:
        """The name on the door, as 国发〔2022〕5号 has it: 华利村便民服务站."""
        return site_title(self.name, self.kind)

    def code_on(self, on: date) -> RegionCode | None:
        """Return the region code that was the site's on `on`."""
        return next((code for code in self.codes if code.holds(on)), None)

    def recoded(
        self, code: RegionCode, *, parent: str | None, successors: tuple[str, ...] = ()
    ) -> Site:
        """Return the site after a merger: the open code ends the day before `code` begins.

        `successors`: who took the old region over, where that is not `code` alone.
        """
        ended = self._ended(code.valid_from - timedelta(days=1), successors or (code.code12,))
        return msgspec.structs.replace(self, codes=(*ended, code), parent=parent)

    def closed(self, last_on: date, successors: tuple[str, ...] = ()) -> Site:
        """Return the site closed after `last_on`, its region taken over by `successors`."""
        return msgspec.structs.replace(
            self, codes=self._ended(last_on, successors), status=SiteStatus.CLOSED
        )

    def _ended(self, last_on: date, successors: tuple[str, ...]) -> tuple[RegionCode, ...]:
        return tuple(
            msgspec.structs.replace(code, valid_to=last_on, successors=successors)
            if code.valid_to is None
            else code
            for code in self.codes
        )


class SiteEdition(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """All sites of a county (`county`: 6 digits); a greater number replaces a smaller one.

    Raises InvalidEdition where ids, parents or codes contradict one another.
    """

    number: int
    county: str
    document: str
    published_on: date
    sites: tuple[Site, ...]

    def __post_init__(self) -> None:
        if len(self._by_id) < len(self.sites):
            raise InvalidEdition("站点目录里有重复的站点编号，请更正后再发布。")
        for site in self.sites:
            _require_parents(site, self._by_id)
        _require_one_owner(self.sites)

    def by_id(self, site_id: str) -> Site:
        """Return the site of `site_id`; raise UnknownSite."""
        try:
            return self._by_id[site_id]
        except KeyError:
            raise UnknownSite(f"站点目录里没有站点「{site_id}」，请更新目录后再试。") from None

    def knows(self, site_id: str) -> bool:
        """Return whether the edition holds this site."""
        return site_id in self._by_id

    def by_code(self, code12: str, on: date) -> Site:
        """Return the site that answered for the region `code12` on `on`; raise UnknownSite."""
        for site, code in self._by_code.get(code12, ()):
            if code.holds(on):
                return site
        after = "、".join(self.successors(code12))
        hint = f"，现为 {after}" if after else "，请核对 12 位区划代码"
        raise UnknownSite(f"{on} 没有区划代码为「{code12}」的站点{hint}。")

    def successors(self, code12: str) -> tuple[str, ...]:
        """Return the codes that took the region `code12` over, in order; empty if it stands."""
        after = {
            successor
            for site in self.sites
            for code in site.codes
            if code.code12 == code12
            for successor in code.successors
        }
        return tuple(sorted(after))

    def township_of(self, site_id: str) -> Site | None:
        """Return the township centre that `site_id` is or belongs to, None at the county's level.

        Raises UnknownSite.
        """
        return next(
            (site for site in self._upwards(site_id) if site.kind is SiteKind.TOWNSHIP), None
        )

    def children(self, site_id: str) -> tuple[Site, ...]:
        """Return the sites directly under `site_id`, in the order of the edition."""
        return tuple(site for site in self.sites if site.parent == site_id)

    def phone_of(self, site_id: str) -> tuple[str, Site | None]:
        """Return where citizens ask about what a site does, and whose number it is.

        The number of the site, else of the next one above it, else of the county centre; '' and
        None where the table names none.
        """
        above = list(self._upwards(site_id)) if self.knows(site_id) else []
        centre = [site for site in self.sites if site.kind is SiteKind.COUNTY]
        found = next((site for site in (*above, *centre) if site.phone), None)
        return (found.phone, found) if found is not None else ("", None)

    def to_data(self) -> dict[str, Value]:
        """Return the plain form, for canonical encoding."""
        return to_plain(self)

    @classmethod
    def from_data(cls, data: object) -> SiteEdition:
        """Return the edition of a plain form; raise InvalidEdition."""
        return from_plain(data, cls, "站点目录")

    def content_hash(self) -> bytes:
        """Return the SHA-256 that operations name this edition by (32 bytes)."""
        return edition_hash(self.to_data())

    @cached_property
    def _by_id(self) -> dict[str, Site]:
        return {site.id: site for site in self.sites}

    @cached_property
    def _by_code(self) -> dict[str, list[tuple[Site, RegionCode]]]:
        table: dict[str, list[tuple[Site, RegionCode]]] = {}
        for site in self.sites:
            for code in site.codes:
                if not code.shared:
                    table.setdefault(code.code12, []).append((site, code))
        return table

    def _upwards(self, site_id: str) -> Iterator[Site]:
        site = self.by_id(site_id)
        yield site
        while site.parent is not None:
            site = self.by_id(site.parent)
            yield site


def site_title(name: str, kind: SiteKind) -> str:
    """Return the name on the door of the site of a region: a committee's name loses its ending."""
    if kind is SiteKind.VILLAGE:
        for ending, short in _COMMITTEES:
            if name.endswith(ending):
                return name.removesuffix(ending) + short + _DOORS[kind]
    return name + _DOORS[kind]


_COMMITTEES = (
    ("村民委员会", "村"),
    ("村委会", "村"),
    ("社区居民委员会", "社区"),
    ("社区居委会", "社区"),
    ("居民委员会", "社区"),
    ("居委会", "社区"),
)
_DOORS = {
    SiteKind.COUNTY: "政务服务中心",
    SiteKind.TOWNSHIP: "便民服务中心",
    SiteKind.VILLAGE: "便民服务站",
    SiteKind.ENTERPRISE: "企业服务中心",
}


def _require_parents(site: Site, by_id: dict[str, Site]) -> None:
    if not site.codes:
        raise InvalidEdition(f"站点{site.id}没有区划代码，请补齐后再发布。")
    seen = {site.id}
    while site.parent is not None:
        parent = by_id.get(site.parent)
        if parent is None or parent.id in seen:
            raise InvalidEdition(f"站点{site.id}的上级站点{site.parent}有误，请更正后再发布。")
        seen.add(parent.id)
        site = parent


def _require_one_owner(sites: tuple[Site, ...]) -> None:
    """One site answers for a region at a time; others there are `shared`."""
    spans: dict[str, list[tuple[date, date]]] = {}
    for code in (code for site in sites for code in site.codes if not code.shared):
        span = (code.valid_from, code.valid_to or date.max)
        for begun, ended in spans.setdefault(code.code12, []):
            if span[0] <= ended and begun <= span[1]:
                raise InvalidEdition(
                    f"区划代码{code.code12}在同一时间属于两个站点，请更正后再发布。"
                )
        spans[code.code12].append(span)
