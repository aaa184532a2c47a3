"""One row of an item table as an `Item`; the headings are the ones a county sees."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shared.catalogue import (
    SPECIAL_PROCEDURES,
    Fee,
    Item,
    ItemKind,
    Material,
    Need,
    TaskType,
)
from shared.deadlines import Unit
from shared.rows import Column, Fault, RowReader
from shared.sites import SiteKind

LIMIT_MAX = 999
_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,31}")
_KINDS = {kind.value: kind for kind in ItemKind}
_TYPES = {kind.value: kind for kind in TaskType}
_UNITS = {unit.value: unit for unit in Unit}
_PLACES = {
    "县": SiteKind.COUNTY,
    "乡镇": SiteKind.TOWNSHIP,
    "村": SiteKind.VILLAGE,
    **{kind.value: kind for kind in SiteKind},
}

ITEM_COLUMNS = (
    Column("code", "事项编码", "BM-YB-001"),
    Column("name", "事项名称", "城乡居民基本医疗保险参保登记"),
    Column("department", "主管部门", "县医疗保障局"),
    Column("kind", "办件类型", "即办件"),
    Column("statutory_workdays", "法定时限", "5"),
    Column("promised_workdays", "承诺时限", "0"),
    Column("village_proxy", "可否村代办", "是"),
    Column("fee_yuan", "收费（元）", "0"),
    Column("materials", "材料", "居民身份证或户口簿;参保登记信息确认单"),
    Column("legal_basis", "设定依据", "社会保险法第二十五条"),
    Column("unit", "时限单位", "工作日", required=False),
    Column("task_type", "事项类型", "公共服务", required=False),
    Column("accept_at", "受理地点", "乡镇", required=False),
    Column("in_person_steps", "须本人到场的环节", "", required=False),
    Column("special_procedures", "特别程序", "", required=False),
    Column("deferrable", "容缺材料（名称=可后补工作日）", "", required=False),
    Column("tacit_approval", "超时默许", "否", required=False),
    Column("relative_declaration", "须近亲属声明", "否", required=False),
)


def read_item(cells: Mapping[str, str]) -> tuple[Item | None, list[Fault]]:
    """Return the item of one row and what is wrong with it; no item if anything is."""
    row = RowReader(cells)
    kind = row.choice("kind", _KINDS)
    statutory = row.whole("statutory_workdays", low=0, high=LIMIT_MAX)
    promised = row.whole("promised_workdays", low=0, high=LIMIT_MAX)
    fields: dict[str, Any] = {
        "code": _code(row),
        "name": row.text("name", longest=100, required=True),
        "department": row.text("department", longest=60, required=True),
        "task_type": row.choice("task_type", _TYPES, TaskType.SERVICE),
        "unit": row.choice("unit", _UNITS, Unit.WORKDAY),
        "accept_at": _places(row),
        "village_proxy": row.flag("village_proxy", default=True),
        "in_person_steps": row.several("in_person_steps"),
        "special_procedures": _procedures(row),
        "materials": _materials(row),
        "fee": Fee(amount_fen=row.fen("fee_yuan")),
        "legal_basis": row.text("legal_basis", longest=500),
        "tacit_approval": row.flag("tacit_approval", default=False),
        "relative_declaration": row.flag("relative_declaration", default=False),
    }
    if not row.faults:
        _check_limits(row, kind, statutory, promised)
    if row.faults:
        return None, row.faults
    return Item(kind=kind, statutory_days=statutory, promised_days=promised, **fields), []


def _code(row: RowReader) -> str:
    code = row.word("code", required=True).upper()
    if code and not _CODE.fullmatch(code):
        row.fail("code", f"「{code}」只能用字母、数字和短横，最多 32 位，请更正。")
    return code


def _places(row: RowReader) -> tuple[SiteKind, ...]:
    words = row.several("accept_at")
    for word in words:
        if word not in _PLACES:
            row.fail("accept_at", f"「{word}」应为 县、乡镇、村 中的一个或几个。")
    chosen = {_PLACES[word] for word in words if word in _PLACES}
    return tuple(kind for kind in SiteKind if kind in chosen) or (SiteKind.TOWNSHIP,)


def _procedures(row: RowReader) -> tuple[str, ...]:
    words = row.several("special_procedures")
    for word in words:
        if word not in SPECIAL_PROCEDURES:
            allowed = "、".join(SPECIAL_PROCEDURES)
            row.fail("special_procedures", f"「{word}」不是可以停钟的程序，应为：{allowed}。")
    return words


def _materials(row: RowReader) -> tuple[Material, ...]:
    later = _deferrable(row)
    materials = tuple(
        Material(name=name, need=Need.DEFERRABLE, later_days=later.pop(name))
        if name in later
        else Material(name=name)
        for name in row.several("materials", longest=100)
    )
    for name in later:
        row.fail("deferrable", f"「{name}」不在材料一栏里，请两栏写法一致。")
    return materials


def _deferrable(row: RowReader) -> dict[str, int]:
    later: dict[str, int] = {}
    for part in row.several("deferrable"):
        name, _, days = part.replace("＝", "=").rpartition("=")
        if name and days.isascii() and days.isdigit() and 1 <= int(days) <= LIMIT_MAX:
            later[name.strip()] = int(days)
        else:
            row.fail("deferrable", f"「{part}」请写成「材料名称=可后补的工作日数」。")
    return later


def _check_limits(row: RowReader, kind: ItemKind, statutory: int, promised: int) -> None:
    if promised > statutory:
        row.fail("promised_workdays", f"承诺 {promised} 天多于法定 {statutory} 天，请更正。")
    if kind is ItemKind.INSTANT and promised != 0:
        row.fail("promised_workdays", "即办件的承诺时限应为 0，请更正。")
    if kind is ItemKind.PROMISED and promised == 0:
        row.fail("promised_workdays", "承诺件的承诺时限至少 1 天，请更正。")
