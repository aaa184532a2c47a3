"""Sealing at rest: what is sealed opens only in its place and under its key."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.sealing import (
    NONCE_BYTES,
    TAG_BYTES,
    SealBroken,
    blind,
    database_key,
    open_blob,
    seal_blob,
)

KEY = bytes(range(32))
OTHER = bytes(range(1, 33))


@given(plain=st.binary(max_size=300), place=st.binary(max_size=20))
@example(plain=bytes(100_000), place=b"")
def test_what_is_sealed_opens_in_its_place(plain: bytes, place: bytes) -> None:
    sealed = seal_blob(KEY, place, plain)
    assert len(sealed) == NONCE_BYTES + len(plain) + TAG_BYTES
    assert open_blob(KEY, place, sealed) == plain


def test_one_text_is_sealed_differently_each_time() -> None:
    assert seal_blob(KEY, b"", b"text") != seal_blob(KEY, b"", b"text")


def test_the_nonce_is_drawn_from_the_given_source() -> None:
    def counter(size: int) -> bytes:
        return b"n" * size

    assert seal_blob(KEY, b"", b"text", entropy=counter).startswith(b"n" * NONCE_BYTES)


def test_another_key_place_or_byte_does_not_open() -> None:
    sealed = seal_blob(KEY, b"place", b"text")
    broken = [sealed[:size] for size in range(len(sealed))]
    for position in range(len(sealed)):
        flipped = bytearray(sealed)
        flipped[position] ^= 1
        broken.append(bytes(flipped))
    for one in broken:
        with pytest.raises(SealBroken):
            open_blob(KEY, b"place", one)
    for key, place in ((OTHER, b"place"), (KEY, b"elsewhere")):
        with pytest.raises(SealBroken):
            open_blob(key, place, sealed)


def test_blind_keys_compare_equal_texts_only() -> None:
    assert blind(KEY, "id", "510322") == blind(KEY, "id", "510322")
    different = {
        blind(KEY, "id", "510322"), blind(KEY, "id", "510323"), blind(KEY, "phone", "510322"),
        blind(OTHER, "id", "510322"),
    }  # fmt: skip
    assert {len(one) for one in different} == {16}
    assert len(different) == 4


def test_every_purpose_has_a_key_of_its_own() -> None:
    assert len({KEY, database_key(KEY), database_key(OTHER)}) == 3


def test_a_key_of_another_length_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        database_key(b"short")
