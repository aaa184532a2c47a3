"""The facts of a question to the permission table, found for one act and one posting.

Whose act it is (§3.3 of DOMAIN.md: receiving and owning sites), whose department's, who may take a
forwarded case, what a written grant covers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date

from server.brief import Bench, Brief
from server.county import Editions, day_number
from server.storage.rows import Grant, Posting
from shared import lifecycle
from shared.act_table import ACTS
from shared.canonical import Value
from shared.catalogue import Item
from shared.kinds import SEALED_TARGETS
from shared.permissions import Capability, Question, Role
from shared.record import Record
from shared.sites import UnknownSite

_OF_SLOT_SITE = frozenset({"confirm", "reschedule", "arrive", "miss"})
"""Acts on an appointment that belong to the site where it takes place."""
_OF_HOLDER = frozenset({"acknowledge", "send_back", "resume", "answer_supervision"})
"""Acts on a case or a proxy that ask with whom it lies."""
_HELD_KINDS = frozenset({"case", "proxy"})
_MERGING = frozenset({"merge", "absorb"})
_NOTE = re.compile(r"[(（].*?[)）]")


def question(bench: Bench, brief: Brief, posting: Posting, on: date) -> Question:
    """Return what the permission table is asked about this act, in the role of this posting."""
    editions, operation, founder = bench.editions, brief.operation, brief.founder
    skeleton, data, fields = operation.skeleton, operation.data, brief.fields
    item = item_of(editions, fields.get("item"))
    sites = _sites(editions, brief, on)
    here = editions.township_of(skeleton.site)
    owns = owns_matter(editions, brief, posting, on)
    is_receiver, is_unaddressed, is_held_here = _with_whom(bench, brief, posting, on, owns=owns)
    return Question(
        role=posting.role,
        kind=skeleton.kind,
        act=skeleton.act,
        same_site=skeleton.site in sites,
        same_township=any(
            site == skeleton.site or (bool(here) and editions.township_of(site) == here)
            for site in sites
        ),
        item_at_site=item is not None
        and editions.sites.by_id(skeleton.site).kind in item.accept_at,
        own_department=owns,
        own_items=owns,
        village_instant=item is not None and item.village_instant,
        instant_item=item is not None and item.promised_days == 0,
        has_grant=any(
            is_running(grant, day_number(on)) and covers(editions, brief, grant, owns=owns)
            for grant in brief.grants
        ),
        is_own=founder is not None and founder.author == skeleton.author,
        about_self=_is_person(fields.get("target"), skeleton.author),
        is_handler=_is_handler(editions, brief, on),
        is_receiver=is_receiver,
        unaddressed=is_unaddressed,
        held_here=is_held_here,
        open_case=brief.record is not None
        and not lifecycle.is_end(skeleton.kind, brief.record.state),
        reason_given=bool(data.get("reason")),
        head_approved=brief.found.head_approved,
        second_person=founder is not None and founder.author != skeleton.author,
        township_internal=skeleton.act in _MERGING
        and bool(here)
        and brief.found.other_township == here,
        person_target=fields.get("target_kind") in SEALED_TARGETS,
    )


def item_of(editions: Editions, code: Value) -> Item | None:
    """Return the item of a code in today's catalogue; None for anything else."""
    return editions.catalogue.by_code.get(code) if isinstance(code, str) else None


def is_running(grant: Grant, day: int) -> bool:
    """Whether a written grant runs on a day (20261031)."""
    return grant.from_on <= day and not has_ended(grant, day)


def has_ended(grant: Grant, day: int) -> bool:
    """Whether a written grant ran before a day and runs no more."""
    return grant.to_on is not None and grant.from_on <= grant.to_on < day


def covers(editions: Editions, brief: Brief, grant: Grant, *, owns: bool) -> bool:
    """Whether a grant lets decide this matter: an item it names; naming none, the department's."""
    if grant.power != "decide":
        return False
    if not grant.items:
        return owns
    item = _matter(editions, brief)
    return item is not None and item.code in grant.items.split()


def owns_matter(editions: Editions, brief: Brief, posting: Posting, on: date) -> bool:
    """Whether a posting at a department is one at the department that this act belongs to."""
    if posting.role != Role.DEPARTMENT:
        return False
    referred = _referred_to(editions, brief, on)
    if referred is not None:  # to a site: whoever sits there, and nobody elsewhere
        return referred == posting.site
    if not posting.department:  # a county that does not name departments can work all the same
        return True
    skeleton, fields = brief.operation.skeleton, brief.fields
    if skeleton.kind == "branch" and _decides_branch(skeleton.act):
        return fields.get("department") == posting.department
    if _is_referred(brief) and fields.get("refer_to") == posting.department:
        return True
    item = _matter(editions, brief)
    return item is not None and posting.department in departments_of(item)


