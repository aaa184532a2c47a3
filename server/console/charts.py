"""Charts as places of lines, bars and words; templates only draw them. No script, no image.

Everything is in units of the drawing (SVG user units); colours belong to the style sheet.
"""

from __future__ import annotations

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
    """The range of the axis, from 0 where that is honest; a rate near one may begin higher."""
    top = max(values, default=0)
    least = min(values, default=0)
    low = 0.0
    if is_rate and least >= 0.9 and top <= 1:
        low = 0.9
    if least < 0:
        low = least
    span = max(top - low, 1e-9 if is_rate else 1)
    raw = span / LINES
    power = 10 ** _exponent(raw)
    step = next(one * power for one in STEPS if one * power >= raw - 1e-12)
    if not is_rate:
        step = max(1, round(step)) if step >= 1 else step
    first = int(low // step) if low < 0 else 0
    start = low if low > 0 else first * step
    ticks = [start + step * number for number in range(12)]
    kept = [one for one in ticks if one <= max(top, low) + step - 1e-9][: LINES + 3]
    if is_rate and top <= 1:
        kept = [one for one in kept if one <= 1 + 1e-9]
        if kept[-1] < 1 - 1e-9 and top > kept[-1]:
            kept.append(1.0)
    if len(kept) < 2:
        kept.append(kept[0] + step)
    return kept[0], kept[-1], kept


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
