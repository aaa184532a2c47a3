"""The permission table as a page, made from the one that is enforced: the two cannot differ."""

from __future__ import annotations

from dataclasses import dataclass

from shared.permission_table import PERMISSIONS
from shared.rights import CAPABILITY_LABELS, ROLE_LABELS, Capability, Clause, Role

MODES = {"do": "可办", "propose": "可提出", "view": "可查看"}
FACTS = {
    "same_site": "本站点",
    "same_township": "本乡镇",
    "item_at_site": "站点可办的事项",
    "own_department": "本部门",
    "own_items": "本部门的事项",
    "village_instant": "村即办事项",
    "instant_item": "即办件",
    "has_grant": "有授权书",
    "is_own": "本人的",
    "is_handler": "本人承办",
    "is_receiver": "指定由其接收",
    "unaddressed": "未指定接收人",
    "held_here": "件在本站点",
    "open_case": "在办",
    "reason_given": "写明理由并留痕",
    "named_check": "立项检查中",
    "entering": "录入时",
    "head_approved": "负责人批准",
    "second_person": "第二人确认",
    "township_internal": "不出本乡镇",
    "published": "公布以后",
    "metadata_only": "只看编号和进度",
    "sealed": "密封登记",
    "person_target": "投诉工作人员",
    "about_self": "涉及本人",
    "unsynced": "有未上传的记录",
    "complaint_content": "投诉内容",
}
"""A fact of the table in a word; before the sentences of `shared.rights`, which say what to do."""
_LAW_LAST: Capability = Capability.READ_AUDIT


@dataclass(frozen=True, slots=True)
class Words:
    """One clause: what one may do, when that holds, and what rules it out."""

    mode: str
    needs: tuple[str, ...]
    forbids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table; a cell without clauses is 「—」."""

    capability: str
    label: str
    cells: tuple[tuple[Words, ...], ...]


@dataclass(frozen=True, slots=True)
class Rights:
    """The columns, the rows of DOMAIN.md §3.4, and those that follow from §3.3."""

    roles: tuple[str, ...]
    law: tuple[Line, ...]
    beyond: tuple[Line, ...]


def rights() -> Rights:
    """Return the table as it is enforced."""
    shown: list[Capability] = [one for one in Capability if one is not Capability.SYSTEM_ONLY]
    cut = shown.index(_LAW_LAST) + 1
    return Rights(
        tuple(ROLE_LABELS[role] for role in Role),
        tuple(_line(one) for one in shown[:cut]),
        tuple(_line(one) for one in shown[cut:]),
    )


def _line(capability: Capability) -> Line:
    cells = PERMISSIONS[capability]
    return Line(
        capability.value,
        CAPABILITY_LABELS[capability],
        tuple(tuple(_words(clause) for clause in cells[role]) for role in Role),
    )


def _words(clause: Clause) -> Words:
    return Words(
        clause.mode,
        tuple(FACTS[fact] for fact in clause.needs),
        tuple(FACTS[fact] for fact in clause.forbids),
    )
