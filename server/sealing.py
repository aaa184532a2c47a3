"""Sealing at rest: AES-256-GCM for blobs, and blind keys that compare without telling.

The core's data key never leaves the core. What identifies a person lies in the database only as
blobs sealed here, whatever the back end, and is matched only by blind keys.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.errors import BianminError

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
BLIND_BYTES = 16

_SEAL_TAG = b"bianmin.core.seal.1\0"
_BLIND_TAG = b"bianmin.core.blind.1\0"
_DATABASE_TAG = b"bianmin.core.database.1\0"


class SealBroken(BianminError):
    """A sealed blob that was altered, moved to another place, or sealed under another key."""


def seal_blob(
    key: bytes, aad: bytes, plain: bytes, *, entropy: Callable[[int], bytes] = os.urandom
) -> bytes:
    """Return nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes) of `plain`, bound to `aad`.

    `key` is the core's data key (32 bytes); `aad` names the place where the blob lies.
    """
    nonce = entropy(NONCE_BYTES)
    return nonce + _cipher(key).encrypt(nonce, plain, aad)


def open_blob(key: bytes, aad: bytes, sealed: bytes) -> bytes:
    """Return the plain bytes of a sealed blob; raise SealBroken."""
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise SealBroken("数据库中的密文不完整，请从备份恢复。")
    try:
        return _cipher(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
    except InvalidTag as error:
        raise SealBroken("数据库中的密文无法解开：密钥不符或内容被改动，请从备份恢复。") from error


def blind(key: bytes, kind: str, text: str) -> bytes:
    """Return the blind key (16 bytes) of `text` as a `kind` of value: equal texts, equal keys."""
    message = kind.encode() + b"\0" + text.encode()
    return hmac.digest(_derived(key, _BLIND_TAG), message, "sha256")[:BLIND_BYTES]


def database_key(key: bytes) -> bytes:
    """Return the raw key (32 bytes) of the county's SQLCipher file under the core's data key."""
    return _derived(key, _DATABASE_TAG)


@lru_cache(maxsize=16)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(_derived(key, _SEAL_TAG))


@lru_cache(maxsize=64)
def _derived(key: bytes, purpose: bytes) -> bytes:
    """One key per purpose (HKDF-Expand of one block: the data key is uniform already)."""
    if len(key) != KEY_BYTES:
        raise ValueError("the core's data key is 32 bytes")
    return hmac.digest(key, purpose + b"\x01", "sha256")
