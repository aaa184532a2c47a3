"""首页: today in plain words — what waits for a decision, who has gone silent, what is overdue."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.console.names import Names
from server.console.web import Site, Visit, route
from server.county import day_number
from server.sight import COUNTY_ROLES
from server.silence import SILENT_DAYS, is_silent
from server.storage import RecordFilter
from server.today import today_of
from server.todo.entries import FIELD, HELD, PAIR, STATES, entries

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
    waiting = Counter(entry.kind for entry in entries(desk, person))
    return visit.page(
        "home.html",
        today=today,
        weekday=WEEKDAYS[today.weekday()],
        conflicts=waiting[FIELD] + waiting[STATES],
        pairs=waiting[PAIR],
        held=waiting[HELD],
        silent=silent,
        silent_days=SILENT_DAYS,
        overdue=overdue,
        names=Names(visit),
        done=MESSAGES.get(visit.query.get("done", ""), ""),
        shown=SHOWN,
        sheet=today_of(county, person) if person.role in COUNTY_ROLES else None,
    )
