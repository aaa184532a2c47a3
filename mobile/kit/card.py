"""A card: a surface that holds what belongs together."""

from __future__ import annotations

from typing import Any

from kivy.metrics import dp
from kivy.uix.boxlayout import BoxLayout

from mobile.kit.ground import Ground
from mobile.kit.look import look
from mobile.kit.palette import Tone


class Card(BoxLayout):
    """Stands its children one below the other and is as high as they are."""

    def __init__(self, *, tone: Tone | None = None, grows: bool = True, **rest: Any) -> None:
        rest.setdefault("orientation", "vertical")
        rest.setdefault("padding", dp(20))
        rest.setdefault("spacing", dp(10))
        super().__init__(**rest)
        p = look.palette
        if tone is None:
            self.ground = Ground(self, p.surface, radius=18, edge=p.line)
        else:
            self.ground = Ground(self, tone.ground, radius=18)
        if grows:
            self.size_hint_y = None
            self.bind(minimum_height=self.setter("height"))
