"""The sweeper: whatever one device sent or befalls the disk, the others have their turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.database import DatabaseFull
from server.front import deliver
from server.front.core_link import CoreDown, CoreLink
from server.front.deliver import SWEEP_EVERY_MS, TROUBLE_EVERY_MS_MAX, Deliverer
from server.front.spool import Incoming, Spool
from server.handover import OPENED, Devices, HandedOver, HandOver, Outcome

POISON, GOOD, OTHER = b"poisoned", b"good one", b"an other"
PAGE = b"page"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = 1_790_000_000_000

    def now(self) -> int:
        return self.at


class Core(CoreLink):
    """A core that breaks down at what the poisoned device sent."""

    def __init__(self) -> None:
        super().__init__("/none")
        self.handed: list[bytes] = []
        self.poisoned = {POISON}
        self.up = True

    def hand_over(self, message: HandOver, wait_s: float) -> HandedOver:
        self.handed.append(message.device)
        if not self.up or (message.envelopes and message.device in self.poisoned):
            raise CoreDown("500")
        return HandedOver([Outcome(OPENED) for _ in message.envelopes], [], [], PAGE)

    def devices(self) -> Devices:
        if not self.up:
            raise CoreDown("-")
        return Devices(1, [])

    def is_up(self) -> bool:
        return self.up


class FullDisk(Spool):
    """A spool on a disk that is full when rows are to be deleted, and one turn later is not."""

    def __init__(self, path: Path, key: bytes) -> None:
        super().__init__(path, key)
        self.prunings = 0
        self.pruned = threading.Event()

    def prune(self, now: int, backed_up: object = ()) -> int:
        self.prunings += 1
        if self.prunings == 1:
            raise DatabaseFull("磁盘空间不足")
        if self.prunings == 2:
            raise OSError(28, "No space left on device")
        self.pruned.set()
        return 0


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool.db", bytes(32))
    yield spool
    spool.close()


@pytest.fixture
def core() -> Core:
    return Core()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def deliverer(spool: Spool, core: Core, clock: Clock) -> Deliverer:
    return Deliverer(spool, core, clock.now)


def leave(spool: Spool, *devices: bytes) -> None:
    """One envelope of each of these devices waits for the core."""
    spool.store(
        [
            Incoming(device + b"%d" % at, device, b"s" * 16, 1, 1, at, "", b"stored")
            for at, device in enumerate(devices)
        ]
    )


def test_a_device_that_troubles_the_core_does_not_starve_the_others(
    deliverer: Deliverer, spool: Spool, core: Core
) -> None:
    leave(spool, POISON, GOOD, OTHER)
    assert deliverer.sweep() == 2
    assert core.handed == [POISON, GOOD, OTHER]
    assert spool.waiting_devices() == [POISON]


def test_it_is_tried_again_last_and_after_growing_pauses(
    deliverer: Deliverer, spool: Spool, core: Core, clock: Clock
) -> None:
    leave(spool, POISON)
    pauses: list[int] = []
    paused_at = clock.at
    while len(pauses) < 10:
        deliverer.sweep()
        if core.handed:
            pauses.append(clock.at - paused_at)
            paused_at = clock.at
            core.handed.clear()
        clock.at += SWEEP_EVERY_MS
    assert pauses[:5] == [0, *(SWEEP_EVERY_MS << n for n in range(4))]
    assert pauses[-1] == TROUBLE_EVERY_MS_MAX
    clock.at += TROUBLE_EVERY_MS_MAX
    leave(spool, POISON, GOOD)
    deliverer.sweep()
    assert core.handed == [GOOD, POISON]
    core.poisoned.clear()
    clock.at += TROUBLE_EVERY_MS_MAX
    assert deliverer.sweep() == 1
    assert spool.size()[0] == 0


def test_meanwhile_it_gets_its_page(
    deliverer: Deliverer, spool: Spool, core: Core, clock: Clock
) -> None:
    leave(spool, POISON)
    deliverer.sweep()
    got = deliverer.deliver(POISON, [b"s" * 16], b"", 1000, 1.0)
    assert got.answer.page == PAGE
    clock.at += TROUBLE_EVERY_MS_MAX
    with pytest.raises(CoreDown):
        deliverer.deliver(POISON, [b"s" * 16], b"", 1000, 1.0)


def test_a_core_that_is_down_ends_the_sweep_and_is_nobodys_fault(
    deliverer: Deliverer, spool: Spool, core: Core
) -> None:
    leave(spool, GOOD, OTHER)
    core.up = False
    with pytest.raises(CoreDown):
        deliverer.sweep()
    assert core.handed == [GOOD]
    core.up = True
    assert deliverer.sweep() == 2


def test_an_answer_of_another_length_is_a_core_in_trouble(
    deliverer: Deliverer, spool: Spool, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(spool, GOOD)
    monkeypatch.setattr(core, "hand_over", lambda message, wait_s: HandedOver([], [], [], None))
    assert deliverer.sweep() == 0
    assert spool.size()[0] == 1


def test_the_sweeper_outlives_a_full_disk(
    tmp_path: Path, core: Core, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "PRUNE_EVERY_MS", 0)
    monkeypatch.setattr(deliver, "TROUBLE_PAUSE_S", 0.01)
    monkeypatch.setattr(deliver, "REFRESH_EVERY_S", 0.01)
    spool = FullDisk(tmp_path / "spool.db", bytes(32))
    deliverer = Deliverer(spool, core, clock.now)
    deliverer.start()
    try:
        assert spool.pruned.wait(20)
        assert deliverer.is_alive
    finally:
        deliverer.stop()
        spool.close()
    assert not deliverer.is_alive
