"""Spreadsheets as people fill them in: xlsx and csv, old encodings, stray cells."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import xlsxwriter

from server.spreadsheet import ROWS_MAX, Unreadable, read_table


def workbook(path: Path, rows: list[list[object]], *, first_row: int = 0) -> Path:
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for number, row in enumerate(rows, first_row):
        for place, cell in enumerate(row):
            if isinstance(cell, datetime):
                sheet.write_datetime(number, place, cell.replace(tzinfo=None), day)
            elif cell != "":
                sheet.write(number, place, cell)
    book.close()
    return path


def test_excel_cells_are_the_text_a_person_sees(tmp_path: Path) -> None:
    day = datetime(2026, 1, 2, tzinfo=UTC)
    rows: list[list[object]] = [
        ["代码", "起", "可否"],
        [510322100000, day, True],
        [0.5, "", " 甲 "],
    ]
    table = read_table(workbook(tmp_path / "t.xlsx", rows))
    assert table.header == ("代码", "起", "可否")
    assert table.rows == ((2, ("510322100000", "2026-01-02", "是")), (3, ("0.5", "", "甲")))


def test_empty_rows_are_passed_over_and_the_others_keep_their_numbers(tmp_path: Path) -> None:
    rows: list[list[object]] = [["a"], [""], ["x"]]
    table = read_table(workbook(tmp_path / "t.xlsx", rows, first_row=2))
    assert table.header == ("a",)
    assert table.rows == ((5, ("x",)),)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_in_the_encodings_of_this_country(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes('名称,材料\r\n华利村委会,"甲\n乙"\r\n,\r\n䶮村,丙\r\n'.encode(encoding))
    table = read_table(path)
    assert table.header == ("名称", "材料")
    assert table.rows == ((2, ("华利村委会", "甲\n乙")), (4, ("䶮村", "丙")))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("t.csv", b"", "表是空的"),
        ("t.csv", b"\r\n,,\r\n", "表是空的"),
        ("t.csv", "代码,名称".encode("utf-16"), "不是文本"),
        ("t.csv", b"a,b\n\xff\xff\xff,1", "认不出文件的编码"),
        ("t.csv", b'a,b\n"1,2\n', "引号不成对"),
        ("t.csv", b"a\n" + b"1\n" * (ROWS_MAX + 1), "超过 20000 行"),
        ("t.csv", b"1" * (20 * 1024 * 1024 + 1), "超过 20 MB"),
        ("t.xlsx", b"", "不是完好的 .xlsx"),
        ("t.xlsx", b"PK\x03\x04 not really", "不是完好的 .xlsx"),
        ("t.xlsx", b"a,b\n1,2\n", "不是完好的 .xlsx"),
        ("t.xls", b"\xd0\xcf\x11\xe0", "只认 .xlsx 和 .csv"),
        ("t", b"a,b", "只认 .xlsx 和 .csv"),
    ],
)
def test_what_is_no_table_is_said_so(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=sentence):
        read_table(path)


def test_a_missing_file_and_a_folder_are_said_so(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(Unreadable, match=r"打不开文件|只认"):
            read_table(path)


def test_a_truncated_workbook_is_refused(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "t.xlsx", [["a"], ["b"]]).read_bytes()
    for length in (len(whole) // 2, len(whole) - 10):
        (tmp_path / "cut.xlsx").write_bytes(whole[:length])
        with pytest.raises(Unreadable, match="不是完好的"):
            read_table(tmp_path / "cut.xlsx")


def test_a_zip_that_holds_no_workbook_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w") as archive:
        archive.writestr("note.txt", "hello")
    with pytest.raises(Unreadable, match="不是完好的"):
        read_table(tmp_path / "t.xlsx")


def test_a_lone_value_in_the_last_corner_is_refused_instead_of_eating_all_memory(
    tmp_path: Path,
) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "t.xlsx"))
    sheet = book.add_worksheet()
    sheet.write(0, 0, "代码")
    sheet.write(1_048_575, 16_383, "x")
    book.close()
    with pytest.raises(Unreadable, match="XFD1048576"):
        read_table(tmp_path / "t.xlsx")


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [["a"], ["b"]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/zeros", bytes(201 * 1024 * 1024))
    with pytest.raises(Unreadable, match="展开后过大"):
        read_table(path)
