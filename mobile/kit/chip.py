"""A chip: a state in a sign and a word, on a tinted ground."""

from __future__ import annotations

from typing import Any

from kivy.metrics import dp
from kivy.properties import StringProperty
from kivy.uix.boxlayout import BoxLayout

from mobile.kit.ground import Ground
from mobile.kit.look import look
from mobile.kit.words import OneLine, Sign


class Chip(BoxLayout):
    """`tone` is one of `mobile.kit.palette.TONES`. An empty one takes no room."""

    text = StringProperty()
    sign = StringProperty()
    tone = StringProperty("quiet")

    def __init__(self, **rest: Any) -> None:
        self._line = OneLine(points=16, bold=True)
        self._sign = Sign(points=18)
        super().__init__(size_hint=(None, None), spacing=dp(6), **rest)
        self._ground = Ground(self, look.palette.quiet.ground, radius=99)
        for name in ("text", "sign", "tone"):
            self.fbind(name, self._show)
        self._show()

    def _show(self, *_: object) -> None:
        tone = look.palette.tone(self.tone)
        self._ground.paint(tone.ground)
        self._line.color = self._sign.color = tone.ink
        self._line.text, self._sign.sign = self.text, self.sign
        self._line.fit_text()
        self.clear_widgets()
        self.height = look.room(34) if self.text else 0
        self.padding = (dp(12), 0)
        width = 0.0
        for part, there in ((self._sign, self.sign), (self._line, self.text)):
            if there and self.text:
                part.pos_hint = {"center_y": 0.5}
                self.add_widget(part)
                width += part.width + (dp(6) if width else 0)
        self.width = width + dp(24) if self.text else 0
        self.opacity = 1 if self.text else 0
