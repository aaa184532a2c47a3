"""Handing the spool over to the core: at once with a sync, and again until everything is opened.

A sync waits up to a second for the core; what the core has not opened by then stays in the spool
and the sweeper hands it over later, each stream in its order. While the sweeper works off the
backlog of a device, that device's syncs get their page without handing over the same envelopes
again; where it happens it does no harm, since the core knows an envelope by its digest.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from server.front.core_link import CoreDown, CoreLink
from server.front.spool import Spool, Spooled, digest_of
from server.handover import (
    OPENED,
    UNOPENABLE,
    DeviceKey,
    Devices,
    Handed,
    HandedOver,
    HandOver,
    Outcome,
)
from server.log import log
from shared.errors import BianminError

BATCH = 16
BATCH_BYTES_MAX = 16 << 20
SWEEP_WAIT_S = 120.0
REFRESH_EVERY_S = 2.0
ASK_EVERY_S = 0.25
SWEEP_EVERY_MS = 30_000
"""How often what waits for an earlier envelope is tried again without being woken."""
TROUBLE_PAUSE_S = 10.0
TROUBLE_EVERY_MS_MAX = 60 * 60 * 1000
"""How long a device that troubles the core waits at most for its next turn."""
PRUNE_EVERY_MS = 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a hand-over brought: the core's answer, and outcomes by digest of the envelope."""

    answer: HandedOver
    outcomes: dict[bytes, Outcome] = field(default_factory=dict)


