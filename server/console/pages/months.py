"""月结: a month's frozen figures beside today's, who signed, what came later as corrections, the
bulletin as files, and the year's months side by side."""

from __future__ import annotations

from datetime import date

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.api.call import WrongParameter
from server.bulletin.content import rate_lines
from server.bulletin.desk import (
    BULLETIN_FORMS,
    YEAR_FORMS,
    PrintedFile,
    bulletin_file,
    year_file,
    year_of,
)
from server.bulletin.year import MATRIX_KEYS, TOWN_KEYS, parse_through, parse_year
from server.console.names import Names
from server.console.web import Site, Visit, route
from server.metrics.definitions import BY_KEY, DEFINITIONS, percent
from server.months import closing, objecting
from server.months.sheets import DISMISSED, UPHELD, last_day, parse_month
from server.months.viewing import OPEN, RUNNING, listed, view

STATES = (OPEN, RUNNING, "待签", "已签", "已公布")
"""The states of a month, for the catalogues."""
ANSWERS = {"": "待答复", UPHELD: "采纳", DISMISSED: "不采纳"}
"""What became of an objection, in words."""
FORM_NAMES = {"pdf": "PDF", "docx": "Word", "xlsx": "Excel"}


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of the pages, of the files and of the steps."""
    return [
        route(site, "/months", show),
        route(site, "/months/freeze", freeze, post=True),
        route(site, "/months/sign", sign, post=True),
        route(site, "/months/publish", publish, post=True),
        route(site, "/months/object", object_, post=True),
        route(site, "/months/answer", answer, post=True),
        route(site, "/months/year/{year}", show_year),
        route(site, "/months/year/{year}/table.{form}", year_as_file),
        route(site, "/months/{month}", show),
        route(site, "/months/{month}/bulletin.{form}", as_file),
    ]


def show(visit: Visit) -> Response:
    """One month; without a name, the last that is over."""
    county = visit.site.county
    months = listed(county)
    asked = visit.request.path_params.get("month") or visit.query.get("month")
    month = parse_month(asked) if asked else months[min(1, len(months) - 1)]
    return visit.page(
        "months.html",
        months=months,
        seen=view(county, visit.who, month),
        definitions=DEFINITIONS,
        percent=percent,
        names=Names(visit),
        forms=[(form, FORM_NAMES[form]) for form in BULLETIN_FORMS],
        labels=BY_KEY,
        answers=ANSWERS,
        done=visit.query.get("done", ""),
    )


def show_year(visit: Visit) -> Response:
    """The months of a year side by side, and the townships."""
    county = visit.site.county
    year = parse_year(visit.request.path_params["year"])
    through = parse_through(visit.query.get("through"), year, county.today())
    shown = visit.query.get("figure") or "M2"
    if shown not in MATRIX_KEYS:
        raise WrongParameter("没有这个指标，请从页面上选一个。")
    table = year_of(county, visit.who, year, through)
    return visit.page(
        "months_year.html",
        table=table,
        missing="、".join(f"{one:%Y-%m}" for one in table.missing),
        years=sorted({one.year for one in listed(county)} | {year}),
        shown=shown,
        matrix_keys=MATRIX_KEYS,
        town_keys=TOWN_KEYS,
        labels=BY_KEY,
        rate_lines=rate_lines,
        last_day=last_day,
        forms=[(form, FORM_NAMES[form]) for form in YEAR_FORMS],
    )


def as_file(visit: Visit) -> Response:
    """The bulletin as a file."""
    month = parse_month(visit.request.path_params["month"])
    base = visit.request.url.replace(
        path="", query="", fragment="", scheme="https" if visit.is_secure else "http"
    )
    made = bulletin_file(
        visit.site.county, visit.who, month, visit.request.path_params["form"],
        draft=visit.query.get("draft") == "1", base=str(base).rstrip("/"),
    )  # fmt: skip
    return _file(made)


def year_as_file(visit: Visit) -> Response:
    """The yearly table as a file."""
    county, asked = visit.site.county, visit.request.path_params
    year = parse_year(asked["year"])
    through = parse_through(visit.query.get("through"), year, county.today())
    return _file(year_file(county, visit.who, year, through, asked["form"]))


def freeze(visit: Visit) -> Response:
    """Freeze the figures of a month that is over."""
    month = parse_month(visit.field("month"))
    closing.freeze(visit.site.county, month, visit.who)
    return _back(visit, month, "frozen")


def sign(visit: Visit) -> Response:
    """Sign the sheet of the visitor's own township."""
    month = parse_month(visit.field("month"))
    closing.sign(visit.site.county, visit.who, month, visit.form.get("reason", ""))
    return _back(visit, month, "signed")


def publish(visit: Visit) -> Response:
    """Publish the county's sheet."""
    month = parse_month(visit.field("month"))
    unsigned = visit.form.get("unsigned") == "1"
    closing.publish(visit.site.county, visit.who, month, visit.field("reason"), unsigned=unsigned)
    return _back(visit, month, "published")


def object_(visit: Visit) -> Response:
    """Object to a correction line of the visitor's own township."""
    month = parse_month(visit.field("month"))
    objecting.raise_objection(
        visit.site.county, visit.who, month, visit.field("key"), _day(visit),
        visit.form.get("reason", ""),
    )  # fmt: skip
    return _back(visit, month, "objected")


def answer(visit: Visit) -> Response:
    """Answer a township's objection."""
    month = parse_month(visit.field("month"))
    objecting.answer_objection(
        visit.site.county, visit.who, month, visit.field("site"), visit.field("key"), _day(visit),
        visit.form.get("reason", ""), upheld=visit.field("answer") == UPHELD,
    )  # fmt: skip
    return _back(visit, month, "answered")


def _day(visit: Visit) -> date:
    try:
        return date.fromisoformat(visit.field("on"))
    except ValueError as error:
        raise WrongParameter("日期无法识别，请返回页面重新选择一行。") from error


def _back(visit: Visit, month: date, done: str) -> Response:
    return visit.go(f"/months?month={month:%Y-%m}&done={done}")


def _file(made: PrintedFile) -> Response:
    headers = {"Content-Disposition": made.disposition}
    return Response(made.content, 200, headers, made.media_type)
