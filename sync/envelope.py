"""The envelope: operations of one stream, sealed to the county and signed by the device.

A frame (sync/frame.py) with magic BME1: the header says which operations of which stream lie
inside and between which two heads, the body is a batch (sync/codec.py) sealed by HPKE to the
county's recipient key with the header bound through `info`. The front judges header and signature;
only the core opens. An exchange with nothing new is a signed header without a body.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from shared import chain
from shared.operation import Bytes16, Bytes32, Operation
from sync import codec, frame, suites
from sync.acknowledgement import County, Seq
from sync.codec import Earlier, PlaceOf
from sync.deflate import MalformedBatch
from sync.frame import Frame, Malformed
from sync.keys import SigningKey, key_id
from sync.suites import UnknownSuite

TAG = b"bianmin.envelope.1\0"
MAGIC = b"BME1"
SIZE_MAX = 4 << 20
OPERATIONS_MAX = 10_000

KeyId = Annotated[bytes, Meta(min_length=8, max_length=8)]


class MalformedEnvelope(Malformed):
    """Bytes that are no envelope, or an envelope whose content is not what its header says."""


class Header(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """What the front reads: `seq_from`…`seq_to` lead from `head_before` to `head_after`."""

    suite: Annotated[int, Meta(ge=0, le=0xFFFF)]
    county: County
    recipient: KeyId
    """Id of the county's key that opens the body."""
    device: KeyId
    """Id of the key that signed."""
    stream: Bytes16
    seq_from: Annotated[int, Meta(ge=1, le=2**48)]
    seq_to: Seq
    """`seq_from - 1` where nothing is new."""
    head_before: Bytes32
    head_after: Bytes32
    clock: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    """The device's clock when it sealed."""

    @property
    def count(self) -> int:
        """How many operations lie inside."""
        return self.seq_to - self.seq_from + 1


@dataclass(frozen=True)
class Envelope:
    """A parsed envelope; `verify` before you believe it."""

    raw: bytes
    header: Header
    frame: Frame

    @property
    def empty(self) -> bool:
        """Whether it only asks: nothing new inside."""
        return not self.frame.body

    def verify(self, device_public: bytes) -> None:
        """Return if this device signed it; else raise BadSignature."""
        self.frame.verify(device_public, TAG)

    def open(self, private: bytes, earlier: Earlier | None = None) -> list[Operation]:
        """Return the operations, in order, proved by the heads of the header.

        `earlier(seq)` gives id and record of an operation of this stream before `seq_from`, taken
        from the chain that ends in `head_before`; None where it is not there. Raises CannotOpen,
        MalformedEnvelope, or EarlierMissing for a parent that `earlier` does not know.
        """
        if self.empty:
            return []
        header = self.header
        batch = suites.open_sealed(header.suite, private, _info(self.frame.header), self.frame.body)
        try:
            operations = codec.decode_batch(batch, earlier, count_max=OPERATIONS_MAX)
        except MalformedBatch as error:
            raise MalformedEnvelope(str(error)) from error
        _require_as_announced(header, operations)
        return operations


def seal_envelope(
    operations: Sequence[Operation],
    seeds: Mapping[int, bytes] | None,
    *,
    county: int,
    recipient_public: bytes,
    device_key: SigningKey,
    head_before: bytes,
    clock: int,
    suite: int = suites.X25519_AES256,
    place_of: PlaceOf | None = None,
) -> bytes:
    """Return the envelope of these operations: one stream, gapless, in order, at least one.

    `seeds` and `place_of` as in `codec.encode_batch`. Raises MalformedEnvelope for operations that
    no one envelope can carry, BadKey or UnknownSuite.
    """
    if not operations:
        raise MalformedEnvelope("没有可封装的内容，请改用空信封。")
    first = operations[0].skeleton
    header = Header(
        suite,
        county,
        key_id(recipient_public),
        device_key.id,
        first.stream,
        first.seq,
        first.seq + len(operations) - 1,
        head_before,
        chain.extend_all(head_before, (operation.id for operation in operations)),
        clock,
    )
    _require_as_announced(header, operations)
    header_bytes = _encode(header)
    batch = codec.encode_batch(operations, seeds, place_of)
    body = suites.seal(suite, recipient_public, _info(header_bytes), batch)
    raw = frame.pack(MAGIC, header_bytes, body, device_key, TAG)
    if len(raw) > SIZE_MAX:
        raise MalformedEnvelope(f"一个信封有 {len(raw)} 字节，超过上限，请分成几批封装。")
    return raw


def empty_envelope(
    *,
    county: int,
    recipient_public: bytes,
    device_key: SigningKey,
    stream: bytes,
    seq: int,
    head: bytes,
    clock: int,
    suite: int = suites.X25519_AES256,
) -> bytes:
    """Return the signed header that says: nothing new after operation `seq` with this head."""
    header = Header(
        suite, county, key_id(recipient_public), device_key.id, stream,
        seq + 1, seq, head, head, clock,
    )  # fmt: skip
    return frame.pack(MAGIC, _encode(header), b"", device_key, TAG)


def parse(raw: bytes) -> Envelope:
    """Return the envelope: size, then strict header, then suite; raise MalformedEnvelope."""
    cut = frame.unpack(raw, MAGIC, SIZE_MAX, MalformedEnvelope)
    header = frame.decode_header(Header, cut.header, MalformedEnvelope)
    _require_consistent(header)
    if (header.count == 0) != (not cut.body):
        raise MalformedEnvelope("信封的范围与内容不符，请重新封装。")
    return Envelope(raw, header, cut)


def _encode(header: Header) -> bytes:
    _require_consistent(header)
    return frame.encode_header(header, MalformedEnvelope)


def _require_consistent(header: Header) -> None:
    try:
        suites.require_suite(header.suite)
    except UnknownSuite as error:
        raise MalformedEnvelope(str(error)) from error
    if not 0 <= header.count <= OPERATIONS_MAX:
        raise MalformedEnvelope("信封的起止序号不对，请重新封装。")
    if (header.count == 0) != (header.head_before == header.head_after):
        raise MalformedEnvelope("信封的链头与序号不符，请重新封装。")
    if header.seq_from == 1 and header.head_before != chain.genesis(header.county, header.stream):
        raise MalformedEnvelope("信封不是从本流的开头接起，请重新封装。")


def _require_as_announced(header: Header, operations: Sequence[Operation]) -> None:
    seqs_fit = len(operations) == header.count and all(
        operation.skeleton.seq == seq and operation.skeleton.stream == header.stream
        for seq, operation in enumerate(operations, header.seq_from)
    )
    head = chain.extend_all(header.head_before, (operation.id for operation in operations))
    if not seqs_fit or head != header.head_after:
        raise MalformedEnvelope("信封里的操作与其抬头不符，请重新封装。")


def _info(header_bytes: bytes) -> bytes:
    return TAG + header_bytes
