"""The core's ASGI app on the unix socket: `/core/…` for the front, everything else the console.

The socket lies in a folder of mode 0700, and the front never forwards `/core/…`; a request that
names a forwarder is refused here as well.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib import import_module
from importlib.util import find_spec
from typing import cast

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from server import handover
from server.api.shapes import CUT
from server.county import County
from server.county_card import renew_keys
from server.database import DatabaseUnavailable, translated
from server.due import run_due
from server.enrolment import DeviceClosed, WrongCode, enrol
from server.handover import DeviceKey, Devices, HandOver
from server.http import binary, failure, read_body
from server.log import log
from server.take_in import take_in
from shared.errors import BianminError
from sync.enrolment import EnrolRequest

HANDOVER_BYTES_MAX = 32 << 20
HOUR_S = 60 * 60

Handler = Callable[[Request], Awaitable[Response]]


def core_app(county: County) -> Starlette:
    """Return the app of the core process."""
    stopping = threading.Event()

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        thread = threading.Thread(target=_every_hour, args=(county, stopping), daemon=True)
        thread.start()
        yield
        stopping.set()
        await run_in_threadpool(thread.join)

    core = _Core(county)
    return Starlette(
        routes=[
            Route(handover.ENVELOPES_PATH, _inside(core.envelopes), methods=["POST"]),
            Route(handover.DEVICES_PATH, _inside(core.devices), methods=["GET"]),
            Route(handover.ENROL_PATH, _inside(core.enrol), methods=["POST"]),
            Route(handover.HEALTH_PATH, _inside(core.health), methods=["GET"]),
            Mount("/", console(county)),
        ],
        lifespan=lifespan,
    )


def console(county: County) -> ASGIApp:
    """Return the console's app; a line of text where this installation has none."""
    if find_spec("server.console.app") is None:
        return PlainTextResponse("便民 · 县级服务正在运行。")
    make = cast(Callable[[County], ASGIApp], import_module("server.console.app").console_app)
    return make(county)


class _Core:
    """The handlers for the front. All work happens in the thread pool."""

    def __init__(self, county: County) -> None:
        self._county = county

    async def envelopes(self, request: Request) -> Response:
        raw = await read_body(request, HANDOVER_BYTES_MAX)
        message = msgspec.msgpack.decode(raw, type=HandOver)
        answer = await run_in_threadpool(take_in, self._county, message)
        return binary(handover.encode(answer))

    async def devices(self, _request: Request) -> Response:
        return binary(handover.encode(await run_in_threadpool(self._devices)))

    def _devices(self) -> Devices:
        with self._county.ledger.read() as tx:
            cut = tx.cut_devices()
            return Devices(
                tx.county_head().epoch,
                [
                    DeviceKey(
                        row.device, row.signing_public, CUT if row.device in cut else row.state
                    )
                    for row in tx.devices()
                ],
            )

    async def enrol(self, request: Request) -> Response:
        raw = await read_body(request, EnrolRequest.SIZE_MAX)
        try:
            answer = await run_in_threadpool(enrol, self._county, raw)
        except WrongCode as error:
            return failure(403, "wrong_code", str(error))
        except DeviceClosed as error:
            return failure(403, "device_closed", str(error))
        return binary(answer.encode())

    async def health(self, _request: Request) -> Response:
        await run_in_threadpool(self._devices)
        return Response(status_code=200)


def _inside(handler: Handler) -> Handler:
    """Only the front itself may call; the database's troubles become 503."""

    async def guarded(request: Request) -> Response:
        if "x-forwarded-for" in request.headers:
            return Response(status_code=404)
        try:
            return await handler(request)
        except DatabaseUnavailable as error:
            log.error("database: %s", error)
            return failure(503, "unavailable", str(error))

    return guarded


def _every_hour(county: County, stopping: threading.Event) -> None:
    """Begin the next key period in time, and do what falls due; harmless when nothing is."""
    while not stopping.is_set():
        try:
            with translated():
                if renew_keys(county):
                    log.info("a new recipient key period has begun")
                run_due(county)
        except (BianminError, OSError) as error:  # a full disk passes; the next hour comes
            log.error("hourly work: %s", error)
        stopping.wait(HOUR_S)
