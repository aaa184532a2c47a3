"""A county that was restored from a backup has lost work: it is asked, and gets that work again.

Each own stream remembers the epoch in which the county last told of it. A stream that the present
epoch has told nothing of is asked about; what stands above the answer goes out again.
"""

from __future__ import annotations

from mobile import files, streams
from mobile.database import Store
from mobile.outbox import Outbox
from mobile.streams import Stream
from mobile.tables import places
from sync.acknowledgement import Opened

_UNASKED = """s.epoch < ? AND EXISTS (
    SELECT 1 FROM operations
    WHERE position > (s.number << 40) AND position < ((s.number + 1) << 40) AND delivered = 1)"""
_LOST = "UPDATE operations SET delivered = 0 WHERE position BETWEEN ? AND ? AND delivered = 1"
_KEPT = "UPDATE operations SET delivered = 1 WHERE position BETWEEN ? AND ?"
_SAVED = """UPDATE records SET delivery = 'saved' WHERE record IN (
                SELECT record FROM operations WHERE position BETWEEN ? AND ? AND delivered = 0)"""


def unasked(store: Store, epoch: int) -> list[Stream]:
    """Return the own streams that the county had work of and has told nothing of in this epoch."""
    return streams.matching(store, _UNASKED, (epoch,))


def hand_back(
    store: Store, outbox: Outbox, front_public: bytes, stream: Stream, opened: Opened,
    *, since: int,
) -> bool:  # fmt: skip
    """Note that the county has lost what is above `opened`; return whether anything is.

    Only what the front has stored in epoch `since` or later is there still.
    """
    kept: list[tuple[int, int]] = []
    for one, stored in outbox.stored(front_public):
        if stored.stream == stream.id and one.seq_to > opened.seq:
            if stored.epoch >= since:
                kept.append((one.seq_from, one.seq_to))
            else:
                files.remove(one.acknowledgement)
    above = places(stream.number, opened.seq + 1, stream.seq)
    lost = store.execute(_LOST, above).rowcount
    for seq_from, seq_to in kept:
        where = places(stream.number, max(seq_from, opened.seq + 1), seq_to)
        lost -= store.execute(_KEPT, where).rowcount
    store.execute(_SAVED, above)
    return bool(lost > 0)
