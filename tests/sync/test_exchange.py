"""The exchange against real servers on real sockets, honest and lying."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Misuse
from sync import exchange
from sync.attachment import encrypt, name_of, sign_parts
from sync.card import open_card, sign_card
from sync.enrolment import EnrolRequest, EnrolResponse
from sync.exchange import CountyRefused, Exchange, NotTheCounty, Unreachable, delay_ms
from sync.messages import CONTENT_TYPE, Failure, Refusal, SyncRequest, SyncResponse
from tests.sync.samples import AGENT, CORE, COUNTY, DEVICE, FRONT, ROOT, SEALING, raw_key
from tests.sync.test_card import CARD

REQUEST = SyncRequest([b"envelope" * 20], b"cursor", 1000)
RESPONSE = SyncResponse([b"acknowledgement"], b"page", [Refusal(0, "busy", "稍后再试。")])
OURS = f"Content-Type: {CONTENT_TYPE}\r\n"

Reply = Callable[[bytes], bytes]


class Server:
    """One socket, one thread; every request gets what `reply` makes of it, then the line closes."""

    def __init__(self, reply: Reply, keep: bool) -> None:
        self.reply, self.keep = reply, keep
        self.requests: list[bytes] = []
        self.connections = 0
        self.sent = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self) -> None:
        while True:
            try:
                line, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            with line:
                self.serve(line)

    def serve(self, line: socket.socket) -> None:
        line.settimeout(5)
        try:
            while request := self.take(line):
                self.requests.append(request)
                answer = self.reply(request)
                self.sent += len(answer)
                line.sendall(answer)
                if not self.keep:
                    return
        except OSError:  # the other side had enough
            return

    def take(self, line: socket.socket) -> bytes:
        raw = b""
        while b"\r\n\r\n" not in raw:
            piece = line.recv(65_536)
            if not piece:
                return b""
            raw += piece
        head, _, body = raw.partition(b"\r\n\r\n")
        lengths = [row for row in head.split(b"\r\n") if row.lower().startswith(b"content-length:")]
        size = int(lengths[0].split(b":")[1]) if lengths else 0
        while len(body) < size:
            body += line.recv(65_536)
        return head + b"\r\n\r\n" + body

    def close(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()


@contextmanager
def served(reply: bytes | Reply, *, keep: bool = False, seconds: float = 5) -> Iterator[Client]:
    server = Server(reply if callable(reply) else lambda _: reply, keep)
    with requests.Session() as session:
        session.trust_env = False
        try:
            yield Client(server, session, seconds)
        finally:
            session.close()
            server.close()


class Client(Exchange):
    """An exchange with its server beside it, on a clock that goes a second at each look."""

    def __init__(self, server: Server, session: requests.Session, seconds: float) -> None:
        self.server = server
        self.looks = 0
        super().__init__(
            session, server.url + "/", monotonic=self.look, connect_s=5, read_s=seconds
        )

    def look(self) -> float:
        self.looks += 1
        return float(self.looks)


def answer(body: bytes, status: str = "200 OK", head: str = OURS) -> bytes:
    return f"HTTP/1.1 {status}\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def test_one_round_trip_brings_the_answer_and_counts_every_byte() -> None:
    with served(answer(RESPONSE.encode())) as client:
        response, up, down = client.sync(REQUEST)
        (request,) = client.server.requests
    assert response == RESPONSE
    assert request.startswith(b"POST /v1/sync HTTP/1.1\r\n")
    assert request.endswith(REQUEST.encode())
    assert (up, down) == (len(request), client.server.sent)
    assert up - len(REQUEST.encode()) < 200


def test_the_line_is_kept_for_the_next_exchange() -> None:
    with served(answer(RESPONSE.encode()), keep=True) as client:
        for _ in range(3):
            assert client.sync(REQUEST).response == RESPONSE
        client._session.close()
        assert client.server.connections == 1


PORTAL = b"<html><body>welcome to the hotel, please log in</body></html>"
LIES = [
    answer(PORTAL, head="Content-Type: text/html\r\n"),
    answer(PORTAL, head=""),
    answer(PORTAL),
    answer(b""),
    answer(RESPONSE.encode(), head="Content-Type: application/octet-stream\r\n"),
    answer(RESPONSE.encode(), head=OURS + "Content-Encoding: gzip\r\n"),
    answer(RESPONSE.encode()[:-1]),
    answer(RESPONSE.encode() + b"x"),
    answer(Failure("busy", "忙").encode()),
    answer(PORTAL, "500 Internal Server Error", "Content-Type: text/html\r\n"),
    answer(PORTAL, "502 Bad Gateway"),
    answer(b"", "404 Not Found", ""),
    answer(RESPONSE.encode(), "302 Found", OURS + "Location: http://127.0.0.1:1/\r\n"),
    answer(b"", "307 Temporary Redirect", "Location: http://127.0.0.1:1/\r\n"),
    b"HTTP/1.1 200 OK\r\nContent-Ty",  # a line cut before it says whose answer it is
    answer(b"", "511 Network Authentication Required", "Content-Type: text/html\r\n"),
]


@pytest.mark.parametrize("lie", LIES)
def test_what_is_not_the_county_is_not_believed(lie: bytes) -> None:
    with served(lie) as client, pytest.raises(NotTheCounty):
        client.sync(REQUEST)


def test_a_redirect_is_not_followed() -> None:
    with served(lambda _: answer(b"", "307 Moved", "Location: /other\r\n")) as client:
        with pytest.raises(NotTheCounty):
            client.sync(REQUEST)
        assert len(client.server.requests) == 1


@pytest.mark.parametrize("status", ["400 Bad Request", "403 Forbidden", "503 Unavailable"])
def test_the_countys_own_refusal_comes_with_code_and_sentence(status: str) -> None:
    failure = Failure("revoked", "设备已停用，请联系县级管理员。")
    with (
        served(answer(failure.encode(), status)) as client,
        pytest.raises(CountyRefused, match="设备已停用") as caught,
    ):
        client.sync(REQUEST)
    assert caught.value.code == "revoked"


BROKEN = [
    b"",
    b"not http at all\r\n\r\n",
    answer(RESPONSE.encode())[:-1],
    answer(RESPONSE.encode())[: -len(RESPONSE.encode())],
    f"HTTP/1.1 200 OK\r\n{OURS}Transfer-Encoding: chunked\r\n\r\n5\r\nab".encode(),
    f"HTTP/1.1 200 OK\r\n{OURS}Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n".encode(),
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_line_cut_in_the_answer_is_unreachable(broken: bytes) -> None:
    with served(broken) as client, pytest.raises(Unreachable):
        client.sync(REQUEST)


def test_nobody_there_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with requests.Session() as session:
        for url in (f"http://127.0.0.1:{port}", "http://no-such-host.invalid"):
            with pytest.raises(Unreachable):
                Exchange(session, url, monotonic=lambda: 0.0).sync(REQUEST)


def test_no_answer_in_time_is_unreachable() -> None:
    waiting = threading.Event()

    def silent(_: bytes) -> bytes:
        waiting.wait(5)
        return b""

    with served(silent, seconds=0.05) as client:
        with pytest.raises(Unreachable):
            client.sync(REQUEST)
        waiting.set()


def test_an_answer_that_drips_is_given_up_in_the_end() -> None:
    """Each look at the clock is a second later here, so the limit of the whole answer is passed."""
    drops = "".join(f"1\r\n{number % 10}\r\n" for number in range(10_000))
    reply = f"HTTP/1.1 200 OK\r\n{OURS}Transfer-Encoding: chunked\r\n\r\n{drops}0\r\n\r\n"
    with served(reply.encode()) as client:
        client._whole_s = 3
        with pytest.raises(Unreachable) as caught:
            client.sync(REQUEST)
    assert 0 < len(caught.value.received) < 10_000


def test_an_endless_answer_is_cut_off() -> None:
    size = SyncResponse.SIZE_MAX + (1 << 20)
    head = f"HTTP/1.1 200 OK\r\n{OURS}Content-Length: {size}\r\n\r\n".encode()
    with served(head + bytes(size)) as client:
        client._whole_s = 1_000_000
        with pytest.raises(NotTheCounty, match="过大"):
            client.sync(REQUEST)


@given(st.binary(max_size=60))
def test_any_body_is_the_county_or_not(body: bytes) -> None:
    with served(answer(body)) as client, pytest.raises(NotTheCounty):
        client.sync(REQUEST)


@pytest.mark.parametrize(
    "url",
    ["", "510322", "ftp://county", "http://", "gopher://county", "http://[::1", "http://a b/",
     "http://x:99999", "http://.example"],
)  # fmt: skip
def test_an_address_that_is_none_is_misuse(url: str) -> None:
    with requests.Session() as session, pytest.raises(Misuse):
        Exchange(session, url, monotonic=lambda: 0.0)


ENROL = EnrolRequest(
    "QK7M", "平板一", DEVICE.public, SEALING.public, "王小明", AGENT.public
).proved(DEVICE, AGENT)
ENROLLED = EnrolResponse(
    "active", "D2345678", "123456", "s0001", "A2345678", "village", sign_card(CARD, ROOT)
).signed(ENROL, CORE)


def test_enrolment_believes_only_the_county_of_the_fingerprint() -> None:
    with served(answer(ENROLLED.encode())) as client:
        assert client.enrol(ENROL, CARD.fingerprint) == ENROLLED
        with pytest.raises(NotTheCounty):
            client.enrol(ENROL, "0" * 32)
    unsigned = EnrolResponse(*[getattr(ENROLLED, n) for n in ENROLLED.__struct_fields__[:-1]])
    for lie in (unsigned, unsigned.signed(ENROL, FRONT)):
        with served(answer(lie.encode())) as client, pytest.raises(NotTheCounty):
            client.enrol(ENROL, CARD.fingerprint)


def test_the_card_is_fetched_and_verified() -> None:
    with served(answer(sign_card(CARD, ROOT)), keep=True) as client:
        assert open_card(client.card(CARD.fingerprint), CARD.fingerprint) == CARD
        with pytest.raises(NotTheCounty, match="另一个县"):
            client.card("0" * 32)
        client._session.close()
        assert b"Content-Type" not in client.server.requests[0]


CIPHERTEXT = encrypt(bytes(100_000), raw_key("attachment"))
NAME = name_of(CIPHERTEXT)


def test_parts_of_an_attachment_are_put_under_its_name() -> None:
    with served(answer(b""), keep=True) as client:
        for part in sign_parts(CIPHERTEXT, COUNTY, DEVICE):
            client.put_part(part)
        client._session.close()
        firsts = [request.split(b" HTTP")[0].decode() for request in client.server.requests]
    assert firsts == [f"PUT /v1/attachments/{NAME}/{part}" for part in range(4)]


def test_a_cut_attachment_goes_on_where_it_stopped() -> None:
    def reply(request: bytes) -> bytes:
        if b"Range: bytes=70000-" in request:
            return answer(CIPHERTEXT[70_000:], "206 Partial Content")
        return answer(CIPHERTEXT)[: 70_000 - len(CIPHERTEXT)]

    with served(reply) as client:
        with pytest.raises(Unreachable) as caught:
            client.get(NAME)
        assert caught.value.received == CIPHERTEXT[:70_000]
        assert client.get(NAME, caught.value.received) == CIPHERTEXT


def test_a_server_without_ranges_sends_the_whole() -> None:
    with served(answer(CIPHERTEXT)) as client:
        assert client.get(NAME, CIPHERTEXT[:5]) == CIPHERTEXT


def test_an_attachment_under_a_wrong_name_is_dropped() -> None:
    with served(answer(CIPHERTEXT[:-1])) as client, pytest.raises(NotTheCounty):
        client.get(NAME)
    with served(answer(CIPHERTEXT, "206 Partial Content")) as client, pytest.raises(NotTheCounty):
        client.get(NAME, b"garbage")


def test_what_arrived_before_a_second_cut_is_kept() -> None:
    cut = answer(CIPHERTEXT[10:], "206 Partial Content")[:-1]
    with served(cut) as client, pytest.raises(Unreachable) as caught:
        client.get(NAME, CIPHERTEXT[:10])
    assert caught.value.received == CIPHERTEXT[:-1]


@given(st.integers(-5, 2000), st.floats(0, 1, exclude_max=True))
def test_waiting_grows_to_a_quarter_of_an_hour_and_no_further(attempt: int, random: float) -> None:
    assert 0 <= delay_ms(attempt, random) < exchange.BACKOFF_CAP_MS
    assert delay_ms(attempt, random) <= delay_ms(attempt + 1, random)
    assert delay_ms(1, random) < exchange.BACKOFF_BASE_MS


def test_waiting_uses_all_of_the_jitter() -> None:
    assert [delay_ms(4, random) for random in (0, 0.5, 0.75)] == [0, 8000, 12_000]
