"""Compression of a batch: raw deflate (RFC 1951) with a preset dictionary, and padding.

    codec (1) ‖ inflated length (4, big-endian) ‖ deflate stream ‖ zeros up to a multiple of 64

The dictionary is a file of the package, fixed for ever under its codec number: another dictionary
is another number. Padding hides small differences of length, which compression before sealing would
show; a batch never mixes text injected by others with what it carries.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import cache
from importlib import resources

from sync.frame import Malformed

CODEC = 1
BUCKET_BYTES = 64
INFLATED_BYTES_MAX = 16 << 20
_HEAD_BYTES = 5
_LEVEL = 4
"""Level 6 saves 0.7 % more and takes a third longer (benchmarks/codec.py)."""
_MEMORY_LEVEL = 9
_BLOCK_BYTES_MIN = 512
"""A section from this size on gets Huffman tables of its own; below, the table costs more."""


class MalformedBatch(Malformed):
    """Bytes that are no batch of operations."""


@cache
def dictionary(codec: int) -> bytes:
    """Return the preset dictionary of a codec number."""
    return resources.files("sync").joinpath(f"data/dictionary-{codec}").read_bytes()


def compress(sections: Sequence[bytes], codec: int = CODEC) -> bytes:
    """Return the sections, one after the other, compressed and padded."""
    size = sum(map(len, sections))
    if size > INFLATED_BYTES_MAX:
        raise MalformedBatch(f"一批内容有 {size} 字节，超过上限，请分成几批。")
    stream = zlib.compressobj(
        _LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, _MEMORY_LEVEL, zlib.Z_DEFAULT_STRATEGY,
        dictionary(codec),
    )  # fmt: skip
    pieces = [bytes([codec]), size.to_bytes(4, "big")]
    for section in sections:
        pieces.append(stream.compress(section))
        if len(section) >= _BLOCK_BYTES_MIN:
            pieces.append(stream.flush(zlib.Z_BLOCK))
    pieces.append(stream.flush())
    raw = b"".join(pieces)
    return raw + bytes(-len(raw) % BUCKET_BYTES)


def inflate(raw: bytes) -> bytes:
    """Return what `compress` was given; raise MalformedBatch. Never makes more than it may."""
    size = int.from_bytes(raw[1:_HEAD_BYTES], "big")
    if len(raw) < BUCKET_BYTES or len(raw) % BUCKET_BYTES:
        raise MalformedBatch("批次不完整，请重新传送。")
    if raw[0] != CODEC:
        raise MalformedBatch(f"批次的编码 {raw[0]} 本版本不认识，请先升级再试。")
    if size > INFLATED_BYTES_MAX:
        raise MalformedBatch(f"批次展开后有 {size} 字节，超过上限，已拒收。")
    stream = zlib.decompressobj(-zlib.MAX_WBITS, dictionary(CODEC))
    try:
        inflated = stream.decompress(raw[_HEAD_BYTES:], size + 1)
    except zlib.error as error:
        raise MalformedBatch("批次无法展开，请重新传送。") from error
    rest = stream.unused_data
    if len(inflated) != size or not stream.eof or len(rest) >= BUCKET_BYTES or any(rest):
        raise MalformedBatch("批次展开后的长度不对，请重新传送。")
    return inflated
