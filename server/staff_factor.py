"""The second factor of an account: codes of an authenticator (TOTP, RFC 6238), recovery codes.

The secret lies in the database sealed under the core's data key; before the first code proves that
the authenticator has it, it lies nowhere: the form carries it, sealed for this person and short of
life. A code passes once: its time step is a row with a unique key, so of two requests at the same
instant, on either database, one gets in.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import pyotp

from server.passwords import ONE_TIME_LETTERS
from server.sealing import SealBroken
from server.storage.ledger import Tx
from server.storage.rows import Staff, StaffCode
from shared.errors import Misuse, Refused

STEP_S = 30
DRIFT_STEPS = 1
"""A phone's clock may be half a minute wrong."""
DIGITS = 6
SECRET_BYTES = 20
RECOVERY_CODES = 10
_RECOVERY_LETTERS = 10
PAPER_MS = 30 * 60 * 1000
"""How long a secret that was shown waits for its first code."""
RECOVERY, USED = "recovery", "used"
_KEEP_USED_MS = 10 * 60 * 1000


class WrongCode(Refused):
    """A code that is wrong, too old, or was used before; which is not told."""

    def __init__(self) -> None:
        super().__init__("验证码不对或已用过，请等验证器显示下一个再输入。")


class CodeNeeded(Refused):
    """Name and password are right; this account asks for a code as well."""

    def __init__(self) -> None:
        super().__init__("这个账号开启了两步验证，请再输入验证器上的六位验证码。")


class PaperLapsed(Misuse):
    """A sealed paper of a form that is not this person's, or too old."""


class AlreadyOn(Refused):
    """The second factor is on: it is turned off before another one is set up."""


@dataclass(frozen=True, slots=True)
class Setup:
    """A secret to put into an authenticator: as text, as `otpauth` address, and for the form."""

    secret: str
    address: str
    paper: str


class _Paper(msgspec.Struct, array_like=True):
    at: int
    content: bytes


def set_up(tx: Tx, row: Staff, county: str, entropy: Callable[[int], bytes], now: int) -> Setup:
    """Return a fresh secret for a person; nothing is stored. Raises AlreadyOn."""
    require_off(row)
    secret = entropy(SECRET_BYTES)
    return as_setup(row, county, secret, paper(tx, "factor", row.staff, secret, now))


def as_setup(row: Staff, county: str, secret: bytes, sealed: str) -> Setup:
    """Return a secret as people and authenticators read it (Key Uri Format of otpauth)."""
    text = base64.b32encode(secret).decode()
    address = pyotp.TOTP(text).provisioning_uri(name=row.name, issuer_name=f"便民 {county}")
    return Setup(text, address, sealed)


def require_off(row: Staff) -> None:
    """Raise AlreadyOn unless the second factor is off."""
    if row.totp is not None:
        raise AlreadyOn("两步验证已经开启，要换验证器请先关闭，再重新开启。")


def turn_on(
    tx: Tx, row: Staff, secret: bytes, code: str, entropy: Callable[[int], bytes], now: int
) -> list[str]:
    """Let the secret stand from now on and return the recovery codes, shown once; raise WrongCode.

    The first code proves that the authenticator has the secret, and is used up by that.
    """
    require_off(row)
    step = _step_of(secret, code, now)
    if step is None:
        raise WrongCode
    tx.put_staff(row._replace(totp=tx.seal_factor(row.staff, secret)))
    tx.drop_staff_codes(row.staff)
    tx.add_staff_codes([_used(row.staff, step, now)])
    return fresh_recovery(tx, row.staff, entropy, now)


def turn_off(tx: Tx, row: Staff) -> None:
    """Forget secret and codes."""
    tx.put_staff(row._replace(totp=None))
    tx.drop_staff_codes(row.staff)


def fresh_recovery(tx: Tx, staff: str, entropy: Callable[[int], bytes], now: int) -> list[str]:
    """Return ten new recovery codes, shown once; those of before are good no longer."""
    tx.drop_staff_codes(staff, RECOVERY)
    made = [_recovery_code(entropy) for _ in range(RECOVERY_CODES)]
    tx.add_staff_codes([StaffCode(staff, RECOVERY, _blind(tx, staff, one), now) for one in made])
    return made


def take(tx: Tx, row: Staff, code: str, now: int) -> str:
    """Use up a code of the authenticator, or a recovery code; return which of the two it was.

    Raises WrongCode.
    """
    assert row.totp is not None
    typed = re.sub(r"[\s-]", "", code).upper()
    if typed.isascii() and typed.isdecimal():
        step = _step_of(tx.open_factor(row.staff, row.totp), typed, now)
        tx.drop_staff_codes(row.staff, USED, before=now - _KEEP_USED_MS)
        if step is None or not tx.add_staff_codes([_used(row.staff, step, now)]):
            raise WrongCode
        return USED
    if not tx.take_staff_code(row.staff, RECOVERY, _blind(tx, row.staff, typed)):
        raise WrongCode
    return RECOVERY


def paper(tx: Tx, purpose: str, staff: str, content: bytes, now: int) -> str:
    """Return content sealed for one purpose and person, for a form to carry."""
    raw = msgspec.msgpack.encode(_Paper(now, content))
    return base64.urlsafe_b64encode(tx.seal(purpose, staff.encode(), raw)).decode()


def read_paper(tx: Tx, purpose: str, staff: str, text: str, now: int, lasts_ms: int) -> bytes:
    """Return what a form carried; raise PaperLapsed."""
    try:
        sealed = base64.urlsafe_b64decode(text.encode())
        found = msgspec.msgpack.decode(tx.open(purpose, staff.encode(), sealed), type=_Paper)
    except (binascii.Error, ValueError, SealBroken) as error:
        raise PaperLapsed("这一步已经过期，请从头再来一次。") from error
    if not found.at <= now <= found.at + lasts_ms:
        raise PaperLapsed("这一步等得太久，已经过期，请从头再来一次。")
    return found.content


def _step_of(secret: bytes, code: str, now: int) -> int | None:
    """The time step whose code this is; None for none. Every step is compared, in equal time."""
    totp = pyotp.TOTP(base64.b32encode(secret).decode(), digits=DIGITS, interval=STEP_S)
    step_now, found = now // 1000 // STEP_S, None
    for step in range(step_now - DRIFT_STEPS, step_now + DRIFT_STEPS + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.strip().encode()):
            found = step
    return found


def _used(staff: str, step: int, now: int) -> StaffCode:
    return StaffCode(staff, USED, step.to_bytes(8, "big"), now)


def _recovery_code(entropy: Callable[[int], bytes]) -> str:
    """Ten letters, fifty bits, such as `K7QF2-MXA9T`; at least one is a letter, so that it is never
    taken for a code of the authenticator."""
    while True:
        text = "".join(ONE_TIME_LETTERS[byte & 31] for byte in entropy(_RECOVERY_LETTERS))
        if not text.isdecimal():
            return f"{text[:5]}-{text[5:]}"


def _blind(tx: Tx, staff: str, code: str) -> bytes:
    return tx.blind("recovery", f"{staff} {code.replace('-', '').upper()}")
