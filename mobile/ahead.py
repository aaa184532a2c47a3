"""Asking for the next page while the last one is being applied.

The county makes pages while the tablet folds: neither waits for the other, nor for a long line. The
request goes on a thread of its own, which touches nothing of the store.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from sync.exchange import Exchange, Exchanged
from sync.messages import SyncRequest


class Answered(NamedTuple):
    """An answer, and how long it took."""

    exchanged: Exchanged
    elapsed_ms: int


class Line:
    """One exchange at a time, at once or ahead."""

    def __init__(self, exchange: Exchange, steady_ms: Callable[[], int]) -> None:
        self._exchange = exchange
        self._steady_ms = steady_ms
        self._thread: ThreadPoolExecutor | None = None
        self._waiting: Future[Answered] | None = None

    def begin(self, request: SyncRequest) -> None:
        """Send a request and return; `answer` gives what comes."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "bianmin-ahead")
        self._waiting = self._thread.submit(self.ask, request)

    def answer(self) -> Answered:
        """Return the answer to what was begun; raise as `Exchange.sync`."""
        assert self._waiting is not None
        waiting, self._waiting = self._waiting, None
        return waiting.result()

    def ask(self, request: SyncRequest) -> Answered:
        """Send a request and return its answer; raise as `Exchange.sync`."""
        begun = self._steady_ms()
        exchanged = self._exchange.sync(request)
        return Answered(exchanged, self._steady_ms() - begun)

    def close(self) -> None:
        """Wait for no answer any more."""
        self._waiting = None
        if self._thread is not None:
            self._thread.shutdown(wait=False)
            self._thread = None
