"""Landing: judged operations become visible, inside one transaction.

Everything that brings an operation into the county's view goes through here: envelopes, the
county's own acts, verdicts given again. It folds each touched record once, writes judgements and
projections, and enters the feed last, since the feed's counter row is the county's one queue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from server import duedates, matching
from server.card import card_of
from server.county import Editions, day_number
from server.storage import Tx
from server.storage.rows import ConflictRow, FeedEntry, Judgement, RecordRow, StateEffect
from shared import clock, lifecycle, session
from shared.civil import civil_date
from shared.fold import Entry, fold
from shared.operation import Operation
from shared.record import Effect, Record, Standing
from shared.verdict import Status, Verdict

EVERYBODY = "*"
_WAITING = frozenset({Standing.HELD, Standing.WAITING})


class Landing:
    """Collects what a transaction lands; `finish` writes it."""

    def __init__(self, tx: Tx, editions: Editions, *, feeds: bool = True) -> None:
        """`feeds` False leaves the feed alone (rebuild): its positions are in tablets' cursors."""
        self._tx = tx
        self._feeds = feeds
        self._editions = editions
        self._entries: dict[bytes, dict[bytes, Entry]] = {}
        self._before: dict[bytes, Record] = {}
        self._folded: dict[bytes, Record] = {}
        self._fresh: dict[bytes, dict[bytes, Entry]] = {}
        self._extra: dict[bytes, set[str]] = {}

    def load(self, records: Iterable[bytes]) -> None:
        """Lock these records in the order of their ids and read what the ledger holds of them."""
        wanted = sorted(set(records) - self._entries.keys())
        if not wanted:
            return
        self._tx.lock_records(wanted)
        for record, entries in self._tx.operations_of(wanted).items():
            self._entries[record] = {entry.operation.id: entry for entry in entries}
            if entries and is_folded(entries[0].operation):
                self._before[record] = self._folded[record] = fold(entries)

    def record(self, record: bytes) -> Record | None:
        """Return a loaded record as folded so far in this transaction; None for a new one."""
        if record not in self._folded and self._entries[record]:
            self._folded[record] = fold(self._entries[record].values())
        return self._folded.get(record)

    def entries(self, record: bytes) -> list[Entry]:
        """Return the entries of a loaded record."""
        return list(self._entries[record].values())

    def land(self, operation: Operation, verdict: Verdict, *scopes: str) -> None:
        """Let the verdict on an operation of a loaded record stand; `scopes` beside its routes."""
        record = operation.skeleton.record
        entry = Entry(operation, verdict)
        self._entries[record][operation.id] = entry
        self._fresh.setdefault(record, {})[operation.id] = entry
        self._extra.setdefault(record, set()).update(scopes)
        self._folded.pop(record, None)

    def finish(self) -> None:
        """Write judgements, projections and, last of all, the feed."""
        judgements: list[Judgement] = []
        effects: list[StateEffect] = []
        rows: list[RecordRow] = []
        records: dict[bytes, Record] = {}
        for record_id in sorted(self._fresh):
            fresh = self._fresh[record_id]
            history: Mapping[bytes, Effect] = {}
            if is_folded(next(iter(fresh.values())).operation):
                record = self.record(record_id)
                assert record is not None
                records[record_id] = record
                history = {effect.operation: effect for effect in record.history}
                rows.append(self._row(record))
                effects += self._changed_effects(record_id, history)
            judgements += [_judgement(entry, history) for entry in fresh.values()]
        self._tx.put_judgements(judgements)
        self._tx.put_effects(effects)
        self._tx.put_records(rows)
        for record in records.values():
            self._put_conflicts(record)
            self._match(record)
        self._feed()

    def _changed_effects(
        self, record: bytes, history: Mapping[bytes, Effect]
    ) -> Iterable[StateEffect]:
        """Older operations whose effect this transaction changed."""
        if record not in self._before:
            return
        before = {effect.operation: effect for effect in self._before[record].history}
        for operation in self._entries[record].keys() - self._fresh[record].keys():
            if before.get(operation) != history.get(operation):
                yield StateEffect(record, operation, *_states(history.get(operation)))

    def _row(self, record: Record) -> RecordRow:
        entries = self._entries[record.id]
        first = entries[record.history[0].operation if record.history else min(entries)]
        site = first.operation.skeleton.site
        dates = duedates.dates_of(self._editions.calendar, record)
        held = sum(1 for item in record.without_effect if item.status in _WAITING)
        return RecordRow(
            record=record.id, kind=record.kind, state=record.state, site=site,
            township=self._editions.township_of(site), item=str(record.fields.get("item") or ""),
            slip=str(record.fields.get("slip") or ""), registered_on=dates.registered_on,
            closed_on=dates.closed_on, due_on=dates.due_on, digest=record.digest(),
            folded=card_of(record), conflicts=len(record.conflicts), held=held,
            position=max(e.verdict.county_seq for e in entries.values() if e.verdict),
        )  # fmt: skip

    def _put_conflicts(self, record: Record) -> None:
        before = self._before.get(record.id)
        if record.conflicts or (before is not None and before.conflicts):
            self._tx.put_conflicts(
                record.id,
                [
                    ConflictRow(
                        record.id, conflict.register,
                        max(clock.ms_of(value.clock) for value in conflict.values),
                    )
                    for conflict in record.conflicts
                ],
            )  # fmt: skip

    def _match(self, record: Record) -> None:
        if record.kind not in matching.KINDS or not record.history:
            return
        site = self._entries[record.id][record.history[0].operation].operation.skeleton.site
        keys = matching.keys_of(self._tx, record, site)
        self._tx.put_match_keys(record.id, keys)
        self._tx.add_pairs(matching.find_pairs(self._tx, record, keys))

    def _feed(self) -> None:
        known = self._tx.scopes_of([r for r in self._fresh if len(self._entries[r]) > 1])
        routes: list[tuple[bytes, str]] = []
        feed: list[FeedEntry] = []
        for record in sorted(self._fresh):
            old = known.get(record, set())
            new = self._scopes(record) - old
            routes += [(record, scope) for scope in sorted(new)]
            for scope in sorted(old):
                feed += [_feed_entry(scope, entry) for entry in self._fresh[record].values()]
            for scope in sorted(new):  # routing enters the whole record
                feed += [_feed_entry(scope, entry) for entry in self._entries[record].values()]
        self._tx.add_routes(routes)
        if self._feeds:
            self._tx.append_feed(feed)

    def _scopes(self, record: bytes) -> set[str]:
        """Acting sites of admitted work by agents, the townships above them, and extra scopes."""
        scopes = set(self._extra[record])
        for entry in self._fresh[record].values():
            skeleton = entry.operation.skeleton
            admitted = entry.verdict is not None and entry.verdict.status is Status.ADMITTED
            by_agent = skeleton.author.startswith("agent:") or skeleton.author == "citizen"
            if (admitted or len(self._entries[record]) == 1) and by_agent and skeleton.site:
                scopes |= {skeleton.site}
                if skeleton.kind != session.KIND:
                    scopes |= {self._editions.township_of(skeleton.site)} - {""}
        return scopes


