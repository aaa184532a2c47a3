"""电子监察: the open cases with a due date, by township and level, the most urgent first.

Levels come from `shared.deadlines.warning`, the function the tablet asks too (DOMAIN.md §3.5).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server import sight
from server.accounts import Person
from server.card import read_card
from server.desk import Desk
from server.duedates import deadline_of
from server.storage.rows import RecordRow
from server.veil import MASKED
from shared.calendars import CalendarEdition, CalendarMissing
from shared.deadlines import Warning, warning
from shared.fold import fold
from shared.record import Record

LEVELS = (Warning.BLUE, Warning.YELLOW, Warning.RED, Warning.BLACK)
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Watched:
    """One open case; `name` is masked, `holder` the author text of who holds it, '' for nobody."""

    row: RecordRow
    level: Warning
    name: str
    holder: str
    site: str
    provisional: bool


@dataclass(frozen=True, slots=True)
class Board:
    """Watched cases, the most urgent first, and how many of each level each township has."""

    cases: Sequence[Watched]
    counts: Mapping[tuple[str, Warning], int]
    townships: Sequence[str]


def level_of(now: int, calendar: CalendarEdition, record: Record) -> Warning | None:
    """Return the colour of a folded record at `now` (Unix ms); None where nothing is counted."""
    deadline = deadline_of(record)
    if deadline is None:
        return None
    try:
        return warning(now, calendar, deadline)
    except CalendarMissing:  # a year nobody has published yet is not guessed
        return None


def board(desk: Desk, person: Person) -> Board:
    """Return what the person may see of the county's open cases that have a level."""
    county = desk.county
    now = county.now()
    found: list[Watched] = []
    with county.ledger.read() as tx:
        editions = county.editions(tx)
        rows = tx.open_due(sight.township_only(person, editions))
        for start in range(0, len(rows), _AT_ONCE):
            chunk = rows[start : start + _AT_ONCE]
            entries = tx.operations_of([row.record for row in chunk])
            for row in chunk:
                record = fold(entries[row.record])
                level = level_of(now, editions.calendar, record)
                if level is None or level is Warning.NONE:
                    continue
                subject = sight.Subject(row.kind, row.state, row.site, row.township, record.fields)
                if sight.sight_of(person, editions, subject).content:
                    found.append(_watched(row, level, editions.calendar, record))
    found.sort(key=lambda one: (-one.level, one.row.due_on or 0, one.row.record))
    counts = Counter((one.row.township, one.level) for one in found)
    return Board(found, counts, sorted({one.row.township for one in found}))


def _watched(row: RecordRow, level: Warning, calendar: CalendarEdition, record: Record) -> Watched:
    name = MASKED.field(row.kind, "person_name", read_card(row.folded).get("person_name"))
    holder, site = record.fields.get("holder"), record.fields.get("holder_site")
    deadline = deadline_of(record)
    return Watched(
        row, level, name if isinstance(name, str) else "",
        holder if isinstance(holder, str) else "",
        site if isinstance(site, str) else row.site,
        deadline is not None and deadline.promised_due(calendar).provisional,
    )  # fmt: skip
