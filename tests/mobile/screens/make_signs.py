"""Draw `mobile/fonts/BianminSigns.ttf` from the strokes in `mobile.kit.signs`.

Run by hand after a sign has changed, with fontTools at hand (it is needed for nothing else):

    python -m tests.mobile.screens.make_signs
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import mobile
from mobile.kit.signs import FIRST, STROKES

TARGET = Path(mobile.__file__).parent / "fonts" / "BianminSigns.ttf"
UNITS = 960
SCALE = UNITS / 24
PEN = 1.75 / 2
"""Half the width of a stroke on the grid."""
ARC_STEP = 9
"""Degrees between the points of an arc."""
EPOCH_1904 = 3_786_912_000
"""1 January 2024 in seconds since 1904: the same strokes give the same bytes."""

Point = tuple[float, float]
Contour = list[Point]


def contours(strokes: str) -> Iterator[Contour]:
    """Yield closed outlines, all turning the same way, so that overlaps stay filled."""
    for stroke in strokes.split(";"):
        word, *rest = stroke.split()
        numbers = [float(number) for number in rest]
        if word == "l":
            points = list(zip(numbers[::2], numbers[1::2], strict=True))
            yield from _line(points)
        elif word == "c":
            x, y, radius = numbers
            yield from _line(_arc(x, y, radius, 0, 360))
        elif word == "a":
            yield from _line(_arc(*numbers))
        elif word == "d":
            yield _disc(numbers[0], numbers[1], numbers[2] + PEN / 2)
        elif word == "r":
            yield from _line(_rounded(*numbers))
        else:
            raise ValueError(f"unknown stroke: {stroke}")


def _line(points: list[Point]) -> Iterator[Contour]:
    for (x1, y1), (x2, y2) in pairwise(points):
        angle = math.degrees(math.atan2(y2 - y1, x2 - x1))
        yield [
            *_arc(x2, y2, PEN, angle - 90, angle + 90),
            *_arc(x1, y1, PEN, angle + 90, angle + 270),
        ]


def _arc(x: float, y: float, radius: float, start: float, end: float) -> list[Point]:
    steps = max(2, round(abs(end - start) / ARC_STEP))
    angles = (math.radians(start + (end - start) * step / steps) for step in range(steps + 1))
    return [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles]


def _disc(x: float, y: float, radius: float) -> Contour:
    return _arc(x, y, radius, 0, 360)[:-1]


def _rounded(x: float, y: float, wide: float, high: float, radius: float) -> list[Point]:
    right, low = x + wide - radius, y + high - radius
    points = [
        *_arc(x + radius, y + radius, radius, 180, 270),
        *_arc(right, y + radius, radius, 270, 360),
        *_arc(right, low, radius, 0, 90),
        *_arc(x + radius, low, radius, 90, 180),
    ]
    return [*points, points[0]]


def build() -> Any:
    """Return the font."""
    builder = importlib.import_module("fontTools.fontBuilder").FontBuilder(UNITS, isTTF=True)
    pens = importlib.import_module("fontTools.pens.ttGlyphPen")
    names = [".notdef", *STROKES]
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({FIRST + at: name for at, name in enumerate(STROKES)})
    glyphs = {".notdef": pens.TTGlyphPen(None).glyph()}
    for name, strokes in STROKES.items():
        pen = pens.TTGlyphPen(None)
        for contour in contours(strokes):
            placed = [(round(x * SCALE), round((24 - y) * SCALE)) for x, y in contour]
            pen.moveTo(placed[0])
            for point in placed[1:]:
                pen.lineTo(point)
            pen.closePath()
        glyphs[name] = pen.glyph()
    builder.setupGlyf(glyphs)
    table = builder.font["glyf"]
    builder.setupHorizontalMetrics(
        {name: (UNITS, getattr(table[name], "xMin", 0)) for name in names}
    )
    builder.setupHorizontalHeader(ascent=UNITS, descent=0)
    builder.setupNameTable({"familyName": "Bianmin Signs", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=UNITS, sTypoDescender=0, usWinAscent=UNITS, usWinDescent=0)
    builder.setupPost()
    builder.font["head"].created = builder.font["head"].modified = EPOCH_1904
    builder.font.recalcTimestamp = False
    return builder.font


if __name__ == "__main__":
    build().save(TARGET)