def is_folded(operation: Operation) -> bool:
    """Kinds of the machinery (session, sealed, verdict, number) have no life and no record."""
    kind = operation.skeleton.kind
    return bool(lifecycle.states_of(kind))


def _judgement(entry: Entry, history: Mapping[bytes, Effect]) -> Judgement:
    skeleton, verdict = entry.operation.skeleton, entry.verdict
    assert verdict is not None
    return Judgement(
        operation=entry.operation.id, record=skeleton.record, kind=skeleton.kind,
        act=skeleton.act, site=skeleton.site, author=skeleton.author, epoch=verdict.epoch,
        county_seq=verdict.county_seq, status=verdict.status.value, cap_ms=verdict.cap_ms,
        effective_at=verdict.effective_at,
        effective_on=day_number(civil_date(verdict.effective_at)), rank=verdict.rank,
        reason=verdict.reason, **_named_states(history.get(entry.operation.id)),
    )  # fmt: skip


def _states(effect: Effect | None) -> tuple[str, str]:
    return ("", "") if effect is None else (effect.state_before or "", effect.state_after or "")


def _named_states(effect: Effect | None) -> dict[str, str]:
    before, after = _states(effect)
    return {"state_before": before, "state_after": after}


def _feed_entry(scope: str, entry: Entry) -> FeedEntry:
    assert entry.verdict is not None
    return FeedEntry(scope, entry.operation.id, entry.verdict.epoch, entry.verdict.county_seq)
