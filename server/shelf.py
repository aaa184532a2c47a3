"""What was counted lately, kept as long as the books say the same.

Everything stands under a `Stamp`: the county's last number, the end of its feed and the day. Any
new operation changes the stamp, so a kept answer is that of now or is not found. What weighs too
much, and what was not asked for long, goes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class Stamp(NamedTuple):
    """How far the books are, and the day on which they are asked."""

    epoch: int
    county_seq: int
    feed_position: int
    today: date


class Shelf:
    """Answers by key, the least recently asked first to go. Safe to share between threads."""

    def __init__(self, weight_max: int) -> None:
        self._weight_max = weight_max
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()
        self._making = threading.RLock()

    def get(self, key: Hashable, make: Callable[[], tuple[T, int]]) -> T:
        """Return what is kept under `key`, or `make` it: (answer, weight).

        One is made at a time: fifty people who ask the same after an operation wait for one count.
        """
        found = self._find(key)
        if found is None:
            with self._making:
                found = self._find(key)
                if found is None:
                    found = make()
                    self._keep(key, *found)
        answer: T = found[0]
        return answer

    def peek(self, key: Hashable) -> Any:
        """Return what is kept under `key`; None for nothing."""
        found = self._find(key)
        return None if found is None else found[0]

    def put(self, key: Hashable, answer: object, weight: int) -> None:
        """Keep an answer that was made otherwise."""
        self._keep(key, answer, weight)

    def _find(self, key: Hashable) -> tuple[Any, int] | None:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def _keep(self, key: Hashable, answer: object, weight: int) -> None:
        with self._lock:
            _, before = self._kept.pop(key, (None, 0))
            self._weight -= before
            if weight > self._weight_max:
                return
            self._kept[key] = (answer, weight)
            self._weight += weight
            while self._weight > self._weight_max:
                _, (_, gone) = self._kept.popitem(last=False)
                self._weight -= gone


def _bases() -> Shelf:
    return Shelf(160_000)


def _figures() -> Shelf:
    return Shelf(1_500_000)


@dataclass(frozen=True, slots=True)
class Shelves:
    """The shelves of one county."""

    bases: Shelf = field(default_factory=_bases)
    """What a period is counted from; weighs as many facts as it holds (a month: 40,000)."""
    figures: Shelf = field(default_factory=_figures)
    """Counted figures; they weigh as many ids as they hold."""
    months: Shelf = field(default_factory=lambda: Shelf(20_000))
    """The bare numbers of single months, for trends; weighs their scopes."""
