"""Compression: exact, padded, and bounded against bombs."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.deflate import (
    BUCKET_BYTES,
    INFLATED_BYTES_MAX,
    MalformedBatch,
    compress,
    dictionary,
    inflate,
)  # fmt: skip


@given(st.lists(st.binary(max_size=2000), max_size=4))
def test_sections_come_out_joined_in_full_buckets(sections: list[bytes]) -> None:
    raw = compress(sections)
    assert inflate(raw) == b"".join(sections)
    assert len(raw) % BUCKET_BYTES == 0


def test_padding_is_less_than_a_bucket_and_all_zeros() -> None:
    for size in range(300):
        section = b"".join(hashlib.sha256(bytes([n])).digest() for n in range(10))[:size]
        raw = compress([section])
        with pytest.raises(MalformedBatch):
            inflate(raw + bytes(BUCKET_BYTES))
        with pytest.raises(MalformedBatch):
            inflate(raw[:-1])
        if not raw[-1]:
            with pytest.raises(MalformedBatch):
                inflate(raw[:-1] + b"\1")


def test_an_unknown_codec_asks_for_an_upgrade() -> None:
    raw = compress([b"x"])
    with pytest.raises(MalformedBatch, match="升级"):
        inflate(b"\2" + raw[1:])


def test_a_length_that_does_not_fit_is_refused() -> None:
    raw = compress([b"content"])
    for size in (0, 6, 8, 2**32 - 1):
        with pytest.raises(MalformedBatch):
            inflate(raw[:1] + size.to_bytes(4, "big") + raw[5:])


def test_too_much_is_not_compressed() -> None:
    with pytest.raises(MalformedBatch, match="上限"):
        compress([bytes(INFLATED_BYTES_MAX), b"x"])
    assert inflate(compress([bytes(INFLATED_BYTES_MAX)])) == bytes(INFLATED_BYTES_MAX)


def test_the_dictionary_never_changes() -> None:
    """Other bytes are another codec number: what is sealed today is opened in years."""
    digest = "7f9bd0d9d4224e0934a3bc0ea79235b2900a780115ced555ccaeee32994d67f6"
    assert hashlib.sha256(dictionary(1)).hexdigest() == digest


@given(st.binary(max_size=200))
def test_garbage_is_malformed(garbage: bytes) -> None:
    raw = b"\1\0\0\1" + garbage
    with pytest.raises(MalformedBatch):
        inflate(garbage)
    with pytest.raises(MalformedBatch):
        inflate(raw + bytes(-len(raw) % BUCKET_BYTES))
