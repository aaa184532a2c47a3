"""Who must not handle a complaint (DOMAIN.md §3.3): its target, the target's staff, the recused.

The judge of what tablets send asks this rule; the complaints desk is to ask the same one. Where a
complaint is about a person, everybody at that person's own site is left out too (§4, red line 2);
the county's supervisors are not, since nobody is above them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from server.accounts import ACTIVE
from server.county import Editions
from server.storage import Tx
from server.storage.rows import Posting
from shared.canonical import Value
from shared.kinds import SEALED_TARGETS
from shared.permissions import rank_of
from shared.rights import Role
from shared.sites import SiteEdition, UnknownSite

SELF, LISTED, BELOW = "被投诉人本人不能承办", "列在回避名单上", "是被投诉人的下属"
UNKNOWN_TARGET = "被投诉人还没有查明，只能由县督查承办"
BESIDE = "与被投诉人在同一站点"
MISFITS = (SELF, LISTED, BELOW, UNKNOWN_TARGET, BESIDE)
"""Why somebody must not handle a complaint."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody serves, and as what."""

    site: str
    role: str


@dataclass(frozen=True, slots=True)
class Worker:
    """A person of the service. `author` is an author text (`agent:…`, `staff:…`)."""

    author: str
    names: frozenset[str] = frozenset()
    places: tuple[Place, ...] = ()

    def is_called(self, wanted: Collection[str]) -> bool:
        """Whether an author text, an id alone or a name of this person is among `wanted`."""
        return not {self.author, self.author.partition(":")[2], *self.names}.isdisjoint(wanted)


@dataclass(frozen=True, slots=True)
class Aim:
    """Whom a complaint is about: ids and names; the sites it names; who else is recused."""

    is_conduct: bool
    called: frozenset[str] = frozenset()
    site: str = ""
    recused: frozenset[str] = frozenset()
    people: tuple[Worker, ...] = field(default=())
    """Those of the service who are called so."""

    @property
    def is_known(self) -> bool:
        """Whether anything says who it is about."""
        return bool(self.people or self.site)


def why_not(worker: Worker, aim: Aim, sites: SiteEdition) -> str:
    """Return why this person must not handle the complaint, one Chinese clause; '' if they may."""
    if worker.is_called(aim.called) or any(worker.author == one.author for one in aim.people):
        return SELF
    if worker.is_called(aim.recused):
        return LISTED
    if any(_is_below(worker, one, sites) for one in aim.people):
        return BELOW
    if not aim.is_conduct or _is_supervisor(worker):
        return ""
    if not aim.is_known:
        return UNKNOWN_TARGET
    theirs = {place.site for one in aim.people for place in one.places} | ({aim.site} - {""})
    if any(place.site in theirs for place in worker.places):
        return BESIDE
    return ""


def aim_of(tx: Tx, fields: Mapping[str, Value], on: int, *, extra: Iterable[str] = ()) -> Aim:
    """Return whom a complaint with these fields is about; `on` is a day (20261031).

    `extra` are recused authors, ids or names of the complaint's companion.
    """
    called = {one for one in (fields.get("target"), fields.get("target_name")) if one}
    wanted = {one.strip() for one in called if isinstance(one, str)} - {""}
    people = tuple(one for one in workers(tx, on) if wanted and one.is_called(wanted))
    names = {name for one in people for name in one.names}
    site = fields.get("target_site")
    return Aim(
        fields.get("target_kind") in SEALED_TARGETS, frozenset(wanted | names),
        site if isinstance(site, str) else "", frozenset(extra), people,
    )  # fmt: skip


def workers(tx: Tx, on: int) -> list[Worker]:
    """Return everybody who works in the county on a day, by author; names from desk and tablet."""
    places: dict[str, list[Place]] = {}
    names: dict[str, set[str]] = {}
    for posting in tx.postings():
        if _runs(posting, on):
            places.setdefault(posting.person, []).append(Place(posting.site, posting.role))
    for agent in tx.agents():
        names.setdefault(f"agent:{agent.agent}", set()).add(agent.name)
    for row in tx.staff_list():
        if row.state == ACTIVE:
            places.setdefault(f"staff:{row.staff}", []).append(Place(row.site, row.role))
            names.setdefault(f"staff:{row.staff}", set()).add(row.name)
    return [
        Worker(author, frozenset(names.get(author, set()) - {""}), tuple(places.get(author, ())))
        for author in sorted(places.keys() | names.keys())
    ]


def handler_misfit(
    tx: Tx, editions: Editions, fields: Mapping[str, Value], handler: Value, on: int,
    *, extra: Iterable[str] = (),
) -> str:  # fmt: skip
    """Return why `handler` (author text or id) must not handle it; '' if they may."""
    if not isinstance(handler, str) or not handler:
        return ""
    aim = aim_of(tx, fields, on, extra=extra)
    found = [one for one in workers(tx, on) if one.is_called({handler})]
    for one in found or [Worker(handler)]:
        reason = why_not(one, aim, editions.sites)
        if reason:
            return reason
    return ""


def _is_below(worker: Worker, target: Worker, sites: SiteEdition) -> bool:
    """Whether one serves below the other: a lower rank at the same site, or at one beneath it."""
    return any(
        rank_of(theirs.role) > rank_of(own.role) and _is_under(sites, own.site, theirs.site)
        for theirs in target.places
        for own in worker.places
    )


def _is_under(sites: SiteEdition, site: str, above: str) -> bool:
    seen: set[str] = set()
    at: str | None = site
    while at is not None and at not in seen:
        if at == above:
            return True
        seen.add(at)
        try:
            at = sites.by_id(at).parent
        except UnknownSite:
            return False
    return False


def _is_supervisor(worker: Worker) -> bool:
    return any(place.role == Role.SUPERVISOR for place in worker.places)


def _runs(posting: Posting, on: int) -> bool:
    return posting.from_on <= on and (posting.to_on is None or on <= posting.to_on)
