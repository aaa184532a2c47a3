"""Judging one operation: the only place where postings, catalogue and today meet an act.

A pure function of what the core looked up. Clocks never hold or refuse anything; what is refused or
held stays in the ledger with its reason (`shared.reasons`) and a person can admit it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from server.county import Editions, day_number
from server.storage.rows import Agent, Grant, Posting
from server.verdicts import Ruling
from shared import clock, kinds, lifecycle, session
from shared.canonical import Value
from shared.catalogue import Item
from shared.civil import civil_date
from shared.clock import Quality
from shared.kinds import SEALED_TARGETS
from shared.operation import VERSION, Operation
from shared.permissions import Question, Role, capability_of, may, rank_of
from shared.record import Record
from shared.rights import Capability
from shared.validation import InvalidField, validate
from shared.verdict import Status
from sync.keys import BadSignature, verify

EFFECTIVE_MS_MAX = 24 * 60 * 60 * 1000
_REFUSED, _HELD, _ADMITTED = Status.REFUSED, Status.HELD, Status.ADMITTED


@dataclass(frozen=True, slots=True)
class Bench:
    """What the core knows while it judges one envelope."""

    county: int
    editions: Editions
    received_at: int
    anchor_at: int
    """The last instant this stream is known to have existed at (its last receipt)."""
    device_state: str
    cut_seq: int | None
    agents: Sequence[Agent]
    """Those enrolled on the device that wrote the stream."""


@dataclass(frozen=True, slots=True)
class Brief:
    """One operation with what it is judged against."""

    operation: Operation
    head_before: bytes
    """The stream's head before the operation (a session's opening signs it)."""
    record: Record | None
    """As folded from everything the county holds, the same envelope's earlier acts included."""
    session: Operation | None
    """The session opening that the operation names, if the county has it."""
    postings: Sequence[Posting] = ()
    grants: Sequence[Grant] = ()


def judge(bench: Bench, brief: Brief) -> Ruling:
    """Return the ruling on one operation."""
    skeleton = brief.operation.skeleton
    effective_at = _effective_at(bench, brief.operation)
    stated = None if effective_at == skeleton.effective_at else effective_at

    def ruling(status: Status, rank: int, reason: str = "") -> Ruling:
        return Ruling(status, rank, reason, stated)

    quarantine = _quarantine(bench, skeleton.seq)
    if quarantine:
        return ruling(_HELD, 0, quarantine)
    if skeleton.version > VERSION:
        return ruling(_HELD, 0, "newer_version")
    if skeleton.kind not in kinds.KINDS:
        return ruling(_HELD, 0, "unknown_kind")
    if kinds.KINDS[skeleton.kind].county_only:
        return ruling(_REFUSED, 0, "county_only")
    if skeleton.kind == session.KIND:
        reason = _session_fault(bench, brief)
        return ruling(_REFUSED if reason else _ADMITTED, 0, reason)
    reason = _authorship_fault(brief)
    if reason:
        return ruling(_REFUSED, 0, reason)
    try:
        validate(skeleton.kind, skeleton.act, brief.operation.data)
    except InvalidField:
        return ruling(_REFUSED, 0, "invalid_field")
    status, rank, reason = _rights(bench, brief, civil_date(effective_at))
    if status is _ADMITTED and _waits_for_conflict(brief):
        return ruling(_HELD, rank, "conflict_open")
    return ruling(status, rank, reason)


def _effective_at(bench: Bench, operation: Operation) -> int:
    skeleton = operation.skeleton
    trusted = clock.trusted_effective_at(
        skeleton.effective_at, Quality(skeleton.quality), bench.anchor_at, bench.received_at
    )
    # However good a clock calls itself, an act is not in the future by more than the cap.
    return max(0, min(trusted, bench.received_at + EFFECTIVE_MS_MAX))


def _quarantine(bench: Bench, seq: int) -> str:
    """Work above the cut of a lost or forked stream waits; below it, it counts (SECURITY.md)."""
    if bench.cut_seq is not None and seq > bench.cut_seq:
        return "stream_cut"
    if bench.device_state in ("revoked", "cut") and bench.cut_seq is None:
        return "device_revoked"
    return "device_suspended" if bench.device_state == "suspended" else ""


def _session_fault(bench: Bench, brief: Brief) -> str:
    """A session's opening is signed by the agent's own key over the stream's head."""
    skeleton, data = brief.operation.skeleton, brief.operation.data
    agent = next((one for one in bench.agents if f"agent:{one.agent}" == skeleton.author), None)
    if agent is None:
        return "unknown_agent"
    of = session.citizen_of(data)
    if (of is not None) != (skeleton.act == session.OPEN_CITIZEN):
        return "invalid_field"
    signed = session.signed_bytes(bench.county, skeleton.stream, brief.head_before, agent.agent, of)
    try:
        verify(agent.public, session.TAG, signed, session.signature_of(data))
    except BadSignature:
        return "session_signature"
    return ""


