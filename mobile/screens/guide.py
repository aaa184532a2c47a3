"""The card beside a form: what the chosen item asks for, or how to go about this form."""

from __future__ import annotations

from kivy.metrics import dp
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from mobile.i18n import _, marked
from mobile.kit.card import Card
from mobile.kit.look import look
from mobile.kit.words import OneLine, Sign, Words
from mobile.screens.person import limit_of
from shared.catalogue import Item, Need

TIPS = {
    "consultation": (
        marked("写下群众问的话，或选一个事项，二者有一就能保存。"),
        marked("选了事项，这里会列出材料和时限，可以照着答复。"),
        marked("当场答清楚了，填上答复。"),
    ),
    "proxy": (
        marked("姓名照身份证写，事项从目录里找。"),
        marked("选了事项，这里会列出要带的材料，请一次说全。"),
        marked("存好后把凭证上的号码和查询码抄给群众。"),
    ),
    "case": (
        marked("姓名照身份证写，事项从目录里找。"),
        marked("材料不齐也要收件登记，再一次告知补正。"),
        marked("存好后把凭证上的号码和查询码交给群众。"),
    ),
    "complaint": (
        marked("照群众的话写，不评论，不劝退。"),
        marked("不愿留名可以不填姓名。"),
        marked("存好后把查询码抄给群众。"),
    ),
    "appointment": (
        marked("先选事项，再选日期和时间。"),
        marked("留一个电话，有变动好通知。"),
    ),
}
SEALED_WORDS = (
    marked("这份投诉会在本机当场加密，只有县里管投诉的人能打开。"),
    marked("提交以后，本机任何人都看不到、改不了、查不到、数不出。"),
    marked("不留草稿：请一次写完再离开本页。"),
    marked("查询码只显示一次，请让群众自己抄好。"),
)


class Guide(Card):
    """Shows tips until an item is chosen."""

    def __init__(self, kind: str, *, sealed: bool) -> None:
        super().__init__(tone=look.palette.violet if sealed else None, spacing=dp(12))
        self._kind, self._sealed = kind, sealed
        self.show(None, "")

    def show(self, item: Item | None, label: str) -> None:
        """Show what an item asks for, or the tips."""
        self.clear_widgets()
        if self._sealed:
            self._heading("shield", _("密封投诉"))
            for words in SEALED_WORDS:
                self._point(_(words), "check")
        elif item is None:
            self._heading("info", _("怎么填"))
            for at, words in enumerate(TIPS[self._kind], start=1):
                self._point(_(words), str(at))
        else:
            self._item(item, label)

    def _item(self, item: Item, label: str) -> None:
        p = look.palette
        self._heading("item", item.name)
        limit = _("办理时限：{limit}").format(limit=limit_of(item))
        self.add_widget(Words(limit, points=18))
        fee = item.fee.amount_fen
        money = _("不收费") if not fee else _("收费 {yuan} 元").format(yuan=f"{fee / 100:g}")
        self.add_widget(Words(f"{item.department} · {money}", points=17, color=p.muted))
        self.add_widget(Widget(size_hint_y=None, height=dp(2)))
        self.add_widget(OneLine(_("要带的材料"), points=18, bold=True))
        for material in item.materials:
            note = "" if material.need is Need.REQUIRED else f"（{_(material.need.value)}）"
            self._point(material.name + note, "check")
        if label:
            self.add_widget(Words(_(label), points=15, color=p.muted))

    def _heading(self, sign: str, words: str) -> None:
        row = BoxLayout(size_hint_y=None, spacing=dp(10))
        ink = look.palette.violet.ink if self._sealed else look.palette.accent
        row.add_widget(Sign(sign, points=28, color=ink, pos_hint={"top": 1}))
        text = Words(words, points=21, bold=True, pos_hint={"top": 1})
        text.color = ink if self._sealed else look.palette.text
        self._as_high(row, text)

    def _point(self, words: str, mark: str) -> None:
        p = look.palette
        row = BoxLayout(size_hint_y=None, spacing=dp(10))
        ink = p.violet.ink if self._sealed else p.text
        if mark == "check":
            row.add_widget(Sign(mark, points=20, color=p.violet.ink if self._sealed else p.accent,
                                pos_hint={"top": 1}))  # fmt: skip
        else:
            number = OneLine(mark, points=18, bold=True, color=p.accent, pos_hint={"top": 1})
            row.add_widget(number.fit_text())
        self._as_high(row, Words(words, points=18, color=ink, pos_hint={"top": 1}))

    def _as_high(self, row: BoxLayout, words: Words) -> None:
        row.add_widget(words)
        words.bind(height=lambda _w, high: setattr(row, "height", max(high, look.text(24))))
        row.height = max(words.height, look.text(24))
        self.add_widget(row)
