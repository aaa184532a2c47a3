"""What an enrolled device could sign to keep the county busy: small to carry, dear to decode."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from shared import operation
from shared.operation import restore
from sync import deflate
from sync.batch import Control, control_encoder
from sync.codec import MalformedBatch, decode_batch
from sync.columns import INTEGERS, MAPS, OTHER, Writer
from sync.nodes import NODES_MAX
from tests.sync.samples import Tablet
from tests.sync.test_codec import newer, written

MIB = 1 << 20


def refused_cheaply(raw: bytes, megabytes: int, match: str) -> None:
    """The batch is refused without much memory beside its own bytes, and in a fifth of the CPU time
    (seconds) that such bombs once took, on the slowest machine met."""
    tracemalloc.start()
    try:
        with pytest.raises(MalformedBatch, match=match):
            decode_batch(raw)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < megabytes * MIB
    started = time.process_time()
    with pytest.raises(MalformedBatch):
        decode_batch(raw)
    assert time.process_time() - started < 10


def untabled(rows: Sequence[tuple[int, bytes, bytes | None, bytes | None]]) -> bytes:
    """Return a batch of operations that all travel as their bytes."""
    writer = Writer()
    for _ in range(14):
        writer.unsigned([])
    control = Control(len(rows), [], [], [], [], [], [], [], [], [], list(rows))
    return deflate.compress(writer.sections(control_encoder.encode(control)))


@pytest.mark.parametrize("node", [b"\x90", b"\x80", b"\x91\x90", b"\xc4\x00"])
def test_a_control_section_of_empty_lists_is_not_even_decoded(node: bytes) -> None:
    count = 15 * MIB // len(node)
    columns = b"\x91\xdd" + count.to_bytes(4, "big") + node * count
    tables = b"".join(msgspec.msgpack.encode(table) for table in (0, *[[]] * 8))
    raw = deflate.compress(Writer().sections(b"\x9b" + tables + columns + b"\x90"))
    assert len(raw) < 40_000
    refused_cheaply(raw, 64, "内容过多")


def test_what_an_old_operation_carries_as_bytes_counts_too() -> None:
    """Fifty operations of two hundred thousand empty lists: each lawful by itself."""
    made = Tablet().fill(1).operations[0]
    lists = 200_000
    data_bytes = b"\x81\xa1a\xdd" + lists.to_bytes(4, "big") + b"\x90" * lists
    assert made.salt is not None
    known = msgspec.structs.replace(
        made.skeleton, data_hash=operation.data_hash(made.salt, data_bytes)
    )
    skeleton = operation.encode_skeleton(known)
    rows = [(at, skeleton, made.salt, data_bytes) for at in range(50)]
    raw = untabled(rows)
    refused_cheaply(raw, 64, "内容过多")


@pytest.mark.parametrize("shapes", [2, 80_000, 200_000])
def test_shapes_that_no_operation_has_are_refused(shapes: int) -> None:
    raw = written(10_000, [MAPS, *[[[], []]] * shapes], bytes(1))
    refused_cheaply(raw, 64, "字段说明|内容过多")


def test_a_shape_out_of_reach_is_refused() -> None:
    fields = [["k"], [INTEGERS]]
    for which in (b"\1\1", b"\1\0\1"):
        with pytest.raises(MalformedBatch):
            decode_batch(written(len(which) - 1, [MAPS, fields], which + bytes(1)))


def test_as_many_shapes_as_operations_are_read_in_one_pass() -> None:
    count = 2000
    fields = [[[f"k{number:05d}"], [INTEGERS]] for number in range(count)]
    planes = bytes(n >> 8 for n in range(count)) + bytes(n & 255 for n in range(count))
    raw = written(count, [MAPS, *fields], b"\2" + planes + bytes(count))
    assert [list(each.data) for each in decode_batch(raw)] == [keys for keys, _ in fields]


def test_families_that_no_operation_has_are_refused() -> None:
    tables: list[Any] = [0, [], [], [], [], [["proxy", "amend"]], [], [], [], [[MAPS]], []]
    writer = Writer()
    writer.raw([bytes(15)])
    raw = deflate.compress(writer.sections(msgspec.msgpack.encode(tables)))
    with pytest.raises(MalformedBatch, match="列说明"):
        decode_batch(raw)


def test_much_that_fits_no_column_still_travels() -> None:
    """Mixed values stand in the control section; a full batch of them stays decodable."""
    mixed = [None if number % 3 else "x" * 20 for number in range(10_000)]
    fields = [[f"k{number:02d}" for number in range(20)], [[OTHER, mixed]] * 20]
    back = decode_batch(written(10_000, [MAPS, fields], bytes(1)))
    assert len(back) == 10_000
    assert back[0].data["k19"] == "x" * 20


def test_a_newer_operation_with_long_bytes_still_travels() -> None:
    tablet = Tablet().fill(1)
    made = newer(tablet, 0)
    data_bytes = msgspec.msgpack.encode({"photo": bytes(MIB // 2)})
    salt = bytes(16)
    fields: list[Any] = list(msgspec.msgpack.decode(made.skeleton_bytes))
    fields[-2] = operation.data_hash(salt, data_bytes)
    skeleton = msgspec.msgpack.encode(fields)
    one = restore(skeleton, salt, data_bytes)
    raw = untabled([(0, skeleton, salt, data_bytes)])
    assert decode_batch(raw)[0].data_bytes == one.data_bytes
    assert len(data_bytes) > NODES_MAX
