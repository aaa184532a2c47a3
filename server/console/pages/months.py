"""月结: a month's frozen figures beside today's, who signed, and what came later as corrections."""

from __future__ import annotations

from datetime import date

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.console.names import Names
from server.console.web import Site, Visit, route
from server.metrics.definitions import DEFINITIONS, percent
from server.months import closing
from server.months.sheets import parse_month
from server.months.viewing import OPEN, RUNNING, listed, view

STATES = (OPEN, RUNNING, "待签", "已签", "已公布")
"""The states of a month, for the catalogues."""


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of the page and of the three steps."""
    return [
        route(site, "/months", show),
        route(site, "/months/freeze", freeze, post=True),
        route(site, "/months/sign", sign, post=True),
        route(site, "/months/publish", publish, post=True),
    ]


def show(visit: Visit) -> Response:
    """One month; without a name, the last that is over."""
    county = visit.site.county
    months = listed(county)
    asked = visit.query.get("month")
    month = parse_month(asked) if asked else months[min(1, len(months) - 1)]
    return visit.page(
        "months.html",
        months=months,
        seen=view(county, visit.who, month),
        definitions=DEFINITIONS,
        percent=percent,
        names=Names(visit),
        done=visit.query.get("done", ""),
    )


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


def _back(visit: Visit, month: date, done: str) -> Response:
    return visit.go(f"/months?month={month:%Y-%m}&done={done}")
