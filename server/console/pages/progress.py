"""/q 进度查询: the form for a number and its query code, and the answer in plain sentences."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.console.web import Site, Visit, client_of, route
from server.progress import NothingFound, ask
from server.throttle import TooManyTries
from shared.slips import InvalidSlipNumber


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of the public query."""
    return [
        route(site, "/q", show, public=True),
        route(site, "/q", answer, post=True, public=True),
    ]


def show(visit: Visit) -> Response:
    """The empty form."""
    return visit.page("progress.html", number="", problem="", found=None)


def answer(visit: Visit) -> Response:
    """What number and code tell, or why they tell nothing."""
    number, code = visit.form.get("number", "").strip(), visit.form.get("code", "").strip()
    try:
        found = ask(visit.site.county, number, code, client_of(visit))
    except TooManyTries as error:
        return _again(visit, 429, number, str(error))
    except (InvalidSlipNumber, NothingFound) as error:
        return _again(visit, 404, number, str(error))
    return visit.page("progress.html", number=number, problem="", found=found)


def _again(visit: Visit, status: int, number: str, problem: str) -> Response:
    return visit.page(
        "progress.html", status=status, number=number[:40], problem=problem, found=None
    )
