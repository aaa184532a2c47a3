"""The front's ASGI app. Everything that touches disk or core runs in the thread pool."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from server.database import DatabaseFull, DatabaseUnavailable
from server.front.attachments import (
    AttachmentDigest,
    AttachmentMissing,
    AttachmentStore,
    NotStored,
)
from server.front.core_link import CoreDown, CoreLink, Headers, Reply
from server.front.deliver import Deliverer
from server.front.gate import ACTIVE, BODY_BYTES_MAX, NotAdmitted, WrongDevice
from server.front.receive import NOT_ADMITTED, Counts, Receiver
from server.front.spool import KEEP_UNFINISHED_MS, OverQuota, Spool, Upload
from server.handover import DeviceKey
from server.home import CountyHome
from server.http import HOP_BY_HOP, BodyTooLarge, binary, failure, read_body
from server.keys import load_front_keys
from server.throttle import Throttle, TooManyTries
from sync import frame
from sync.attachment import (
    NAME_PATTERN,
    PART_BYTES,
    Kept,
    MalformedAttachment,
    Part,
    parse_part,
    sign_kept,
)
from sync.enrolment import EnrolRequest
from sync.keys import BadSignature
from sync.messages import CONTENT_TYPE

CORE_WAIT_S = 1.0
CONSOLE_BYTES_MAX = 32 << 20
GUESSES_PER_ADDRESS = 10
GUESSES_IN_ALL = 200
GUESSES_WINDOW_MS = 10 * 60 * 1000
_RANGE = re.compile(r"^bytes=(\d{1,12})-$")


class Guesses:
    """Failed enrolments, counted per address and for all addresses together."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._by_address = Throttle(GUESSES_PER_ADDRESS, GUESSES_WINDOW_MS)
        self._in_all = Throttle(GUESSES_IN_ALL, GUESSES_WINDOW_MS)

    def require(self, address: str) -> None:
        """Return if this address may try; else raise TooManyTries."""
        self._by_address.require(address, self._now())
        self._in_all.require("", self._now())

    def note(self, address: str) -> None:
        """Count one failure."""
        self._by_address.note(address, self._now())
        self._in_all.note("", self._now())


