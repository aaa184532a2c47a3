"""报表: the figures of a period with their rules, the list behind each number, and charts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from server import reporting
from server.api.call import WrongParameter, date_of
from server.console.charts import Point, bar_chart, line_chart
from server.console.names import Names
from server.console.pages.records import line_of
from server.console.web import Site, Visit, route
from server.metrics.definitions import BY_KEY, COMMON_RULES, GROUPS, Definition, Lists, shown
from server.metrics.figure import DENOMINATOR, NUMERATOR, REST, Figure
from server.metrics.times import Bin
from server.report import Report, as_number
from server.report_files import PDF, XLSX, report_pdf, report_xlsx
from server.report_lists import PAGE, listed
from server.reporting import Question
from shared.kind_table.common import CHANNELS

FIRST_CHART = "M2"
CHARTED = tuple(
    key for _, keys in GROUPS for key in keys
    if BY_KEY[key].lists is not Lists.NOTHING and key not in ("M9", "M10", "M11", "M12", "M34")
)  # fmt: skip
"""Figures that a month and a township can have."""
PART_WORDS = {NUMERATOR: "计入的", DENOMINATOR: "全部", REST: "未达到的"}
THIRDS = {"高": "third-3", "中": "third-2", "低": "third-1", "": "third-0"}


@dataclass(frozen=True, slots=True)
class Preset:
    """A period people ask for every day."""

    label: str
    from_on: date
    to_on: date


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of the report, its charts and files, and the list behind a number."""
    return [
        route(site, "/report", show),
        route(site, "/report/list", show_list),
        route(site, "/report/charts", show_charts),
        route(site, "/report.xlsx", as_xlsx),
        route(site, "/report.pdf", as_pdf),
        route(site, "/report/{key}", show_behind),
    ]


def show(visit: Visit) -> Response:
    """The figures of a period."""
    asked = _asked(visit)
    report = reporting.report(visit.site.county, visit.who, asked)
    return visit.page(
        "report.html",
        groups=[(title, [BY_KEY[key] for key in keys]) for title, keys in GROUPS],
        rules=COMMON_RULES,
        **_frame(visit, asked, report),
    )


def show_list(visit: Visit) -> Response:
    """One page of the records behind a number."""
    query, asked, names = visit.query, _asked(visit), Names(visit)
    page = _page_of(query.get("page", "1"))
    days = _days(query.get("days", ""))
    found = listed(
        visit.site.desk, visit.who, asked, query.get("metric", ""),
        query.get("part", NUMERATOR), start=(page - 1) * PAGE, limit=PAGE, days=days,
    )  # fmt: skip
    kept = {"metric": found.definition.key, "part": found.part, "days": query.get("days", "")}
    address = f"/report/list?{_params(asked)}&" + urlencode({k: v for k, v in kept.items() if v})
    return visit.page(
        "report_list.html",
        found=found,
        lines=[line_of(row, names) for row in found.rows],
        parts=_parts(found.figure, found.definition) if days is None else [],
        days=days,
        page=page,
        address=address,
        **_frame(visit, asked, found.report, names),
    )


def show_charts(visit: Visit) -> Response:
    """Trend, map of the townships, and how long cases took."""
    asked = _asked(visit)
    key = visit.query.get("metric", FIRST_CHART)
    definition = reporting.definition_of(key)
    county, names = visit.site.county, Names(visit)
    report = reporting.report(county, visit.who, asked)
    tiles = reporting.map_of(county, visit.who, asked, key)
    months = reporting.trend_of(county, visit.who, asked, key)
    times = reporting.handling_times(county, visit.who, asked)
    list_of = f"/report/list?metric={key}&part={_whole_part(definition)}&"
    points = [
        Point(
            f"{one.first:%m}" if one.first.month > 1 else f"{one.first:%Y-%m}",
            _value(one.figure), shown(definition, one.figure),
            list_of + _params(_within(asked, one.first, one.last)), one.last >= county.today(),
        )
        for one in months
    ]  # fmt: skip
    bins = [
        Point(_bin_word(one), len(one.records), str(len(one.records)), _bin_link(asked, one))
        for one in times.bins
    ]
    return visit.page(
        "report_charts.html",
        definition=definition,
        charted=[BY_KEY[one] for one in CHARTED],
        months=months,
        trend=line_chart(points, is_rate=definition.is_rate),
        points=points,
        tiles=tiles,
        thirds=reporting.words_for(tiles),
        classes=THIRDS,
        tile_link=lambda tile: list_of + _params(_at(asked, tile.site.id)),
        times=times,
        bars=bar_chart(bins),
        bins=bins,
        **_frame(visit, asked, report, names),
    )


