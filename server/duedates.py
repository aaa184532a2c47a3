"""The dates of a record that lists sort by: registered, closed, due. Projections, never facts."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from server.county import day_number
from shared import lifecycle
from shared.calendars import CalendarEdition, CalendarMissing
from shared.case_dates import deadline_of
from shared.case_dates import due_of as case_due_of
from shared.civil import civil_date
from shared.deadlines import TERMS, Deadline, DueDate, Term, Warning, term_due, warning
from shared.record import Effect, Record

__all__ = ["Dates", "Pledge", "dates_of", "deadline_of", "due_of", "pledge_level", "pledge_of"]

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

    暂定 and paused are marked; a year nobody has published yet gives None.
    """
    pledge = pledge_of(record)
    if pledge is None:
        return case_due_of(calendar, record)
    try:
        return term_due(calendar, pledge.term, pledge.since)
    except CalendarMissing:
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
    is_complex = record.fields.get("complex") is True or any(
        one.act == "extend" for one in record.history
    )
    term = Term.REPLY_COMPLEX if is_complex else Term.REPLY
    return Pledge(term, civil_date(begun[-1].effective_at))


def pledge_level(now: int, calendar: CalendarEdition, pledge: Pledge) -> Warning:
    """Return the colour of a pledge at `now` (Unix ms), 红 at most: no law stands behind it.

    Raises CalendarMissing.
    """
    limit = TERMS[pledge.term]
    return min(warning(now, calendar, Deadline(pledge.since, limit, limit)), Warning.RED)
