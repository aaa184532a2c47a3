"""The gate: what is checked before an envelope is stored, in this order.

Size, strict header and suite (`sync.envelope.parse`), device known, signature; only then county,
range, heads. Until the signature holds every refusal is the same bytes: a stranger learns nothing
about devices, keys or suites. A device that is not active is let in and marked; the core judges
what its acts are worth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from server.handover import DeviceKey
from shared.errors import BianminError, Refused
from sync.envelope import Envelope, MalformedEnvelope, parse
from sync.keys import BadSignature

BODY_BYTES_MAX = 6 << 20
ACTIVE = "active"

_SAME_SENTENCE = "信封未被接收，请重新同步；仍不行请联系县里。"


class NotAdmitted(Refused):
    """An envelope without a valid signature of a known device. Always the same words."""

    def __init__(self) -> None:
        super().__init__(_SAME_SENTENCE)


class WrongCounty(Refused):
    """A known device's envelope for another county."""


class WrongDevice(Refused):
    """A second device's envelope in the same request."""


class TooMany(BianminError):
    """More envelopes, or a larger body, than one request may carry."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """An envelope whose signature holds; `marked` names the state of a device not active."""

    envelope: Envelope
    marked: str


def admit(raw: bytes, county: int, find: Callable[[bytes], DeviceKey | None]) -> Admitted:
    """Return the envelope if a device known to `find` signed it for this county.

    Raises NotAdmitted before the signature holds, WrongCounty after.
    """
    try:
        envelope = parse(raw)
        device = find(envelope.header.device)
        if device is None:
            raise NotAdmitted
        envelope.verify(device.signing_public)
    except (MalformedEnvelope, BadSignature) as error:
        raise NotAdmitted from error
    if envelope.header.county != county:
        raise WrongCounty("这是另一个县的数据，本县未接收；请核对设备所连的服务器地址。")
    return Admitted(envelope, "" if device.state == ACTIVE else device.state)


def require_one_device(admitted: Sequence[Admitted]) -> bytes:
    """Return the one device that all envelopes of a request come from; raise WrongDevice."""
    devices = {one.envelope.header.device for one in admitted}
    if len(devices) != 1:
        raise WrongDevice("一次同步只能传送一台设备的数据，请分开传送。")
    return devices.pop()
