"""When an accepted case is due, from what fold says of it: one function for tablet and county."""

from __future__ import annotations

from datetime import date

from shared.calendars import CalendarEdition, CalendarMissing
from shared.civil import civil_date
from shared.deadlines import Deadline, DueDate, Extension, Limit, Suspension, Unit
from shared.record import Record

_ACCEPTING = frozenset({"accept", "deem_accepted", "close_on_spot"})


def due_of(calendar: CalendarEdition, record: Record) -> DueDate | None:
    """Return the promised due date of an accepted case, 暂定 and paused marked; None for others.

    No act but `correct_record` touches item and limits once a case is accepted, so what the record
    shows is what the acceptance froze, set right where the county corrected it.
    """
    deadline = deadline_of(record)
    if deadline is None:
        return None
    try:
        return deadline.promised_due(calendar)
    except CalendarMissing:  # a year nobody has published yet: shown as 暂无期限, not guessed
        return None


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
