"""Taking in what the county answers: acknowledgements and pages, each in one transaction.

Everything here may arrive twice, late or in another order: operations are deduplicated by id, a
verdict by its order, and an acknowledgement counts only with the head this tablet has itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from mobile import handback, lists, projection, streams, tables
from mobile.arrivals import JUDGE, Arrivals, columns_of
from mobile.database import Store
from mobile.freezing import head_at
from mobile.log import of_others
from mobile.outbox import Outbox
from mobile.streams import Stream
from mobile.tables import places
from mobile.timekeeping import Anchor
from shared.canonical import Value
from shared.dunning import ASKING
from shared.fold import Entry
from shared.ids import InvalidId, parse_operation
from shared.operation import Operation
from shared.verdict import Status, Verdict
from sync.acknowledgement import Opened, Stored
from sync.page import Own, Page, Received

CURSOR = "cursor"
ANCHOR = "anchor"
EPOCH = "epoch"
TOLD = "told at"
PURGE = "purge"

_OWN = """SELECT position, record, skeleton, epoch, county_seq FROM operations
          WHERE position BETWEEN ? AND ?"""
_ADMIT = """UPDATE operations SET epoch = ?, county_seq = ?, status = ?, cap_ms = ?, rank = ?,
                reason = ? WHERE position BETWEEN ? AND ? AND epoch IS NULL"""
_MERGE_LONE = """UPDATE records SET delivery = 'merged' WHERE record IN (
                     SELECT record FROM operations WHERE position BETWEEN ? AND ?)
                 AND (SELECT count(*) FROM operations o WHERE o.record = records.record) = 1"""
_NOT_LONE = """SELECT DISTINCT record FROM operations o WHERE position BETWEEN ? AND ?
               AND (SELECT count(*) FROM operations p WHERE p.record = o.record) > 1"""
_UNDELIVERED = """SELECT count(*) FROM operations o JOIN records r ON r.record = o.record
                  WHERE o.position BETWEEN ? AND ? AND delivered = 0"""
_DELIVER = """UPDATE records SET delivery = 'delivered'
              WHERE delivery = 'saved' AND record IN (
                  SELECT record FROM operations WHERE position BETWEEN ? AND ?)
              AND NOT EXISTS (SELECT 1 FROM operations o WHERE o.record = records.record
                              AND o.own IS NOT NULL AND o.delivered = 0)"""

_anchor = msgspec.msgpack.Decoder(Anchor)

_ERASE = "UPDATE operations SET salt = NULL, data = NULL WHERE "


@dataclass(slots=True)
class Taken:
    """What an answer brought."""

    pulled: int = 0
    """New operations of others' work, machinery left out."""
    judged: int = 0
    records: set[bytes] = field(default_factory=set)
    """Records to be folded again from the log."""
    lone: dict[bytes, list[Entry]] = field(default_factory=dict)
    """Records to be folded from these alone: the log holds nothing else of them."""
    arrived: dict[bytes, Operation] = field(default_factory=dict)
    """What was stored for the first time, by id."""
    ignored: list[str] = field(default_factory=list)
    """Sentences about answers that did not fit and were passed over."""
    restored: bool = False
    """The county was restored and lacks work that it had: it goes out again."""
    asked: set[bytes] = field(default_factory=set)
    """Records after which the county asks, as far as this answer newly says so."""
    told: list[str] = field(default_factory=list)
    """Sentences of the county to whoever uses this tablet."""


