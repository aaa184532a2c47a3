"""How tablets are: which went silent, whose work waits long, whose clock cannot be trusted.

One rule for start page, daily sheet, bench, device list, month and board of supervision.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from server.api import messages
from server.storage import Tx
from server.storage.rows import Device, LastWork
from shared import clock
from shared.civil import DAY_MS
from shared.clock import Quality
from shared.operation import restore

SILENT_DAYS = 5
"""A tablet not heard of for longer is asked after (STORIES.md C1)."""
BACKLOG_DAYS = 3
"""Work that lay longer on a tablet before it came: the tablet is backlogged."""
AHEAD_MS = 10 * 60 * 1000
"""A clock further ahead of the county's than this is asked after."""


@dataclass(frozen=True, slots=True)
class Health:
    """One tablet in use. `lag_ms`: how long its last work waited on it, None for no work yet."""

    device: Device
    is_silent: bool
    lag_ms: int | None = None
    has_wrong_clock: bool = False
    """It did not know the time at its last work, or ran ahead of the county."""

    @property
    def is_backlogged(self) -> bool:
        """Whether its work waits long before it comes."""
        return self.lag_ms is not None and self.lag_ms > BACKLOG_DAYS * DAY_MS

    @property
    def is_well(self) -> bool:
        """Whether nobody need ask after it."""
        return not (self.is_silent or self.is_backlogged or self.has_wrong_clock)


def is_silent(device: messages.Device | Device, now: int) -> bool:
    """Return whether a tablet in use has not been heard of for SILENT_DAYS; `now` in Unix ms."""
    last = device.last_seen_at or 0
    return device.state == "active" and now - last > SILENT_DAYS * DAY_MS


def health_of(tx: Tx, devices: Collection[Device], now: int) -> list[Health]:
    """Return how these tablets are, those in use alone; one statement for any number of them."""
    last = tx.last_work()
    return [_health(one, last.get(one.device), now) for one in devices if one.state == "active"]


def _health(device: Device, last: LastWork | None, now: int) -> Health:
    if last is None:
        return Health(device, is_silent(device, now))
    skeleton = restore(last.skeleton, None, None).skeleton
    is_ahead = clock.ms_of(skeleton.clock) - last.received_at > AHEAD_MS
    return Health(
        device, is_silent(device, now), max(0, last.received_at - last.effective_at),
        is_ahead or skeleton.quality < Quality.CORRECTED,
    )  # fmt: skip
