"""The dates of a record that lists sort by: registered, closed, due. Projections, never facts."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from server.county import day_number
from shared import lifecycle
from shared.calendars import CalendarEdition, CalendarMissing
from shared.civil import civil_date
from shared.deadlines import (
    TERMS,
    Deadline,
    DueDate,
    Extension,
    Limit,
    Suspension,
    Term,
    Unit,
    Warning,
    term_due,
    warning,
)
from shared.record import Effect, Record

_ACCEPTING = frozenset({"accept", "deem_accepted", "close_on_spot"})
_CLOSED = frozenset({"已办结", "已送达", "已撤回", "退件", "已回访"})
_ANSWERING = frozenset({"已受理", "转办中", "办理中"})
_ANSWER_FROM = frozenset({"triage", "reopen", "continue_on_own_motion"})
"""Acts from which the days of a complaint's answer count."""


class Pledge(NamedTuple):
    """What is owed on a complaint next, and the day from which it counts."""

    term: Term
    since: date


class Dates(NamedTuple):
    """Civil dates as integers (20261031); None where there is none."""

    registered_on: int | None
    closed_on: int | None
    due_on: int | None


def dates_of(calendar: CalendarEdition, record: Record) -> Dates:
    """Return the dates of a folded record."""
    if not record.history:
        return Dates(None, None, None)
    closed = next((e for e in record.history if _closes(record.kind, e)), None)
    due = due_of(calendar, record)
    return Dates(
        day_number(civil_date(record.history[0].effective_at)),
        None if closed is None else day_number(civil_date(closed.effective_at)),
        None if due is None else day_number(due.on),
    )


def _closes(kind: str, effect: Effect) -> bool:
    after = effect.state_after
    ends = after in _CLOSED or lifecycle.is_end(kind, after)
    was = effect.state_before
    return ends and not (was in _CLOSED or (was is not None and lifecycle.is_end(kind, was)))


def due_of(calendar: CalendarEdition, record: Record) -> DueDate | None:
    """Return when an accepted case, or a complaint's next pledge, is due; None for others.

    暂定 and paused are marked.

    No act but `correct_record` touches item and limits once a case is accepted, so what the record
    shows is what the acceptance froze, set right where the county corrected it.
    """
    deadline, pledge = deadline_of(record), pledge_of(record)
    try:
        if pledge is not None:
            return term_due(calendar, pledge.term, pledge.since)
        return None if deadline is None else deadline.promised_due(calendar)
    except CalendarMissing:  # a year nobody has published yet: shown as 暂无期限, not guessed
        return None


def pledge_of(record: Record) -> Pledge | None:
    """Return what is owed on a complaint next (§3.3): 分流, then the answer; None for others."""
    if record.kind != "complaint" or not record.history:
        return None
    if record.state == "已登记":
        return Pledge(Term.TRIAGE, civil_date(record.history[0].effective_at))
    begun = [one for one in record.history if one.act in _ANSWER_FROM]
    if record.state not in _ANSWERING or not begun:
        return None
    is_complex = record.fields.get("complex") is True
    term = Term.REPLY_COMPLEX if is_complex else Term.REPLY
    return Pledge(term, civil_date(begun[-1].effective_at))


def pledge_level(now: int, calendar: CalendarEdition, pledge: Pledge) -> Warning:
    """Return the colour of a pledge at `now` (Unix ms), 红 at most: no law stands behind it.

    Raises CalendarMissing.
    """
    limit = TERMS[pledge.term]
    return min(warning(now, calendar, Deadline(pledge.since, limit, limit)), Warning.RED)


def deadline_of(record: Record) -> Deadline | None:
    """Return what decides when an accepted case is due; None for every other record."""
    if record.kind != "case":
        return None
    accepted = next((e for e in record.history if e.act in _ACCEPTING), None)
    promised, statutory = record.fields.get("promised_days"), record.fields.get("statutory_days")
    if accepted is None or not isinstance(promised, int):
        return None
    unit = Unit.NATURAL if record.fields.get("days_unit") == "day" else Unit.WORKDAY
    legal = statutory if isinstance(statutory, int) else promised
    return Deadline(
        civil_date(accepted.effective_at), Limit(promised, unit), Limit(legal, unit),
        _suspensions(record), _extensions(record), joint=record.fields.get("joint") is True,
    )  # fmt: skip


def _suspensions(record: Record) -> list[Suspension]:
    found: list[Suspension] = []
    noticed: date | None = None
    for effect in record.history:
        on = civil_date(effect.effective_at)
        if effect.act == "suspend":
            noticed = on
        elif effect.act == "resume" and noticed is not None:
            found.append(Suspension(noticed, on))
            noticed = None
    return [*found, Suspension(noticed)] if noticed is not None else found


def _extensions(record: Record) -> list[Extension]:
    """A case is extended once. Of two extensions made apart, the applicant was told by the first
    and the days are those the record shows."""
    days = record.fields.get("extend_days")
    told = [civil_date(e.effective_at) for e in record.history if e.act == "extend"]
    return [Extension(days, min(told))] if told and isinstance(days, int) else []
