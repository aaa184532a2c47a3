"""Which tablets went silent: one rule for start page, daily sheet, bench, device list and month."""

from __future__ import annotations

from server.api import messages
from server.storage.rows import Device
from shared.civil import DAY_MS

SILENT_DAYS = 5
"""A tablet not heard of for longer is asked after (STORIES.md C1)."""


def is_silent(device: messages.Device | Device, now: int) -> bool:
    """Return whether a tablet in use has not been heard of for SILENT_DAYS; `now` in Unix ms."""
    last = device.last_seen_at or 0
    return device.state == "active" and now - last > SILENT_DAYS * DAY_MS
