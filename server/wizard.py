"""The first start in a browser: one small server on the port that the county will have.

From this machine it opens at once; from another one only with the start code on the terminal. Only
one page exists, and it shows the step that the county itself says is next.
"""

from __future__ import annotations

import hmac
import os
import socket
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import segno
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from server.admin import invite
from server.codes import letters
from server.console.language import language_of
from server.console.render import render
from server.console.security import SameSite, SecurityHeaders
from server.county import County
from server.first_start import (
    Step,
    finish,
    first_administrator,
    first_backup,
    is_unfinished,
    make_county,
    step_of,
)
from server.home import CONFIG_FILE
from server.http import read_body
from server.load_template import TEMPLATES, write_template
from server.loading import load_county
from server.opening import close_county, open_county, wall_clock
from server.passwords import PASSWORD_MIN
from server.throttle import Throttle
from shared.errors import BianminError, Misuse, Refused

CODE_LETTERS = 8
COOKIE = "bianmin_setup"
BODY_MAX = 16 << 20
"""Bytes of the three tables together."""
TRIES, WINDOW_MS = 5, 15 * 60 * 1000
LOOPBACK = frozenset({"127.0.0.1", "::1"})
LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
SUFFIXES = frozenset({".xlsx", ".csv"})
NAMES = {"sites": "站点表", "staff": "人员表", "items": "事项表"}


class WrongStartCode(Refused):
    """Not the code on the terminal."""


class WrongUpload(Misuse):
    """A form that cannot be read, is stale, or lacks a table."""


@dataclass
class Wizard:
    """One run of the first start."""

    root: Path
    address: str
    code: str
    token: str
    county: County | None = None
    server: uvicorn.Server | None = None
    is_finished: bool = False
    tries: Throttle = field(default_factory=lambda: Throttle(TRIES, WINDOW_MS))
    invited: str = ""
    qr: str = ""

    def open(self) -> None:
        """Open the county where it has been made."""
        if self.county is None and (self.root / CONFIG_FILE).exists():
            self.county = open_county(self.root)

    def close(self) -> None:
        """Close the county."""
        if self.county is not None:
            close_county(self.county)
            self.county = None

    def page(self, request: Request, *, status: int = 200, **more: Any) -> Response:
        """Return the page of the step that is next."""
        self.open()
        step = step_of(self.county) if self.county is not None else Step.COUNTY
        if step is Step.TABLET and not self.invited:
            self._invite()
        values: dict[str, Any] = {
            "step": step.value, "steps": [one.value for one in Step], "token": self.token,
            "problem": "", "typed": {}, "loaded": None, "backed": None, "ended": False,
            "county": self.county.home.config if self.county is not None else None,
            "least": PASSWORD_MIN, "invited": self.invited, "qr": self.qr,
            "address": self.address, "home": str(self.root.resolve()), "asks_code": False,
            "templates": tuple(TEMPLATES),
        }  # fmt: skip
        return HTMLResponse(
            render(language_of(request), "first_start.html", **(values | more)), status
        )

    def _invite(self) -> None:
        assert self.county is not None
        with self.county.ledger.read() as tx:
            centre = self.county.editions(tx).centre
        made, config = invite(self.county, centre), self.county.home.config
        text = made.qr_text(self.address, config.county, config.fingerprint)
        self.qr = segno.make(text, error="m").svg_data_uri(scale=5, light="#fff", border=4)
        self.invited = made.code

    def take(self, request: Request, act: str, form: FormData) -> Response:
        """Do what the form of a step asks; the next step is read off the county afterwards."""
        words = {key: value for key, value in form.items() if isinstance(value, str)}
        try:
            if not hmac.compare_digest(words.get("token", "").encode(), self.token.encode()):
                raise WrongUpload("页面已过期，请刷新后重新填写。")
            return self._do(request, act, words, form)
        except BianminError as error:
            typed = {key: words[key] for key in words if "password" not in key and key != "repeat"}
            return self.page(request, status=422, problem=str(error), typed=typed)

    def _do(self, request: Request, act: str, words: dict[str, str], form: FormData) -> Response:
        county = self.county
        if act == Step.COUNTY and county is None:
            make_county(
                self.root, words.get("code", ""), words.get("name", ""),
                sample=words.get("which") == "sample", now=wall_clock, entropy=os.urandom,
            )  # fmt: skip
        elif county is None or act != step_of(county).value:
            pass  # an older page: the step that is next is shown instead
        elif act == Step.TABLES:
            return self.page(request, loaded=self._load(county, form))
        elif act == Step.ADMIN:
            first_administrator(
                county, words.get("name", ""), words.get("password", ""), words.get("repeat", "")
            )
        elif act == Step.BACKUP:
            outside = words.get("outside") == "1"
            path, done = first_backup(county, words.get("folder", ""), outside=outside)
            return self.page(request, backed=(str(path), done))
        elif act == Step.TABLET:
            finish(county.home)
            self.is_finished = True
            assert self.server is not None
            self.server.should_exit = True
            return self.page(request, ended=True)
        return RedirectResponse("/", 303)

    def _load(self, county: County, form: FormData) -> Any:
        with TemporaryDirectory(dir=county.home.run) as folder:
            paths = []
            for key, label in NAMES.items():
                found = form.get(key)
                if not isinstance(found, UploadFile) or not found.filename:
                    raise WrongUpload(f"请选择{label}，三张表要一起装入。")
                suffix = Path(found.filename).suffix.lower()
                if suffix not in SUFFIXES:
                    raise WrongUpload(f"{label}应为 xlsx 或 csv 文件，请重新选择。")
                path = Path(folder) / f"{label}{suffix}"
                path.write_bytes(found.file.read())
                paths.append(path)
            return load_county(county, *paths)


