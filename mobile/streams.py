"""The device's own streams: number space, chain head, clock, salt blocks, session.

A device writes one stream of acts and one of sealed acts. A store that was restored from a copy
starts new ones before its first act: else two operations would claim one sequence number.

How far a stream is written stands in its last operation's row, so that an act writes no other one;
its own row says how it began, and its session and block.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mobile.database import Store
from shared import chain
from shared.operation import BLOCK_MAX, SEED_BYTES, restore

ACTS = "acts"
SEALED = "sealed"

Entropy = Callable[[int], bytes]


_FIND = """SELECT s.*, o.skeleton, o.head, o.slip_day, o.slip_count FROM streams s
            LEFT JOIN operations o ON o.position = (
                SELECT position FROM operations
                WHERE position > (s.number << 40) AND position < ((s.number + 1) << 40)
                ORDER BY position DESC LIMIT 1)"""


@dataclass(slots=True)
class Stream:
    """One own stream: the columns of its table, in their order.

    `seq`, `head`, `clock` and the slip counter are those of its last operation.
    """

    number: int
    id: bytes
    purpose: str
    seq: int
    head: bytes
    clock: int
    session: bytes | None
    block_from: int
    seed: bytes
    opened_seq: int
    opened_head: bytes
    backed_seq: int
    slip_day: int
    slip_count: int
    epoch: int
    """The county's epoch when it last told of this stream; 0 before it has."""


def current(store: Store, purpose: str) -> Stream | None:
    """Return the stream that is written now, or None."""
    row = store.row(_FIND + " WHERE s.purpose = ? ORDER BY s.number DESC LIMIT 1", (purpose,))
    return _stream(row) if row else None


def by_number(store: Store, number: int) -> Stream:
    """Return the own stream with this number."""
    return matching(store, "s.number = ?", (number,))[0]


def by_id(store: Store, stream: bytes) -> Stream | None:
    """Return the own stream with this id, or None if it is not one of ours."""
    return next(iter(matching(store, "s.stream = ?", (stream,))), None)


def all_streams(store: Store) -> list[Stream]:
    """Return every own stream, the oldest first."""
    return matching(store, "true", ())


def matching(store: Store, condition: str, parameters: Sequence[object]) -> list[Stream]:
    """Return the own streams `s` that an SQL condition holds for, the oldest first."""
    rows = store.rows(f"{_FIND} WHERE {condition} ORDER BY s.number", parameters)
    return [_stream(row) for row in rows]


def _stream(row: Any) -> Stream:
    *columns, skeleton, head, slip_day, slip_count = row
    stream = Stream(*columns)
    if skeleton is not None:
        last = restore(skeleton, None, None).skeleton
        stream.seq, stream.clock, stream.head = last.seq, last.clock, head
        stream.slip_day, stream.slip_count = slip_day, slip_count
    return stream


def start(store: Store, purpose: str, county: int, entropy: Entropy, clock: int = 0) -> Stream:
    """Start a new stream; it takes over the clock, which never runs backwards."""
    stream = entropy(chain.STREAM_BYTES)
    head = chain.genesis(county, stream)
    store.execute(
        """INSERT INTO streams(stream, purpose, seq, head, clock, block_from, seed,
                               opened_seq, opened_head, backed_seq, slip_day, slip_count)
           VALUES (?, ?, 0, ?, ?, 0, x'', 0, ?, 0, 0, 0)""",
        (stream, purpose, head, clock, head),
    )
    store.forget()
    started = current(store, purpose)
    assert started is not None
    return started


def save(store: Store, stream: Stream) -> None:
    """Store what is of the stream itself: session, block, and where its slips begin."""
    store.execute(
        """UPDATE streams SET session = ?, block_from = ?, seed = ?, slip_day = ?, slip_count = ?
           WHERE number = ?""",
        (stream.session, stream.block_from, stream.seed, stream.slip_day, stream.slip_count,
         stream.number),
    )  # fmt: skip


def new_block(store: Store, stream: Stream, entropy: Entropy) -> None:
    """Begin a block of salts at the next operation."""
    stream.block_from = stream.seq + 1
    stream.seed = entropy(SEED_BYTES)
    store.execute(
        "INSERT INTO blocks(own, seq_from, seed) VALUES (?, ?, ?)",
        (stream.number, stream.block_from, stream.seed),
    )
    save(store, stream)


def block_is_full(stream: Stream) -> bool:
    """Whether the next operation needs a new block."""
    return not stream.seed or stream.seq + 1 - stream.block_from >= BLOCK_MAX


def seeds(store: Store, number: int, seq_from: int, seq_to: int) -> dict[int, bytes]:
    """Return the salt seeds of the blocks that `seq_from`…`seq_to` touch, by their first seq."""
    rows = store.rows(
        """SELECT seq_from, seed FROM blocks WHERE own = ? AND seq_from <= ? AND seq_from >= (
               SELECT coalesce(max(seq_from), 0) FROM blocks WHERE own = ? AND seq_from <= ?)""",
        (number, seq_to, number, seq_from),
    )
    return {int(first): bytes(seed) for first, seed in rows}


def note_opened(store: Store, stream: Stream) -> None:
    """Store how far the county has opened the stream, and in which epoch it told so."""
    store.execute(
        """UPDATE streams SET opened_seq = ?, opened_head = ?, backed_seq = ?, epoch = ?
           WHERE number = ?""",
        (stream.opened_seq, stream.opened_head, stream.backed_seq, stream.epoch, stream.number),
    )
    store.forget()


def forget_opened_seeds(store: Store, stream: Stream) -> None:
    """Delete the seeds of blocks that the county has opened whole; their salts stay one by one."""
    rows = store.rows(
        "SELECT seq_from FROM blocks WHERE own = ? ORDER BY seq_from", (stream.number,)
    )
    starts = [int(row[0]) for row in rows]
    ends = [first - 1 for first in starts[1:]]
    for first, last in zip(starts, ends, strict=False):  # the last block may still grow
        if last <= stream.opened_seq:
            store.execute(
                "DELETE FROM blocks WHERE own = ? AND seq_from = ?", (stream.number, first)
            )
