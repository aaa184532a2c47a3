"""The rail at the left edge: where one can go, in words large enough for old eyes."""

from __future__ import annotations

from collections.abc import Callable

from kivy.metrics import dp
from kivy.properties import BooleanProperty
from kivy.uix.anchorlayout import AnchorLayout
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from mobile.kit.ground import CLEAR, Ground
from mobile.kit.look import look
from mobile.kit.press import Press
from mobile.kit.words import OneLine, Sign


class RailButton(Press, BoxLayout):
    """A sign above a word. The place one is at shows by ground, weight and colour."""

    here = BooleanProperty(False)
    quiet_s = 0.35

    def __init__(self, sign: str, word: str, action: Callable[[], None], *, here: bool) -> None:
        super().__init__(
            orientation="vertical", size_hint_y=None, height=look.room(84), spacing=dp(2),
            padding=(0, dp(10)), here=here,
        )  # fmt: skip
        self._action = action
        p = look.palette
        ink = p.teal.ink if here else p.muted
        self._ground = Ground(self, p.teal.ground if here else CLEAR, radius=18)
        holder = AnchorLayout()
        holder.add_widget(Sign(sign, points=29, color=ink))
        self.add_widget(holder)
        self._line = OneLine(word, points=17, bold=here, halign="center", color=ink)
        self.add_widget(self._line)

    @property
    def text(self) -> str:
        """The word."""
        return str(self._line.text)

    def tapped(self) -> None:
        """Go there."""
        self._action()

    def felt(self, down: bool) -> None:
        """Darken under the finger."""
        p = look.palette
        self._ground.paint(p.pressed if down else (p.teal.ground if self.here else CLEAR))


class Rail(BoxLayout):
    """Places from the top, tools from the bottom."""

    def __init__(self) -> None:
        super().__init__(
            orientation="vertical", size_hint_x=None, width=look.room(116), spacing=dp(8),
            padding=(dp(10), dp(20)),
        )  # fmt: skip
        Ground(self, look.palette.surface, radius=0.01)
        self._top = BoxLayout(orientation="vertical", size_hint_y=None, spacing=dp(8))
        self._bottom = BoxLayout(orientation="vertical", size_hint_y=None, spacing=dp(8))
        for part in (self._top, self._bottom):
            part.bind(minimum_height=part.setter("height"))
        self.add_widget(self._top)
        self.add_widget(Widget())
        self.add_widget(self._bottom)

    def place(self, sign: str, word: str, action: Callable[[], None], *, here: bool) -> None:
        """Add a place at the top."""
        self._top.add_widget(RailButton(sign, word, action, here=here))

    def tool(self, sign: str, word: str, action: Callable[[], None]) -> None:
        """Add a tool at the bottom."""
        self._bottom.add_widget(RailButton(sign, word, action, here=False))
