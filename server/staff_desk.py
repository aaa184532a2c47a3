"""工作人员: who works where, cut to what the permission table lets each one see; their accounts.

What changes postings and grants stands in `server.staff_changes`; the audit log in
`server.staff_log`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from server import passwords, sight, staff_factor
from server.accounts import ACTIVE, LOCKED, Person
from server.admin import find_site
from server.codes import AGENT_LETTERS, letters
from server.county import Editions, day_number
from server.desk import Desk
from server.questions import departments_of
from server.staff_handover import Held, in_hand
from server.staff_people import Someone, everybody, someone
from server.staff_postings import Post, a_role, appoint, require_dates
from server.staff_rows import role_doubt
from server.staff_serving import serving
from server.storage import Tx
from server.storage.rows import Agent, Device, Grant, Staff
from shared.errors import Misuse, Refused
from shared.permissions import Capability, Question, may
from shared.rights import ROLE_LABELS, Role
from shared.sites import Site

ADDED, RESET, LOCKING, UNLOCKING = "add_staff", "reset_password", "lock_staff", "unlock_staff"
FACTOR_RESET = "reset_factor"
PAGE = 50
NAME_MAX = 64
REASON_MAX = 500
DESK, TABLET = "desk", "tablet"

_T = TypeVar("_T")


class NameMissing(Misuse):
    """A member of staff needs a name of at most 64 characters."""


class ReasonMissing(Misuse):
    """Whoever changes another one's posting or account says why."""


class WrongPlace(Misuse):
    """A role that does not exist at such a site, or a department that no catalogue names."""


class UnknownPerson(Refused):
    """Nobody of this id, or nobody whom this person may see."""


class OneSelf(Refused):
    """Nobody changes their own posting, grant or lock."""


class LastAdministrator(Refused):
    """After this, nobody could administer the county any more."""


class NoAccount(Refused):
    """Somebody at a tablet has no password to reset and no account to lock."""


@dataclass(frozen=True, slots=True)
class Search:
    """Which people the list shows; '' for all. `page` counts from 1."""

    text: str = ""
    role: str = ""
    township: str = ""
    state: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """The people of one page, how many fit the search in all, and whether one may add."""

    rows: list[Someone]
    total: int
    everybody: int
    may_add: bool
    townships: list[Site]
    """Whose people this person sees."""


@dataclass(frozen=True, slots=True)
class PersonPage:
    """One person as this visitor sees them, and what may be done."""

    one: Someone
    grants: list[list[Grant]]
    """The powers of each written grant, the latest grant first."""
    devices: list[tuple[Agent, Device]]
    held: list[Held]
    """Open matters in this person's hands."""
    may_administer: bool
    """Accounts, roles, grants: the county's administrator, and never for oneself."""
    may_move: bool
    """Moving within the township and ending a posting."""


@dataclass(frozen=True, slots=True)
class NewPerson:
    """What is said of somebody new. `at` is `desk` (a password) or `tablet` (an invitation)."""

    name: str
    role: str
    site: str
    at: str = DESK
    from_on: date | None = None
    to_on: date | None = None
    department: str = ""
    staff_no: str = ""
    phone: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Added:
    """Who was entered; the one-time password is shown once and '' for somebody at a tablet."""

    person: str
    name: str
    site: str
    role: str
    password: str


# ---- reading


def sees_staff(person: Person) -> bool:
    """Return whether the list of staff concerns this person at all, for the menu."""
    return may(
        Question(role=person.role, capability=Capability.APPOINT, same_township=True)
    ).mode != "no"  # fmt: skip


def people_page(desk: Desk, person: Person, search: Search) -> PeoplePage:
    """Return a page of the list; raise NotAllowed for those whom it does not concern."""
    own = require_list(desk, person)
    with desk.county.ledger.read() as tx:
        editions = desk.county.editions(tx)
        seen = [one for one in everybody(tx, _today(desk)) if sees(person, editions, one)]
    found = [one for one in seen if _fits(editions, one, search)]
    first = (max(search.page, 1) - 1) * PAGE
    above = {editions.township_of(one.site) for one in seen} - {""}
    townships = sorted((editions.sites.by_id(one) for one in above), key=lambda one: one.id)
    return PeoplePage(found[first : first + PAGE], len(found), len(seen), own, townships)


def require_list(desk: Desk, person: Person) -> bool:
    """Return whether the person may add people; raise NotAllowed where staff are not theirs."""
    with desk.county.ledger.read() as tx:
        editions = desk.county.editions(tx)
    own = sight.over_site(person, editions, Capability.APPOINT, person.site)
    if own.mode == "no":
        raise sight.NotAllowed(own.reason)
    return own.allowed


