"""A form generated from a declared kind: first what is needed, the rest under 更多.

What is typed is kept as a draft at every pause, except in a sealed complaint. A mistake is told
beside its field in one sentence, and the first one is scrolled to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from kivy.clock import Clock
from kivy.lang import Builder
from kivy.metrics import dp
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from mobile.desk import Recorded, Sealed
from mobile.drafts import Draft
from mobile.i18n import _
from mobile.kit.button import PushButton
from mobile.kit.picker import Picker
from mobile.kit.sheet import Sheet
from mobile.kit.words import OneLine
from mobile.screens import slot, wording
from mobile.screens.backstage import Backstage
from mobile.screens.controls import SLOT, Control, control_of
from mobile.screens.forms import Question, form_of
from mobile.screens.guide import Guide
from mobile.screens.person import Person
from shared.canonical import Value
from shared.errors import BianminError
from shared.fields import FieldType
from shared.sample import sample_calendar
from shared.validation import InvalidField, validate

Builder.load_file(str(Path(__file__).with_suffix(".kv")))

DRAFT_PAUSE_S = 0.8
SIDE_GAP = 28
SIGHT = 96
"""How far above a wrong field the form is scrolled, in dp."""


class FormPage(BoxLayout):
    """One form. `saved` gets what the desk answered and the data that was given."""

    def __init__(
        self, backstage: Backstage, person: Person, kind: str, target: str = "", *,
        back: Callable[[], None], lay: Callable[[Sheet], None], say: Callable[[str, str], None],
        saved: Callable[[str, Recorded | Sealed], None],
    ) -> None:  # fmt: skip
        super().__init__()
        self.aside = 0.0
        self._backstage, self._person, self._form = backstage, person, form_of(kind, target)
        self._lay, self._say, self._saved, self._back = lay, say, saved, back
        self._draft: int | None = None
        self._saving = False
        self._gone = False
        self._keep_soon = Clock.create_trigger(self._keep, DRAFT_PAUSE_S)
        self.controls: list[Control] = []
        self._more_rows: list[Widget] = []
        self._build()
        self.ids.side.bind(width=self._tell_aside)
        if not self._form.sealed:
            self._backstage.draft_of(kind, self._restore, self._trouble)

    def go_back(self) -> None:
        """Leave; what was typed stays as a draft."""
        self.leave()
        self._back()

    def leave(self) -> None:
        """Keep what was typed at once: the page goes."""
        self._keep_soon.cancel()
        self._keep()
        self._gone = True

    def _tell_aside(self, _side: object, width: float) -> None:
        self.aside = width + dp(SIDE_GAP)

    # -- building -----------------------------------------------------------------------------

    def _build(self) -> None:
        form = self._form
        title = _("登记{kind}").format(kind=_(form.kind.label))
        if form.preset:
            target = form.kind.fields["target_kind"].choice_label(form.preset["target_kind"])
            title = f"{title} · {_(target)}"
        header = self.ids.header
        header.add_widget(PushButton(self.go_back, sign="back", style="plain", hug=True, high=56))
        header.add_widget(OneLine(title, points=28, bold=True, size_hint_y=1))
        self._clear_place = BoxLayout(size_hint_x=None, width=0)
        header.add_widget(self._clear_place)
        for row in self._rows(form.first):
            self.ids.fields.add_widget(row)
        self._more_button = PushButton(
            self._unfold, text=_("更多（可以不填）"), sign="down", style="outline", high=56
        )
        self.ids.fields.add_widget(self._more_button)
        self._guide = Guide(form.kind.name, sealed=form.sealed)
        self.ids.guide.add_widget(self._guide)
        word = _("密封并提交") if form.sealed else _("保存")
        self._save_button = PushButton(
            self._save, text=word, sign="lock" if form.sealed else "check", high=66, points=22
        )
        self.ids.buttons.add_widget(self._save_button)

    def _rows(self, questions: Iterable[Question]) -> list[Widget]:
        """Return the controls, two short ones side by side."""
        rows: list[Widget] = []
        waiting: Control | None = None
        for question in questions:
            control = control_of(
                question, pick=self._pick_for(question), name_of=self._name_of,
                on_change=self._changed,
            )  # fmt: skip
            self.controls.append(control)
            if not control.half:
                rows += [self._pair(waiting, None)] if waiting else []
                waiting = None
                rows.append(control.widget)
            elif waiting is None:
                waiting = control
            else:
                rows.append(self._pair(waiting, control))
                waiting = None
        return rows + ([self._pair(waiting, None)] if waiting else [])

    def _pair(self, left: Control, right: Control | None) -> Widget:
        row = BoxLayout(size_hint_y=None, spacing=dp(20))
        parts = [left.widget, right.widget if right is not None else Widget(size_hint_y=None)]
        for part in parts:
            part.pos_hint = {"top": 1}
            row.add_widget(part)

        def fit(*_args: object) -> None:
            row.height = max(left.widget.height, right.widget.height if right is not None else 0)

        for control in (left, right):
            if control is not None:
                control.widget.bind(height=fit)
        fit()
        return row

    def _unfold(self) -> None:
        fields = self.ids.fields
        if self._more_rows:
            return
        self._more_rows = self._rows(self._form.more)
        fields.remove_widget(self._more_button)
        fields.add_widget(OneLine(_("更多（可以不填）"), points=21, bold=True))
        for row in self._more_rows:
            fields.add_widget(row)

    # -- picking ------------------------------------------------------------------------------

    def _pick_for(
        self, question: Question
    ) -> Callable[[Question, str, Callable[[str, str], None]], None] | None:
        field = question.field
        if field.type is FieldType.ITEM and self._person.item_things:
            return self._pick
        if field.type is FieldType.SITE and self._person.site_things:
            return self._pick
        return self._pick_slot if field.name == SLOT else None

    def _pick(self, question: Question, now: str, take: Callable[[str, str], None]) -> None:
        is_item = question.field.type is FieldType.ITEM
        things = self._person.item_things if is_item else self._person.site_things
        hint = _("事项名称、拼音首字母或部门") if is_item else _("站点名称或拼音首字母")

        def chosen(code: str) -> None:
            take(code, self._name_of(question, code))
            if is_item:
                self._guide.show(self._person.items.get(code), self._person.items_label)

        self._lay(Picker(_(question.label), hint, things, now, chosen))

    def _pick_slot(self, question: Question, now: str, take: Callable[[str, str], None]) -> None:
        calendar = sample_calendar() if self._person.sample else None
        days = slot.days_ahead(self._person.today, calendar)
        sheet = slot.SlotSheet(
            _(question.label), now, days, lambda chosen: take(chosen, slot.words_of(chosen))
        )
        self._lay(sheet)

    def _name_of(self, question: Question, code: str) -> str:
        if question.field.name == SLOT:
            return slot.words_of(code)
        is_item = question.field.type is FieldType.ITEM
        things = self._person.item_things if is_item else self._person.site_things
        return next((one.name for one in things if one.code == code), code)

    # -- drafts -------------------------------------------------------------------------------

    def _changed(self) -> None:
        if not self._form.sealed:
            self._keep_soon()

    def _keep(self, *_args: object) -> None:
        if self._form.sealed or self._saving or self._gone:
            return
        typed: dict[str, Value] = {**self._data()}
        if typed or self._draft is not None:
            kept: dict[str, Value] = {**self._form.preset, **typed} if typed else {}
            self._backstage.keep_draft(
                self._form.kind.name, kept, self._draft, self._kept, self._trouble
            )

    def _kept(self, number: int | None) -> None:
        self._draft = number

    def _restore(self, draft: Draft | None) -> None:
        if draft is None or self._gone or self._data():
            return
        if any(draft.data.get(name) != value for name, value in self._form.preset.items()):
            return  # a draft about another target
        if not set(draft.data) <= {control.name for control in self.controls} | {"target_kind"}:
            self._unfold()
        for control in self.controls:
            value = draft.data.get(control.name)
            if value is not None:
                control.write(value)
        self._draft = draft.number
        item = draft.data.get("item")
        if isinstance(item, str):
            self._guide.show(self._person.items.get(item), self._person.items_label)
        self._keep_soon.cancel()
        clear = PushButton(
            self._clear, text=_("清空重填"), style="plain", hug=True, high=52, points=18
        )
        self._clear_place.add_widget(clear)
        self._clear_place.width = clear.width
        self._say(_("已恢复上次没有写完的内容。"), "clock")

    def _clear(self) -> None:
        for control in self.controls:
            control.write(None)
        self._guide.show(None, "")
        self._clear_place.clear_widgets()
        self._clear_place.width = 0

    # -- saving -------------------------------------------------------------------------------

    def _data(self) -> dict[str, Value]:
        found = {control.name: control.read() for control in self.controls}
        return {name: value for name, value in found.items() if value is not None}

    def _save(self) -> None:
        if self._saving or not self._check():
            return
        self._saving = True
        self._save_button.disabled = True
        self._keep_soon.cancel()
        kind = self._form.kind.name
        data = {**self._form.preset, **self._data()}
        self._backstage.record(
            kind, data, self._draft, lambda made: self._saved(kind, made), self._not_saved
        )

    def _check(self) -> bool:
        """Say beside each field what is wrong; True where nothing is."""
        for control in self.controls:
            control.check()
            if control.question.needed and control.read() is None:
                label = _(control.question.label)
                control.widget.error = _("请填写“{label}”。").format(label=label)
        if not any(control.widget.error for control in self.controls):
            self._check_whole()
        wrong = [control.widget for control in self.controls if control.widget.error]
        if wrong:
            scroll = self.ids.scroll
            if self.ids.fields.height > scroll.height:  # else everything is in sight
                scroll.scroll_to(wrong[0], padding=dp(SIGHT), animate=False)
            words = _("有 {count} 处要改，已用红框和文字标出。")
            self._say(words.format(count=len(wrong)), "warning")
        return not wrong

    def _check_whole(self) -> None:
        kind = self._form.kind
        try:
            validate(kind.name, kind.default_act, {**self._form.preset, **self._data()})
        except InvalidField as error:
            found = [control for control in self.controls if control.name == error.field]
            (found or self.controls)[0].widget.error = wording.sentence(error)

    def _not_saved(self, error: BianminError) -> None:
        self._saving = False
        self._save_button.disabled = False
        self._trouble(error)

    def _trouble(self, error: BianminError) -> None:
        self._say(wording.sentence(error), "warning")
