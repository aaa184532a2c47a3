"""Which fields of a declared kind stand on its form, in which order: the tables decide the rest.

Shown first is what an agent needs nine times out of ten. What the machine fills in, what belongs to
a later act, and what needs a screen of its own stands on no form here. Everything else that
`shared.kinds` declares follows under 更多, so a field that is added there appears here by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mobile.i18n import marked
from shared.fields import Field, FieldType, Kind
from shared.kinds import SEALED_TARGETS, kind_of
from shared.lifecycle import acts_of

VILLAGE_KINDS = ("consultation", "proxy", "complaint", "appointment")
TOWNSHIP_KINDS = ("consultation", "proxy", "case", "complaint", "appointment")
TOWNSHIP_ROLES = frozenset({"clerk", "head"})

FIRST: Mapping[str, tuple[str, ...]] = {
    "consultation": ("question", "item", "answer", "person_name", "phone"),
    "proxy": ("person_name", "phone", "item", "remark"),
    "case": ("person_name", "phone", "id_no", "agent_name", "item", "remark"),
    "complaint": ("content", "anonymity", "person_name", "phone"),
    "appointment": ("person_name", "phone", "item", "slot", "needs"),
}
TARGET_FIELD = {"site": "target_site", "item": "item", "person": "target_name"}
"""A complaint's first field by what it is about; the others of these stay off the form."""

_BY_MACHINE = frozenset(
    {"item_name", "item_version", "item_edition", "item_kind", "statutory_days", "promised_days",
     "days_unit", "slip", "query_code", "practice", "attachments", "target_kind", "target"}
)  # fmt: skip
_LATER: Mapping[str, frozenset[str]] = {
    "consultation": frozenset({"answered_by", "refer_phone", "refer_bring", "follow_up_due_on"}),
    "proxy": frozenset(
        {"missing", "promised_forward_on", "department_no", "case_due_on", "result",
         "delivered_to", "delivered_proof", "holder_site"}
    ),
    "case": frozenset(
        {"received_on", "accepted_on", "statutory_due_on", "promised_due_on", "tolerated",
         "missing", "holder_site", "procedure_from_on", "procedure_to_on", "outcome_reason",
         "remedy", "result", "handed_to", "handed_proof"}
    ),
    "complaint": frozenset({"transfer_to", "complex", "satisfied", "call_back_tries"}),
    "appointment": frozenset(),
}  # fmt: skip
_ELSEWHERE = frozenset(
    {FieldType.REFERENCE, FieldType.TABLE, FieldType.MAP, FieldType.OPERATIONS, FieldType.INSTANT}
)

LABELS: Mapping[str, Mapping[str, str]] = {
    "consultation": {"answer": marked("当场答复"), "item": marked("问的是哪个事项")},
    "proxy": {"item": marked("代办什么事项"), "remark": marked("情况说明")},
    "case": {"item": marked("办理什么事项"), "remark": marked("情况说明")},
    "appointment": {"item": marked("预约办什么事项")},
    "complaint": {"item": marked("哪个事项"), "target_site": marked("哪个站点"),
                  "target_name": marked("投诉谁")},
}  # fmt: skip
ADVICE: Mapping[str, Mapping[str, str]] = {
    "consultation": {
        "answer": marked("当场答清楚了就填，这条咨询即为已答复。"),
        "person_name": marked("可以不问姓名。"),
    },
    "complaint": {"person_name": marked("不愿留名可以不填。")},
}
HINTS: Mapping[str, str] = {
    "question": marked("群众问了什么"),
    "answer": marked("怎么答复的"),
    "person_name": marked("照身份证填写"),
    "phone": marked("手机或带区号的座机"),
    "id_no": marked("18 位，末位可以是 X"),
    "content": marked("什么时间、什么地方、发生了什么"),
    "remark": marked("需要交代的情况"),
    "item": marked("点这里查找事项"),
    "slot": marked("点这里选日期和时间"),
    "target_name": marked("姓名，或能认出他的说法"),
}
_TOLD_BY_HINT = frozenset({"person_name", "slot"})
_SITE_HINT = marked("点这里查找站点")
_DATE_HINT = marked("例如 1948-03-15")


@dataclass(frozen=True, slots=True)
class Question:
    """One field as a form asks for it. All words are msgids."""

    field: Field
    label: str
    needed: bool
    advice: str
    hint: str


@dataclass(frozen=True, slots=True)
class Form:
    """A form: the questions that are shown at once, and those under 更多."""

    kind: Kind
    first: tuple[Question, ...]
    more: tuple[Question, ...]
    preset: Mapping[str, str]
    sealed: bool


def kinds_for(role: str) -> tuple[str, ...]:
    """Return what an agent of this role registers."""
    return TOWNSHIP_KINDS if role in TOWNSHIP_ROLES else VILLAGE_KINDS


def form_of(name: str, target: str = "") -> Form:
    """Return the form of a kind; for a complaint by its target kind."""
    kind = kind_of(name)
    preset = {"target_kind": target} if target else {}
    off = {field for of, field in TARGET_FIELD.items() if name == "complaint" and of != target}
    first = list(FIRST[name])
    if target in TARGET_FIELD:
        first.insert(0, TARGET_FIELD[target])
    rest = [
        field.name for field in kind.fields.values()
        if field.name not in first and field.name not in off and _belongs(kind, field)
    ]  # fmt: skip
    return Form(
        kind,
        tuple(_question(kind, each) for each in first if each not in off or each in first[:1]),
        tuple(_question(kind, each) for each in rest),
        preset,
        target in SEALED_TARGETS,
    )


def _belongs(kind: Kind, field: Field) -> bool:
    """Whether an agent may fill this in when the record is made."""
    if field.note or field.type in _ELSEWHERE or field.name in _BY_MACHINE:
        return False
    later = field.required & frozenset(acts_of(kind.name)) and not _at_start(kind, field)
    return not later and field.name not in _LATER[kind.name]


def _at_start(kind: Kind, field: Field) -> bool:
    return kind.default_act in field.required


def _question(kind: Kind, name: str) -> Question:
    field = kind.fields[name]
    hint = HINTS.get(name, "")
    if not hint and field.type is FieldType.SITE:
        hint = _SITE_HINT
    if not hint and field.type is FieldType.DATE:
        hint = _DATE_HINT
    return Question(
        field,
        LABELS.get(kind.name, {}).get(name, field.label),
        _at_start(kind, field),
        ADVICE.get(kind.name, {}).get(name, "" if name in _TOLD_BY_HINT else field.help),
        hint,
    )
