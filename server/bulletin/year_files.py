"""The yearly evaluation table as a workbook and on A4 across."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from server.bulletin.content import rate_lines
from server.bulletin.excel import OPTIONS
from server.bulletin.paper import grouped
from server.bulletin.year import MATRIX_KEYS, YearTable
from server.metrics.definitions import BY_KEY
from server.months.sheets import Count
from server.report_files import typeset

TOWN_ORDER = ("M1", "M2", "M3", "M4", "M5", "M6", "M7")
STEADY = datetime(2000, 1, 1)  # noqa: DTZ001 - the format keeps no zone
"""The file says nothing of when it was asked for: the same table is the same bytes."""


def year_xlsx(table: YearTable) -> bytes:
    """Return the table as a workbook: county, townships, township by month per figure, rules."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, OPTIONS)
    book.set_properties({"title": table.title, "author": table.office, "created": STEADY})
    pen = _Pen(book, table)
    months = [f"{one.month.month}月" for one in table.columns]
    _county(pen, table, months)
    _towns(pen, table)
    for key in MATRIX_KEYS:
        _matrix(pen, table, key, months)
    rules = pen.sheet("口径", ("指标", "口径"), (26, 90))
    for row, one in enumerate(table.rows, 3):
        rules.write_row(row, 0, (one.label, BY_KEY[one.key].rule))
    for row, text in enumerate(table.notes, 4 + len(table.rows)):
        rules.write_string(row, 1, text)
    book.close()
    return out.getvalue()


def year_pdf(table: YearTable) -> bytes:
    """Return the table as a PDF; raise NoChineseFont."""
    head = ["指标", *(f"{one.month.month}月" for one in table.columns), "合计"]
    rows = []
    for row in table.rows:
        cells = [_text(row.key, one) for one in (*row.cells, row.total)]
        rows.append([row.label, *cells, *([_text(row.key, row.corrected)] * table.is_corrected)])
    data = {
        "title": table.title,
        "office": table.office,
        "head": head + ["更正后"] * table.is_corrected,
        "rows": rows,
        "town_head": ["乡镇", "名次", *(BY_KEY[key].label for key in TOWN_ORDER)],
        "towns": [
            [one.title, str(one.place or "—"),
             *(_text(key, one.totals[key]) for key in TOWN_ORDER)]
            for one in table.towns
        ],
        "whole": ["全县", "", *(_text(key, _total(table, key)) for key in TOWN_ORDER)],
        "notes": list(table.notes),
        "proof": [
            f"{one.month.month}月 {grouped(one.digest) or '未月结'}" for one in table.columns
        ],
    }  # fmt: skip
    return typeset("year.typ", data)


def _total(table: YearTable, key: str) -> Count:
    return next(row.total for row in table.rows if row.key == key)


def _text(key: str, count: Count | None) -> str:
    if count is None:
        return "—"
    if not BY_KEY[key].is_rate:
        return str(count.numerator)
    rate, counts = rate_lines(count)
    return f"{rate}\n{counts}" if counts else rate


class _Pen:
    def __init__(self, book: Any, table: YearTable) -> None:
        self.book = book
        self.table = table
        self.title = book.add_format({"bold": True, "font_size": 15})
        self.head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#E8F1EF"})
        self.count = book.add_format({"num_format": "#,##0"})
        self.rate = book.add_format({"num_format": "0.00%"})
        self.muted = book.add_format({"font_color": "#595959"})
        self.right = book.add_format({"align": "right"})

    def sheet(self, name: str, head: Sequence[str], widths: Sequence[int]) -> Any:
        sheet = self.book.add_worksheet(name)
        sheet.write_string(0, 0, self.table.title, self.title)
        sheet.write_string(1, 0, self.table.office, self.muted)
        sheet.write_row(2, 0, head, self.head)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(3, 1)
        sheet.repeat_rows(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&C— &P —")
        return sheet

    def write(self, sheet: Any, row: int, column: int, key: str, count: Count | None) -> None:
        if count is None or (BY_KEY[key].is_rate and not count.denominator):
            sheet.write_string(row, column, "—", self.right)
        elif BY_KEY[key].is_rate:
            share = count.numerator / (count.denominator or 1)
            sheet.write_number(row, column, share, self.rate)
        else:
            sheet.write_number(row, column, count.numerator, self.count)


def _county(pen: _Pen, table: YearTable, months: Sequence[str]) -> None:
    head = ("指标", *months, "合计", "合计分子", "合计分母", "更正后")
    sheet = pen.sheet("全县", head, (24, *(11,) * (len(months) + 4)))
    for row, one in enumerate(table.rows, 3):
        sheet.write_string(row, 0, one.label)
        for column, count in enumerate((*one.cells, one.total), 1):
            pen.write(sheet, row, column, one.key, count)
        last = len(months) + 2
        sheet.write_number(row, last, one.total.numerator, pen.count)
        if one.total.denominator is not None:
            sheet.write_number(row, last + 1, one.total.denominator, pen.count)
        pen.write(sheet, row, last + 2, one.key, one.corrected)
    under = 4 + len(table.rows)
    sheet.write_string(under, 0, "登记事项合计")
    sheet.write_number(under, 1, table.matters, pen.count)
    for row, text in enumerate(table.notes, under + 1):
        sheet.write_string(row, 0, text, pen.muted)
    for row, one_month in enumerate(table.columns, under + 2 + len(table.notes)):
        said = one_month.digest or "未月结"
        sheet.write_string(row, 0, f"{one_month.month:%Y-%m} 月结表指纹 {said}", pen.muted)


def _towns(pen: _Pen, table: YearTable) -> None:
    head = ("乡镇", "名次", *(BY_KEY[key].label for key in TOWN_ORDER))
    sheet = pen.sheet("各乡镇", head, (26, 8, *(13,) * len(TOWN_ORDER)))
    for row, town in enumerate(table.towns, 3):
        sheet.write_string(row, 0, town.title)
        if town.place:
            sheet.write_number(row, 1, town.place)
        else:
            sheet.write_string(row, 1, "—", pen.right)
        for column, key in enumerate(TOWN_ORDER, 2):
            pen.write(sheet, row, column, key, town.totals[key])
    last = 3 + len(table.towns)
    sheet.write_string(last, 0, "全县")
    for column, key in enumerate(TOWN_ORDER, 2):
        pen.write(sheet, last, column, key, _total(table, key))


def _matrix(pen: _Pen, table: YearTable, key: str, months: Sequence[str]) -> None:
    sheet = pen.sheet(BY_KEY[key].label, ("乡镇", *months, "合计"), (26, *(11,) * len(months), 12))
    for row, town in enumerate(table.towns, 3):
        sheet.write_string(row, 0, town.title)
        for column, count in enumerate((*town.cells[key], town.totals[key]), 1):
            pen.write(sheet, row, column, key, count)
    last = 3 + len(table.towns)
    sheet.write_string(last, 0, "全县")
    whole = next(row for row in table.rows if row.key == key)
    for column, count in enumerate((*whole.cells, whole.total), 1):
        pen.write(sheet, last, column, key, count)
