"""The look now worn: palette and size of type. Screens are built anew when it changes."""

from __future__ import annotations

from kivy.metrics import dp, sp

from mobile.kit.palette import DARK, LIGHT, Palette

FACTORS = {"normal": 1.0, "large": 1.2, "largest": 1.4}
TARGET = 48
"""No target of a finger is smaller, in dp."""


class Look:
    """Palette and factor of type."""

    def __init__(self) -> None:
        self.palette: Palette = LIGHT
        self.factor = 1.0

    def wear(self, *, dark: bool, size: str) -> None:
        """Change the look; what is on the screen stays until it is built anew."""
        self.palette = DARK if dark else LIGHT
        self.factor = FACTORS.get(size, 1.0)

    def text(self, size: float) -> float:
        """Return a font size in pixels."""
        return float(sp(size * self.factor))

    def room(self, size: float) -> float:
        """Return the height or width of something that holds text, in pixels."""
        return float(dp(size * (1 + (self.factor - 1) * 0.75)))


look = Look()