class Intake:
    """Takes answers into one store."""

    def __init__(
        self, store: Store, outbox: Outbox, rank: int, front_public: Callable[[], bytes]
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._rank = rank
        self._front_public = front_public

    def epoch(self) -> int:
        """Return the county's epoch as its last page told it; 0 for a fresh tablet."""
        return int(tables.meta(self._store, EPOCH) or b"0")

    def is_of_before(self, answer: Stored | Opened) -> bool:
        """Whether an acknowledgement is of before a restore: what it tells of may be lost since."""
        stream = streams.by_id(self._store, answer.stream)
        return stream is not None and 0 < answer.epoch < stream.epoch

    def cursor(self) -> bytes:
        """Return where the feed goes on; empty for a fresh tablet."""
        return tables.meta(self._store, CURSOR) or b""

    def anchor(self) -> Anchor | None:
        """Return the last signed time of the county."""
        return self._store.remembered(ANCHOR, self._read_anchor)

    def _read_anchor(self) -> Anchor | None:
        raw = tables.meta(self._store, ANCHOR)
        return None if raw is None else _anchor.decode(raw)

    def keep_anchor(self, anchor: Anchor) -> None:
        """Keep a signed time that has just arrived, if it is later than the last one."""
        last = self.anchor()
        if last is None or anchor.county_at >= last.county_at:
            with self._store.write():
                tables.keep_meta(self._store, ANCHOR, msgspec.msgpack.encode(anchor))
                self._store.forget()

    def stored(self, stored: Stored) -> int | None:
        """Note that the front keeps these operations; return how many of people's are newly so.

        None where stream or head are not ours: it delivers nothing.
        """
        with self._store.write():
            stream = streams.by_id(self._store, stored.stream)
            if stream is None or head_at(self._store, stream, stored.seq_to) != stored.head:
                return None
            if self.is_of_before(stored):
                return 0
            self._store.execute(
                "UPDATE streams SET epoch = ? WHERE number = ? AND epoch = 0",
                (stored.epoch, stream.number),
            )
            return self._delivered(stream, stored.seq_from, stored.seq_to)

    def page(self, page: Page) -> Taken:
        """Apply one page. A page that answers another cursor is passed over and said so."""
        taken = Taken()
        with self._store.write():
            if not page.answers(self.cursor()):
                taken.ignored.append("收到的一页与本机进度不符，已忽略，下次同步会重新获取。")
                return taken
            self._take_entries(page, taken)
            told = int(tables.meta(self._store, TOLD) or b"0")
            if page.opened is not None:
                self._opened(page.opened, taken, is_later=page.issued_at > told)
            tables.keep_meta(self._store, TOLD, b"%d" % max(told, page.issued_at))
            tables.keep_meta(self._store, CURSOR, page.cursor)
            tables.keep_meta(self._store, EPOCH, b"%d" % page.epoch)
            self._project(taken)
        return taken

    def opened(self, opened: Opened) -> Taken:
        """Apply an opened acknowledgement that came without a page."""
        taken = Taken()
        with self._store.write():
            self._opened(opened, taken)
            self._project(taken)
        return taken

    def _project(self, taken: Taken) -> None:
        projection.project_all(
            self._store,
            (of_others(taken.lone[record]) for record in sorted(taken.lone)),
        )
        projection.project_again(self._store, sorted(taken.records), self._rank, taken.arrived)
        taken.told += lists.asked_sentences(self._store, sorted(taken.asked))

    # -- entries ------------------------------------------------------------------------------

    def _take_entries(self, page: Page, taken: Taken) -> None:
        received: list[Received] = []
        own = (
            streams.current(self._store, streams.ACTS)
            if page.opened is None
            else streams.by_id(self._store, page.opened.stream)
        )
        for entry in page.entries:
            if isinstance(entry, Own):
                self._judge_own(own, entry, taken)
            else:
                received.append(entry)
        if received:
            self._receive(page, received, taken)

    def _receive(self, page: Page, received: list[Received], taken: Taken) -> None:
        self._store.execute(
            "INSERT INTO pages(header, leaves) VALUES (?, ?)", (page.header, page.leaves)
        )
        number = int(self._store.row("SELECT last_insert_rowid()")[0])
        arrived = Arrivals(self._store, number).store(received)
        taken.judged += arrived.judged
        taken.records |= arrived.touched
        taken.lone, taken.arrived = arrived.lone, arrived.stored
        taken.pulled += sum(
            one.skeleton.kind not in projection.MACHINERY for one in arrived.stored.values()
        )
        for entry in received:
            is_admitted = entry.verdict.status is Status.ADMITTED
            skeleton = entry.operation.skeleton
            if skeleton.act in ASKING and is_admitted and entry.operation.id in arrived.stored:
                taken.asked.add(skeleton.record)
            if skeleton.act == PURGE and is_admitted:
                self._purge(entry.operation, taken)

    def _judge_own(self, stream: Stream | None, entry: Own, taken: Taken) -> None:
        if stream is None:
            taken.ignored.append("收到不属于本机的裁定，已忽略。")
            return
        where = places(stream.number, entry.seq_from, entry.seq_to)
        if entry.as_written and entry.verdict.status is Status.ADMITTED:
            self._admit_as_written(where, entry.verdict, taken)
        for position, record, skeleton, *order in self._store.rows(_OWN, where):
            if order[0] is not None and tuple(order) >= entry.verdict.order:
                continue
            verdict = entry.verdict_for(_effective_at(skeleton))
            self._store.execute(JUDGE, (*columns_of(verdict), position))
            taken.records.add(bytes(record))
            taken.judged += 1

    def _admit_as_written(self, where: tuple[int, int], verdict: Verdict, taken: Taken) -> None:
        """The usual case, for many at once: a lone operation folds as before, only it is merged."""
        judged = self._store.execute(
            _ADMIT,
            (verdict.epoch, verdict.county_seq, verdict.status.value, verdict.cap_ms,
             verdict.rank, verdict.reason, *where),
        )  # fmt: skip
        taken.judged += judged.rowcount
        self._store.execute(_MERGE_LONE, where)
        taken.records.update(bytes(row[0]) for row in self._store.rows(_NOT_LONE, where))

    # -- acknowledgements ---------------------------------------------------------------------

    def _delivered(self, stream: Stream, seq_from: int, seq_to: int) -> int:
        where = places(stream.number, seq_from, seq_to)
        count = int(self._store.row(_UNDELIVERED, where)[0])
        self._store.execute(
            "UPDATE operations SET delivered = 1 WHERE position BETWEEN ? AND ?", where
        )
        self._store.execute(_DELIVER, where)
        return count

    def _opened(self, opened: Opened, taken: Taken, *, is_later: bool = False) -> None:
        """`is_later`: said after everything the county has said before."""
        stream = streams.by_id(self._store, opened.stream)
        if stream is None or opened.seq > stream.seq:
            taken.ignored.append("收到不属于本机的入账回执，已忽略；请联系县里核对。")
            return
        if head_at(self._store, stream, opened.seq) != opened.head:
            taken.ignored.append("县里的入账回执与本机记录不符，已忽略；请联系县里核对。")
            return
        is_announced = opened.epoch > stream.epoch
        is_behind = opened.seq < stream.opened_seq
        if self.is_of_before(opened) or (is_behind and not is_announced and not is_later):
            return  # an answer from before, overtaken by a later one
        if not is_behind:
            self._delivered(stream, stream.opened_seq + 1, opened.seq)
            self._outbox.drop_opened(stream.id, opened.seq)
        if is_behind or (is_announced and stream.epoch):
            taken.restored |= self._hand_back(stream, opened, is_announced=is_announced)
        stream.opened_seq, stream.opened_head = opened.seq, opened.head
        stream.backed_seq, stream.epoch = opened.backed_up_through, opened.epoch
        streams.note_opened(self._store, stream)
        streams.forget_opened_seeds(self._store, stream)

    def _hand_back(self, stream: Stream, opened: Opened, *, is_announced: bool) -> bool:
        """The county was restored from a backup: hand in again what it lost."""
        if not is_announced:  # the same epoch twice: whatever was said in it of other streams
            self._store.execute("UPDATE streams SET epoch = 0 WHERE number <> ?", (stream.number,))
        since = opened.epoch + (not is_announced)
        return handback.hand_back(
            self._store, self._outbox, self._front_public(), stream, opened, since=since
        )

    # -- purges -------------------------------------------------------------------------------

    def _purge(self, purge: Operation, taken: Taken) -> None:
        """Delete data and salt of what an admitted purge names, now and whenever it comes again."""
        for named in _list(purge.data.get("operations")):
            operation = _id(named.get("id") if isinstance(named, dict) else None)
            if operation is None:
                continue
            self._store.execute("INSERT OR IGNORE INTO purged(id) VALUES (?)", (operation,))
            where = (purge.skeleton.record, operation)
            if self._store.execute(_ERASE + "record = ? AND id = ?", where).rowcount == 0:
                self._store.execute(_ERASE + "id = ?", (operation,))  # all of the log is read
            taken.arrived.pop(operation, None)
        # What the purge named may lie in a record that this page began.
        taken.records |= taken.lone.keys() | {purge.skeleton.record}
        taken.lone = {}


_EFFECTIVE_AT = 12
"""Place of `effective_at` in a skeleton's array."""


def _effective_at(skeleton: bytes) -> int:
    return int(msgspec.msgpack.decode(skeleton)[_EFFECTIVE_AT])


def _list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []


def _id(value: Value) -> bytes | None:
    if isinstance(value, bytes):
        return value
    try:
        return parse_operation(value) if isinstance(value, str) else None
    except InvalidId:
        return None
