"""/q 进度查询: what a number and its query code tell a citizen, and nothing about anybody.

Wrong tries stand in the audit log: five for a number, thirty from an address, then a wait that a
restart does not shorten and that every process knows. A sealed complaint has no number; its code of
twelve letters is asked alone and answered with the state alone.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from server.accounts import ACTIVE
from server.card import read_card
from server.complaint_rows import Which, complaint_rows
from server.county import County, Editions, day_number
from server.duedates import due_of
from server.finding import row_by_number
from server.storage import Tx
from server.storage.rows import AuditEntry, RecordRow
from server.throttle import TooManyTries
from shared import ids, slips
from shared.canonical import Value
from shared.errors import Refused
from shared.fold import fold
from shared.kinds import SEALED_TARGETS
from shared.numbered import PROJECT
from shared.permissions import rank_of
from shared.record import Record
from shared.rights import ROLE_LABELS, Role

TRIES = 5
ADDRESS_TRIES = 30
WAIT_MS = 15 * 60 * 1000
QUERY_FAILED = "query_failed"
PUBLIC_KINDS = frozenset({"consultation", "proxy", "case", "complaint", "appointment"})
_SEALED_CODE = re.compile(f"[{slips.LETTERS}]{{12}}")
_AT_ONCE = 500


class NothingFound(Refused):
    """Number and code do not belong together; which of the two is wrong is not told."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a citizen is told. Of a sealed complaint: its state, and whom to ask.

    `site` and `role` say who holds it, as an office; `phone` is that of `phone_site`.
    """

    kind: str
    number: str
    state: str
    due: date | None = None
    is_provisional: bool = False
    closed_on: int | None = None
    site: str = ""
    role: str = ""
    phone: str = ""
    phone_site: str = ""
    is_sealed: bool = False


def ask(county: County, number: str, code: str, address: str) -> Progress:
    """Return what a number and its query code tell; '' as number for a sealed complaint.

    Raises InvalidSlipNumber, NothingFound, TooManyTries.
    """
    code = slips.clean(code)
    if not number.strip():
        return _ask_sealed(county, code, address)
    typed = slips.clean(number)
    is_official = len(typed) == slips.PROJECT_DIGITS and typed.isdigit()
    name = slips.parse_project_number(number) if is_official else typed
    with county.ledger.read() as tx:
        if is_official:
            record = tx.record_of_number(PROJECT, name)
            row = tx.record(record) if record is not None else None
        else:
            row = row_by_number(tx, number)
    if row is not None and row.kind not in PUBLIC_KINDS:
        row = None
    expected = str(read_card(row.folded).get("query_code") or "") if row is not None else ""
    is_right = hmac.compare_digest(expected.encode(), code.encode()) and expected != ""
    # Whichever of its numbers a matter is asked for by, its tries count together.
    asked = row.slip if row is not None and row.slip else name
    _count(county, f"query:{asked}", address, TRIES, row, is_right=is_right)
    if row is None or not is_right:
        raise NothingFound("没有查到：请核对凭证上的号码和查询码，或向登记站点电话查询。")
    return _told(county, row, name)


def _ask_sealed(county: County, code: str, address: str) -> Progress:
    if not _SEALED_CODE.fullmatch(code):
        raise slips.InvalidSlipNumber(
            "请填凭证上的号码和查询码；密封投诉只有 12 位查询码，号码不用填。"
        )
    row = None
    with county.ledger.read() as tx:
        for one in _sealed(tx):
            held = str(read_card(one.folded).get("query_code") or "")
            if hmac.compare_digest(held.encode(), code.encode()):
                row = one
    # The code is all there is: tries count by where they come from, five as for a number.
    _count(county, f"query:sealed:{address}", address, TRIES, row, is_right=row is not None)
    if row is None:
        raise NothingFound("没有查到：请核对凭证上的 12 位查询码；刚提交的要等设备联网后才能查。")
    return _told(county, row, "")


def _sealed(tx: Tx) -> Iterator[RecordRow]:
    """Every complaint without a number, newest first: there are a few each month."""
    before: bytes | None = None
    while rows := complaint_rows(tx, Which(without_slip=True), before=before, limit=_AT_ONCE):
        yield from rows
        before = rows[-1].record


def _count(
    county: County, about: str, address: str, tries: int, row: RecordRow | None, *, is_right: bool
) -> None:
    """Raise TooManyTries where the tries are used up; else write a wrong one down.

    In one transaction that waits for the record, so that guesses sent at once count one by one.
    """
    now = county.now()
    person = f"citizen:{address}"

    def step(tx: Tx) -> None:
        if row is not None:
            tx.lock_records([row.record])
        for found, limit in (
            (tx.audit_entries(about=about, limit=tries), tries),
            (tx.audit_entries(person=person, limit=ADDRESS_TRIES), ADDRESS_TRIES),
        ):
            oldest = found[-1].at if len(found) == limit else None
            if oldest is not None and oldest > now - WAIT_MS:
                raise TooManyTries(oldest + WAIT_MS - now)
        if not is_right:
            entry = ids.uuid7(now, county.entropy(10))
            tx.add_audit(AuditEntry(entry, now, person, QUERY_FAILED, about, ""))

    county.ledger.writing(step)


def _told(county: County, row: RecordRow, number: str) -> Progress:
    with county.ledger.read() as tx:
        record = fold(tx.operations_of([row.record])[row.record])
        editions = county.editions(tx)
        state = row.state or ""
        if record.fields.get("target_kind") in SEALED_TARGETS:
            phone, whose = editions.sites.phone_of(editions.centre)
            title = "" if whose is None else whose.title
            return Progress(row.kind, number, state, phone=phone, phone_site=title, is_sealed=True)
        due = due_of(editions.calendar, record) if row.closed_on is None else None
        site, role = _held_by(tx, editions, row, record, day_number(county.today()))
        phone, whose = editions.sites.phone_of(site)
        return Progress(
            row.kind, number, state, None if due is None else due.on,
            due is not None and due.provisional, row.closed_on,
            editions.sites.by_id(site).title if editions.knows(site) else "", role, phone,
            "" if whose is None else whose.title,
        )  # fmt: skip


def _held_by(
    tx: Tx, editions: Editions, row: RecordRow, record: Record, on: int
) -> tuple[str, str]:
    """The office that holds a record: its site, and the post of who has it there; no name."""
    fields = record.fields
    holder: Value = fields.get("handler" if row.kind == "complaint" else "holder")
    if row.kind == "complaint" and not holder:
        return editions.centre, ROLE_LABELS[Role.SUPERVISOR]
    where = fields.get("holder_site")
    roles: list[tuple[str, str]] = []
    if isinstance(holder, str) and holder:
        roles = [(one.site, one.role) for one in tx.postings_on(holder, on)]
        staff = tx.staff_member(holder.removeprefix("staff:"))
        if staff is not None and staff.state == ACTIVE:
            roles.append((staff.site, staff.role))
    site = where if isinstance(where, str) and where else ""
    site = site or (roles[0][0] if roles else "") or row.site
    known = [role for at, role in roles if at == site]
    role = max(known, key=rank_of, default="")
    return site, ROLE_LABELS[Role(role)] if role else ""
