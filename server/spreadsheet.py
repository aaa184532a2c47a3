"""Tables that people keep: the first sheet of an .xlsx file, or a .csv file, as rows of text.

Excel stores a region code as a floating-point number and a date as a day count; here every cell is
the text a person sees. CSV may be UTF-8, with or without a mark, or GB 18030 as Excel in China
saves it.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from shared.errors import Refused

BYTES_MAX = 20 * 1024 * 1024
UNPACKED_MAX = 200 * 1024 * 1024
ROWS_MAX = 20_000
COLUMNS_MAX = 100
_CELL_WITH_VALUE = re.compile(
    rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"(?:[^>]*[^/>])?>', re.ASCII
)


class Unreadable(Refused):
    """A file that is no table, or one too large to be meant."""


@dataclass(frozen=True, slots=True)
class Table:
    """The header row, and the rows that hold anything with their numbers in the sheet."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_table(path: Path, *, rows_max: int = ROWS_MAX) -> Table:
    """Return the table in `path` (.xlsx or .csv) of at most `rows_max` rows; raise Unreadable."""
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= BYTES_MAX else b""
    except OSError as error:
        raise Unreadable(f"打不开文件（{error.strerror}），请核对文件名和位置。") from error
    if size > BYTES_MAX:
        raise Unreadable("文件超过 20 MB，请只留需要装入的表后再试。")
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        lines = _xlsx(content, rows_max)
    elif suffix == ".csv":
        lines = _csv(content)
    else:
        raise Unreadable("只认 .xlsx 和 .csv 文件，请用表格软件另存后再试。")
    numbered = [(number, line) for number, line in enumerate(lines, 1) if any(line)]
    if not numbered:
        raise Unreadable("表是空的，请按模板填写后再试。")
    if len(numbered) > rows_max:
        raise Unreadable(f"超过 {rows_max} 行，请核对是不是装错了表。")
    return Table(numbered[0][1], tuple(numbered[1:]))


def _xlsx(content: bytes, rows_max: int) -> list[tuple[str, ...]]:
    try:
        _require_modest(content, rows_max)
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            cells = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, zipfile.BadZipFile, IndexError, EOFError) as error:
        raise Unreadable(
            "不是完好的 .xlsx 文件（或设了密码），请用表格软件打开后另存再试。"
        ) from error
    return [tuple(_text(cell) for cell in line) for line in cells]


def _require_modest(content: bytes, rows_max: int) -> None:
    """A lone cell in the last corner makes the reader ask for the whole rectangle's memory."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(part.file_size for part in archive.infolist()) > UNPACKED_MAX:
            raise Unreadable("文件展开后过大，请只留需要装入的表后再试。")
        for name in archive.namelist():
            if not name.startswith("xl/worksheets/") or not name.endswith(".xml"):
                continue
            for column, row in _CELL_WITH_VALUE.findall(archive.read(name)):
                if int(row) > rows_max or _column_number(column) > COLUMNS_MAX:
                    place = column.decode() + row.decode()
                    raise Unreadable(f"单元格 {place} 离表太远却有内容，请删除后再试。")


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).strip()


def _csv(content: bytes) -> list[tuple[str, ...]]:
    if b"\0" in content:
        raise Unreadable("不是文本的 .csv 文件，请另存为“CSV UTF-8”后再试。")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Unreadable("认不出文件的编码，请另存为“CSV UTF-8”后再试。")
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        return [tuple(cell.strip() for cell in line) for line in reader]
    except csv.Error as error:
        raise Unreadable("引号不成对，请用表格软件打开后另存再试。") from error
