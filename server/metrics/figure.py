"""What a figure is, and which sites, items and channels it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from server.metrics.facts import Shown, matter_of
from shared.regions import Level

NUMERATOR, DENOMINATOR = "numerator", "denominator"
REST = "rest"
"""What of the denominator is not in the numerator."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A count (`denominator` None) or a ratio; `records` are those behind the numerator.

    The numerator of a mean is a sum (milliseconds, working days), its denominator the records.
    """

    numerator: int
    denominator: int | None = None
    records: tuple[bytes, ...] = ()
    others: tuple[bytes, ...] = ()
    """Behind a rate: the rest of the denominator, which is what a person wants to see first."""
    extra: Mapping[str, int] = field(default_factory=dict)
    """Counts beside it, for programs (the JSON of the report)."""
    exact: Fraction | None = None
    """The value of a figure that is no single fraction of counts (a mean of rates)."""
    below: tuple[bytes, ...] | None = None
    """Behind a denominator that is not the numerator and its rest; None where it is."""
    things: tuple[str, ...] = ()
    """Behind the numerator of what counts no records: codes of items, author texts of people."""
    things_below: tuple[str, ...] | None = None
    """The same of its denominator; None where both are alike."""
    missing: str = ""
    """Why there is no figure at all, in one Chinese clause; '' where there is one."""

    @property
    def value(self) -> int | float | None:
        """The count, the ratio (a rate is 0..1) or the mean; None over nothing."""
        if self.denominator is None:
            return self.numerator
        if not self.denominator:
            return None
        return float(self.fraction)

    def part(self, name: str) -> tuple[bytes, ...]:
        """Return the records behind the `numerator`, the `denominator` or the `rest` of it."""
        if name == NUMERATOR:
            return self.records
        if name == REST:
            return self.others
        return (*self.others, *self.records) if self.below is None else self.below

    def things_of(self, name: str) -> tuple[str, ...]:
        """Return the items or people behind the `numerator` or the `denominator`."""
        if name == NUMERATOR or self.things_below is None:
            return self.things
        return self.things_below

    @property
    def fraction(self) -> Fraction:
        """The exact value; only for a figure that is not over nothing."""
        if self.exact is not None:
            return self.exact
        return Fraction(self.numerator, 1 if self.denominator is None else self.denominator)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which sites count (those of a level, and only `among` where that is given), which catalogue
    item and which channel (None = all)."""

    level_of: Callable[[str], Level]
    among: Collection[str] | None = None
    item: str | None = None
    channel: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it leaves nothing out."""
        return self.among is None and self.item is None and self.channel is None

    def holds(self, site: str, level: Level | None = None) -> bool:
        """Return whether a site is in scope, at this level if one is named."""
        if self.among is not None and site not in self.among:
            return False
        return level is None or self.level_of(site) is level

    def takes(self, values: Shown) -> bool:
        """Return whether a record with these fields is of the item and channel asked for."""
        is_item = self.item is None or values.get("item") == self.item
        return is_item and (self.channel is None or values.get("channel") == self.channel)

    def takes_matter(self, values: Shown, fields: Mapping[bytes, Shown]) -> bool:
        """The same of a rating or charge: what it is about decides."""
        if self.item is None and self.channel is None:
            return True
        matter = matter_of(values)
        return self.takes(fields.get(matter, {}) if matter else {})


def counted(found: Iterable[bytes], extra: Mapping[str, int] | None = None) -> Figure:
    """Return the count of these records, each once."""
    behind = tuple(dict.fromkeys(found))
    return Figure(len(behind), None, behind, extra=extra or {})


def rate(
    good: Iterable[bytes], rest: Iterable[bytes], extra: Mapping[str, int] | None = None
) -> Figure:
    """Return `good` ÷ (`good` and `rest`)."""
    behind, others = tuple(good), tuple(rest)
    return Figure(len(behind), len(behind) + len(others), behind, others, extra=extra or {})
