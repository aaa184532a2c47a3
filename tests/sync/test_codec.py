"""Batches: lossless for whatever goes in, one error for whatever is no batch."""

from __future__ import annotations

import time
import tracemalloc
import zlib
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import operation as operations_module
from shared.operation import Operation, Skeleton, build, encode_skeleton, restore
from sync import deflate
from sync.batch import Control, control_encoder
from sync.codec import EarlierMissing, MalformedBatch, Origin, Place, decode_batch, encode_batch
from sync.columns import CELLS_MAX, INTEGERS, MAPS, Writer
from tests.sync.garbage import damaged
from tests.sync.samples import STREAM, Tablet, raw_key

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
scalar = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | text | st.binary(max_size=9)
value = st.recursive(
    scalar,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
data = st.dictionaries(st.sampled_from(["甲", "乙", "b", "person_name"]) | text, value, max_size=4)
integer = st.integers(0, 2**47)


@st.composite
def operation(draw: st.DrawFn) -> Operation:
    made = build(
        stream=draw(st.sampled_from([STREAM, bytes(16)])),
        seq=draw(st.integers(1, 2**48) | st.integers(1, 9)),
        author=draw(st.sampled_from(["agent:ABCDEFGH", "system", ""])),
        site=draw(st.sampled_from(["s0001", "s0002"])),
        session=draw(st.none() | st.binary(min_size=32, max_size=32)),
        record=draw(st.binary(min_size=16, max_size=16) | st.just(bytes(16))),
        kind=draw(st.sampled_from(["proxy", "case"])),
        act=draw(st.sampled_from(["amend", "accept"])),
        parents=draw(st.lists(st.binary(min_size=32, max_size=32), max_size=3)),
        clock=draw(st.integers(0, 2**63 - 1)),
        quality=draw(st.integers(0, 3)),
        effective_at=draw(st.integers(-(2**47), 2**47)),
        data=draw(data),
        salt=draw(st.binary(min_size=16, max_size=16)),
    )
    return draw(st.sampled_from([made, made.without_data()]))


def same(one: list[Operation], other: list[Operation]) -> bool:
    """Whether two lists agree in every byte that is stored."""

    def key(each: Operation) -> object:
        return (each.id, each.skeleton_bytes, each.salt, each.data_bytes)

    return list(map(key, one)) == list(map(key, other)) and all(
        each.data == twin.data for each, twin in zip(one, other, strict=True)
    )


@given(st.lists(operation(), max_size=8))
def test_whatever_operations_go_in_come_out(operations: list[Operation]) -> None:
    assert same(decode_batch(encode_batch(operations)), operations)


@pytest.mark.parametrize("count", [0, 1, 2, 100, 101, 250])
def test_a_stream_comes_out_as_written(count: int) -> None:
    tablet = Tablet().fill(count)
    raw = encode_batch(tablet.operations, tablet.seeds)
    assert same(decode_batch(raw), tablet.operations)
    assert len(raw) % deflate.BUCKET_BYTES == 0


def test_a_cut_in_the_middle_names_earlier_parents_by_number() -> None:
    tablet = Tablet()
    first = tablet.write()
    for _ in range(20):
        tablet.write({"phone": "13800000000"}, on=first)
    late = tablet.operations[1:]
    placed = encode_batch(late, tablet.seeds, tablet.place_of)
    plain = encode_batch(late, tablet.seeds)
    assert same(decode_batch(placed, tablet.earlier), late)
    assert same(decode_batch(plain), late)
    assert len(placed) < len(plain)


def test_an_earlier_parent_that_has_not_arrived_is_asked_for() -> None:
    tablet = Tablet().fill(3)
    raw = encode_batch(tablet.operations[2:], tablet.seeds, tablet.place_of)
    with pytest.raises(EarlierMissing, match="第 2 号"):
        decode_batch(raw)
    with pytest.raises(EarlierMissing, match="第 2 号"):
        decode_batch(raw, lambda seq: None)


def test_another_operation_at_that_number_gives_another_id() -> None:
    tablet = Tablet().fill(3)
    raw = encode_batch(tablet.operations[2:], tablet.seeds, tablet.place_of)
    fork = Origin(raw_key("fork"), tablet.operations[1].skeleton.record)
    assert decode_batch(raw, lambda seq: fork) != tablet.operations[2:]


def test_a_session_opened_here_or_earlier_does_not_travel() -> None:
    tablet = Tablet()
    opening = tablet.write({"agent": "ABCDEFGH"}, kind="session")
    for _ in range(3):
        tablet.write(session=opening.id)
    later = tablet.operations[1:]
    together = encode_batch(tablet.operations, tablet.seeds)
    assert same(decode_batch(together), tablet.operations)
    placed = encode_batch(later, tablet.seeds, tablet.place_of)
    asked: list[int] = []

    def earlier(seq: int) -> Origin | None:
        asked.append(seq)
        return tablet.earlier(seq)

    assert same(decode_batch(placed, earlier), later)
    assert len(asked) == len(set(asked)), "each is a look into the county's ledger"
    turned = encode_batch(tablet.operations[::-1], tablet.seeds)
    assert same(decode_batch(turned), tablet.operations[::-1])
    alone = encode_batch(later, tablet.seeds)
    assert same(decode_batch(alone), later)
    travels = [opening.id in deflate.inflate(raw) for raw in (together, placed, turned, alone)]
    assert travels == [False, False, True, True]
    with pytest.raises(EarlierMissing, match="第 1 号"):
        decode_batch(placed)


def test_a_place_at_or_after_the_batch_is_not_used() -> None:
    tablet = Tablet().fill(3)
    third = tablet.operations[2]
    for place in (Place(3, bytes(16)), Place(4, bytes(16))):
        raw = encode_batch([third], tablet.seeds, {third.skeleton.parents[0]: place}.get)
        assert same(decode_batch(raw), [third])


def test_a_wrong_place_of_the_record_does_no_harm() -> None:
    tablet = Tablet().fill(3)
    third = tablet.operations[2]
    place_of = {third.skeleton.parents[0]: Place(2, bytes(16))}.get
    raw = encode_batch([third], tablet.seeds, place_of)
    back = decode_batch(raw, lambda seq: Origin(third.skeleton.parents[0], bytes(16)))
    assert same(back, [third])


def test_wrong_or_missing_seeds_do_no_harm() -> None:
    tablet = Tablet().fill(120)
    for seeds in ({}, {1: raw_key("wrong")}, {101: tablet.seeds[101]}, {50: tablet.seeds[1]}):
        raw = encode_batch(tablet.operations, seeds)
        assert same(decode_batch(raw), tablet.operations)


def test_seeds_that_are_not_touched_do_not_travel() -> None:
    tablet = Tablet().fill(250)
    raw = encode_batch(tablet.operations[100:200], tablet.seeds)
    inflated = deflate.inflate(raw)
    assert tablet.seeds[101] in inflated
    assert tablet.seeds[1] not in inflated
    assert tablet.seeds[201] not in inflated


def test_what_can_be_computed_does_not_travel() -> None:
    tablet = Tablet().fill(30)
    inflated = deflate.inflate(encode_batch(tablet.operations, tablet.seeds))
    for each in tablet.operations:
        for computed in (each.id, each.skeleton.record, each.skeleton.data_hash, each.salt):
            assert computed is not None
            assert computed not in inflated


def test_a_parent_later_in_the_batch_travels_as_its_id() -> None:
    tablet = Tablet().fill(3)
    turned = tablet.operations[::-1]
    assert same(decode_batch(encode_batch(turned, tablet.seeds)), turned)


def newer(tablet: Tablet, at: int) -> Operation:
    """Return an operation of a version to come, with one more element and data unlike ours."""
    old = tablet.operations[at].skeleton
    fields = [getattr(old, name) for name in Skeleton.__struct_fields__]
    data_bytes = msgspec.msgpack.encode({"weight": 1.5})
    salt = bytes(16)
    fields[0], fields[-1] = 2, operations_module.data_hash(salt, data_bytes)
    return restore(msgspec.msgpack.encode([*fields, "new"]), salt, data_bytes)


def test_newer_operations_travel_untouched_between_others() -> None:
    tablet = Tablet().fill(5)
    for at in (0, 2, 4):
        mixed = [*tablet.operations]
        mixed[at] = newer(tablet, at)
        back = decode_batch(encode_batch(mixed, tablet.seeds), tablet.earlier)
        assert [each.skeleton_bytes for each in back] == [each.skeleton_bytes for each in mixed]
        assert [each.data_bytes for each in back] == [each.data_bytes for each in mixed]


def test_no_damage_alters_an_operation_under_its_id() -> None:
    """A batch alone is not signed: damage is refused, shows in an id, or does not matter."""
    tablet = Tablet().fill(4)
    raw = encode_batch(tablet.operations, tablet.seeds)
    for bad in damaged(raw):
        try:
            back = decode_batch(bad)
        except MalformedBatch:
            continue
        ids = [each.id for each in back]
        assert ids != [each.id for each in tablet.operations] or same(back, tablet.operations)


@given(st.binary(max_size=400))
def test_garbage_is_refused_with_one_error(garbage: bytes) -> None:
    for raw in (garbage, padded(garbage), deflate.compress([garbage])):
        with pytest.raises(MalformedBatch):
            decode_batch(raw)


def padded(garbage: bytes) -> bytes:
    raw = b"\1" + garbage
    return raw + bytes(-len(raw) % 64)


leaf = st.integers(-1, 9) | st.text(max_size=3) | st.binary(max_size=3) | st.none() | st.floats()
tree = st.recursive(leaf, lambda inner: st.lists(inner, max_size=4), max_leaves=12)
table_of = st.lists(st.sampled_from([bytes(16), bytes(32), STREAM]), max_size=2)


@settings(max_examples=300)
@given(
    st.lists(tree, min_size=11, max_size=11),
    st.integers(0, 3),
    st.lists(st.integers(0, 255), max_size=60),
    tree,
)
def test_well_sealed_garbage_in_every_table_is_refused_with_one_error(
    elements: list[Any], count: int, binary: list[int], columns: Any
) -> None:
    """An enrolled device can sign anything: nothing but the declared error may come of it."""
    control: list[Any] = [
        count, [STREAM], ["a"], ["s"], [None, bytes(32)], [["proxy", "amend"]], [bytes(32)],
        [bytes(16)], [bytes(32)], [columns], [],
    ]  # fmt: skip
    for number, element in enumerate(elements):
        changed = [*control]
        if number:
            changed[number] = element
        writer = Writer()
        writer.raw([bytes(binary)])
        raw = deflate.compress(writer.sections(msgspec.msgpack.encode(changed)))
        try:
            decode_batch(raw, lambda seq: None)
        except (MalformedBatch, EarlierMissing):
            continue


def test_every_byte_changed_before_sealing_gives_operations_or_the_one_error() -> None:
    """What an enrolled device could sign: garbage behind a valid compression and a valid seal."""
    tablet = Tablet().fill(4)
    tablet.write({"deep": [[{"a": [1, None, b"x"]}], []], "text": "字\x1f"})
    inflated = deflate.inflate(encode_batch(tablet.operations[1:], tablet.seeds, tablet.place_of))
    for bad in damaged(inflated):
        try:
            decode_batch(deflate.compress([bad]), tablet.earlier)
        except (MalformedBatch, EarlierMissing):
            continue


def bomb(size: int, announced: int) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -15, 9, 0, deflate.dictionary(1))
    squeezed = stream.compress(bytes(size)) + stream.flush()
    raw = b"\1" + announced.to_bytes(4, "big") + squeezed
    return raw + bytes(-len(raw) % 64)


