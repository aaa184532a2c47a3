"""A sheet: one question or one thing laid over the screen; a tap beside it puts it away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kivy.graphics import Color, Rectangle
from kivy.metrics import dp
from kivy.properties import NumericProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.floatlayout import FloatLayout

from mobile.kit.button import PushButton
from mobile.kit.ground import Ground
from mobile.kit.look import look
from mobile.kit.words import OneLine

HEADER = 52


class Sheet(FloatLayout):
    """`wide` and `high` in dp; the sheet is never larger than the window. `high` 0: as needed."""

    high = NumericProperty(0)
    """In pixels."""

    def __init__(
        self, title: str, *, wide: float = 720, high: float = 0, on_close: Any = None
    ) -> None:
        super().__init__()
        self._wide = wide
        self.high = look.room(high) if high else 0
        self._on_close: Callable[[], None] | None = on_close
        self._put_away: Callable[[], None] = self._nowhere
        with self.canvas.before:
            Color(rgba=look.palette.scrim)
            self._shade = Rectangle()
        self.panel = BoxLayout(
            orientation="vertical", padding=(dp(28), dp(18), dp(28), dp(24)), spacing=dp(14),
            size_hint=(None, None),
        )  # fmt: skip
        Ground(self.panel, look.palette.surface, radius=24)
        header = BoxLayout(size_hint_y=None, height=look.room(HEADER))
        header.add_widget(OneLine(title, points=25, bold=True, pos_hint={"center_y": 0.5}))
        header.add_widget(
            PushButton(
                self.close, sign="close", style="plain", hug=True, high=52,
                pos_hint={"center_y": 0.5},
            )
        )  # fmt: skip
        self.panel.add_widget(header)
        self.add_widget(self.panel)
        self.bind(size=self._place, high=self._place)
        self.panel.bind(minimum_height=self._place)

    @property
    def frame(self) -> float:
        """Pixels that the sheet needs beside what stands in it."""
        _left, top, _right, bottom = self.panel.padding
        return float(top + bottom + self.panel.spacing + look.room(HEADER))

    def show_over(self, put_away: Callable[[], None]) -> None:
        """Called by the stage: how to be taken off again."""
        self._put_away = put_away
        self._place()

    def close(self) -> None:
        """Put the sheet away."""
        self._put_away()
        if self._on_close is not None:
            self._on_close()

    def on_touch_down(self, touch: Any) -> bool:
        """Take every touch: nothing below the sheet is meant."""
        if not self.panel.collide_point(*touch.pos):
            self.close()
            return True
        super().on_touch_down(touch)
        return True

    def on_touch_move(self, touch: Any) -> bool:
        """Take every movement."""
        super().on_touch_move(touch)
        return True

    def on_touch_up(self, touch: Any) -> bool:
        """Take every lifting."""
        super().on_touch_up(touch)
        return True

    def _nowhere(self) -> None:
        """A sheet that is not shown has nowhere to go."""

    def _place(self, *_: object) -> None:
        self._shade.size = self.size
        self._shade.pos = self.pos
        width = min(look.room(self._wide), self.width - dp(48))
        wanted = self.high or self.panel.minimum_height
        height = min(wanted, self.height - dp(48))
        self.panel.size = (width, height)
        self.panel.pos = ((self.width - width) / 2, (self.height - height) / 2)
