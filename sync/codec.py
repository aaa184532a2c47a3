"""placeholder bodies, signatures are final (deepened in the next commit)."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from shared import operation as operations_module
from shared.ids import uuid7
from shared.operation import MalformedOperation, Operation
from sync.frame import Malformed


class Place(NamedTuple):
    """Where an earlier operation of the same stream stands, and whose history it belongs to."""

    seq: int
    record: bytes


class Origin(NamedTuple):
    """An earlier operation of the same stream, as the receiver knows it."""

    id: bytes
    record: bytes


PlaceOf = Callable[[bytes], "Place | None"]
"""Sender: operation id → its place in the own stream; None for anybody else's."""
Earlier = Callable[[int], "Origin | None"]
"""Receiver: sequence number of the same stream → operation; None where it is not there."""


class MalformedBatch(Malformed):
    """Bytes that are no batch of operations."""


class EarlierMissing(Malformed):
    """A batch that names an earlier operation of its stream which has not arrived here yet."""


def derive_record_id(seed: bytes, seq: int, ms: int) -> bytes:
    """Return the id of the record that operation `seq` of a block creates at `ms` (Unix ms)."""
    import hmac

    return uuid7(ms, hmac.digest(seed, b"record" + seq.to_bytes(8, "big"), "sha256")[:10])


def encode_batch(
    operations: Sequence[Operation],
    seeds: Mapping[int, bytes] | None = None,
    place_of: PlaceOf | None = None,
) -> bytes:
    """Return the operations as one batch; `seeds`: first seq of each block → its salt seed."""
    rows = [[o.skeleton_bytes, o.salt, o.data_bytes] for o in operations]
    return zlib.compress(msgspec.msgpack.encode(rows))


def decode_batch(
    raw: bytes, earlier: Earlier | None = None, *, count_max: int = 10_000
) -> list[Operation]:
    """Return the operations of a batch; raise MalformedBatch or EarlierMissing."""
    try:
        rows = msgspec.msgpack.decode(
            zlib.decompress(raw), type=list[tuple[bytes, bytes | None, bytes | None]]
        )
        return [operations_module.restore(*row) for row in rows]
    except (zlib.error, msgspec.DecodeError, MalformedOperation) as error:
        raise MalformedBatch("批次无法读取，请重新传送。") from error
