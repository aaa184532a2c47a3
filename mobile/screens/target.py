"""The first question of a complaint: about whom or what. It decides whether it is sealed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kivy.lang import Builder
from kivy.metrics import dp
from kivy.uix.boxlayout import BoxLayout

from mobile.i18n import _, marked
from mobile.kit.button import PushButton
from mobile.kit.chip import Chip
from mobile.kit.ground import Ground
from mobile.kit.look import look
from mobile.kit.press import Press
from mobile.kit.words import OneLine, Sign, Words
from shared.kinds import SEALED_TARGETS, kind_of

Builder.load_file(str(Path(__file__).with_suffix(".kv")))

ORDER = ("person", "site", "item", "equipment", "undisclosed")
SIGNS = {
    "person": "person", "site": "site", "item": "item", "equipment": "equipment",
    "undisclosed": "shield",
}  # fmt: skip
ABOUT = {
    "person": marked("态度、吃拿卡要、该办不办"),
    "site": marked("不开门、没人、环境差"),
    "item": marked("手续、材料、时间、收费"),
    "equipment": marked("坏了、不会用、不好用"),
    "undisclosed": marked("不想先说对象，也可以投诉"),
}


class TargetCard(Press, BoxLayout):
    """One target."""

    quiet_s = 0.35

    def __init__(self, code: str, word: str, action: Callable[[str], None]) -> None:
        super().__init__(
            orientation="vertical", size_hint_y=None, height=look.room(198),
            padding=(dp(22), dp(20)), spacing=dp(6),
        )  # fmt: skip
        self._code, self._action = code, action
        p = look.palette
        self._ground = Ground(self, p.surface, radius=20, edge=p.line)
        sealed = code in SEALED_TARGETS
        top = BoxLayout(size_hint_y=None, height=look.room(54))
        top.add_widget(Sign(SIGNS[code], points=44, color=p.rose.ink, pos_hint={"top": 1}))
        top.add_widget(BoxLayout())
        if sealed:
            top.add_widget(Chip(text=_("密封"), sign="lock", tone="violet", pos_hint={"top": 1}))
        self.add_widget(top)
        self._line = OneLine(word, points=24, bold=True)
        self.add_widget(self._line)
        self.add_widget(Words(_(ABOUT[code]), points=18, color=p.muted))
        self.add_widget(BoxLayout())

    @property
    def text(self) -> str:
        """The target's word."""
        return str(self._line.text)

    def tapped(self) -> None:
        """Choose it."""
        self._action(self._code)

    def felt(self, down: bool) -> None:
        """Darken under the finger."""
        p = look.palette
        self._ground.paint(p.pressed if down else p.surface, p.line)


class Explained(BoxLayout):
    """What 密封 means, for who reads it out."""

    def __init__(self) -> None:
        super().__init__(
            orientation="vertical",
            size_hint_y=None,
            height=look.room(198),
            padding=(dp(22), dp(20)),
            spacing=dp(8),
        )
        tone = look.palette.violet
        Ground(self, tone.ground, radius=20)
        row = BoxLayout(size_hint_y=None, height=look.room(34), spacing=dp(8))
        row.add_widget(Sign("lock", points=26, color=tone.ink, pos_hint={"center_y": 0.5}))
        title = OneLine(_("什么是密封"), points=20, bold=True, color=tone.ink)
        title.pos_hint = {"center_y": 0.5}
        row.add_widget(title)
        self.add_widget(row)
        words = _("当场加密，只有县里管投诉的人能打开。本机谁也看不到，包括登记的人。")
        self.add_widget(Words(words, points=18, color=tone.ink))
        self.add_widget(BoxLayout())


class TargetPage(BoxLayout):
    """The chooser."""

    def __init__(self, choose: Callable[[str], None], back: Callable[[], None]) -> None:
        super().__init__()
        self.go_back = back
        self.ids.header.add_widget(PushButton(back, sign="back", style="plain", hug=True, high=56))
        self.ids.header.add_widget(OneLine(_("登记投诉"), points=28, bold=True, size_hint_y=1))
        field = kind_of("complaint").fields["target_kind"]
        for code in ORDER:
            self.ids.targets.add_widget(TargetCard(code, _(field.choice_label(code)), choose))
        self.ids.targets.add_widget(Explained())
