"""Words of the window in the language of its user. The source language is Chinese.

An msgid is the Chinese text itself, so a tablet without a catalogue speaks Chinese. Labels of
fields, kinds and states are looked up like any other text; what a citizen or an agent wrote never
is.
"""

from __future__ import annotations

import gettext as library
from pathlib import Path

FOLDER = Path(__file__).parent / "locale"
DOMAIN = "tablet"
LANGUAGES = ("zh", "en")

_chosen: library.NullTranslations = library.NullTranslations()


def choose(language: str) -> None:
    """Speak `language` from now on; what is not there is spoken in Chinese."""
    global _chosen  # noqa: PLW0603  (one window, one language)
    _chosen = library.translation(DOMAIN, FOLDER, languages=[language], fallback=True)


def _(text: str) -> str:
    """Return `text` in the chosen language."""
    return _chosen.gettext(text) if text else ""


def marked(text: str) -> str:
    """Mark a text for the catalogue where it is looked up later."""
    return text
