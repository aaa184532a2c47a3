"""The bulletin as a workbook: one sheet per part, numbers as numbers, each with its definition."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime, time
from typing import Any
from urllib.parse import quote

from server.bulletin.content import TOWN_KEYS, Bulletin, day_words
from server.bulletin.paper import TOWN_HEAD, head_line
from server.metrics.definitions import BY_KEY, COMMON_RULES
from server.months.sheets import Count, last_day
from shared.civil import minute

RULES = "口径"
OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
"""A text stays a text: a place called `=…` is no formula."""


def bulletin_xlsx(told: Bulletin, base: str = "") -> bytes:
    """Return the bulletin as a workbook.

    `base`: where the console is (`https://…`), to link figures and records back to their lists.
    """
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, OPTIONS)
    at = datetime.combine(told.issued_on, time())
    book.set_properties(
        {"title": told.title, "author": told.office, "subject": told.number, "created": at}
    )
    pen = Pen(book, told)
    _summary(pen, told)
    _figures(pen, told, base)
    _towns(pen, told, base)
    _overdue(pen, told, base)
    _complaints(pen, told)
    _late(pen, told)
    _signs(pen, told)
    _rules(pen, told)
    book.close()
    return out.getvalue()


class Pen:
    """Writes sheets in one form: a title, a head that stays, print settings for A4."""

    def __init__(self, book: Any, told: Bulletin) -> None:
        self.book = book
        self.told = told
        add = book.add_format
        self.title = add({"bold": True, "font_size": 15})
        self.muted = add({"font_color": "#595959"})
        self.head = add(
            {"bold": True, "bottom": 1, "bg_color": "#E8F1EF", "text_wrap": True, "valign": "top"}
        )
        self.wrap = add({"text_wrap": True, "valign": "top"})
        self.count = add({"num_format": "#,##0"})
        self.rate = add({"num_format": "0.00%"})
        self.two = add({"num_format": "#,##0.00"})
        self.right = add({"align": "right"})
        self.bold = add({"bold": True})
        self.bold_count = add({"bold": True, "num_format": "#,##0", "top": 1})
        self.bold_rate = add({"bold": True, "num_format": "0.00%", "top": 1})
        self.day = add({"num_format": "yyyy-mm-dd", "align": "left"})

    def sheet(self, name: str, head: Sequence[str], widths: Sequence[int]) -> Any:
        """Return a new sheet with its title in row 1 and its head in row 3, frozen."""
        sheet = self.book.add_worksheet(name)
        sheet.write_string(0, 0, f"{self.told.county}{self.told.title}", self.title)
        sheet.write_string(1, 0, f"{self.told.number}　{head_line(self.told)}", self.muted)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        if head:
            sheet.write_row(2, 0, head, self.head)
            sheet.repeat_rows(2)
            sheet.freeze_panes(3, 1)
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&C— &P —")
        if self.told.is_draft:
            sheet.set_header("&C&24草稿：数字未冻结，不得引用")
            sheet.set_tab_color("#AB1F14")
        return sheet

    def figure(self, sheet: Any, row: int, column: int, key: str, count: Count | None,
               *, bold: bool = False) -> None:  # fmt: skip
        """Write a count, or a rate as a number between 0 and 1; a dash over nothing."""
        is_rate = BY_KEY[key].is_rate
        if count is None or (is_rate and not count.denominator):
            sheet.write_string(row, column, "—", self.right)
        elif is_rate:
            form = self.bold_rate if bold else self.rate
            sheet.write_number(row, column, count.numerator / (count.denominator or 1), form)
        else:
            form = self.bold_count if bold else self.count
            sheet.write_number(row, column, count.numerator, form)


def _summary(pen: Pen, told: Bulletin) -> None:
    sheet = pen.sheet("通报", (), (100,))
    sheet.write_string(2, 0, f"{told.office}　{day_words(told.issued_on)}", pen.muted)
    for row, text in enumerate(told.summary, 4):
        sheet.write_string(row, 0, text, pen.wrap)


def _figures(pen: Pen, told: Bulletin, base: str) -> None:
    head = ["类别", "指标", "本月", "分子", "分母", "口径", "清单"]
    head += ["上月", "增减"] if told.has_before else []
    sheet = pen.sheet("全县", head, (14, 28, 14, 14, 14, 8, 8, 14, 18))
    places = {one.key: row for row, one in enumerate(told.definitions, 4)}
    period = f"from={told.month}&to={last_day(told.month)}"
    rows = [(group.label, one) for group in told.groups for one in group.rows]
    for row, (label, one) in enumerate(rows, 3):
        sheet.write_row(row, 0, (label, one.label))
        if one.value is None:
            sheet.write_string(row, 2, "—", pen.right)
        else:
            whole = pen.count if isinstance(one.value, int) else pen.two
            sheet.write_number(row, 2, one.value, pen.rate if one.is_rate else whole)
        sheet.write_number(row, 3, one.numerator, pen.count)
        if one.denominator is not None:
            sheet.write_number(row, 4, one.denominator, pen.count)
        sheet.write_url(row, 5, f"internal:'{RULES}'!A{places[one.key]}", string="口径")
        if base:
            sheet.write_url(row, 6, f"{base}/report/{one.key}?{period}", string="打开")
        if told.has_before:
            sheet.write_string(row, 7, one.before, pen.right)
            sheet.write_string(row, 8, one.change, pen.right)


def _towns(pen: Pen, told: Bulletin, base: str) -> None:
    head = [*TOWN_HEAD[:6], "办结数", "按时数", "满意率", "评价数", "满意数", *TOWN_HEAD[7:]]
    sheet = pen.sheet("各乡镇", head, (24, *(11,) * 12))
    period = f"from={told.month}&to={last_day(told.month)}"
    for row, town in enumerate(told.towns, 3):
        if base:
            sheet.write_url(
                row, 0, f"{base}/report?{period}&site={quote(town.site)}", string=town.title
            )
        else:
            sheet.write_string(row, 0, town.title)
        _town(pen, sheet, row, town.counts, town.place)
    last = 3 + len(told.towns)
    if told.towns:
        sheet.write_string(last, 0, "全县", pen.bold)
        _town(pen, sheet, last, told.whole, None)
    for row, text in enumerate(told.town_notes, last + 2):
        sheet.write_string(row, 0, text, pen.muted)


def _town(pen: Pen, sheet: Any, row: int, counts: dict[str, Count], place: int | None) -> None:
    bold = place is None
    held = {key: counts.get(key) for key in TOWN_KEYS}
    for column, key in ((1, "M1"), (2, "M2"), (4, "M3"), (5, "M4"), (8, "M5"), (11, "M6"),
                        (12, "M7")):  # fmt: skip
        pen.figure(sheet, row, column, key, held[key], bold=bold)
    if place:
        sheet.write_number(row, 3, place)
    elif place == 0:
        sheet.write_string(row, 3, "—", pen.right)
    for column, key in ((6, "M4"), (9, "M5")):
        count = held[key]
        if count is not None:
            form = pen.bold_count if bold else pen.count
            sheet.write_number(row, column, count.denominator or 0, form)
            sheet.write_number(row, column + 1, count.numerator, form)


def _overdue(pen: Pen, told: Bulletin, base: str) -> None:
    head = ("序号", "受理号", "所在站点", "承诺期限", "情况")
    sheet = pen.sheet("逾期", head, (8, 40, 32, 14, 14))
    for row, one in enumerate(told.overdue, 3):
        sheet.write_number(row, 0, row - 2)
        if base and one.record:
            sheet.write_url(row, 1, f"{base}/records/{one.record}", string=one.number)
        else:
            sheet.write_string(row, 1, one.number)
        sheet.write_string(row, 2, one.site)
        if one.due is not None:
            sheet.write_datetime(row, 3, datetime.combine(one.due, time()), pen.day)
        sheet.write_string(row, 4, one.standing)
    sheet.write_string(4 + len(told.overdue), 0, told.overdue_note, pen.muted)


def _complaints(pen: Pen, told: Bulletin) -> None:
    sheet = pen.sheet("投诉", (), (100,))
    for row, text in enumerate(told.complaints, 3):
        sheet.write_string(row, 0, text, pen.wrap)


def _late(pen: Pen, told: Bulletin) -> None:
    head = ("月份", "到达日期", "指标", "更正前", "更正后", "记录", "因网络迟到")
    sheet = pen.sheet("更正", head, (12, 14, 30, 24, 24, 10, 12))
    for row, one in enumerate(told.late, 3):
        before, after = (text.replace("\n", "　") for text in (one.before, one.after))
        sheet.write_row(row, 0, (one.month, one.on, one.label, before, after))
        sheet.write_number(row, 5, one.records, pen.count)
        sheet.write_number(row, 6, one.by_network, pen.count)
    sheet.write_string(4 + len(told.late), 0, told.late_note, pen.muted)


def _signs(pen: Pen, told: Bulletin) -> None:
    head = ("单位", "事项", "时间", "操作编号", "表的指纹（SHA-256）")
    sheet = pen.sheet("签字与指纹", head, (26, 12, 18, 70, 70))
    for row, one in enumerate(told.signs, 3):
        at = minute(one.at) if one.at is not None else "—"
        sheet.write_row(row, 0, (one.place, one.act, at, one.operation or "—", one.digest))
    sheet.write_string(4 + len(told.signs), 0, told.sign_note, pen.muted)


def _rules(pen: Pen, told: Bulletin) -> None:
    sheet = pen.sheet(RULES, ("指标", "口径"), (30, 90))
    for row, one in enumerate(told.definitions, 3):
        sheet.write_string(row, 0, one.label, pen.wrap)
        sheet.write_string(row, 1, one.rule, pen.wrap)
    for row, text in enumerate(COMMON_RULES, 4 + len(told.definitions)):
        sheet.write_string(row, 1, text, pen.wrap)
