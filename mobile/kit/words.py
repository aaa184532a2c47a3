"""Text on the screen: one line, wrapped words, a sign."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from kivy.core.text import Label as Measured
from kivy.metrics import dp
from kivy.properties import NumericProperty, StringProperty
from kivy.uix.label import Label

from mobile.kit.look import look
from mobile.kit.signs import glyph
from mobile.kit.start import SIGNS
from mobile.kit.wrap import wrap

LEADING = 1.42
"""Height of a line by its font size."""


class OneLine(Label):
    """One line, cut with … where there is no room. `points` is the size of its type."""

    points = NumericProperty(18)

    def __init__(self, text: str = "", points: float = 18, **rest: Any) -> None:
        rest.setdefault("color", look.palette.text)
        rest.setdefault("halign", "left")
        rest.setdefault("size_hint_y", None)
        super().__init__(
            text=text, points=points, valign="middle", shorten=True, shorten_from="right",
            font_size=look.text(points), **rest,
        )  # fmt: skip
        if self.size_hint_y is None:
            self.height = self.font_size * LEADING
        self.bind(size=self._fit, points=self._resize)
        self._fit()

    def fit_text(self) -> OneLine:
        """Be as wide as the text; returns itself."""
        self.size_hint_x = None
        self.bind(text=self._widen, font_size=self._widen)
        self._widen()
        return self

    def _widen(self, *_: object) -> None:
        self.width = text_width(self.text, self.font_size, bool(self.bold)) + dp(2)

    def _resize(self, *_: object) -> None:
        self.font_size = look.text(self.points)
        self.height = self.font_size * LEADING

    def _fit(self, *_: object) -> None:
        self.text_size = self.size


class Words(Label):
    """Wrapped text that is as high as it needs; set `content`, not `text`."""

    content = StringProperty()
    points = NumericProperty(18)

    def __init__(self, content: str = "", points: float = 18, **rest: Any) -> None:
        rest.setdefault("color", look.palette.text)
        rest.setdefault("halign", "left")
        super().__init__(
            content=content, points=points, size_hint_y=None, valign="top", line_height=1.18,
            font_size=look.text(points), **rest,
        )  # fmt: skip
        self.bind(width=self._break, content=self._break, texture_size=self._fit)
        self._break()

    def _break(self, *_: object) -> None:
        self.font_size = look.text(self.points)
        size, bold = self.font_size, bool(self.bold)
        self.text = wrap(self.content, self.width, lambda part: text_width(part, size, bold))
        self.text_size = (self.width, None)
        self._fit()

    def _fit(self, *_: object) -> None:
        self.height = self.texture_size[1] if self.content else 0


class Sign(Label):
    """One of the signs of `mobile.kit.signs`; `points` is its height."""

    sign = StringProperty()
    points = NumericProperty(24)

    def __init__(self, sign: str = "", points: float = 24, **rest: Any) -> None:
        rest.setdefault("color", look.palette.text)
        rest.setdefault("size_hint", (None, None))
        super().__init__(sign=sign, points=points, font_name=str(SIGNS), **rest)
        self.bind(sign=self._show, points=self._show)
        self._show()

    def _show(self, *_: object) -> None:
        self.font_size = look.text(self.points)
        self.text = glyph(self.sign)
        if self.size_hint_x is None:
            self.size = (self.font_size, self.font_size)


def text_width(text: str, font_size: float, bold: bool = False) -> float:
    """Return the width of one line in pixels."""
    return sum(_advance(character, round(font_size, 2), bold) for character in text)


@lru_cache(maxsize=20_000)
def _advance(character: str, font_size: float, bold: bool) -> float:
    label = Measured(font_size=font_size, bold=bold)
    return float(label.get_extents(character)[0])