@dataclass(frozen=True, slots=True)
class Front:
    """What the handlers share."""

    card: Path
    spool: Spool
    link: CoreLink
    deliverer: Deliverer
    receiver: Receiver
    attachments: AttachmentStore
    guesses: Guesses
    registry: CollectorRegistry

    # ---- devices

    async def sync(self, request: Request) -> Response:
        """`POST /v1/sync`."""
        try:
            raw = await read_body(request, BODY_BYTES_MAX)
            answer = await run_in_threadpool(self.receiver.sync, raw)
        except (NotAdmitted, BodyTooLarge):
            return failure(403, NOT_ADMITTED, str(NotAdmitted()))
        except WrongDevice as error:
            return failure(400, "wrong_device", str(error))
        except OverQuota as error:
            return failure(429, "over_quota", str(error))
        except DatabaseFull as error:
            return failure(507, "full", str(error))
        except DatabaseUnavailable as error:
            return failure(503, "unavailable", str(error))
        return binary(answer.encode())

    async def enrol(self, request: Request) -> Response:
        """`POST /v1/enrol`: handed on to the core; whoever guesses codes is slowed down here."""
        address = _address(request)
        try:
            self.guesses.require(address)
            raw = await read_body(request, EnrolRequest.SIZE_MAX)
            reply = await run_in_threadpool(self.link.enrol, raw)
        except TooManyTries as error:
            return failure(429, "too_many", str(error))
        except BodyTooLarge as error:
            return failure(413, "too_large", str(error))
        except CoreDown:
            return failure(503, "core_down", "县级核心服务暂时没有应答，请稍后用同一注册码再试。")
        if reply.status == 200:
            await run_in_threadpool(self.deliverer.refresh_devices)
        else:
            self.guesses.note(address)
        return _as_it_came(reply)

    async def county_card(self, _request: Request) -> Response:
        """`GET /v1/card`: the signed county card."""
        return binary(await run_in_threadpool(self.card.read_bytes))

    async def put_part(self, request: Request) -> Response:
        """`PUT /v1/attachments/{name}/{part}`: one part, signed by a known device.

        202 while parts are missing; 201 with the front's signed word once it keeps the whole.
        """
        try:
            raw = await read_body(request, PART_BYTES + frame.HEADER_BYTES_MAX)
            kept = await run_in_threadpool(self._store_part, request, raw)
        except (NotAdmitted, BodyTooLarge):
            return failure(403, NOT_ADMITTED, str(NotAdmitted()))
        except AttachmentDigest as error:
            return failure(409, "digest", str(error))
        except OverQuota as error:
            return failure(429, "over_quota", str(error))
        except (NotStored, DatabaseFull) as error:
            return failure(507, "full", str(error))
        except DatabaseUnavailable as error:
            return failure(503, "unavailable", str(error))
        return binary(kept, 201 if kept else 202)

    async def get_attachment(self, request: Request) -> Response:
        """`GET /v1/attachments/{name}`: the ciphertext, from `Range: bytes=N-` on.

        Whoever asks knows 256 bits that nobody guesses; see docs/decisions/0006-carrying.md.
        """
        name = request.path_params["name"]
        found = _RANGE.match(request.headers.get("range", ""))
        start = int(found.group(1)) if found else 0
        if not re.match(NAME_PATTERN, name):
            return failure(404, "missing", "没有这个附件，请核对后再取。")
        try:
            size = await run_in_threadpool(self.attachments.size, name)
        except AttachmentMissing as error:
            return failure(404, "missing", str(error))
        headers = {"cache-control": "no-store", "content-length": str(max(size - start, 0))}
        if 0 < start < size:
            headers["content-range"] = f"bytes {start}-{size - 1}/{size}"
        return StreamingResponse(
            self.attachments.chunks(name, start), 206 if start else 200, headers,
            media_type=CONTENT_TYPE,
        )  # fmt: skip

    def _store_part(self, request: Request, raw: bytes) -> bytes:
        try:
            part = parse_part(raw)
            device = self.deliverer.device(part.header.device)
            if device is None or part.header.county != self.receiver.county:
                raise NotAdmitted
            part.verify(device.signing_public)
        except (MalformedAttachment, BadSignature) as error:
            raise NotAdmitted from error
        named = (request.path_params["name"], request.path_params["part"])
        if named != (part.header.name, str(part.header.part)):
            raise NotAdmitted
        if not self._keep_part(part, device):
            return b""
        kept = Kept(self.receiver.county, self.deliverer.epoch, part.header.name)
        return sign_kept(kept, self.receiver.key)

    def _keep_part(self, part: Part, device: DeviceKey) -> bool:
        """Store a part; return whether the attachment is whole. Whole ones count for nobody."""
        header = part.header
        if self.attachments.has(header.name):
            return True
        marked = "" if device.state == ACTIVE else device.state
        upload = Upload(device.device, header.name, header.size, marked, self.receiver.now())
        self.spool.begin_upload(upload)
        is_whole = self.attachments.put(header, part.content)
        if is_whole:
            self.spool.finish_upload(upload)
        return is_whole

    # ---- operators

    async def health(self, _request: Request) -> Response:
        """`GET /healthz`: 200 while the front takes envelopes in and hands them over.

        Says whether the core answers; a core that does not is no trouble of the front's.
        """
        return await run_in_threadpool(self._health)

    def _health(self) -> Response:
        try:
            waiting, total = self.spool.size()
        except DatabaseUnavailable as error:
            return JSONResponse({"ok": False, "error": str(error)}, 503)
        sweeper = self.deliverer.is_alive
        core = "up" if self.link.is_up() else "down"
        found = {
            "ok": sweeper, "core": core, "sweeper": "up" if sweeper else "down",
            "waiting": waiting, "spooled": total,
        }  # fmt: skip
        return JSONResponse(found, 200 if sweeper else 503)

    async def metrics(self, _request: Request) -> Response:
        """`GET /metrics`: counters for Prometheus; no person, no device in them."""
        body = await run_in_threadpool(generate_latest, self.registry)
        return Response(body, media_type=CONTENT_TYPE_LATEST)

    # ---- browsers

    async def forward(self, request: Request) -> Response:
        """Everything else is the console's."""
        try:
            body = await read_body(request, CONSOLE_BYTES_MAX)
            reply = await run_in_threadpool(
                self.link.forward, request.method, _target(request), _forwarded(request), body
            )
        except BodyTooLarge as error:
            return Response(str(error), 413, media_type="text/plain; charset=utf-8")
        except CoreDown:
            return Response(
                "县级核心服务正在启动或维护，请稍后刷新。", 503, {"retry-after": "5"},
                media_type="text/plain; charset=utf-8",
            )  # fmt: skip
        return _as_it_came(reply)


