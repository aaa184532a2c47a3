"""One record on a sheet: its fields, where it stands, and why something has no effect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from kivy.lang import Builder
from kivy.metrics import dp
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from mobile.desk import Shown
from mobile.i18n import _, marked
from mobile.kit.button import PushButton
from mobile.kit.card import Card
from mobile.kit.chip import Chip
from mobile.kit.look import look
from mobile.kit.sheet import Sheet
from mobile.kit.words import OneLine, Words
from mobile.projection import asked_of
from mobile.screens import wording
from mobile.screens.slot import words_of
from shared import masks
from shared.canonical import Value
from shared.dunning import URGE
from shared.fields import Field, FieldType
from shared.kinds import kind_of
from shared.lifecycle import act_label

Builder.load_file(str(Path(__file__).with_suffix(".kv")))

_QUIET = frozenset(
    {"item", "item_version", "item_edition", "item_kind", "statutory_days", "promised_days",
     "days_unit"}
)  # fmt: skip
_ELSEWHERE = frozenset({FieldType.MAP, FieldType.OPERATIONS, FieldType.REFERENCE})
SPARE = 16
WITHOUT_EFFECT = {
    "held": marked("县里暂缓"),
    "refused": marked("县里退回"),
    "not_allowed": marked("与当前状态不符，没有生效"),
    "waiting": marked("等待前面的操作"),
    "unknown": marked("由更新的版本写成，请升级"),
    "unjudged": marked("等待县里裁定"),
}


class RecordBody(BoxLayout):
    """What stands in the sheet."""


class RecordSheet(Sheet):
    """Names, numbers and telephones are masked until they are asked for."""

    def __init__(self, shown: Shown, today: date, close: Callable[[], None] | None = None) -> None:
        record = shown.record
        super().__init__(_(kind_of(record.kind).label), wide=860, on_close=close)
        self._shown, self._today, self._open = shown, today, False
        self._hides = False
        self._body = RecordBody()
        self.panel.add_widget(self._body)
        word, sign, tone = wording.DELIVERY[shown.held.delivery]
        for chip in (
            Chip(text=_(str(record.state or ""))),
            Chip(text=_(word), sign=sign, tone=tone),
        ):
            self._body.ids.chips.add_widget(chip)
        self._body.ids.chips.add_widget(Widget())
        self._button = PushButton(self._toggle, sign="eye", style="outline", high=56)
        self._show()
        if self._hides:
            self._body.ids.buttons.add_widget(self._button)
        else:
            self._body.ids.buttons.height = 0
        self._body.ids.lines.bind(height=self._grow)
        self._grow()

    def _grow(self, *_args: object) -> None:
        """Be as high as the record needs, as far as the window allows."""
        ids = self._body.ids
        parts = ids.chips.height + ids.lines.height + ids.buttons.height
        self.high = self.frame + parts + 2 * self._body.spacing + dp(SPARE)

    def _toggle(self) -> None:
        self._open = not self._open
        self._show()

    def _show(self) -> None:
        self._button.text = _("遮住姓名和号码") if self._open else _("显示完整姓名和号码")
        lines = self._body.ids.lines
        lines.clear_widgets()
        record = self._shown.record
        asked = asked_of(record, self._shown.held.entries)
        if asked is not None:
            text = _("县里催办：{reason}") if asked.act == URGE else _("县里督办：{reason}")
            by = (
                _("请在 {day} 前答复。").format(day=wording.day(asked.by_on)) if asked.by_on else ""
            )
            self._notice(text.format(reason=asked.reason) + by, "amber")
        for conflict in record.conflicts:
            field = kind_of(record.kind).fields.get(conflict.register)
            label = _(field.label) if field is not None else _("状态")
            text = _("“{label}”有 {count} 种写法，等县里的人核定。")
            self._notice(text.format(label=label, count=len(conflict.values)), "rose")
        for one in record.without_effect:
            why = _(WITHOUT_EFFECT.get(one.status, one.status))
            self._notice(f"{why}：{one.reason}" if one.reason else why, "amber")
        for field in kind_of(record.kind).fields.values():
            value = record.fields.get(field.name)
            if value in (None, "", []) or field.name in _QUIET or field.type in _ELSEWHERE:
                continue
            self._pair(_(field.label), self._words(field, value))
        lines.add_widget(OneLine(_("经过"), points=18, bold=True))
        for effect in record.history:
            when = wording.moment(effect.effective_at, self._today)
            self._pair(when, _(act_label(record.kind, effect.act)))

    def _words(self, field: Field, value: Value) -> str:
        if isinstance(value, list):
            parts = (_(field.choice_label(str(one))) for one in value if not isinstance(one, dict))
            return "、".join(parts)
        if isinstance(value, bool):
            return _("是") if value else _("否")
        text = str(value)
        if field.name == "slot":
            return words_of(text)
        if field.choices:
            return _(field.choice_label(text))
        hidden = _masked(field, text)
        self._hides = self._hides or hidden != text
        return text if self._open else hidden

    def _pair(self, label: str, value: str) -> None:
        row = BoxLayout(size_hint_y=None, spacing=dp(16))
        left = Words(label, points=17, color=look.palette.muted, pos_hint={"top": 1})
        left.size_hint_x = 0.3
        right = Words(value, points=19, pos_hint={"top": 1})

        def fit(*_args: object) -> None:
            row.height = max(left.height, right.height)

        for part in (left, right):
            row.add_widget(part)
            part.bind(height=fit)
        fit()
        self._body.ids.lines.add_widget(row)

    def _notice(self, text: str, tone: str) -> None:
        chosen = look.palette.tone(tone)
        card = Card(tone=chosen, padding=dp(14))
        card.add_widget(Words(text, points=18, color=chosen.ink))
        self._body.ids.lines.add_widget(card)


def _masked(field: Field, text: str) -> str:
    if field.type is FieldType.PERSON_NAME:
        return masks.mask_name(text)
    if field.type is FieldType.PHONE:
        return masks.mask_phone(text)
    if field.type is FieldType.ID_NO:
        return masks.mask_id_no(text)
    return masks.mask_account(text) if field.name == "account" else text
