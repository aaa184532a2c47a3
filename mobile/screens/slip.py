"""After saving: number and query code, large enough to be copied by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kivy.lang import Builder
from kivy.metrics import dp
from kivy.properties import StringProperty
from kivy.uix.anchorlayout import AnchorLayout
from kivy.uix.widget import Widget

from mobile.desk import Recorded, Sealed
from mobile.i18n import _
from mobile.kit.button import PushButton
from mobile.kit.card import Card
from mobile.kit.look import look
from mobile.kit.words import OneLine, Words
from mobile.screens import wording
from shared.kinds import kind_of

Builder.load_file(str(Path(__file__).with_suffix(".kv")))


POINTS = 50


class SlipPage(AnchorLayout):
    """What the citizen takes along. A sealed complaint has its code alone."""

    title = StringProperty()
    advice = StringProperty()

    def __init__(
        self, kind: str, made: Recorded | Sealed, *, again: Callable[[], None],
        done: Callable[[], None],
    ) -> None:  # fmt: skip
        super().__init__()
        self.go_back = done
        card = Card(padding=(dp(36), dp(28)), spacing=dp(6))
        if isinstance(made, Sealed):
            self.title = _("已密封并存好")
            self.advice = _("查询码只显示这一次。请让群众自己抄下，凭它可以查到办理结果。")
            self._large(card, _("查询码"), wording.spaced(made.query_code), POINTS)
        else:
            self.title = _("已存本机：{kind}").format(kind=_(kind_of(kind).label))
            self.advice = _("请把号码和查询码抄给群众。本凭证自签发时起有效，正式编号联网后补发。")
            self._large(card, _("凭证号"), made.slip_number or "", POINTS)
            self._large(card, _("查询码"), wording.spaced(made.query_code or ""), POINTS)
        self.ids.card_place.add_widget(card)
        if not isinstance(made, Sealed):
            again_word = _("再登记一件")
            self.ids.buttons.add_widget(
                PushButton(again, text=again_word, sign="plus", style="tonal", high=66, points=21)
            )
        self.ids.buttons.add_widget(
            PushButton(done, text=_("抄好了"), sign="check", high=66, points=21)
        )

    def _large(self, card: Card, label: str, value: str, points: float) -> None:
        if value:
            if card.children:
                card.add_widget(Widget(size_hint_y=None, height=dp(14)))
            card.add_widget(Words(label, points=19, color=look.palette.muted))
            card.add_widget(OneLine(value, points=points, bold=True))
