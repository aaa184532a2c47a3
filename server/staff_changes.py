"""Changing who works where: role or site from a day on, ending a posting, grants, handing over.

Each is an operation of the county with its reason. What a change means for open work is worked out
before anybody confirms it (`effect`), and confirming says that it was seen.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta

from server import sight, staff_handover
from server.accounts import Person
from server.admin import find_site
from server.county import Editions, day_number
from server.desk import Desk
from server.staff_desk import (
    note,
    require_another_administrator,
    require_fit,
    require_list,
    require_other,
    require_over,
    require_reason,
    seen_person,
)
from server.staff_handover import Held, in_hand
from server.staff_people import Someone
from server.staff_postings import (
    Post,
    Power,
    a_role,
    appoint,
    end,
    give,
    grant_of,
    move,
    posting_of,
    posting_of_account,
    require_dates,
    take_back,
)
from server.storage import Tx
from server.storage.rows import Posting
from shared import ids
from shared.civil import start_of_day
from shared.errors import Misuse, Refused
from shared.permissions import Capability
from shared.sites import Site

MOVED, ENDED, APPOINTED = "move_posting", "end_posting", "appoint"
GIVEN, TAKEN_BACK, HANDED_OVER = "give_grant", "end_grant", "hand_over"


class StillHolds(Refused):
    """There is open work in these hands, and nobody said that it was seen."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of a posting from a day on; where it `ends`, the day before is its last."""

    posting: str
    """The record's id; '' for the one an account without postings serves by."""
    from_on: date
    ends: bool = False
    site: str = ""
    """The new site, its code or id; '' for the same one."""
    role: str = ""
    department: str = ""
    reason: str = ""
    seen_held: bool = False
    """Whether the person has seen what lies in these hands and goes on all the same."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change means: shown before it is confirmed."""

    one: Someone
    posting: Posting
    to: Site | None
    """None where the posting ends."""
    role: str
    from_on: date
    held: list[Held]
    """Open matters at the old site that stay in these hands."""
    already: int
    """Matters registered at the old site on that day or later, which count there and stay so."""
    tablets: int
    """Tablets of the old site that this person unlocks."""
    ends_account: bool
    """Whether the person can log in no more."""


def effect(desk: Desk, person: Person, who: str, change: Change) -> Effect:
    """Return what a change would mean; raises what doing it would raise, but for the reason."""
    with desk.county.ledger.read() as tx:
        editions = desk.county.editions(tx)
        one = seen_person(tx, desk, person, editions, who)
        posting = _chosen(tx, one, change.posting)
        site = _require_change(person, editions, desk, who, posting, change)
        others = [p for p in one.postings if p.posting != posting.posting]
        still = any(p.to_on is None or p.to_on >= day_number(change.from_on) for p in others)
        devices = [d for a in one.agents if (d := tx.device(a.device)) is not None]
        return Effect(
            one, posting, site, change.role or posting.role, change.from_on,
            _held(tx, one, posting, site),
            staff_handover.already_admitted(tx, who, posting.site, start_of_day(change.from_on)),
            sum(d.site == posting.site and d.state == "active" for d in devices),
            one.is_desk and site is None and not still,
        )  # fmt: skip


def make(desk: Desk, person: Person, who: str, change: Change) -> Posting:
    """Move somebody, change their role, or end a posting.

    Raises UnknownPerson, UnknownPosting, NotAllowed, OneSelf, ReasonMissing, WrongDates,
    WrongPlace, UnknownSite, PostingEnded, PostingClash, StillHolds, LastAdministrator.
    """
    require_list(desk, person)

    def step(tx: Tx) -> Posting:
        editions = desk.county.editions(tx)
        one = seen_person(tx, desk, person, editions, who)
        site = _require_change(
            person, editions, desk, who, _chosen(tx, one, change.posting), change
        )
        said = require_reason(change.reason)
        if not change.posting:
            posting_of_account(tx, desk.county, person.author, who)
            one = seen_person(tx, desk, person, editions, who)
        posting = _chosen(tx, one, change.posting)
        held = _held(tx, one, posting, site)
        if held and not change.seen_held:
            raise StillHolds(f"{one.name}手里还有 {len(held)} 件未办结，请先移交，或确认稍后移交。")
        if one.account is not None:
            after = max(change.from_on, desk.county.today())
            require_another_administrator(tx, desk, one.account.staff, after)
        if site is None:
            last = change.from_on - timedelta(days=1)
            done = end(tx, desk.county, person.author, posting, last, said)
            note(
                tx, desk, person, ENDED, who, f"{_title(editions, posting.site)} → {last} · {said}"
            )
            return done
        post = Post(
            who, one.name, site.id, change.role or posting.role, change.from_on, None,
            _department(change, posting), one.staff_no, one.phone,
        )  # fmt: skip
        done = move(tx, desk.county, person.author, posting, post, said)
        note(
            tx,
            desk,
            person,
            MOVED,
            who,
            f"{change.from_on} · {_title(editions, posting.site)} → {site.title} · {said}",
        )
        return done

    return desk.county.ledger.writing(step)


