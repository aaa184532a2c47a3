"""What a person may set for the own eyes: size of type, light or dark, language.

Kept in `window.json` of the home. It holds nothing personal, and a damaged file is no reason not to
open: then the window looks as on the first day.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec
from kivy.lang import Builder
from kivy.uix.boxlayout import BoxLayout

from mobile import files
from mobile.i18n import _, marked
from mobile.kit.choice import Choice
from mobile.kit.sheet import Sheet

Builder.load_file(str(Path(__file__).with_suffix(".kv")))

FILE = "window.json"
SIZES = (("normal", marked("标准")), ("large", marked("大字")), ("largest", marked("特大字")))
LIGHTS = (("light", marked("日间")), ("dark", marked("夜间")))
TONGUES = (("zh", "中文"), ("en", "English"))


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """How the window looks and speaks."""

    size: Literal["normal", "large", "largest"] = "normal"
    light: Literal["light", "dark"] = "light"
    language: Literal["zh", "en"] = "zh"


def read(home: Path) -> Preferences:
    """Return what was set last."""
    try:
        return msgspec.json.decode((home / FILE).read_bytes(), type=Preferences)
    except (OSError, msgspec.DecodeError):
        return Preferences()


def keep(home: Path, preferences: Preferences) -> None:
    """Keep what was set; raise NotSaved."""
    files.write(home / FILE, msgspec.json.encode(preferences))


class PreferencesBody(BoxLayout):
    """What stands in the sheet."""


class PreferencesSheet(Sheet):
    """The sheet; `changed` hears every choice at once."""

    def __init__(self, now: Preferences, changed: Callable[[Preferences], None]) -> None:
        super().__init__(_("设置"), wide=640)
        self._now, self._changed = now, changed
        body = PreferencesBody()
        self._choices = {
            "size": Choice(
                _("字的大小"), [(code, _(word)) for code, word in SIZES], keeps=True,
                on_change=lambda: self._set("size"),
            ),
            "light": Choice(
                _("明暗"), [(code, _(word)) for code, word in LIGHTS], keeps=True,
                on_change=lambda: self._set("light"),
            ),
            "language": Choice(
                _("语言"), TONGUES, keeps=True, on_change=lambda: self._set("language")
            ),
        }  # fmt: skip
        for name, choice in self._choices.items():
            choice.put([getattr(now, name)])
            body.add_widget(choice)
        self.panel.add_widget(body)

    def _set(self, name: str) -> None:
        self._now = msgspec.structs.replace(self._now, **{name: self._choices[name].chosen[0]})
        self._changed(self._now)
