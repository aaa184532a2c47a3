"""Attachments: encrypted on the tablet, named by the hash of the ciphertext, carried in parts.

A ciphertext is the magic BMA1 and chunks of 64 KiB, each sealed by AES-256-GCM under the
attachment's own random key with the chunk's index as nonce; index and "last" are authenticated, so
chunks can be neither exchanged, dropped nor cut off. The key travels in the operation of kind
`attachment`, sealed like all data; the ciphertext is opaque to everybody else. One key encrypts one
attachment only. When all parts lie at the county, the front signs for it (`Kept`): nothing less
lets a tablet believe that a photo has arrived.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Meta

from sync import frame
from sync.acknowledgement import County, Epoch
from sync.envelope import KeyId
from sync.frame import Frame, Malformed
from sync.keys import KEY_BYTES, BadKey, SigningKey

TAG = b"bianmin.part.1\0"
KEPT_TAG = b"bianmin.kept.1\0"
MAGIC = b"BMA1"
_PART_MAGIC = b"BMP1"
_KEPT_MAGIC = b"BMK1"
_KEPT_BYTES_MAX = 512
CHUNK_BYTES = 64 << 10
PART_BYTES = 32 << 10
PLAIN_BYTES_MAX = 20 << 20
PARTS_MAX = 1024
MAX_BYTES = PARTS_MAX * PART_BYTES
"""Of a ciphertext."""
_TAG_BYTES = 16
NAME_PATTERN = r"^[0-9a-f]{64}\Z"

Name = Annotated[str, Meta(pattern=NAME_PATTERN)]


class MalformedAttachment(Malformed):
    """Bytes that are no attachment of this key and name, or no part of one."""


class PartHeader(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """What the front reads of a part: which device puts which piece of which attachment."""

    county: County
    device: KeyId
    name: Name
    part: Annotated[int, Meta(ge=0, lt=PARTS_MAX)]
    """From 0."""
    size: Annotated[int, Meta(ge=1, le=MAX_BYTES)]
    """Bytes of the whole ciphertext."""


class Kept(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """The front keeps the whole ciphertext of this name, its hash checked, durably."""

    county: County
    epoch: Epoch
    """A county restored from a backup begins a new epoch and may lack what it kept before."""
    name: Name


@dataclass(frozen=True)
class Part:
    """A parsed part; `verify` before you store it."""

    header: PartHeader
    frame: Frame

    @property
    def content(self) -> bytes:
        """The piece of the ciphertext."""
        return self.frame.body

    def verify(self, device_public: bytes) -> None:
        """Return if this device signed it; else raise BadSignature."""
        self.frame.verify(device_public, TAG)


def encrypt(plain: bytes, key: bytes) -> bytes:
    """Return the ciphertext under `key`: 32 random bytes, used for this attachment alone."""
    if len(plain) > PLAIN_BYTES_MAX:
        raise MalformedAttachment(f"附件有 {len(plain)} 字节，超过上限，请压缩后再添加。")
    cipher = _cipher(key)
    count = max(1, -(-len(plain) // CHUNK_BYTES))
    chunks = [MAGIC]
    for index in range(count):
        chunk = plain[index * CHUNK_BYTES : (index + 1) * CHUNK_BYTES]
        chunks.append(cipher.encrypt(_nonce(index), chunk, _aad(index, index == count - 1)))
    return b"".join(chunks)


def decrypt(ciphertext: bytes, key: bytes) -> bytes:
    """Return the plain bytes; raise MalformedAttachment for anything altered, cut or lengthened."""
    if len(ciphertext) > MAX_BYTES:
        raise MalformedAttachment("附件超过上限，请重新获取。")
    frame.require_magic(ciphertext, MAGIC, MalformedAttachment)
    cipher = _cipher(key)
    step = CHUNK_BYTES + _TAG_BYTES
    count = max(1, -(-(len(ciphertext) - len(MAGIC)) // step))
    plain = []
    for index in range(count):
        at = len(MAGIC) + index * step
        try:
            plain.append(
                cipher.decrypt(
                    _nonce(index), ciphertext[at : at + step], _aad(index, index == count - 1)
                )
            )
        except InvalidTag as error:
            raise MalformedAttachment("附件不完整或密钥不对，请重新获取。") from error
    return b"".join(plain)


def name_of(ciphertext: bytes) -> str:
    """Return the name of an attachment: the SHA-256 of its ciphertext in hexadecimal."""
    return hashlib.sha256(ciphertext).hexdigest()


def part_count(size: int) -> int:
    """Return how many parts a ciphertext of `size` bytes travels in."""
    return -(-size // PART_BYTES)


def part_of(ciphertext: bytes, part: int) -> bytes:
    """Return part `part` (from 0) of a ciphertext."""
    return ciphertext[part * PART_BYTES : (part + 1) * PART_BYTES]


def sign_parts(
    ciphertext: bytes, county: int, device_key: SigningKey, first: int = 0
) -> Iterator[bytes]:
    """Yield the signed parts of a ciphertext, from part `first` on."""
    name, size = name_of(ciphertext), len(ciphertext)
    for part in range(first, part_count(size)):
        header = PartHeader(county, device_key.id, name, part, size)
        header_bytes = frame.encode_header(header, MalformedAttachment)
        yield frame.pack(_PART_MAGIC, header_bytes, part_of(ciphertext, part), device_key, TAG)


def parse_part(raw: bytes) -> Part:
    """Return a part, checked in itself but not verified; raise MalformedAttachment."""
    size_max = PART_BYTES + frame.HEADER_BYTES_MAX
    cut = frame.unpack(raw, _PART_MAGIC, size_max, MalformedAttachment)
    header = frame.decode_header(PartHeader, cut.header, MalformedAttachment)
    if len(cut.body) != min(PART_BYTES, header.size - header.part * PART_BYTES):
        raise MalformedAttachment("附件分段的长度不对，请重新上传。")
    return Part(header, cut)


def sign_kept(kept: Kept, front_key: SigningKey) -> bytes:
    """Return the front's signed word that it keeps an attachment."""
    header = frame.encode_header(kept, MalformedAttachment)
    return frame.pack(_KEPT_MAGIC, header, b"", front_key, KEPT_TAG)


def open_kept(raw: bytes, front_public: bytes) -> Kept:
    """Return the verified word of the front; raise MalformedAttachment or BadSignature."""
    cut = frame.unpack(raw, _KEPT_MAGIC, _KEPT_BYTES_MAX, MalformedAttachment)
    kept = frame.decode_header(Kept, cut.header, MalformedAttachment)
    if cut.body:
        raise MalformedAttachment("附件回执的格式不对，请重新同步。")
    cut.verify(front_public, KEPT_TAG)
    return kept


def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise BadKey(f"附件密钥应为 {KEY_BYTES} 字节，得到 {len(key)} 字节，请重新获取记录。")
    return AESGCM(key)


def _nonce(index: int) -> bytes:
    return index.to_bytes(12, "big")


def _aad(index: int, last: bool) -> bytes:
    return MAGIC + index.to_bytes(8, "big") + bytes([last])
