"""Charts as places of lines, bars and words; templates only draw them. No script, no image.

Everything is in units of the drawing (SVG user units); colours belong to the style sheet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 28, 40
STEPS = (1, 2, 2.5, 5, 10)
LINES = 4


@dataclass(frozen=True, slots=True)
class Mark:
    """A point or a bar: where it stands, and what is written there."""

    x: float
    y: float
    width: float
    height: float
    label: str
    text: str
    link: str
    is_open: bool = False
    """A month that is not over."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across the drawing with its value."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing. `paths` are the runs of a line, broken where nothing was counted."""

    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    paths: tuple[str, ...] = ()
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    base: int = HEIGHT - BOTTOM


@dataclass(frozen=True, slots=True)
class Point:
    """What is to be drawn at one place: `value` None where nothing was counted."""

    label: str
    value: float | None
    text: str
    link: str
    is_open: bool = False


def line_chart(points: Sequence[Point], *, is_rate: bool) -> Chart:
    """Return a trend: points from left to right, joined where neighbours have a value."""
    told = [one.value for one in points if one.value is not None]
    low, high, ticks = _scale(told, is_rate=is_rate)
    step = (WIDTH - LEFT - RIGHT) / max(len(points), 1)
    marks: list[Mark] = []
    runs: list[list[str]] = [[]]
    for place, one in enumerate(points):
        x = LEFT + step * (place + 0.5)
        if one.value is None:
            runs.append([])
            marks.append(Mark(x, HEIGHT - BOTTOM, 0, 0, one.label, "—", "", one.is_open))
            continue
        y = _height_of(one.value, low, high)
        runs[-1].append(f"{x:.1f},{y:.1f}")
        marks.append(Mark(x, y, 0, 0, one.label, one.text, one.link, one.is_open))
    paths = tuple(" ".join(run) for run in runs if len(run) > 1)
    return Chart(tuple(marks), _ticks(ticks, low, high, is_rate=is_rate), paths)


def bar_chart(points: Sequence[Point]) -> Chart:
    """Return a histogram: one bar for each point, all on one base."""
    low, high, ticks = _scale([one.value or 0 for one in points], is_rate=False)
    step = (WIDTH - LEFT - RIGHT) / max(len(points), 1)
    marks = []
    for place, one in enumerate(points):
        y = _height_of(one.value or 0, low, high)
        left = LEFT + step * place + step * 0.14
        marks.append(Mark(left, y, step * 0.72, HEIGHT - BOTTOM - y, one.label, one.text, one.link))
    return Chart(tuple(marks), _ticks(ticks, low, high, is_rate=False))


def _height_of(value: float, low: float, high: float) -> float:
    return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)


def _scale(values: Sequence[float], *, is_rate: bool) -> tuple[float, float, list[float]]:
    """The range of the axis and its lines: from 0, or from 90 % where every rate is above."""
    least, top = min(values, default=0), max(values, default=0)
    if is_rate and least >= 0 and top <= 1:
        low = 0.9 if values and least >= 0.9 else 0.0
        return low, 1, [low + (1 - low) * number / LINES for number in range(LINES + 1)]
    low, high = min(least, 0), max(top, 0)
    raw = max(high - low, 0.0 if is_rate else LINES) / LINES
    power: float = 10 ** _exponent(raw)
    step = next(one * power for one in STEPS if one * power >= raw * (1 - 1e-9))
    if not is_rate:
        step = math.ceil(step)
    first, last = math.floor(low / step), math.ceil(high / step)
    ticks = [step * number for number in range(first, max(last, first + 1) + 1)]
    return ticks[0], ticks[-1], ticks


def _exponent(value: float) -> int:
    exponent = 0
    while value >= 10:
        value, exponent = value / 10, exponent + 1
    while value < 1:
        value, exponent = value * 10, exponent - 1
    return exponent


def _ticks(
    values: Sequence[float], low: float, high: float, *, is_rate: bool
) -> tuple[Tick, ...]:  # fmt: skip
    def text(value: float) -> str:
        if is_rate:
            return f"{value * 100:.4g}%"
        return f"{value:.6g}"

    return tuple(Tick(_height_of(one, low, high), text(one)) for one in values)
