"""The ground under a widget: a rounded surface, with or without an edge."""

from __future__ import annotations

from typing import Any

from kivy.graphics import Color
from kivy.graphics.vertex_instructions import SmoothRoundedRectangle
from kivy.metrics import dp

from mobile.kit.palette import Colour

CLEAR = Colour(0, 0, 0, 0)


class Ground:
    """Draws below `widget` and follows it. `radius` and `thickness` in dp."""

    def __init__(
        self, widget: Any, fill: Colour, *, radius: float = 16, edge: Colour = CLEAR,
        thickness: float = 1,
    ) -> None:  # fmt: skip
        self._widget = widget
        self._radius = radius
        self._thickness = thickness
        with widget.canvas.before:
            self._edge_colour = Color(rgba=edge)
            self._outer = SmoothRoundedRectangle(segments=24)
            self._fill_colour = Color(rgba=fill)
            self._inner = SmoothRoundedRectangle(segments=24)
        self._has_edge = edge.alpha > 0
        widget.fbind("pos", self._follow)  # fbind holds on to this object, bind would not
        widget.fbind("size", self._follow)
        self._follow()

    def paint(self, fill: Colour, edge: Colour = CLEAR, thickness: float = 1) -> None:
        """Change the colours."""
        self._fill_colour.rgba, self._edge_colour.rgba = fill, edge
        if (edge.alpha > 0, thickness) != (self._has_edge, self._thickness):
            self._has_edge, self._thickness = edge.alpha > 0, thickness
            self._follow()

    def _follow(self, *_: object) -> None:
        x, y = self._widget.pos
        width, height = self._widget.size
        inset = dp(self._thickness) if self._has_edge else 0.0
        radius = min(float(dp(self._radius)), width / 2, height / 2)
        self._place(self._outer, x, y, width if self._has_edge else 0, height, radius)
        self._place(
            self._inner, x + inset, y + inset, width - 2 * inset, height - 2 * inset,
            max(radius - inset, 0),
        )  # fmt: skip

    @staticmethod
    def _place(shape: Any, x: float, y: float, width: float, height: float, radius: float) -> None:
        shape.radius = [max(radius, 0.01)]
        shape.pos, shape.size = (x, y), (max(width, 0), max(height, 0))
