"""Sealed acts look alike from outside, and only the complaint key opens them."""

from __future__ import annotations

import base64

import pytest

from shared.canonical import Value
from sync import sealed
from sync.keys import SealingKey
from sync.suites import X25519_AES256, CannotOpen, seal

KEY = SealingKey(bytes(range(32)))
COUNTY = 510322
COMPLAINT = sealed.Complaint(
    agent="ABCDEFGH", site="s0001", effective_at=1_700_000_000_000, query_code="ABCDEFGHJKLM",
    data={"target_kind": "person", "content": "办事时态度不好"},
)  # fmt: skip


@pytest.mark.parametrize("content", [COMPLAINT, None])
def test_what_was_sealed_comes_out(content: sealed.Content) -> None:
    data = sealed.seal(content, KEY.public, COUNTY)
    assert sealed.open_content(data, KEY.raw, COUNTY) == content


def test_a_dummy_looks_like_a_complaint() -> None:
    lengths = {
        len(str(sealed.seal(content, KEY.public, COUNTY)["cipher"]))
        for content in (COMPLAINT, None, long_complaint("的" * 4000))
    }
    assert len(lengths) == 1


def test_nothing_of_it_is_readable() -> None:
    data = sealed.seal(COMPLAINT, KEY.public, COUNTY)
    raw = sealed.cipher_of(data)
    assert "态度".encode() not in raw
    assert b"ABCDEFGH" not in raw


def test_another_key_or_county_opens_nothing() -> None:
    data = sealed.seal(COMPLAINT, KEY.public, COUNTY)
    with pytest.raises(CannotOpen):
        sealed.open_content(data, SealingKey(bytes(32)).raw, COUNTY)
    with pytest.raises(CannotOpen):
        sealed.open_content(data, KEY.raw, COUNTY + 1)


def test_what_does_not_fit_is_refused_before_anything_is_written() -> None:
    with pytest.raises(sealed.TooLongToSeal, match="缩短"):
        sealed.seal(
            long_complaint("".join(chr(0x4E00 + n * 7919 % 20000) for n in range(9000))),
            KEY.public,
            COUNTY,
        )


@pytest.mark.parametrize(
    "data", [{}, {"cipher": 1}, {"cipher": "??"}, {"cipher": "AAAA"}, {"cipher": "", "more": 1}]
)
def test_another_form_is_refused(data: dict[str, Value]) -> None:
    with pytest.raises(sealed.MalformedSealed):
        sealed.cipher_of(data)


@pytest.mark.parametrize("plain", [b"", b"\0\x05abcde", b"\xff\xff"])
def test_garbage_under_the_right_key_is_one_error(plain: bytes) -> None:
    info = b"bianmin.sealed.1\0" + COUNTY.to_bytes(4, "big")
    cipher = seal(X25519_AES256, KEY.public, info, plain.ljust(sealed.PLAIN_BYTES, b"\0"))
    with pytest.raises(sealed.MalformedSealed):
        sealed.open_content({"cipher": base64_of(cipher)}, KEY.raw, COUNTY)


def base64_of(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def long_complaint(content: str) -> sealed.Complaint:
    return sealed.Complaint(
        agent="ABCDEFGH", site="s0001", effective_at=0, query_code="ABCDEFGHJKLM",
        data={"target_kind": "person", "content": content},
    )  # fmt: skip
