"""What the county signs for a device: stored (the front has it), opened (the core has judged it).

Only a stored acknowledgement stops a tablet from sending again (已送达县级), and only an opened
one, as far as a verified backup covers, lets it prune. Both name the head hash, never a number
alone.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.operation import Bytes16, Bytes32
from sync import frame
from sync.frame import Malformed
from sync.keys import SigningKey

STORED_TAG = b"bianmin.stored.1\0"
OPENED_TAG = b"bianmin.opened.1\0"
_STORED_MAGIC = b"BMS1"
_OPENED_MAGIC = b"BMO1"
SIZE_MAX = 512

County = Annotated[int, Meta(ge=1, le=999_999)]
Epoch = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Seq = Annotated[int, Meta(ge=0, le=2**48)]
Instant = Annotated[int, Meta(ge=0, le=2**47 - 1)]


class MalformedAcknowledgement(Malformed):
    """Bytes that are no acknowledgement of the expected kind."""


class Stored(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """The front keeps operations `seq_from`…`seq_to` of `stream`, the last with this head."""

    county: County
    epoch: Epoch
    stream: Bytes16
    seq_from: Annotated[int, Meta(ge=1, le=2**48)]
    seq_to: Seq
    head: Bytes32
    received_at: Instant
    """When the front stored it (Unix ms)."""


class Opened(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """The core has judged every operation of `stream` up to `seq`, the last with this head."""

    county: County
    epoch: Epoch
    stream: Bytes16
    seq: Seq
    head: Bytes32
    backed_up_through: Seq
    """Up to here a verified backup outside the machine covers the stream."""


def sign_stored(stored: Stored, front_key: SigningKey) -> bytes:
    """Return the front's signed acknowledgement."""
    header = frame.encode_header(stored, MalformedAcknowledgement)
    return frame.pack(_STORED_MAGIC, header, b"", front_key, STORED_TAG)


def open_stored(raw: bytes, front_public: bytes) -> Stored:
    """Return a verified acknowledgement; raise MalformedAcknowledgement or BadSignature."""
    cut = frame.unpack(raw, _STORED_MAGIC, SIZE_MAX, MalformedAcknowledgement)
    stored = frame.decode_header(Stored, cut.header, MalformedAcknowledgement)
    if cut.body or stored.seq_to < stored.seq_from:
        raise MalformedAcknowledgement("送达回执的范围不对，请重新同步。")
    cut.verify(front_public, STORED_TAG)
    return stored


def sign_opened(opened: Opened, core_key: SigningKey) -> bytes:
    """Return the core's signed acknowledgement."""
    header = frame.encode_header(opened, MalformedAcknowledgement)
    return frame.pack(_OPENED_MAGIC, header, b"", core_key, OPENED_TAG)


def open_opened(raw: bytes, core_public: bytes) -> Opened:
    """Return a verified acknowledgement; raise MalformedAcknowledgement or BadSignature."""
    cut = frame.unpack(raw, _OPENED_MAGIC, SIZE_MAX, MalformedAcknowledgement)
    opened = frame.decode_header(Opened, cut.header, MalformedAcknowledgement)
    if cut.body or opened.backed_up_through > opened.seq:
        raise MalformedAcknowledgement("入账回执的范围不对，请重新同步。")
    cut.verify(core_public, OPENED_TAG)
    return opened
