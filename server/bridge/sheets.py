"""The table of codes as a file that people edit: .xlsx or .json, out and in."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import xlsxwriter

from server import files
from server.bridge.files import require_format
from server.bridge.mapping import SECTIONS, Codes, Line, WrongMapping, codes_from, lines_of
from server.county import County, Editions
from server.spreadsheet import Unreadable, read_table

FORMAT = "bianmin-bridge-mapping/1"
HEAD = ("类别", "本县代码", "含义", "省平台代码", "来源")
COUNTY_ROW = "county"
BYTES_MAX = 8 << 20
_WIDTHS = (26, 30, 52, 40, 34)


class _Entry(msgspec.Struct):
    section: str
    local: str
    label: str
    code: str
    source: str = ""


class _File(msgspec.Struct):
    format: str
    county: str
    title: str
    entries: list[_Entry]


def mapping_bytes(county: County, codes: Codes, editions: Editions, suffix: str) -> bytes:
    """Return the table with every code the county has; what is empty is to be filled in."""
    lines = list(lines_of(codes, editions))
    if suffix == ".json":
        told = _File(
            FORMAT, str(county.code), codes.title, [_Entry(*line) for line in lines]
        )  # fmt: skip
        return msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n"
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    bold = book.add_format({"bold": True, "num_format": "@"})
    text = book.add_format({"num_format": "@"})
    empty = book.add_format({"num_format": "@", "bg_color": "#FFF2CC"})
    sheet = book.add_worksheet("代码对照")
    sheet.freeze_panes(1, 0)
    for column, (heading, width) in enumerate(zip(HEAD, _WIDTHS, strict=True)):
        sheet.set_column(column, column, width, text)
        sheet.write_string(0, column, heading, bold)
    first = Line(COUNTY_ROW, str(county.code), codes.title, "", "")
    for number, line in enumerate([first, *lines], 1):
        label = SECTIONS[line.section].label + " " if line.section in SECTIONS else ""
        for column, value in enumerate((label + line.section, *line[1:])):
            waits = column == 3 and not value and line is not first
            sheet.write_string(number, column, value, empty if waits else text)
    sheet.autofilter(0, 0, len(lines) + 1, len(HEAD) - 1)
    book.close()
    return out.getvalue()


def read_mapping(county: County, path: Path) -> Codes:
    """Return the table in a file; raise WrongMapping, Unreadable, WrongFormat."""
    if require_format(path.name) == ".json":
        return _from_json(county, path)
    table = read_table(path)
    if table.header[: len(HEAD) - 1] != HEAD[:-1]:
        raise WrongMapping(f"代码对照表的表头应为：{'、'.join(HEAD)}；没有装入。")
    lines, title, owner = [], "", ""
    for number, cells in table.rows:
        section, local, label, code, source = (*cells, "", "", "", "", "")[:5]
        section = section.rpartition(" ")[2]
        if section == COUNTY_ROW:
            owner, title = local, label
        else:
            lines.append((number, Line(section, local, label, code, source)))
    _require_own(county, owner)
    return codes_from(lines, title)


def write_mapping(path: Path, content: bytes) -> None:
    """Write the file durably; raise NotWritten."""
    files.write(path, content)


def _from_json(county: County, path: Path) -> Codes:
    try:
        if path.stat().st_size > BYTES_MAX:
            raise WrongMapping("代码对照表超过 8 MB，请核对是不是选错了文件。")
        told = msgspec.json.decode(path.read_bytes(), type=_File)
    except OSError as error:
        raise Unreadable(f"打不开文件（{error.strerror}），请核对文件名和位置。") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise WrongMapping("代码对照表不完整或格式不对，没有装入；请先取一份再改。") from error
    if told.format != FORMAT:
        raise WrongMapping("这不是代码对照表，没有装入；请用 --write 取一份再改。")
    _require_own(county, told.county)
    lines = [
        (number, Line(one.section, one.local, one.label, one.code.strip(), one.source))
        for number, one in enumerate(told.entries, 1)
    ]
    return codes_from(lines, told.title)


def _require_own(county: County, owner: str) -> None:
    if owner != str(county.code):
        raise WrongMapping(f"这是 {owner[:12] or '别'} 县的代码对照表，不是本县的，没有装入。")
