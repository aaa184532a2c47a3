"""A field: its name, a box to type in, and one line below for advice or what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kivy.metrics import dp
from kivy.properties import StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.textinput import TextInput

from mobile.i18n import _
from mobile.kit.ground import Ground
from mobile.kit.look import look
from mobile.kit.words import LEADING, OneLine, Sign, Words


class Entry(TextInput):
    """The typing area, in the colours of the look. Chinese needs `input_type` text everywhere:
    Android's default is a key-event mode that no Chinese input method can use."""

    def __init__(self, **rest: Any) -> None:
        p = look.palette
        rest.setdefault("input_type", "text")
        super().__init__(
            background_normal="", background_active="", background_disabled_normal="",
            background_color=(0, 0, 0, 0), foreground_color=p.text, cursor_color=p.accent,
            disabled_foreground_color=p.muted, selection_color=p.accent.faded(0.28),
            hint_text_color=p.muted, cursor_width=dp(2), font_size=look.text(20),
            write_tab=False, use_bubble=False, use_handles=False, **rest,
        )  # fmt: skip


class Labelled(BoxLayout):
    """What every field of a form shares: label above, note below, an error that is marked by sign,
    edge and words."""

    error = StringProperty()
    advice = StringProperty()

    def __init__(self, label: str, *, needed: bool = False, advice: str = "") -> None:
        super().__init__(orientation="vertical", size_hint_y=None, spacing=dp(6))
        self.bind(minimum_height=self.setter("height"))
        self.label = label
        p = look.palette
        header = BoxLayout(size_hint_y=None, spacing=dp(8))
        name = OneLine(label, points=18, bold=True, color=p.text).fit_text()
        header.height = name.height
        header.add_widget(name)
        header.add_widget(OneLine(_("必填") if needed else "", points=15, color=p.muted))
        self.add_widget(header)
        self._note_row = BoxLayout(size_hint_y=None, spacing=dp(6))
        self._note_sign = Sign("warning", points=20, color=p.error, pos_hint={"top": 1})
        self._note = Words(points=16)
        self._note.bind(height=self._fit_note)
        self._built = False
        self.bind(error=self._show_note, advice=self._show_note)
        self.advice = advice

    def complete(self, control: Any) -> None:
        """Add the control and the note below it."""
        self.add_widget(control)
        self.add_widget(self._note_row)
        self._built = True
        self._show_note()

    def mark(self, wrong: bool) -> None:
        """Overridden: show at the control that something is wrong."""

    def _show_note(self, *_: object) -> None:
        if not self._built:
            return
        p = look.palette
        self._note_row.clear_widgets()
        if self.error:
            self._note_row.add_widget(self._note_sign)
        self._note.color = p.error if self.error else p.muted
        self._note.content = self.error or self.advice
        if self._note.content:
            self._note_row.add_widget(self._note)
        self._fit_note()
        self.mark(bool(self.error))

    def _fit_note(self, *_: object) -> None:
        sign = self._note_sign.height if self.error else 0
        self._note_row.height = max(self._note.height, sign) if self._note.content else 0


class Field(Labelled):
    """A text field. `on_change` hears every change, `on_left` that the typing ended."""

    def __init__(
        self, label: str, *, needed: bool = False, advice: str = "", hint: str = "",
        lines: int = 1, input_type: str = "text", on_change: Callable[[], None] | None = None,
        on_left: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(label, needed=needed, advice=advice)
        self._on_change, self._on_left = on_change, on_left
        self.box = TextBox(hint=hint, lines=lines, input_type=input_type)
        self.entry = self.box.entry
        self.entry.bind(text=self._changed, focus=self._focused)
        self.complete(self.box)

    @property
    def value(self) -> str:
        """What was typed, untouched."""
        return str(self.entry.text)

    def put(self, text: str) -> None:
        """Fill the field."""
        self.entry.text = text

    def mark(self, wrong: bool) -> None:
        """Mark the edge."""
        self.box.mark(wrong)

    def _changed(self, *_: object) -> None:
        self.error = ""
        if self._on_change is not None:
            self._on_change()

    def _focused(self, _entry: object, focused: bool) -> None:
        if not focused and self._on_left is not None:
            self._on_left()


class TextBox(BoxLayout):
    """The box around an entry, with room for a sign in front."""

    def __init__(
        self, *, hint: str = "", lines: int = 1, input_type: str = "text", sign: str = ""
    ) -> None:
        super().__init__(size_hint_y=None, spacing=dp(4))
        p = look.palette
        line = look.text(20) * LEADING
        self.entry = Entry(hint_text=hint, multiline=lines > 1, input_type=input_type)
        self.height = max(look.room(56), line * lines + dp(26))
        self._wrong = False
        self._ground = Ground(self, p.sunken, radius=14, edge=p.edge)
        if sign:
            self.padding = (dp(16), 0, 0, 0)
            self.add_widget(Sign(sign, points=24, color=p.muted, pos_hint={"center_y": 0.5}))
        self.add_widget(self.entry)
        self._high = lines > 1
        self.entry.bind(focus=self._show, size=self._centre, line_height=self._centre)
        self._centre()

    def mark(self, wrong: bool) -> None:
        """Show or take away the mark of an error."""
        self._wrong = wrong
        self._show()

    def _show(self, *_: object) -> None:
        p = look.palette
        edge = p.error if self._wrong else (p.accent if self.entry.focus else p.edge)
        self._ground.paint(p.sunken, edge, 2 if self._wrong or self.entry.focus else 1)

    def _centre(self, *_: object) -> None:
        above = dp(13) if self._high else max((self.height - self.entry.line_height) / 2, 0)
        self.entry.padding = (dp(16), above, dp(16), above if not self._high else dp(8))
