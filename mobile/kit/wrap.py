"""Breaking lines of Chinese text by GB/T 15834: no line starts with 。，、 and the like.

SDL2's text knows no such rule. This cuts a text into lines that fit; a mark that may not start a
line takes the character before it along, an opening bracket never ends one, and figures and Latin
words stay whole as long as they fit on a line of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

NOT_AT_START = frozenset("。，、；：？！）」』】》〉”’…—～·%％℃,.;:?!)]}")
NOT_AT_END = frozenset("（「『【《〈“‘([{￥$")
_PIECES = re.compile(r"[0-9A-Za-z@_/.:+\-]*[0-9A-Za-z@_/+\-]|\s+|.", re.ASCII | re.DOTALL)

Measure = Callable[[str], float]


def wrap(text: str, width: float, measure: Measure) -> str:
    """Return `text` with line feeds set so that no line is wider than `width`.

    `measure` gives the width of a piece of one line. Only spaces at a break are dropped. A single
    piece wider than the line is cut by characters.
    """
    return "\n".join(line for part in text.split("\n") for line in _lines(part, width, measure))


def _lines(part: str, width: float, measure: Measure) -> Iterator[str]:
    line = ""
    for unit in _units(part):
        if measure(line + unit.rstrip()) <= width:
            line += unit
            continue
        if line.strip():
            yield line.rstrip()
        line = unit.lstrip()
        while measure(line.rstrip()) > width and len(line) > 1:
            cut = _fitting(line, width, measure)
            yield line[:cut]
            line = line[cut:]
    yield line.rstrip()


def _units(part: str) -> Iterator[str]:
    """Yield the pieces between which a line may be broken."""
    unit = ""
    for piece in _PIECES.findall(part):
        if unit and not (piece[0] in NOT_AT_START or unit[-1] in NOT_AT_END):
            yield unit
            unit = ""
        unit += piece
    if unit:
        yield unit


def _fitting(line: str, width: float, measure: Measure) -> int:
    """Return how many characters of a piece that is too wide go on one line: at least one.

    The next line shall not start with a mark, unless the piece is nothing but marks.
    """
    cut = 1
    while cut < len(line) and measure(line[: cut + 1]) <= width:
        cut += 1
    better = cut
    while better > 1 and (line[better] in NOT_AT_START or line[better - 1] in NOT_AT_END):
        better -= 1
    return better if better > 1 or line[1:2] not in NOT_AT_START else cut