def add_posting(desk: Desk, person: Person, post: Post, reason: str) -> Posting:
    """Give somebody one more posting beside what they have; raises as `make` does.

    `post.site` may be a region code of 12 digits; name, number and phone are those known already.
    """
    require_list(desk, person)
    today = desk.county.today()

    def step(tx: Tx) -> Posting:
        editions = desk.county.editions(tx)
        one = seen_person(tx, desk, person, editions, post.person)
        site = find_site(editions, post.site, today)
        require_over(person, editions, Capability.APPOINT, site.id)
        require_other(person, post.person)
        require_dates(today, post.from_on, post.to_on)
        require_fit(editions, a_role(post.role), site, post.department)
        said = require_reason(reason)
        if one.account is not None:
            posting_of_account(tx, desk.county, person.author, post.person)
        whole = replace(
            post, site=site.id, name=one.name, staff_no=one.staff_no, phone=one.phone
        )  # fmt: skip
        done = appoint(tx, desk.county, person.author, whole, said)
        note(tx, desk, person, APPOINTED, post.person, f"{post.from_on} · {site.title} · {said}")
        return done

    return desk.county.ledger.writing(step)


# ---- grants


def lend(desk: Desk, person: Person, power: Power, reason: str) -> bytes:
    """Write a grant and return its record; raises NotAllowed, OneSelf, WrongPower, WrongDates."""
    require_list(desk, person)

    def step(tx: Tx) -> bytes:
        editions = desk.county.editions(tx)
        one = seen_person(tx, desk, person, editions, power.person)
        require_over(person, editions, Capability.APPOINT, one.site)
        require_other(person, power.person)
        require_dates(desk.county.today(), power.from_on, power.to_on)
        if not power.department.strip():
            raise Misuse("请填写授权的部门。")
        said = require_reason(reason)
        rows = give(tx, desk.county, person.author, power, said)
        note(tx, desk, person, GIVEN, power.person, f"{power.doc_no or power.department} · {said}")
        return rows[0].grant

    return desk.county.ledger.writing(step)


def end_grant(
    desk: Desk, person: Person, who: str, grant: str, to_on: date, reason: str
) -> None:  # fmt: skip
    """Take a grant back after a day; raises NotAllowed, OneSelf, UnknownPosting, PostingEnded."""
    require_list(desk, person)

    def step(tx: Tx) -> None:
        editions = desk.county.editions(tx)
        one = seen_person(tx, desk, person, editions, who)
        require_over(person, editions, Capability.APPOINT, one.site)
        require_other(person, who)
        rows = grant_of(tx, who, grant)
        said = require_reason(reason)
        take_back(tx, desk.county, person.author, rows, to_on, said)
        note(tx, desk, person, TAKEN_BACK, who, f"→ {to_on} · {said}")

    desk.county.ledger.writing(step)


# ---- handing over


@dataclass(frozen=True, slots=True)
class HandOver:
    """Somebody's open matters and who could take them."""

    one: Someone
    held: list[Held]
    successors: list[Posting]
    may_do: bool


def hand_over_page(desk: Desk, person: Person, who: str) -> HandOver:
    """Return the hand-over list; raise UnknownPerson, NotAllowed."""
    require_list(desk, person)
    with desk.county.ledger.read() as tx:
        editions = desk.county.editions(tx)
        one = seen_person(tx, desk, person, editions, who)
        held = in_hand(tx, who, {one.name}, one.sites)
        return HandOver(
            one, held, _successors(tx, desk, editions, one),
            all(_may_take(person, editions, site) for site in {h.row.site for h in held}),
        )  # fmt: skip


