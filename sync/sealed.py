"""Sealed acts: a complaint about a person, sealed at entry to the county's complaint key.

A sealed operation has the outer kind `sealed`, no author, no site, no session and no parents; its
data is a cipher of one size, whether a complaint or a dummy lies inside. Neither numbers nor sizes
tell the accused anything. HPKE's info binds the cipher to county, stream and sequence number,
so that none can be moved or repeated elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from shared import canonical
from shared.canonical import NotCanonical, Value
from shared.operation import Skeleton
from sync import suites
from sync.frame import Malformed

KIND = "sealed"
ACT = "seal"
PLAIN_BYTES = 16 << 10
"""Everything is padded to this length; a complaint of 4,000 characters fits."""
CIPHER_BYTES_MAX = PLAIN_BYTES + 256
_TAG = b"bianmin.sealed.1\0"
_LENGTH_BYTES = 4


class MalformedSealed(Malformed):
    """A sealed act that is not of the one form, or does not open with the complaint key."""


class TooLong(Malformed):
    """A complaint that does not fit into the one size."""


class Inside(NamedTuple):
    """What only the holder of the complaint key reads: where, by whom, and the complaint."""

    site: str
    author: str
    complaint: Mapping[str, Value]


def seal(
    inside: Inside | None,
    *,
    complaint_public: bytes,
    county: int,
    stream: bytes,
    seq: int,
    suite: int = suites.X25519_AES256,
) -> dict[str, Value]:
    """Return the data of a sealed operation; None makes a dummy. Raises TooLong."""
    plain = b"" if inside is None else canonical.encode(_listed(inside))
    if len(plain) > PLAIN_BYTES - _LENGTH_BYTES:
        raise TooLong("投诉内容太长，请写得简短一些。")
    padded = len(plain).to_bytes(_LENGTH_BYTES, "big") + plain
    body = padded.ljust(PLAIN_BYTES, b"\0")
    cipher = suites.seal(suite, complaint_public, _info(county, stream, seq), body)
    return {"cipher": cipher, "suite": suite}


def is_well_formed(skeleton: Skeleton, data: Mapping[str, Value]) -> bool:
    """Whether an operation has the one form of sealed acts: that is all that its verdict judges."""
    cipher = data.get("cipher")
    outer = (skeleton.kind, skeleton.act, skeleton.author, skeleton.site, skeleton.session)
    return (
        outer == (KIND, ACT, "", "", None)
        and not skeleton.parents
        and data.keys() == {"cipher", "suite"}
        and isinstance(cipher, bytes)
        and PLAIN_BYTES < len(cipher) <= CIPHER_BYTES_MAX
    )


def open_sealed(
    skeleton: Skeleton, data: Mapping[str, Value], *, complaint_private: bytes, county: int
) -> Inside | None:
    """Return what lies inside, None for a dummy; raise MalformedSealed or CannotOpen."""
    cipher, suite = data.get("cipher"), data.get("suite")
    if not isinstance(cipher, bytes) or not isinstance(suite, int):
        raise MalformedSealed("密封投诉的格式不符，请联系县中心。")
    info = _info(county, skeleton.stream, skeleton.seq)
    body = suites.open_sealed(suite, complaint_private, info, cipher)
    length = int.from_bytes(body[:_LENGTH_BYTES], "big")
    plain = body[_LENGTH_BYTES : _LENGTH_BYTES + length]
    if len(body) != PLAIN_BYTES or len(plain) != length:
        raise MalformedSealed("密封投诉的格式不符，请联系县中心。")
    if not plain:
        return None
    try:
        value = canonical.decode(plain, PLAIN_BYTES)
    except NotCanonical as error:
        raise MalformedSealed("密封投诉的格式不符，请联系县中心。") from error
    match value:
        case [str(site), str(author), dict(complaint)]:
            return Inside(site, author, complaint)
    raise MalformedSealed("密封投诉的格式不符，请联系县中心。")


def _listed(inside: Inside) -> list[Value]:
    return [inside.site, inside.author, dict(inside.complaint)]


def _info(county: int, stream: bytes, seq: int) -> bytes:
    return _TAG + county.to_bytes(4, "big") + stream + seq.to_bytes(8, "big")
