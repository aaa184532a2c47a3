"""Colours of the two looks, by role. Every pair that carries text has a contrast of at least 4.5.

A colour never says anything alone: beside it always stand a word and, where there is room, a sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

CONTRAST_MIN = 4.5
"""WCAG 2.2, success criterion 1.4.3 (AA)."""
EDGE_CONTRAST_MIN = 3.0
"""WCAG 2.2, success criterion 1.4.11: edges of fields and signs."""


class Colour(NamedTuple):
    """Red, green, blue and opacity, 0 to 1, as Kivy takes them."""

    red: float
    green: float
    blue: float
    alpha: float = 1.0

    def faded(self, alpha: float) -> Colour:
        """Return the same colour with another opacity."""
        return self._replace(alpha=alpha)


def colour(code: str) -> Colour:
    """Return the colour of six hexadecimal digits."""
    return Colour(*(int(code[at : at + 2], 16) / 255 for at in (0, 2, 4)))


@dataclass(frozen=True, slots=True)
class Tone:
    """A tinted ground and the ink that is written on it."""

    ground: Colour
    ink: Colour


@dataclass(frozen=True, slots=True)
class Palette:
    """One look. `page` lies under everything, `surface` is a card, `sunken` a field inside one."""

    name: str
    page: Colour
    surface: Colour
    sunken: Colour
    pressed: Colour
    line: Colour
    edge: Colour
    text: Colour
    muted: Colour
    accent: Colour
    accent_pressed: Colour
    on_accent: Colour
    error: Colour
    scrim: Colour
    toast: Tone
    quiet: Tone
    teal: Tone
    blue: Tone
    violet: Tone
    rose: Tone
    amber: Tone

    def tone(self, name: str) -> Tone:
        """Return a tone by its name."""
        found = getattr(self, name)
        assert isinstance(found, Tone)
        return found


TONES = ("quiet", "teal", "blue", "violet", "rose", "amber")


def _tone(ground: str, ink: str) -> Tone:
    return Tone(colour(ground), colour(ink))


LIGHT = Palette(
    name="light",
    page=colour("F3F6F4"),
    surface=colour("FFFFFF"),
    sunken=colour("F7F9F8"),
    pressed=colour("E6ECE9"),
    line=colour("E1E8E4"),
    edge=colour("83918B"),
    text=colour("15211D"),
    muted=colour("55645E"),
    accent=colour("0B6E58"),
    accent_pressed=colour("085444"),
    on_accent=colour("FFFFFF"),
    error=colour("B3261E"),
    scrim=colour("0B1512").faded(0.46),
    toast=_tone("1D2B26", "F3F7F5"),
    quiet=_tone("E9EEEB", "42514B"),
    teal=_tone("DBF0E8", "0A5E4B"),
    blue=_tone("E0ECFA", "1B5499"),
    violet=_tone("EBE6F9", "56409E"),
    rose=_tone("FBE5E6", "A3293C"),
    amber=_tone("FBEBD0", "7F4A00"),
)

DARK = Palette(
    name="dark",
    page=colour("0E1412"),
    surface=colour("19211E"),
    sunken=colour("121A17"),
    pressed=colour("26302C"),
    line=colour("29332F"),
    edge=colour("73837C"),
    text=colour("E9F0ED"),
    muted=colour("A4B3AC"),
    accent=colour("6AD7BA"),
    accent_pressed=colour("94E6D0"),
    on_accent=colour("00332A"),
    error=colour("FF9D94"),
    scrim=colour("000000").faded(0.62),
    toast=_tone("E4ECE8", "16211D"),
    quiet=_tone("29332F", "C4D0CA"),
    teal=_tone("143B31", "8FE3CB"),
    blue=_tone("18324F", "A9CFFF"),
    violet=_tone("302A4E", "CDC1FF"),
    rose=_tone("4A2229", "FFB9BD"),
    amber=_tone("43300F", "FFD08A"),
)


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast of two opaque colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(of: Colour) -> float:
    parts = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in of[:3])
    red, green, blue = parts
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
