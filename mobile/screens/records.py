"""The desk's first screen: what can be registered, what there is, and how far it has come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from kivy.clock import Clock
from kivy.lang import Builder
from kivy.metrics import dp
from kivy.properties import StringProperty
from kivy.uix.anchorlayout import AnchorLayout
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from mobile.i18n import _, marked
from mobile.kit.button import PushButton
from mobile.kit.field import TextBox
from mobile.kit.ground import Ground
from mobile.kit.look import look
from mobile.kit.press import Press
from mobile.kit.progress import Progress
from mobile.kit.rail import Rail
from mobile.kit.words import OneLine, Sign, Words
from mobile.lists import PAGE, ListRow
from mobile.screens import wording
from mobile.screens.backstage import Backstage, Overview
from mobile.screens.forms import kinds_for
from mobile.screens.person import Person
from mobile.screens.record_row import RecordList
from shared.errors import BianminError
from shared.kinds import kind_of

if TYPE_CHECKING:
    from mobile.synchronise import Synced

Builder.load_file(str(Path(__file__).with_suffix(".kv")))

SEARCH_PAUSE_S = 0.2
LARGE = 1.15
PURPOSE = {
    "consultation": marked("问政策、问材料"),
    "proxy": marked("替群众跑腿办事"),
    "case": marked("窗口收件"),
    "complaint": marked("对人、对事、对服务"),
    "appointment": marked("约好时间再来"),
}


class Tile(Press, BoxLayout):
    """A large way to a form."""

    quiet_s = 0.35

    def __init__(self, kind: str, action: Callable[[str], None]) -> None:
        super().__init__(padding=(dp(16), 0, dp(10), 0), spacing=dp(12))
        self.kind, self._action = kind, action
        p = look.palette
        tone = p.tone(wording.KIND_TONES[kind])
        self._ground = Ground(self, p.surface, radius=20, edge=p.line)
        side = look.room(54)
        badge = AnchorLayout(size_hint=(None, None), size=(side, side), pos_hint={"center_y": 0.5})
        Ground(badge, tone.ground, radius=17)
        badge.add_widget(Sign(kind, points=31, color=tone.ink))
        column = BoxLayout(orientation="vertical", size_hint_y=None, pos_hint={"center_y": 0.5})
        column.bind(minimum_height=column.setter("height"))
        self._line = OneLine(
            _("登记{kind}").format(kind=_(kind_of(kind).label)), points=21, bold=True
        )
        column.add_widget(self._line)
        if look.factor < LARGE:  # in large type there is room for the word alone
            column.add_widget(OneLine(_(PURPOSE[kind]), points=15, color=p.muted))
        self.add_widget(badge)
        self.add_widget(column)

    @property
    def text(self) -> str:
        """The word on the tile."""
        return str(self._line.text)

    def tapped(self) -> None:
        """Open the form."""
        self._action(self.kind)

    def felt(self, down: bool) -> None:
        """Darken under the finger."""
        p = look.palette
        self._ground.paint(p.pressed if down else p.surface, p.line)


class RecordsPage(BoxLayout):
    """The screen. What leads elsewhere is handed in."""

    place = StringProperty()
    who = StringProperty()

    def __init__(
        self, backstage: Backstage, person: Person, *, register: Callable[[str], None],
        open_record: Callable[[ListRow], None], settings: Callable[[], None],
        lock: Callable[[], None], say: Callable[[str, str], None], news: Callable[[], None],
    ) -> None:  # fmt: skip
        self.today: date = person.today
        self.place = person.site or _("{county}便民服务").format(county=person.county)
        who = (f"{wording.day(self.today)} {wording.weekday(self.today)}", person.name,
               wording.role(person.role))  # fmt: skip
        super().__init__(who=" · ".join(who))
        self._backstage, self._say, self.open_record = backstage, say, open_record
        self._rows: list[ListRow] = []
        self._whole = False
        self._asked = 0
        self._syncing = self._quietly = False
        self._news = news
        self._build(person, register, settings, lock)
        self._search_soon = Clock.create_trigger(self._search, SEARCH_PAUSE_S)
        self.entry.bind(text=lambda *_args: self._search_soon())
        self.refresh()

    def refresh(self) -> None:
        """Read list and counts anew."""
        if self.entry.text.strip():
            self._search()
        self._backstage.overview(self._overview, self._trouble)

    def synchronise(self, *, quietly: bool = False) -> None:
        """Exchange with the county, and say in plain words how it went.

        `quietly` says nothing where the county cannot be reached: nobody asked.
        """
        if self._syncing:
            return
        self._quietly = quietly
        self._set_syncing(True)
        self._backstage.synchronise(self._trip, self._synced, self._not_synced)

    # -- building -----------------------------------------------------------------------------

    def _build(
        self, person: Person, register: Callable[[str], None], settings: Callable[[], None],
        lock: Callable[[], None],
    ) -> None:  # fmt: skip
        rail = Rail()
        rail.place("records", _("记录"), self._to_top, here=True)
        rail.tool("settings", _("设置"), settings)
        rail.tool("lock", _("锁定"), lock)
        self.add_widget(rail, index=len(self.children))
        for kind in kinds_for(person.role):
            self.ids.tiles.add_widget(Tile(kind, register))
        self._sync_button = PushButton(
            self.synchronise, text=_("同步"), sign="sync", hug=True, high=58
        )
        place = self.ids.sync_place
        place.add_widget(self._sync_button)
        place.width = self._sync_button.width
        self._sync_button.bind(width=place.setter("width"))
        box = TextBox(hint=_("查找：姓名、拼音首字母、凭证号、电话后几位"), sign="search")
        self.entry = box.entry
        self.ids.search_place.add_widget(box)
        self._progress = Progress()
        self.ids.progress_place.add_widget(self._progress)
        self._list = RecordList(self._more)
        self._empty = Empty()
        self.ids.list_place.add_widget(self._list)

    def _to_top(self) -> None:
        self.entry.text = ""
        self._list.scroll_y = 1

    # -- list ---------------------------------------------------------------------------------

    def _overview(self, found: Overview) -> None:
        if not self.entry.text.strip():
            self._whole = len(found.rows) < PAGE
            self._show(found.rows)
        self.ids.counts.text = _("已存本机 {saved} 件，待送达 {pending} 件").format(
            saved=found.saved, pending=found.pending
        )
        last = found.status.last_delivered_at
        words = [_("上次送达 {time}").format(time=wording.moment(last, self.today))
                 if last else _("还没有送达过")]  # fmt: skip
        if found.status.held:
            words.append(_("县里暂缓 {count} 件").format(count=found.status.held))
        if found.status.refused:
            words.append(_("县里退回 {count} 件").format(count=found.status.refused))
        self.ids.last.text = "，".join(words)

    def _search(self, *_args: object) -> None:
        text = self.entry.text
        if not text.strip():
            self._backstage.overview(self._overview, self._trouble)
            return
        self._asked += 1
        asked = self._asked

        def found(rows: list[ListRow]) -> None:
            if asked == self._asked and self.entry.text.strip():
                self._whole = True
                self._list.scroll_y = 1
                self._show(rows)

        self._backstage.search(text, found, self._trouble)

    def _more(self) -> None:
        if self._whole:
            return
        self._whole = True  # until the answer is there

        def found(rows: list[ListRow]) -> None:
            if not self.entry.text.strip():
                self._whole = len(rows) < PAGE
                self._show(self._rows + rows)

        self._backstage.page(len(self._rows), found, self._trouble)

    def _show(self, rows: list[ListRow]) -> None:
        self._rows = rows
        self._list.data = [{"page": self, "row": row} for row in rows]
        searching = bool(self.entry.text.strip())
        self._empty.tell(searching)
        place = self.ids.list_place
        wanted, other = (self._list, self._empty) if rows else (self._empty, self._list)
        if other.parent is not None:
            place.remove_widget(other)
        if wanted.parent is None:
            place.add_widget(wanted)

    # -- the county ---------------------------------------------------------------------------

    def _trip(self, trips: int) -> None:
        self.ids.last.text = _("正在和县里交换，第 {count} 批…").format(count=trips)
        self._backstage.overview(self._overview, self._trouble)

    def _synced(self, done: Synced) -> None:
        self._set_syncing(False)
        self._news()
        if done.notices:
            self._say(done.notices[0], "warning")
        elif not self._quietly or done.pushed or done.pulled:
            said = _("送达 {up} 件，收到 {down} 件。").format(up=done.pushed, down=done.pulled)
            self._say(said, "check_circle")
        self.refresh()

    def _not_synced(self, error: BianminError) -> None:
        from sync.exchange import Unreachable  # loaded by now, on the line's thread

        self._set_syncing(False)
        words = wording.sentence(error)
        if isinstance(error, Unreachable):
            words = _("现在连不上县里。登记的都存在本机，有网时再点“同步”。")
        if not (self._quietly and isinstance(error, Unreachable)):
            self._say(words, "cloud_off")
        self.refresh()

    def _set_syncing(self, syncing: bool) -> None:
        self._syncing = syncing
        self._progress.active = syncing
        self._sync_button.disabled = syncing
        self._sync_button.text = _("正在同步") if syncing else _("同步")

    def _trouble(self, error: BianminError) -> None:
        self._say(wording.sentence(error), "warning")


class Empty(BoxLayout):
    """What stands where no record is."""

    def __init__(self) -> None:
        super().__init__(orientation="vertical", spacing=dp(10))
        p = look.palette
        holder = AnchorLayout(size_hint_y=None, height=dp(72))
        self._sign = Sign("records", points=56, color=p.edge)
        holder.add_widget(self._sign)
        self._words = Words(points=20, color=p.muted, halign="center")
        self.add_widget(Widget())
        self.add_widget(holder)
        self.add_widget(self._words)
        self.add_widget(Widget(size_hint_y=1.6))

    def tell(self, searching: bool) -> None:
        """Say why there is nothing."""
        self._sign.sign = "search" if searching else "records"
        self._words.content = (
            _("没有找到。可以只输入一个字、拼音首字母，或电话的后四位。")
            if searching
            else _("这里还没有记录。点上面的按钮，登记第一件。")
        )
