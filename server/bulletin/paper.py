"""A bulletin as the parts of a paper, the same for PDF and Word: headings, paragraphs, tables."""

from __future__ import annotations

from dataclasses import dataclass

from server.bulletin.content import (
    TOWN_KEYS,
    Bulletin,
    OverdueRow,
    day_words,
    month_words,
    rate_lines,
)
from server.metrics.definitions import BY_KEY, COMMON_RULES
from server.months.sheets import Count
from shared.civil import minute

TOWN_HEAD = ("乡镇", "咨询", "受理", "名次", "办结", "按时办结率", "满意率", "村级咨询", "村级代办")
"""The heads of the townships' table, in the order of `town_cells`."""
FOUR = 4


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts. A row of one cell is a heading over the rows that follow.

    `widths`: parts of the whole; `right`: columns of numbers. A line feed begins a small second
    line. `has_total`: the last row is the sum.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]
    right: tuple[int, ...] = ()
    has_total: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A part under a heading: paragraphs, a table, small notes under it."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    table: Table | None = None
    notes: tuple[str, ...] = ()


def sections(told: Bulletin) -> tuple[Section, ...]:
    """Return the parts of the paper in their order."""
    return (
        Section("一、总体情况", told.summary),
        Section("二、全县主要指标", table=_figures(told), notes=_figure_notes(told)),
        Section("三、各乡镇情况", table=_towns(told), notes=(*told.town_notes, *_sums(told))),
        Section("四、逾期事项", (told.overdue_note,), _overdue(told)),
        Section("五、投诉情况", told.complaints),
        Section("六、以前月份的更正", (told.late_note,), _late(told)),
        Section("附件一　指标口径", table=_definitions(told), notes=COMMON_RULES),
        Section("附件二　签字与指纹", _proof(told), _signs(told)),
    )


def head_line(told: Bulletin) -> str:
    """Return what stands under the title: the period, and how far the paper may be relied on."""
    return f"统计期间：{month_words(told.month)}　数字状态：{told.state}"


def sign_off(told: Bulletin) -> tuple[str, str]:
    """Return who issues the paper and its date."""
    return told.office, day_words(told.issued_on)


def town_cells(title: str, place: str, counts: dict[str, Count]) -> tuple[str, ...]:
    """Return a line of the townships' table."""
    cells = {key: _cell(key, counts[key]) if key in counts else "—" for key in TOWN_KEYS}
    return (
        title, cells["M1"], cells["M2"], place, cells["M3"], cells["M4"], cells["M5"],
        cells["M6"], cells["M7"],
    )  # fmt: skip


def grouped(code: str, parts: int = FOUR) -> str:
    """Return the beginning of a fingerprint in groups a person can compare."""
    return " ".join(code[i : i + 4] for i in range(0, min(len(code), 4 * parts), 4))


def _cell(key: str, count: Count) -> str:
    if not BY_KEY[key].is_rate:
        return str(count.numerator)
    rate, counts = rate_lines(count)
    return f"{rate}\n{counts}" if counts else rate


def _figures(told: Bulletin) -> Table:
    rows: list[tuple[str, ...]] = []
    for group in told.groups:
        rows.append((group.label,))
        for row in group.rows:
            line = (row.label, row.text, row.counts)
            rows.append((*line, row.before, row.change) if told.has_before else line)
    if told.has_before:
        head = ("指标", "本月", "分子/分母", "上月", "增减")
        return Table("表1　全县主要指标", head, tuple(rows), (38, 14, 18, 14, 16), (1, 2, 3, 4))
    return Table(
        "表1　全县主要指标", ("指标", "本月", "分子/分母"), tuple(rows), (52, 22, 26), (1, 2)
    )


def _figure_notes(told: Bulletin) -> tuple[str, ...]:
    note = "“—”表示分母为零，不计比例。各项口径见附件一。"
    return (note if told.has_before else f"{note}上月没有月结表，不作比较。",)


def _towns(told: Bulletin) -> Table | None:
    if not told.towns:
        return None
    rows = [
        town_cells(one.title, str(one.place) if one.place else "—", one.counts)
        for one in told.towns
    ]
    rows.append(town_cells("全县", "", told.whole))
    widths = (22, 8, 8, 7, 8, 14, 11, 11, 11)
    return Table(
        "表2　各乡镇主要指标", TOWN_HEAD, tuple(rows), widths, tuple(range(1, 9)), has_total=True
    )


def _sums(told: Bulletin) -> tuple[str, ...]:
    if not told.sums:
        return ()
    wrong = [one for one in told.sums if not one.agrees]
    if not wrong:
        return ("各乡镇件数之和与全县相符。",)
    said = "；".join(f"{one.label}全县{one.county}、各乡镇之和{one.townships}" for one in wrong)
    return (f"各乡镇之和与全县不符：{said}。",)


def _overdue(told: Bulletin) -> Table | None:
    if not told.overdue:
        return None
    rows = tuple(
        (str(number), _number(one), one.site, one.due.isoformat() if one.due else "—", one.standing)
        for number, one in enumerate(told.overdue, 1)
    )
    head = ("序号", "受理号", "所在站点", "承诺期限", "情况")
    return Table("表3　逾期事项", head, rows, (8, 28, 34, 15, 15), (0,))


def _number(one: OverdueRow) -> str:
    """The number on the slip; of a matter without one, the end of its record's id."""
    return f"记录尾号{one.record[-12:]}" if one.number == one.record else one.number


def _late(told: Bulletin) -> Table | None:
    if not told.late:
        return None
    rows = tuple(
        (one.month, one.on, one.label, one.before, one.after, f"{one.records}",
         f"{one.by_network}")
        for one in told.late
    )  # fmt: skip
    head = ("月份", "到达日期", "指标", "更正前", "更正后", "记录", "因网络迟到")
    widths = (11, 15, 29, 12, 12, 8, 13)
    return Table("表4　以前月份的更正", head, rows, widths, (3, 4, 5, 6))


def _definitions(told: Bulletin) -> Table:
    rows = tuple((one.label, one.rule) for one in told.definitions)
    return Table("", ("指标", "口径"), rows, (28, 72))


def _proof(told: Bulletin) -> tuple[str, ...]:
    if told.is_draft:
        return (told.sign_note,)
    figures = f"本通报的数字冻结于{minute(told.made_at)}，此后不再改变。"
    figures += f"全县月结表指纹（SHA-256）：{grouped(told.digest, 16)}；"
    figures += f"冻结操作编号：{grouped(told.operation, 16)}。"
    acts = "冻结、签字、公布都是记在县级台账中的签名操作；在县级控制台“月结”打开本月，"
    acts += "可见同一指纹和每个数字背后的记录，台账用 bianmin county verify 核验。"
    acts += "下表的操作编号和指纹各印前12位。"
    return (figures, acts, told.sign_note)


def _signs(told: Bulletin) -> Table | None:
    if not told.signs:
        return None
    rows = tuple(
        (one.place, one.act, minute(one.at) if one.at is not None else "—",
         grouped(one.operation, 3) or "—", grouped(one.digest, 3))
        for one in told.signs
    )  # fmt: skip
    head = ("单位", "事项", "时间", "操作编号", "表的指纹")
    return Table("", head, rows, (28, 12, 22, 19, 19))
