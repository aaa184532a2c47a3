"""首页: today in plain words — what waits for a decision, who has gone silent, what is overdue."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.api import messages
from server.console.names import Names
from server.console.web import Site, Visit, route
from server.county import day_number
from server.sight import COUNTY_ROLES
from server.storage import RecordFilter
from server.storage.rows import Device
from server.today import today_of
from shared.civil import DAY_MS

SILENT_DAYS = 5
SHOWN = 8
WEEKDAYS = "一二三四五六日"
MESSAGES = {"password": "密码已修改。"}


def routes(site: Site) -> list[BaseRoute]:
    """Return the route of the start page."""
    return [route(site, "/", show)]


def show(visit: Visit) -> Response:
    """The start page."""
    desk, person, county = visit.site.desk, visit.who, visit.site.county
    today = county.today()
    yesterday = day_number(today - timedelta(days=1))
    overdue = desk.lines(person, RecordFilter(kinds=["case"], due_through=yesterday), limit=SHOWN)
    silent = [one for one in desk.devices(person) if is_silent(one, county.now())]
    return visit.page(
        "home.html",
        today=today,
        weekday=WEEKDAYS[today.weekday()],
        conflicts=len(desk.conflicts(person)),
        pairs=len(desk.pairs(person)),
        held=len(desk.held(person)),
        silent=silent,
        silent_days=SILENT_DAYS,
        overdue=overdue,
        names=Names(visit),
        done=MESSAGES.get(visit.query.get("done", ""), ""),
        shown=SHOWN,
        sheet=today_of(county, person) if person.role in COUNTY_ROLES else None,
    )


def is_silent(device: messages.Device | Device, now: int) -> bool:
    """Return whether a tablet in use has not been heard of for SILENT_DAYS."""
    last = device.last_seen_at or 0
    return device.state == "active" and now - last > SILENT_DAYS * DAY_MS
