"""Judging one operation: the only place where postings, catalogue and today meet an act.

A pure function of what the core looked up. Clocks never hold or refuse anything; what is refused or
held stays in the ledger with its reason (`shared.reasons`) and a person can admit it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TypeAlias

from server.brief import Bench, Brief
from server.county import day_number
from server.guards import misfit
from server.questions import covers, has_ended, question
from server.storage.rows import Posting
from server.verdicts import Ruling
from shared import clock, kinds, lifecycle, session
from shared.civil import civil_date
from shared.clock import Quality
from shared.operation import VERSION, Operation, Skeleton
from shared.permissions import Question, Role, may, rank_of
from shared.validation import InvalidField, validate
from shared.verdict import Status
from sync.keys import BadSignature, verify

EFFECTIVE_MS_MAX = 24 * 60 * 60 * 1000
CITIZEN = "citizen"
_SESSION_ACTS = frozenset({session.OPEN, session.OPEN_CITIZEN, session.CLOSE})
_REFUSED, _HELD, _ADMITTED = Status.REFUSED, Status.HELD, Status.ADMITTED
_Judged: TypeAlias = tuple[Status, int, str]
"""Status, rank, reason."""


def judge(bench: Bench, brief: Brief) -> Ruling:
    """Return the ruling on one operation."""
    status, rank, reason = _judged(bench, brief, believed_on(bench, brief.operation))
    return Ruling(status, rank, reason, stated(bench, brief.operation))


def believed_on(bench: Bench, operation: Operation) -> date:
    """Return the civil date on which the county believes an act was done."""
    at = stated(bench, operation)
    return civil_date(operation.skeleton.effective_at if at is None else at)


def stated(bench: Bench, operation: Operation) -> int | None:
    """Return the time the county believes, as rulings hold it: None where the operation says so.

    No clock, however wild, holds or refuses anything.
    """
    skeleton = operation.skeleton
    trusted = clock.trusted_effective_at(
        skeleton.effective_at, Quality(skeleton.quality), bench.anchor_at, bench.received_at
    )
    # However good a clock calls itself, an act is not in the future by more than the cap.
    believed = max(0, min(trusted, bench.received_at + EFFECTIVE_MS_MAX))
    return None if believed == skeleton.effective_at else believed


def _judged(bench: Bench, brief: Brief, on: date) -> _Judged:
    skeleton = brief.operation.skeleton
    quarantine = _quarantine(bench, skeleton.seq)
    if quarantine:
        return _HELD, 0, quarantine
    if skeleton.version > VERSION:
        return _HELD, 0, "newer_version"
    if skeleton.kind not in kinds.KINDS:
        return _HELD, 0, "unknown_kind"
    if kinds.KINDS[skeleton.kind].county_only:
        return _REFUSED, 0, "county_only"
    if brief.founder is not None and brief.founder.kind != skeleton.kind:
        return _REFUSED, 0, "other_kind"
    if not brief.operation.has_data:  # erased at its author, or on a way of its own
        return _HELD, 0, "data_missing"
    if skeleton.kind == session.KIND:
        return _session(bench, brief)
    status, reason = _authorship(brief)
    if status is not _ADMITTED:
        return status, 0, reason
    if not _is_valid(brief.operation, civil_date(bench.received_at)):
        return _REFUSED, 0, "invalid_field"
    status, rank, reason = _rights(bench, brief, on)
    unfit = "" if status is _REFUSED else misfit(brief)
    if unfit:
        return _REFUSED, rank, unfit
    if status is _ADMITTED and _waits_for_conflict(brief):
        return _HELD, rank, "conflict_open"
    return status, rank, reason


def _quarantine(bench: Bench, seq: int) -> str:
    """Work above the cut of a lost or forked stream waits; below it, it counts (SECURITY.md)."""
    if bench.cut_seq is not None and seq > bench.cut_seq:
        return "stream_cut"
    if bench.device_state in ("revoked", "cut") and bench.cut_seq is None:
        return "device_revoked"
    return "device_suspended" if bench.device_state == "suspended" else ""


def _is_valid(operation: Operation, today: date | None = None) -> bool:
    try:
        validate(operation.skeleton.kind, operation.skeleton.act, operation.data, today)
    except InvalidField:
        return False
    return True


def _session(bench: Bench, brief: Brief) -> _Judged:
    """A session's opening is signed by the agent's own key over the stream's head."""
    skeleton, data = brief.operation.skeleton, brief.operation.data
    agent = next((one for one in bench.agents if f"agent:{one.agent}" == skeleton.author), None)
    if agent is None:
        return _REFUSED, 0, "unknown_agent"
    of = session.citizen_of(data)
    is_fit = skeleton.act in _SESSION_ACTS and _is_valid(brief.operation)
    if not is_fit or (of is not None) != (skeleton.act == session.OPEN_CITIZEN):
        return _REFUSED, 0, "invalid_field"
    signed = session.signed_bytes(bench.county, skeleton.stream, brief.head_before, agent.agent, of)
    try:
        verify(agent.public, session.TAG, signed, session.signature_of(data))
    except BadSignature:
        return _REFUSED, 0, "session_signature"
    if agent.state != "active":  # not approved yet, or taken off this tablet
        return _HELD, 0, "unknown_agent"
    return _ADMITTED, 0, ""