def hand_over(
    desk: Desk, person: Person, who: str, matters: Collection[str], to: str, reason: str
) -> int:  # fmt: skip
    """Put these matters (all for none named) into a successor's hands; return how many.

    `to` is `agent:ID@SITE`. Raises UnknownPerson, NotAllowed, WrongSuccessor, NotHeld.
    """
    require_list(desk, person)
    wanted = {ids.parse_record(one) for one in matters}

    def step(tx: Tx) -> int:
        editions = desk.county.editions(tx)
        one = seen_person(tx, desk, person, editions, who)
        held = in_hand(tx, who, {one.name}, one.sites)
        for site in {each.row.site for each in held} or {one.site}:
            require_over(person, editions, Capability.REASSIGN, site)
        chosen = [each for each in held if not wanted or each.row.record in wanted]
        if len(chosen) < len(wanted) or not chosen:
            raise staff_handover.NotHeld("选中的办件已经不在此人手里，请刷新移交清单。")
        named = [p for p in _successors(tx, desk, editions, one) if f"{p.person}@{p.site}" == to]
        if not named:
            raise staff_handover.WrongSuccessor("请从列表中选择接手人。")
        said = require_reason(reason)
        done = staff_handover.hand_over(tx, desk.county, person, chosen, named[0], said)
        note(tx, desk, person, HANDED_OVER, who, f"{done} → {named[0].person} · {said}")
        return done

    return desk.county.ledger.writing(step)


def _successors(tx: Tx, desk: Desk, editions: Editions, one: Someone) -> list[Posting]:
    """Whoever serves today at the same sites, else anywhere in their townships."""
    townships = {editions.township_of(site) for site in one.sites} - {""}
    near = {s.id for s in editions.sites.sites if editions.township_of(s.id) in townships}
    day = day_number(desk.county.today())
    found = staff_handover.successors(tx.postings_at(day), near | one.sites, day)
    others = [posting for posting in found if posting.person != one.person]
    return sorted(others, key=lambda p: (p.site not in one.sites, p.site, p.person))


def _may_take(person: Person, editions: Editions, site: str) -> bool:
    return sight.over_site(person, editions, Capability.REASSIGN, site).allowed


# ---- beneath


def _title(editions: Editions, site: str) -> str:
    return editions.sites.by_id(site).title if editions.knows(site) else site


def _chosen(tx: Tx, one: Someone, posting: str) -> Posting:
    """The posting meant; for an account without any, the one it will be given."""
    if posting:
        return posting_of(tx, one.person, posting)
    if one.account is None or one.postings:
        return _only(one)
    row = one.account
    return Posting(b"", one.person, row.site, row.role, 0, None, None)


def _only(one: Someone) -> Posting:
    running = [posting for posting in one.postings if posting.to_on is None]
    if len(running) != 1:
        raise Misuse("请选择要变动的任职。")
    return running[0]


def _require_change(
    person: Person, editions: Editions, desk: Desk, who: str, posting: Posting, change: Change
) -> Site | None:
    """Return the new site, None for an end; raises what stands in the way of the change.

    Moving and ending is the township's own (更换经办人、结束任职); another role, or a site beyond,
    takes the county's administrator.
    """
    require_over(person, editions, Capability.REASSIGN, posting.site)
    require_other(person, who)
    today = desk.county.today()
    require_dates(today, change.from_on)
    if change.ends:
        return None
    site = find_site(editions, change.site or posting.site, today)
    require_over(person, editions, Capability.REASSIGN, site.id)
    role = a_role(change.role) if change.role else posting.role
    department = _department(change, posting)
    if role != posting.role or department != posting.department:
        require_over(person, editions, Capability.APPOINT, site.id)
    require_fit(editions, role, site, department)
    if (site.id, role, department) == (posting.site, posting.role, posting.department):
        raise Misuse("站点和岗位都没有变化，不用变动。")
    return site


def _department(change: Change, posting: Posting) -> str:
    if (change.role or posting.role) != "department":
        return ""
    return change.department or posting.department


def _held(tx: Tx, one: Someone, posting: Posting, site: Site | None) -> list[Held]:
    """What stays behind at the old site; a change of role alone leaves nothing behind."""
    if site is not None and site.id == posting.site:
        return []
    return in_hand(tx, one.person, {one.name}, {posting.site})
