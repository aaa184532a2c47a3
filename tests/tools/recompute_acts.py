"""What `recompute` counts: acts put together to matters and cases, and what is asked of them.

An act is a mapping: `record` (text), `kind`, `act`, `site`, `level` (of the site: county, township,
village), `at` (Unix ms), `on` (date), `received` (Unix ms), `state` (of the record after the act),
`data`. Acts of one record stand in order. Where two people wrote at once an act also tells `op`
(text) and `parents` (the texts of the acts it knew of).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

Act = Mapping[str, Any]
Counts = tuple[int | Fraction, int | None]
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
ENDS = ("close", "close_on_spot", "withdraw", "lapse")
STARTS = ("accept", "close_on_spot", "deem_accepted")


@dataclass(frozen=True)
class Question:
    """A period (inclusive), where, of what; `is_worked` says of a day whether offices work."""

    first: date
    last: date
    today: date
    sites: Collection[str] | None
    item: str | None
    channel: str | None
    is_worked: Callable[[date], bool]
    began: Mapping[str, date] = field(default_factory=dict)
    """The first day of each township centre; one that is not named was always there."""

    def has(self, on: date | None) -> bool:
        """Whether a day lies in the period."""
        return on is not None and self.first <= on <= self.last

    def at(self, site: str) -> bool:
        """Whether a site is asked for."""
        return self.sites is None or site in self.sites

    def stood(self, site: str) -> Callable[[date], bool]:
        """Whether a site was there on a day."""
        return lambda on: self.began.get(site, on) <= on

    def of(self, values: Mapping[str, Any]) -> bool:
        """Whether a matter is of the item and channel asked for."""
        return self.item in (None, values.get("item")) and self.channel in (
            None, values.get("channel"),
        )  # fmt: skip


class Matter:
    """One record: its acts, and what they say together."""

    def __init__(self, acts: list[Act]) -> None:
        self.acts = acts
        self.first, self.state = acts[0], acts[-1]["state"]
        self.kind = self.first["kind"]
        self.values: dict[str, Any] = {}
        for act in acts:
            self.values.update(act["data"])

    def find(self, *names: str) -> Act | None:
        """The first act of these names."""
        return next((act for act in self.acts if act["act"] in names), None)

    def day(self, *names: str) -> date | None:
        """The day of the first act of these names."""
        act = self.find(*names)
        return act["on"] if act else None


class Case(Matter):
    """A case: when it was accepted, closed and due, and the days it stood."""

    def __init__(self, acts: list[Act], question: Question) -> None:
        super().__init__(acts)
        self.question = question
        start = self.find(*STARTS)
        home = start if start and start["level"] != "county" else self.first
        self.site, self.level = home["site"], home["level"]
        self.received, self.accepted, self.closed = (
            self.first["on"], self.day(*STARTS), self.day(*ENDS),
        )  # fmt: skip
        self.promised = self.values.get("promised_days")
        self.legal = self.values.get("statutory_days")
        self.natural = self.values.get("days_unit") == "day"
        kind = self.values.get("item_kind")
        self.is_promise = kind == "promise" if kind else bool(self.promised)

    def stands(self, on: date) -> bool:
        """Whether a special procedure stops the clock on a day."""
        stopped = False
        for act in self.acts:
            if act["act"] == "suspend" and act["on"] < on:
                stopped = True
            if act["act"] == "resume" and act["on"] < on:
                stopped = False
        return stopped

    def counts(self, on: date) -> bool:
        """Whether a day is one of the working days it took."""
        return self.question.is_worked(on) and not self.stands(on)

    def due(self) -> date | None:
        """The last promised day; None while a procedure runs, which nobody knows the end of."""
        if self.accepted is None or self.promised is None or self.state == "特别程序":
            return None
        on, left = self.accepted, self.promised
        while left:
            on += timedelta(days=1)
            left -= not self.stands(on) if self.natural else self.counts(on)
        return on

    def took(self) -> int | None:
        """The working days from acceptance to closing."""
        if self.accepted is None or self.closed is None:
            return None
        span = (self.closed - self.accepted).days
        days = (self.accepted + timedelta(days=n) for n in range(1, span + 1))
        return sum(map(self.counts, days)) if self.is_promise else 0

    def is_late(self) -> bool:
        """Closed after the last promised day."""
        due = self.due()
        return self.closed is not None and due is not None and self.closed > due

    def hangs(self, end: date) -> bool:
        """Accepted, open after the day `end`, and due by then; a procedure excuses it."""
        due = self.due()
        is_open = self.closed is None or self.closed > end
        return due is not None and due <= end and is_open