class _Troubled:
    """Devices whose envelopes brought the core into trouble: last in turn, after a growing pause.

    Only the sweeper writes; a restart of the front forgets it, and everybody is tried again.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._until: dict[bytes, tuple[int, int]] = {}
        """(failures in a row, when to try again)."""

    def note(self, device: bytes) -> int:
        """Count a failure; return the pause in ms."""
        failures = self._until.get(device, (0, 0))[0] + 1
        pause_ms = min(SWEEP_EVERY_MS << min(failures - 1, 20), TROUBLE_EVERY_MS_MAX)
        self._until[device] = (failures, self._now() + pause_ms)
        return pause_ms

    def clear(self, device: bytes) -> None:
        """A device whose hand-over went well."""
        self._until.pop(device, None)

    def is_paused(self, device: bytes) -> bool:
        """Whether this device has to wait still."""
        return self._until.get(device, (0, 0))[1] > self._now()

    def in_turn(self, devices: Sequence[bytes]) -> list[bytes]:
        """Return the devices to try now: those without trouble first, each group in its order."""
        due = [one for one in devices if not self.is_paused(one)]
        return sorted(due, key=lambda one: self._until.get(one, (0, 0))[0])


class Deliverer:
    """Moves envelopes from spool to core and keeps the front's list of devices fresh."""

    def __init__(
        self, spool: Spool, link: CoreLink, now: Callable[[], int],
        prune_more: Callable[[int], object] = lambda _: None,
    ) -> None:  # fmt: skip
        """`prune_more(now)` is called every hour, when the spool is pruned."""
        self._spool = spool
        self._link = link
        self._now = now
        self._prune_more = prune_more
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._fresh = threading.Lock()
        self._devices = _by_key(spool.devices())
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)
        self._sweeping = b""
        """The device whose backlog the sweeper is working off."""
        self._troubled = _Troubled(now)
        self._swept_at = self._pruned_at = 0
        self._was_up = False
        self._asked_s = float("-inf")

    # ---- devices

    @property
    def epoch(self) -> int:
        """The county's epoch as the core last told it."""
        return self._devices[0]

    def device(self, device: bytes) -> DeviceKey | None:
        """Return a device by key id; an unknown one is asked for at the core first."""
        found = self._devices[1].get(device)
        if found is None and self._fresh.acquire(blocking=False):
            try:  # one at a time and not too often: strangers must not keep the core busy
                if time.monotonic() - self._asked_s >= ASK_EVERY_S:
                    self._asked_s = time.monotonic()
                    self.refresh_devices()
            finally:
                self._fresh.release()
            found = self._devices[1].get(device)
        return found

    def refresh_devices(self) -> bool:
        """Take over the core's list of devices; return False while the core is down."""
        try:
            devices = self._link.devices()
        except CoreDown:
            return False
        taken = _by_key(devices)
        if taken != self._devices:
            self._spool.replace_devices(devices)
            self._devices = taken
            self._wake.set()  # a device that was approved may have waiting envelopes
        return True

    # ---- envelopes

    def deliver(
        self, device: bytes, asked: list[bytes], cursor: bytes, page_bytes_max: int, wait_s: float
    ) -> Delivery:
        """Hand over what waits of one device and return the core's answer; raise CoreDown."""
        is_left_to_the_sweeper = device == self._sweeping or self._troubled.is_paused(device)
        waiting = [] if is_left_to_the_sweeper else self._waiting(device)
        try:
            delivery = self._hand_over(waiting, device, asked, cursor, page_bytes_max, wait_s)
        except CoreDown:
            self._wake.set()
            raise
        if len(waiting) == BATCH:  # there may be more
            self._wake.set()
        return delivery

    def wake(self) -> None:
        """Let the sweeper hand over what was stored."""
        self._wake.set()

    def _waiting(self, device: bytes) -> list[Spooled]:
        return _portion(self._spool.unopened(device, limit=BATCH))

    def _hand_over(
        self, waiting: list[Spooled], device: bytes, asked: list[bytes], cursor: bytes,
        page_bytes_max: int, wait_s: float,
    ) -> Delivery:  # fmt: skip
        message = HandOver(
            device,
            [Handed(one.raw, one.received_at) for one in waiting],
            asked[0],
            cursor,
            page_bytes_max,
            asked[1:],
        )
        answer = self._link.hand_over(message, wait_s)
        if len(answer.outcomes) != len(waiting):
            raise CoreDown("县级核心服务的回答不完整，已收内容保留，稍后自动重试。")
        self._note(waiting, answer)
        pairs = zip(waiting, answer.outcomes, strict=True)
        return Delivery(answer, {digest_of(one.raw): outcome for one, outcome in pairs})

    def sweep(self) -> int:
        """Hand over everything that waits; return how many envelopes the core opened.

        What one device sent may bring the core into trouble: the others have their turn all the
        same. Raises CoreDown where the core answers nobody.
        """
        opened = 0
        try:
            for device in self._troubled.in_turn(self._spool.waiting_devices()):
                opened += self._work_off_one(device)
        finally:
            self._sweeping = b""
        return opened

    def _work_off_one(self, device: bytes) -> int:
        try:
            opened = self._work_off(device)
        except CoreDown as error:
            if not self._link.is_up():
                raise
            pause_ms = self._troubled.note(device)
            log.error(
                "hand-over of device %s, again in %d s: %s", device.hex(), pause_ms // 1000, error
            )
            return 0
        self._troubled.clear(device)
        return opened

    def _work_off(self, device: bytes) -> int:
        """Hand over the backlog of one device, as long as the core gets on with it."""
        self._sweeping = device
        opened = 0
        while (waiting := self._waiting(device)) and not self._stopping.is_set():
            delivery = self._hand_over(waiting, device, [b""], b"", 0, SWEEP_WAIT_S)
            now_open = _count(delivery, OPENED)
            opened += now_open
            if now_open + _count(delivery, UNOPENABLE) == 0:
                break
        return opened

    # ---- the thread

    def start(self) -> None:
        """Start sweeping in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Stop sweeping and wait for the hand-over under way."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def is_alive(self) -> bool:
        """Whether the sweeper is at work."""
        return self._thread.is_alive()

    def _run(self) -> None:
        """Go round until stopped: a full disk or a core in trouble passes, the sweeper stays."""
        while not self._stopping.is_set():
            try:
                is_up = self._round()
                self._prune()
            except CoreDown as error:
                log.warning("hand-over: %s", error)
                is_up = False
            except (BianminError, OSError) as error:
                log.error("sweeper: %s", error)
                is_up = False
                self._stopping.wait(TROUBLE_PAUSE_S)
            self._was_up = is_up
            self._pause(is_up)

    def _round(self) -> bool:
        """Sweep if there is reason to; return whether the core is up."""
        is_up = self.refresh_devices()
        is_due = self._now() - self._swept_at >= SWEEP_EVERY_MS
        if is_up and (self._wake.is_set() or not self._was_up or is_due):
            self._wake.clear()
            self._swept_at = self._now()
            self.sweep()
        return is_up

    def _pause(self, is_up: bool) -> None:
        """Wait to be woken; while the core is down a wake-up changes nothing: wait all the same."""
        if is_up:
            self._wake.wait(REFRESH_EVERY_S)
        else:
            self._stopping.wait(REFRESH_EVERY_S / 4)

    def _prune(self) -> None:
        now = self._now()
        if now - self._pruned_at >= PRUNE_EVERY_MS:
            self._pruned_at = now  # first: a full disk is not asked again at every turn
            self._spool.prune(now)
            self._prune_more(now)

    def _note(self, waiting: list[Spooled], answer: HandedOver) -> None:
        outcomes = list(zip(waiting, answer.outcomes, strict=True))
        self._spool.mark_opened(
            (one.id for one, outcome in outcomes if outcome.state == OPENED), self._now()
        )
        self._spool.mark_refused(
            (one.id, outcome.refusal.sentence)
            for one, outcome in outcomes
            if outcome.state == UNOPENABLE and outcome.refusal is not None
        )
        if any(seq for _, seq in answer.backed_up):
            self._spool.prune(self._now(), answer.backed_up)


def _portion(waiting: list[Spooled]) -> list[Spooled]:
    """As many as one call may carry; at least one."""
    size = 0
    for count, one in enumerate(waiting):
        size += len(one.raw)
        if count and size > BATCH_BYTES_MAX:
            return waiting[:count]
    return waiting


def _count(delivery: Delivery, state: str) -> int:
    return sum(1 for outcome in delivery.outcomes.values() if outcome.state == state)


def _by_key(devices: Devices) -> tuple[int, dict[bytes, DeviceKey]]:
    return devices.epoch, {one.device: one for one in devices.devices}
