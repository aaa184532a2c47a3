"""The plain sentences of a bulletin, made from the frozen counts.

Never a rate over nothing, never 100 % while one is missing, the counts beside every rate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from server.bulletin.content import month_words, rate_lines
from server.months.sheets import Count
from server.silence import SILENT_DAYS
from shared.canonical import Value

_NOTHING = Count(0, None, "", "")
BUSINESS = ("M1", "M2", "M3", "M6", "M7", "M8", "M15")
COMPARED = (("M2", "乡镇受理"), ("M3", "办结"), ("M7", "村级代办"))


def summary(
    month: date, counts: Mapping[str, Count], before: Mapping[str, Count] | None,
    more: Mapping[str, Value],
) -> tuple[str, ...]:  # fmt: skip
    """Return the paragraphs in front of the tables."""
    if not any(counts.get(key, _NOTHING).numerator for key in BUSINESS):
        first = f"{month_words(month)}，全县没有登记便民服务业务。"
        return tuple(one for one in (first, _limits(counts), _silent(more)) if one)
    found = (
        _volume(month, counts), _compared(counts, before), _limits(counts), _flow(more),
        _ratings(counts), _modes(counts), _silent(more),
    )  # fmt: skip
    return tuple(one for one in found if one)


def complaints(counts: Mapping[str, Count]) -> tuple[str, ...]:
    """Return what is said of complaints, of the whole county alone."""
    count = counts.get("M8", _NOTHING)
    received = count.extra.get("received", count.numerator)
    closed, upheld = count.extra.get("closed", 0), count.extra.get("upheld", 0)
    if not received:
        return ("本月没有接待村级服务方面的投诉。",)
    said = f"本月接待村级服务方面的投诉{received}件，已办结{closed}件，"
    said += f"其中查实（属实或部分属实）{upheld}件"
    waiting = received - closed
    said += f"，在办{waiting}件。" if waiting > 0 else "。"
    return (said, "投诉只按全县合计通报，不分乡镇、不列内容，以免从件数推知投诉人和被投诉人。")


def _volume(month: date, counts: Mapping[str, Count]) -> str:
    number = {key: counts.get(key, _NOTHING).numerator for key in ("M1", "M2", "M3", "M6", "M7")}
    return (
        f"{month_words(month)}，全县乡镇便民服务中心接待咨询{number['M1']}件，"
        f"受理办件{number['M2']}件，办结{number['M3']}件；"
        f"村（社区）便民服务站接待咨询{number['M6']}件，代办{number['M7']}件。"
    )


def _compared(counts: Mapping[str, Count], before: Mapping[str, Count] | None) -> str:
    if before is None:
        return ""
    parts = []
    for key, label in COMPARED:
        if key in counts and key in before:
            parts.append(label + _more_or_less(counts[key].numerator - before[key].numerator))
    return f"与上月相比，{'，'.join(parts)}。" if parts else ""


def _more_or_less(change: int) -> str:
    return f"增加{change}件" if change > 0 else f"减少{-change}件" if change < 0 else "持平"


def _limits(counts: Mapping[str, Count]) -> str:
    closed = counts.get("M4", Count(0, 0, "", ""))
    below = closed.denominator or 0
    late = below - closed.numerator
    if not below:
        said = "本月没有办结的办件，不计按时办结率。"
    elif not late:
        said = f"办结的{below}件全部按时办结。"
    else:
        rate, _ = rate_lines(closed)
        said = (
            f"办结的{below}件中，按时办结{closed.numerator}件，逾期办结{late}件，"
            f"按时办结率{rate}（{closed.numerator}/{below}）。"
        )
    both = counts.get("M4_open")
    if both is None:
        return said
    waiting = (both.denominator or 0) - below
    if waiting <= 0:
        return said + "月末没有超期未办结的办件。"
    rate, _ = rate_lines(both)
    said += f"月末另有{waiting}件超过承诺期限仍未办结，"
    return said + f"计入后按时办结率为{rate}（{both.numerator}/{both.denominator}）。"


def _flow(more: Mapping[str, Value]) -> str:
    flow = more.get("flow")
    if not isinstance(flow, dict):
        return ""
    part = {name: value for name, value in flow.items() if isinstance(value, int)}
    if not any(part.values()):
        return ""
    return (
        f"乡镇收件方面，月初结转待受理{part['carried']}件，本月收件{part['received']}件；"
        f"受理{part['accepted']}件，不予受理、退件和受理前撤回{part['refused']}件，"
        f"月末待受理{part['pending']}件。"
    )


def _ratings(counts: Mapping[str, Count]) -> str:
    given = counts.get("M5", Count(0, 0, "", ""))
    below = given.denominator or 0
    if not below:
        return "本月没有群众作出评价，不计满意率。"
    unhappy = below - given.numerator
    if not unhappy:
        said = f"群众作出评价{below}件，均为基本满意以上。"
    else:
        rate, _ = rate_lines(given)
        said = (
            f"群众作出评价{below}件，其中不满意{unhappy}件，"
            f"满意率{rate}（{given.numerator}/{below}）。"
        )
    rated = counts.get("M22")
    if rated is not None and rated.denominator:
        rate, _ = rate_lines(rated)
        said = f"{said[:-1]}；评价率{rate}（{rated.numerator}/{rated.denominator}）。"
    return said


def _modes(counts: Mapping[str, Count]) -> str:
    modes: Sequence[tuple[str, str]] = (
        ("M28", "预约"), ("M28_extended", "延时"), ("M28_door", "上门"),
    )  # fmt: skip
    parts = [
        f"{label}服务{counts[key].numerator}人次"
        for key, label in modes
        if key in counts and counts[key].numerator
    ]
    return f"本月{'，'.join(parts)}。" if parts else ""


def _silent(more: Mapping[str, Value]) -> str:
    silent = more.get("silent")
    if not isinstance(silent, list) or not silent:
        return ""
    places = list(dict.fromkeys(_place(more, line) for line in silent))
    named = "、".join(places[:10]) + ("等" if len(places) > 10 else "")
    return (
        f"月结时有{len(silent)}台平板超过{SILENT_DAYS}天没有联系（{named}），"
        "所登记的业务可能还在路上，到达后列为更正。"
    )


def _place(more: Mapping[str, Value], line: Value) -> str:
    site = str(line[1]) if isinstance(line, list) else ""
    named = more.get("named")
    return str(named.get(site, site)) if isinstance(named, dict) else site
