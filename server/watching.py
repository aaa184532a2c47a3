"""Which clock runs on an open record, when it takes its colours, and who holds it: one row each.

A pure function of the folded record and the calendar: landing writes the row, verify makes it again
and compares, and the board reads it without folding anything. Limits as in DOMAIN.md §3.3, §3.5:

* a case that was received: five working days to accept, refuse or ask for what is missing;
* an accepted case: promise and law of its item, procedures and extensions counted;
* a proxy: the agent's pledge to hand the papers over, later to hand the result over;
* a complaint: triage, then the answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from server.county import Editions, day_number
from server.duedates import deadline_of, pledge_of
from server.holding import holder_at, holdings
from server.storage import Tx
from server.storage.rows import WatchedRow
from shared.calendars import CalendarEdition, CalendarMissing
from shared.civil import civil_date
from shared.deadlines import DueDate, Term, Warning, term_due
from shared.dunning import SUPERVISE, dunning_of
from shared.fold import Entry, fold
from shared.marks import Marks, marks, pledge_marks
from shared.operation import Operation
from shared.record import Record

KINDS = ("case", "proxy", "complaint")
CORRECTION, CLOSE, FORWARD, HAND_OUT, TRIAGE, REPLY = (
    "correction", "close", "forward", "hand_out", "triage", "reply"
)  # fmt: skip
TERMS: Mapping[str, str] = {
    CORRECTION: "收件审查", CLOSE: "限时办结", FORWARD: "移交上送", HAND_OUT: "送达群众",
    TRIAGE: "投诉分流", REPLY: "投诉答复",
}  # fmt: skip
"""What has to be done in time, as lists say it."""
_AT_WORK = frozenset({"已受理", "流转中", "办理中", "特别程序", "已决定"})
_WITH_AGENT = frozenset({"已委托", "待补材料", "材料齐", "退回"})
_LACKING = "待补材料"


def watched_of(
    record: Record, entries: Mapping[bytes, Entry], editions: Editions, township: str, site: str
) -> WatchedRow | None:
    """Return the row of the clock that runs on a folded record; None where none runs.

    `township` and `site` are those of the record's own row.
    """
    if record.kind not in KINDS or record.fields.get("practice") is True:
        return None
    try:
        running = clock_of(editions.calendar, record)
    except CalendarMissing:  # a year nobody has published yet is not guessed
        return None
    if running is None:
        return None
    term, found = running
    operations = {one: entry.operation for one, entry in entries.items()}
    held = holdings(record, operations)
    now, then = held[-1], holder_at(held, found.red_at or 0)
    is_breach = found.red_at is not None
    item = record.fields.get("item")
    dunned, dunned_on, answer_by_on, answered_on = _asked(record, operations)
    return WatchedRow(
        record=record.id, kind=record.kind, term=term, township=township, site=now.site or site,
        holder=now.holder, breach_site=(then.site or site) if is_breach else "",
        breach_holder=then.holder if is_breach else "",
        item=item if isinstance(item, str) else "", due_on=day_number(found.due_on),
        paused_on=None if found.paused_on is None else day_number(found.paused_on),
        provisional=int(found.provisional), blue_at=found.blue_at, yellow_at=found.yellow_at,
        red_at=found.red_at, black_at=found.black_at, dunned=dunned, dunned_on=dunned_on,
        answer_by_on=answer_by_on, answered_on=answered_on,
    )  # fmt: skip


def count_anew(tx: Tx, editions: Editions, records: Collection[bytes]) -> None:
    """Count the clocks of these records by other editions: a calendar has changed."""
    rows = tx.records(records)
    clocks: dict[bytes, WatchedRow | None] = {}
    for record, held in tx.operations_of(list(rows)).items():
        entries = {entry.operation.id: entry for entry in held}
        row = rows[record]
        clocks[record] = watched_of(fold(held), entries, editions, row.township, row.site)
    tx.put_watched(one for one in clocks.values() if one is not None)
    tx.forget_watched([record for record, one in clocks.items() if one is None])


def clock_of(calendar: CalendarEdition, record: Record) -> tuple[str, Marks] | None:
    """Return what has to be done in time and when it takes its colours; raise CalendarMissing."""
    state = record.state
    if record.kind == "case" and state == "已收件":
        return CORRECTION, _pledge(
            calendar, Term.CORRECTION, _last(record, ("receive", "resubmit"))
        )
    if record.kind == "case" and state in _AT_WORK:
        deadline = deadline_of(record)
        return None if deadline is None else (CLOSE, marks(calendar, deadline))
    if record.kind == "proxy" and state in _WITH_AGENT:
        return FORWARD, _forward(calendar, record)
    if record.kind == "proxy" and state == "待领取":
        since = _last(record, ("result_out", "finish_errand"))
        return HAND_OUT, _pledge(calendar, Term.HAND_OUT, since)
    pledge = pledge_of(record)
    if pledge is not None:
        label = TRIAGE if pledge.term is Term.TRIAGE else REPLY
        return label, _pledge(calendar, pledge.term, pledge.since)
    return None


def level_of(row: WatchedRow, now: int) -> Warning:
    """Return the colour of a row at `now` (Unix ms)."""
    taken = Warning.NONE
    colours = (row.blue_at, row.yellow_at, row.red_at, row.black_at)
    for level, at in zip(list(Warning)[1:], colours, strict=True):
        if at is not None and at <= now:
            taken = level
    return taken


def _forward(calendar: CalendarEdition, record: Record) -> Marks:
    """The agent's pledge. While papers are lacking the citizen is waited for: the clock stands, and
    begins anew with the check that found them complete."""
    started = [
        civil_date(one.effective_at)
        for one in record.history
        if one.state_before is None or (one.act == "check" and one.state_before == _LACKING)
        or one.act == "refuse"
    ]  # fmt: skip
    start = started[-1]
    due = _promised_on(record, start) or term_due(calendar, Term.FORWARD, start)
    found = pledge_marks(calendar, start, due)
    if record.state != _LACKING:
        return found
    since = _last(record, ("check",))
    blue, yellow, red, black = (
        at if at is not None and civil_date(at) <= since else None for at in found.instants
    )
    return Marks(due.on, blue, yellow, red, black, since, due.provisional)


def _promised_on(record: Record, start: date) -> DueDate | None:
    """The day the agent promised; one from before the clock began anew promises nothing."""
    said = record.fields.get("promised_forward_on")
    try:
        on = date.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
    return DueDate(on) if on is not None and on >= start else None


def _pledge(calendar: CalendarEdition, term: Term, start: date) -> Marks:
    return pledge_marks(calendar, start, term_due(calendar, term, start))


def _last(record: Record, acts: Iterable[str]) -> date:
    """The day of the last of these acts; of the first act, where none of them was done (a state
    that a person chose in settling)."""
    acts = frozenset(acts)
    done = [one.effective_at for one in record.history if one.act in acts]
    return civil_date(done[-1] if done else record.history[0].effective_at)


def _asked(
    record: Record, operations: Mapping[bytes, Operation]
) -> tuple[int, int | None, int | None, int | None]:
    """How the county asked after it: 0 not at all, 1 urged, 2 supervised; when, by when, answered
    when."""
    asked = dunning_of(record, operations)
    if asked is None:
        return 0, None, None, None
    answered = asked.answered_at
    return (
        2 if asked.act == SUPERVISE else 1,
        day_number(civil_date(asked.asked_at)),
        None if asked.by_on is None else day_number(asked.by_on),
        None if answered is None else day_number(civil_date(answered)),
    )
