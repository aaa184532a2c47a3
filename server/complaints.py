"""投诉台, reading: the list of complaints and one of them, cut to what a person may see.

A complaint about a person shows its outline until it is opened with a reason; the reason stands in
the audit log before a word of the complaint is shown, and every look is written down (`OPENED`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from server import sight
from server.accounts import Person
from server.complaint_rows import Which, complaint_rows
from server.county import Editions, day_number
from server.desk import Desk, Seen
from server.duedates import Pledge, due_of, pledge_level, pledge_of
from server.recusal import handler_misfit
from server.sight import Subject
from server.storage import Tx
from server.storage.rows import RecordRow
from shared import ids
from shared.calendars import CalendarEdition, CalendarMissing
from shared.canonical import Value
from shared.deadlines import DueDate, Warning, add_workdays
from shared.errors import Misuse
from shared.fold import fold
from shared.operation import Operation
from shared.record import Record, Standing

KIND = "complaint"
COMPANION = "complaint_companion"
OPEN_MAX = 500
"""How many open complaints are counted and searched for a handler's own."""
_CHUNK = 100
STAGES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("triage", "待分流", ("已登记",)),
    ("assign", "待转办", ("已受理",)),
    ("work", "办理中", ("转办中", "办理中")),
    ("call", "待回访", ("已答复",)),
    ("close", "待办结", ("已回访",)),
)
"""The stages of an open complaint: (code, name, states)."""
Due = Literal["", "late", "soon"]


class NoReasonToOpen(Misuse):
    """A complaint is opened, and personal data shown, for a reason."""


class NoComplaint(Misuse):
    """The record is none of a complaint."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is asked for; '' leaves it open. `mine`: what this person has to handle."""

    state: str = ""
    stage: str = ""
    site: str = ""
    due: Due = ""
    mine: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One complaint of a list: nothing of who complained about whom."""

    row: RecordRow
    target_kind: str
    handler: str
    is_sealed: bool
    level: Warning
    due: DueDate | None
    owed: Pledge | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the list; `before` is the record after which the next page begins."""

    lines: Sequence[Line]
    before: bytes | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A reply that a handler proposed and the supervisor may release."""

    operation: Operation
    finding: str
    reply: str


@dataclass(frozen=True, slots=True)
class Case:
    """One complaint as one person sees it now."""

    seen: Seen
    line: Line
    proposals: Sequence[Proposal]
    note: str
    """What the handler wrote for the supervisor; '' while it is not opened."""
    unfit: str
    """Why the present handler may handle it no more; '' where all is well."""

    @property
    def is_open_to(self) -> bool:
        """Whether this person reads its content now."""
        return self.seen.sight.content and not self.seen.veil.sealed


def subject_of(row: RecordRow, record: Record) -> Subject:
    """Return what the permission table is asked about."""
    return Subject(row.kind, row.state, row.site, row.township, record.fields)


def list_complaints(
    desk: Desk, person: Person, asked: Asked, *, before: bytes | None = None, limit: int = 30
) -> Listed:  # fmt: skip
    """Return a page of the complaints the person may see at all, the newest first."""
    now, found = desk.county.now(), list[Line]()
    with desk.county.ledger.read() as tx:
        editions = desk.county.editions(tx)
        for row, record in _visible(tx, person, editions, _which(desk, person, editions, asked),
                                    before=before, at_once=limit + 1):  # fmt: skip
            if asked.mine and not _handles(person, record):
                continue
            if len(found) == limit:
                return Listed(found, found[-1].row.record)
            found.append(line_of(now, editions.calendar, row, record))
    return Listed(found, None)


def counts(desk: Desk, person: Person) -> dict[str, int]:
    """Return how many open complaints of each stage the person sees, with `late` and `mine`."""
    now, found = desk.county.now(), dict.fromkeys(("late", "mine", *(s[0] for s in STAGES)), 0)
    stage_of = {state: code for code, _, states in STAGES for state in states}
    with desk.county.ledger.read() as tx:
        editions = desk.county.editions(tx)
        own = sight.township_only(person, editions)
        every = enumerate(_visible(tx, person, editions, Which(is_open=True)))
        for place, (row, record) in every:
            if place == OPEN_MAX:
                break
            found["mine"] += _handles(person, record)
            if own is None or row.township == own:
                line = line_of(now, editions.calendar, row, record)
                found["late"] += line.level is Warning.RED
                if row.state in stage_of:
                    found[stage_of[row.state]] += 1
    return found


def line_of(now: int, calendar: CalendarEdition, row: RecordRow, record: Record) -> Line:
    """Return the line of a folded complaint at `now` (Unix ms)."""
    owed = pledge_of(record)
    try:
        level = Warning.NONE if owed is None else pledge_level(now, calendar, owed)
    except CalendarMissing:  # a year nobody has published yet is not guessed
        level = Warning.NONE
    return Line(
        row, _text(record, "target_kind"), _text(record, "handler"),
        subject_of(row, record).is_conduct, level, due_of(calendar, record), owed,
    )  # fmt: skip


def look(desk: Desk, person: Person, record: bytes) -> Case:
    """Return one complaint, masked. Raises UnknownRecord, NoComplaint."""
    return _case(desk, person, desk.record(person, record))


def open_complaint(desk: Desk, person: Person, record: bytes, reason: str) -> Case:
    """Return one complaint with what it says; the look is written down first.

    Raises NoReasonToOpen, UnknownRecord, NoComplaint.
    """
    if not reason.strip():
        raise NoReasonToOpen("请写明查看的理由，理由和这次查看会记入操作日志。")
    seen = desk.record(person, record, reveal=True, reason=reason.strip())
    return _case(desk, person, seen)


def companion_of(record: bytes) -> bytes:
    """Return the id of the record with a complaint's restricted part."""
    return ids.uuid8(COMPANION, record)


