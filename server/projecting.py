"""What a folded record and its verdicts say, as rows: the one place that lays projections out.

Landing writes these rows, verify makes them again and compares.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from server import duedates
from server.card import card_of
from server.county import Editions, day_number
from server.storage.rows import FeedEntry, Judgement, RecordRow
from shared import clock, lifecycle
from shared.civil import civil_date
from shared.fold import Entry
from shared.record import Conflict, Effect, Record, Standing

_WAITING = frozenset({Standing.HELD, Standing.WAITING})


def is_folded(entries: Iterable[Entry]) -> bool:
    """Whether these operations of one id make a record: sealed acts, verdicts, numbers do not."""
    return any(lifecycle.states_of(entry.operation.skeleton.kind) for entry in entries)


def row_of(record: Record, entries: Mapping[bytes, Entry], editions: Editions) -> RecordRow:
    """Return the row that lists show; `entries` are all operations of the record."""
    site = site_of(record, entries)
    dates = duedates.dates_of(editions.calendar, record)
    if dates.closed_on is not None:  # what has ended is not counted anew by a later calendar
        dates = duedates.dates_of(editions.calendar_on(dates.closed_on), record)
    held = sum(1 for item in record.without_effect if item.status in _WAITING)
    return RecordRow(
        record=record.id, kind=record.kind, state=record.state, site=site,
        township=editions.township_of(site), item=_text(record, "item"),
        slip=_text(record, "slip"), registered_on=dates.registered_on,
        closed_on=dates.closed_on, due_on=dates.due_on, digest=record.digest(),
        folded=card_of(record), conflicts=len(record.conflicts), held=held,
        position=max(e.verdict.county_seq for e in entries.values() if e.verdict),
    )  # fmt: skip


def site_of(record: Record, entries: Mapping[bytes, Entry]) -> str:
    """Return the site that registered a record."""
    first = record.history[0].operation if record.history else min(entries)
    return entries[first].operation.skeleton.site


def judgement_of(entry: Entry, history: Mapping[bytes, Effect]) -> Judgement:
    """Return the row of a verdict; `history` are the record's effects by operation."""
    skeleton, verdict = entry.operation.skeleton, entry.verdict
    assert verdict is not None
    before, after = states_of(history.get(entry.operation.id))
    return Judgement(
        record=skeleton.record, operation=entry.operation.id, kind=skeleton.kind,
        act=skeleton.act, site=skeleton.site, author=skeleton.author, epoch=verdict.epoch,
        county_seq=verdict.county_seq, status=verdict.status.value, cap_ms=verdict.cap_ms,
        effective_at=verdict.effective_at,
        effective_on=day_number(civil_date(verdict.effective_at)), rank=verdict.rank,
        reason=verdict.reason, state_before=before, state_after=after,
    )  # fmt: skip


def states_of(effect: Effect | None) -> tuple[str, str]:
    """Return the states before and after an effect, '' and '' for none."""
    return ("", "") if effect is None else (effect.state_before or "", effect.state_after or "")


def opened_at(conflict: Conflict) -> int:
    """Return when a conflict arose: the latest clock among its values, Unix ms."""
    return max(clock.ms_of(value.clock) for value in conflict.values)


def feed_entry(scope: str, entry: Entry) -> FeedEntry:
    """Return the entry that shows an operation with its verdict to a scope."""
    assert entry.verdict is not None
    return FeedEntry(scope, entry.operation.id, entry.verdict.epoch, entry.verdict.county_seq)


def _text(record: Record, field: str) -> str:
    value = record.fields.get(field)
    return value if isinstance(value, str) else ""