def departments_of(item: Item) -> frozenset[str]:
    """Return the departments a catalogue names for an item: 县民政局(乡镇初审), 县残联 are two."""
    words = _NOTE.sub(" ", item.department).split()
    return frozenset({item.department, *words})


def _matter(editions: Editions, brief: Brief) -> Item | None:
    """The item of the record, or of the record it belongs to (a notice's, a branch's case)."""
    return item_of(editions, brief.fields.get("item") or brief.found.owner_item)


def _decides_branch(act: str) -> bool:
    return ACTS["branch"].get(act) is Capability.DECIDE_BRANCH


# ---- whose act it is


def _sites(editions: Editions, brief: Brief, on: date) -> set[str]:
    """The sites an act belongs to: who registered or holds the record, unless §3.3 says who."""
    skeleton, founder, fields = brief.operation.skeleton, brief.founder, brief.fields
    if founder is None:
        return {skeleton.site}
    if _is_referred(brief):
        return {_referred_to(editions, brief, on) or founder.site}
    if skeleton.kind == "appointment" and skeleton.act in _OF_SLOT_SITE:
        where = place(editions, fields.get("slot_site"), on)
        # Where no site was chosen, the township above may take it as well.
        return {where} if where else {founder.site, editions.township_of(founder.site)}
    holder = place(editions, fields.get("holder_site"), on)
    return {founder.site} if holder is None else {founder.site, holder}


def _is_referred(brief: Brief) -> bool:
    skeleton, record = brief.operation.skeleton, brief.record
    is_answer = (skeleton.kind, skeleton.act) == ("consultation", "answer")
    return is_answer and record is not None and record.state == "已转"


def _referred_to(editions: Editions, brief: Brief, on: date) -> str | None:
    """The site a consultation waits at for its answer; None where a text says where."""
    return place(editions, brief.fields.get("refer_to"), on) if _is_referred(brief) else None


def place(editions: Editions, named: Value, on: date) -> str | None:
    """Return the id of the site that a text names by its id or its code of 12 digits."""
    if not isinstance(named, str) or not named:
        return None
    if editions.knows(named):
        return named
    try:
        return editions.sites.by_code(named, on).id
    except UnknownSite:
        return None


# ---- who holds it


def _is_person(named: Value, author: str) -> bool:
    return isinstance(named, str) and named in {author, author.partition(":")[2]}


def _is_handler(editions: Editions, brief: Brief, on: date) -> bool:
    skeleton, fields = brief.operation.skeleton, brief.fields
    if skeleton.kind != "custody":
        return _is_person(fields.get("handler"), skeleton.author)
    receiver = fields.get("to_holder")
    is_here = place(editions, receiver, on) == skeleton.site
    return is_here or _is_person(receiver, skeleton.author)


def _with_whom(
    bench: Bench, brief: Brief, posting: Posting, on: date, *, owns: bool
) -> tuple[bool, bool, bool]:
    """Whether a case was forwarded to who acts; to nobody by name; whether it lies here."""
    skeleton, record = brief.operation.skeleton, brief.record
    lies_somewhere = skeleton.kind in _HELD_KINDS and skeleton.act in _OF_HOLDER
    if not lies_somewhere or record is None:
        return False, False, False
    is_mine = _mine(bench, brief, posting, on, owns=owns)
    addressed = list(_forwarded_to(record))
    holders = [one for one in map(record.fields.get, ("holder", "holder_site")) if one]
    is_first = brief.founder is not None and brief.founder.site == skeleton.site
    return (
        any(map(is_mine, addressed)),
        not addressed,
        any(map(is_mine, holders)) if holders else is_first,
    )


def _mine(
    bench: Bench, brief: Brief, posting: Posting, on: date, *, owns: bool
) -> Callable[[Value], bool]:
    """Whether a holder's name means who acts: the person, the site, the department.

    A department's window at a named site takes its own department's cases, not its neighbours'.
    """
    skeleton = brief.operation.skeleton
    names = {one.name for one in bench.agents if f"agent:{one.agent}" == skeleton.author}
    names |= {posting.department}
    by_site = owns or posting.role != Role.DEPARTMENT

    def mine(named: Value) -> bool:
        if _is_person(named, skeleton.author) or named in names:
            return True
        return by_site and place(bench.editions, named, on) == skeleton.site

    return mine


def _forwarded_to(record: Record) -> Iterator[Value]:
    """Who was named as the holder by the last forwarding or since; a holder of before is not."""
    since: set[bytes] = set()
    for effect in record.history:
        if effect.act == "forward":
            since = set()
        since.add(effect.operation)
    for register in ("holder", "holder_site"):
        shown = record.registers.get(register, ())
        if shown and shown[0].operation in since and shown[0].value:
            yield shown[0].value
