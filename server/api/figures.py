"""The endpoints of the figures: the report, the list behind each number, map, trend and times."""

from __future__ import annotations

from typing import Literal

import msgspec

from server import reporting
from server.api import messages, shapes
from server.api.call import Call, Endpoint, Parameter, WrongParameter, date_of, integer_of
from server.api.endpoints import LIMIT, PERIOD
from server.metrics.definitions import DEFINITIONS, shown
from server.metrics.figure import NUMERATOR, Figure
from server.report_lists import PAGE, PAGE_MAX, listed
from server.reporting import Question

Part = Literal["numerator", "denominator", "rest"]
PLACE = {"type": "integer", "minimum": 0, "default": 0}


class Definition(msgspec.Struct, frozen=True):
    """What a figure means. `lists` says what stands behind its numbers."""

    key: str
    label: str
    rule: str
    is_rate: bool
    lists: str


class FigureList(msgspec.Struct, frozen=True):
    """A page of what was counted: `total` in all, of which `hidden` on this page are not shown."""

    metric: str
    part: Part
    total: int
    start: int
    hidden: int
    records: list[messages.RecordLine]
    things: list[str]
    """Codes of items or author texts of people, where these are counted and not records."""


class Told(msgspec.Struct, frozen=True):
    """A figure as read by machine and by people; `value` null over nothing."""

    value: int | float | None
    numerator: int
    denominator: int | None
    text: str


class TownshipFigure(msgspec.Struct, frozen=True):
    """A figure of one township."""

    site: str
    title: str
    figure: Told


class MonthFigure(msgspec.Struct, frozen=True, rename={"from_on": "from", "to_on": "to"}):
    """A figure of one month, or of what there is of it."""

    from_on: str
    to_on: str
    figure: Told


class TimeBin(msgspec.Struct, frozen=True):
    """How many cases took so many working days; `most` null: and more."""

    least: int
    most: int | None
    cases: int


class HandlingTimes(msgspec.Struct, frozen=True):
    """The working days of the 承诺件 closed; median and p90 null over nothing."""

    bins: list[TimeBin]
    total: int
    median: int | None
    p90: int | None
    instant: int
    left_out: int


def _report(call: Call) -> messages.Report:
    report = reporting.report(call.desk.county, call.person, _asked(call))
    return msgspec.convert(report.plain(), messages.Report)


def _definitions(_: Call) -> list[Definition]:
    return [
        Definition(one.key, one.label, one.rule, one.is_rate, one.lists.value)
        for one in DEFINITIONS
    ]


def _list(call: Call) -> FigureList:
    limit = integer_of(call.query.get("limit"), PAGE, PAGE_MAX)
    found = listed(
        call.desk, call.person, _asked(call), call.query.get("metric", ""),
        call.query.get("part", NUMERATOR), start=_start(call.query.get("start", "0")), limit=limit,
    )  # fmt: skip
    return msgspec.convert(
        {
            "metric": found.definition.key, "part": found.part, "total": found.total,
            "start": found.start, "hidden": found.hidden,
            "records": [shapes.line(row) for row in found.rows], "things": list(found.things),
        },
        FigureList,
    )  # fmt: skip


def _map(call: Call) -> list[TownshipFigure]:
    key = call.query.get("metric", "")
    tiles = reporting.map_of(call.desk.county, call.person, _asked(call), key)
    return [TownshipFigure(one.site.id, one.site.title, _told(key, one.figure)) for one in tiles]


def _trend(call: Call) -> list[MonthFigure]:
    key = call.query.get("metric", "")
    months = reporting.trend_of(call.desk.county, call.person, _asked(call), key)
    return [
        MonthFigure(one.first.isoformat(), one.last.isoformat(), _told(key, one.figure))
        for one in months
    ]


def _times(call: Call) -> HandlingTimes:
    found = reporting.handling_times(call.desk.county, call.person, _asked(call))
    bins = [TimeBin(one.least, one.most, len(one.records)) for one in found.bins]
    return HandlingTimes(
        bins, found.total, found.median, found.p90, found.instant, found.left_out
    )  # fmt: skip


def _told(key: str, figure: Figure) -> Told:
    text = shown(reporting.definition_of(key), figure)
    return Told(figure.value, figure.numerator, figure.denominator, text)


def _asked(call: Call) -> Question:
    site, item, channel = (call.query.get(name) or None for name in ("site", "item", "channel"))
    return Question(date_of(call.query, "from"), date_of(call.query, "to"), site, item, channel)


def _start(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise WrongParameter("参数 start 应为从 0 开始的位置。")
    return int(text)


METRIC = Parameter("metric", "指标编号，见 /report/definitions", True)
LISTED = (
    METRIC,
    Parameter("part", "numerator（缺省）、denominator 或 rest（分母中未达到的）"),
    Parameter("start", "从第几条开始，缺省 0", schema=PLACE),
    Parameter("limit", "条数，1 到 200，缺省 50", schema=LIMIT),
)

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("GET", "/report", "报表：各项指标", messages.Report, _report, parameters=PERIOD),
    Endpoint("GET", "/report/definitions", "各项指标的口径", list[Definition], _definitions),
    Endpoint(
        "GET", "/report/list", "一个数字背后的清单", FigureList, _list,
        parameters=(*PERIOD, *LISTED),
    ),
    Endpoint(
        "GET", "/report/map", "各乡镇的一项指标", list[TownshipFigure], _map,
        parameters=(*PERIOD, METRIC),
    ),
    Endpoint(
        "GET", "/report/trend", "十二个月的一项指标", list[MonthFigure], _trend,
        parameters=(*PERIOD, METRIC),
    ),
    Endpoint(
        "GET", "/report/times", "承诺件办理用时的分布", HandlingTimes, _times, parameters=PERIOD
    ),
)  # fmt: skip