def front_app(
    home: CountyHome, *, uds: str, now: Callable[[], int], core_wait_s: float = CORE_WAIT_S
) -> Starlette:
    """Return the front of the county at `home`, which finds its core behind the socket `uds`."""
    keys = load_front_keys(home)
    spool = Spool(home.spool, keys.spool)
    link = CoreLink(uds)
    attachments = AttachmentStore(home.attachments)
    deliverer = Deliverer(spool, link, now, lambda at: _prune_uploads(spool, attachments, at))
    registry = CollectorRegistry()
    receiver = Receiver(
        home.config.county, keys.front, spool, deliverer, now, Counts(registry), core_wait_s
    )
    front = Front(home.card, spool, link, deliverer, receiver, attachments, Guesses(now), registry)
    Gauge(
        "bianmin_front_waiting", "Envelopes that wait for the core", registry=registry
    ).set_function(lambda: spool.size()[0])

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(deliverer.refresh_devices)
        deliverer.start()
        yield
        await run_in_threadpool(deliverer.stop)
        link.close()
        spool.close()

    app = Starlette(routes=_routes(front), lifespan=lifespan)
    app.state.front = front
    return app


def _prune_uploads(spool: Spool, attachments: AttachmentStore, now: int) -> None:
    """Drop what nobody goes on with; what a bundle brought meanwhile is finished."""
    attachments.drop_unfinished(now - KEEP_UNFINISHED_MS)
    for upload in spool.unfinished_uploads():
        if attachments.has(upload.name):
            spool.finish_upload(upload)


def _routes(front: Front) -> list[Route]:
    return [
        Route("/v1/sync", front.sync, methods=["POST"]),
        Route("/v1/enrol", front.enrol, methods=["POST"]),
        Route("/v1/card", front.county_card, methods=["GET"]),
        Route("/v1/attachments/{name}/{part}", front.put_part, methods=["PUT"]),
        Route("/v1/attachments/{name}", front.get_attachment, methods=["GET"]),
        Route("/healthz", front.health, methods=["GET"]),
        Route("/metrics", front.metrics, methods=["GET"]),
        Route("/core/{rest:path}", _nothing_here, methods=None),
        Route(
            "/{rest:path}",
            front.forward,
            methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
        ),
    ]


async def _nothing_here(_request: Request) -> Response:
    """What front and core say to each other is not for the network."""
    return Response(status_code=404)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _target(request: Request) -> bytes:
    """Path and query as the browser sent them."""
    raw_path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope["query_string"]
    return raw_path.partition(b"?")[0] + (b"?" + query if query else b"")


def _forwarded(request: Request) -> Headers:
    dropped = HOP_BY_HOP | {b"content-length", b"x-forwarded-for", b"x-forwarded-proto"}
    kept = [(name, value) for name, value in request.headers.raw if name not in dropped]
    return [
        *kept,
        (b"x-forwarded-for", _address(request).encode()),
        (b"x-forwarded-proto", request.url.scheme.encode()),
    ]


def _as_it_came(reply: Reply) -> Response:
    answer = Response(reply.body, reply.status)
    dropped = HOP_BY_HOP | {b"content-length", b"server", b"date"}
    answer.raw_headers = [
        (name.lower(), value) for name, value in reply.headers if name.lower() not in dropped
    ] + [(b"content-length", str(len(reply.body)).encode())]
    return answer
