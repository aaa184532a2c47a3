"""The batch: operations in columns, lossless, for envelopes and pages.

What the receiver can compute does not travel: ids, data hashes, salts of a block whose seed
travels, the id of a record created here, the record of an operation whose parent is at hand. The
receiver rebuilds each skeleton exactly and proves it by id and head. What does not fit columns (a
newer version) travels as its bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from shared.canonical import NotCanonical
from shared.operation import MalformedOperation, Operation
from sync import deflate
from sync.batch import (
    OPERATIONS_MAX,
    Earlier,
    EarlierMissing,
    Origin,
    Place,
    PlaceOf,
    derive_record_id,
)  # fmt: skip
from sync.columns import Reader
from sync.decoding import Decoding
from sync.deflate import MalformedBatch
from sync.encoding import Encoding

__all__ = [
    "Earlier",
    "EarlierMissing",
    "MalformedBatch",
    "Origin",
    "Place",
    "PlaceOf",
    "decode_batch",
    "derive_record_id",
    "encode_batch",
]


def encode_batch(
    operations: Sequence[Operation],
    seeds: Mapping[int, bytes] | None = None,
    place_of: PlaceOf | None = None,
) -> bytes:
    """Return the operations as one compressed batch.

    `seeds` maps the first seq of each block of the (one) stream to its salt seed: only seeds the
    batch uses travel, and a seed that does not make a salt is no harm, that salt travels itself.
    `place_of` names earlier operations of the same stream that the receiver has for certain.
    Raises MalformedBatch over 10,000 operations or 16 MiB.
    """
    if len(operations) > OPERATIONS_MAX:
        raise MalformedBatch(f"一批有 {len(operations)} 个操作，超过上限，请分成几批。")
    return Encoding(operations, seeds or {}, place_of).encode()


def decode_batch(
    raw: bytes, earlier: Earlier | None = None, *, count_max: int = OPERATIONS_MAX
) -> list[Operation]:
    """Return the operations of a batch; raise MalformedBatch or EarlierMissing.

    `earlier` answers for sequence numbers before the batch (see `Envelope.open`).
    """
    inflated = deflate.inflate(raw)
    try:
        return Decoding(Reader(inflated), earlier, count_max).operations()
    except (
        msgspec.DecodeError, NotCanonical, MalformedOperation,
        IndexError, OverflowError, RecursionError, StopIteration, UnicodeError,
    ) as error:  # fmt: skip
        raise MalformedBatch("批次的内容无法读取，请重新传送。") from error
