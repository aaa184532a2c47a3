"""Choosing one thing out of many: a field that opens a sheet with a search box and a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kivy.metrics import dp
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.recycleboxlayout import RecycleBoxLayout
from kivy.uix.recycleview import RecycleView

from mobile.i18n import _
from mobile.kit.field import Labelled, TextBox
from mobile.kit.ground import CLEAR, Ground
from mobile.kit.look import look
from mobile.kit.press import Press
from mobile.kit.sheet import Sheet
from mobile.kit.words import OneLine, Sign, Words
from shared.names import SearchKeys, matches, search_keys


@dataclass(frozen=True, slots=True)
class Thing:
    """One of many: its code, its name, a line of explanation, and how it is found."""

    code: str
    name: str
    about: str
    keys: SearchKeys

    def fits(self, query: str) -> bool:
        """Whether the words of a search box may mean this."""
        plain = query.strip().lower()
        if not plain:
            return True
        within = plain in self.name.lower() or plain in self.about.lower()
        return within or plain in self.code.lower() or matches(query, self.keys)


def thing(code: str, name: str, about: str) -> Thing:
    """Return one thing with its search keys."""
    return Thing(code, name, about, search_keys(name))


class PickerRow(Press, BoxLayout):
    """One thing in the list."""

    code = StringProperty()
    name = StringProperty()
    about = StringProperty()
    chosen = BooleanProperty(False)
    action = ObjectProperty(None)

    def __init__(self, **rest: Any) -> None:
        super().__init__(padding=(dp(18), dp(8)), spacing=dp(10), **rest)
        p = look.palette
        self._ground = Ground(self, p.surface, radius=14, edge=p.line)
        column = BoxLayout(orientation="vertical", size_hint_y=None, pos_hint={"center_y": 0.5})
        column.bind(minimum_height=column.setter("height"))
        self._name, self._about = OneLine(points=19, bold=True), OneLine(points=16, color=p.muted)
        column.add_widget(self._name)
        column.add_widget(self._about)
        self._tick = Sign(points=26, color=p.accent, pos_hint={"center_y": 0.5})
        self.add_widget(column)
        self.add_widget(self._tick)
        self.bind(name=self._show, about=self._show, chosen=self._show)

    @property
    def text(self) -> str:
        """The name."""
        return str(self.name)

    def tapped(self) -> None:
        """Choose this."""
        self.action(self.code)

    def felt(self, down: bool) -> None:
        """Darken under the finger."""
        p = look.palette
        self._ground.paint(p.pressed if down else p.surface, p.line)

    def _show(self, *_: object) -> None:
        self._name.text, self._about.text = self.name, self.about
        self._tick.sign = "check" if self.chosen else ""


class ThingList(RecycleView):
    """The list of a picker."""

    def __init__(self) -> None:
        super().__init__(
            bar_width=dp(6),
            bar_color=look.palette.edge,
            bar_inactive_color=CLEAR,
            scroll_type=["bars", "content"],
        )
        rows = RecycleBoxLayout(
            orientation="vertical", size_hint_y=None, spacing=dp(8),
            default_size=(None, look.room(74)), default_size_hint=(1, None),
        )  # fmt: skip
        rows.bind(minimum_height=rows.setter("height"))
        self.add_widget(rows)
        self.viewclass = PickerRow


class Picker(Sheet):
    """The sheet of a picker."""

    def __init__(
        self, title: str, hint: str, things: Sequence[Thing], chosen: str,
        action: Callable[[str], None],
    ) -> None:  # fmt: skip
        super().__init__(title, wide=820, high=700)
        self._things, self._chosen, self._action = things, chosen, action
        box = TextBox(hint=hint, sign="search")
        self.entry = box.entry
        self.panel.add_widget(box)
        self._list = ThingList()
        self._none = Words(points=18, color=look.palette.muted)
        self.panel.add_widget(self._none)
        self.panel.add_widget(self._list)
        self.entry.bind(text=self._show)
        self._show()

    def _show(self, *_args: object) -> None:
        found = [one for one in self._things if one.fits(self.entry.text)]
        self._none.content = "" if found else _("没有找到，请换一个字，或只输入拼音首字母。")
        self._list.data = [
            {"code": one.code, "name": one.name, "about": one.about,
             "chosen": one.code == self._chosen, "action": self._choose}
            for one in found
        ]  # fmt: skip
        self._list.scroll_y = 1

    def _choose(self, code: str) -> None:
        self.close()
        self._action(code)


class PickerField(Labelled):
    """A field whose value is picked. `open_sheet` lays a sheet over the screen."""

    def __init__(
        self, label: str, *, hint: str, needed: bool = False, advice: str = "",
        sign: str = "down", on_tap: Callable[[], None],
    ) -> None:  # fmt: skip
        super().__init__(label, needed=needed, advice=advice)
        self.value = ""
        self.box = PickerBox(hint, sign, on_tap)
        self.complete(self.box)

    def put(self, value: str, shown: str) -> None:
        """Hold `value`, show it in words."""
        self.value = value
        self.error = ""
        self.box.show(shown)

    def mark(self, wrong: bool) -> None:
        """Mark the edge."""
        self.box.mark(wrong)


class PickerBox(Press, BoxLayout):
    """The box of a picker field."""

    quiet_s = 0.35

    def __init__(self, hint: str, sign: str, on_tap: Callable[[], None]) -> None:
        super().__init__(size_hint_y=None, height=look.room(56), padding=(dp(16), 0), spacing=dp(8))
        p = look.palette
        self._hint, self._on_tap, self._wrong = hint, on_tap, False
        self._ground = Ground(self, p.sunken, radius=14, edge=p.edge)
        self._line = OneLine(hint, points=20, color=p.muted, pos_hint={"center_y": 0.5})
        self.add_widget(self._line)
        self.add_widget(Sign(sign, points=24, color=p.muted, pos_hint={"center_y": 0.5}))

    @property
    def text(self) -> str:
        """What the box shows."""
        return str(self._line.text)

    def show(self, text: str) -> None:
        """Show a value, or the hint where there is none."""
        p = look.palette
        self._line.text = text or self._hint
        self._line.color = p.text if text else p.muted

    def mark(self, wrong: bool) -> None:
        """Show or take away the mark of an error."""
        self._wrong = wrong
        self.felt(False)

    def tapped(self) -> None:
        """Open the sheet."""
        self._on_tap()

    def felt(self, down: bool) -> None:
        """Darken under the finger."""
        p = look.palette
        edge = p.error if self._wrong else p.edge
        self._ground.paint(p.pressed if down else p.sunken, edge, 2 if self._wrong else 1)
