"""The signs of the window, by name: glyphs of `mobile/fonts/BianminSigns.ttf`, in this order.

Each sign is a few strokes on a grid of 24 × 24 (y downwards), written in a small language:

    l x y x y …   a line through points         r x y w h radius   a rounded rectangle
    c x y radius  a circle                      d x y radius       a dot
    a x y radius from to   an arc, degrees, clockwise from three o'clock

`tests/mobile/screens/make_signs.py` draws the font from them.
"""

from __future__ import annotations

STROKES: dict[str, str] = {
    "consultation": "l 8 18 4.5 20.5 4.5 6.5; a 7 6.5 2.5 180 270; l 7 4 17 4;"
    " a 17 6.5 2.5 270 360; l 19.5 6.5 19.5 15.5; a 17 15.5 2.5 0 90; l 17 18 8 18;"
    " a 12 9 2 180 360; a 12 9 2 0 60; l 13 10.7 12 11.6 12 12.4; d 12 15 0.6",
    "proxy": "l 13 20.5 7 20.5; a 7 18.5 2 90 180; l 5 18.5 5 5.5; a 7 5.5 2 180 270;"
    " l 7 3.5 17 3.5; a 17 5.5 2 270 360; l 19 5.5 19 10; l 8.5 8 15.5 8; l 8.5 12 13 12;"
    " l 14 20.5 14.4 18 19.4 13 21.5 15.1 16.5 20.1 14 20.5",
    "case": "r 3.5 7.5 17 12.5 2.2; l 9 7.5 9 5.5; a 10.5 5.5 1.5 180 270; l 10.5 4 13.5 4;"
    " a 13.5 5.5 1.5 270 360; l 15 5.5 15 7.5; l 3.5 12.5 20.5 12.5; l 12 11.4 12 13.8",
    "complaint": "l 4 10 4 14 7 14 15.5 18.5 15.5 5.5 7 10 4 10; l 7.5 14.4 9 19.5 11.5 19.5;"
    " a 15.5 12 3.6 300 420; l 18.6 6.2 20.6 4.4; l 20.4 12 22 12; l 18.6 17.8 20.6 19.6",
    "appointment": "r 4 5.5 16 15 2.2; l 4 10.2 20 10.2; l 8.3 3.5 8.3 7; l 15.7 3.5 15.7 7;"
    " l 9 15.3 11.2 17.4 15.2 13.4",
    "records": "r 4.5 3.5 15 17 2.2; l 8.5 8.5 15.5 8.5; l 8.5 12 15.5 12; l 8.5 15.5 13 15.5",
    "lock": "r 5 10.5 14 10 2.2; l 8 10.5 8 8; a 12 8 4 180 360; l 16 8 16 10.5; d 12 15.5 1.1",
    "sync": "a 12 12 7.5 200 330; l 18.8 3.8 18.6 8.4 14 8.2; a 12 12 7.5 20 150;"
    " l 5.2 20.2 5.4 15.6 10 15.8",
    "search": "c 10.5 10.5 6; l 15 15 20 20",
    "plus": "l 12 5 12 19; l 5 12 19 12",
    "check": "l 5 12.8 10 17.5 19.5 7",
    "check_circle": "c 12 12 8.5; l 8.2 12.4 11 15.1 16 9.6",
    "saved": "r 5 3 14 18 2.4; l 10.5 18 13.5 18; l 9 10.3 11.3 12.6 15.2 8.2",
    "delivered": "l 12 16.5 12 5.5; l 7.5 10 12 5.5 16.5 10; l 5 16 5 19.5 19 19.5 19 16",
    "merged": "l 2.5 12.8 7 17.2 15.5 7.2; l 11.6 16.4 12.4 17.2 21.5 7.2",
    "warning": "l 12 4 21 19.5 3 19.5 12 4; l 12 10 12 14; d 12 16.8 0.7",
    "close": "l 6 6 18 18; l 18 6 6 18",
    "back": "l 19.5 12 5 12; l 11 5.5 4.5 12 11 18.5",
    "down": "l 6 9.5 12 15.5 18 9.5",
    "up": "l 6 14.5 12 8.5 18 14.5",
    "left": "l 14.5 6 8.5 12 14.5 18",
    "right": "l 9.5 6 15.5 12 9.5 18",
    "backspace": "l 9 5.5 20.5 5.5 20.5 18.5 9 18.5 3 12 9 5.5; l 11.5 9.5 16.5 14.5;"
    " l 16.5 9.5 11.5 14.5",
    "person": "c 12 8 4; a 12 20.5 7.5 180 360",
    "site": "l 4 11 12 4 20 11; l 6 9.5 6 20 18 20 18 9.5; l 10 20 10 14.5 14 14.5 14 20",
    "equipment": "r 3.5 5 17 11.5 2; l 9 20 15 20; l 12 16.5 12 20",
    "item": "l 13.5 3.5 7 3.5; a 7 5.5 2 180 270; l 5 5.5 5 18.5; a 7 18.5 2 90 180;"
    " l 7 20.5 17 20.5; a 17 18.5 2 0 90; l 19 18.5 19 9 13.5 3.5 13.5 9 19 9; l 8.5 13 15.5 13;"
    " l 8.5 16.5 13 16.5",
    "shield": "l 12 3.2 19.5 6 19.5 11.5; a 9.5 11.5 10 0 75.5; a 14.5 11.5 10 104.5 180;"
    " l 4.5 11.5 4.5 6 12 3.2; l 8.7 11.8 11.2 14.2 15.5 9.6",
    "clock": "c 12 12 8.5; l 12 7.2 12 12 15.4 14",
    "info": "c 12 12 8.5; l 12 11.2 12 16; d 12 8 0.7",
    "settings": "l 4 8 13 8; l 18 8 20 8; c 15.5 8 2.4; l 4 16 6 16; l 11 16 20 16; c 8.5 16 2.4",
    "eye": "a 12 17.5 10.3 212 328; a 12 6.5 10.3 32 148; c 12 12 2.6",
    "dot": "d 12 12 4",
    "hidden": "a 12 12 8.5 0 360; l 6.2 17.8 17.8 6.2",
    "cloud_off": "a 8 14 4 90 250; a 11.5 10 5 190 330; a 17 14.3 3.7 290 450; l 8 18 17 18",
}

FIRST = 0xE000
"""Private use area of Unicode: the font holds nothing else."""

CODES: dict[str, str] = {name: chr(FIRST + at) for at, name in enumerate(STROKES)}


def glyph(name: str) -> str:
    """Return the character that stands for a sign; empty for an empty name."""
    return CODES[name] if name else ""