def person_page(desk: Desk, person: Person, who: str) -> PersonPage:
    """Return one person; raise UnknownPerson, NotAllowed."""
    require_list(desk, person)
    with desk.county.ledger.read() as tx:
        editions = desk.county.editions(tx)
        one = seen_person(tx, desk, person, editions, who)
        grants: dict[bytes, list[Grant]] = {}
        for row in reversed(tx.grants(person=who)):
            grants.setdefault(row.grant, []).append(row)
        devices = [(a, d) for a in one.agents if (d := tx.device(a.device)) is not None]
        held = in_hand(tx, who, {one.name}, one.sites)
    is_self = who == person.author
    move = sight.over_site(person, editions, Capability.REASSIGN, one.site)
    appointing = sight.over_site(person, editions, Capability.APPOINT, one.site)
    return PersonPage(
        one, list(grants.values()), devices, held, appointing.allowed and not is_self,
        move.allowed and not is_self,
    )  # fmt: skip


def seen_person(tx: Tx, desk: Desk, person: Person, editions: Editions, who: str) -> Someone:
    """Return somebody whom the person may see; raise UnknownPerson."""
    one = someone(tx, who, _today(desk))
    if one is None or not sees(person, editions, one):
        raise UnknownPerson("没有这个人员，请从工作人员列表中打开。")
    return one


def sees(person: Person, editions: Editions, one: Someone) -> bool:
    """Whether the person may see somebody: by any site these served at."""
    return any(
        sight.over_site(person, editions, Capability.APPOINT, site).mode != "no"
        for site in one.sites
    )


# ---- adding


def add(desk: Desk, person: Person, new: NewPerson) -> Added:
    """Enter somebody with a posting, and an account for a desk.

    Raises NotAllowed, NameMissing, ReasonMissing, WrongPlace, WrongDates, UnknownSite,
    AlreadyThere, InvalidField.
    """
    if not require_list(desk, person):
        raise sight.NotAllowed("只有县管理员可以添加工作人员，请联系县管理员。")
    name, today = " ".join(new.name.split()), desk.county.today()
    if not 0 < len(name) <= NAME_MAX:
        raise NameMissing(f"请填写姓名，最多 {NAME_MAX} 个字。")
    if new.at not in {DESK, TABLET}:
        raise Misuse("请选择在电脑上还是在平板上工作。")
    role, begun = a_role(new.role), new.from_on or today
    require_dates(today, begun, new.to_on)
    reason = require_reason(new.reason)
    password = passwords.one_time(desk.county.entropy) if new.at == DESK else ""
    hashed = passwords.hash_password(password) if password else ""

    def step(tx: Tx) -> Added:
        editions = desk.county.editions(tx)
        site = find_site(editions, new.site, today)
        require_fit(editions, role, site, new.department)
        key = letters(AGENT_LETTERS, desk.county.entropy)
        who = f"staff:{key}" if password else f"agent:{key}"
        post = Post(
            who, name, site.id, role, begun, new.to_on, new.department, new.staff_no.strip(),
            new.phone.strip(),
        )  # fmt: skip
        if password:
            now = desk.county.now()
            tx.put_staff(Staff(key, name, hashed, None, role, site.id, 1, ACTIVE, now))
        appoint(tx, desk.county, person.author, post, reason)
        note(
            tx,
            desk,
            person,
            ADDED,
            who,
            f"{name} · {ROLE_LABELS[Role(role)]} · {site.title} · {reason}",
        )
        return Added(who, name, site.id, role, password)

    return desk.county.ledger.writing(step)


def require_fit(editions: Editions, role: str, site: Site, department: str) -> None:
    """Raise WrongPlace unless a role may work at a site, for a department that exists."""
    doubt = role_doubt(Role(role), site.level)
    if doubt:
        raise WrongPlace(doubt)
    if department and role != Role.DEPARTMENT:
        raise WrongPlace("只有部门审批人员填部门，请清空部门或改选岗位。")
    if department and department not in departments(editions):
        raise WrongPlace(f"事项目录里没有部门“{department[:40]}”，请从列表中选择。")


def departments(editions: Editions) -> Collection[str]:
    """Return the departments that the catalogue in force names, in order."""
    return sorted({word for item in editions.catalogue.items for word in departments_of(item)})


# ---- accounts


