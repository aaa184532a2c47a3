"""The operation: one act by one agent on one record, and the bytes that never change.

An operation is a skeleton, a salt and its data. Its id is a hash of the skeleton alone; the
skeleton holds the hash of salt and data. So data and salt can be erased for a person's sake while
ids, parents and chains still verify. See docs/decisions/0001-operation-bytes.md; fixed vectors
stand in tests/fixtures/vectors/.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from msgspec import Meta

from shared import canonical
from shared.canonical import NotCanonical, Value
from shared.errors import BianminError

VERSION = 1
SALT_BYTES = 16
SEED_BYTES = 32
BLOCK_MAX = 100
"""Operations that may share one salt seed."""
DATA_BYTES_MAX = 1 << 20
SKELETON_BYTES_MAX = 16 << 10
PARENTS_MAX = 256

_ID_TAG = b"bianmin.operation.1\0"
_DATA_TAG = b"bianmin.data.1\0"

Bytes16 = Annotated[bytes, Meta(min_length=16, max_length=16)]
Bytes32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
Word = Annotated[str, Meta(min_length=1, max_length=48, pattern=r"^[a-z][a-z0-9_]*\Z")]
Name = Annotated[str, Meta(max_length=64)]
"""Without control characters: not every database stores them, and no screen shows them."""


class MalformedOperation(BianminError):
    """Bytes that are no operation: truncated, altered, out of range, or not canonical."""


class Skeleton(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The signed part of an operation, in the order of its bytes. Later versions only append."""

    version: Annotated[int, Meta(ge=1, le=255)]
    stream: Bytes16
    seq: Annotated[int, Meta(ge=1, le=2**48)]
    author: Name
    """`agent:ID`, `staff:ID`, `citizen`, `system`, or empty in the sealed stream."""
    site: Name
    session: Bytes32 | None
    record: Bytes16
    kind: Word
    act: Word
    parents: Annotated[tuple[Bytes32, ...], Meta(max_length=PARENTS_MAX)]
    clock: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    quality: Annotated[int, Meta(ge=0, le=3)]
    effective_at: Annotated[int, Meta(ge=-(2**47), le=2**47)]
    data_hash: Bytes32


_encoder = msgspec.msgpack.Encoder(order="deterministic")
_decoder = msgspec.msgpack.Decoder(Skeleton)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation as stored: equal ids are equal operations.

    `data_bytes` and `salt` are None where only the skeleton is held (purged, or not visible here).
    """

    id: bytes
    skeleton: Skeleton
    skeleton_bytes: bytes
    salt: bytes | None
    data_bytes: bytes | None
    _data: list[dict[str, Value]] = field(default_factory=list, repr=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Operation) and self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def data(self) -> dict[str, Value]:
        """The decoded data; empty where only the skeleton is held."""
        if not self._data:
            self._data.append(_decode_data(self.data_bytes) if self.data_bytes else {})
        return self._data[0]

    @property
    def has_data(self) -> bool:
        """Whether data and salt are held here."""
        return self.data_bytes is not None

    def without_data(self) -> Operation:
        """Return the same operation as a bare skeleton."""
        return Operation(self.id, self.skeleton, self.skeleton_bytes, None, None)


def salt_of(seed: bytes, seq: int) -> bytes:
    """Return the salt of operation `seq` in the block of `seed`: HMAC-SHA-256, first 16 bytes."""
    return hmac.digest(seed, seq.to_bytes(8, "big"), "sha256")[:SALT_BYTES]


def data_hash(salt: bytes, data_bytes: bytes) -> bytes:
    """Return the hash of salt and data that a skeleton holds."""
    return hashlib.sha256(_DATA_TAG + salt + data_bytes).digest()


def operation_id(skeleton_bytes: bytes) -> bytes:
    """Return the id of the operation with these skeleton bytes."""
    return hashlib.sha256(_ID_TAG + skeleton_bytes).digest()


def build(
    *,
    stream: bytes,
    seq: int,
    author: str,
    site: str,
    session: bytes | None,
    record: bytes,
    kind: str,
    act: str,
    parents: Iterable[bytes],
    clock: int,
    quality: int,
    effective_at: int,
    data: dict[str, Value],
    salt: bytes,
) -> Operation:
    """Build a new operation; raise NotCanonical or MalformedOperation rather than a bad one."""
    data_bytes = canonical.encode(data)
    if len(data_bytes) > DATA_BYTES_MAX:
        raise MalformedOperation(f"内容有 {len(data_bytes)} 字节，超过上限，请缩短或改用附件。")
    skeleton = Skeleton(
        VERSION, stream, seq, author, site, session, record, kind, act,
        tuple(sorted(set(parents))), clock, quality, effective_at,
        data_hash(salt, data_bytes),
    )  # fmt: skip
    return restore(_encoder.encode(skeleton), salt, data_bytes)


def restore(skeleton_bytes: bytes, salt: bytes | None, data_bytes: bytes | None) -> Operation:
    """Return the operation of these stored or received bytes; raise MalformedOperation.

    Checks form, canonical bytes, order of parents and, where data is given, its hash.
    """
    skeleton = _decode_skeleton(skeleton_bytes)
    if data_bytes is None or salt is None:
        return Operation(operation_id(skeleton_bytes), skeleton, skeleton_bytes, None, None)
    if len(salt) != SALT_BYTES or len(data_bytes) > DATA_BYTES_MAX:
        raise MalformedOperation("操作的附加数据长度不对，请重新传送。")
    if data_hash(salt, data_bytes) != skeleton.data_hash:
        raise MalformedOperation("操作内容与其指纹不符，请重新传送。")
    operation = Operation(operation_id(skeleton_bytes), skeleton, skeleton_bytes, salt, data_bytes)
    if skeleton.version <= VERSION:
        _ = operation.data
    return operation


def encode_skeleton(skeleton: Skeleton) -> bytes:
    """Return the bytes of a skeleton of this version (the receiver rebuilds them from columns)."""
    return _encoder.encode(skeleton)


def _decode_skeleton(skeleton_bytes: bytes) -> Skeleton:
    if len(skeleton_bytes) > SKELETON_BYTES_MAX:
        raise MalformedOperation("操作头过长，请重新传送。")
    try:
        skeleton = _decoder.decode(skeleton_bytes)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedOperation("操作头无法读取，请重新传送。") from error
    if not (_is_name(skeleton.author) and _is_name(skeleton.site)):
        raise MalformedOperation("操作头里的姓名或站点有控制字符，请重新传送。")
    if skeleton.version <= VERSION:
        is_canonical = _encoder.encode(skeleton) == skeleton_bytes
    else:  # a newer version appends elements: keep its bytes untouched, but still one encoding
        is_canonical = _encoder.encode(msgspec.msgpack.decode(skeleton_bytes)) == skeleton_bytes
    parents = skeleton.parents
    if not is_canonical or any(a >= b for a, b in itertools.pairwise(parents)):
        raise MalformedOperation("操作头不是规定的编码，请重新传送。")
    return skeleton


def _is_name(name: str) -> bool:
    return (name.isascii() and name.isprintable()) or not _CONTROL.search(name)


def _decode_data(data_bytes: bytes) -> dict[str, Value]:
    try:
        value = canonical.decode(data_bytes, DATA_BYTES_MAX)
    except NotCanonical as error:
        raise MalformedOperation("操作内容不是规定的编码，请重新传送。") from error
    if not isinstance(value, dict):
        raise MalformedOperation("操作内容应为字段与值，请重新传送。")
    return value
