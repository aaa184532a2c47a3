"""One record in the list: what, for whom (masked), in which state, how far delivered."""

from __future__ import annotations

from datetime import date
from typing import Any

from kivy.metrics import dp
from kivy.properties import ObjectProperty
from kivy.uix.anchorlayout import AnchorLayout
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.recycleboxlayout import RecycleBoxLayout
from kivy.uix.recycleview import RecycleView

from mobile.i18n import _, marked
from mobile.kit.chip import Chip
from mobile.kit.ground import CLEAR, Ground
from mobile.kit.look import look
from mobile.kit.press import Press
from mobile.kit.words import OneLine, Sign
from mobile.lists import ListRow
from mobile.screens import wording
from shared.kinds import kind_of
from shared.masks import mask_name

ASKED = {"urge": marked("县里催办"), "supervise": marked("县里督办")}


def heading(row: ListRow) -> str:
    """Return name and title in one line; the name masked."""
    return "　".join(part for part in (mask_name(row.name), row.title) if part)


def detail(row: ListRow, today: date) -> str:
    """Return kind, slip number and time in one line."""
    number = wording.slip(row.slip) if row.slip else ""
    parts = (_(kind_of(row.kind).label), number, wording.moment(row.updated_at, today))
    return " · ".join(part for part in parts if part)


class RecordRow(Press, BoxLayout):
    """A row of the list; `row` and `page` are set by the list."""

    row = ObjectProperty(None, allownone=True)
    page = ObjectProperty(None, allownone=True)
    quiet_s = 0.35

    def __init__(self, **rest: Any) -> None:
        super().__init__(padding=(dp(16), 0, dp(16), 0), spacing=dp(12), **rest)
        p = look.palette
        self._ground = Ground(self, p.surface, radius=16, edge=p.line)
        side = look.room(50)
        self._badge = AnchorLayout(
            size_hint=(None, None), size=(side, side), pos_hint={"center_y": 0.5}
        )
        self._badge_ground = Ground(self._badge, p.quiet.ground, radius=15)
        self._sign = Sign(points=27)
        self._badge.add_widget(self._sign)
        column = BoxLayout(
            orientation="vertical", size_hint_y=None, pos_hint={"center_y": 0.5},
            padding=(dp(4), 0, 0, 0), spacing=dp(1),
        )  # fmt: skip
        column.bind(minimum_height=column.setter("height"))
        self._heading = OneLine(points=20, bold=True)
        self._detail = OneLine(points=16, color=p.muted)
        column.add_widget(self._heading)
        column.add_widget(self._detail)
        self._asked, self._conflict, self._state, self._delivery = Chip(), Chip(), Chip(), Chip()
        for part in (self._badge, column):
            self.add_widget(part)
        for chip in (self._asked, self._conflict, self._state, self._delivery):
            chip.pos_hint = {"center_y": 0.5}
        self._holder = BoxLayout(size_hint_x=None)
        self.bind(row=self._show)

    @property
    def text(self) -> str:
        """The heading."""
        return str(self._heading.text)

    @property
    def words(self) -> list[str]:
        """Everything the row says."""
        chips = (
            self._state.text, self._delivery.text, self._conflict.text, self._asked.text
        )  # fmt: skip
        return [self.text, str(self._detail.text), *(str(chip) for chip in chips if chip)]

    def tapped(self) -> None:
        """Open the record."""
        self.page.open_record(self.row)

    def felt(self, down: bool) -> None:
        """Darken under the finger."""
        p = look.palette
        self._ground.paint(p.pressed if down else p.surface, p.line)

    def _show(self, *_args: object) -> None:
        row: ListRow | None = self.row
        if row is None:
            return
        tone = look.palette.tone(wording.KIND_TONES.get(row.kind, "quiet"))
        self._badge_ground.paint(tone.ground)
        self._sign.color, self._sign.sign = tone.ink, wording.KIND_SIGNS.get(row.kind, "item")
        self._heading.text = heading(row)
        self._detail.text = detail(row, self.page.today)
        self._asked.text = _(ASKED[row.asked]) if row.asked in ASKED else ""
        self._asked.sign, self._asked.tone = "warning", "amber"
        count = row.conflicts
        self._conflict.text = _("{count} 处不一致").format(count=count) if count else ""
        self._conflict.sign, self._conflict.tone = "warning", "rose"
        self._state.text = _(str(row.state or ""))
        word, sign, shade = wording.DELIVERY[row.delivery]
        self._delivery.text, self._delivery.sign, self._delivery.tone = _(word), sign, shade
        for chip in (self._asked, self._conflict, self._state, self._delivery):
            self.remove_widget(chip)
            if chip.text:
                self.add_widget(chip)


class RecordList(RecycleView):
    """The list; tells `more` when its end comes near."""

    def __init__(self, more: Any) -> None:
        super().__init__(
            bar_width=dp(6),
            bar_color=look.palette.edge,
            bar_inactive_color=CLEAR,
            scroll_type=["bars", "content"],
        )
        rows = RecycleBoxLayout(
            orientation="vertical", size_hint_y=None, spacing=dp(10), padding=(0, 0, 0, dp(24)),
            default_size=(None, look.room(82)), default_size_hint=(1, None),
        )  # fmt: skip
        rows.bind(minimum_height=rows.setter("height"))
        self.add_widget(rows)
        self.viewclass = RecordRow
        self._more = more
        self.bind(scroll_y=self._near_end)

    def _near_end(self, *_args: object) -> None:
        if self.scroll_y < 0.1 and self.data:
            self._more()
