"""Keys: raw bytes at the border, tags in every signature."""

from __future__ import annotations

import pytest

from sync.keys import BadKey, BadSignature, SealingKey, SigningKey, key_id, verify
from tests.sync.garbage import flipped, truncated
from tests.sync.samples import DEVICE, raw_key

TAG = b"bianmin.test.1\0"


def test_a_signature_covers_tag_and_message() -> None:
    signature = DEVICE.sign(TAG, b"message")
    verify(DEVICE.public, TAG, b"message", signature)
    for tag, message in ((TAG, b"other"), (b"other\0", b"message"), (TAG + b"m", b"essag")):
        with pytest.raises(BadSignature):
            verify(DEVICE.public, tag, message, signature)


def test_every_damaged_signature_is_bad() -> None:
    signature = DEVICE.sign(TAG, b"message")
    for bad in (*flipped(signature), *truncated(signature)):
        with pytest.raises(BadSignature):
            verify(DEVICE.public, TAG, b"message", bad)


def test_rfc_8032_and_rfc_7748_are_met() -> None:
    """Vectors: RFC 8032 §7.1 test 1 (empty message); RFC 7748 §6.1, Alice."""
    secret = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    key = SigningKey(secret)
    assert key.public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert key.sign(b"", b"").hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974")
    alice = bytes.fromhex("77076d0a7318a57d3c16c17251b26645c6c2d1db6a1d6d9a6b4bdf6f9c9b1f1a")
    assert len(SealingKey(alice).public) == 32


def test_new_keys_come_from_the_source_they_are_given() -> None:
    asked: list[int] = []

    def draw(size: int) -> bytes:
        asked.append(size)
        return raw_key(str(len(asked)))

    signing, sealing = SigningKey.generate(draw), SealingKey.generate(draw)
    assert asked == [32, 32]
    assert signing.raw == raw_key("1")
    assert sealing.raw == raw_key("2")
    assert SigningKey(signing.raw).public == signing.public
    assert signing.id == key_id(signing.public)
    assert sealing.id == key_id(sealing.public)
    assert len(signing.id) == 8


@pytest.mark.parametrize("raw", [b"", bytes(31), bytes(33)])
def test_a_key_of_another_length_is_bad(raw: bytes) -> None:
    with pytest.raises(BadKey):
        SigningKey(raw)
    with pytest.raises(BadKey):
        SealingKey(raw)


def test_a_key_does_not_show_its_secret() -> None:
    for key in (DEVICE, SealingKey(raw_key("sealing"))):
        assert key.raw.hex() not in repr(key)
        assert key.id.hex() in repr(key)
