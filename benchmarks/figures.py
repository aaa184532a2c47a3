"""A measured figure beside its floor and its goal, and the table of them."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import sqlcipher3.dbapi2 as driver


class Better(StrEnum):
    """Which way is better."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class Figure:
    """One row. `floor` was measured in the same run by the same clock on the same machine.

    `goal` speaks of the value, `goal_ratio` of the ratio to the floor; None where none was set.
    """

    name: str
    value: float
    unit: str
    better: Better
    floor: float
    floor_is: str
    goal: float | None = None
    goal_ratio: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float:
        """Value divided by floor: 1 is as good as the floor, whichever way is better."""
        return self.value / self.floor

    @property
    def is_met(self) -> bool | None:
        """Whether the goals are reached; None where there is none."""
        asked = [(self.value, self.goal), (self.ratio, self.goal_ratio)]
        pairs = [(got, goal) for got, goal in asked if goal is not None]
        if not pairs:
            return None
        if self.better is Better.HIGHER:
            return all(got >= goal for got, goal in pairs)
        return all(got <= goal for got, goal in pairs)

    @property
    def verdict(self) -> str:
        """met, not met, or a dash."""
        return {True: "met", False: "not met", None: "–"}[self.is_met]

    @property
    def goal_text(self) -> str:
        """The goal as read by a person."""
        sign = "≥" if self.better is Better.HIGHER else "≤"
        texts = []
        if self.goal is not None:
            texts.append(f"{sign} {number(self.goal)}")
        if self.goal_ratio is not None:
            texts.append(f"{sign} {number(self.goal_ratio)} × floor")
        return ", ".join(texts) or "–"


HEADINGS = ("figure", "value", "unit", "floor", "ratio", "goal", "verdict", "floor is; notes")


def table(figures: Iterable[Figure]) -> Iterable[str]:
    """Yield the lines of a Markdown table, its heading first."""
    yield "| " + " | ".join(HEADINGS) + " |"
    yield "|" + "---|" * len(HEADINGS)
    for figure in figures:
        yield line(figure)


def line(figure: Figure) -> str:
    """Return one row of the table."""
    about = "; ".join(filter(None, (figure.floor_is, figure.note)))
    cells = (
        figure.name, number(figure.value), figure.unit, number(figure.floor),
        f"{figure.ratio:.2f}", figure.goal_text, figure.verdict, about,
    )  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def document(figures: Iterable[Figure]) -> str:
    """Return one JSON document with the machine and every figure."""
    rows = [
        {**asdict(figure), "ratio": round(figure.ratio, 4), "met": figure.is_met}
        for figure in figures
    ]
    return json.dumps({"machine": machine(), "figures": rows}, ensure_ascii=False)


def machine() -> dict[str, object]:
    """Return what the figures depend on. `load` is how busy the cores were before."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "python": platform.python_version(),
        "sqlite": driver.sqlite_version,
        "load": round(os.getloadavg()[0], 2),
    }


def number(value: float) -> str:
    """Return three or more figures of a number, with thousands set apart."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _processor() -> str:
    facts = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [fact.partition(":")[2].strip() for fact in facts if fact.startswith("model name")]
    return names[0] if names else platform.machine()
