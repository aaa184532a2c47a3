"""The page: what the core seals to one device and signs.

A frame (sync/frame.py) with magic BMG1. The header is readable on the way and holds what vouches for
the entries: a digest over (operation id ‖ verdict) of every one. The body is sealed to the device.
A tablet keeps `Page.header` (header, body hash, signature) and `Page.leaves` beside the operations it
received: with them anybody can prove later that the county had admitted an operation it has lost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from shared import canonical
from shared.operation import Bytes32, Operation
from shared.verdict import Verdict
from sync import frame, suites
from sync.acknowledgement import County, Epoch, Instant, Opened
from sync.envelope import KeyId
from sync.frame import Malformed
from sync.keys import SigningKey, verify

TAG = b"bianmin.page.1\0"
MAGIC = b"BMG1"
_HEADER_MAGIC = b"BMV1"
_LEAF_TAG = b"bianmin.entry.1\0"
_DIGEST_TAG = b"bianmin.entries.1\0"
SIZE_MAX = 4 << 20
ENTRIES_MAX = 10_000
CURSOR_BYTES_MAX = 128
MARK_BYTES = 16
LEAF_BYTES = 32


class MalformedPage(Malformed):
    """Bytes that are no page, or a page whose entries are not what its header vouches for."""


@dataclass(frozen=True, slots=True)
class Received:
    """An operation that became visible to the device, or whose verdict changed."""

    operation: Operation
    """A bare skeleton where it was refused, held or purged."""
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Own:
    """The verdict on operations of the asking device's stream, bodies left out."""

    seq_from: int
    seq_to: int
    verdict: Verdict
    """Its `effective_at` is 0 where `as_written` says that each operation's own one stands."""
    as_written: bool = False

    def verdict_for(self, effective_at: int) -> Verdict:
        """Return the verdict on one of these operations, which was written with `effective_at`."""
        return self.verdict._replace(effective_at=effective_at) if self.as_written else self.verdict


PageEntry: TypeAlias = Received | Own


class PageHeader(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """The signed part of a page."""

    suite: Annotated[int, Meta(ge=0, le=0xFFFF)]
    county: County
    epoch: Epoch
    device: KeyId
    """Id of the device's signing key."""
    since: Annotated[bytes, Meta(min_length=MARK_BYTES, max_length=MARK_BYTES)]
    """`cursor_mark` of the cursor this page answers: a page cannot be passed off for another."""
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
        """Whether this page continues from `cursor`."""
        return self.since == cursor_mark(cursor)


def cursor_mark(cursor: bytes) -> bytes:
    """Return the 16 bytes by which a page names the cursor it answers."""
    return hashlib.sha256(cursor).digest()[:MARK_BYTES]


def collapse(judged: Iterable[tuple[int, int, Verdict]]) -> list[Own]:
    """Return runs of (seq, effective_at as written, verdict), given in ascending order of seq."""
    runs: list[Own] = []
    for seq, effective_at, verdict in judged:
        as_written = verdict.effective_at == effective_at
        shown = verdict._replace(effective_at=0) if as_written else verdict
        last = runs[-1] if runs else None
        if last and (last.seq_to + 1, last.verdict, last.as_written) == (seq, shown, as_written):
            runs[-1] = Own(last.seq_from, seq, shown, as_written)
        else:
            runs.append(Own(seq, seq, shown, as_written))
    return runs


def seal_page(page: Page, device_public: bytes, core_key: SigningKey) -> bytes:
    """Return the page sealed to the device's X25519 key and signed by the core."""
    raise NotImplementedError


def open_page(raw: bytes, device_private: bytes, core_public: bytes) -> Page:
    """Return a verified page; raise MalformedPage, BadSignature or CannotOpen."""
    raise NotImplementedError


def open_header(kept: bytes, core_public: bytes) -> PageHeader:
    """Return the verified header of a page kept as `Page.header`; raise as `open_page`."""
    raise NotImplementedError


def vouches(header: PageHeader, leaves: bytes, operation: Operation, verdict: Verdict) -> bool:
    """Whether the page of this header and these leaves held the operation with this verdict."""
    raise NotImplementedError


_ = (canonical, frame, suites, verify)