def wizard_app(wizard: Wizard) -> Starlette:
    """Return the app of a first start."""

    def may_enter(request: Request) -> bool:
        host = request.headers.get("host", "").rpartition(":")[0]
        near = request.client is not None and request.client.host in LOOPBACK
        if near and host in LOCAL_HOSTS and "x-forwarded-for" not in request.headers:
            return True
        return hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), wizard.code.encode())

    async def show(request: Request) -> Response:
        if not may_enter(request):
            return _code_page(wizard, request)
        return await run_in_threadpool(wizard.page, request)

    async def take(request: Request) -> Response:
        try:
            form = await _form(request)
        except BianminError as error:
            if not may_enter(request):
                return _code_page(wizard, request, str(error))
            problem = str(error)
            return await run_in_threadpool(
                lambda: wizard.page(request, status=422, problem=problem)
            )
        act = request.path_params["act"]
        if act == "code":
            return _enter(wizard, request, str(form.get("code", "")))
        if not may_enter(request):
            return _code_page(wizard, request)
        return await run_in_threadpool(wizard.take, request, act, form)

    async def template(request: Request) -> Response:
        name = request.path_params["name"]
        if not may_enter(request) or name not in TEMPLATES:
            return Response(status_code=404)
        return await run_in_threadpool(_template, name)

    routes: list[BaseRoute] = [
        Route("/", show, methods=["GET"]),
        Route("/template/{name}", template, methods=["GET"]),
        Mount("/static", StaticFiles(packages=[("server.console", "static")])),
        Route("/{act}", take, methods=["POST"]),
    ]
    return Starlette(routes=routes, middleware=[Middleware(SecurityHeaders), Middleware(SameSite)])


def run_first_start(root: Path, address: str, listener: socket.socket, say: Any) -> bool:
    """Serve the first start until it has ended or a signal comes; return whether it has ended."""
    from server.processes import SteadyServer

    code = letters(CODE_LETTERS, os.urandom)
    wizard = Wizard(root, address, code, os.urandom(24).hex())
    config = uvicorn.Config(
        wizard_app(wizard), log_config=None, access_log=False, ws="none", server_header=False,
        proxy_headers=False, timeout_graceful_shutdown=5,
    )  # fmt: skip
    wizard.server = SteadyServer(config)
    say(address, code)
    try:
        wizard.server.run([listener])
    finally:
        wizard.close()
    return wizard.is_finished and not is_unfinished(root)


def _code_page(wizard: Wizard, request: Request, problem: str = "") -> Response:
    body = render(
        language_of(request), "first_start.html", asks_code=True, problem=problem, token="",
        county=None, step="", steps=(), ended=False,
    )  # fmt: skip
    return HTMLResponse(body, 403)


def _enter(wizard: Wizard, request: Request, typed: str) -> Response:
    who = request.client.host if request.client is not None else ""
    now = wall_clock()
    try:
        wizard.tries.require(who, now)
        if not hmac.compare_digest(typed.strip().upper().encode(), wizard.code.encode()):
            wizard.tries.note(who, now)
            raise WrongStartCode("启动码不对，请照服务器终端上显示的八位字母数字输入。")
    except BianminError as error:
        return _code_page(wizard, request, str(error))
    response = RedirectResponse("/", 303)
    response.set_cookie(COOKIE, wizard.code, httponly=True, samesite="strict")
    return response


async def _form(request: Request) -> FormData:
    raw = await read_body(request, BODY_MAX)
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise WrongUpload("表单内容无法读取，请刷新页面重新填写。")

    async def stream() -> Any:
        yield raw

    try:
        return await MultiPartParser(request.headers, stream(), max_files=3, max_fields=20).parse()
    except (MultiPartException, KeyError) as error:
        raise WrongUpload("表单内容无法读取，请刷新页面重新填写。") from error


def _template(name: str) -> Response:
    with TemporaryDirectory() as folder:
        write_template(Path(folder) / "tables")
        raw = (Path(folder) / "tables" / name).read_bytes()
    disposition = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(raw, headers=disposition, media_type="application/octet-stream")
