"""A small county behind a real socket, built from the same `sync` functions as the real one.

It keeps operations, admits them all and pages them back; like the real one it tells nothing of a
stream that nobody asked about, keeps what comes too early, and lets in no stranger. A test tells it
to misbehave: to lose its answers, to be a hotel's portal, to have no core, to sign another head.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from shared import chain
from shared.operation import Operation
from shared.verdict import Status, Verdict
from sync import attachment
from sync.acknowledgement import Opened, Stored, sign_opened, sign_stored
from sync.codec import Origin
from sync.enrolment import EnrolRequest, EnrolResponse
from sync.envelope import Envelope, parse
from sync.keys import key_id
from sync.messages import (
    CONTENT_TYPE,
    ENVELOPES_MAX,
    Failure,
    Refusal,
    SyncRequest,
    SyncResponse,
)
from sync.page import Own, Page, Received, collapse, cursor_mark, seal_page
from sync.suites import CannotOpen
from tests.mobile.kit import COUNTY, NOW, CountyKeys

ENTRIES_MAX = 50


@dataclass
class Manners:
    """How the county misbehaves."""

    lose_answers: int = 0
    """Take in, then break the line, this many times."""
    portal: bool = False
    core_down: bool = False
    late_core: int = 0
    """Answers before the core has judged, this many times."""
    other_head: bool = False
    foreign_keys: bool = False
    hold: bool = False
    lie_about_parts: bool = False
    """Something on the way says "taken" to every part and drops it."""
    refuse_parts: dict[str, str] = field(default_factory=dict)
    """Attachments none of whose parts are taken, and the code of the refusal."""
    lose_parts: int = 0
    """Take in a part, then break the line, this many times."""
    cut_content: int = 0
    """Break the line after 10,000 bytes of an attachment, this many times."""
    envelope_bytes_max: int = 1 << 30
    """The line breaks under a larger request."""


@dataclass
class County:
    """One county's memory."""

    keys: CountyKeys = field(default_factory=CountyKeys)
    manners: Manners = field(default_factory=Manners)
    signing: dict[bytes, bytes] = field(default_factory=dict)
    sealing: dict[bytes, bytes] = field(default_factory=dict)
    streams: dict[bytes, list[Operation]] = field(default_factory=dict)
    feed: list[tuple[Operation, Verdict]] = field(default_factory=list)
    parts: list[tuple[str, int]] = field(default_factory=list)
    """Every part that was put, in order."""
    pieces: dict[str, dict[int, bytes]] = field(default_factory=dict)
    epoch: int = 1
    ranges: list[str] = field(default_factory=list)
    """What was asked for of attachments: the Range of every GET."""
    requests: int = 0
    received: int = 0
    now: int = NOW
    early: list[Envelope] = field(default_factory=list)
    """Envelopes that wait for an earlier one."""

    @property
    def operations(self) -> list[Operation]:
        """Everything opened so far."""
        return [operation for stream in self.streams.values() for operation in stream]

    def knows(self, device: bytes, signing_public: bytes, sealing_public: bytes) -> None:
        """Enrol a device by hand."""
        self.signing[device], self.sealing[device] = signing_public, sealing_public

    def put_part(self, raw: bytes) -> bytes:
        """Store a part; the signed word once all are here."""
        part = attachment.parse_part(raw)
        header = part.header
        self.parts.append((header.name, header.part))
        if self.manners.lie_about_parts:
            return b""
        kept = self.pieces.setdefault(header.name, {})
        kept[header.part] = part.content
        if attachment.name_of(self.content(header.name)) != header.name:
            return b""
        keys = CountyKeys("other") if self.manners.foreign_keys else self.keys
        return attachment.sign_kept(attachment.Kept(COUNTY, self.epoch, header.name), keys.front)

    def content(self, name: str) -> bytes:
        """The parts of an attachment that are here, joined."""
        return b"".join(piece for _, piece in sorted(self.pieces.get(name, {}).items()))

    def add(self, operation: Operation, status: Status = Status.ADMITTED) -> None:
        """Enter an operation of somebody else into the feed."""
        self._admit(operation, status)

    def restore(self, keep: int = 0, *, announced: bool = True) -> None:
        """Forget everything after the first `keep` operations of each stream, as a county restored
        from a backup does; its front begins anew, too."""
        self.epoch += announced
        self.streams = {stream: log[:keep] for stream, log in self.streams.items() if keep}
        known = {operation.id for operation in self.operations}
        self.feed = [entry for entry in self.feed if entry[0].id in known]
        self.early = []

    def forget(self, device: bytes) -> None:
        """The backup was made before this device enrolled."""
        del self.signing[device], self.sealing[device]

    def sync(self, raw: bytes) -> bytes:
        """Answer one exchange."""
        request = SyncRequest.decode(raw)
        assert len(request.envelopes) <= ENVELOPES_MAX, "the front refuses the whole request"
        envelopes = [parse(envelope) for envelope in request.envelopes]
        self.received += sum(len(envelope) for envelope in request.envelopes)
        device = envelopes[0].header.device
        if device not in self.signing:
            raise NotAdmitted
        acknowledgements: list[bytes] = []
        refusals: list[Refusal] = []
        for envelope in envelopes:
            envelope.verify(self.signing[device])
            if not envelope.empty:
                acknowledgements.append(self._stored(envelope))
        judges = not self.manners.core_down and self.manners.late_core <= 0
        self.manners.late_core -= 1
        if judges:
            for index, envelope in enumerate(envelopes):
                try:
                    self._open(envelope)
                except CannotOpen:
                    refusals.append(Refusal(index, "seal_again", "请重新封装。"))
            early, self.early = self.early, []
            for envelope in early:
                self._open(envelope)
            core = CountyKeys("other").core if self.manners.foreign_keys else self.keys.core
            acknowledgements += [
                sign_opened(self._opened(stream), core)
                for stream in dict.fromkeys(_told(envelopes))
            ]
        page = None
        if not self.manners.core_down and request.page_bytes_max:
            page = self.page(device, _asking(envelopes), request.cursor)
        return SyncResponse(acknowledgements, page, refusals).encode()

    def enrol(self, raw: bytes) -> bytes:
        """Answer one enrolment: any code is right."""
        request = EnrolRequest.decode(raw)
        request.require_proof()
        number = key_id(request.signing_public)
        self.knows(number, request.signing_public, request.sealing_public)
        return EnrolResponse(
            "active", number.hex(), "K7Q2", "s0101", "ABCDEFGH", "village",
            self.keys.card(),
        ).signed(request, self.keys.core).encode()  # fmt: skip

    def _stored(self, envelope: Envelope) -> bytes:
        header = envelope.header
        head = bytes(32) if self.manners.other_head else header.head_after
        front = CountyKeys("other").front if self.manners.foreign_keys else self.keys.front
        return sign_stored(
            Stored(
                COUNTY, self.epoch, header.stream, header.seq_from, header.seq_to, head, self.now
            ),
            front,
        )

    def _open(self, envelope: Envelope) -> None:
        if envelope.empty:
            return
        known = self.streams.setdefault(envelope.header.stream, [])
        if envelope.header.seq_from > len(known) + 1:
            self.early.append(envelope)
            return

        def earlier(seq: int) -> Origin | None:
            if not 1 <= seq <= len(known):
                return None
            return Origin(known[seq - 1].id, known[seq - 1].skeleton.record)

        for operation in envelope.open(self.keys.recipient.raw, earlier):
            if operation.skeleton.seq == len(known) + 1:
                known.append(operation)
                self._admit(operation, Status.HELD if self.manners.hold else Status.ADMITTED)
            else:
                assert known[operation.skeleton.seq - 1].id == operation.id

    def _admit(self, operation: Operation, status: Status) -> None:
        effective_at = operation.skeleton.effective_at
        verdict = Verdict(self.epoch, len(self.feed) + 1, status, None, effective_at, 1)
        self.feed.append((operation, verdict))

    def _opened(self, stream: bytes) -> Opened:
        known = self.streams.get(stream, [])
        head = chain.extend_all(chain.genesis(COUNTY, stream), (one.id for one in known))
        return Opened(COUNTY, self.epoch, stream, len(known), head, 0)

    def page(self, device: bytes, stream: bytes, cursor: bytes) -> bytes:
        """Return the sealed page for a device after a cursor; one that does not fit begins anew."""
        epoch, start = map(int, (cursor or b"0 0").split())
        if epoch != self.epoch or start > len(self.feed):
            start = 0
        chosen = self.feed[start : start + ENTRIES_MAX]
        end = start + len(chosen)
        received = [
            Received(operation if verdict.status is Status.ADMITTED else operation.without_data(),
                     verdict)
            for operation, verdict in chosen if operation.skeleton.stream != stream
        ]  # fmt: skip
        own: list[Own] = collapse(
            (operation.skeleton.seq, operation.skeleton.effective_at, verdict)
            for operation, verdict in chosen if operation.skeleton.stream == stream
        )  # fmt: skip
        core = CountyKeys("other").core if self.manners.foreign_keys else self.keys.core
        page = Page(
            COUNTY, self.epoch, device, cursor_mark(cursor), b"%d %d" % (self.epoch, end),
            end < len(self.feed), self.now, self._opened(stream), [*received, *own],
        )  # fmt: skip
        return seal_page(page, self.sealing[device], core)


