"""今日: one printable sheet on whether the county's machine is well."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.console.web import Site, Visit, route
from server.today import today_of


def routes(site: Site) -> list[BaseRoute]:
    """Return the route of the sheet."""
    return [route(site, "/today", show)]


def show(visit: Visit) -> Response:
    """The sheet."""
    return visit.page("today.html", sheet=today_of(visit.site.county, visit.who))
