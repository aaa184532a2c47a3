"""Due dates counted anew after a calendar edition has begun (DOMAIN.md §3.5 rule 9).

Open cases are counted by the calendar of today; a case that has ended keeps the date of the
calendar it ended under (`server.projecting`). A recount goes through the cases in batches, each a
transaction of its own that also notes how far it is, so a run that is cut off goes on where it was.
"""

from __future__ import annotations

from dataclasses import dataclass

from server import projecting, watching
from server.county import CALENDAR, County, Editions, day_number
from server.storage import Tx
from server.storage.desk_rows import DueChange, Recount
from server.storage.rows import (
    RecordRow,
)
from shared.case_dates import due_of
from shared.fold import fold
from shared.record import Record

BATCH = 250
BATCHES_AT_ONCE = 4
"""What an approval or a press of a button counts before its answer goes out."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a recount is; `ahead` counts the open cases that are still to be looked at."""

    recount: Recount
    ahead: int

    @property
    def is_done(self) -> bool:
        """Whether every open case was looked at."""
        return self.recount.ended_at is not None


def is_due(county: County, tx: Tx) -> bool:
    """Whether the calendar in force is not counted through yet; before the second one, never."""
    current = _current(county, tx)
    if current is None:
        return False
    row = tx.recount(current)
    return row is None or row.ended_at is None


def run(county: County, *, batches: int | None = None) -> int:
    """Count on, at most so many batches; return how many cases were looked at."""
    looked = 0
    while batches is None or batches > 0:
        found = county.ledger.writing(lambda tx: _step(county, tx))
        if found is None:
            break
        looked += found
        batches = None if batches is None else batches - 1
    return looked


def progress(county: County, tx: Tx, recount: bytes) -> Progress | None:
    """Return how far one recount is; None where it has not begun."""
    row = tx.recount(recount)
    if row is None:
        return None
    return Progress(row, 0 if row.ended_at is not None else tx.count_open_matters(row.after))


def _current(county: County, tx: Tx) -> bytes | None:
    """The operation of the calendar in force, where another one was in force before."""
    today = day_number(county.today())
    if sum(1 for row in tx.all_editions(CALENDAR) if row.effective_on <= today) < 2:
        return None
    found = tx.edition_on(CALENDAR, today)
    return found.operation if found is not None else None


def _step(county: County, tx: Tx) -> int | None:
    """Count one batch; None where there is nothing to do any more."""
    current = _current(county, tx)
    if current is None:
        return None
    row = tx.recount(current, locked=True) or Recount(current, county.now(), None, b"", 0, 0, 0)
    if row.ended_at is not None:
        return None
    begun = tx.edition_on(CALENDAR, day_number(county.today()))
    assert begun is not None
    batch = tx.open_matters(row.after, BATCH, closed_since=begun.effective_on)
    if not batch:
        tx.put_recount(row._replace(ended_at=county.now()))
        return 0
    changes = _count(tx, county.editions(tx), current, batch)
    watching.count_anew(tx, county.editions(tx), batch)
    tx.add_due_changes(changes)
    tx.put_recount(
        row._replace(
            after=batch[-1], looked=row.looked + len(batch), changed=row.changed + len(changes),
            later=row.later + sum(1 for one in changes if is_later(one)),
        )
    )  # fmt: skip
    return len(batch)


def is_later(one: DueChange) -> bool:
    """Whether a date moved back: then the citizen has to be told (§3.5 rule 9)."""
    return one.before_on is not None and (one.after_on is None or one.after_on > one.before_on)


def _count(tx: Tx, editions: Editions, recount: bytes, batch: list[bytes]) -> list[DueChange]:
    tx.lock_records(batch)
    rows, operations = tx.records_of(batch), tx.operations_of(batch)
    fresh: list[RecordRow] = []
    changes: list[DueChange] = []
    for record, before in rows.items():
        entries = {entry.operation.id: entry for entry in operations[record]}
        folded = fold(entries.values())
        after = projecting.row_of(folded, entries, editions)
        after = after._replace(township=before.township, position=before.position)
        if after == before:
            continue
        fresh.append(after)
        if after.due_on != before.due_on:
            sure = int(is_provisional(editions, folded))
            changes.append(DueChange(recount, record, before.due_on, after.due_on, sure))
    tx.put_records(fresh)
    return changes


def is_provisional(editions: Editions, record: Record) -> bool:
    """Whether a case's due date is counted through a year without notice."""
    due = due_of(editions.calendar, record)
    return due is not None and due.provisional
