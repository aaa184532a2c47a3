"""Canonical bytes: a deterministic profile of MessagePack.

The profile: null, booleans, integers of 64 bits, UTF-8 text, byte strings, arrays, and maps whose
keys are text in ascending order of their UTF-8 bytes, each key once; every length and integer in
its shortest form. No floating point, no extension types, no time stamps: two machines must never
print one number in two ways. So equal values have equal bytes, and bytes that do not encode back
to themselves are refused. See docs/decisions/0001-operation-bytes.md.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from shared.errors import BianminError

Value: TypeAlias = "None | bool | int | str | bytes | list[Value] | dict[str, Value]"

DEPTH_MAX = 8
_SCALARS = frozenset({str, int, bool, type(None), bytes})
_INT_MIN = -(2**63)
_INT_MAX = 2**63 - 1

_encoder = msgspec.msgpack.Encoder(order="deterministic")
_decoder = msgspec.msgpack.Decoder()


class NotCanonical(BianminError):
    """A value outside the profile, or bytes that are not the one encoding of their value."""


def encode(value: Value) -> bytes:
    """Return the canonical bytes of `value`; raise NotCanonical for a value outside the profile."""
    _require_profile(value, DEPTH_MAX)
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError as error:  # a lone surrogate
        raise NotCanonical("文字中有无法保存的字符，请重新输入。") from error


def encode_known(value: Value) -> bytes:
    """Return the canonical bytes of a value that came out of `decode`, not checked again."""
    return _encoder.encode(value)


def decode(data: bytes, size_max: int) -> Value:
    """Return the value of canonical `data`; raise NotCanonical, also over `size_max` bytes."""
    if len(data) > size_max:
        raise NotCanonical(f"数据有 {len(data)} 字节，超过上限 {size_max}，请拆分后再试。")
    try:
        value = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError) as error:
        raise NotCanonical("数据不完整或已损坏，请重新传送。") from error
    _require_profile(value, DEPTH_MAX)
    if _encoder.encode(value) != data:
        raise NotCanonical("数据不是规定的编码，请用本产品重新生成。")
    checked: Value = value
    return checked


def _require_profile(value: Any, depth: int) -> None:
    kind = type(value)
    if kind is int:
        if not _INT_MIN <= value <= _INT_MAX:
            raise NotCanonical("数字过大，请检查后重新输入。")
    elif kind is dict:
        _require_depth(depth)
        for key, item in value.items():
            if type(key) is not str:
                raise NotCanonical("数据的键必须是文字，请用本产品重新生成。")
            if type(item) is not str:
                _require_profile(item, depth - 1)
    elif kind is list:
        _require_depth(depth)
        for item in value:
            if type(item) is not str:
                _require_profile(item, depth - 1)
    elif kind not in _SCALARS:
        raise NotCanonical("数据中有不能保存的类型（小数、时间等），请改用文字或整数。")


def _require_depth(depth: int) -> None:
    if depth == 0:
        raise NotCanonical("数据嵌套过深，请拆分后再试。")
