"""Homes, clocks and a county's keys for the tablet's tests: real ones, only fast and steerable."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from mobile.home import Device
from mobile.keyring import Kdf
from mobile.tablet import Locked, Machine, Tablet
from shared import operation as operations
from shared.operation import Operation
from shared.sample import sample_catalogue
from shared.verdict import Status, Verdict
from sync.card import CountyCard, Recipient, sign_card
from sync.codec import Origin
from sync.envelope import parse
from sync.keys import SealingKey, SigningKey
from sync.page import Page, Received, cursor_mark

COUNTY = 510322
NOW = 1_785_000_000_000
"""A morning in July 2026."""
PIN = "246810"
FAST = Kdf(64, 1)
DAY = 24 * 60 * 60 * 1000


class Knowing(Protocol):
    """What a county is told of a device."""

    def knows(self, device: bytes, signing_public: bytes, sealing_public: bytes) -> None:
        """Note a device's public keys."""


@dataclass
class Hands:
    """A clock that a test moves by hand; each reading is a millisecond later."""

    wall: int = NOW
    steady: int = 1_000_000
    boot_id: str = "first"

    def now_ms(self) -> int:
        self.wall += 1
        return self.wall

    def steady_ms(self) -> int:
        return self.steady

    def boot(self) -> str:
        return self.boot_id

    def advance(self, ms: int) -> None:
        """Time passes."""
        self.wall += ms
        self.steady += ms


class Draws:
    """Repeatable randomness."""

    def __init__(self, seed: str = "tablet") -> None:
        self._seed = seed
        self._count = 0

    def __call__(self, length: int) -> bytes:
        self._count += 1
        return hashlib.shake_256(f"{self._seed} {self._count}".encode()).digest(length)


@dataclass
class CountyKeys:
    """A county's private keys, made from a seed."""

    seed: str = "county"
    root: SigningKey = field(init=False)
    front: SigningKey = field(init=False)
    core: SigningKey = field(init=False)
    recipient: SealingKey = field(init=False)
    complaint: SealingKey = field(init=False)

    def __post_init__(self) -> None:
        self.root, self.front, self.core = (
            SigningKey(self._raw(name)) for name in ("root", "front", "core")
        )
        self.recipient, self.complaint = (
            SealingKey(self._raw(name)) for name in ("recipient", "complaint")
        )

    def card(self, *, sample: bool = True, epoch: int = 1) -> bytes:
        """Return the signed card."""
        return sign_card(self.card_content(sample=sample, epoch=epoch), self.root)

    def card_content(self, *, sample: bool = True, epoch: int = 1) -> CountyCard:
        return CountyCard(
            county=COUNTY, name="富顺县", root_public=self.root.public, epoch=epoch,
            issued_at=NOW, front_public=self.front.public, core_public=self.core.public,
            recipients=(Recipient(self.recipient.public, NOW - 30 * DAY, NOW + 30 * DAY),),
            complaint_public=self.complaint.public, suites=(1,), sample=sample,
        )  # fmt: skip

    def _raw(self, name: str) -> bytes:
        return hashlib.sha256(f"{self.seed} {name}".encode()).digest()


def machine(seed: str = "tablet", clock: Hands | None = None) -> Machine:
    """Return a machine with a clock moved by hand and a key derivation that takes no time."""
    return Machine(clock or Hands(), Draws(seed), kdf=FAST, floor=FAST)


def enrolled(
    folder: Path, keys: CountyKeys | None = None, *, seed: str = "tablet", site: str = "s0101",
    role: str = "village", name: str = "测试员甲", short_code: str = "K7Q2",
    clock: Hands | None = None,
) -> Locked:  # fmt: skip
    """Return a home as it is after an enrolment, without a county's help."""
    keys = keys or CountyKeys()
    locked = Locked(folder, machine(seed, clock))
    entropy = locked.machine.entropy
    locked.home.create()
    locked.keyring.create(entropy(32))
    data_key, agent_key = entropy(32), entropy(32)
    locked.keyring.keep_sealing_key(data_key, entropy(32))
    slot = locked.keyring.add(PIN, name, data_key, agent_key, SigningKey(agent_key).public)
    locked.keyring.describe(slot, agent="ABCDEFGH", site=site, role=role)
    locked.home.keep_device(
        Device(
            server="http://127.0.0.1:1", county=COUNTY, card=keys.card(),
            fingerprint=keys.card_content().fingerprint, state="active", device="device",
            site=site, short_code=short_code, last_agent=1,
        )
    )  # fmt: skip
    return locked


def unlocked(folder: Path, keys: CountyKeys | None = None, **rest: object) -> Tablet:
    """Return an unlocked tablet in a new home."""
    return enrolled(folder, keys, **rest).unlock(PIN)  # type: ignore[arg-type]


def introduce(tablet: Tablet, county: Knowing) -> None:
    """Make a tablet known to a test's county, as an enrolment would."""
    sealing = tablet.locked.keyring.sealing_key(tablet.keys.data_key)
    key = tablet.device_key
    county.knows(key.id, key.public, SealingKey(sealing).public)


def frozen_operations(locked: Locked, keys: CountyKeys) -> list[Operation]:
    """Open everything in the outbox as the county would: each stream in order."""
    known: dict[tuple[bytes, int], Operation] = {}
    for one in locked.outbox.all():
        envelope = parse(one.read())
        stream = envelope.header.stream

        def earlier(seq: int, stream: bytes = stream) -> Origin | None:
            found = known.get((stream, seq))
            return None if found is None else Origin(found.id, found.skeleton.record)

        for operation in envelope.open(keys.recipient.raw, earlier):
            known[stream, operation.skeleton.seq] = operation
    return list(known.values())


def publish_catalogue(tablet: Tablet) -> None:
    """Bring down the sample catalogue, as the first exchange does."""
    edition = sample_catalogue()
    operation = operations.build(
        stream=b"county-s-stream.", seq=1, author="system", site="s0001", session=None,
        record=b"catalogue-record", kind="catalogue_edition", act="publish", parents=(),
        clock=NOW << 16, quality=3, effective_at=NOW, salt=bytes(16),
        data={"number": 1, "content_hash": edition.content_hash().hex(),
              "content": edition.to_data()},
    )  # fmt: skip
    page = Page(
        COUNTY, 1, tablet.device_key.id, cursor_mark(tablet.intake.cursor()), b"", False, NOW,
        None, [Received(operation, Verdict(1, 1, Status.ADMITTED, None, NOW, 5))],
    )  # fmt: skip
    tablet.intake.page(page)
    tablet.refresh_catalogue()
