"""How much a piece of MessagePack becomes when it is decoded, known before it is decoded.

A byte of it can become a list of 72: 16 MiB that travel as 16 KB would take more than a gigabyte.
A value and each key is one node, and every node is one token, so counting needs no recursion.
"""

from __future__ import annotations

from typing import Final

from sync.deflate import MalformedBatch

NODES_MAX: Final = 250_000
"""Of the parts of a batch that are decoded as trees: 25 for each of 10,000 operations."""

_UNCOUNTED_BYTES: Final = 64 << 10
"""So small, and nearly always smaller: not worth counting."""
_SIZED: Final = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4, 0xC7: 1, 0xC8: 2, 0xC9: 4}
"""Tokens with a length behind them: of how many bytes it is."""
_EXTENSIONS: Final = frozenset({0xC7, 0xC8, 0xC9})
_FIXED: Final = {
    0xCA: 5, 0xCB: 9, 0xCC: 2, 0xCD: 3, 0xCE: 5, 0xCF: 9, 0xD0: 2, 0xD1: 3, 0xD2: 5, 0xD3: 9,
    0xD4: 3, 0xD5: 4, 0xD6: 6, 0xD7: 10, 0xD8: 18, 0xDC: 3, 0xDD: 5, 0xDE: 3, 0xDF: 5,
    **{0xA0 + size: 1 + size for size in range(32)},
}  # fmt: skip
_BYTES: Final = [0 if first in _SIZED else _FIXED.get(first, 1) for first in range(256)]
"""By the first byte: bytes of the token; 0 where its length stands behind it."""


class NodeBudget:
    """What the trees of one batch may become together."""

    def __init__(self, control: bytes) -> None:
        """Begin with the control section; raise MalformedBatch."""
        self._left = NODES_MAX
        if len(control) > _UNCOUNTED_BYTES:
            self.spend(control)

    def spend(self, raw: bytes) -> None:
        """Return if `raw` may be decoded as well; else raise MalformedBatch.

        Bytes that are no MessagePack are counted as far as they go; decoding them will say so.
        """
        self._left -= _count(raw, self._left)
        if self._left < 0:
            raise MalformedBatch("批次里的内容过多，已拒收，请分成几批。")


def _count(raw: bytes, limit: int) -> int:
    """Return the tokens in `raw`, at most one more than `limit`."""
    at, count, end, sizes = 0, 0, len(raw), _BYTES
    while at < end and count <= limit:
        count += 1
        first = raw[at]
        at += sizes[first] or _sized(raw, at, first)
    return count


def _sized(raw: bytes, at: int, first: int) -> int:
    width = _SIZED[first]
    length = int.from_bytes(raw[at + 1 : at + 1 + width], "big")
    return 1 + width + (first in _EXTENSIONS) + length
