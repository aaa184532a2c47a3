"""What happens to bytes on the way: flipped, cut, lengthened."""

from __future__ import annotations

from collections.abc import Iterator


def flipped(raw: bytes) -> Iterator[bytes]:
    """Yield `raw` with one bit of each byte changed, a different one from byte to byte."""
    for at in range(len(raw)):
        changed = bytearray(raw)
        changed[at] ^= 1 << at % 8
        yield bytes(changed)


def truncated(raw: bytes) -> Iterator[bytes]:
    """Yield every true prefix of `raw`, and `raw` with something behind it."""
    for end in range(len(raw)):
        yield raw[:end]
    yield raw + b"\0"


def damaged(raw: bytes) -> Iterator[bytes]:
    """Yield `raw` damaged in every way above."""
    yield from flipped(raw)
    yield from truncated(raw)
