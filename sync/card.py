"""The county's card: its public keys, signed by the offline root key.

A tablet learns the root's fingerprint from the enrolment QR and believes nothing that does not lead
back to it. A card with a later `issued_at` replaces an earlier one of the same fingerprint.
"""

from __future__ import annotations

import hashlib
from typing import Annotated

import msgspec
from msgspec import Meta

from shared.operation import Bytes32
from sync import frame
from sync.acknowledgement import County, Epoch, Instant
from sync.frame import Malformed
from sync.keys import SigningKey, key_id

TAG = b"bianmin.card.1\0"
MAGIC = b"BMC1"
SIZE_MAX = 64 << 10
FINGERPRINT_CHARACTERS = 32


class MalformedCard(Malformed):
    """Bytes that are no county card, or the card of another county."""


class OtherCountysCard(MalformedCard):
    """A card of another county than the one that was expected."""


class Recipient(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """A key envelopes are sealed to, for about 30 days."""

    public: Bytes32
    valid_from: Instant
    valid_to: Instant

    @property
    def key_id(self) -> bytes:
        """The id by which an envelope names it."""
        return key_id(self.public)


class CountyCard(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """What everybody may know about the county."""

    county: County
    name: Annotated[str, Meta(min_length=1, max_length=64)]
    root_public: Bytes32
    epoch: Epoch
    issued_at: Instant
    front_public: Bytes32
    """Verifies stored acknowledgements."""
    core_public: Bytes32
    """Verifies pages, opened acknowledgements and answers to enrolments."""
    recipients: Annotated[tuple[Recipient, ...], Meta(min_length=1, max_length=64)]
    complaint_public: Bytes32
    suites: Annotated[tuple[int, ...], Meta(min_length=1, max_length=16)]
    """The suites the county accepts."""
    sample: bool
    """A sample county for practice: its figures count for nothing."""

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal characters that name the county for ever."""
        return fingerprint_of(self.root_public)

    def recipient_at(self, now_ms: int) -> Recipient:
        """Return the key to seal to: the newest begun at `now_ms`, else the first there is.

        A wrong clock or an old card never stops sealing: the county keeps old keys for 400 days.
        """
        begun = [key for key in self.recipients if key.valid_from <= now_ms]
        if not begun:
            return min(self.recipients, key=lambda key: key.valid_from)
        return max(begun, key=lambda key: key.valid_from)


def fingerprint_of(root_public: bytes) -> str:
    """Return the fingerprint of a root key: the first 16 bytes of its SHA-256 in hexadecimal."""
    return hashlib.sha256(root_public).digest()[: FINGERPRINT_CHARACTERS // 2].hex()


def sign_card(card: CountyCard, root_key: SigningKey) -> bytes:
    """Return the signed card."""
    if card.root_public != root_key.public:
        raise MalformedCard("名片上的根公钥与签名密钥不符，请检查密钥文件。")
    return frame.pack(MAGIC, frame.encode_header(card, MalformedCard), b"", root_key, TAG)


def open_card(raw: bytes, fingerprint: str) -> CountyCard:
    """Return the verified card of this fingerprint; raise MalformedCard or BadSignature."""
    cut = frame.unpack(raw, MAGIC, SIZE_MAX, MalformedCard)
    card = frame.decode_header(CountyCard, cut.header, MalformedCard)
    if cut.body or card.fingerprint != fingerprint:
        raise OtherCountysCard("这不是注册时的那个县的名片，请核对县级地址。")
    cut.verify(card.root_public, TAG)
    return card