def _authorship_fault(brief: Brief) -> str:
    """Every act names an open session of its own stream by the same person."""
    skeleton, opened = brief.operation.skeleton, brief.session
    if opened is None or opened.skeleton.kind != session.KIND:
        return "no_session"
    if opened.skeleton.stream != skeleton.stream or opened.skeleton.seq >= skeleton.seq:
        return "no_session"
    if opened.skeleton.act == session.OPEN_CITIZEN:
        is_rating = skeleton.author == "citizen" and skeleton.kind == "rating"
        named = brief.operation.data.get("of") == opened.data.get("citizen_of")
        return "" if is_rating and named else "citizen_session"
    return "" if opened.skeleton.author == skeleton.author else "other_author"


def _rights(bench: Bench, brief: Brief, on: date) -> tuple[Status, int, str]:
    skeleton = brief.operation.skeleton
    if skeleton.author == "citizen":
        return _ADMITTED, rank_of(Role.CITIZEN), ""
    if not bench.editions.knows(skeleton.site):
        return _REFUSED, 0, "unknown_site"
    at_site = [one for one in brief.postings if one.site == skeleton.site]
    day = day_number(on)
    serving = [one for one in at_site if _runs_on(one, day)]
    if not serving:
        ended = any(one.from_on <= day for one in at_site)
        return (_HELD, 0, "posting_ended") if ended else (_REFUSED, 0, "no_posting")
    reason = ""
    for posting in sorted(serving, key=lambda one: rank_of(one.role), reverse=True):
        decision = may(_question(bench.editions, brief, posting, day))
        if decision.allowed:
            return _ADMITTED, rank_of(posting.role), ""
        reason = "only_propose" if decision.mode == "propose" else reason or "not_permitted"
    return (_HELD if reason == "only_propose" else _REFUSED), 0, reason


def _runs_on(posting: Posting, day: int) -> bool:
    return posting.from_on <= day and (posting.to_on is None or day <= posting.to_on)


def _question(editions: Editions, brief: Brief, posting: Posting, day: int) -> Question:
    skeleton, data = brief.operation.skeleton, brief.operation.data
    fields = brief.record.fields if brief.record is not None else data
    item = _item(editions, fields)
    creator = _creator(brief)
    sites = {creator[1], str(fields.get("holder_site") or "")} if creator else {skeleton.site}
    here = editions.township_of(skeleton.site)
    is_target = fields.get("target") == skeleton.author.partition(":")[2]
    return Question(
        role=posting.role,
        kind=skeleton.kind,
        act=skeleton.act,
        same_site=skeleton.site in sites,
        same_township=any(site and editions.township_of(site) == here for site in sites),
        item_at_site=item is not None
        and editions.sites.by_id(skeleton.site).kind in item.accept_at,
        own_department=posting.role == Role.DEPARTMENT,
        own_items=posting.role == Role.DEPARTMENT,
        village_instant=item is not None and item.village_instant,
        instant_item=item is not None and item.promised_days == 0,
        has_grant=any(_grants(one, item, day) for one in brief.grants),
        is_own=creator is not None and creator[0] == skeleton.author,
        about_self=is_target,
        is_handler=fields.get("handler") == skeleton.author.partition(":")[2],
        open_case=brief.record is not None
        and not lifecycle.is_end(skeleton.kind, brief.record.state),
        reason_given=bool(data.get("reason")),
        head_approved=bool(data.get("approved_by")),
        second_person=creator is not None and creator[0] != skeleton.author,
        township_internal=True,
        person_target=fields.get("target_kind") in SEALED_TARGETS,
    )


def _creator(brief: Brief) -> tuple[str, str] | None:
    """(author, site) of the act that made the record, None for a new one."""
    if brief.record is None or not brief.record.history:
        return None
    made_by = brief.record.history[0].operation
    for values in brief.record.registers.values():
        for value in values:
            if value.operation == made_by:
                return value.author, value.site
    return None


def _item(editions: Editions, fields: dict[str, Value] | object) -> Item | None:
    code = fields.get("item") if hasattr(fields, "get") else None
    return editions.catalogue.by_code.get(code) if isinstance(code, str) else None


def _grants(grant: Grant, item: Item | None, day: int) -> bool:
    runs = grant.from_on <= day and (grant.to_on is None or day <= grant.to_on)
    covers = not grant.items or (item is not None and item.code in grant.items.split())
    return runs and covers and grant.power == "decide"


def _waits_for_conflict(brief: Brief) -> bool:
    """Irreversible acts wait while a conflict of their record is open; settling frees them."""
    skeleton, record = brief.operation.skeleton, brief.record
    if record is None or not record.conflicts:
        return False
    is_settling = capability_of(skeleton.kind, skeleton.act) is Capability.SETTLE
    return not is_settling and lifecycle.is_irreversible(skeleton.kind, skeleton.act)
