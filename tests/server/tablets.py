"""A tablet's side of the wire with nothing of the tablet: keys, stream, envelopes, opened pages."""

from __future__ import annotations

import os
from collections.abc import Callable

from shared import chain, clock, ids, operation, session
from shared.canonical import Value
from shared.clock import Quality
from shared.operation import Operation
from sync import envelope
from sync.acknowledgement import Opened, Stored, open_opened, open_stored
from sync.card import CountyCard, open_card
from sync.enrolment import EnrolRequest, EnrolResponse
from sync.frame import Malformed
from sync.keys import SealingKey, SigningKey
from sync.page import Page, open_page


class Tablet:
    """One tablet with one agent, writing one stream."""

    def __init__(self, fingerprint: str, now: Callable[[], int]) -> None:
        self.fingerprint = fingerprint
        self.now = now
        self.device_key = SigningKey.generate(os.urandom)
        self.sealing_key = SealingKey.generate(os.urandom)
        self.agent_key = SigningKey.generate(os.urandom)
        self.stream = os.urandom(16)
        self.operations: list[Operation] = []
        self.agent = ""
        self.site = ""
        self._card: CountyCard | None = None
        self._session: bytes | None = None

    @property
    def card(self) -> CountyCard:
        """The card, once enrolled."""
        assert self._card is not None
        return self._card

    def request(self, code: str, name: str = "张三") -> EnrolRequest:
        """The request that asks to be enrolled with this code."""
        return EnrolRequest(
            code, "窗口平板", self.device_key.public, self.sealing_key.public, name,
            self.agent_key.public,
        ).proved(self.device_key, self.agent_key)  # fmt: skip

    def enrolled(self, request: EnrolRequest, response: EnrolResponse) -> EnrolResponse:
        """Take over a verified answer."""
        self._card = open_card(response.card, self.fingerprint)
        response.require_signed(request, self._card.core_public)
        self.agent, self.site = response.agent, response.site
        return response

    def head(self, seq: int | None = None) -> bytes:
        """The head of the stream after operation `seq` (default: the last)."""
        done = self.operations if seq is None else self.operations[:seq]
        start = chain.genesis(self.card.county, self.stream)
        return chain.extend_all(start, (one.id for one in done))

    def unlock(self) -> None:
        """Open a session."""
        signed = session.signed_bytes(self.card.county, self.stream, self.head(), self.agent, None)
        data: dict[str, Value] = {
            "agent": self.agent,
            "head": self.head().hex(),
            "signature": self.agent_key.sign(session.TAG, signed).hex(),
        }
        opened = self._write(session.KIND, session.OPEN, data, self._record(), ())
        self._session = opened.id

    def ask(self, question: str) -> Operation:
        """Record a consultation."""
        return self.write("consultation", "register", {"question": question})

    def write(self, kind: str, act: str, data: dict[str, Value]) -> Operation:
        """Make a new record of any kind."""
        if self._session is None:
            self.unlock()
        return self._write(kind, act, data, self._record(), ())

    def envelope(self, first: int = 1, last: int | None = None) -> bytes:
        """Operations `first` to `last`, sealed; an empty envelope where there is none."""
        until = len(self.operations) if last is None else last
        chosen = self.operations[first - 1 : until]
        public = self.card.recipient_at(self.now()).public
        if not chosen:
            return envelope.empty_envelope(
                county=self.card.county, recipient_public=public, device_key=self.device_key,
                stream=self.stream, seq=first - 1, head=self.head(first - 1), clock=self._clock(),
            )  # fmt: skip
        return envelope.seal_envelope(
            chosen, None, county=self.card.county, recipient_public=public,
            device_key=self.device_key, head_before=self.head(first - 1), clock=self._clock(),
        )  # fmt: skip

    def page(self, raw: bytes) -> Page:
        """Open a page."""
        return open_page(raw, self.sealing_key.raw, self.card.core_public)

    def acknowledgements(self, raws: list[bytes]) -> list[Stored | Opened]:
        """Verify acknowledgements of both kinds."""
        found: list[Stored | Opened] = []
        for raw in raws:
            try:
                found.append(open_stored(raw, self.card.front_public))
            except Malformed:
                found.append(open_opened(raw, self.card.core_public))
        return found

    def _write(
        self, kind: str, act: str, data: dict[str, Value], record: bytes, parents: tuple[bytes, ...]
    ) -> Operation:
        made = operation.build(
            stream=self.stream, seq=len(self.operations) + 1, author=f"agent:{self.agent}",
            site=self.site, session=None if kind == session.KIND else self._session,
            record=record, kind=kind, act=act, parents=parents, clock=self._clock(),
            quality=Quality.GOOD, effective_at=self.now(), data=data, salt=os.urandom(16),
        )  # fmt: skip
        self.operations.append(made)
        return made

    def _record(self) -> bytes:
        return ids.uuid7(self.now(), os.urandom(10))

    def _clock(self) -> int:
        return clock.at(self.now(), len(self.operations) & 0xFFFF)
