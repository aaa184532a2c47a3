"""One row of an item table as an `Item`, and back; the headings are the ones a county sees.

Every field of an item has a column, so that a table that was written and read again is the same
list (`cells_of`, then `read_item`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from shared.catalogue import (
    SPECIAL_PROCEDURES,
    Fee,
    Form,
    Item,
    ItemKind,
    Material,
    Need,
    Source,
    TaskType,
)
from shared.deadlines import Unit
from shared.errors import Refused
from shared.rows import Column, Fault, RowReader
from shared.sites import SiteKind

LIMIT_MAX = 999
_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,31}")
_KINDS = {kind.value: kind for kind in ItemKind}
_TYPES = {kind.value: kind for kind in TaskType}
_UNITS = {unit.value: unit for unit in Unit}
_FORMS = {form.value: form for form in Form}
_SOURCES = {source.value: source for source in Source}
_COUNT = re.compile(r"([1-9][0-9]{0,2})份", re.ASCII)
_REUSE = re.compile(r"复用([0-9]{1,4})天", re.ASCII)
_PLACES = {
    "县": SiteKind.COUNTY,
    "乡镇": SiteKind.TOWNSHIP,
    "村": SiteKind.VILLAGE,
    **{kind.value: kind for kind in SiteKind},
}
_PLACE_WORDS = {
    kind: next(word for word, meant in _PLACES.items() if meant is kind) for kind in SiteKind
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
    Column("material_rules", "材料要求（名称=要求）", "", required=False),
    Column("fee_basis", "收费依据", "", required=False),
    Column("fee_from", "收费起", "", required=False),
    Column("fee_to", "收费止", "", required=False),
    Column("suspended", "暂停办理", "否", required=False),
    Column("replaces", "由哪些事项并入或拆分而来（原编码）", "", required=False),
    Column("parent", "主项编码", "", required=False),
    Column("catalog_code", "基本编码", "", required=False),
    Column("task_code", "实施编码", "", required=False),
    Column("handle_item_code", "办理项编码", "", required=False),
    Column("task_version", "事项版本号", "", required=False),
)
FIELD_OF = {
    "statutory_workdays": "statutory_days", "promised_workdays": "promised_days",
    "fee_yuan": "fee", "fee_basis": "fee", "fee_from": "fee", "fee_to": "fee",
    "deferrable": "materials", "material_rules": "materials",
}  # fmt: skip
"""The field of an item that a column writes, where it is not called the same."""
CODES = {"catalog_code": 12, "task_code": 36, "handle_item_code": 48}
"""Codes of the national item library and how long each may be (GB/T 39554)."""
VERSION_MAX = 1_000_000


class NotForTable(Refused):
    """An item holds text that no cell can carry, e.g. a paper with a semicolon in its name."""


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
        "fee": _fee(row),
        "legal_basis": row.text("legal_basis", longest=500),
        "tacit_approval": row.flag("tacit_approval", default=False),
        "relative_declaration": row.flag("relative_declaration", default=False),
        "suspended": row.flag("suspended", default=False),
        "replaces": tuple(_as_code(row, "replaces", one) for one in row.several("replaces")),
        "parent": _as_code(row, "parent", row.word("parent")),
        "task_version": _version(row),
        **{name: _library_code(row, name, longest) for name, longest in CODES.items()},
    }
    if not row.faults:
        _check_limits(row, kind, statutory, promised)
    if row.faults:
        return None, row.faults
    return Item(kind=kind, statutory_days=statutory, promised_days=promised, **fields), []


def cells_of(item: Item) -> dict[str, str]:
    """Return the cells of an item by column name; an empty cell is the default.

    Raises NotForTable where reading them again would give another item.
    """
    cells = words_of(item)
    if read_item(cells)[0] != item:
        raise NotForTable(f"事项{item.code}有表格装不下的内容（如名称带分号），请先在页面上改短。")
    return cells


def words_of(item: Item) -> dict[str, str]:
    """Return what people read of an item, by column name; not always to be read back."""
    fee = item.fee
    return {
        "code": item.code, "name": item.name, "department": item.department,
        "kind": item.kind.value, "statutory_workdays": str(item.statutory_days),
        "promised_workdays": str(item.promised_days), "village_proxy": _yes(item.village_proxy),
        "fee_yuan": yuan(fee.amount_fen),
        "materials": ";".join(one.name for one in item.materials),
        "legal_basis": item.legal_basis, "unit": item.unit.value,
        "task_type": item.task_type.value,
        "accept_at": ";".join(_PLACE_WORDS[place] for place in item.accept_at),
        "in_person_steps": ";".join(item.in_person_steps),
        "special_procedures": ";".join(item.special_procedures),
        "deferrable": ";".join(
            f"{one.name}={one.later_days}" for one in item.materials if one.need is Need.DEFERRABLE
        ),
        "tacit_approval": _yes(item.tacit_approval),
        "relative_declaration": _yes(item.relative_declaration),
        "material_rules": ";".join(
            f"{one.name}={rules}" for one in item.materials if (rules := _rules_of(one))
        ),
        "fee_basis": fee.basis,
        "fee_from": fee.valid_from.isoformat() if fee.valid_from else "",
        "fee_to": fee.valid_to.isoformat() if fee.valid_to else "",
        "suspended": _yes(item.suspended), "replaces": ";".join(item.replaces),
        "parent": item.parent, "catalog_code": item.catalog_code, "task_code": item.task_code,
        "handle_item_code": item.handle_item_code, "task_version": str(item.task_version),
    }  # fmt: skip


def yuan(fen: int) -> str:
    """Return an amount in 分 as 元, without needless zeros: 2000 as 20, 550 as 5.50."""
    whole, rest = divmod(fen, 100)
    return f"{whole}.{rest:02d}" if rest else str(whole)


def _yes(flag: bool) -> str:
    return "是" if flag else "否"


def _code(row: RowReader) -> str:
    return _as_code(row, "code", row.word("code", required=True))


def _as_code(row: RowReader, column: str, word: str) -> str:
    code = word.upper()
    if code and not _CODE.fullmatch(code):
        row.fail(column, f"「{code[:40]}」只能用字母、数字和短横，最多 32 位，请更正。")
    return code


def _library_code(row: RowReader, column: str, longest: int) -> str:
    code = row.word(column)
    if len(code) > longest:
        row.fail(column, f"「{code}」超过 {longest} 位，请核对国家事项库里的编码。")
    return code


def _version(row: RowReader) -> int:
    if not row.word("task_version"):
        return 1
    return row.whole("task_version", low=1, high=VERSION_MAX)


def _fee(row: RowReader) -> Fee:
    begun, ended = row.day("fee_from"), row.day("fee_to")
    if begun is not None and ended is not None and ended < begun:
        row.fail("fee_to", f"收费止 {ended} 早于收费起 {begun}，请更正。")
    basis = row.text("fee_basis", longest=200)
    return Fee(amount_fen=row.fen("fee_yuan"), basis=basis, valid_from=begun, valid_to=ended)


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
    names = row.several("materials", longest=100)
    later = _deferrable(row)
    rules = _material_rules(row, names)
    for name in later:
        if name not in names:
            row.fail("deferrable", f"「{name}」不在材料一栏里，请两栏写法一致。")
    return tuple(
        msgspec.structs.replace(
            rules.get(name, Material(name=name)), need=Need.DEFERRABLE, later_days=later[name]
        )
        if name in later
        else rules.get(name, Material(name=name))
        for name in names
    )


def _rules_of(material: Material) -> str:
    """What is asked of a paper beyond its name, in the words of the column `material_rules`."""
    words = [material.form.value] if material.form is not Form.ANY else []
    words += [f"{material.copies}份"] if material.copies != 1 else []
    words += [material.source.value] if material.source is not Source.APPLICANT else []
    words += [f"复用{material.reuse_days}天"] if material.reuse_days is not None else []
    if material.need is Need.CONDITIONAL:
        words.append(f"情形：{material.when}")
    return "、".join(words)


def _material_rules(row: RowReader, names: tuple[str, ...]) -> dict[str, Material]:
    """Read `名称=原件、2份、部门、复用90天、情形：……`; the case stands last, in any words."""
    found: dict[str, Material] = {}
    for written in row.several("material_rules", longest=400):
        part = written.replace("＝", "=")
        named = [name for name in names if part.startswith(f"{name}=")]
        if not named:
            row.fail("material_rules", f"「{part[:20]}」请写成「名称=要求」，名称与材料一栏相同。")
            continue
        name = max(named, key=len)
        fields = _rule_fields(row, part[len(name) + 1 :].strip())
        found[name] = Material(name=name, **fields)
    return found


def _rule_fields(row: RowReader, text: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    plain, mark, when = text.replace("情形:", "情形：").partition("情形：")
    if mark:
        fields |= {"need": Need.CONDITIONAL, "when": when.strip()}
    for word in (one.strip() for one in plain.split("、")):
        count = _COUNT.fullmatch(word)
        reuse = _REUSE.fullmatch(word)
        if word in _FORMS:
            fields["form"] = _FORMS[word]
        elif word in _SOURCES:
            fields["source"] = _SOURCES[word]
        elif count:
            fields["copies"] = int(count[1])
        elif reuse:
            fields["reuse_days"] = int(reuse[1])
        elif word:
            row.fail(
                "material_rules",
                f"「{word[:20]}」应为 原件、复印件、电子、部门、共享、几份、复用几天 或 情形：……。",
            )
    return fields


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
