"""The three empty tables of `bianmin county load --template DIR`: headings and one example row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from server.files import NotWritten, make_folder
from server.staff_rows import STAFF_COLUMNS
from shared.item_rows import ITEM_COLUMNS
from shared.rows import Column
from shared.site_rows import SITE_COLUMNS

TEMPLATES: dict[str, tuple[str, Sequence[Column]]] = {
    "sites.xlsx": ("站点", SITE_COLUMNS),
    "staff.xlsx": ("人员", STAFF_COLUMNS),
    "items.xlsx": ("事项", ITEM_COLUMNS),
}
NOTES: Mapping[str, str] = MappingProxyType(
    {
        "site_id": "站点不因合并、改名、换代码而变的编号，如 s0123。填了就按它找原来的站点；"
        "新站点留空。",
        "old12": "区划调整后换了代码的站点填它现在在用的旧代码：站点、任职和办件接着用，"
        "新代码从装入这天起算。没换代码的和新设的站点留空。",
        "successors": "撤销的站点（状态填“撤销”）由哪些代码接管，可填几个，用分号隔开；"
        "换代码的站点原地域分给几处时也可填。",
        "phone": "群众查询进度时显示的电话。留空的用上级站点的，都没有就用县中心的；"
        "所以至少填县中心这一行。",
    }
)
"""What a column is for, as a note on its heading."""
_WIDTH_MIN = 12
_WIDTH_MAX = 40


def write_template(folder: Path) -> tuple[Path, ...]:
    """Write sites.xlsx, staff.xlsx and items.xlsx into `folder`; raise NotWritten.

    Files of these names that are already there are never overwritten: somebody may have filled
    them in.
    """
    make_folder(folder)
    paths = tuple(folder / name for name in TEMPLATES)
    for path in paths:
        if path.exists():
            raise NotWritten(f"{path} 已经存在，为免覆盖填好的表，请换一个目录。")
    for path in paths:
        sheet, columns = TEMPLATES[path.name]
        _write(path, sheet, columns)
    return paths


def _write(path: Path, name: str, columns: Sequence[Column]) -> None:
    book = xlsxwriter.Workbook(str(path))
    head = book.add_format({"bold": True, "bg_color": "#DDEBF7", "num_format": "@"})
    optional = book.add_format({"bg_color": "#F2F2F2", "num_format": "@"})
    text = book.add_format({"num_format": "@"})  # codes and phones stay text: no lost zeros
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        width = 2 * max(len(column.heading), len(column.example)) + 2
        sheet.set_column(place, place, min(max(width, _WIDTH_MIN), _WIDTH_MAX), text)
        sheet.write_string(0, place, column.heading, head if column.required else optional)
        sheet.write_string(1, place, column.example, text)
        if column.name in NOTES:
            sheet.write_comment(0, place, NOTES[column.name], {"x_scale": 2})
    try:
        book.close()
    except FileCreateError as error:
        raise NotWritten(f"写不进 {path}，请检查磁盘空间与目录权限后重试。") from error