def _authorship(brief: Brief) -> tuple[Status, str]:
    """Every act names the open session of its own stream, by the same person, as judged."""
    skeleton, opened = brief.operation.skeleton, brief.session
    if opened is None or opened.verdict is None:
        return _REFUSED, "no_session"
    if opened.verdict.status is not _ADMITTED:  # what it held back or refused, it does so for all
        return opened.verdict.status, opened.verdict.reason
    opening = opened.operation
    if opening.skeleton.act == session.OPEN_CITIZEN:
        is_rating = skeleton.author == CITIZEN and skeleton.kind == "rating"
        is_first = skeleton.seq == opening.skeleton.seq + 1
        named = brief.operation.data.get("of") == opening.data.get("citizen_of")
        is_fit = is_rating and is_first and named
        return (_ADMITTED, "") if is_fit else (_REFUSED, "citizen_session")
    is_same = opening.skeleton.author == skeleton.author
    return (_ADMITTED, "") if is_same else (_REFUSED, "other_author")


def _rights(bench: Bench, brief: Brief, on: date) -> _Judged:
    skeleton = brief.operation.skeleton
    if not bench.editions.knows(skeleton.site):
        return _REFUSED, 0, "unknown_site"
    at_site = [one for one in brief.postings if one.site == skeleton.site]
    day = day_number(on)
    serving = [one for one in at_site if _runs_on(one, day)]
    if not serving:
        ended = any(one.from_on <= day for one in at_site)
        return (_HELD, 0, "posting_ended") if ended else (_REFUSED, 0, "no_posting")
    if skeleton.author == CITIZEN:
        return _citizen(skeleton)
    held: list[_Judged] = []
    for posting in sorted(serving, key=lambda one: rank_of(one.role), reverse=True):
        asked = question(bench, brief, posting, on)
        decision = may(asked)
        if decision.allowed:
            return _ADMITTED, rank_of(posting.role), ""
        if _had_grant(bench, brief, asked, day):
            held.insert(0, (_HELD, rank_of(posting.role), "grant_ended"))
        elif decision.mode == "propose":
            held.append((_HELD, 0, "only_propose"))
    return held[0] if held else (_REFUSED, 0, "not_permitted")


def _had_grant(bench: Bench, brief: Brief, asked: Question, day: int) -> bool:
    """Whether nothing is missing but a written grant that has ended: the act waits, like others."""
    if asked.has_grant or not may(replace(asked, has_grant=True)).allowed:
        return False
    return any(
        has_ended(grant, day) and covers(bench.editions, brief, grant, owns=asked.own_department)
        for grant in brief.grants
    )


def _citizen(skeleton: Skeleton) -> _Judged:
    """A citizen rates and does nothing else; whose matter it is, the session's opening says."""
    question = Question(role=Role.CITIZEN, kind=skeleton.kind, act=skeleton.act, is_own=True)
    if may(question).allowed:
        return _ADMITTED, rank_of(Role.CITIZEN), ""
    return _REFUSED, 0, "not_permitted"


def _runs_on(posting: Posting, day: int) -> bool:
    return posting.from_on <= day and (posting.to_on is None or day <= posting.to_on)


def _waits_for_conflict(brief: Brief) -> bool:
    """Irreversible acts wait while a conflict of their record is open; settling frees them."""
    skeleton, record = brief.operation.skeleton, brief.record
    if record is None or not record.conflicts:
        return False
    return lifecycle.is_irreversible(skeleton.kind, skeleton.act)
