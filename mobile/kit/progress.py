"""A thin bar that moves while something is under way."""

from __future__ import annotations

from kivy.animation import Animation
from kivy.graphics import Color
from kivy.graphics.vertex_instructions import SmoothRoundedRectangle
from kivy.metrics import dp
from kivy.properties import BooleanProperty, NumericProperty
from kivy.uix.widget import Widget

from mobile.kit.look import look

PART = 0.28
"""How much of the bar is lit."""


class Progress(Widget):
    """Moves as long as `active`; takes no room otherwise."""

    active = BooleanProperty(False)
    where = NumericProperty(0.0)

    def __init__(self) -> None:
        super().__init__(size_hint_y=None, height=dp(6))
        p = look.palette
        with self.canvas:
            self._ground_colour = Color(rgba=p.teal.ground)
            self._ground = SmoothRoundedRectangle(radius=[dp(3)])
            self._lit_colour = Color(rgba=p.accent)
            self._lit = SmoothRoundedRectangle(radius=[dp(3)])
        self._motion: Animation | None = None
        self.bind(pos=self._draw, size=self._draw, where=self._draw, active=self._run)
        self._run()

    def _run(self, *_: object) -> None:
        if self._motion is not None:
            self._motion.cancel(self)
            self._motion = None
        self.opacity = 1 if self.active else 0
        if self.active:
            self.where = 0
            there = Animation(where=1.0, duration=1.1, transition="in_out_sine")
            self._motion = there + Animation(where=0.0, duration=1.1, transition="in_out_sine")
            self._motion.repeat = True
            self._motion.start(self)

    def _draw(self, *_: object) -> None:
        self._ground.pos, self._ground.size = self.pos, self.size
        lit = self.width * PART
        self._lit.pos = (self.x + (self.width - lit) * self.where, self.y)
        self._lit.size = (lit, self.height)
