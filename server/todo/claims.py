"""Who has which entry open: a courtesy between colleagues, not the lock.

The lock is the decision itself: it names the heads it was made on, and the second one is told. A
claim only saves two people the trouble; it is kept in memory, for minutes, and lost with it.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

CLAIM_MS = 3 * 60 * 1000


class Claim(NamedTuple):
    """Who opened an entry, and when (Unix ms)."""

    staff: str
    name: str
    at: int


@dataclass(slots=True)
class Claims:
    """The entries that are open just now. Safe to share between threads."""

    _held: dict[str, Claim] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def claim(self, key: str, staff: str, name: str, now: int) -> Claim | None:
        """Note who opened an entry; return the claim of somebody else who was first."""
        with self._lock:
            standing = self._standing(key, now)
            if standing is not None and standing.staff != staff:
                return standing
            for other in [one for one, held in self._held.items() if held.staff == staff]:
                del self._held[other]  # a person looks at one entry at a time
            self._held[key] = Claim(staff, name, now)
            return None

    def release(self, key: str, staff: str) -> None:
        """Forget a claim of this person."""
        with self._lock:
            if key in self._held and self._held[key].staff == staff:
                del self._held[key]

    def of_others(self, keys: Iterable[str], staff: str, now: int) -> Collection[str]:
        """Return those of these entries that somebody else has open."""
        with self._lock:
            return {
                key
                for key in keys
                if (held := self._standing(key, now)) is not None and held.staff != staff
            }

    def _standing(self, key: str, now: int) -> Claim | None:
        held = self._held.get(key)
        if held is not None and now - held.at > CLAIM_MS:
            del self._held[key]
            return None
        return held
