"""The device's side of the wire: one round trip syncs, over `requests`.

Only an answer with our content type, our magic and (for what matters) the county's signature is an
answer. A hotel portal's "200 OK" is not the county, and nothing is cleared because of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from shared.errors import BianminError, Misuse
from sync import attachment, frame
from sync.attachment import MAX_BYTES
from sync.card import SIZE_MAX as CARD_BYTES_MAX
from sync.card import OtherCountysCard, open_card
from sync.enrolment import EnrolRequest, EnrolResponse
from sync.frame import Malformed
from sync.keys import BadSignature
from sync.messages import CONTENT_TYPE, Failure, SyncRequest, SyncResponse

_CHUNK_BYTES: Final = 64 << 10
_HEADERS: Final = {
    "User-Agent": "bianmin",
    "Content-Type": CONTENT_TYPE,
    "Accept-Encoding": "identity",  # what travels is sealed: it compresses no further
    "Accept": None,
    "Connection": None,  # HTTP/1.1 keeps alive of itself
}

BACKOFF_BASE_MS = 2_000
BACKOFF_CAP_MS = 15 * 60 * 1000


class Unreachable(BianminError):
    """No connection, a cut one, or no answer in time. Try again later (`delay_ms`)."""

    def __init__(self, sentence: str, received: bytes = b"") -> None:
        """Keep what had arrived of an answer before it was cut."""
        super().__init__(sentence)
        self.received = received


class NotTheCounty(BianminError):
    """Something answered that is not the county: a portal's page, a proxy, another server."""


class WrongContent(NotTheCounty):
    """An attachment whose bytes are not what its name says; what had arrived before is spoilt."""


class CountyRefused(BianminError):
    """The county answered with a refusal; `code` is its word for programs."""

    def __init__(self, code: str, sentence: str) -> None:
        """Keep the code beside the sentence."""
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Exchanged(NamedTuple):
    """An answer and what it cost: bytes with HTTP headers, TLS and TCP apart."""

    response: SyncResponse
    bytes_up: int
    bytes_down: int


class _Answer(NamedTuple):
    status: int
    body: bytes
    bytes_up: int
    bytes_down: int


def delay_ms(attempt: int, random: float) -> int:
    """Return how long to wait before try `attempt` (from 1): full jitter, 2 s doubling to 15 min.

    `random` is from [0, 1). So the tablets of a county come back at different moments.
    """
    ceiling = min(BACKOFF_CAP_MS, BACKOFF_BASE_MS << min(max(attempt - 1, 0), 20))
    return int(random * ceiling)


