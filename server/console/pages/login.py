"""登录, 退出, 修改密码."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.accounts import IDLE_MS, SESSION_MS, WrongLogIn
from server.console.web import SESSION_COOKIE, Site, Visit, WrongForm, client_of, local, route
from server.passwords import PASSWORD_MIN
from server.throttle import TooManyTries
from shared.errors import BianminError

_PROBLEMS = (WrongLogIn, TooManyTries, WrongForm)


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of log-in, log-out and password."""
    return [
        route(site, "/login", show, public=True),
        route(site, "/login", enter, post=True, public=True),
        route(site, "/logout", leave, post=True),
        route(site, "/password", show_password),
        route(site, "/password", change_password, post=True),
    ]


def show(visit: Visit) -> Response:
    """The log-in form."""
    after = local(visit.query.get("next"))
    return visit.page("login.html", after=after, name="", problem="", idle_h=IDLE_MS // 3_600_000)


def enter(visit: Visit) -> Response:
    """Log in and go on to where the visitor wanted to go."""
    after, name = local(visit.form.get("next")), visit.form.get("name", "")
    try:
        found = visit.site.accounts.log_in(
            visit.field("name"), visit.field("password"), client_of(visit)
        )
    except _PROBLEMS as error:
        status = 429 if isinstance(error, TooManyTries) else 401
        return visit.page(
            "login.html", status=status, after=after, name=name, problem=str(error),
            idle_h=IDLE_MS // 3_600_000,
        )  # fmt: skip
    response = visit.go(after)
    response.set_cookie(
        SESSION_COOKIE, found.token, max_age=SESSION_MS // 1000, httponly=True, samesite="lax",
        secure=visit.is_secure,
    )  # fmt: skip
    return response


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
        visit.site.accounts.change_password(visit.who, visit.field("old"), new)
    except BianminError as error:
        return visit.page("password.html", status=422, problem=str(error), least=PASSWORD_MIN)
    return visit.go("/?done=password")
