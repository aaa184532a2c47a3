"""Attachments: whole or refused, chunk by chunk and part by part."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import attachment
from sync.attachment import (
    CHUNK_BYTES,
    PART_BYTES,
    Kept,
    MalformedAttachment,
    decrypt,
    encrypt,
    name_of,
    open_kept,
    parse_part,
    part_count,
    part_of,
    sign_kept,
    sign_parts,
)  # fmt: skip
from sync.frame import pack
from sync.keys import BadKey, BadSignature
from tests.sync.garbage import damaged
from tests.sync.samples import COUNTY, DEVICE, OTHER_DEVICE, raw_key

KEY = raw_key("attachment")
SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES]


def photo(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


@pytest.mark.parametrize("size", SIZES)
def test_an_attachment_comes_back_whole(size: int) -> None:
    ciphertext = encrypt(photo(size), KEY)
    assert decrypt(ciphertext, KEY) == photo(size)
    assert len(name_of(ciphertext)) == 64
    assert (
        b"".join(part_of(ciphertext, n) for n in range(part_count(len(ciphertext)))) == ciphertext
    )


def test_encrypting_again_is_the_same_upload() -> None:
    assert encrypt(photo(9), KEY) == encrypt(photo(9), KEY)
    assert name_of(encrypt(photo(9), KEY)) != name_of(encrypt(photo(9), raw_key("other")))


def test_every_damage_is_found() -> None:
    for bad in damaged(encrypt(photo(100), KEY)):
        with pytest.raises(MalformedAttachment):
            decrypt(bad, KEY)


def test_chunks_can_be_neither_dropped_exchanged_nor_repeated() -> None:
    ciphertext = encrypt(photo(3 * CHUNK_BYTES), KEY)
    step = CHUNK_BYTES + 16
    one, two, three = (ciphertext[4 + n * step : 4 + (n + 1) * step] for n in range(3))
    for wrong in ([one, two], [two, one, three], [one, three], [one, two, three, three], [], [one]):
        with pytest.raises(MalformedAttachment):
            decrypt(b"BMA1" + b"".join(wrong), KEY)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(MalformedAttachment):
        decrypt(encrypt(photo(5), KEY), raw_key("other"))
    for wrong in (b"", b"short"):
        with pytest.raises(BadKey):
            encrypt(b"x", wrong)
        with pytest.raises(BadKey):
            decrypt(encrypt(b"x", KEY), wrong)


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(MalformedAttachment, match="上限"):
        encrypt(bytes(attachment.PLAIN_BYTES_MAX + 1), KEY)
    with pytest.raises(MalformedAttachment, match="上限"):
        decrypt(bytes(attachment.MAX_BYTES + 1), KEY)
    assert part_count(attachment.PLAIN_BYTES_MAX * 65_552 // 65_536 + 4) <= attachment.PARTS_MAX


def test_parts_travel_signed_and_go_on_where_they_stopped() -> None:
    ciphertext = encrypt(photo(3 * PART_BYTES), KEY)
    parts = [parse_part(raw) for raw in sign_parts(ciphertext, COUNTY, DEVICE)]
    for part in parts:
        part.verify(DEVICE.public)
        with pytest.raises(BadSignature):
            part.verify(OTHER_DEVICE.public)
    assert b"".join(part.content for part in parts) == ciphertext
    assert [part.header.part for part in parts] == [0, 1, 2, 3]
    assert {part.header.name for part in parts} == {name_of(ciphertext)}
    rest = [parse_part(raw) for raw in sign_parts(ciphertext, COUNTY, DEVICE, first=2)]
    assert [part.content for part in rest] == [part.content for part in parts[2:]]


def test_every_damage_to_a_part_is_found() -> None:
    (raw,) = sign_parts(encrypt(photo(50), KEY), COUNTY, DEVICE)
    for bad in damaged(raw):
        with pytest.raises((MalformedAttachment, BadSignature)):
            parse_part(bad).verify(DEVICE.public)


@pytest.mark.parametrize(
    "changes",
    [{"name": "../../etc/passwd"}, {"name": "A" * 64}, {"name": "a" * 64 + "\n"}, {"part": 1},
     {"part": -1}, {"part": 2000}, {"size": 0}, {"size": 71}, {"size": 2**40}],
)  # fmt: skip
def test_a_part_that_is_none_is_malformed(changes: dict[str, object]) -> None:
    (raw,) = sign_parts(encrypt(photo(50), KEY), COUNTY, DEVICE)
    part = parse_part(raw)
    header = msgspec.msgpack.encode(msgspec.structs.replace(part.header, **changes))
    with pytest.raises(MalformedAttachment):
        parse_part(pack(b"BMP1", header, part.content, DEVICE, attachment.TAG))


def test_only_the_fronts_own_word_says_that_it_is_kept() -> None:
    kept = Kept(COUNTY, 3, name_of(b"photo"))
    raw = sign_kept(kept, DEVICE)
    assert open_kept(raw, DEVICE.public) == kept
    with pytest.raises(BadSignature):
        open_kept(raw, OTHER_DEVICE.public)
    for bad in damaged(raw):
        with pytest.raises((MalformedAttachment, BadSignature)):
            open_kept(bad, DEVICE.public)
    header = msgspec.msgpack.encode(kept)
    with pytest.raises(MalformedAttachment):
        open_kept(pack(b"BMK1", header, b"more", DEVICE, attachment.KEPT_TAG), DEVICE.public)


@given(st.binary(max_size=200))
def test_garbage_is_malformed(garbage: bytes) -> None:
    for raw in (garbage, b"BMA1" + garbage):
        with pytest.raises(MalformedAttachment):
            decrypt(raw, KEY)
    for raw in (garbage, b"BMP1" + garbage):
        with pytest.raises(MalformedAttachment):
            parse_part(raw)
