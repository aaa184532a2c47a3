"""Forms with a file in them: one file, bounded, beside a few words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.console.web import (
    SESSION_COOKIE,
    Site,
    Visit,
    WrongForm,
    error_page,
    serve_page,
)
from server.http import read_body
from shared.errors import BianminError

_FIELDS_MAX = 20


@dataclass(frozen=True, slots=True)
class Upload:
    """A file somebody chose; `name` is theirs and names no path of this machine."""

    name: str
    content: bytes


def upload_route(
    site: Site, path: str, page: Callable[[Visit, Upload], Response], size_max: int
) -> Route:
    """Return the route of a form with a file; `size_max` bytes in all."""

    async def serve(request: Request) -> Response:
        words, upload = dict[str, str](), Upload("", b"")
        try:
            if SESSION_COOKIE in request.cookies:  # of a stranger's file not a byte is read
                words, upload = await _parts(request, await read_body(request, size_max))
        except BianminError as error:
            return error_page(site, request, error)

        def shown(visit: Visit) -> Response:
            return page(visit, upload)

        form = urlencode(words).encode()
        return await run_in_threadpool(serve_page, site, request, shown, form, False)

    return Route(path, serve, methods=["POST"], name=path)


async def _parts(request: Request, raw: bytes) -> tuple[dict[str, str], Upload]:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise WrongForm("表单内容无法读取，请刷新页面重新填写。")

    async def stream() -> Any:
        yield raw

    try:
        form = await MultiPartParser(
            request.headers, stream(), max_files=1, max_fields=_FIELDS_MAX
        ).parse()
    except (MultiPartException, KeyError) as error:
        raise WrongForm("表单内容无法读取，请刷新页面重新填写。") from error
    words = {key: value for key, value in form.items() if isinstance(value, str)}
    upload = Upload("", b"")
    for value in form.values():
        if isinstance(value, UploadFile):
            name = (value.filename or "").replace("\\", "/").rpartition("/")[2]
            upload = Upload(name, await value.read())
    await form.close()
    return words, upload
