"""From a declared field to a control of the kit: one place that knows both.

A control reads into the plain value that `shared.validation` takes, and checks itself with the same
rule the county uses, so that a mistake is told beside the field as soon as it is left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mobile.i18n import _, marked
from mobile.kit.choice import Choice
from mobile.kit.field import Field as TextField
from mobile.kit.field import Labelled
from mobile.kit.picker import PickerField
from mobile.screens.forms import Question
from mobile.screens.wording import sentence
from shared.account import luhn_warning
from shared.canonical import Value
from shared.fields import FieldType
from shared.identity import check_id
from shared.phone import check_phone
from shared.values import InvalidField, clean_id_no, clean_value

T = FieldType
_KEYBOARDS = {T.PHONE: "tel", T.INTEGER: "number", T.MONEY_FEN: "number"}
_SHORT = frozenset({T.TEXT, T.PERSON_NAME, T.PHONE, T.ID_NO, T.DATE, T.INTEGER, T.MONEY_FEN})
_YES_NO = (("yes", marked("是")), ("no", marked("否")))
UNPICKED = {
    T.ITEM: marked("还没有收到事项目录，可填事项编码"),
    T.SITE: marked("站点编号或区划代码"),
}
"""Hints where there is no edition to pick from."""
PICKED = frozenset({T.ITEM, T.SITE})
SLOT = "slot"
ACCOUNT = "account"
FEN = 100


@dataclass(slots=True)
class Control:
    """A widget with its question. `half`: two of them fit side by side."""

    question: Question
    widget: Labelled
    read: Callable[[], Any]
    write: Callable[[Value], None]
    half: bool

    @property
    def name(self) -> str:
        """The field's name."""
        return self.question.field.name

    def check(self) -> bool:
        """Check what is there now; show what is wrong. An empty field is not wrong here."""
        field, value = self.question.field, self.read()
        try:
            if field.type is T.ID_NO:
                clean_id_no(field, value, None)
            else:
                clean_value(field, value)
        except InvalidField as error:
            self.widget.error = sentence(error)
            return False
        self.widget.error = ""
        self.widget.advice = self._warning(value) or _(self.question.advice)
        return True

    def _warning(self, value: object) -> str:
        """What to look at again, though it may be saved."""
        text = value if isinstance(value, str) else ""
        if text and self.question.field.type is T.PHONE:
            return check_phone(text).warning
        if text and self.question.field.type is T.ID_NO:
            return " ".join(check_id(text, None).warnings)
        return luhn_warning(text) if self.name == ACCOUNT else ""


Pick = Callable[[Question, str, Callable[[str, str], None]], None]
"""Opens the sheet of a picked field: question, present value, who takes value and words."""
Name = Callable[[Question, str], str]
"""The words of a picked value."""


def control_of(
    question: Question, *, pick: Pick | None, name_of: Name, on_change: Callable[[], None]
) -> Control:
    """Return the control for a question. Without `pick` a picked field is typed."""
    field = question.field
    if pick is not None and (field.type in PICKED or field.name == SLOT):
        return _picked(question, pick, name_of, on_change)
    if field.type is T.CHOICE or (field.type is T.LIST and field.choices):
        return _chosen(question, on_change)
    if field.type is T.BOOLEAN:
        return _yes_no(question, on_change)
    return _typed(question, on_change)


def _typed(question: Question, on_change: Callable[[], None]) -> Control:
    field = question.field
    hint = _(UNPICKED.get(field.type, question.hint))
    lines = 3 if field.type is T.LONG_TEXT else 2 if field.type is T.LIST else 1
    made: list[Control] = []

    def left() -> None:
        made[0].check()

    advice = _("一行写一项。") if field.type is T.LIST else _(question.advice)
    widget = TextField(
        _(question.label), needed=question.needed, advice=advice, hint=hint,
        lines=lines, input_type=_KEYBOARDS.get(field.type, "text"), on_change=on_change,
        on_left=left,
    )  # fmt: skip
    made.append(
        Control(
            question, widget, lambda: _read(field.type, widget.value),
            lambda value: widget.put(_written(field.type, value)), field.type in _SHORT,
        )
    )  # fmt: skip
    return made[0]


def _read(kind: FieldType, typed: str) -> object:
    if not typed.strip():
        return None
    if kind is T.LIST:
        return [line for line in (part.strip() for part in typed.splitlines()) if line]
    if kind is T.INTEGER:
        return int(typed) if typed.strip().isdecimal() and len(typed) < 19 else typed
    if kind is T.MONEY_FEN:
        return _fen(typed.strip())
    return typed


def _fen(typed: str) -> object:
    yuan, _dot, rest = typed.partition(".")
    if yuan.isdecimal() and len(yuan) < 12 and (rest + "00")[:2].isdecimal() and len(rest) <= 2:
        return int(yuan) * FEN + int((rest + "00")[:2])
    return typed


def _written(kind: FieldType, value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "\n".join(str(one) for one in value)
    if kind is T.MONEY_FEN and isinstance(value, int):
        return f"{value // FEN}.{value % FEN:02d}"
    return str(value)


def _chosen(question: Question, on_change: Callable[[], None]) -> Control:
    field = question.field
    several = field.type is T.LIST
    options = [(code, _(word)) for code, word in field.choices]
    widget = Choice(
        _(question.label), options, several=several, needed=question.needed,
        advice=_(question.advice), on_change=on_change,
    )  # fmt: skip

    def read() -> object:
        chosen = widget.chosen
        return (chosen or None) if several else (chosen[0] if chosen else None)

    def write(value: Value) -> None:
        widget.put([str(one) for one in value] if isinstance(value, list) else [str(value)])

    return Control(question, widget, read, write, half=False)


def _yes_no(question: Question, on_change: Callable[[], None]) -> Control:
    widget = Choice(
        _(question.label), [(code, _(word)) for code, word in _YES_NO], needed=question.needed,
        advice=_(question.advice), on_change=on_change,
    )  # fmt: skip

    def read() -> object:
        return widget.chosen[0] == "yes" if widget.chosen else None

    def write(value: Value) -> None:
        widget.put([] if value is None else ["yes" if value else "no"])

    return Control(question, widget, read, write, half=True)


def _picked(
    question: Question, pick: Pick, name_of: Name, on_change: Callable[[], None]
) -> Control:
    def take(value: str, words: str) -> None:
        widget.put(value, words)
        on_change()

    widget = PickerField(
        _(question.label), hint=_(question.hint), needed=question.needed,
        advice=_(question.advice), sign="appointment" if question.field.name == SLOT else "search",
        on_tap=lambda: pick(question, widget.value, take),
    )  # fmt: skip

    def write(value: Value) -> None:
        text = value if isinstance(value, str) else ""
        widget.put(text, name_of(question, text) if text else "")

    return Control(question, widget, lambda: widget.value or None, write, half=False)
