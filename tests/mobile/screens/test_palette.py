"""Every pair of colours that carries words can be read: computed, not looked at."""

from __future__ import annotations

import pytest

from mobile.kit.palette import (
    CONTRAST_MIN,
    DARK,
    EDGE_CONTRAST_MIN,
    LIGHT,
    TONES,
    Palette,
    colour,
    contrast,
)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast(colour("000000"), colour("FFFFFF")) == pytest.approx(21)
    assert contrast(colour("777777"), colour("FFFFFF")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)
def test_words_are_readable_on_every_ground(palette: Palette) -> None:
    grounds = (palette.page, palette.surface, palette.sunken, palette.pressed)
    inks = (palette.text, palette.muted, palette.accent, palette.error)
    pairs = [(ground, ink) for ground in grounds for ink in inks]
    pairs += [(tone.ground, tone.ink) for tone in map(palette.tone, (*TONES, "toast"))]
    pairs += [(palette.accent, palette.on_accent), (palette.accent_pressed, palette.on_accent)]
    pairs += [(palette.surface, palette.tone(name).ink) for name in TONES]
    assert min(contrast(ground, ink) for ground, ink in pairs) >= CONTRAST_MIN


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)
def test_edges_of_fields_are_seen(palette: Palette) -> None:
    for ground in (palette.page, palette.surface, palette.sunken):
        assert contrast(ground, palette.edge) >= EDGE_CONTRAST_MIN
        assert contrast(ground, palette.error) >= EDGE_CONTRAST_MIN
