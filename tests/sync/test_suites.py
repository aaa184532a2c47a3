"""Sealing behind its port."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.keys import BadKey
from sync.suites import OVERHEAD_BYTES, X25519_AES256, CannotOpen, UnknownSuite, open_sealed, seal
from tests.sync.garbage import damaged
from tests.sync.samples import RECIPIENT, raw_key

SUITE = X25519_AES256


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_what_is_sealed_opens(plain: bytes, info: bytes) -> None:
    sealed = seal(SUITE, RECIPIENT.public, info, plain)
    assert len(sealed) == len(plain) + OVERHEAD_BYTES
    assert open_sealed(SUITE, RECIPIENT.raw, info, sealed) == plain


def test_another_key_or_header_does_not_open_it() -> None:
    sealed = seal(SUITE, RECIPIENT.public, b"header", b"content")
    with pytest.raises(CannotOpen):
        open_sealed(SUITE, raw_key("another"), b"header", sealed)
    with pytest.raises(CannotOpen):
        open_sealed(SUITE, RECIPIENT.raw, b"headeR", sealed)


def test_every_damage_is_found() -> None:
    for bad in damaged(seal(SUITE, RECIPIENT.public, b"header", b"content")):
        with pytest.raises(CannotOpen):
            open_sealed(SUITE, RECIPIENT.raw, b"header", bad)


@given(st.binary(max_size=120))
def test_garbage_cannot_be_opened(garbage: bytes) -> None:
    for raw in (garbage, bytes(32) + garbage):
        with pytest.raises(CannotOpen):
            open_sealed(SUITE, RECIPIENT.raw, b"", raw)


@pytest.mark.parametrize("suite", [0, 2, 0x0101, 0xFFFF, -1])
def test_other_suites_are_unknown(suite: int) -> None:
    with pytest.raises(UnknownSuite, match="升级"):
        seal(suite, RECIPIENT.public, b"", b"")
    with pytest.raises(UnknownSuite):
        open_sealed(suite, RECIPIENT.raw, b"", b"")


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(32)])
def test_a_key_that_is_none_is_bad(key: bytes) -> None:
    with pytest.raises(BadKey):
        seal(SUITE, key, b"", b"")
    if len(key) != 32:
        with pytest.raises(BadKey):
            open_sealed(SUITE, key, b"", b"")
