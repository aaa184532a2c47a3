"""报表: the figures of a period, each with its rule, its counts, and the list behind it."""

from __future__ import annotations

from datetime import date, timedelta

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.api.call import WrongParameter, date_of
from server.console.names import Names
from server.console.pages.records import line_of
from server.console.web import Site, Visit, route
from server.metrics.definitions import BY_KEY, COMMON_RULES, DEFINITIONS, shown
from server.report import Report, as_number
from server.report_files import PDF, XLSX, report_pdf, report_xlsx

BEHIND_MAX = 500


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of the report, its files, and the list behind a figure."""
    return [
        route(site, "/report", show),
        route(site, "/report.xlsx", as_xlsx),
        route(site, "/report.pdf", as_pdf),
        route(site, "/report/{key}", show_behind),
    ]


def show(visit: Visit) -> Response:
    """The figures of a period."""
    report = _report(visit)
    return visit.page(
        "report.html",
        report=report,
        definitions=DEFINITIONS,
        rules=COMMON_RULES,
        shown=shown,
        names=Names(visit),
        presets=_presets(visit.site.county.today()),
        params=_params(report),
    )


def show_behind(visit: Visit) -> Response:
    """The records behind a figure; of a rate, first those that are not in the numerator."""
    key = visit.request.path_params["key"]
    if key not in BY_KEY:
        raise WrongParameter("没有这个指标，请从报表中打开。")
    report, names = _report(visit), Names(visit)
    figure = report.figures[key]
    rest = visit.site.desk.rows(visit.who, figure.others[:BEHIND_MAX])
    counted = visit.site.desk.rows(visit.who, figure.records[:BEHIND_MAX])
    return visit.page(
        "behind.html",
        definition=BY_KEY[key],
        figure=figure,
        rest=[line_of(row, names) for row in rest],
        lines=[line_of(row, names) for row in counted],
        shown=BEHIND_MAX,
        report=report,
        params=_params(report),
        names=names,
    )


def as_xlsx(visit: Visit) -> Response:
    """The report as a spreadsheet."""
    report = _report(visit)
    return _file(report_xlsx(report, visit.site.county.home.config.name), XLSX, report, "xlsx")


def as_pdf(visit: Visit) -> Response:
    """The report as a paper."""
    report = _report(visit)
    return _file(report_pdf(report, visit.site.county.home.config.name), PDF, report, "pdf")


def _report(visit: Visit) -> Report:
    today = visit.site.county.today()
    query = visit.query
    from_on = date_of(query, "from") if query.get("from") else today.replace(day=1)
    to_on = date_of(query, "to") if query.get("to") else today
    return visit.site.desk.report(visit.who, from_on, to_on, query.get("site") or None)


def _params(report: Report) -> str:
    site = f"&site={report.site.id}" if report.site else ""
    return f"from={report.from_on}&to={report.to_on}{site}"


def _file(body: bytes, media_type: str, report: Report, ending: str) -> Response:
    name = f"report-{as_number(report.from_on)}-{as_number(report.to_on)}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, 200, headers, media_type)


def _presets(today: date) -> list[tuple[str, date, date]]:
    first = today.replace(day=1)
    last_month = first - timedelta(days=1)
    return [
        ("本月", first, today),
        ("上月", last_month.replace(day=1), last_month),
        ("本年", today.replace(month=1, day=1), today),
    ]
