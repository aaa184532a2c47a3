"""The hybrid clock and what it is worth.

A clock is one unsigned integer: milliseconds since the epoch times 2**16 plus a counter (Kulkarni
et al., "Logical Physical Clocks", 2014, with 48 + 16 bits). It only ever grows on a device,
whatever the battery does to the wall clock, and comparing two integers compares two clocks. How
far a time may be believed travels beside it as its quality; a wrong clock never stops anybody
from recording.
"""

from __future__ import annotations

from enum import IntEnum

COUNTER_BITS = 16
_COUNTER_MASK = (1 << COUNTER_BITS) - 1
MS_MAX = 2**47 - 1
CAP_MS = 24 * 60 * 60 * 1000
"""How far after its receipt the county lets an operation's clock count."""


class Quality(IntEnum):
    """How a device knew the time (DOMAIN.md §3.5 rule 10)."""

    UNKNOWN = 0
    BOUNDED = 1
    CORRECTED = 2
    GOOD = 3

    @property
    def word(self) -> str:
        """The word outside checks read: good, corrected, bounded or unknown."""
        return self.name.lower()


def at(ms: int, counter: int = 0) -> int:
    """Return the clock of an instant; instants outside 1970…6429 are moved to the nearest end."""
    return (min(max(ms, 0), MS_MAX) << COUNTER_BITS) | counter


def ms_of(clock: int) -> int:
    """Return the instant (Unix ms) of a clock."""
    return clock >> COUNTER_BITS


def tick(last: int, now_ms: int) -> int:
    """Return the clock of a new local act: after `last`, at `now_ms` if that is later."""
    return max(at(now_ms), last + 1)


def capped(clock: int, cap_ms: int | None) -> int:
    """Return `clock`, but no later than the cap of its verdict."""
    return clock if cap_ms is None else min(clock, at(cap_ms, _COUNTER_MASK))


def trusted_effective_at(
    effective_at: int, quality: Quality, anchor_at: int, received_at: int
) -> int:
    """Return the effective time the county believes (DESIGN.md §3, Verdict).

    A good or corrected clock is believed. Otherwise the time lies between the last anchor of that
    stream and the county's receipt; a date confirmed from paper is `effective_at` and wins inside.
    """
    if quality >= Quality.CORRECTED:
        return effective_at
    return min(max(effective_at, anchor_at), max(received_at, anchor_at))
