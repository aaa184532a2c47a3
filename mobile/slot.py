"""One agent's slot in the key ring: keys behind a PIN, and the counter of wrong tries.

Argon2id (RFC 9106) over the PIN with a secret from the device, so that a copied slot alone cannot
be tried elsewhere. The counter is written and synced before each try; after three quick tries each
one waits longer, and at the tenth wrong one the slot is destroyed. The outbox lies elsewhere and
survives that.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, NamedTuple, NoReturn

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Meta

from mobile import files
from shared.errors import BianminError, Refused

TRIES_MAX = 10
PIN_LENGTH_MIN = 4
PIN_LENGTH_MAX = 64
WAITS_MS = (0, 0, 0, 30_000, 60_000, 120_000, 300_000, 600_000, 1_200_000, 1_200_000)
"""Wait before try n+1 after n wrong ones."""
_KEYS_BYTES = 64
_NONCE_BYTES = 12
_SALT_BYTES = 16


class Kdf(NamedTuple):
    """Argon2id parameters: memory in KiB and passes."""

    memory_kib: int
    passes: int


STANDARD = Kdf(64 * 1024, 3)
FLOOR = Kdf(64 * 1024, 3)
"""A slot file that names less was tampered with."""
_CEILING = Kdf(1024 * 1024, 64)


class NoSuchAgent(Refused):
    """No slot carries this name."""


class SlotDamaged(BianminError):
    """A slot file is cut, altered, or names weaker parameters than allowed."""


class SlotDestroyed(Refused):
    """The slot was destroyed after too many wrong tries."""


class BadPin(Refused):
    """The PIN is too short or too long to be set."""


class WrongPin(Refused):
    """The PIN is wrong; `tries_left` remain, the next one after `wait_ms`."""

    def __init__(self, tries_left: int, wait_ms: int) -> None:
        wait = f"，请等 {_wait_words(wait_ms)}后再试" if wait_ms else "，请重新输入"
        super().__init__(f"PIN 不对{wait}；再错 {tries_left} 次，本机将清除此用户的钥匙。")
        self.tries_left = tries_left
        self.wait_ms = wait_ms


class PinWait(Refused):
    """Too soon after wrong tries; the try was not made and not counted."""

    def __init__(self, wait_ms: int) -> None:
        super().__init__(f"PIN 错误次数过多，请等 {_wait_words(wait_ms)}后再试。")
        self.wait_ms = wait_ms


class Slot(msgspec.Struct, frozen=True):
    """Who a slot is for. `agent`, `site` and `role` are empty until the county has answered."""

    number: int
    public: bytes
    """The agent's public signing key."""
    name: str
    agent: str = ""
    site: str = ""
    role: str = ""


class Opened(NamedTuple):
    """The keys inside a slot, 32 bytes each."""

    data_key: bytes
    agent_key: bytes


