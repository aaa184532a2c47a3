"""Identifiers made on the device: record ids (UUIDv7), derived ids (UUIDv8), their text forms.

RFC 9562. Randomness is an argument: this room draws none.
"""

from __future__ import annotations

import hashlib
import uuid

from shared.errors import BianminError

RECORD_ID_BYTES = 16
OPERATION_ID_BYTES = 32


class InvalidId(BianminError):
    """A text that is not an id of the expected form."""


def uuid7(at_ms: int, entropy: bytes) -> bytes:
    """Return the 16 bytes of a UUIDv7 for `at_ms` (Unix ms) from 10 bytes of `entropy`."""
    if len(entropy) < 10:
        raise ValueError("a UUIDv7 takes 10 bytes of entropy")
    number = int.from_bytes(entropy[:10], "big")
    high = ((max(at_ms, 0) & (2**48 - 1)) << 16) | 0x7000 | (number >> 68)
    low = (0b10 << 62) | (number & (2**62 - 1))
    return high.to_bytes(8, "big") + low.to_bytes(8, "big")


def uuid8(purpose: str, *parts: bytes) -> bytes:
    """Return the 16 bytes of a UUIDv8 that names `parts` for `purpose`; same parts, same id."""
    digest = hashlib.sha256(b"bianmin.uuid8.1\0" + purpose.encode() + b"\0")
    for part in parts:
        digest.update(len(part).to_bytes(4, "big") + part)
    raw = bytearray(digest.digest()[:16])
    raw[6] = 0x80 | (raw[6] & 0x0F)
    raw[8] = 0x80 | (raw[8] & 0x3F)
    return bytes(raw)


def pair_id(one: bytes, other: bytes) -> bytes:
    """Return the record id of the pair of two records, whichever is named first."""
    return uuid8("pair", *sorted((one, other)))


def record_text(record: bytes) -> str:
    """Return the usual text of a record id, `0193…-7…`."""
    return str(uuid.UUID(bytes=record))


def parse_record(text: str) -> bytes:
    """Return the bytes of a record id; raise InvalidId."""
    try:
        return uuid.UUID(text.strip()).bytes
    except (ValueError, AttributeError) as error:
        raise InvalidId(f"「{text[:60]}」不是记录编号，请从列表中复制。") from error


def parse_operation(text: str) -> bytes:
    """Return the 32 bytes of an operation id given in hexadecimal; raise InvalidId."""
    try:
        raw = bytes.fromhex(text.strip())
    except ValueError as error:
        raise InvalidId(f"「{text[:80]}」不是操作编号，请从列表中复制。") from error
    if len(raw) != OPERATION_ID_BYTES:
        raise InvalidId("操作编号应为 64 位十六进制字符，请从列表中复制。")
    return raw
