"""工作人员: who may log in, and adding somebody with a one-time password."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.console.names import Names
from server.console.web import Site, Visit, route
from server.staff_desk import NAME_MAX, add, staff_page
from shared.errors import BianminError
from shared.rights import ROLE_LABELS, Role

ROLES = [(role.value, ROLE_LABELS[role]) for role in Role if role is not Role.CITIZEN]


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of the list and of adding."""
    return [route(site, "/staff", show), route(site, "/staff", add_one, post=True)]


def show(visit: Visit) -> Response:
    """The list, with the form for those who may add."""
    return _page(visit)


def add_one(visit: Visit) -> Response:
    """Enter somebody; the one-time password stands on this page and nowhere else."""
    form = visit.form
    name = form.get("name", "")
    try:
        password = add(visit.site.desk, visit.who, name, form.get("role", ""), form.get("site", ""))
    except BianminError as error:
        staff_page(visit.site.desk, visit.who)  # whom the list does not concern sees no form
        return _page(visit, status=422, problem=str(error), typed=dict(form))
    return _page(visit, added=" ".join(name.split()), password=password)


def _page(
    visit: Visit, *, status: int = 200, problem: str = "", typed: dict[str, str] | None = None,
    added: str = "", password: str = "",
) -> Response:  # fmt: skip
    names = Names(visit)
    found, today = staff_page(visit.site.desk, visit.who), visit.site.county.today()
    sites = [
        (code.code12, one.title)
        for one in names.sites.sites
        if (code := one.code_on(today)) is not None
    ]
    return visit.page(
        "staff.html",
        status=status,
        found=found,
        roles=ROLES,
        role_word={name: visit.say(label) for name, label in ROLES},
        sites=sites if found.may_add else [],
        name_max=NAME_MAX,
        problem=problem,
        typed=typed or {},
        added=added,
        password=password,
        names=names,
    )
