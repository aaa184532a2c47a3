"""Sealing what is pending into the outbox: at lock, at export, at sync, and from time to time.

Envelopes are cut by bytes. The same operations may be cut again, smaller for a poor line, or sealed
again to a new key of the county; they stay the same operations with the same heads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mobile import streams
from mobile.database import Store
from mobile.outbox import Frozen, Outbox
from mobile.projection import MACHINERY
from mobile.streams import Stream
from mobile.tables import place, places
from shared import chain
from shared.operation import Operation, restore
from sync.card import CountyCard
from sync.codec import Place
from sync.envelope import empty_envelope, seal_envelope
from sync.keys import SigningKey

OPERATIONS_MAX = 2_000
PACKING = 4
"""Operations shrink to about a quarter by columns and compression; what did not is cut finer."""
STANDARD_BYTES = 64 << 10
SMALLEST_BYTES = 4 << 10
FILLED_BYTES = 16 << 10
"""An envelope of this size is left as it is."""

_PARENT = "SELECT seq, record FROM operations WHERE record = ? AND id = ? AND own = ?"
_SESSION = """SELECT seq, record FROM operations
              WHERE position = (SELECT position FROM sessions WHERE id = ?) AND own = ?"""


@dataclass(slots=True)
class Freezer:
    """Seals pending operations of all own streams."""

    store: Store
    outbox: Outbox
    card: CountyCard
    device_key: SigningKey
    now_ms: Callable[[], int]

    def freeze(self, target_bytes: int = STANDARD_BYTES) -> int:
        """Freeze what is pending and not frozen yet; return how many envelopes were written.

        Small envelopes at the end of a stream that nobody has acknowledged are filled up: they are
        replaced by fuller ones of the same and the new operations.
        """
        count = 0
        self._put_damaged_aside()
        frozen = self.outbox.all()
        for stream in streams.all_streams(self.store):
            mine = [one for one in frozen if one.stream == stream.id[:8].hex()]
            if not list(self._gaps(stream, mine)):
                continue
            small = _unfilled(mine)
            kept = [one for one in mine if one not in small]
            sealed = [
                cut
                for seq_from, seq_to in self._gaps(stream, kept)
                for cut in self._sealed(stream, seq_from, seq_to, target_bytes * PACKING)
            ]
            self.outbox.replace(small, sealed)
            count += len(sealed)
        return count

    def seal_again(self, one: Frozen, target_bytes: int = STANDARD_BYTES) -> None:
        """Cut and seal the operations of a frozen envelope anew."""
        stream = self._stream_of(one)
        if stream is not None:
            room = target_bytes * min(PACKING, max(self._size(stream, one) // one.size, 1))
            cut = list(self._sealed(stream, one.seq_from, one.seq_to, room))
            self.outbox.replace([one], cut)

    def asking(self, stream: Stream) -> bytes:
        """Return the signed header that only asks for news."""
        return empty_envelope(
            county=self.card.county, recipient_public=self._recipient(), stream=stream.id,
            device_key=self.device_key, seq=stream.seq, head=stream.head, clock=stream.clock,
        )  # fmt: skip

    def _put_damaged_aside(self) -> None:
        """What is not as it was frozen counts as never sent, whatever had acknowledged it."""
        for one in self.outbox.damaged():
            stream = self._stream_of(one)
            if stream is not None:
                with self.store.write():
                    self.store.execute(
                        "UPDATE operations SET delivered = 0 WHERE position BETWEEN ? AND ?",
                        places(stream.number, max(one.seq_from, stream.opened_seq + 1), one.seq_to),
                    )
            self.outbox.put_aside(one)

    def _stream_of(self, one: Frozen) -> Stream | None:
        own = streams.all_streams(self.store)
        return next((stream for stream in own if stream.id[:8].hex() == one.stream), None)

    def _size(self, stream: Stream, one: Frozen) -> int:
        """Bytes of the operations in an envelope before they were packed."""
        row = self.store.row(
            """SELECT total(length(skeleton) + length(coalesce(data, ''))) FROM operations
               WHERE position BETWEEN ? AND ?""",
            places(stream.number, one.seq_from, one.seq_to),
        )
        return int(row[0])

    def _gaps(self, stream: Stream, frozen: Sequence[Frozen]) -> Iterator[tuple[int, int]]:
        """Yield the ranges that are neither delivered nor covered by the stream's envelopes."""
        rows = self.store.rows(
            """SELECT seq FROM operations
               WHERE position BETWEEN ? AND ? AND delivered = 0 ORDER BY position""",
            places(stream.number, stream.opened_seq + 1, stream.seq),
        )
        covered = [(one.seq_from, one.seq_to) for one in frozen]
        missing = (row[0] for row in rows if not any(a <= row[0] <= b for a, b in covered))
        start = last = None
        for seq in missing:
            if start is None or last is None or seq != last + 1:
                if start is not None and last is not None:
                    yield start, last
                start = seq
            last = seq
        if start is not None and last is not None:
            yield start, last

    def _sealed(
        self, stream: Stream, seq_from: int, seq_to: int, room: int
    ) -> Iterator[tuple[bytes, int]]:
        head = head_at(self.store, stream, seq_from - 1)
        at = seq_from
        while at <= seq_to:
            cut = self._take(stream, at, seq_to, room)
            last = at + len(cut) - 1
            raw = seal_envelope(
                cut, streams.seeds(self.store, stream.number, at, last),
                county=self.card.county, recipient_public=self._recipient(),
                device_key=self.device_key, head_before=head, clock=stream.clock,
                place_of=self._place_of(stream, cut),
            )  # fmt: skip
            yield raw, sum(operation.skeleton.kind not in MACHINERY for operation in cut)
            head = chain.extend_all(head, (operation.id for operation in cut))
            at = last + 1

    def _take(self, stream: Stream, at: int, seq_to: int, room: int) -> list[Operation]:
        """Take operations of `room` bytes before packing, at least one."""
        cut: list[Operation] = []
        size = 0
        rows = self.store.execute(  # read one by one: an envelope is full long before the limit
            """SELECT skeleton, salt, data FROM operations
               WHERE position BETWEEN ? AND ? ORDER BY position LIMIT ?""",
            (*places(stream.number, at, seq_to), OPERATIONS_MAX),
        )
        for skeleton, salt, data in rows:
            size += len(skeleton) + len(data or b"")
            if cut and size > room:
                break
            cut.append(restore(skeleton, salt, data))
        return cut

    def _place_of(
        self, stream: Stream, cut: Sequence[Operation]
    ) -> Callable[[bytes], Place | None]:
        """Return what finds the operations that these name: their parents, and their sessions."""
        record_of = {one: each.skeleton.record for each in cut for one in each.skeleton.parents}

        def place_of(operation: bytes) -> Place | None:
            record = record_of.get(operation)
            if record is None:
                row: Any = self.store.row(_SESSION, (operation, stream.number))
            else:
                row = self.store.row(_PARENT, (record, operation, stream.number))
            return None if row is None else Place(row[0], bytes(row[1]))

        return place_of

    def _recipient(self) -> bytes:
        return self.card.recipient_at(self.now_ms()).public


def _unfilled(mine: Sequence[Frozen]) -> list[Frozen]:
    """Return the run of small envelopes at the stream's end that nobody has acknowledged."""
    run: list[Frozen] = []
    for one in reversed(mine):
        if one.size >= FILLED_BYTES or one.acknowledgement.exists():
            break
        run.append(one)
    return run


def head_at(store: Store, stream: Stream, seq: int) -> bytes:
    """Return the chain head after operation `seq` of an own stream; at most that of its end."""
    found = store.row(
        "SELECT head FROM operations WHERE position = ?",
        (place(stream.number, min(seq, stream.seq)),),
    )
    if found is not None:
        return bytes(found[0])
    county = store.row("SELECT value FROM meta WHERE key = 'county'")
    return chain.genesis(int(county[0]), stream.id)
