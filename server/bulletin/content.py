"""What a bulletin says, whatever it is printed as: Word, PDF and Excel are three coats of this.

It is made from the frozen sheets alone (`server.bulletin.gather`), so the same month says the same
for ever. No citizen and no member of staff is named: places, numbers and acts are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from server.metrics.definitions import DEFINITIONS, Definition, percent
from server.months.sheets import Count, Sum

SMALL = 100
"""Of a rate over fewer, the counts stand beside it wherever it is printed (DOMAIN.md M23)."""

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("咨询和代办", ("M1", "M6", "M7", "M28", "N5")),
    (
        "办件",
        ("M2", "M3", "M15", "M17", "M18", "M19", "M25", "M26", "M30", "M29", "N6", "N7"),
    ),
    ("时限", ("M4", "M24", "M20", "M21", "M14", "M12", "M13")),
    ("评价", ("M5", "M22")),
    ("投诉", ("M8",)),
    ("收费", ("M27",)),
    ("与去年同期相比", ("M16",)),
    ("事项目录", ("M9", "M10", "M11")),
    ("人员和数据", ("M33", "M34", "N1", "N2", "N3", "N4")),
)
"""Figures by their key, with all whose key begins so (M28_door); what is not here is 其他."""
OTHERS = "其他"
TOWN_KEYS = ("M1", "M2", "M3", "M4", "M5", "M6", "M7")
"""The columns of the townships' table. Complaints are told of the whole county alone: from a count
of one, a township would learn that somebody complained (DOMAIN.md, red line 2)."""


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure of the county. `value`: what a cell calculates with; None where there is none."""

    key: str
    label: str
    text: str
    counts: str
    value: float | int | None
    numerator: int
    denominator: int | None
    is_rate: bool
    before: str = ""
    """The month before, as text; '' where it was not frozen by then."""
    change: str = ""


@dataclass(frozen=True, slots=True)
class FigureGroup:
    """Figures under one heading."""

    label: str
    rows: tuple[FigureRow, ...]


@dataclass(frozen=True, slots=True)
class TownRow:
    """One township: its counts by figure, its place by cases accepted (0: none accepted)."""

    site: str
    title: str
    place: int
    counts: dict[str, Count]


@dataclass(frozen=True, slots=True)
class OverdueRow:
    """A matter that was late: its number, where it lay, and how it ended."""

    number: str
    record: str
    site: str
    due: date | None
    is_closed: bool

    @property
    def standing(self) -> str:
        """How it stood when the month was frozen."""
        return "逾期办结" if self.is_closed else "超期未办结"


@dataclass(frozen=True, slots=True)
class LateRow:
    """A correction of an earlier month that arrived since the last bulletin."""

    month: str
    label: str
    on: str
    before: str
    after: str
    records: int
    by_network: int


@dataclass(frozen=True, slots=True)
class SignRow:
    """One act on the month's sheets: what was done for which place, when (Unix ms), as what."""

    place: str
    act: str
    at: int | None
    operation: str
    digest: str


@dataclass(frozen=True, slots=True)
class Bulletin:
    """A month's bulletin. Every list may be empty; `notes` says in words what then holds."""

    county: str
    office: str
    month: date
    is_draft: bool
    state: str
    issued_on: date
    made_at: int
    """Unix ms: when the figures were frozen (of a draft: counted)."""
    digest: str
    operation: str
    summary: tuple[str, ...]
    groups: tuple[FigureGroup, ...]
    has_before: bool
    towns: tuple[TownRow, ...]
    whole: dict[str, Count]
    """The county's counts of TOWN_KEYS, the last line of the townships' table."""
    sums: tuple[Sum, ...]
    town_notes: tuple[str, ...]
    overdue: tuple[OverdueRow, ...]
    overdue_note: str
    complaints: tuple[str, ...]
    late: tuple[LateRow, ...]
    late_note: str
    signs: tuple[SignRow, ...]
    sign_note: str

    @property
    def masthead(self) -> str:
        """The red head of the paper."""
        return f"{self.county}便民服务月通报"

    @property
    def title(self) -> str:
        """What the paper is called."""
        return f"关于{month_words(self.month)}便民服务工作情况的通报"

    @property
    def number(self) -> str:
        """The paper's number: one issue a month, numbered within the year."""
        return f"〔{self.month.year}〕第{self.month.month}期"

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """The definitions of the figures in it, in their order."""
        held = {row.key for group in self.groups for row in group.rows}
        return tuple(one for one in DEFINITIONS if one.key in held)


def month_words(month: date) -> str:
    """Return a month as papers write it: 2026年10月."""
    return f"{month.year}年{month.month}月"


def day_words(on: date) -> str:
    """Return a day as papers write it: 2026年11月3日."""
    return f"{on.year}年{on.month}月{on.day}日"


def cell_text(definition: Definition, count: Count) -> str:
    """Return a frozen figure as a cell shows it."""
    if count.text:
        return count.text
    if definition.is_rate:
        return percent(count.numerator, count.denominator or 0)
    return str(count.numerator)


def counts_text(definition: Definition, count: Count) -> str:
    """Return the counts beside a rate; '' beside what is no rate, or over nothing."""
    if not definition.is_rate or not count.denominator:
        return ""
    return f"{count.numerator}/{count.denominator}"


def rate_lines(count: Count) -> tuple[str, str]:
    """Return a rate, and its counts where they are few or one is missing ('' else)."""
    below = count.denominator or 0
    rate = percent(count.numerator, below)
    needs = 0 < below < SMALL or 0 < below != count.numerator
    return rate, f"{count.numerator}/{below}" if needs else ""


def places(accepted: Sequence[int]) -> list[int]:
    """Return each township's place by the cases it accepted: equal counts share one, none is 0."""
    return [1 + sum(other > own for other in accepted) if own else 0 for own in accepted]


def group_of(key: str) -> str:
    """Return the heading a figure stands under."""
    for label, stems in GROUPS:
        if key in stems or key.partition("_")[0] in stems:
            return label
    return OTHERS
