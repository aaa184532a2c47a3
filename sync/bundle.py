"""The bundle: one file of sealed messages, to be carried by hand or sent through any chat app.

    BMB1 ‖ direction (1) ‖ parts … ‖ end part ‖ SHA-256 of everything before (32)
    part = kind (1) ‖ length (4, big-endian) ‖ check (8) ‖ content
    check = first of SHA-256 of kind, length and content

Everything inside is sealed and signed by itself, so the file needs no secret. A file cut short or
garbled on the way still gives every part before the damage.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from shared.errors import BianminError
from sync.frame import Malformed

MAGIC = b"BMB1"
SIZE_MAX = 20_000_000
_CHECK_BYTES = 8
_PART_HEAD_BYTES = 1 + 4 + _CHECK_BYTES
_TRAILER_BYTES = 32
_HEAD_BYTES = len(MAGIC) + 1


class Direction(IntEnum):
    """Which way a bundle travels."""

    UP = 1
    """From a tablet to the county."""
    DOWN = 2
    """The county's reply."""


class PartKind(IntEnum):
    """What a part holds; readers of this version refuse others."""

    END = 0
    ENVELOPE = 1
    CURSOR = 2
    """Where the tablet's feed goes on."""
    ACKNOWLEDGEMENT = 3
    PAGE = 4
    ATTACHMENT_PART = 5
    ENROL_REQUEST = 6
    ENROL_RESPONSE = 7
    CARD = 8
    FAILURE = 9
    """A `Failure` message: why something inside was not taken."""


@dataclass(frozen=True, slots=True)
class Part:
    """One message in a bundle."""

    kind: PartKind
    content: bytes


@dataclass(frozen=True)
class Bundle:
    """A bundle in memory."""

    direction: Direction
    parts: tuple[Part, ...] = field(default=())

    def all(self, kind: PartKind) -> list[bytes]:
        """Return the contents of this kind, in order."""
        return [part.content for part in self.parts if part.kind is kind]

    @property
    def envelopes(self) -> list[bytes]:
        """The sealed envelopes, in order."""
        return self.all(PartKind.ENVELOPE)

    @property
    def cursor(self) -> bytes | None:
        """Where the tablet's feed goes on; None where no page is asked for."""
        cursors = self.all(PartKind.CURSOR)
        return cursors[-1] if cursors else None


class MalformedBundle(Malformed):
    """A file that is no bundle, cut short, or garbled. `prefix` is what precedes the damage."""

    def __init__(self, sentence: str, prefix: Bundle | None = None) -> None:
        """Keep the valid prefix beside the sentence."""
        super().__init__(sentence)
        self.prefix = prefix


class BundleFull(BianminError):
    """More parts than one bundle of 20 MB holds."""


def encode(bundle: Bundle) -> bytes:
    """Return the bytes of the file; raise BundleFull over 20 MB."""
    pieces = [MAGIC, bytes([bundle.direction])]
    for part in (*bundle.parts, Part(PartKind.END, b"")):
        pieces += (_part_head(part.kind, part.content), part.content)
    raw = b"".join(pieces)
    if len(raw) + _TRAILER_BYTES > SIZE_MAX:
        raise BundleFull("数据包超过 20 MB，请分成几个导出。")
    return raw + hashlib.sha256(raw).digest()


def decode(raw: bytes) -> Bundle:
    """Return the bundle; raise MalformedBundle, with the valid prefix where there is one."""
    if len(raw) > SIZE_MAX:
        raise MalformedBundle("数据包超过 20 MB，不是本产品导出的文件。")
    if raw[: len(MAGIC)] != MAGIC or raw[len(MAGIC) : _HEAD_BYTES] not in (b"\1", b"\2"):
        raise MalformedBundle("这不是本产品导出的数据包，或来自更新的版本，请重新选择。")
    direction = Direction(raw[len(MAGIC)])
    parts: list[Part] = []
    at = _HEAD_BYTES
    while (part := _part_at(raw, at)) is not None and part.kind is not PartKind.END:
        parts.append(part)
        at += _PART_HEAD_BYTES + len(part.content)
    bundle = Bundle(direction, tuple(parts))
    end = at + _PART_HEAD_BYTES
    whole = part is not None and not part.content
    if not whole or raw[end:] != hashlib.sha256(raw[:end]).digest():
        raise MalformedBundle(
            f"数据包不完整或有损坏，前 {len(parts)} 段可用，请重新导出后再导入一次。", bundle
        )
    return bundle


def fit(parts: Iterable[Part], size_max: int = SIZE_MAX) -> list[Part]:
    """Return the first of `parts` that fit into one bundle of `size_max` bytes, in order."""
    room = size_max - _HEAD_BYTES - _PART_HEAD_BYTES - _TRAILER_BYTES
    chosen = []
    for part in parts:
        room -= _PART_HEAD_BYTES + len(part.content)
        if room < 0:
            break
        chosen.append(part)
    return chosen


def write(path: Path, bundle: Bundle) -> int:
    """Write the file whole or not at all (new file, fsync, rename); return its size in bytes."""
    raw = encode(bundle)
    partial = path.with_name(path.name + ".part")
    with partial.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return len(raw)


def write_up(
    path: Path, envelopes: Iterable[bytes], cursor: bytes | None, more: Iterable[Part] = ()
) -> int:
    """Write what a tablet sends: envelopes, its cursor, other parts; return the size in bytes."""
    parts = [Part(PartKind.ENVELOPE, envelope) for envelope in envelopes]
    if cursor is not None:
        parts.append(Part(PartKind.CURSOR, cursor))
    return write(path, Bundle(Direction.UP, (*parts, *more)))


def write_down(
    path: Path, acknowledgements: Iterable[bytes], pages: Iterable[bytes], more: Iterable[Part] = ()
) -> int:
    """Write the county's reply; return the size in bytes."""
    parts = [Part(PartKind.ACKNOWLEDGEMENT, raw) for raw in acknowledgements]
    parts += (Part(PartKind.PAGE, raw) for raw in pages)
    return write(path, Bundle(Direction.DOWN, (*parts, *more)))


def read(path: Path) -> Bundle:
    """Return the bundle in a file; raise MalformedBundle, or OSError where it cannot be read."""
    with path.open("rb") as file:
        return decode(file.read(SIZE_MAX + 1))


def _part_head(kind: PartKind, content: bytes) -> bytes:
    head = bytes([kind]) + len(content).to_bytes(4, "big")
    return head + hashlib.sha256(head + content).digest()[:_CHECK_BYTES]


def _part_at(raw: bytes, at: int) -> Part | None:
    content_at = at + _PART_HEAD_BYTES
    head = raw[at:content_at]
    if len(head) < _PART_HEAD_BYTES or head[0] not in PartKind._value2member_map_:
        return None
    content = raw[content_at : content_at + int.from_bytes(head[1:5], "big")]
    kind = PartKind(head[0])
    return Part(kind, content) if _part_head(kind, content) == head else None
