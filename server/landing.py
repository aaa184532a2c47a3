"""Landing: judged operations become visible, inside one transaction.

Everything that brings an operation into the county's view goes through here: envelopes, the
county's own acts, verdicts given again. It folds each touched record once, writes judgements and
projections, and enters the feed last, since the feed's counter row is the county's one queue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from server import following, matching, projecting, purging, watching
from server.county import Editions
from server.scopes import own_scope
from server.storage import Tx
from server.storage.rows import Attached, ConflictRow, Judgement, RecordRow, StateEffect
from shared import session
from shared.fold import Entry, fold
from shared.operation import Operation, Skeleton
from shared.papers import ATTACHMENT, owner_of
from shared.record import Effect, Record
from shared.verdict import Status, Verdict
from sync import sealed


class Landing:
    """Collects what a transaction lands; `finish` writes it."""

    def __init__(self, tx: Tx, editions: Editions, *, feeds: bool = True) -> None:
        """`feeds` False leaves routes and feed alone (rebuild): tablets' cursors point there."""
        self._tx = tx
        self._feeds = feeds
        self._editions = editions
        self._entries: dict[bytes, dict[bytes, Entry]] = {}
        self._stood: dict[bytes, frozenset[bytes]] = {}
        """What the ledger held of each record that was there before this transaction."""
        self._before: dict[bytes, Record] = {}
        self._folded: dict[bytes, Record] = {}
        self._fresh: dict[bytes, dict[bytes, Entry]] = {}
        self._extra: dict[bytes, set[str]] = {}
        self._arriving: dict[bytes, tuple[str, frozenset[str]]] = {}
        """Stream that lands here → its device's own scope, and the scopes the device reads."""
        self._owners: dict[bytes, bytes] = {}
        """Attachment or number → record it belongs to, of what was landed."""

    def load(self, records: Iterable[bytes]) -> None:
        """Lock these records in the order of their ids and read what the ledger holds of them."""
        wanted = sorted(set(records) - self._entries.keys())
        if not wanted:
            return
        self._tx.lock_records({*wanted, *self._tx.owners_of(wanted).values()})
        for record, entries in self._tx.operations_of(wanted).items():
            self._entries[record] = {entry.operation.id: entry for entry in entries}
            if entries:
                self._stood[record] = frozenset(self._entries[record])
                self._before[record] = self._folded[record] = fold(entries)

    def begin(self, record: bytes) -> None:
        """Take up a record whose id was drawn in this very transaction: nobody else has it."""
        self._entries[record] = {}

    def arrive_from(self, device: bytes, stream: bytes, readable: Iterable[str]) -> None:
        """Say whose stream lands here, and the scopes that device reads.

        What becomes of its work then reaches it in its own scope where none of those would tell.
        """
        self._arriving[stream] = (own_scope(device), frozenset(readable))

    def record(self, record: bytes) -> Record | None:
        """Return a loaded record as folded so far in this transaction; None for a new one."""
        if record not in self._folded and self._entries[record]:
            self._folded[record] = fold(self._entries[record].values())
        return self._folded.get(record)

    def landed(self) -> list[bytes]:
        """Return the records on which this transaction lands work."""
        return sorted(self._fresh)

    def has_stood(self, record: bytes) -> bool:
        """Whether a loaded record was there before this transaction."""
        return record in self._stood

    def entries(self, record: bytes) -> list[Entry]:
        """Return the entries of a loaded record."""
        return list(self._entries[record].values())

    def verdict(self, operation: Operation) -> Verdict:
        """Return the verdict that stands for an operation of a loaded record."""
        verdict = self._entries[operation.skeleton.record][operation.id].verdict
        assert verdict is not None
        return verdict

    def founder(self, record: bytes) -> Skeleton | None:
        """Return the act that made a loaded record; None where nothing has taken effect yet."""
        folded = self.record(record)
        if folded is None or not folded.history:
            return None
        return self._entries[record][folded.history[0].operation].operation.skeleton

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
        records: list[Record] = []
        for record_id in sorted(self._fresh):
            history: Mapping[bytes, Effect] = {}
            if projecting.is_folded(self._entries[record_id].values()):
                record = self.record(record_id)
                assert record is not None
                records.append(record)
                history = {effect.operation: effect for effect in record.history}
                rows.append(projecting.row_of(record, self._entries[record_id], self._editions))
                effects += self._changed_effects(record_id, history)
            judgements += [
                projecting.judgement_of(entry, history) for entry in self._fresh[record_id].values()
            ]
        self._tx.put_judgements(judgements)
        self._tx.put_effects(effects)
        self._tx.put_records(rows)
        self._put_watched(records, rows)
        self._owners = {one.id: owner for one in records if (owner := owner_of(one)) is not None}
        self._tx.put_attached(Attached(*pair) for pair in sorted(self._owners.items()))
        self._tx.forget_attached(
            [one.id for one in records if one.kind == ATTACHMENT and one.id not in self._owners]
        )
        numbers = following.numbers_in(self._fresh.values())
        self._tx.add_numbers(row for _, row in numbers)
        self._owners |= {one: row.record for one, row in numbers}
        for record in records:
            self._put_conflicts(record)
        sites = [(one, projecting.site_of(one, self._entries[one.id])) for one in records]
        matching.match(self._tx, self._editions, sites, self._stood.keys())
        self._tx.erase_data(
            one for name in self._fresh for one in purging.erased(self._entries[name].values())
        )
        if self._feeds:
            self._feed()

    def _changed_effects(
        self, record: bytes, history: Mapping[bytes, Effect]
    ) -> Iterable[StateEffect]:
        """Older operations, judged again or not, whose effect this transaction changed."""
        if record not in self._before:
            return
        before = {effect.operation: effect for effect in self._before[record].history}
        for operation in self._stood[record]:
            if before.get(operation) != history.get(operation):
                states = projecting.states_of(history.get(operation))
                yield StateEffect(record, operation, *states)

    def _put_watched(self, records: Iterable[Record], rows: Iterable[RecordRow]) -> None:
        """The clocks that run; a record that is new here cannot have had one."""
        clocks = {
            one.id: watching.watched_of(
                one, self._entries[one.id], self._editions, row.township, row.site
            )
            for one, row in zip(records, rows, strict=True)
        }
        self._tx.put_watched(clock for clock in clocks.values() if clock is not None)
        stopped = {one for one, clock in clocks.items() if clock is None}
        self._tx.forget_watched(sorted(stopped & self._stood.keys()))

    def _put_conflicts(self, record: Record) -> None:
        before = self._before.get(record.id)
        if record.conflicts or (before is not None and before.conflicts):
            rows = [
                ConflictRow(record.id, one.register, projecting.opened_at(one))
                for one in record.conflicts
            ]
            self._tx.put_conflicts(record.id, rows)

    # ---- the feed

    def _feed(self) -> None:
        known = self._tx.scopes_of(self._stood.keys() & self._fresh.keys())
        fresh = sorted(self._fresh)
        new = {one: self._scopes(one, known.get(one, set())) - known.get(one, set())
               for one in fresh}  # fmt: skip
        following.follow_owners(self._tx, self._owners, known, new)
        routes, feed = following.take_along(self._tx, new)
        for record in fresh:
            old = known.get(record, set())
            routes += [(record, scope) for scope in sorted(new[record])]
            for scope in sorted(old | new[record]):  # routing enters the whole record
                entries = self._fresh[record] if scope in old else self._entries[record]
                feed += [projecting.feed_entry(scope, entry) for entry in entries.values()]
        self._tx.add_routes(routes)
        # Either the verdict is of this very transaction, or the scope is new to the whole record.
        self._tx.append_feed(feed, all_new=True)

    def _scopes(self, record: bytes, old: set[str]) -> set[str]:
        """Where this transaction's work on a record is to be seen.

        Acting sites of admitted work, the townships above them, and extra scopes. Held work makes a
        new record visible (somebody there may confirm it) but opens no record that stood before,
        and refused work opens none at all: else an id would be enough to fetch a stranger's record.
        """
        scopes = set(self._extra[record])
        fresh = list(self._fresh[record].values())
        shows = {Status.ADMITTED} if record in self._stood else {Status.ADMITTED, Status.HELD}
        for entry in fresh:
            assert entry.verdict is not None
            if entry.verdict.status in shows:
                scopes |= self._places(entry.operation)
        scopes |= {own for entry in fresh if (own := self._deaf(entry, scopes | old))}
        return scopes

    def _places(self, operation: Operation) -> set[str]:
        """The acting site of an act on a tablet, and the township above (sessions: the site)."""
        skeleton = operation.skeleton
        by_agent = skeleton.author.startswith("agent:") or skeleton.author == "citizen"
        if not by_agent or not self._editions.knows(skeleton.site):
            return set()
        if skeleton.kind == session.KIND:
            return {skeleton.site}
        return {skeleton.site, self._editions.township_of(skeleton.site)} - {""}

    def _deaf(self, entry: Entry, scopes: set[str]) -> str:
        """The own scope of the device that wrote an operation, where it could miss what became of
        it, now or later; '' where it hears."""
        skeleton = entry.operation.skeleton
        own, readable = self._arriving.get(skeleton.stream, ("", frozenset()))
        if not own or skeleton.kind == sealed.KIND:
            return ""  # the county's own; or a sealed act, of which nobody is told anything
        assert entry.verdict is not None
        hears = not readable.isdisjoint(scopes) and entry.verdict.status is Status.ADMITTED
        return "" if hears else own
