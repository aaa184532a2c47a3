"""Buttons: filled for the one thing to do next, tonal for others, plain for the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kivy.metrics import dp
from kivy.properties import BooleanProperty, NumericProperty, StringProperty
from kivy.uix.anchorlayout import AnchorLayout
from kivy.uix.boxlayout import BoxLayout

from mobile.kit.ground import CLEAR, Ground
from mobile.kit.look import TARGET, look
from mobile.kit.palette import Colour
from mobile.kit.press import Press
from mobile.kit.words import OneLine, Sign


def _nothing() -> None:
    """A button that does nothing yet."""


class PushButton(Press, AnchorLayout):
    """A sign and a word. `style`: filled, tonal, plain."""

    text = StringProperty()
    sign = StringProperty()
    style = StringProperty("filled")
    points = NumericProperty(19)
    high = NumericProperty(56)
    hug = BooleanProperty(False)
    """Be as wide as the text."""
    quiet_s = 0.35

    def __init__(self, action: Callable[[], None] = _nothing, **rest: Any) -> None:
        self.action = action
        self._line = OneLine(bold=True, halign="center")
        self._sign = Sign()
        self._row = BoxLayout(spacing=dp(8), size_hint=(None, None))
        super().__init__(**rest)
        self.size_hint_y = None
        self._ground = Ground(self, CLEAR, radius=16)
        self.add_widget(self._row)
        for name in ("text", "sign", "style", "points", "high", "disabled", "hug"):
            self.fbind(name, self._show)
        self._show()

    def tapped(self) -> None:
        """Do it."""
        self.action()

    def felt(self, down: bool) -> None:
        """Darken under the finger."""
        fill, ink, edge = self._colours(down)
        self._ground.paint(fill, edge)
        for part in (self._line, self._sign):
            part.color = part.disabled_color = ink

    def _show(self, *_: object) -> None:
        self.height = max(look.room(self.high), dp(TARGET))
        self._line.text, self._line.points = self.text, self.points
        self._line.fit_text()
        self._sign.sign, self._sign.points = self.sign, self.points + 5
        self._row.clear_widgets()
        parts = [
            part for part, there in ((self._sign, self.sign), (self._line, self.text)) if there
        ]
        for part in parts:
            part.pos_hint = {"center_y": 0.5}
            self._row.add_widget(part)
        width = sum(part.width for part in parts) + dp(8) * (len(parts) - 1)
        self._row.size = (width, max((part.height for part in parts), default=0))
        if self.hug:
            self.size_hint_x = None
            self.width = max(width + dp(44 if self.text else 24), dp(TARGET))
        self.felt(self.state == "down")

    def _colours(self, down: bool) -> tuple[Colour, Colour, Colour]:
        p = look.palette
        if self.disabled:
            return p.pressed, p.muted, CLEAR
        if self.style == "filled":
            return (p.accent_pressed if down else p.accent), p.on_accent, CLEAR
        if self.style == "tonal":
            return (p.pressed if down else p.teal.ground), p.teal.ink, CLEAR
        if self.style == "outline":
            return (p.pressed if down else p.surface), p.text, p.edge
        return (p.pressed if down else CLEAR), p.text, CLEAR