def reset_password(desk: Desk, person: Person, who: str, reason: str) -> str:
    """Return a new one-time password, shown once; every log-in of the account ends.

    Raises UnknownPerson, NotAllowed, OneSelf, NoAccount, ReasonMissing.
    """
    password = passwords.one_time(desk.county.entropy)
    hashed = passwords.hash_password(password)

    def step(tx: Tx, row: Staff) -> str:
        tx.put_staff(row._replace(password=hashed, must_change=1))
        tx.end_staff_sessions(staff_id=row.staff)
        return password

    return _administer(desk, person, who, reason, RESET, step)


def lock(desk: Desk, person: Person, who: str, reason: str) -> None:
    """Close an account at once, with every log-in; raises as above, and LastAdministrator."""

    def step(tx: Tx, row: Staff) -> None:
        require_another_administrator(tx, desk, row.staff, desk.county.today())
        tx.put_staff(row._replace(state=LOCKED))
        tx.end_staff_sessions(staff_id=row.staff)

    _administer(desk, person, who, reason, LOCKING, step)


def unlock(desk: Desk, person: Person, who: str, reason: str) -> None:
    """Open a locked account; the password stays."""

    def step(tx: Tx, row: Staff) -> None:
        tx.put_staff(row._replace(state=ACTIVE))

    _administer(desk, person, who, reason, UNLOCKING, step)


def reset_factor(desk: Desk, person: Person, who: str, reason: str) -> None:
    """Turn off the second factor of somebody who lost authenticator and recovery codes."""

    def step(tx: Tx, row: Staff) -> None:
        staff_factor.turn_off(tx, row)
        tx.end_staff_sessions(staff_id=row.staff)

    _administer(desk, person, who, reason, FACTOR_RESET, step)


def _administer(
    desk: Desk, person: Person, who: str, reason: str, what: str, step: Callable[[Tx, Staff], _T]
) -> _T:  # fmt: skip
    """Do something to another one's account and write it down, in one transaction."""
    require_list(desk, person)

    def whole(tx: Tx) -> _T:
        editions = desk.county.editions(tx)
        one = seen_person(tx, desk, person, editions, who)
        require_over(person, editions, Capability.APPOINT, one.site)
        require_other(person, who)
        said = require_reason(reason)
        if one.account is None:
            raise NoAccount("此人在平板上工作，没有电脑账号。")
        done = step(tx, one.account)
        note(tx, desk, person, what, who, said)
        return done

    return desk.county.ledger.writing(whole)


# ---- what every change asks


def require_over(
    person: Person, editions: Editions, capability: Capability, site: str
) -> None:  # fmt: skip
    """Raise NotAllowed unless the person may use a capability over a site."""
    decision = sight.over_site(person, editions, capability, site)
    if not decision.allowed:
        raise sight.NotAllowed(decision.reason)


def require_other(person: Person, who: str) -> None:
    """Raise OneSelf for a change of one's own posting or account."""
    if who == person.author:
        raise OneSelf("不能办理本人的任职和账号，请另一位管理员来办。")


def require_reason(reason: str) -> str:
    """Return the reason without blanks around it; raise ReasonMissing."""
    said = reason.strip()
    if not 0 < len(said) <= REASON_MAX:
        raise ReasonMissing(f"请写明理由，最多 {REASON_MAX} 个字；理由会记入操作日志。")
    return said


def require_another_administrator(tx: Tx, desk: Desk, staff: str, on: date) -> None:
    """Raise LastAdministrator unless somebody else can administer on a day."""
    day = day_number(on)
    for row in tx.staff_list():
        if row.staff == staff or row.state != ACTIVE:
            continue
        now = serving(row, tx.postings(person=f"staff:{row.staff}"), day)
        if now is not None and now.role == Role.ADMINISTRATOR:
            return
    leaving = tx.staff_member(staff)
    if leaving is not None and leaving.role == Role.ADMINISTRATOR:
        raise LastAdministrator("这是最后一位县管理员，请先添加另一位县管理员。")


def note(tx: Tx, desk: Desk, person: Person, what: str, about: str, detail: str) -> None:
    """Enter an act into the audit log, in the transaction that does it."""
    tx.add_audit(desk.accounts.entry(person.author, what, about, detail))


def _today(desk: Desk) -> int:
    return day_number(desk.county.today())


def _fits(editions: Editions, one: Someone, search: Search) -> bool:
    text = search.text.strip().casefold()
    is_named = not text or text in one.name.casefold() or text in one.person.casefold()
    return (
        is_named
        and search.role in {"", one.role}
        and search.state in {"", one.state}
        and search.township in {"", editions.township_of(one.site)}
    )