class NotAdmitted(Exception):
    """A stranger's envelope."""


def _asking(envelopes: list[Envelope]) -> bytes:
    empty = [envelope for envelope in envelopes if envelope.empty]
    return (empty or envelopes)[0].header.stream


def _told(envelopes: list[Envelope]) -> list[bytes]:
    """The streams that get an acknowledgement of their own: the asking one's is on the page."""
    empty = [envelope.header.stream for envelope in envelopes if envelope.empty]
    return [*(one.header.stream for one in envelopes if not one.empty), *empty[1:]]


class Serving:
    """The county behind a socket of this machine, for the length of a `with`."""

    def __init__(self, county: County) -> None:
        handler = type("Handler", (_Handler,), {"county": county})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    @property
    def url(self) -> str:
        """The address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    county: County

    def do_GET(self) -> None:
        """The card, or an attachment."""
        county = self.county
        county.requests += 1
        if county.manners.portal:
            self._answer(b"<html>please log in</html>", "text/html")
            return
        if not self.path.startswith("/v1/attachments/"):
            self._answer(county.keys.card(), CONTENT_TYPE)
            return
        asked = self.headers.get("Range", "")
        county.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").removesuffix("-") or "0")
        body = county.content(self.path.rpartition("/")[2])[start:]
        if county.manners.cut_content > 0:
            county.manners.cut_content -= 1
            self.close_connection = True
            self._head(len(body), CONTENT_TYPE, 206 if start else 200)
            self.wfile.write(body[:10_000])
            return
        self._answer(body, CONTENT_TYPE, 206 if start else 200)

    def do_PUT(self) -> None:
        """A part of an attachment."""
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        code = self.county.manners.refuse_parts.get(self.path.split("/")[-2])
        if code:
            self._answer(Failure(code, "没有收下。").encode(), CONTENT_TYPE, 409)
            return
        answer = self.county.put_part(raw)
        if self.county.manners.lose_parts > 0:
            self.county.manners.lose_parts -= 1
            self.close_connection = True
            return
        self._answer(answer, CONTENT_TYPE)

    def do_POST(self) -> None:
        """An exchange or an enrolment."""
        county = self.county
        county.requests += 1
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if county.manners.portal:
            self._answer(b"<html>please log in</html>", "text/html")
            return
        if len(body) > county.manners.envelope_bytes_max:
            self.close_connection = True
            return
        try:
            answer = county.enrol(body) if self.path == "/v1/enrol" else county.sync(body)
        except NotAdmitted:
            self._answer(Failure("not_admitted", "信封未被接收。").encode(), CONTENT_TYPE, 403)
            return
        if county.manners.lose_answers > 0:
            county.manners.lose_answers -= 1
            self.close_connection = True
            return
        self._answer(answer, CONTENT_TYPE)

    def _answer(self, body: bytes, content_type: str, status: int = 200) -> None:
        self._head(len(body), content_type, status)
        self.wfile.write(body)

    def _head(self, size: int, content_type: str, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(size))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
