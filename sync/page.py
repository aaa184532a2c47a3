"""The page: what the core seals to one device and signs.

A frame (sync/frame.py) with magic BMG1. The header is readable on the way and vouches for the
entries by their digest. The body is sealed to the device. A tablet keeps `Page.header` (header,
body hash, signature) and `Page.leaves` beside the operations it received: with them anybody can
prove later that the county had judged an operation which it has lost since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from msgspec import Meta

from shared.operation import Bytes32, Operation
from shared.verdict import Verdict
from sync import frame, suites
from sync.acknowledgement import County, Epoch, Instant, Opened
from sync.codec import MalformedBatch
from sync.entries import (
    ENTRIES_MAX,
    LEAF_BYTES,
    Own,
    PageEntry,
    Received,
    collapse,
    decode_entries,
    digest_of,
    encode_entries,
    leaf_of,
    leaves_of,
)  # fmt: skip
from sync.envelope import KeyId
from sync.frame import Frame, Malformed
from sync.keys import SigningKey, verify

__all__ = [
    "MalformedPage",
    "Own",
    "Page",
    "PageEntry",
    "PageHeader",
    "Received",
    "collapse",
    "cursor_mark",
    "open_header",
    "open_page",
    "seal_page",
    "vouches",
]

TAG = b"bianmin.page.1\0"
MAGIC = b"BMG1"
_KEPT_MAGIC = b"BMV1"
SIZE_MAX = 4 << 20
CURSOR_BYTES_MAX = 128
MARK_BYTES = 16
_KEPT_BYTES_MAX = frame.HEADER_BYTES_MAX + frame.OVERHEAD_BYTES + 32


class MalformedPage(Malformed):
    """Bytes that are no page, or a page whose entries are not what its header vouches for."""


class PageHeader(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """The signed part of a page."""

    suite: Annotated[int, Meta(ge=0, le=0xFFFF)]
    county: County
    epoch: Epoch
    device: KeyId
    """Id of the device's signing key."""
    since: Annotated[bytes, Meta(min_length=MARK_BYTES, max_length=MARK_BYTES)]
    """`cursor_mark` of the cursor this page answers: it cannot be passed off for another."""
    cursor: Annotated[bytes, Meta(max_length=CURSOR_BYTES_MAX)]
    """Opaque: what to ask with next."""
    more: bool
    issued_at: Instant
    count: Annotated[int, Meta(ge=0, le=ENTRIES_MAX)]
    digest: Bytes32
    opened: Opened | None


@dataclass(frozen=True)
class Page:
    """One page down. `entries` holds Received entries first, then Own ones."""

    county: int
    epoch: int
    device: bytes
    since: bytes
    cursor: bytes
    more: bool
    issued_at: int
    opened: Opened | None
    entries: Sequence[PageEntry]
    header: bytes = field(default=b"", compare=False)
    """Signed header bytes to keep (see `open_header`); empty on a page not sealed yet."""
    leaves: bytes = field(default=b"", compare=False)
    """32 bytes for each entry: what the digest in the header covers."""

    def answers(self, cursor: bytes) -> bool:
        """Whether this page continues from `cursor`; a page that does not is not to be applied."""
        return self.since == cursor_mark(cursor)


def cursor_mark(cursor: bytes) -> bytes:
    """Return the 16 bytes by which a page names the cursor it answers."""
    return hashlib.sha256(cursor).digest()[:MARK_BYTES]


def seal_page(
    page: Page, device_public: bytes, core_key: SigningKey, suite: int = suites.X25519_AES256
) -> bytes:
    """Return the page sealed to the device's X25519 key and signed by the core.

    Raises MalformedPage for more than one page can hold, BadKey or UnknownSuite.
    """
    header = PageHeader(
        suite, page.county, page.epoch, page.device, page.since, page.cursor, page.more,
        page.issued_at, len(page.entries), digest_of(leaves_of(page.entries)), page.opened,
    )  # fmt: skip
    header_bytes = frame.encode_header(header, MalformedPage)
    body = b""
    if page.entries:
        try:
            plain = encode_entries(page.entries)
        except MalformedBatch as error:
            raise MalformedPage(str(error)) from error
        body = suites.seal(suite, device_public, TAG + header_bytes, plain)
    raw = frame.pack(MAGIC, header_bytes, body, core_key, TAG)
    if len(raw) > SIZE_MAX:
        raise MalformedPage(f"一页有 {len(raw)} 字节，超过上限，请分成几页。")
    return raw


def open_page(raw: bytes, device_private: bytes, core_public: bytes) -> Page:
    """Return a verified page; raise MalformedPage, BadSignature or CannotOpen.

    Whether it answers your cursor, and is of your county and device, is for you to ask.
    """
    cut = frame.unpack(raw, MAGIC, SIZE_MAX, MalformedPage)
    header = _decode(cut)
    cut.verify(core_public, TAG)
    if bool(header.count) != bool(cut.body):
        raise MalformedPage("页面的抬头与内容不符，请重新同步。")
    entries: list[PageEntry] = []
    if cut.body:
        plain = suites.open_sealed(header.suite, device_private, TAG + cut.header, cut.body)
        try:
            entries = decode_entries(plain)
        except MalformedBatch as error:
            raise MalformedPage(str(error)) from error
    leaves = leaves_of(entries)
    if len(entries) != header.count or digest_of(leaves) != header.digest:
        raise MalformedPage("页面的内容与其指纹不符，请重新同步。")
    return Page(
        header.county, header.epoch, header.device, header.since, header.cursor, header.more,
        header.issued_at, header.opened, entries, _keep(cut), leaves,
    )  # fmt: skip


def open_header(kept: bytes, core_public: bytes) -> PageHeader:
    """Return the verified header of a page kept as `Page.header`; MalformedPage, BadSignature."""
    cut = frame.unpack(kept, _KEPT_MAGIC, _KEPT_BYTES_MAX, MalformedPage)
    header = _decode(cut)
    verify(core_public, TAG, frame.covered(cut.header, cut.body), cut.signature)
    return header


def vouches(header: PageHeader, leaves: bytes, operation: Operation, verdict: Verdict) -> bool:
    """Whether the page of this header and these leaves held the operation with this verdict."""
    leaf = leaf_of(operation.id, verdict)
    cut = (leaves[at : at + LEAF_BYTES] for at in range(0, len(leaves), LEAF_BYTES))
    return digest_of(leaves) == header.digest and leaf in cut


def _decode(cut: Frame) -> PageHeader:
    header = frame.decode_header(PageHeader, cut.header, MalformedPage)
    try:
        suites.require_suite(header.suite)
    except suites.UnknownSuite as error:
        raise MalformedPage(str(error)) from error
    return header


def _keep(cut: Frame) -> bytes:
    length = len(cut.header).to_bytes(2, "big")
    size = len(cut.body_hash).to_bytes(4, "big")
    return _KEPT_MAGIC + length + cut.header + size + cut.body_hash + cut.signature
