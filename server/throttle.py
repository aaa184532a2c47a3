"""A limit on tries: so many failures per key within a window, then a wait.

Counts live in memory; who needs them to survive a restart keeps rows beside it
(`server.accounts` reads them from the audit table).
"""

from __future__ import annotations

import threading
from collections import deque

from shared.errors import Refused

KEYS_MAX = 50_000


class TooManyTries(Refused):
    """The limit is reached; `wait_ms` until the oldest failure leaves the window."""

    def __init__(self, wait_ms: int) -> None:
        minutes = max(1, -(-wait_ms // 60_000))
        super().__init__(f"尝试次数过多，请在 {minutes} 分钟后再试。")
        self.wait_ms = wait_ms


class Throttle:
    """Failures of the last `window_ms` by key; safe to call from several threads."""

    def __init__(self, limit: int, window_ms: int) -> None:
        self.limit = limit
        self.window_ms = window_ms
        self._failures: dict[str, deque[int]] = {}
        self._lock = threading.Lock()

    def require(self, key: str, now: int) -> None:
        """Raise TooManyTries when `key` has used up its tries at `now` (Unix ms)."""
        with self._lock:
            failures = self._recent(key, now)
            if len(failures) >= self.limit:
                raise TooManyTries(failures[0] + self.window_ms - now)

    def spend(self, key: str, now: int) -> None:
        """Count a try before it is made, or raise TooManyTries: of many at once, `limit` pass.

        Who succeeds clears the key.
        """
        with self._lock:
            failures = self._recent(key, now)
            if len(failures) >= self.limit:
                raise TooManyTries(failures[0] + self.window_ms - now)
            if len(self._failures) >= KEYS_MAX:
                self._forget_old(now)
            self._recent(key, now).append(now)

    def note(self, key: str, now: int) -> None:
        """Count one failure of `key`."""
        with self._lock:
            if len(self._failures) >= KEYS_MAX:
                self._forget_old(now)
            self._recent(key, now).append(now)

    def clear(self, key: str) -> None:
        """Forget the failures of `key` (it succeeded)."""
        with self._lock:
            self._failures.pop(key, None)

    def _recent(self, key: str, now: int) -> deque[int]:
        failures = self._failures.setdefault(key, deque(maxlen=self.limit))
        while failures and failures[0] <= now - self.window_ms:
            failures.popleft()
        return failures

    def _forget_old(self, now: int) -> None:
        """Drop keys that failed before the window, and if need be all: memory is bounded."""
        oldest = now - self.window_ms
        self._failures = {k: f for k, f in self._failures.items() if f and f[-1] > oldest}
        if len(self._failures) >= KEYS_MAX:
            self._failures.clear()