class _File(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The bytes of a slot file. The description is sealed under the device secret."""

    version: Annotated[int, Meta(ge=1, le=1)]
    description: bytes
    salt: Annotated[bytes, Meta(min_length=_SALT_BYTES, max_length=_SALT_BYTES)]
    memory_kib: int
    passes: int
    keys: bytes


class _Tries(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    wrong: Annotated[int, Meta(ge=0)] = 0
    last_at: int = 0


def require_pin(pin: str) -> None:
    """Raise BadPin unless the PIN may be set."""
    if not PIN_LENGTH_MIN <= len(pin) <= PIN_LENGTH_MAX:
        raise BadPin(f"PIN 应为 {PIN_LENGTH_MIN} 至 {PIN_LENGTH_MAX} 位，请重新设置。")


def read(path: Path, secret: bytes) -> Slot:
    """Return who the slot is for; needs the device secret, no PIN. Raise SlotDamaged."""
    file = _load(path)
    try:
        plain = _description_cipher(secret).decrypt(
            file.description[:_NONCE_BYTES], file.description[_NONCE_BYTES:], None
        )
        return msgspec.msgpack.decode(plain, type=Slot)
    except (InvalidTag, ValueError, msgspec.DecodeError) as error:
        raise _damaged() from error


def write(
    path: Path,
    made: Slot,
    pin: str,
    keys: Opened,
    *,
    secret: bytes,
    kdf: Kdf,
    entropy: Callable[[int], bytes],
) -> None:
    """Write the slot durably, with a counter at zero."""
    salt = entropy(_SALT_BYTES)
    nonce = entropy(_NONCE_BYTES)
    cipher = AESGCM(_stretch(pin, salt, kdf, secret, made.public))
    sealed = nonce + cipher.encrypt(nonce, keys.data_key + keys.agent_key, made.public)
    description = _seal_description(made, secret, entropy(_NONCE_BYTES))
    file = _File(1, description, salt, kdf.memory_kib, kdf.passes, sealed)
    _count(path, _Tries())  # first: a slot without a counter would count as nearly used up
    files.write(path, msgspec.msgpack.encode(file))


def redescribe(path: Path, known: Slot, secret: bytes) -> None:
    """Write another description over the same keys."""
    nonce = hashlib.sha256(msgspec.msgpack.encode(known)).digest()[:_NONCE_BYTES]
    file = msgspec.structs.replace(_load(path), description=_seal_description(known, secret, nonce))
    files.write(path, msgspec.msgpack.encode(file))


def open_slot(
    path: Path, known: Slot, pin: str, *, secret: bytes, now_ms: int, floor: Kdf
) -> Opened:
    """Try a PIN: count it durably first. Raise WrongPin, PinWait, SlotDestroyed, SlotDamaged.

    One try at a time: two right ones at once must not be counted as wrong ones of each other.
    """
    with _turn(path):
        return _try(path, known, pin, secret=secret, now_ms=now_ms, floor=floor)


def _try(path: Path, known: Slot, pin: str, *, secret: bytes, now_ms: int, floor: Kdf) -> Opened:
    file = _load(path)
    kdf = Kdf(file.memory_kib, file.passes)
    if not (_within(floor, kdf) and _within(kdf, _CEILING)):
        raise SlotDamaged("本机用户钥匙的参数被改动过，请停止使用并联系县里。")
    tries = _tries(path)
    _require_waited(path, tries, now_ms)
    _count(path, _Tries(tries.wrong + 1, now_ms))
    cipher = AESGCM(_stretch(pin, file.salt, kdf, secret, known.public))
    try:
        keys = cipher.decrypt(file.keys[:_NONCE_BYTES], file.keys[_NONCE_BYTES:], known.public)
    except InvalidTag:
        _refuse(path, tries.wrong + 1)
    except ValueError as error:
        raise _damaged() from error
    if len(keys) != _KEYS_BYTES:
        raise _damaged()
    _count(path, _Tries())
    return Opened(keys[:32], keys[32:])


def destroy(path: Path) -> None:
    """Overwrite and remove a slot and its counter."""
    files.write(path, bytes(256))
    files.remove(path)
    files.remove(path.with_suffix(".tries"))


def _refuse(path: Path, wrong: int) -> NoReturn:
    if wrong >= TRIES_MAX:
        destroy(path)
        raise SlotDestroyed(
            "PIN 连续输错 10 次，本机已清除此用户的钥匙；待送数据仍会送出，请联系县里重新入网。"
        )
    raise WrongPin(TRIES_MAX - wrong, WAITS_MS[wrong]) from None


def _require_waited(path: Path, tries: _Tries, now_ms: int) -> None:
    wait = WAITS_MS[min(tries.wrong, TRIES_MAX - 1)]
    if not wait:
        return
    if now_ms < tries.last_at:  # the clock was set back: wait from now, never for years
        _count(path, _Tries(tries.wrong, now_ms))
        raise PinWait(wait)
    left = tries.last_at + wait - now_ms
    if left > 0:
        raise PinWait(left)


def _within(low: Kdf, high: Kdf) -> bool:
    return low.memory_kib <= high.memory_kib and low.passes <= high.passes


@contextlib.contextmanager
def _turn(path: Path) -> Iterator[None]:
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError as error:
        raise _gone() from error
    except OSError as error:
        raise _damaged() from error
    try:
        files.take_turn(handle)
        yield
    finally:
        os.close(handle)


def _load(path: Path) -> _File:
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=_File)
    except FileNotFoundError as error:
        raise _gone() from error
    except (OSError, msgspec.DecodeError) as error:
        raise _damaged() from error


def _gone() -> SlotDestroyed:
    return SlotDestroyed("本机已没有此用户的钥匙，请联系县里重新入网。")


def _damaged() -> SlotDamaged:
    return SlotDamaged("本机用户钥匙文件已损坏，请联系县里重新入网。")


def _tries(path: Path) -> _Tries:
    counter = path.with_suffix(".tries")
    try:
        return msgspec.msgpack.decode(counter.read_bytes(), type=_Tries)
    except FileNotFoundError:
        return _Tries(TRIES_MAX - 1)  # a counter that was taken away does not give tries back
    except (OSError, msgspec.DecodeError) as error:
        raise _damaged() from error


def _count(path: Path, tries: _Tries) -> None:
    files.write(path.with_suffix(".tries"), msgspec.msgpack.encode(tries))


def _stretch(pin: str, salt: bytes, kdf: Kdf, secret: bytes, public: bytes) -> bytes:
    pepper = HKDF(SHA256(), 32, salt=None, info=b"bianmin.slot.1\0pepper").derive(secret)
    return Argon2id(
        salt=salt, length=32, iterations=kdf.passes, lanes=1, memory_cost=kdf.memory_kib,
        ad=b"bianmin.slot.1\0" + public, secret=pepper,
    ).derive(pin.encode())  # fmt: skip


def _description_cipher(secret: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=b"bianmin.slot.1\0description").derive(secret))


def _seal_description(made: Slot, secret: bytes, nonce: bytes) -> bytes:
    return nonce + _description_cipher(secret).encrypt(nonce, msgspec.msgpack.encode(made), None)


def _wait_words(wait_ms: int) -> str:
    seconds = -(-wait_ms // 1000)
    return f"{seconds} 秒" if seconds < 60 else f"{-(-seconds // 60)} 分钟"
