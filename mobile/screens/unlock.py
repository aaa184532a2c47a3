"""Unlocking: who am I, and the PIN on large keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kivy.core.window import Window
from kivy.lang import Builder
from kivy.metrics import dp
from kivy.properties import StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from mobile.i18n import _
from mobile.kit.ground import Ground
from mobile.kit.look import look
from mobile.kit.press import Press
from mobile.kit.words import OneLine, Sign
from mobile.screens import wording
from shared.errors import BianminError

if TYPE_CHECKING:
    from mobile.keyring import Slot

Builder.load_file(str(Path(__file__).with_suffix(".kv")))

_ENTER = (13, 271)
_BACKSPACE = 8
_SHOWN_MAX = 16


class AgentRow(Press, BoxLayout):
    """One agent of this tablet; the chosen one has a tick and an edge."""

    def __init__(self, slot: Slot, action: Callable[[Slot], None]) -> None:
        super().__init__(
            size_hint_y=None, height=look.room(68), padding=(dp(14), 0, dp(18), 0), spacing=dp(14)
        )
        self.slot, self._action, self._chosen = slot, action, False
        p = look.palette
        self._ground = Ground(self, p.surface, radius=16, edge=p.line)
        self._sign = Sign("person", points=28, color=p.accent, pos_hint={"center_y": 0.5})
        column = BoxLayout(orientation="vertical", size_hint_y=None, pos_hint={"center_y": 0.5})
        column.bind(minimum_height=column.setter("height"))
        self._name = OneLine(slot.name, points=21, bold=True)
        column.add_widget(self._name)
        column.add_widget(OneLine(wording.role(slot.role), points=16, color=p.muted))
        self._tick = Sign("", points=26, color=p.accent, pos_hint={"center_y": 0.5})
        for part in (self._sign, column, self._tick):
            self.add_widget(part)

    @property
    def text(self) -> str:
        """The agent's name."""
        return self.slot.name

    def choose(self, chosen: bool) -> None:
        """Show whether this is the one."""
        self._chosen = chosen
        self._tick.sign = "check" if chosen else ""
        self.felt(False)

    def tapped(self) -> None:
        """This is me."""
        self._action(self.slot)

    def felt(self, down: bool) -> None:
        """Darken under the finger."""
        p = look.palette
        fill = p.pressed if down else p.surface
        edge = p.accent if self._chosen else p.line
        self._ground.paint(fill, edge, 2 if self._chosen else 1)


class Key(Press, BoxLayout):
    """One key of the pad."""

    def __init__(self, word: str, sign: str, action: Callable[[], None], *, lit: bool) -> None:
        super().__init__(size_hint_y=None, height=look.room(74), padding=dp(8))
        p = look.palette
        self._lit, self.word, self._action = lit, word, action
        self._ground = Ground(self, p.accent if lit else p.surface, radius=18, edge=p.line)
        ink = p.on_accent if lit else p.text
        if sign:
            self.add_widget(Widget())
            self.add_widget(Sign(sign, points=30, color=ink, pos_hint={"center_y": 0.5}))
            self.add_widget(Widget())
        else:
            size = 22 if lit else 30
            self.add_widget(
                OneLine(word, points=size, bold=True, halign="center", color=ink, size_hint_y=1)
            )

    @property
    def text(self) -> str:
        """What the key stands for."""
        return self.word

    def tapped(self) -> None:
        """Type it."""
        self._action()

    def felt(self, down: bool) -> None:
        """Darken under the finger."""
        p = look.palette
        rest = p.accent if self._lit else p.surface
        pressed = p.accent_pressed if self._lit else p.pressed
        self._ground.paint(pressed if down else rest, p.accent if self._lit else p.line)


class UnlockPage(BoxLayout):
    """`unlock(name, pin, failed)` tries; on success the page is exchanged by the window."""

    county = StringProperty()

    def __init__(self, unlock: Callable[[str, str, Callable[[BianminError], None]], None]) -> None:
        super().__init__()
        self._unlock = unlock
        self._pin = ""
        self._busy = False
        self._agent: Slot | None = None
        self._rows: list[AgentRow] = []
        for digit in "123456789":
            self._key(digit, "", partial(self._type, digit))
        self._key("⌫", "backspace", self._rub_out)
        self._key("0", "", lambda: self._type("0"))
        self._key(_("进入"), "", self._enter, lit=True)
        self._show()
        self.bind(parent=self._listen)

    def agents(self, slots: Sequence[Slot]) -> None:
        """Show who may unlock; the first is chosen."""
        self.ids.agents.clear_widgets()
        self._rows = [AgentRow(slot, self._choose) for slot in slots]
        for row in self._rows:
            self.ids.agents.add_widget(row)
        if slots:
            self._choose(slots[0])

    def trouble(self, error: BianminError) -> None:
        """Say why it did not open."""
        self._busy, self._pin = False, ""
        self._show(wording.sentence(error), wrong=True)

    def _key(self, word: str, sign: str, action: Callable[[], None], *, lit: bool = False) -> None:
        self.ids.pad.add_widget(Key(word, sign, action, lit=lit))

    def _choose(self, slot: Slot) -> None:
        self._agent, self._pin = slot, ""
        for row in self._rows:
            row.choose(row.slot.number == slot.number)
        self._show()

    def _type(self, character: str) -> None:
        from mobile.slot import PIN_LENGTH_MAX  # loaded by now, beside the window

        if not self._busy and len(self._pin) < PIN_LENGTH_MAX:
            self._pin += character
            self._show()

    def _rub_out(self) -> None:
        if not self._busy:
            self._pin = self._pin[:-1]
            self._show()

    def _enter(self) -> None:
        if self._busy or self._agent is None or not self._pin:
            return
        self._busy = True
        self._show(_("正在打开…"))
        self._unlock(self._agent.name, self._pin, self.trouble)

    def _show(self, note: str = "", *, wrong: bool = False) -> None:
        p = look.palette
        dots = "●  " * min(len(self._pin), _SHOWN_MAX)
        self.ids.dots.text = dots.strip() or _("请输入 PIN")
        self.ids.dots.color = p.accent if dots else p.muted
        self.ids.dots.points = 22 if dots else 20
        self.ids.note.content = note
        self.ids.note.color = p.error if wrong else p.muted

    # A PC has keys of its own.

    def _listen(self, *_args: Any) -> None:
        bind = Window.bind if self.parent is not None else Window.unbind
        bind(on_textinput=self._typed, on_key_down=self._pressed)

    def _typed(self, _window: object, text: str) -> None:
        for character in text:
            if character.isprintable():
                self._type(character)

    def _pressed(self, _window: object, key: int, *_args: object) -> None:
        if key in _ENTER:
            self._enter()
        elif key == _BACKSPACE:
            self._rub_out()