class Exchange:
    """One county's address and the keep-alive session to it."""

    def __init__(
        self,
        session: requests.Session,
        url: str,
        *,
        monotonic: Callable[[], float],
        connect_s: float = 10,
        read_s: float = 20,
        whole_s: float = 120,
    ) -> None:
        """`monotonic` tells seconds; `whole_s` bounds a whole answer, however slowly it drips.

        Raises Misuse for an address that is none.
        """
        _require_address(url)
        self._session = session
        self._url = url.rstrip("/")
        self._monotonic = monotonic
        self._timeouts = (connect_s, read_s)
        self._whole_s = whole_s

    def sync(self, request: SyncRequest) -> Exchanged:
        """Send envelopes, get acknowledgements and the first page; raise one of the three errors.

        Nothing in the answer is verified: acknowledgements and page verify themselves.
        """
        answer = self._ask("POST", "/v1/sync", SyncResponse.SIZE_MAX, request.encode())
        try:
            response = SyncResponse.decode(answer.body)
        except Malformed as error:
            raise NotTheCounty(_NOT_THE_COUNTY) from error
        return Exchanged(response, answer.bytes_up, answer.bytes_down)

    def enrol(self, request: EnrolRequest, fingerprint: str) -> EnrolResponse:
        """Ask to be enrolled; the answer is verified down to the root's fingerprint."""
        answer = self._ask("POST", "/v1/enrol", EnrolResponse.SIZE_MAX, request.encode())
        try:
            response = EnrolResponse.decode(answer.body)
            card = open_card(response.card, fingerprint)
            response.require_signed(request, card.core_public)
        except (Malformed, BadSignature) as error:
            raise NotTheCounty(_NOT_THE_COUNTY) from error
        return response

    def card(self, fingerprint: str) -> bytes:
        """Return the county's signed card, verified (`card.open_card` reads it)."""
        answer = self._ask("GET", "/v1/card", CARD_BYTES_MAX)
        try:
            open_card(answer.body, fingerprint)
        except OtherCountysCard as error:
            raise NotTheCounty(_OTHER_COUNTY) from error
        except (Malformed, BadSignature) as error:
            raise NotTheCounty(_NOT_THE_COUNTY) from error
        return answer.body

    def put_part(self, part: bytes) -> bytes:
        """Upload one signed part of an attachment (`attachment.sign_parts`).

        Returns what the county says to it, not verified: its signed word (`attachment.open_kept`)
        once it keeps the whole attachment, else nothing.
        """
        header = attachment.parse_part(part).header
        path = f"/v1/attachments/{header.name}/{header.part}"
        return self._ask("PUT", path, frame.HEADER_BYTES_MAX, part).body

    def get(self, name: str, have: bytes = b"") -> bytes:
        """Return the ciphertext of an attachment, checked by its name; else raise WrongContent.

        `have` is what arrived before: an Unreachable holds it as `received`, all of it.
        """
        headers = {"Range": f"bytes={len(have)}-"} if have else {}
        try:
            answer = self._ask("GET", f"/v1/attachments/{name}", MAX_BYTES, None, headers)
        except Unreachable as error:
            raise Unreachable(str(error), have + error.received) from error.__cause__
        whole = have + answer.body if answer.status == requests.codes.partial else answer.body
        if attachment.name_of(whole) != name:
            raise WrongContent("收到的附件与其编号不符，已丢弃，请稍后重新获取。")
        return whole

    def _ask(
        self,
        method: str,
        path: str,
        size_max: int,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> _Answer:
        """Return an answer of 2xx with our content type; raise one of the three errors."""
        deadline = self._monotonic() + self._whole_s
        request = self._session.prepare_request(
            requests.Request(method, self._url + path, data=body, headers=_headers(body, headers))
        )
        settings = self._session.merge_environment_settings(request.url, {}, True, None, None)
        try:
            response = self._session.send(
                request, timeout=self._timeouts, allow_redirects=False, **settings
            )
        except requests.exceptions.SSLError as error:
            raise NotTheCounty("对方的证书不是县级服务器的，请检查网络或日期。") from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise Unreachable(_UNREACHABLE) from error
        with response:
            _require_ours(response)
            received = self._read(response, size_max, deadline)
            if not response.ok:
                raise _refusal(received)
        up = _size(f"{method} {request.path_url} HTTP/1.1", request.headers)
        up += len(f"Host: {urlsplit(self._url).netloc}\r\n") + len(body or b"")
        down = _size(f"HTTP/1.1 {response.status_code} {response.reason}", response.headers)
        return _Answer(response.status_code, received, up, down + len(received))

    def _read(self, response: requests.Response, size_max: int, deadline: float) -> bytes:
        received = bytearray()
        try:
            while piece := response.raw.read1(_CHUNK_BYTES, decode_content=False):
                received += piece
                if len(received) > size_max:
                    raise NotTheCounty("对方发来的内容过大，不是县级服务器，请检查网络。")
                if self._monotonic() > deadline:
                    raise Unreachable(_UNREACHABLE, bytes(received))
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Unreachable(_UNREACHABLE, bytes(received)) from error
        return bytes(received)


_UNREACHABLE = "现在连不上县级服务器，内容已存本机，稍后会自动再试。"
_OTHER_COUNTY = "对方是另一个县（指纹不符），没有跟随，内容仍存本机；请核对县级地址。"
_NOT_THE_COUNTY = "对方不是县级服务器（可能是上网登录页），内容仍存本机，请检查网络后再试。"


def _require_address(url: str) -> None:
    sentence = f"「{url[:80]}」不是县级地址，应以 http:// 或 https:// 开头，请核对。"
    try:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise Misuse(sentence)
        requests.Request("GET", url).prepare()
    except (ValueError, requests.RequestException) as error:  # a port, a bracket, a label
        raise Misuse(sentence) from error


def _headers(body: bytes | None, more: dict[str, str] | None) -> dict[str, str | None]:
    headers: dict[str, str | None] = {**_HEADERS, **(more or {})}
    if body is None:
        headers["Content-Type"] = None
    return headers


def _require_ours(response: requests.Response) -> None:
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    redirects = 300 <= response.status_code < 400
    if kind != CONTENT_TYPE or redirects or "Content-Encoding" in response.headers:
        raise NotTheCounty(_NOT_THE_COUNTY)


def _refusal(body: bytes) -> BianminError:
    try:
        failure = Failure.decode(body)
    except Malformed:
        return NotTheCounty(_NOT_THE_COUNTY)
    return CountyRefused(failure.code, failure.sentence)


def _size(first_line: str, headers: Mapping[str, str]) -> int:
    """Return the bytes of a head: its first line, its fields, and the empty line."""
    fields = sum(len(f"{name}: {value}\r\n") for name, value in headers.items())
    return len(first_line) + 2 + fields + 2
