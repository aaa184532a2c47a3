"""Equal values have equal bytes, and only those bytes are accepted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import canonical
from shared.canonical import NotCanonical, Value

LIMIT = 1 << 20
INT64 = st.integers(-(2**63), 2**63 - 1)
SCALAR = st.none() | st.booleans() | INT64 | st.text(max_size=20) | st.binary(max_size=20)
VALUE: st.SearchStrategy[Value] = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
).filter(lambda value: _depth(value) <= canonical.DEPTH_MAX)


def _depth(value: object) -> int:
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 0


@given(VALUE)
def test_a_value_comes_back_and_has_one_encoding(value: Value) -> None:
    raw = canonical.encode(value)
    assert canonical.encode(canonical.decode(raw, LIMIT)) == raw


@given(st.dictionaries(st.text(max_size=4), st.integers(0, 9), min_size=2))
def test_the_order_in_which_a_map_was_filled_leaves_no_trace(value: dict[str, Value]) -> None:
    turned = dict(reversed(list(value.items())))
    assert canonical.encode(turned) == canonical.encode(value)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_one_error(raw: bytes) -> None:
    try:
        value = canonical.decode(raw, LIMIT)
    except NotCanonical:
        return
    assert canonical.encode(value) == raw


@pytest.mark.parametrize(
    "raw",
    [
        b"\xcb" + bytes(8),  # a float
        b"\xd6\xff" + bytes(4),  # a time stamp
        b"\xc7\x01\x05a",  # an extension
        b"\x81\x01\x02",  # a key that is no text
        b"\x82\xa1a\x01\xa1a\x02",  # one key twice
        b"\x82\xa1b\x01\xa1a\x02",  # keys out of order
        b"\xcc\x01",  # an integer longer than needed
        b"\xcf" + b"\xff" * 8,  # over 63 bits
        b"\x91" * 100_000 + b"\x90",  # nested without end
        b"\xc0\xc0",  # two values
        b"\xa1\xff",  # not UTF-8
        b"",
    ],
)
def test_what_has_a_second_form_is_refused(raw: bytes) -> None:
    with pytest.raises(NotCanonical):
        canonical.decode(raw, LIMIT)


@pytest.mark.parametrize("value", [1.5, {1: 2}, (1,), 2**63, "\ud800", {"a": {"b": 0.0}}])
def test_a_value_outside_the_profile_is_never_encoded(value: Value) -> None:
    with pytest.raises(NotCanonical):
        canonical.encode(value)


def test_the_size_limit_comes_before_everything() -> None:
    with pytest.raises(NotCanonical, match="上限 3"):
        canonical.decode(b"\xa4abcd", 3)
