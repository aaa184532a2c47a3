"""The stage: one page, sheets above it, and a short word that goes by itself."""

from __future__ import annotations

from typing import Any

from kivy.clock import Clock
from kivy.core.window import Window
from kivy.graphics import Color, Rectangle
from kivy.metrics import dp
from kivy.uix.anchorlayout import AnchorLayout
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.floatlayout import FloatLayout

from mobile.kit.ground import Ground
from mobile.kit.look import look
from mobile.kit.sheet import Sheet
from mobile.kit.words import Sign, Words, text_width

TOAST_S = 4.0
ESCAPE = 27


class Stage(FloatLayout):
    """The root of the window."""

    def __init__(self) -> None:
        super().__init__()
        self.page: Any = None
        self.sheets: list[Sheet] = []
        self._toast: Any = None
        self._toast_end = Clock.create_trigger(self._drop_toast, TOAST_S)
        with self.canvas.before:
            self._paint = Color(rgba=look.palette.page)
            self._paper = Rectangle()
        self.bind(size=self._fit, pos=self._fit)
        Window.bind(on_keyboard=self._key)

    def show(self, page: Any) -> None:
        """Exchange the page; sheets and what was said about the old one go."""
        self._drop_toast()
        for sheet in list(self.sheets):
            self._take_off(sheet)
        if self.page is not None:
            self.remove_widget(self.page)
        self._paint.rgba = look.palette.page
        self.page = page
        self.add_widget(page, index=len(self.children))

    def lay(self, sheet: Sheet) -> None:
        """Lay a sheet over everything."""
        self.sheets.append(sheet)
        sheet.size = self.size
        self.add_widget(sheet)
        sheet.show_over(lambda: self._take_off(sheet))

    def say(self, text: str, sign: str = "info") -> None:
        """Say one sentence; it goes after a few seconds."""
        self._drop_toast()
        tone = look.palette.toast
        aside = getattr(self.page, "aside", 0)  # what must stay in sight at the right
        room = self.width - aside - dp(64)
        wanted = text_width(text, look.text(18)) + look.text(24) + dp(12 + 40 + 4)
        row = BoxLayout(
            size_hint=(None, None),
            width=min(wanted, room),
            spacing=dp(12),
            padding=(dp(20), dp(14)),
        )
        Ground(row, tone.ground, radius=16)
        row.add_widget(Sign(sign, points=24, color=tone.ink, pos_hint={"center_y": 0.5}))
        words = Words(text, points=18, color=tone.ink)
        words.pos_hint = {"center_y": 0.5}
        words.bind(height=lambda _w, high: setattr(row, "height", max(high, dp(28)) + dp(28)))
        row.add_widget(words)
        row.height = words.height + dp(28)
        self._toast = AnchorLayout(
            anchor_x="center", anchor_y="bottom", padding=(dp(28), dp(28), aside + dp(28), dp(28))
        )
        self._toast.add_widget(row)
        self.add_widget(self._toast)
        self._toast_end()

    def leave(self) -> None:
        """The window closes: let the page keep what it has, and hear no keys any more."""
        Window.unbind(on_keyboard=self._key)
        if hasattr(self.page, "leave"):
            self.page.leave()
        self._drop_toast()

    @property
    def said(self) -> str:
        """The sentence that stands there now."""
        words = [w for w in self._toast.walk() if isinstance(w, Words)] if self._toast else []
        return str(words[0].content) if words else ""

    def _drop_toast(self, *_: object) -> None:
        self._toast_end.cancel()
        if self._toast is not None:
            self.remove_widget(self._toast)
            self._toast = None

    def _take_off(self, sheet: Sheet) -> None:
        if sheet in self.sheets:
            self.sheets.remove(sheet)
            self.remove_widget(sheet)

    def _key(self, _window: object, key: int, *_: object) -> bool:
        if key != ESCAPE:
            return False
        if self.sheets:
            self.sheets[-1].close()
        elif hasattr(self.page, "go_back"):
            self.page.go_back()
        return True

    def _fit(self, *_: object) -> None:
        self._paper.pos, self._paper.size = self.pos, self.size
        for sheet in self.sheets:
            sheet.size = self.size
