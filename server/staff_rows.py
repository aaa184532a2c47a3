"""One row of a staff table: a person's posting (任职) at a site."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from shared.names import canonical_name
from shared.phone import PhoneVerdict, check_phone
from shared.regions import InvalidRegionCode, Level, require_code
from shared.rights import ROLE_LABELS, Role
from shared.rows import Column, Fault, RowReader

_STAFF_NO = re.compile(r"[A-Za-z0-9_-]{1,32}")
_ROLES = {
    "村代办员": Role.VILLAGE,
    "窗口人员": Role.CLERK,
    "主任": Role.HEAD,
    "部门审批": Role.DEPARTMENT,
    "督查": Role.SUPERVISOR,
    "管理员": Role.ADMINISTRATOR,
}
_ROLE_WORDS = {
    **_ROLES,
    **{role.value: role for role in _ROLES.values()},
    **{ROLE_LABELS[role]: role for role in _ROLES.values()},
}
_LEVELS = {
    Role.VILLAGE: (Level.VILLAGE,),
    Role.CLERK: (Level.TOWNSHIP, Level.COUNTY),
    Role.HEAD: (Level.TOWNSHIP, Level.COUNTY),
    Role.DEPARTMENT: (Level.TOWNSHIP, Level.COUNTY),
    Role.SUPERVISOR: (Level.COUNTY,),
    Role.ADMINISTRATOR: (Level.COUNTY,),
}
_LEVEL_WORDS = {Level.COUNTY: "县中心", Level.TOWNSHIP: "乡镇中心", Level.VILLAGE: "村站"}

STAFF_COLUMNS = (
    Column("name", "姓名", "示例人员"),
    Column("staff_no", "工号", "0001"),
    Column("role", "角色", "管理员"),
    Column("code12", "站点区划代码（12位）", "510322000000"),
    Column("phone", "电话", "", required=False),
    Column("from", "任职起", "2026-01-01", required=False),
    Column("to", "任职止", "", required=False),
)


@dataclass(frozen=True, slots=True)
class StaffRow:
    """One posting. A person at two sites has two rows with the same staff number.

    `from_on` and `to_on` are inclusive, None = from now on, without end.
    """

    name: str
    staff_no: str
    role: Role
    code12: str
    phone: str = ""
    from_on: date | None = None
    to_on: date | None = None


def read_staff(cells: Mapping[str, str]) -> tuple[StaffRow | None, list[Fault]]:
    """Return the posting of one row and what is wrong with it; no posting if anything is."""
    row = RowReader(cells)
    name = canonical_name(row.text("name", longest=50, required=True)).text
    if not name and not row.faults:
        row.fail("name", "没有看得见的字，请重新输入。")
    staff_no = row.word("staff_no", required=True)
    if staff_no and not _STAFF_NO.fullmatch(staff_no):
        row.fail("staff_no", f"工号「{staff_no}」只能用字母、数字和短横，最多 32 位，请更正。")
    role = _role(row)
    code12 = _code(row)
    phone = _phone(row)
    from_on, to_on = row.day("from"), row.day("to")
    if from_on is not None and to_on is not None and to_on < from_on:
        row.fail("to", "任职止早于任职起，请更正。")
    if row.faults:
        return None, row.faults
    return StaffRow(name, staff_no, role, code12, phone, from_on, to_on), []


def role_doubt(role: Role, level: Level) -> str | None:
    """Return a sentence where a role cannot work at a site of that level, else None."""
    if level in _LEVELS[role]:
        return None
    places = "或".join(_LEVEL_WORDS[allowed] for allowed in _LEVELS[role])
    return f"「{ROLE_LABELS[role]}」应在{places}，这里是{_LEVEL_WORDS[level]}，请更正。"


def _role(row: RowReader) -> Role:
    word = row.word("role", required=True)
    if word and word not in _ROLE_WORDS:
        row.fail("role", f"「{word}」应为以下之一：{'、'.join(_ROLES)}。")
    return _ROLE_WORDS.get(word, Role.VILLAGE)


def _code(row: RowReader) -> str:
    code12 = row.word("code12", required=True)
    try:
        if code12:
            require_code(code12)
    except InvalidRegionCode as error:
        row.fail("code12", str(error))
    return code12


def _phone(row: RowReader) -> str:
    typed = row.text("phone", longest=30)
    if not typed:
        return ""
    checked = check_phone(typed)
    if checked.verdict is PhoneVerdict.INVALID:
        row.fail("phone", "电话号码不对，请核对；没有可以留空。")
    return checked.number
