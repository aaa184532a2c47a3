"""The frame every signed message travels in.

    magic (4) ‖ header length (2) ‖ header ‖ body length (4) ‖ body ‖ signature (64)

Integers are big-endian. The header is a canonical MessagePack array of fixed length. The signature
covers tag ‖ SHA-256(header) ‖ SHA-256(body), so whoever keeps header, body hash and signature can
prove the header later without the body. The digit in the magic is the version: a message with more
fields gets a new magic, never a longer header.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, TypeVar

import msgspec

from shared.errors import BianminError
from sync.keys import SIGNATURE_BYTES, SigningKey, verify

MAGIC_BYTES = 4
HEADER_BYTES_MAX = 4096
_HEADER_AT = MAGIC_BYTES + 2
_BODY_LENGTH_BYTES = 4
OVERHEAD_BYTES = _HEADER_AT + _BODY_LENGTH_BYTES + SIGNATURE_BYTES

H = TypeVar("H", bound=msgspec.Struct)


class Malformed(BianminError):
    """Bytes that are not what they should be; each parser has a subclass of its own."""


@dataclass(frozen=True)
class Frame:
    """A message cut into its pieces; nothing is verified yet."""

    header: bytes
    body: bytes
    signature: bytes

    @cached_property
    def body_hash(self) -> bytes:
        """SHA-256 of the body."""
        return hashlib.sha256(self.body).digest()

    def verify(self, public: bytes, tag: bytes) -> None:
        """Return if the signature is this key's; else raise BadSignature."""
        verify(public, tag, covered(self.header, self.body_hash), self.signature)


def covered(header: bytes, body_hash: bytes) -> bytes:
    """Return what a signature covers after its tag."""
    return hashlib.sha256(header).digest() + body_hash


def pack(magic: bytes, header: bytes, body: bytes, key: SigningKey, tag: bytes) -> bytes:
    """Return the signed frame."""
    signature = key.sign(tag, covered(header, hashlib.sha256(body).digest()))
    header_length = len(header).to_bytes(2, "big")
    body_length = len(body).to_bytes(_BODY_LENGTH_BYTES, "big")
    return b"".join((magic, header_length, header, body_length, body, signature))


def unpack(raw: bytes, magic: bytes, size_max: int, error: type[Malformed]) -> Frame:
    """Cut `raw` into its pieces; raise `error` unless every length fits exactly."""
    if len(raw) > size_max:
        raise error(f"内容有 {len(raw)} 字节，超过上限 {size_max}，请拆分后再传。")
    require_magic(raw, magic, error)
    header_end = _HEADER_AT + int.from_bytes(raw[MAGIC_BYTES:_HEADER_AT], "big")
    body_at = header_end + _BODY_LENGTH_BYTES
    body_end = body_at + int.from_bytes(raw[header_end:body_at], "big")
    if header_end - _HEADER_AT > HEADER_BYTES_MAX or body_end + SIGNATURE_BYTES != len(raw):
        raise error("内容不完整或被改动，请重新传送。")
    return Frame(raw[_HEADER_AT:header_end], raw[body_at:body_end], raw[body_end:])


def require_magic(raw: bytes, magic: bytes, error: type[Malformed]) -> None:
    """Return if `raw` begins with `magic`; else raise `error`, saying where it is a newer one."""
    if raw[:MAGIC_BYTES] == magic:
        return
    digit = raw[3:4]
    if raw[:3] == magic[:3] and digit.isdigit() and digit > magic[3:4]:
        raise error("这是更新版本生成的内容，请先升级本机再试。")
    raise error("这不是本产品生成的内容，或已损坏，请重新选择或传送。")


def encode_header(value: H, error: type[Malformed]) -> bytes:
    """Return the canonical bytes of a header; raise `error` for one that no reader would take."""
    header = _encoder.encode(value)
    decode_header(type(value), header, error)
    return header


def decode_header(kind: type[H], header: bytes, error: type[Malformed]) -> H:
    """Return the header; raise `error` unless types, ranges and bytes are exactly as declared."""
    try:
        value: H = _decoder(kind).decode(header)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as cause:
        raise error("内容的抬头无法读取，请重新传送。") from cause
    if _encoder.encode(value) != header:
        raise error("内容的抬头不是规定的编码，请重新传送。")
    return value


_encoder = msgspec.msgpack.Encoder(order="deterministic")


@cache
def _decoder(kind: type[msgspec.Struct]) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind)
