"""Values in columns: what stands in one field of many operations stands together.

Neighbours then resemble each other, and a general compressor finds it. Four sections are written
and read in step: control (a tree of descriptors and whatever fits nowhere else), binary (integers
in byte planes), narrow (ASCII text) and wide (other text, UTF-16 big-endian: two bytes for nearly
every Chinese character, against three in UTF-8). Everything is exact; nothing is guessed.

Descriptor of a column of n values: NARROW or WIDE, all text · INTEGERS · [LISTS, column of all
their elements], lengths in binary · [MAPS, [[keys…], [column…]]…], the number of each one's key set
in binary · [OTHER, values].
"""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Sequence
from itertools import chain, pairwise
from typing import Any, Final

import msgspec

from shared import canonical
from shared.canonical import DEPTH_MAX, Value
from sync.deflate import MalformedBatch

NARROW: Final = 0
WIDE: Final = 1
INTEGERS: Final = 2
LISTS: Final = 3
MAPS: Final = 4
OTHER: Final = 5
SEPARATOR: Final = "\x1f"
CELLS_MAX: Final = 1_000_000
"""Values in one batch: 10,000 operations of 100 fields."""
_WIDTH_MAX: Final = 8
_LITTLE: Final = sys.byteorder == "little"


class Writer:
    """Collects the sections of one batch."""

    def __init__(self) -> None:
        """Begin with empty sections."""
        self._binary: list[bytes] = []
        self._narrow: list[str] = []
        self._wide: list[str] = []

    def unsigned(self, values: Sequence[int]) -> None:
        """Write integers of 0 … 2**64 - 1: width in bytes, then plane by plane, highest first."""
        widest = max(values, default=0)
        width = (widest.bit_length() + 7) // 8
        self._binary.append(bytes([width]))
        if not width:
            return
        numbers = array("Q", values)
        if _LITTLE:
            numbers.byteswap()
        raw = numbers.tobytes()
        self._binary.extend(raw[plane::8] for plane in range(8 - width, 8))

    def signed(self, values: Sequence[int]) -> None:
        """Write integers of -2**63 … 2**63 - 1, small ones of either sign as small ones."""
        self.unsigned([value * 2 if value >= 0 else -2 * value - 1 for value in values])

    def raw(self, pieces: Sequence[bytes]) -> None:
        """Write byte strings whose length and number the reader knows."""
        self._binary.extend(pieces)

    def column(self, values: Sequence[Value]) -> Any:
        """Write a column of data values and return its descriptor."""
        types = set(map(type, values))
        if len(types) == 1:
            (only,) = types
            if only is str:
                return self._texts(values)
            if only is int:
                self.signed(values)  # type: ignore[arg-type]
                return INTEGERS
            if only is list:
                self.unsigned(list(map(len, values)))  # type: ignore[arg-type]
                return [LISTS, self.column(list(chain.from_iterable(values)))]  # type: ignore[arg-type]
            if only is dict:
                return self.maps(values)  # type: ignore[arg-type]
        return [OTHER, list(values)]

    def maps(self, values: Sequence[dict[str, Value]]) -> list[Any]:
        """Write a column of maps and return its descriptor."""
        shapes: dict[tuple[str, ...], tuple[int, list[Any]]] = {}
        which = []
        for value in values:
            keys = tuple(value)
            number, rows = shapes.setdefault(keys, (len(shapes), []))
            which.append(number)
            rows.append(value.values())
        self.unsigned(which)
        return [MAPS] + [
            [list(keys), [self.column(column) for column in zip(*rows, strict=True)]]
            for keys, (_, rows) in shapes.items()
        ]

    def sections(self, control: bytes) -> list[bytes]:
        """Return lengths and sections, in the order they are compressed in."""
        binary = b"".join(self._binary)
        narrow = SEPARATOR.join(self._narrow).encode("ascii")
        wide = SEPARATOR.join(self._wide).encode("utf-16-be")
        sizes = b"".join(len(part).to_bytes(4, "big") for part in (control, binary, narrow))
        return [sizes + control, binary, narrow, wide]

    def _texts(self, values: Sequence[Any]) -> Any:
        joined = "".join(values)
        if SEPARATOR in joined:
            return [OTHER, list(values)]
        if joined.isascii():
            self._narrow.extend(values)
            return NARROW
        self._wide.extend(values)
        return WIDE


