"""Front: how fast it turns away envelopes with a wrong signature, without writing or asking anyone.

In process: a known device's envelope with one bit of the signature turned, through decoding, gate
and refusal. The floor is one failing Ed25519 verification of the same bytes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry

from benchmarks.county import COUNTY, Failed
from benchmarks.figures import Better, Figure
from server.front.core_link import CoreLink
from server.front.deliver import Deliverer
from server.front.gate import NotAdmitted
from server.front.receive import Counts, Receiver
from server.front.spool import Spool
from server.handover import DeviceKey, Devices
from server.opening import wall_clock
from sync.envelope import empty_envelope
from sync.keys import BadSignature, SealingKey, SigningKey, verify
from sync.messages import SyncRequest


def measure(folder: Path, count: int) -> Iterator[Figure]:
    """Refuse `count` envelopes."""
    device, recipient = SigningKey.generate(os.urandom), SealingKey.generate(os.urandom)
    signed = empty_envelope(
        county=COUNTY, recipient_public=recipient.public, stream=os.urandom(16),
        device_key=device, seq=1, head=bytes(32), clock=0,
    )  # fmt: skip
    forged = signed[:-1] + bytes([signed[-1] ^ 1])
    request = SyncRequest([forged], b"", 0).encode()
    spool = Spool(folder / "spool.db", os.urandom(32))
    spool.replace_devices(Devices(1, [DeviceKey(device.id, device.public, "active")]))
    deliverer = Deliverer(spool, CoreLink(str(folder / "no core.sock")), wall_clock)
    receiver = Receiver(
        COUNTY, device, spool, deliverer, wall_clock, Counts(CollectorRegistry()), 1.0
    )
    begun = time.perf_counter()
    for _ in range(count):
        _refuse(receiver, request)
    spent = time.perf_counter() - begun
    if spool.size() != (0, 0):
        raise Failed("a forged envelope was stored")
    spool.close()
    yield Figure(
        "front, forged envelopes", count / spent, "refused/s", Better.HIGHER,
        _verifications(device.public, forged, count), "failing Ed25519 verifications, in process",
    )  # fmt: skip


def _refuse(receiver: Receiver, request: bytes) -> None:
    try:
        receiver.sync(request)
    except NotAdmitted:
        return
    raise Failed("a forged envelope was let in")


def _verifications(public: bytes, forged: bytes, count: int) -> float:
    refused = 0
    begun = time.perf_counter()
    for _ in range(count):
        try:
            verify(public, b"benchmark", forged[:64], forged[-64:])
        except BadSignature:
            refused += 1
    assert refused == count
    return count / (time.perf_counter() - begun)
