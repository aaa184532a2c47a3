"""The console as one application: pages, /q, /api/v1 and static files behind the fences."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from server.accounts import Accounts
from server.api.app import api_routes, not_here
from server.console.language import language_of
from server.console.pages import (
    account,
    audit,
    bridge,
    complaints,
    decided,
    devices,
    editions,
    home,
    login,
    months,
    person,
    progress,
    records,
    report,
    staff,
    today,
    todo,
    watch,
)
from server.console.render import render
from server.console.security import SameSite, SecurityHeaders
from server.console.web import Site
from server.county import County
from server.desk import Desk

PAGES = (
    home,
    today,
    login,
    todo,
    decided,
    watch,
    records,
    report,
    months,
    devices,
    staff,
    bridge,
    person,
    account,
    editions,
    complaints,
    audit,
    progress,
)
"""One module per page; each hands in its routes."""


def console_app(county: County) -> Starlette:
    """Return the console of a county: `/`, `/q` and `/api/v1`."""
    accounts = Accounts(county.ledger, county.now, county.entropy)
    site = Site(county, accounts, Desk(county, accounts))
    routes: list[BaseRoute] = [*api_routes(site.desk, accounts)]
    for page in PAGES:
        routes += page.routes(site)
    routes.append(Mount("/static", StaticFiles(packages=[("server.console", "static")])))
    return Starlette(
        routes=routes,
        middleware=[Middleware(SecurityHeaders), Middleware(SameSite)],
        exception_handlers={404: _not_here, 405: _not_here},
    )


async def _not_here(request: Request, error: Exception) -> Response:
    if request.url.path.startswith("/api/"):
        return not_here(error)
    body = render(language_of(request), "lost.html")
    return HTMLResponse(body, 404)
