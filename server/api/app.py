"""The routes of /api/v1: bearer tokens, bounded bodies, one shape for every error.

Handlers block (database, Argon2), so each runs in the thread pool.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from server.accounts import Accounts, Person, UnknownStaff, WrongLogIn
from server.api import messages, openapi
from server.api.call import Call, Endpoint, Page
from server.api.table import ENDPOINTS
from server.attached import AttachmentMissing
from server.database import DatabaseUnavailable
from server.desk import Desk, UnknownConflict, UnknownRecord
from server.device_desk import NoSuchDevice
from server.editions.drafts import UnknownDraft
from server.editions.listing import UnknownEdition
from server.http import BodyTooLarge, read_body
from server.invitations import UnknownInvitation
from server.own_account import UnknownSession
from server.sight import NotAllowed
from server.staff_desk import OneSelf, UnknownPerson
from server.staff_factor import CodeNeeded, WrongCode
from server.staff_postings import UnknownPosting
from server.throttle import TooManyTries
from shared.errors import BianminError, Misuse, Refused
from shared.ids import InvalidId
from shared.sites import UnknownSite

BODY_MAX = 64 << 10
JSON = "application/json"
NOT_HERE = {
    404: ("unknown_path", "没有这个接口，请对照接口文档 /api/openapi.json。"),
    405: ("wrong_method", "这个接口不接受这种请求方法，请对照接口文档 /api/openapi.json。"),
}


class NotLoggedIn(Refused):
    """No token, or one that has expired."""


class MustChange(Refused):
    """The one-time password has to be changed before anything else."""


STATUSES: tuple[tuple[type[BianminError], int], ...] = (
    (WrongLogIn, 401),
    (NotLoggedIn, 401),
    (CodeNeeded, 401),
    (WrongCode, 401),
    (TooManyTries, 429),
    (NotAllowed, 403),
    (OneSelf, 403),
    (MustChange, 403),
    (UnknownRecord, 404),
    (AttachmentMissing, 404),
    (UnknownStaff, 404),
    (UnknownPerson, 404),
    (UnknownPosting, 404),
    (UnknownSession, 404),
    (UnknownInvitation, 404),
    (NoSuchDevice, 404),
    (UnknownDraft, 404),
    (UnknownEdition, 404),
    (UnknownSite, 404),
    (UnknownConflict, 409),
    (BodyTooLarge, 413),
    (InvalidId, 422),
    (Misuse, 422),
    (Refused, 409),
    (DatabaseUnavailable, 503),
)
"""The first class that fits decides; a declared error that is none of these is 422."""


def api_routes(desk: Desk, accounts: Accounts) -> list[BaseRoute]:
    """Return the routes of /api/v1 and of its document."""
    routes: list[BaseRoute] = [Route("/api/openapi.json", _document, methods=["GET"])]
    by_path: dict[str, dict[str, Endpoint]] = {}
    for endpoint in ENDPOINTS:
        by_path.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    for path, methods in by_path.items():
        handler = _handler(methods, desk, accounts)
        routes.append(Route(openapi.PREFIX + path, handler, methods=list(methods)))
    return routes


def status_of(error: BianminError) -> int:
    """Return the HTTP status of a declared error."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 422)


def code_of(error: BianminError) -> str:
    """Return the code programs read: the error's name in snake_case."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()


def address_of(request: Request) -> str:
    """Return the client's address: over the front's socket there is no peer, only its header."""
    if request.client is None or not request.client.host:
        return request.headers.get("x-forwarded-for", "")[:64]
    return request.client.host


def problem(error: BianminError) -> Response:
    """Return the answer to a declared error."""
    headers = {}
    if isinstance(error, TooManyTries):
        headers["Retry-After"] = str(-(-error.wait_ms // 1000))
    if status_of(error) == 401:
        headers["WWW-Authenticate"] = "Bearer"
    body = messages.Problem(code_of(error), str(error))
    return Response(msgspec.json.encode(body), status_of(error), headers, JSON)


def not_here(error: Exception) -> Response:
    """Return the answer to a path or a method that is not part of the interface."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    code, sentence = NOT_HERE.get(status, NOT_HERE[404])
    return Response(msgspec.json.encode(messages.Problem(code, sentence)), status, headers, JSON)


def _handler(methods: dict[str, Endpoint], desk: Desk, accounts: Accounts) -> Any:
    async def handle(request: Request) -> Response:
        endpoint = methods[request.method if request.method != "HEAD" else "GET"]
        try:
            raw = await read_body(request, BODY_MAX)
            return await run_in_threadpool(_answer, endpoint, desk, accounts, request, raw)
        except BianminError as error:
            return problem(error)

    return handle


def _answer(
    endpoint: Endpoint, desk: Desk, accounts: Accounts, request: Request, raw: bytes
) -> Response:
    person = None if endpoint.is_public else _person(request, desk, accounts, endpoint)
    call = Call(
        desk, accounts, address_of(request), request.query_params, request.path_params,
        _parse(endpoint, raw), person,
    )  # fmt: skip
    found = endpoint.handle(call)
    headers = {}
    if isinstance(found, Page):
        if found.next_before:
            target = request.url.include_query_params(before=found.next_before)
            headers["Link"] = f'<{target.path}?{target.query}>; rel="next"'
        found = found.items
    return Response(msgspec.json.encode(found), 200, headers, JSON)


def _person(request: Request, desk: Desk, accounts: Accounts, endpoint: Endpoint) -> Person:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    person = accounts.person_of(token.strip()) if scheme.lower() == "bearer" else None
    if person is None:
        raise NotLoggedIn("请先登录：POST /api/v1/session，再带上 Authorization: Bearer 令牌。")
    if person.must_change and not desk.county.sample and endpoint.path not in FREE_PATHS:
        raise MustChange("请先修改一次性密码：POST /api/v1/password。")
    return person


FREE_PATHS = frozenset({"/password", "/session", "/me"})


class WrongBody(Misuse):
    """A request body that is not the JSON this endpoint takes."""


def _parse(endpoint: Endpoint, raw: bytes) -> msgspec.Struct | None:
    if endpoint.body is None:
        return None
    try:
        return msgspec.json.decode(raw, type=endpoint.body)
    except msgspec.MsgspecError as error:
        place = str(error).rpartition("`")[0].rpartition("`")[2]
        raise WrongBody(
            f"请求内容不符合接口要求（位置 {place or '$'}），请对照接口文档。"
        ) from error
    except UnicodeDecodeError as error:
        raise WrongBody("请求内容不是 UTF-8 编码的 JSON，请检查后重试。") from error


async def _document(_request: Request) -> Response:
    return Response(openapi.document_bytes(), media_type=JSON)