@pytest.mark.parametrize("announced", [300_000_000, 100, deflate.INFLATED_BYTES_MAX])
def test_a_compression_bomb_is_refused_at_once(announced: int) -> None:
    raw = bomb(300_000_000, announced)
    assert len(raw) < 310_000
    tracemalloc.start()
    started = time.perf_counter()
    with pytest.raises(MalformedBatch):
        decode_batch(raw)
    spent = time.perf_counter() - started
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert spent < 1
    assert peak < 2 * deflate.INFLATED_BYTES_MAX + (2 << 20)


def written(
    count: int, columns: list[Any], binary: bytes, parent_counts: Sequence[int] = ()
) -> bytes:
    """Return a batch of `count` operations with data columns and lineage of our own making.

    Every parent named stands two places before its child.
    """
    counts = [*parent_counts, *[0] * (count - len(parent_counts))]
    writer = Writer()
    zeros = [0] * count
    writer.unsigned(zeros)  # streams
    writer.signed([1, *zeros[1:]])
    for _ in range(9):  # authors, sites, sessions, families, times, salts
        writer.unsigned(zeros)
    writer.raw([bytes(16 * count)])
    for values in (
        counts,
        [3 * 2] * sum(counts),
        [2] * count,
    ):  # numbers of parents, parents, records
        writer.unsigned(values)
    writer.raw([binary])
    control = Control(
        count, [STREAM], ["a"], ["s"], [None], [("proxy", "amend")], [], [bytes(16)], [],
        [columns], [],
    )  # fmt: skip
    return deflate.compress(writer.sections(control_encoder.encode(control)))


