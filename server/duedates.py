"""The dates of a record that lists sort by: registered, closed, due. Projections, never facts."""

from __future__ import annotations

from typing import NamedTuple

from server.county import day_number
from shared import lifecycle
from shared.calendars import CalendarEdition
from shared.case_dates import deadline_of, due_of
from shared.civil import civil_date
from shared.record import Effect, Record

__all__ = ["Dates", "dates_of", "deadline_of", "due_of"]

_CLOSED = frozenset({"已办结", "已送达", "已撤回", "退件", "已回访"})


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
