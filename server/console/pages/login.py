"""登录 with its second step, 退出, 修改密码."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.accounts import IDLE_MS, SESSION_MS, LogIn, WrongLogIn, place_of
from server.console.web import SESSION_COOKIE, Site, Visit, WrongForm, client_of, local, route
from server.own_account import change_password as change
from server.passwords import PASSWORD_MIN
from server.staff_factor import CodeNeeded, PaperLapsed, WrongCode
from server.throttle import TooManyTries
from shared.errors import BianminError

_PROBLEMS = (WrongLogIn, TooManyTries, WrongForm, PaperLapsed)
ENDED = "登录已过期或已退出，请重新登录；登录后回到刚才的页面。"


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of log-in, log-out and password."""
    return [
        route(site, "/login", show, public=True),
        route(site, "/login", enter, post=True, public=True),
        route(site, "/login/code", enter_code, post=True, public=True),
        route(site, "/logout", leave, post=True),
        route(site, "/password", show_password),
        route(site, "/password", change_password, post=True),
    ]


def show(visit: Visit) -> Response:
    """The log-in form; says so where a session has just ended."""
    problem = ENDED if visit.query.get("ended") == "1" else ""
    response = _form(visit, local(visit.query.get("next")), problem=problem)
    if problem:
        response.delete_cookie(SESSION_COOKIE)
    return response


def enter(visit: Visit) -> Response:
    """Log in and go on to where the visitor wanted to go, or ask for the code first."""
    after, name = local(visit.form.get("next")), visit.form.get("name", "")
    try:
        found = visit.site.accounts.log_in(
            visit.field("name"), visit.field("password"), client_of(visit), place=_place(visit)
        )
    except CodeNeeded:
        return _code_form(visit, after, visit.site.accounts.ticket(name))
    except _PROBLEMS as error:
        return _form(visit, after, status=_status(error), problem=str(error), name=name)
    return _entered(visit, found, after)


def enter_code(visit: Visit) -> Response:
    """The second step: a code of the authenticator, or a recovery code."""
    after, ticket = local(visit.form.get("next")), visit.form.get("ticket", "")
    try:
        found = visit.site.accounts.log_in_with(
            ticket, visit.field("code"), client_of(visit), place=_place(visit)
        )
    except (WrongCode, WrongForm) as error:
        return _code_form(visit, after, ticket, status=401, problem=str(error))
    except _PROBLEMS as error:
        return _form(visit, after, status=_status(error), problem=str(error))
    return _entered(visit, found, after)


def leave(visit: Visit) -> Response:
    """Log out."""
    visit.site.accounts.log_out(visit.who)
    response = visit.go("/login")
    response.delete_cookie(SESSION_COOKIE)
    return response


def show_password(visit: Visit) -> Response:
    """The form for a new password."""
    return visit.page("password.html", problem="", least=PASSWORD_MIN)


def change_password(visit: Visit) -> Response:
    """Set a new password."""
    try:
        new = visit.field("new")
        if new != visit.form.get("repeat"):
            raise WrongForm("两次输入的新密码不一样，请重新输入。")
        change(visit.site.accounts, visit.who, visit.field("old"), new)
    except BianminError as error:
        return visit.page("password.html", status=422, problem=str(error), least=PASSWORD_MIN)
    return visit.go("/?done=password")


def _entered(visit: Visit, found: LogIn, after: str) -> Response:
    """A log-in begins with a new token; what this browser held before ends."""
    visit.site.accounts.discard(visit.request.cookies.get(SESSION_COOKIE, ""))
    response = visit.go(after)
    response.set_cookie(
        SESSION_COOKIE, found.token, max_age=SESSION_MS // 1000, httponly=True, samesite="lax",
        secure=visit.is_secure,
    )  # fmt: skip
    return response


def _form(
    visit: Visit, after: str, *, status: int = 200, problem: str = "", name: str = ""
) -> Response:
    return visit.page(
        "login.html", status=status, after=after, name=name, problem=problem,
        idle_h=IDLE_MS // 3_600_000,
    )  # fmt: skip


def _code_form(
    visit: Visit, after: str, ticket: str, *, status: int = 200, problem: str = ""
) -> Response:
    return visit.page("login_code.html", status=status, after=after, ticket=ticket, problem=problem)


def _status(error: BianminError) -> int:
    return 429 if isinstance(error, TooManyTries) else 401


def _place(visit: Visit) -> str:
    return place_of(client_of(visit), visit.request.headers.get("user-agent", ""))