def test_columns_that_claim_endless_cells_are_refused() -> None:
    number = CELLS_MAX // 5
    fields = [[f"k{each:07d}" for each in range(number)], [INTEGERS] * number]
    with pytest.raises(MalformedBatch, match="内容过多"):
        decode_batch(written(10, [MAPS, fields], bytes(number + 1)))


def test_long_keys_repeated_in_every_row_are_refused() -> None:
    fields = [["k" * 100_000], [INTEGERS]]
    assert len(decode_batch(written(600, [MAPS, fields], bytes(2)))) == 600
    with pytest.raises(MalformedBatch, match="数据过多"):
        decode_batch(written(700, [MAPS, fields], bytes(2)))


def test_a_parent_before_the_batch_is_not_taken_from_its_end() -> None:
    fields = [["k"], [INTEGERS]]
    third = decode_batch(written(3, [MAPS, fields], bytes(2), [0, 0, 1]))[2]
    assert len(third.skeleton.parents) == 1
    with pytest.raises(MalformedBatch):
        decode_batch(written(3, [MAPS, fields], bytes(2), [0, 1, 0]))


def test_content_after_the_last_column_is_refused() -> None:
    fields = [["k"], [INTEGERS]]
    assert len(decode_batch(written(1, [MAPS, fields], bytes(2)))) == 1
    with pytest.raises(MalformedBatch, match="多余"):
        decode_batch(written(1, [MAPS, fields], bytes(3)))


def test_keys_out_of_order_are_refused() -> None:
    with pytest.raises(MalformedBatch, match="字段说明"):
        decode_batch(written(1, [MAPS, [["b", "a"], [INTEGERS, INTEGERS]]], bytes(3)))


def test_too_many_operations_are_refused_at_both_ends() -> None:
    tablet = Tablet().fill(3)
    with pytest.raises(MalformedBatch):
        encode_batch([tablet.operations[0]] * 10_001)
    with pytest.raises(MalformedBatch):
        decode_batch(encode_batch(tablet.operations), count_max=2)


def test_encoding_a_skeleton_again_gives_its_bytes() -> None:
    """What the decoder relies on: columns lead to exactly the signed bytes."""
    for each in Tablet().fill(3).operations:
        assert encode_skeleton(each.skeleton) == each.skeleton_bytes
