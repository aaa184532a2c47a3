"""How a page is served: who visits, in which language, with which form; errors as pages.

Page functions are plain and block; they run in the thread pool. A page raises declared errors and
never builds an error page itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from server.accounts import Accounts, Person, same_token
from server.api.app import address_of, status_of
from server.console.form_files import read_upload
from server.console.language import COOKIE as LANGUAGE_COOKIE
from server.console.language import LANGUAGES, language_of, translate
from server.console.menu import menu_of
from server.console.render import render
from server.console.security import SAFE_METHODS
from server.county import County
from server.desk import Desk
from server.http import read_body
from shared.errors import BianminError, Misuse, Refused

SESSION_COOKIE = "bianmin_session"
FORM_MAX = 64 << 10
FIELDS_MAX = 200
YEAR_S = 365 * 24 * 60 * 60


class WrongForm(Misuse):
    """A form that is not the one this page gave out, or that lacks a field."""


@dataclass(frozen=True, slots=True)
class Site:
    """What every page works with."""

    county: County
    accounts: Accounts
    desk: Desk


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to a page."""

    site: Site
    request: Request
    language: str
    person: Person | None
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def who(self) -> Person:
        """Who is logged in; pages that are not public are only called with one."""
        assert self.person is not None
        return self.person

    @property
    def query(self) -> Mapping[str, str]:
        """The query parameters, the last one of each name."""
        return self.request.query_params

    @property
    def is_secure(self) -> bool:
        """Whether the browser speaks https, with the front's word where it stands between."""
        scheme = self.request.url.scheme
        if self.request.client is None or not self.request.client.host:
            scheme = self.request.headers.get("x-forwarded-proto", scheme)
        return scheme == "https"

    def say(self, text: str) -> str:
        """Return a sentence in the visitor's language."""
        return translate(self.language, text)

    def field(self, name: str) -> str:
        """Return a form field; raise WrongForm if it is missing or empty."""
        value = self.form.get(name, "").strip()
        if not value:
            raise WrongForm("表单没有填完整，请补齐后再提交。")
        return value

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """Return a rendered page."""
        body = render(
            self.language, template, person=self.person,
            menu=menu_of(self.person) if self.person is not None else [],
            county=self.site.county.home.config,
            path=self.request.url.path, query=self.request.url.query, now=self.site.county.now(),
            here=self.request.url.path + ("?" + self.request.url.query if self.query else ""),
            **values,
        )  # fmt: skip
        response = HTMLResponse(body, status)
        asked = self.query.get("lang")
        if asked in LANGUAGES:
            response.set_cookie(
                LANGUAGE_COOKIE, asked, max_age=YEAR_S, samesite="lax", secure=self.is_secure
            )
        return response

    def go(self, path: str) -> Response:
        """Return a redirection after a form (303: the browser asks with GET)."""
        return RedirectResponse(path, 303)


Page = Callable[[Visit], Response]


def route(
    site: Site, path: str, page: Page, *, post: bool = False, public: bool = False,
    file: bool = False,
) -> Route:  # fmt: skip
    """Return the route of a page; `post` for one that takes a form, `public` without log-in.

    `file`: the form brings a file (`server.console.form_files`).
    """

    async def serve(request: Request) -> Response:
        try:
            if file and SESSION_COOKIE in request.cookies:  # strangers send no files
                raw = await read_upload(request)
            else:
                raw = b"" if request.method in SAFE_METHODS else await read_body(request, FORM_MAX)
        except BianminError as error:
            return error_page(site, request, error)
        return await run_in_threadpool(_serve, site, request, page, raw, public)

    return Route(path, serve, methods=["POST"] if post else ["GET"], name=path)


def error_page(site: Site, request: Request, error: BianminError) -> Response:
    """Return the page of a declared error."""
    visit = Visit(site, request, language_of(request), None)
    return visit.page("error.html", status=status_of(error), sentence=str(error))


def local(path: str | None) -> str:
    """Return where to go after log-in: a path of this site, never another host."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")):
        return "/"
    return path


def _serve(site: Site, request: Request, page: Page, raw: bytes, public: bool) -> Response:
    token = request.cookies.get(SESSION_COOKIE, "")
    visit = Visit(site, request, language_of(request), None)
    try:
        person = site.accounts.person_of(token) if token else None
        visit = Visit(site, request, visit.language, person, _form(raw))
        if person is None and not public:
            return visit.go(f"/login?next={quote(_where(request), safe='')}")
        if person is not None and not public and _must_change(site, request, person):
            return visit.go("/password")
        if request.method not in SAFE_METHODS and not public:
            _require_own_form(visit)
        return page(visit)
    except BianminError as error:
        return visit.page("error.html", status=status_of(error), sentence=str(error))


def _where(request: Request) -> str:
    """Where a visitor without log-in wanted to go; after a form, the start page."""
    if request.method not in SAFE_METHODS:
        return "/"
    return request.url.path + ("?" + request.url.query if request.url.query else "")


def _must_change(site: Site, request: Request, person: Person) -> bool:
    free = request.url.path in {"/password", "/logout"}
    return person.must_change and not site.county.sample and not free


def _form(raw: bytes) -> dict[str, str]:
    if not raw:
        return {}
    try:
        found = parse_qs(
            raw.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=FIELDS_MAX
        )
    except (UnicodeDecodeError, ValueError) as error:
        raise WrongForm("表单内容无法读取，请返回页面重新填写。") from error
    return {name: values[-1] for name, values in found.items()}


class StaleForm(Refused):
    """A form without the token of this log-in: an old page, or another site's."""


def _require_own_form(visit: Visit) -> None:
    if not same_token(visit.form.get("token", ""), visit.who.form_token):
        raise StaleForm("页面已过期，请返回刷新后重新提交。")


def client_of(visit: Visit) -> str:
    """Return the visitor's address."""
    return address_of(visit.request)