def _case(desk: Desk, person: Person, seen: Seen) -> Case:
    if seen.row.kind != KIND:
        raise NoComplaint("这条记录不是投诉，请从投诉台的列表中打开。")
    record, county = seen.record, desk.county
    is_read = seen.sight.content and not seen.veil.sealed
    with county.ledger.read() as tx:
        editions = county.editions(tx)
        line = line_of(county.now(), editions.calendar, seen.row, record)
        proposals = _proposals(tx, record) if is_read else []
        note = _note(tx, record.id) if is_read else ""
        unfit = ""
        if line.handler and record.state in ("转办中", "办理中"):
            today = day_number(county.today())
            unfit = handler_misfit(tx, editions, record.fields, line.handler, today)
    return Case(seen, line, proposals, note, unfit)


def _proposals(tx: Tx, record: Record) -> list[Proposal]:
    held = [one.operation for one in record.without_effect if one.status is Standing.HELD]
    known = tx.operations(held)
    return [
        Proposal(one, str(one.data.get("finding") or ""), str(one.data.get("reply") or ""))
        for one in (known[name] for name in held if name in known)
        if one.skeleton.act == "reply" and one.has_data
    ]


def _note(tx: Tx, record: bytes) -> str:
    name = companion_of(record)
    entries = tx.operations_of([name]).get(name)
    note: Value = fold(entries).fields.get("handler_notes") if entries else None
    return note if isinstance(note, str) else ""


def _which(desk: Desk, person: Person, editions: Editions, asked: Asked) -> Which:
    states = next((stage for code, _, stage in STAGES if code == asked.stage), None)
    today = desk.county.today()
    through = {"late": today - timedelta(days=1), "soon": _workday_after(editions, today)}
    own = sight.township_only(person, editions)
    return Which(
        states=[asked.state] if asked.state else states,
        site=asked.site or None,
        # What somebody handles may lie in any township; the table cuts it down to that.
        township=None if asked.mine else own,
        due_through=day_number(through[asked.due]) if asked.due else None,
        is_open=asked.mine,
    )


def _workday_after(editions: Editions, today: date) -> date:
    try:
        return add_workdays(editions.calendar, today, 1).on
    except CalendarMissing:  # a year nobody has published yet
        return today + timedelta(days=1)


def _visible(
    tx: Tx, person: Person, editions: Editions, which: Which, *,
    before: bytes | None = None, at_once: int = _CHUNK,
) -> Iterator[tuple[RecordRow, Record]]:  # fmt: skip
    """The complaints of a list that the person may see, folded a page at a time."""
    while rows := complaint_rows(tx, which, before=before, limit=at_once):
        entries = tx.operations_of([row.record for row in rows])
        for row in rows:
            record = fold(entries[row.record])
            if sight.sight_of(person, editions, subject_of(row, record)).seen:
                yield row, record
        if len(rows) < at_once:
            return
        before = rows[-1].record


def _handles(person: Person, record: Record) -> bool:
    return record.fields.get("handler") in {person.staff, person.author}


def _text(record: Record, field: str) -> str:
    value = record.fields.get(field)
    return value if isinstance(value, str) else ""
