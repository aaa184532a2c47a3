"""What a batch is made of: the words encoding and decoding share (sync/codec.py).

These numbers are bytes on the wire and never change.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from shared.clock import COUNTER_BITS
from shared.ids import uuid7
from shared.operation import Bytes16, Bytes32
from sync.frame import Malformed

OPERATIONS_MAX = 10_000
DATA_TOTAL_MAX = 64 << 20
"""Bytes of data in one batch, as stored."""

COUNTER_MASK = (1 << COUNTER_BITS) - 1
HASH_BYTES = 32

# How an operation's salt travels; from SEEDED on: the number of its block's seed.
SALT_RAW, NO_DATA, SEEDED = 0, 1, 2
# How an operation's record travels; from LISTED on: its number in the table.
DERIVED, OF_PARENT, LISTED = 0, 1, 2
# How a parent travels: three times its distance or number, and one of these.
IN_BATCH, EARLIER, ELSEWHERE = 0, 1, 2


class EarlierMissing(Malformed):
    """A batch that names an earlier operation of its stream which has not arrived here yet."""


class Place(NamedTuple):
    """Where an earlier operation of the same stream stands, and whose history it belongs to."""

    seq: int
    record: bytes


class Origin(NamedTuple):
    """An earlier operation of the same stream, as the receiver knows it."""

    id: bytes
    record: bytes


PlaceOf = Callable[[bytes], Place | None]
"""Sender: operation id → its place in the own stream; None for anybody else's."""
Earlier = Callable[[int], Origin | None]
"""Receiver: sequence number of the same stream → operation; None where it is not there."""


class Control(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """Tables the integer columns point into, and descriptors of the data columns."""

    count: Annotated[int, Meta(ge=0, le=OPERATIONS_MAX)]
    streams: list[Bytes16]
    authors: list[str]
    sites: list[str]
    sessions: list[Bytes32 | int | None]
    """Id of the opening, or its position in the batch, or minus its number in the stream."""
    families: list[tuple[str, str]]
    """Kind and act."""
    seeds: list[Bytes32]
    records: list[Bytes16]
    parents: list[Bytes32]
    columns: list[list[Any]]
    """For each family: the descriptor of its data."""
    raw: list[tuple[int, bytes, bytes | None, bytes | None]]
    """Position, skeleton, salt and data of what fits no column."""


control_encoder = msgspec.msgpack.Encoder()
control_decoder = msgspec.msgpack.Decoder(Control)


def derive_record_id(seed: bytes, seq: int, ms: int) -> bytes:
    """Return the id of the record that operation `seq` of the block of `seed` creates.

    `ms` is the instant (Unix ms) of that operation's clock: `clock.ms_of(clock)`. A UUIDv7 whose
    entropy is HMAC-SHA-256(seed, "record" ‖ seq), so that the id need not travel beside the seed.
    """
    return uuid7(ms, hmac.digest(seed, b"record" + seq.to_bytes(8, "big"), "sha256")[:10])
