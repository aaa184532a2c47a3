"""Small HTTP pieces that front and core share: bounded bodies, binary answers, failures."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from shared.errors import BianminError
from sync.messages import CONTENT_TYPE, Failure

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Headers that belong to one connection (RFC 9110, section 7.6.1)."""


class BodyTooLarge(BianminError):
    """A request body over its limit; the rest was not read."""


async def read_body(request: Request, size_max: int) -> bytes:
    """Return the body of a request; raise BodyTooLarge without reading on."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > size_max:
        raise BodyTooLarge("内容超过上限，请分批传送。")
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > size_max:
            raise BodyTooLarge("内容超过上限，请分批传送。")
        pieces.append(piece)
    return b"".join(pieces)


def binary(body: bytes, status: int = 200) -> Response:
    """Return an answer for devices; nothing on the way may keep it."""
    return Response(body, status, {"cache-control": "no-store"}, media_type=CONTENT_TYPE)


def failure(status: int, code: str, sentence: str) -> Response:
    """Return a refusal for devices."""
    return binary(Failure(code, sentence).encode(), status)
