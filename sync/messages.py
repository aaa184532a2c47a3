"""What travels over HTTP and in bundles around the signed pieces: requests, responses, refusals.

Each message is a magic of four bytes and one canonical MessagePack array. They are not signed as a
whole: what matters inside (envelopes, acknowledgements, pages, card) is signed by itself,
and a refusal is advice to the person that never clears an operation.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, TypeVar

import msgspec
from msgspec import Meta

from sync import frame
from sync.frame import Malformed

CONTENT_TYPE = "application/vnd.bianmin"
ENVELOPES_MAX = 16
"""Envelopes in one request, an asking one counted: the front refuses a request with more."""

M = TypeVar("M", bound="Message")

Sentence = Annotated[str, Meta(max_length=500)]
Code = Annotated[str, Meta(min_length=1, max_length=48)]


class MalformedMessage(Malformed):
    """Bytes that are no message of the expected kind."""


class Message(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """A message with magic and size limit of its own."""

    MAGIC: ClassVar[bytes] = b""
    SIZE_MAX: ClassVar[int] = 64 << 10

    def encode(self) -> bytes:
        """Return magic and canonical bytes; raise MalformedMessage for what none would read."""
        raw = self.MAGIC + frame.encode_header(self, MalformedMessage)
        if len(raw) > self.SIZE_MAX:
            raise MalformedMessage(f"内容有 {len(raw)} 字节，超过上限，请拆分后再传。")
        return raw

    @classmethod
    def decode(cls: type[M], raw: bytes) -> M:
        """Return the message; raise MalformedMessage."""
        if len(raw) > cls.SIZE_MAX:
            raise MalformedMessage(f"内容有 {len(raw)} 字节，超过上限，请拆分后再传。")
        frame.require_magic(raw, cls.MAGIC, MalformedMessage)
        return frame.decode_header(cls, raw[frame.MAGIC_BYTES :], MalformedMessage)


class Refusal(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """Envelope `index` of a request was not taken. Advice: nothing is dropped because of it."""

    index: Annotated[int, Meta(ge=0, le=1000)]
    code: Code
    sentence: Sentence


class SyncRequest(Message, frozen=True):
    """`POST /v1/sync`: sealed envelopes (at least an empty one) and where the feed goes on."""

    MAGIC: ClassVar[bytes] = b"BMQ1"
    SIZE_MAX: ClassVar[int] = 16 << 20

    envelopes: Annotated[list[bytes], Meta(max_length=1000)]
    cursor: Annotated[bytes, Meta(max_length=128)]
    """Opaque, from the last page; empty for a fresh tablet."""
    page_bytes_max: Annotated[int, Meta(ge=0, le=4 << 20)]
    """0: no page wanted."""


class SyncResponse(Message, frozen=True):
    """The answer: signed acknowledgements, a sealed page where the core was up, refusals."""

    MAGIC: ClassVar[bytes] = b"BMR1"
    SIZE_MAX: ClassVar[int] = 8 << 20

    acknowledgements: Annotated[list[bytes], Meta(max_length=2000)]
    page: bytes | None = None
    refusals: Annotated[list[Refusal], Meta(max_length=1000)] = []


class Failure(Message, frozen=True):
    """The body of every HTTP 4xx and 5xx of the county."""

    MAGIC: ClassVar[bytes] = b"BMF1"
    SIZE_MAX: ClassVar[int] = 8 << 10

    code: Code
    sentence: Sentence