class Reader:
    """Reads the sections of one batch, in the order they were written."""

    def __init__(self, inflated: bytes) -> None:
        """Cut the sections; raise MalformedBatch or UnicodeDecodeError."""
        sizes = [int.from_bytes(inflated[at : at + 4], "big") for at in (0, 4, 8)]
        ends = [12 + sum(sizes[:n]) for n in range(4)]
        if ends[3] > len(inflated):
            raise MalformedBatch("批次的分段不完整，请重新传送。")
        self.control = inflated[ends[0] : ends[1]]
        self._binary = inflated[ends[1] : ends[2]]
        self._binary_at = 0
        self._cells = 0
        self._narrow = _Texts(inflated[ends[2] : ends[3]].decode("ascii"))
        self._wide = _Texts(inflated[ends[3] :].decode("utf-16-be"))
        self._exact = True

    def unsigned(self, count: int) -> Sequence[int]:
        """Return `count` integers."""
        self._spend(count)
        width = self.raw(1)[0]
        if width > _WIDTH_MAX:
            raise MalformedBatch("批次的数字列无法读取，请重新传送。")
        if not width:
            return [0] * count
        planes = bytearray(8 * count)
        for plane in range(8 - width, 8):
            planes[plane::8] = self.raw(count)
        numbers = array("Q")
        numbers.frombytes(planes)
        if _LITTLE:
            numbers.byteswap()
        return numbers.tolist()

    def signed(self, count: int) -> list[int]:
        """Return `count` integers of either sign."""
        return [-(value >> 1) - 1 if value & 1 else value >> 1 for value in self.unsigned(count)]

    def raw(self, size: int) -> bytes:
        """Return the next `size` bytes of the binary section."""
        start = self._binary_at
        self._binary_at = start + size
        if self._binary_at > len(self._binary):
            raise MalformedBatch("批次的数据列不完整，请重新传送。")
        return self._binary[start : self._binary_at]

    def column(self, descriptor: Any, count: int, depth: int = DEPTH_MAX) -> Sequence[Any]:
        """Return the `count` values of a column; raise MalformedBatch."""
        if descriptor == INTEGERS:
            return self.signed(count)
        self._spend(count)
        if descriptor == NARROW:
            return self._narrow.take(count)
        if descriptor == WIDE:
            return self._wide.take(count)
        if depth == 0 or type(descriptor) is not list or not descriptor:
            raise MalformedBatch("批次的列说明无法读取，请重新传送。")
        if descriptor[0] == MAPS:
            return self._maps(descriptor[1:], count, depth - 1)
        if len(descriptor) == 2 and descriptor[0] == LISTS:
            return self._lists(descriptor[1], count, depth - 1)
        if len(descriptor) == 2 and descriptor[0] == OTHER:
            values = descriptor[1]
            if type(values) is list and len(values) == count:
                self._exact = False
                return values
        raise MalformedBatch("批次的列说明无法读取，请重新传送。")

    def maps(self, descriptor: list[Any], count: int) -> tuple[list[dict[str, Value]], bool]:
        """Return a column of maps, and whether it is canonical by construction."""
        self._exact = True
        if not descriptor or descriptor[0] != MAPS:
            raise MalformedBatch("批次的列说明无法读取，请重新传送。")
        self._spend(count)
        return self._maps(descriptor[1:], count, DEPTH_MAX - 1), self._exact

    def require_end(self) -> None:
        """Return if everything was read; else raise MalformedBatch."""
        if self._binary_at != len(self._binary) or not (self._narrow.done and self._wide.done):
            raise MalformedBatch("批次里有多余的内容，请重新传送。")

    def _lists(self, descriptor: Any, count: int, depth: int) -> list[Any]:
        lengths = self.unsigned(count)
        elements = iter(self.column(descriptor, sum(lengths), depth))
        return [[next(elements) for _ in range(length)] for length in lengths]

    def _maps(self, shapes: list[Any], count: int, depth: int) -> list[Any]:
        which = self.unsigned(count)
        is_one = len(shapes) == 1 and count > 0 and not any(which)
        sizes = {0: count} if is_one else Counter(which)
        if len(sizes) != len(shapes):  # none out of reach, and none that nobody has
            raise MalformedBatch("批次的字段说明无法读取，请重新传送。")
        rows = []
        for number, shape in enumerate(shapes):
            keys, descriptors = _convert_shape(shape)
            size = sizes[number]
            columns = [self.column(descriptor, size, depth) for descriptor in descriptors]
            rows.append(_rows(keys, columns, size))
        if is_one:
            return rows[0]
        turns = [iter(each) for each in rows]
        return [next(turns[number]) for number in which]

    def _spend(self, count: int) -> None:
        self._cells += count
        if self._cells > CELLS_MAX:
            raise MalformedBatch("批次里的内容过多，已拒收，请分成几批。")


class _Texts:
    """One text section: strings joined by the separator."""

    def __init__(self, joined: str) -> None:
        if joined.count(SEPARATOR) > CELLS_MAX:
            raise MalformedBatch("批次里的内容过多，已拒收，请分成几批。")
        self._texts = joined.split(SEPARATOR)
        self._at = 0

    def take(self, count: int) -> list[str]:
        start = self._at
        self._at = start + count
        if self._at > len(self._texts):
            raise MalformedBatch("批次的文字列不完整，请重新传送。")
        return self._texts[start : self._at]

    @property
    def done(self) -> bool:
        return self._at == len(self._texts) or self._texts == [""]


_Shape = tuple[list[str], list[Any]]


def _convert_shape(shape: Any) -> _Shape:
    keys, descriptors = msgspec.convert(shape, _Shape)
    ordered = all(one < other for one, other in pairwise(keys))
    if len(keys) != len(descriptors) or not ordered:
        raise MalformedBatch("批次的字段说明无法读取，请重新传送。")
    return keys, descriptors


def _rows(keys: list[str], columns: list[Sequence[Any]], size: int) -> list[dict[str, Value]]:
    if not keys:
        return [{} for _ in range(size)]
    return [dict(zip(keys, row, strict=True)) for row in zip(*columns, strict=True)]


_sorted_encoder = msgspec.msgpack.Encoder()


def encode_data(data: dict[str, Value], exact: bool) -> bytes:
    """Return canonical bytes of data read by a Reader; raise NotCanonical.

    `exact`: the profile holds by construction and keys stand sorted.
    """
    return _sorted_encoder.encode(data) if exact else canonical.encode(data)
