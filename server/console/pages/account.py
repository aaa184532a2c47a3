"""我的账号: one's own log-ins, and turning the second factor on and off."""

from __future__ import annotations

import segno
from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import BaseRoute

from server import own_account
from server.accounts import WrongLogIn
from server.console.web import Site, Visit, WrongForm, route
from server.own_account import FactorOff
from server.staff_factor import RECOVERY_CODES, Setup, WrongCode

DONE = {
    "ended": "已退出那个登录。",
    "others": "其他登录都已退出。",
    "off": "两步验证已关闭。",
}


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of one's own account."""
    return [
        route(site, "/account", show),
        route(site, "/account/sessions", end, post=True),
        route(site, "/account/factor", show_factor),
        route(site, "/account/factor", turn_on, post=True),
        route(site, "/account/factor/off", turn_off, post=True),
        route(site, "/account/factor/codes", new_codes, post=True),
    ]


def show(visit: Visit) -> Response:
    """Log-ins and second factor."""
    return _page(visit)


def end(visit: Visit) -> Response:
    """End one log-in, or all but this one."""
    key = visit.form.get("key", "")
    if key:
        own_account.end_session(visit.site.accounts, visit.who, key)
        return visit.go("/account?done=ended")
    own_account.end_others(visit.site.accounts, visit.who)
    return visit.go("/account?done=others")


def show_factor(visit: Visit) -> Response:
    """A fresh secret as QR and as text; nothing changes before a code proves it."""
    name = visit.site.county.home.config.name
    return _factor_page(visit, own_account.set_up_factor(visit.site.accounts, visit.who, name))


def turn_on(visit: Visit) -> Response:
    """Prove the secret with a code; the recovery codes stand on this page and nowhere else."""
    accounts, person, paper = visit.site.accounts, visit.who, visit.form.get("paper", "")
    try:
        codes = own_account.turn_on_factor(accounts, person, paper, visit.form.get("code", ""))
    except WrongCode as error:
        name = visit.site.county.home.config.name
        again = own_account.shown_again(accounts, person, name, paper)
        return _factor_page(visit, again, status=422, problem=str(error))
    return visit.page("recovery_codes.html", codes=codes, is_new=True)


def turn_off(visit: Visit) -> Response:
    """Ask for no code any more."""
    try:
        own_account.turn_off_factor(visit.site.accounts, visit.who, visit.field("password"))
    except (WrongLogIn, WrongForm) as error:
        return _page(visit, status=422, problem=str(error))
    return visit.go("/account?done=off")


def new_codes(visit: Visit) -> Response:
    """Ten new recovery codes; those of before are good no longer."""
    try:
        codes = own_account.new_recovery_codes(
            visit.site.accounts, visit.who, visit.field("password")
        )
    except (WrongLogIn, FactorOff, WrongForm) as error:
        return _page(visit, status=422, problem=str(error))
    return visit.page("recovery_codes.html", codes=codes, is_new=False)


def qr(text: str) -> Markup:
    """Return a QR code as inline SVG: no script, no request, dark on white in both schemes."""
    made = segno.make(text, error="m")
    return Markup(  # noqa: S704 - drawn by segno, no text in it
        made.svg_inline(scale=5, border=4, dark="#000", light="#fff", omitsize=True)
    )


def _factor_page(
    visit: Visit, setup: Setup, *, status: int = 200, problem: str = ""
) -> Response:  # fmt: skip
    text = setup.secret
    return visit.page(
        "factor.html",
        status=status,
        setup=setup,
        secret=" ".join(text[i : i + 4] for i in range(0, len(text), 4)),
        qr=qr(setup.address),
        problem=problem,
    )


def _page(visit: Visit, *, status: int = 200, problem: str = "") -> Response:
    is_on, left = own_account.factor_of(visit.site.accounts, visit.who)
    return visit.page(
        "account.html",
        status=status,
        sessions=own_account.sessions(visit.site.accounts, visit.who),
        factor_on=is_on,
        codes_left=left,
        codes_all=RECOVERY_CODES,
        problem=problem,
        done=DONE.get(visit.query.get("done", ""), ""),
    )
