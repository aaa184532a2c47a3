"""The front's line to the core: HTTP over a unix socket.

The core may be down, starting or busy at any time; then every call raises `CoreDown` and the front
goes on storing and acknowledging by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import TypeVar

import httpx
import msgspec

from server.handover import (
    CONTENT_TYPE,
    DEVICES_PATH,
    ENROL_PATH,
    ENVELOPES_PATH,
    HEALTH_PATH,
    Devices,
    HandedOver,
    HandOver,
    encode,
)
from shared.errors import BianminError

ENROL_WAIT_S = 20.0
CONSOLE_WAIT_S = 60.0
SHORT_WAIT_S = 5.0

Headers = Sequence[tuple[bytes, bytes]]
M = TypeVar("M", bound=msgspec.Struct)


class CoreDown(BianminError):
    """The core does not answer, or not in time; what was stored stays in the spool."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer as it came: nothing decoded."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class CoreLink:
    """Calls to the core behind the unix socket at `uds`. Safe to share between threads."""

    def __init__(self, uds: str) -> None:
        self._uds = Path(uds)
        self._client = httpx.Client(
            transport=httpx.HTTPTransport(
                uds=uds, limits=httpx.Limits(max_connections=64, max_keepalive_connections=8)
            ),
            base_url="http://core",
            trust_env=False,
            # Browsers of many people go over this one line: it must remember no cookie of theirs,
            # else whoever comes without one would be taken for whoever logged in last.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def hand_over(self, message: HandOver, wait_s: float) -> HandedOver:
        """Hand over envelopes and return what became of them; raise CoreDown."""
        return self._message(HandedOver, "POST", ENVELOPES_PATH, encode(message), wait_s)

    def devices(self) -> Devices:
        """Return the county's devices and epoch; raise CoreDown."""
        return self._message(Devices, "GET", DEVICES_PATH, b"", SHORT_WAIT_S)

    def enrol(self, raw: bytes) -> Reply:
        """Hand on an enrolment request and return the answer as it came; raise CoreDown."""
        return self._reply("POST", ENROL_PATH, raw, ENROL_WAIT_S)

    def is_up(self) -> bool:
        """Return whether the core answers."""
        try:
            return self._reply("GET", HEALTH_PATH, b"", SHORT_WAIT_S).status == httpx.codes.OK
        except CoreDown:
            return False

    def forward(self, method: str, target: bytes, headers: Headers, body: bytes) -> Reply:
        """Hand on a browser's request as it is and return the answer as it came; raise CoreDown."""
        return self._send(
            self._client.build_request(
                method,
                httpx.URL("http://core").copy_with(raw_path=target),
                headers=list(headers),
                content=body,
                timeout=CONSOLE_WAIT_S,
            )
        )

    def _message(self, kind: type[M], method: str, path: str, body: bytes, wait_s: float) -> M:
        reply = self._reply(method, path, body, wait_s)
        if reply.status != httpx.codes.OK:
            raise CoreDown(f"县级核心服务出错（{reply.status}），已收内容保留，稍后自动重试。")
        try:
            return msgspec.msgpack.decode(reply.body, type=kind)
        except msgspec.MsgspecError as error:
            raise CoreDown("县级核心服务的回答无法读取，请检查两个进程的版本是否一致。") from error

    def _reply(self, method: str, path: str, body: bytes, wait_s: float) -> Reply:
        headers = {"content-type": CONTENT_TYPE}
        request = self._client.build_request(
            method, path, content=body, headers=headers, timeout=wait_s
        )
        return self._send(request)

    def _send(self, request: httpx.Request) -> Reply:
        if not self._uds.is_socket():
            raise CoreDown("县级核心服务没有启动，已收内容保留，稍后自动重试。")
        try:
            response = self._client.send(request, stream=True)
            try:
                body = b"".join(response.iter_raw())
            finally:
                response.close()
        except httpx.TransportError as error:
            raise CoreDown("县级核心服务暂时没有应答，已收内容保留，稍后自动重试。") from error
        return Reply(response.status_code, list(response.headers.raw), body)
