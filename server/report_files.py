"""The report as a file: a spreadsheet (XlsxWriter) and a paper (typst).

Both libraries are imported at the first report: together they take 20 MB of a core that may never
write one.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import msgspec

from server.metrics.definitions import COMMON_RULES, DEFINITIONS, Definition, shown
from server.metrics.figure import Figure
from server.report import Report
from shared.errors import Refused

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"
HEAD = ("指标", "名称", "数值", "分子 / 分母", "口径")
CHINESE_FONTS = (
    "Noto Sans SC",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Noto Serif CJK SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimSun",
    "SimHei",
    "Microsoft YaHei",
    "PingFang SC",
)
"""Families that hold all the characters of a report: the first one of our own fonts is used, else
the first one of this machine."""
FONTS = ("data", "fonts")
"""Where the fonts lie that `shared` brings along."""


@dataclass(frozen=True, slots=True)
class _Font:
    family: str
    is_ours: bool


class NoChineseFont(Refused):
    """This machine has no Chinese font, so a PDF would show empty boxes."""


def report_xlsx(report: Report, county: str) -> bytes:
    """Return the report as a spreadsheet: one sheet of figures, one of rules."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    bold = book.add_format({"bold": True, "bottom": 1})
    rate = book.add_format({"num_format": "0.00%"})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet = book.add_worksheet("报表")
    sheet.write_row(0, 0, [title_of(county)], bold)
    sheet.write_row(1, 0, [period_of(report), scope_of(report, county)])
    sheet.write_row(3, 0, ["指标", "名称", "数值", "分子", "分母", "口径"], bold)
    for row, definition in enumerate(DEFINITIONS, 4):
        figure = report.figures[definition.key]
        sheet.write_row(row, 0, [definition.key, definition.label])
        if figure.value is None:
            sheet.write_string(row, 2, "—")
        else:
            sheet.write_number(row, 2, figure.value, rate if definition.is_rate else None)
        sheet.write_number(row, 3, figure.numerator)
        if figure.denominator is not None:
            sheet.write_number(row, 4, figure.denominator)
        sheet.write_string(row, 5, _rule(definition.rule, figure), wrap)
    sheet.set_column(0, 0, 10)
    sheet.set_column(1, 1, 26)
    sheet.set_column(2, 4, 12)
    sheet.set_column(5, 5, 70)
    sheet.freeze_panes(4, 0)
    notes = book.add_worksheet("说明")
    notes.set_column(0, 0, 100)
    for row, rule in enumerate(COMMON_RULES):
        notes.write_string(row, 0, rule, wrap)
    book.close()
    return out.getvalue()


def report_pdf(report: Report, county: str) -> bytes:
    """Return the report as a paper; raise NoChineseFont."""
    return typeset("report.typ", _paper(report, county))


def typeset(template: str, data: Mapping[str, object]) -> bytes:
    """Set a template of `server/templates` with these data on paper; raise NoChineseFont.

    The template finds the data as one JSON text in `sys.inputs.report`, its `font` added.
    """
    with as_file(files("shared").joinpath(*FONTS)) as folder:
        return _set(template, data, folder, _font(folder))


def _set(name: str, data: Mapping[str, object], folder: Path, font: _Font) -> bytes:
    import typst

    text = msgspec.json.encode({**data, "font": font.family}).decode()
    with as_file(files("server").joinpath("templates", name)) as template:
        paper: Any = typst.compile(
            str(template), format="pdf", font_paths=[str(folder)],
            ignore_system_fonts=font.is_ours, sys_inputs={"report": text},
        )  # fmt: skip
    return bytes(paper)


def _paper(report: Report, county: str) -> dict[str, object]:
    return {
        "title": title_of(county),
        "period": period_of(report),
        "scope": scope_of(report, county),
        "head": HEAD,
        "rows": [
            {
                "key": definition.key.replace("_open", "′"),
                "label": definition.label,
                "value": value_of(definition, report.figures[definition.key]),
                "counts": counts_of(report.figures[definition.key]),
                "rule": _rule(definition.rule, report.figures[definition.key]),
            }
            for definition in DEFINITIONS
        ],
        "rules": COMMON_RULES,
        "footer": "便民",
    }


def title_of(county: str) -> str:
    """Return the report's title."""
    return f"{county}便民服务情况统计"


def period_of(report: Report) -> str:
    """Return the period in words."""
    return f"{report.from_on} 至 {report.to_on}（含）"


def scope_of(report: Report, county: str) -> str:
    """Return what the report covers in words."""
    return f"{report.site.title}及其下级" if report.site else f"{county}（全县）"


def value_of(definition: Definition, figure: Figure) -> str:
    """Return a figure as people read it."""
    return shown(definition, figure)


def counts_of(figure: Figure) -> str:
    """Return the exact counts beside a rate; nothing beside a count."""
    return "" if figure.denominator is None else f"{figure.numerator} / {figure.denominator}"


def _rule(rule: str, figure: Figure) -> str:
    extra = figure.extra
    if "upheld" not in extra:
        return rule
    return f"{rule}本期接待 {extra['received']}，已办结 {extra['closed']}，属实 {extra['upheld']}。"


@cache
def _font(folder: Path) -> _Font:
    import typst

    ours = typst.Fonts(include_system_fonts=False, font_paths=[str(folder)])
    for fonts, is_ours in ((ours, True), (typst.Fonts(include_system_fonts=True), False)):
        known = set(fonts.families())
        for family in CHINESE_FONTS:
            if family in known:
                return _Font(family, is_ours)
    raise NoChineseFont("本机没有中文字体，无法生成 PDF；请安装思源黑体等中文字体，或改用 xlsx。")
