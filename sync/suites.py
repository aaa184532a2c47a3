"""Sealing behind one port: a suite number in a signed header fixes all, nothing is negotiated.

0x0001 is HPKE (RFC 9180) in base mode, single shot: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
AES-256-GCM. Base mode does not say who sealed: whoever uses it binds the header through `info` and
signs with a device or county key.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from shared.errors import BianminError
from sync.keys import KEY_BYTES, BadKey

X25519_AES256: Final = 0x0001
SUITES: Final = frozenset({X25519_AES256})
OVERHEAD_BYTES: Final = 48
"""What sealing adds: the encapsulated key (32) and the tag (16)."""

_hpke: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class UnknownSuite(BianminError):
    """A suite number this version does not know: made by a newer version, or not ours."""


class CannotOpen(BianminError):
    """A ciphertext that this key does not open: another key, another header, or altered."""


def require_suite(suite: int) -> None:
    """Return if `suite` is known here; else raise UnknownSuite."""
    if suite not in SUITES:
        raise UnknownSuite(f"加密方式 {suite:#06x} 本版本不认识，请先升级再试。")


def seal(suite: int, public: bytes, info: bytes, plaintext: bytes) -> bytes:
    """Return `plaintext` sealed to `public` and bound to `info`; raise UnknownSuite or BadKey."""
    require_suite(suite)
    if len(public) != KEY_BYTES:
        raise BadKey(f"公钥应为 {KEY_BYTES} 字节，得到 {len(public)} 字节，请重新获取县级名片。")
    try:
        return _hpke.encrypt(plaintext, X25519PublicKey.from_public_bytes(public), info)
    except ValueError as error:  # a point of low order: no secret would come of it
        raise BadKey("公钥无效，请重新获取县级名片。") from error


def open_sealed(suite: int, private: bytes, info: bytes, ciphertext: bytes) -> bytes:
    """Return the plaintext; raise UnknownSuite, BadKey or CannotOpen."""
    require_suite(suite)
    if len(private) != KEY_BYTES:
        raise BadKey(f"私钥应为 {KEY_BYTES} 字节，得到 {len(private)} 字节，请检查密钥文件。")
    try:
        return _hpke.decrypt(ciphertext, X25519PrivateKey.from_private_bytes(private), info)
    except (InvalidTag, ValueError) as error:
        raise CannotOpen("密文无法打开：密钥不对或内容被改动，请重新封装后传送。") from error
