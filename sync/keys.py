"""Signing and sealing keys: raw bytes at the border, the library's objects inside.

Ed25519 (RFC 8032) signs, X25519 (RFC 7748) receives sealed messages. A signature always covers a
tag that names what is signed, so that no signature can be presented as one of another kind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from shared.errors import BianminError

KEY_BYTES = 32
KEY_ID_BYTES = 8
SIGNATURE_BYTES = 64

Draw = Callable[[int], bytes]
"""A source of that many random bytes: `os.urandom`, or a seeded one in tests."""


class BadKey(BianminError):
    """Bytes that are no key of the expected kind."""


class BadSignature(BianminError):
    """A signature that does not fit key, tag and message."""


def key_id(public: bytes) -> bytes:
    """Return the 8 bytes that name a public key: the first of its SHA-256."""
    return hashlib.sha256(public).digest()[:KEY_ID_BYTES]


class SigningKey:
    """An Ed25519 key, made from its 32 raw private bytes."""

    __slots__ = ("_key", "public", "raw")

    def __init__(self, raw: bytes) -> None:
        """Take the raw private key; raise BadKey unless it has 32 bytes."""
        _require_key_bytes(raw)
        self.raw = raw
        self._key = Ed25519PrivateKey.from_private_bytes(raw)
        self.public = self._key.public_key().public_bytes_raw()

    @classmethod
    def generate(cls, draw: Draw) -> SigningKey:
        """Return a new key of 32 bytes from `draw`."""
        return cls(draw(KEY_BYTES))

    @property
    def id(self) -> bytes:
        """The id of the public key."""
        return key_id(self.public)

    def sign(self, tag: bytes, message: bytes) -> bytes:
        """Return the 64-byte signature over `tag` and `message`; a tag ends with a zero byte."""
        return self._key.sign(tag + message)

    def __repr__(self) -> str:
        return f"SigningKey({self.id.hex()})"


class SealingKey:
    """An X25519 key, made from its 32 raw private bytes; others seal to `public`."""

    __slots__ = ("public", "raw")

    def __init__(self, raw: bytes) -> None:
        """Take the raw private key; raise BadKey unless it has 32 bytes."""
        _require_key_bytes(raw)
        self.raw = raw
        self.public = X25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw()

    @classmethod
    def generate(cls, draw: Draw) -> SealingKey:
        """Return a new key of 32 bytes from `draw`."""
        return cls(draw(KEY_BYTES))

    @property
    def id(self) -> bytes:
        """The id of the public key."""
        return key_id(self.public)

    def __repr__(self) -> str:
        return f"SealingKey({self.id.hex()})"


def verify(public: bytes, tag: bytes, message: bytes, signature: bytes) -> None:
    """Return if `signature` is the key's over `tag` and `message`; else raise BadSignature."""
    if len(public) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        raise BadSignature("签名不完整，请重新传送。")
    try:
        _public_key(public).verify(signature, tag + message)
    except InvalidSignature as error:
        raise BadSignature("签名与内容不符，可能被改动过，请重新传送。") from error


@lru_cache(maxsize=1024)
def _public_key(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)


def _require_key_bytes(raw: bytes) -> None:
    if len(raw) != KEY_BYTES:
        raise BadKey(f"密钥应为 {KEY_BYTES} 字节，得到 {len(raw)} 字节，请重新注册设备。")
