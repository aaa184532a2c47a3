"""What time it is, and how far that may be believed (DOMAIN.md §3.5, rule 10).

Each signed time of the county is an anchor: it gives the offset of the wall clock at that moment.
As long as the machine has not been restarted the steady clock carries it on: *good* where the wall
clock is within two minutes and has run evenly, else *corrected*. After a restart the time is only
known to lie after the anchor: *bounded*. Otherwise *unknown*. Nothing is ever refused.
"""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from shared.clock import Quality

TOLERANCE_MS = 2 * 60 * 1000
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """The machine's clocks, passed in."""

    def now_ms(self) -> int:
        """Wall clock, Unix ms."""

    def steady_ms(self) -> int:
        """Milliseconds that nobody can set; counts through sleep, starts anew with `boot`."""

    def boot(self) -> str:
        """A name of this run of the machine; empty where the machine cannot tell."""


class SystemClock:
    """The clocks of the operating system."""

    def now_ms(self) -> int:
        """Wall clock, Unix ms."""
        return time.time_ns() // 1_000_000

    def steady_ms(self) -> int:
        """Milliseconds since the machine was started, sleep included where that is known."""
        if hasattr(time, "CLOCK_BOOTTIME"):
            return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        return time.monotonic_ns() // 1_000_000

    def boot(self) -> str:
        """The kernel's boot id; empty on systems without one."""
        return _boot_id()


@cache
def _boot_id() -> str:
    """Read once: no process outlives a restart of its machine, and every act asks."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""


class Anchor(msgspec.Struct, array_like=True, frozen=True):
    """A signed time of the county, and what this machine's clocks said then."""

    county_at: int
    wall_at: int
    steady_at: int
    boot: str


class Reading(NamedTuple):
    """The time of an act: `at` in Unix ms, corrected where the offset is known."""

    at: int
    quality: Quality


def anchor_of(clock: Clock, county_at: int) -> Anchor:
    """Return the anchor of a signed time that has just arrived."""
    return Anchor(county_at, clock.now_ms(), clock.steady_ms(), clock.boot())


def read(clock: Clock, anchor: Anchor | None) -> Reading:
    """Return what time it is, by the last anchor."""
    now = clock.now_ms()
    if anchor is None:
        return Reading(now, Quality.UNKNOWN)
    boot = clock.boot()
    elapsed = clock.steady_ms() - anchor.steady_at
    if boot and boot == anchor.boot and elapsed >= 0:
        jumped = abs((now - anchor.wall_at) - elapsed)
        if jumped <= TOLERANCE_MS and abs(anchor.county_at - anchor.wall_at) <= TOLERANCE_MS:
            return Reading(now, Quality.GOOD)
        return Reading(anchor.county_at + elapsed, Quality.CORRECTED)
    if now >= anchor.county_at:
        return Reading(now, Quality.BOUNDED)
    return Reading(now, Quality.UNKNOWN)
