"""A lane of work beside the window: one thread, one piece after the other, answers on the screen's.

What the work returns or raises comes back to the main thread through one trigger. A declared error
goes to `failed`; any other is a bug and ends the window as it would have ended the call.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from kivy.clock import Clock

from shared.errors import BianminError

T = TypeVar("T")


class Lane:
    """One worker thread. Nothing of Kivy may be touched in the work itself."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._answers: deque[Callable[[], None]] = deque()
        self._trigger = Clock.create_trigger(self._deliver)
        self.under_way = 0
        """Pieces of work whose answer has not been delivered."""

    def do(
        self, work: Callable[[], T], done: Callable[[T], None],
        failed: Callable[[BianminError], None],
    ) -> None:  # fmt: skip
        """Do `work` on the lane's thread, then call `done` or `failed` on the main thread."""
        self.under_way += 1

        def finished(future: Future[T]) -> None:
            self.say(lambda: self._settle(future, done, failed))

        self._pool.submit(work).add_done_callback(finished)

    def say(self, message: Callable[[], None]) -> None:
        """Have `message` called on the main thread; may be called from any thread."""
        self._answers.append(message)
        self._trigger()

    def close(self, last: Callable[[], Any] | None = None) -> None:
        """Do `last`, wait until everything is done, end the thread."""
        future = self._pool.submit(last) if last is not None else None
        self._pool.shutdown(wait=True)
        if future is not None:
            future.result()

    def _settle(
        self, future: Future[T], done: Callable[[T], None], failed: Callable[[BianminError], None]
    ) -> None:
        self.under_way -= 1
        error = future.exception()
        if isinstance(error, BianminError):
            failed(error)
        else:
            done(future.result())

    def _deliver(self, _seconds: float) -> None:
        while self._answers:
            self._answers.popleft()()