def show_behind(visit: Visit) -> Response:
    """The former address of the list behind a figure: of a rate, what it is over."""
    key = visit.request.path_params["key"]
    definition = reporting.definition_of(key)
    kept = f"&{visit.request.url.query}" if visit.request.url.query else ""
    return visit.go(f"/report/list?metric={key}&part={_whole_part(definition)}{kept}")


def as_xlsx(visit: Visit) -> Response:
    """The report as a spreadsheet."""
    report = reporting.report(visit.site.county, visit.who, _asked(visit))
    return _file(report_xlsx(report, visit.site.county.home.config.name), XLSX, report, "xlsx")


def as_pdf(visit: Visit) -> Response:
    """The report as a paper."""
    report = reporting.report(visit.site.county, visit.who, _asked(visit))
    return _file(report_pdf(report, visit.site.county.home.config.name), PDF, report, "pdf")


def _asked(visit: Visit) -> Question:
    today, query = visit.site.county.today(), visit.query
    from_on = date_of(query, "from") if query.get("from") else today.replace(day=1)
    to_on = date_of(query, "to") if query.get("to") else today
    site, item, channel = (query.get(name) or None for name in ("site", "item", "channel"))
    return Question(from_on, to_on, site, item, channel)


def _frame(
    visit: Visit, asked: Question, report: Report, names: Names | None = None
) -> dict[str, Any]:
    """What all pages of the report share: filters, addresses, words."""
    choices = reporting.choices(visit.site.county, visit.who)
    params = _params(asked)
    chosen = next((one for one in choices.items if one.code == asked.item), None)
    return {
        "names": names or Names(visit),
        "asked": asked,
        "report": report,
        "choices": choices,
        "channels": CHANNELS,
        "chosen_item": chosen.name if chosen else asked.item or "",
        "chosen_channel": dict(CHANNELS).get(asked.channel or "", ""),
        "presets": [
            (one, _params(_within(asked, one.from_on, one.to_on)))
            for one in presets(visit.site.county.today())
        ],
        "params": params,
        "shown": shown,
        "lists": Lists,
    }


def _params(asked: Question) -> str:
    told = {
        "from": asked.from_on.isoformat(), "to": asked.to_on.isoformat(), "site": asked.site,
        "item": asked.item, "channel": asked.channel,
    }  # fmt: skip
    return urlencode({name: value for name, value in told.items() if value})


def _within(asked: Question, from_on: date, to_on: date) -> Question:
    return Question(from_on, to_on, asked.site, asked.item, asked.channel)


def _at(asked: Question, site: str) -> Question:
    return Question(asked.from_on, asked.to_on, site, asked.item, asked.channel)


def _whole_part(definition: Definition) -> str:
    return DENOMINATOR if definition.is_rate and definition.lists is Lists.RECORDS else NUMERATOR


def _parts(figure: Figure, definition: Definition) -> list[tuple[str, str, int]]:
    """The parts of a figure that have a list: (part, words, length)."""
    if definition.lists not in (Lists.RECORDS, Lists.ITEMS):
        return []
    found = [
        (part, words, len(figure.part(part)) or len(figure.things_of(part)))
        for part, words in PART_WORDS.items()
        if part != REST or figure.others
    ]
    return found if figure.denominator is not None and definition.is_rate else []


def _value(figure: Figure) -> float | None:
    return None if figure.value is None or figure.missing else float(figure.value)


def _bin_word(one: Bin) -> str:
    if one.most is None:
        return f"≥{one.least}"
    return str(one.least) if one.least == one.most else f"{one.least}–{one.most}"


def _bin_link(asked: Question, one: Bin) -> str:
    most = "" if one.most is None else one.most
    return f"/report/list?metric=M21&part={NUMERATOR}&days={one.least}-{most}&{_params(asked)}"


def _days(text: str) -> tuple[int, int | None] | None:
    if not text:
        return None
    least, _, most = text.partition("-")
    if not least.isdecimal() or not (most == "" or most.isdecimal()) or len(text) > 9:
        raise WrongParameter("参数 days 应为天数的范围，例如 6-7，请从图中打开。")
    return int(least), int(most) if most else None


def _page_of(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:9]) < 10**8:
        raise WrongParameter("参数 page 应为页码，请从清单下方翻页。")
    return int(text)


def _file(body: bytes, media_type: str, report: Report, ending: str) -> Response:
    name = f"report-{as_number(report.from_on)}-{as_number(report.to_on)}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, 200, headers, media_type)


def presets(today: date) -> list[Preset]:
    """Return the periods that stand above the report."""
    first = today.replace(day=1)
    last_month = first - timedelta(days=1)
    quarter = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    return [
        Preset("本月", first, today),
        Preset("上月", last_month.replace(day=1), last_month),
        Preset("本季度", quarter, today),
        Preset("本年", today.replace(month=1, day=1), today),
    ]
