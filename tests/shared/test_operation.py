"""An operation is built once and can be proved for ever, its data present or erased."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import canonical, chain, operation
from shared.canonical import NotCanonical, Value
from shared.operation import MalformedOperation, Operation, Skeleton

SEED = bytes(range(32))


def build(seq: int = 1, data: dict[str, Value] | None = None, **changes: Any) -> Operation:
    values: dict[str, Any] = {
        "stream": b"s" * 16, "seq": seq, "author": "agent:K7Q2M9XT", "site": "s0001",
        "session": None, "record": b"r" * 16, "kind": "consultation", "act": "register",
        "parents": (), "clock": 115_343_360_000_000_000, "quality": 3,
        "effective_at": 1_760_000_000_000, "data": data or {"question": "医保怎么交？"},
        "salt": operation.salt_of(SEED, seq),
    }  # fmt: skip
    return operation.build(**(values | changes))


def test_the_bytes_of_version_1_are_fixed() -> None:
    made = build()
    assert made.id.hex() == "2c1f6fcdf0616b80fc8f3bd9e2ceb30fa32f793352aaec0a5af6e83cf12652a2"
    head = chain.extend(chain.genesis(510322, b"s" * 16), made.id)
    assert head.hex() == "2b0b5798d4bb1196b9f9bb80d0d0c89b444b42c577a8310a5dd7f9072ac43a53"


def test_stored_bytes_give_the_same_operation() -> None:
    made = build()
    again = operation.restore(made.skeleton_bytes, made.salt, made.data_bytes)
    assert again == made
    assert again.data == {"question": "医保怎么交？"}


def test_erasing_the_data_changes_neither_id_nor_head() -> None:
    made = build()
    bare = operation.restore(made.skeleton_bytes, None, None)
    assert bare.id == made.id
    assert not bare.has_data
    assert bare.data == {}


def test_other_data_under_the_same_skeleton_is_refused() -> None:
    made, other = build(), build(data={"question": "别的"})
    with pytest.raises(MalformedOperation):
        operation.restore(made.skeleton_bytes, made.salt, other.data_bytes)


def test_the_salt_hides_what_was_said() -> None:
    yes = build(data={"question": "是"})
    guessed = operation.data_hash(bytes(16), canonical.encode({"question": "是"}))
    assert guessed != yes.skeleton.data_hash


@given(st.integers(0, 400), st.integers(1, 255))
def test_an_altered_byte_is_malformed_or_another_operation(place: int, flip: int) -> None:
    made = build()
    raw = bytearray(made.skeleton_bytes)
    raw[place % len(raw)] ^= flip
    try:
        altered = operation.restore(bytes(raw), made.salt, made.data_bytes)
    except MalformedOperation:
        return
    assert altered.id != made.id


@given(st.binary(max_size=200))
def test_any_bytes_are_an_operation_or_one_error(raw: bytes) -> None:
    try:
        operation.restore(raw, None, None)
    except MalformedOperation:
        return


def test_truncation_at_every_length_is_refused() -> None:
    raw = build().skeleton_bytes
    for length in range(len(raw)):
        with pytest.raises(MalformedOperation):
            operation.restore(raw[:length], None, None)


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 0}, {"stream": b"short"}, {"kind": "Case!"}, {"act": ""}, {"clock": -1},
        {"quality": 4}, {"site": "s" * 65}, {"record": b""}, {"session": b"x"},
        {"parents": (b"short",)}, {"parents": tuple(n.to_bytes(32, "big") for n in range(257))},
    ],
)  # fmt: skip
def test_a_value_out_of_range_is_never_built(change: dict[str, Any]) -> None:
    with pytest.raises((MalformedOperation, ValueError)):
        build(**change)


def test_data_outside_the_profile_is_never_built() -> None:
    float_inside: Any = {"share": 0.5}
    with pytest.raises(NotCanonical):
        build(data=float_inside)


def test_parents_have_one_order() -> None:
    one, other = b"a" * 32, b"b" * 32
    assert build(parents=(one, other)).id == build(parents=(other, one, one)).id
    turned = msgspec.structs.replace(build().skeleton, parents=(other, one))
    with pytest.raises(MalformedOperation):
        operation.restore(operation.encode_skeleton(turned), None, None)


def test_a_newer_version_is_carried_untouched() -> None:
    fields = list(msgspec.structs.astuple(build().skeleton))
    newer = msgspec.msgpack.encode([2, *fields[1:], "an element of version 2"])
    carried = operation.restore(newer, None, None)
    assert carried.skeleton_bytes == newer
    assert carried.skeleton.version == 2
    assert carried.id == operation.operation_id(newer)


def test_version_1_has_no_more_elements_than_its_own() -> None:
    fields = list(msgspec.structs.astuple(build().skeleton))
    assert len(fields) == len(Skeleton.__struct_fields__) == 14
    with pytest.raises(MalformedOperation):
        operation.restore(msgspec.msgpack.encode([*fields, "more"]), None, None)


def test_heads_tell_order_and_county_apart() -> None:
    one, two = build(1).id, build(2).id
    start = chain.genesis(510322, b"s" * 16)
    assert chain.extend_all(start, [one, two]) != chain.extend_all(start, [two, one])
    assert chain.genesis(510322, b"s" * 16) != chain.genesis(450222, b"s" * 16)
