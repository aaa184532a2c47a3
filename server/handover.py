"""What front and core say to each other over the unix socket: MessagePack arrays, one per call.

Both ends are always of the same version (`county serve` starts them together), so these forms may
change freely; nothing here is stored.
"""

from __future__ import annotations

import msgspec

from sync.messages import Refusal

ENVELOPES_PATH = "/core/envelopes"
DEVICES_PATH = "/core/devices"
ENROL_PATH = "/core/enrol"
HEALTH_PATH = "/core/health"
CONTENT_TYPE = "application/vnd.bianmin"

OPENED = "opened"
WAITING = "waiting"
"""An earlier envelope is missing, or the device is not approved yet: hand over again."""
UNOPENABLE = "unopenable"
"""No key opens it, or it holds what its header does not say: the device has to seal again."""


class Handed(msgspec.Struct, array_like=True, frozen=True):
    """One sealed envelope from the spool."""

    raw: bytes
    received_at: int


class HandOver(msgspec.Struct, array_like=True, frozen=True):
    """Envelopes of one device, each stream's in order; a page too where `page_bytes_max` > 0."""

    device: bytes
    envelopes: list[Handed]
    stream: bytes = b""
    """The stream whose own verdicts the page tells."""
    cursor: bytes = b""
    page_bytes_max: int = 0
    others: list[bytes] = []
    """Further streams of the device that it asks about: each gets an opened acknowledgement."""


class Outcome(msgspec.Struct, array_like=True, frozen=True):
    """What became of one handed envelope."""

    state: str
    refusal: Refusal | None = None


class HandedOver(msgspec.Struct, array_like=True, frozen=True):
    """The core's answer: outcomes in the order of the envelopes."""

    outcomes: list[Outcome]
    acknowledgements: list[bytes]
    """Signed opened acknowledgements, one per stream touched."""
    backed_up: list[tuple[bytes, int]]
    """(stream, seq) as far as a verified backup covers."""
    page: bytes | None


class DeviceKey(msgspec.Struct, array_like=True, frozen=True):
    """What the front knows of a device."""

    device: bytes
    signing_public: bytes
    state: str


class Devices(msgspec.Struct, array_like=True, frozen=True):
    """The front's copy of the county's devices and its epoch."""

    epoch: int
    devices: list[DeviceKey]


_encoder = msgspec.msgpack.Encoder()


def encode(message: msgspec.Struct) -> bytes:
    """Return the bytes of a message."""
    return _encoder.encode(message)
