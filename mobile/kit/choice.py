"""A choice among a few words that all stand on the screen: tick one, or several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kivy.metrics import dp
from kivy.properties import BooleanProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.stacklayout import StackLayout

from mobile.kit.field import Labelled
from mobile.kit.ground import Ground
from mobile.kit.look import TARGET, look
from mobile.kit.press import Press
from mobile.kit.words import OneLine, Sign


class Option(Press, BoxLayout):
    """One word to tick: chosen shows by a tick, an edge and a ground."""

    chosen = BooleanProperty(False)

    def __init__(self, code: str, word: str, action: Callable[[str], None], **rest: Any) -> None:
        rest.setdefault("size_hint", (None, None))
        super().__init__(spacing=dp(6), padding=(dp(16), 0), **rest)
        self.code, self._action = code, action
        self._line = OneLine(word, points=18, pos_hint={"center_y": 0.5})
        if self.size_hint_x is None:
            self._line.fit_text()
        else:
            self._line.halign = "center"
        self._sign = Sign("check", points=20, pos_hint={"center_y": 0.5})
        self._ground = Ground(self, look.palette.surface, radius=14, edge=look.palette.edge)
        self.height = max(look.room(50), dp(TARGET))
        self.bind(chosen=self._show)
        self._show()

    @property
    def text(self) -> str:
        """The word."""
        return str(self._line.text)

    def tapped(self) -> None:
        """Tell who asked."""
        self._action(self.code)

    def felt(self, down: bool) -> None:
        """Darken under the finger."""
        self._paint(down)

    def _show(self, *_: object) -> None:
        self.clear_widgets()
        if self.chosen:
            self.add_widget(self._sign)
        self.add_widget(self._line)
        if self.size_hint_x is None:
            sign = self._sign.width + dp(6) if self.chosen else 0
            self.width = max(self._line.width + sign + dp(32), dp(72))
            self.padding = ((self.width - self._line.width - sign) / 2, 0)
        self._paint(False)

    def _paint(self, down: bool) -> None:
        p = look.palette
        ground = p.pressed if down else (p.teal.ground if self.chosen else p.surface)
        self._ground.paint(ground, p.accent if self.chosen else p.edge, 2 if self.chosen else 1)
        self._line.color = self._sign.color = p.teal.ink if self.chosen else p.text


class Choice(Labelled):
    """A labelled row of options. A single choice is taken back by a second tap, unless
    it is needed or `keeps` one."""

    def __init__(
        self, label: str, options: Sequence[tuple[str, str]], *, several: bool = False,
        needed: bool = False, keeps: bool = False, advice: str = "",
        on_change: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(label, needed=needed, advice=advice)
        self._several, self._keeps, self._on_change = several, keeps or needed, on_change
        self.options = [Option(code, word, self._tapped) for code, word in options]
        stack = StackLayout(size_hint_y=None, spacing=dp(10))
        stack.bind(minimum_height=stack.setter("height"))
        for option in self.options:
            stack.add_widget(option)
        self.complete(stack)

    @property
    def chosen(self) -> list[str]:
        """The codes that are ticked."""
        return [option.code for option in self.options if option.chosen]

    def put(self, codes: Sequence[str]) -> None:
        """Tick these."""
        for option in self.options:
            option.chosen = option.code in codes

    def _tapped(self, code: str) -> None:
        self.error = ""
        for option in self.options:
            if option.code == code:
                option.chosen = not option.chosen or (self._keeps and not self._several)
            elif not self._several:
                option.chosen = False
        if self._on_change is not None:
            self._on_change()
