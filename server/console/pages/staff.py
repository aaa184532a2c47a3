"""工作人员: the list with its search, adding somebody, the permission table as enforced."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.console.names import Names
from server.console.web import Site, Visit, WrongForm, route
from server.staff_desk import (
    NAME_MAX,
    PAGE,
    NewPerson,
    Search,
    add,
    departments,
    people_page,
    require_list,
)
from server.staff_people import STATES
from server.staff_rights import MODES, rights
from shared.errors import BianminError
from shared.rights import ROLE_LABELS, Role

ROLES = [(role.value, ROLE_LABELS[role]) for role in Role if role is not Role.CITIZEN]
TONES = {"serving": "good", "coming": "brand", "locked": "bad", "ended": "plain"}
PLACES = {"desk": "在电脑上办公（给一次性密码）", "tablet": "在平板上办公（发注册码）"}


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of the list, of adding, and of the permission table."""
    return [
        route(site, "/staff", show),
        route(site, "/staff", add_one, post=True),
        route(site, "/staff/new", show_new),
        route(site, "/staff/rights", show_rights),
    ]


def show(visit: Visit) -> Response:
    """Everybody this person may see, a page at a time."""
    query = visit.query
    search = Search(
        query.get("text", "")[:NAME_MAX], query.get("role", ""), query.get("township", ""),
        query.get("state", ""), _page_number(query.get("page", "1")),
    )  # fmt: skip
    found = people_page(visit.site.desk, visit.who, search)
    asked = {"text": search.text, "role": search.role, "township": search.township,
             "state": search.state}  # fmt: skip
    pages = max(-(-found.total // PAGE), 1)
    return visit.page(
        "staff.html",
        found=found,
        search=search,
        roles=ROLES,
        role_word=dict(ROLES),
        states=STATES,
        tones=TONES,
        pages=pages,
        link=lambda number: "/staff?" + urlencode(asked | {"page": number}),
        names=Names(visit),
    )


def show_new(visit: Visit) -> Response:
    """The form for somebody new."""
    return _form(visit)


def add_one(visit: Visit) -> Response:
    """Enter somebody; the one-time password stands on this page and nowhere else."""
    form = visit.form
    require_list(visit.site.desk, visit.who)  # whom the list does not concern sees no form
    try:
        made = add(
            visit.site.desk,
            visit.who,
            NewPerson(
                form.get("name", ""), form.get("role", ""), form.get("site", ""),
                form.get("at", "desk"), day_of(form, "from_on"), day_of(form, "to_on"),
                form.get("department", "").strip(), form.get("staff_no", ""),
                form.get("phone", ""), form.get("reason", ""),
            ),
        )  # fmt: skip
    except BianminError as error:
        status = 403 if not require_list(visit.site.desk, visit.who) else 422
        return _form(visit, status=status, problem=str(error), typed=dict(form))
    return visit.page(
        "staff_added.html", made=made, role_word=dict(ROLES), names=Names(visit)
    )  # fmt: skip


def show_rights(visit: Visit) -> Response:
    """The permission table; everybody at a desk may know who may do what."""
    return visit.page("staff_rights.html", rights=rights(), modes=MODES)


def day_of(form: Mapping[str, str], name: str) -> date | None:
    """Return a date field of a form, None where it is empty; raise WrongForm."""
    text = form.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise WrongForm("日期应写成 2026-10-31 的样子，请更正。") from error


def site_options(names: Names, today: date) -> list[tuple[str, str]]:
    """Return (region code, name) of every site, for a field with suggestions."""
    return [
        (code.code12, one.title)
        for one in names.sites.sites
        if (code := one.code_on(today)) is not None
    ]


def _form(
    visit: Visit, *, status: int = 200, problem: str = "", typed: dict[str, str] | None = None
) -> Response:
    names, today = Names(visit), visit.site.county.today()
    may_add = require_list(visit.site.desk, visit.who)
    with visit.site.county.ledger.read() as tx:
        offered = departments(visit.site.county.editions(tx))
    return visit.page(
        "staff_new.html",
        status=status if may_add or status == 403 else 200,
        may_add=may_add,
        roles=ROLES,
        places=PLACES,
        sites=site_options(names, today) if may_add else [],
        departments=offered,
        name_max=NAME_MAX,
        today=today.isoformat(),
        problem=problem,
        typed=typed or {},
    )


def _page_number(text: str) -> int:
    return int(text) if text.isdecimal() and int(text[:6]) > 0 else 1
