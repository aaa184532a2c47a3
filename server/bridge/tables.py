"""The five national tables in which cases are exchanged: fields, order, widths.

Names and widths are those of the tables up_pro_accept, up_pro_process, up_pro_result,
up_pro_special_procedure and up_pro_material as published in 2020 (DOMAIN.md §4, C0112); their
running number `id` is the receiver's own. `row_version` is ours: of two rows with one `row_guid`
the one with the greater version holds.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Column(NamedTuple):
    """One field: its name, what it is, the most characters it takes, whether it has to be given."""

    name: str
    label: str
    width: int
    required: bool = False


class TableOf(NamedTuple):
    """One table: the letter in its row keys, the name of its array, the title of its sheet."""

    letter: str
    name: str
    title: str
    columns: tuple[Column, ...]


class Place(IntEnum):
    """The tables, in the order of the file."""

    ACCEPT = 0
    PROCESS = 1
    SPECIAL = 2
    MATERIAL = 3
    RESULT = 4


_FIRST = (Column("row_guid", "记录唯一标识", 50, True), Column("project_no", "办件编号", 50, True))
_SOURCE = Column("data_source", "数据来源", 3, True)
_LAST = (
    Column("cd_operation", "同步类型", 2, True),
    Column("cd_batch", "批次号", 32, True),
    Column("cd_time", "同步时间", 19, True),
    Column("row_version", "版本号", 15, True),
)
LAST = len(_LAST)
"""Fields that the batch fills in; the first two are the keys, what stands between is the row."""


def _table(letter: str, name: str, title: str, *columns: Column) -> TableOf:
    return TableOf(letter, name, title, (*_FIRST, *columns, _SOURCE, *_LAST))


TABLES: tuple[TableOf, ...] = (
    _table(
        "a", "accept", "受理",
        Column("task_code", "实施编码", 36, True),
        Column("task_name", "事项名称", 1000, True),
        Column("task_version", "事项版本", 10, True),
        Column("catalog_code", "基本编码", 12, True),
        Column("local_catalog_code", "地方基本编码", 50),
        Column("local_task_code", "地方实施编码", 50),
        Column("task_handle_item", "业务办理项编码", 50),
        Column("project_name", "办理摘要", 1000),
        Column("project_type", "办理类型", 2, True),
        Column("apply_date", "申请时间", 19, True),
        Column("apply_type", "申请类型", 2, True),
        Column("accept_date", "受理时间", 19, True),
        Column("accept_doc_no", "受理文书编号", 50),
        Column("promise_date", "承诺办结时间", 19),
        Column("applyer_name", "申请人名称", 100, True),
        Column("applyer_type", "申请人类型", 2, True),
        Column("applyer_page_type", "申请人证件类型", 70, True),
        Column("applyer_page_code", "申请人证件号码", 500, True),
        Column("legal", "法定代表人", 100),
        Column("contact_name", "联系人/代理人姓名", 100),
        Column("contact_type", "联系人/代理人证件类型", 6),
        Column("contact_code", "联系人/代理人证件号码", 50),
        Column("contact_mobile", "联系人手机号码", 11),
        Column("address", "通讯地址", 1000),
        Column("zip_code", "邮编", 6),
        Column("org_code", "受理部门编码", 18, True),
        Column("org_name", "受理部门", 100, True),
        Column("handle_user_name", "受理人员", 100),
    ),
    _table(
        "p", "process", "过程",
        Column("event_name", "业务动作", 2, True),
        Column("process_name", "办理环节名称", 1000, True),
        Column("event_start_time", "环节开始时间", 19, True),
        Column("event_end_time", "环节结束时间", 19, True),
        Column("handle_user_name", "办理人员", 100, True),
        Column("handle_explain", "办理意见", 2000, True),
        Column("remark", "备注", 1000),
    ),
    _table(
        "s", "special_procedure", "特别程序",
        Column("special_type", "特别程序种类", 2, True),
        Column("special_name", "特别程序种类名称", 1000, True),
        Column("special_reason", "特别程序启动理由或依据", 2000, True),
        Column("special_time", "特别程序开始时间", 19, True),
        Column("end_time", "特别程序结束时间", 19, True),
        Column("special_explain", "特别程序办理意见", 2000),
        Column("result", "特别程序结果", 2000),
        Column("applyer_user_name", "申请人", 100),
        Column("handle_user", "办理人", 100),
        Column("remark", "备注", 1000),
    ),
    _table(
        "m", "material", "材料",
        Column("material_name", "材料名称", 200, True),
        Column("get_type", "收取方式", 2),
        Column("get_name", "收取数量", 5),
        Column("material_attach_name", "附件名称", 200),
        Column("remark", "备注", 1000),
    ),
    _table(
        "r", "result", "结果",
        Column("result_type", "办结结果", 2, True),
        Column("result_date", "办结时间", 19, True),
        Column("result_explain", "办件结果描述", 2000),
        Column("result_cetr_name", "结果证照名称", 1000),
        Column("result_cetr_no", "结果证照编号", 2000),
        Column("is_delivery_results", "是否快递递送结果", 2, True),
        Column("handle_user_name", "办理人员", 100),
        Column("satisfaction", "满意度", 2),
        Column("remark", "备注", 1000),
    ),
)  # fmt: skip

_BY_LETTER = {one.letter: Place(number) for number, one in enumerate(TABLES)}


def said_columns(place: Place) -> tuple[Column, ...]:
    """Return the columns between the keys and the fields of the batch; the last is data_source."""
    return TABLES[place].columns[2:-LAST]


def row_key(record: bytes, suffix: str) -> str:
    """Return the primary key of a row, the same for ever: the case's id and what of it."""
    return record.hex() + suffix


def parse_row_key(text: str) -> tuple[bytes, str] | None:
    """Return (case, suffix) of a row's key; None for a text that is none."""
    raw, suffix = text[:32], text[32:]
    if len(raw) != 32 or suffix[:1] not in _BY_LETTER or not set(raw + suffix[1:]) <= _HEX:
        return None
    return bytes.fromhex(raw), suffix


def place_of(suffix: str) -> Place:
    """Return the table of a row by the suffix of its key."""
    return _BY_LETTER[suffix[0]]


_HEX = frozenset("0123456789abcdef")
