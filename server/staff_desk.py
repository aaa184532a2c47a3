"""Staff and audit log as staff meet them, cut to what the permission table lets each one see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from server import sight
from server.accounts import Person
from server.admin import add_staff, require_role
from server.county import Editions
from server.desk import Desk
from server.storage import Tx
from server.storage.rows import AuditEntry, Staff
from shared.errors import Misuse
from shared.ids import InvalidId, parse_record
from shared.permissions import Capability, Question, may

ADDED = "add_staff"
LOG_PAGE = 50
NAME_MAX = 64
HIDDEN_DETAIL = "******"


class NameMissing(Misuse):
    """A member of staff needs a name of at most 64 characters."""


@dataclass(frozen=True, slots=True)
class StaffPage:
    """The staff this person sees; `may_add` whether new people may be entered."""

    rows: list[Staff]
    may_add: bool


@dataclass(frozen=True, slots=True)
class LogPage:
    """A page of the audit log, newest first; `more` is the entry after which the next begins."""

    entries: list[AuditEntry]
    people: list[Staff]
    """Whose entries this person may see, for the filter."""
    more: bytes | None


def staff_page(desk: Desk, person: Person) -> StaffPage:
    """Return the list of staff; raise NotAllowed for those whom it does not concern."""
    with desk.county.ledger.read() as tx:
        editions = desk.county.editions(tx)
        rows = tx.staff_list()
    own = sight.over_site(person, editions, Capability.APPOINT, person.site)
    if own.mode == "no":
        raise sight.NotAllowed(own.reason)
    seen = [
        row
        for row in rows
        if sight.over_site(person, editions, Capability.APPOINT, row.site).mode != "no"
    ]
    return StaffPage(seen, own.allowed)


def add(desk: Desk, person: Person, name: str, role: str, site: str) -> str:
    """Enter a member of staff and return the one-time password, shown once.

    Raises NameMissing, Misuse, UnknownSite, AlreadyThere, NotAllowed.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_MAX:
        raise NameMissing(f"请填写姓名，最多 {NAME_MAX} 个字。")
    if not staff_page(desk, person).may_add:
        raise sight.NotAllowed("只有县管理员可以添加工作人员，请联系县管理员。")
    _, password = add_staff(desk.county, name, require_role(role), site)
    desk.accounts.note(person, ADDED, name, f"{role} {site}")
    return password


def sees_staff(person: Person) -> bool:
    """Return whether the list of staff concerns this person at all, for the menu."""
    return may(
        Question(role=person.role, capability=Capability.APPOINT, same_township=True)
    ).mode != "no"  # fmt: skip


def log_page(desk: Desk, person: Person, *, who: str = "", before: bytes | None = None) -> LogPage:
    """Return audit entries: all, one's township's, or one's own. `who` is a staff id, '' for all.

    An administrator sees that a complaint was looked at and by whom, not what was said about it.
    """
    with desk.county.ledger.read() as tx:
        editions = desk.county.editions(tx)
        everybody = tx.staff_list()
        people = [one for one in everybody if _may_read(person, editions, one)]
        is_whole = len(people) == len(everybody) and person.role in sight.COUNTY_ROLES
        authors = None if is_whole and not who else [f"staff:{one.staff}" for one in people]
        if who:
            authors = [f"staff:{one.staff}" for one in people if one.staff == who]
        found = tx.audit_entries(people=authors, before=before, limit=LOG_PAGE + 1)
        veiled = _complaints(tx, person, found[:LOG_PAGE])
    entries = [
        _without_detail(one) if one.about in veiled and one.person != person.author else one
        for one in found[:LOG_PAGE]
    ]
    return LogPage(entries, people, entries[-1].entry if len(found) > LOG_PAGE else None)


def _without_detail(entry: AuditEntry) -> AuditEntry:
    """Return the entry without what was said."""
    return entry._replace(detail=HIDDEN_DETAIL if entry.detail else "")


def _may_read(person: Person, editions: Editions, other: Staff) -> bool:
    township = editions.township_of(person.site)
    question = Question(
        role=person.role, capability=Capability.READ_AUDIT, is_own=other.staff == person.staff,
        same_township=bool(township) and editions.township_of(other.site) == township,
    )  # fmt: skip
    return may(question).allowed


def _complaints(tx: Tx, person: Person, entries: Collection[AuditEntry]) -> set[str]:
    """Which records of these entries are complaints whose content this person may not read."""
    question = Question(role=person.role, capability=Capability.READ_AUDIT, is_own=True,
                        same_township=True)  # fmt: skip
    if may(replace(question, complaint_content=True)).allowed:
        return set()
    found = {}
    for entry in entries:
        try:
            found[parse_record(entry.about)] = entry.about
        except InvalidId:
            continue  # about a name or a device
    rows = tx.records(found)
    return {text for record, text in found.items()
            if record in rows and rows[record].kind.startswith("complaint")}  # fmt: skip
