"""设备: every tablet, how far its stream has come, and who has gone silent."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.console.names import Names
from server.console.pages.home import SILENT_DAYS, is_silent
from server.console.web import Site, Visit, route


def routes(site: Site) -> list[BaseRoute]:
    """Return the route of the list."""
    return [route(site, "/devices", show)]


def show(visit: Visit) -> Response:
    """All tablets, those in use and silent first."""
    now = visit.site.county.now()
    found = visit.site.desk.devices(visit.who)
    silent = {one.device for one in found if is_silent(one, now)}
    order = {"waiting": 0, "active": 1}
    found.sort(key=lambda one: (order.get(one.state, 2), one.device not in silent, one.site))
    return visit.page(
        "devices.html", found=found, silent=silent, silent_days=SILENT_DAYS, names=Names(visit)
    )
