"""The county's verdict on an operation: what fold reads of it, and nothing else.

Postings, grants, catalogue, calendar and today's date are judged once, by the county, when it
writes the verdict. Fold never reads them, so any machine folds the same record in any year.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """What the county did with an operation."""

    ADMITTED = "admitted"
    HELD = "held"
    REFUSED = "refused"


class Verdict(NamedTuple):
    """One entry of a verdict. In force for an operation is the one with the greatest `order`."""

    epoch: int
    county_seq: int
    status: Status
    cap_ms: int | None
    """The clock counts no later than this (receipt + 24 h); None for the county's own."""
    effective_at: int
    rank: int
    reason: str = ""
    """A code of `shared.reasons`, empty where there is nothing to say."""

    @property
    def order(self) -> tuple[int, int]:
        """(epoch, county seq): later verdicts stand over earlier ones."""
        return (self.epoch, self.county_seq)


def in_force(one: Verdict | None, other: Verdict | None) -> Verdict | None:
    """Return the verdict that stands of two; None counts as none."""
    if one is None or other is None:
        return one or other
    return one if one.order >= other.order else other
