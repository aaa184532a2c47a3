"""Staff passwords: Argon2id hashes, and one-time passwords that can be read over the phone.

Every call takes a quarter of a second and 64 MiB on purpose: callers run it in the thread pool.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.errors import Misuse

PASSWORD_MIN = 10
PASSWORD_MAX = 200
ONE_TIME_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 letters without I, O, 0 and 1: five bits each, and no two look alike."""
ONE_TIME_LENGTH = 12

_hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=2)


class WeakPassword(Misuse):
    """A new password that is too short, too long, or the person's own name."""


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password, in its text form."""
    return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Return whether `password` is the one behind `stored`.

    Without a stored hash (no such person) the same work is done, so that the time taken does not
    tell a stranger which names exist.
    """
    try:
        _hasher.verify(stored or _nobody(), password[:PASSWORD_MAX])
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Return whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def one_time(entropy: Callable[[int], bytes]) -> str:
    """Return a fresh password of 60 bits such as `K7QF-2MXA-9TDC`, valid until it is changed."""
    letters = "".join(ONE_TIME_LETTERS[byte & 31] for byte in entropy(ONE_TIME_LENGTH))
    return "-".join(letters[i : i + 4] for i in range(0, ONE_TIME_LENGTH, 4))


def require_strong(password: str, name: str) -> None:
    """Raise WeakPassword unless the new password has 10 to 200 characters and is not the name."""
    if len(password) < PASSWORD_MIN:
        raise WeakPassword(f"新密码至少要 {PASSWORD_MIN} 个字符，请换一个长一些的。")
    if len(password) > PASSWORD_MAX:
        raise WeakPassword(f"新密码不能超过 {PASSWORD_MAX} 个字符，请换一个短一些的。")
    if password.strip().casefold() == name.strip().casefold() or len(set(password)) < 4:
        raise WeakPassword("新密码太容易猜到，请换一个与姓名无关、字符不重复的。")


@cache
def _nobody() -> str:
    return _hasher.hash("nobody")
