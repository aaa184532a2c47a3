"""Codec: what sealing and opening cost for each operation, in envelopes of 100.

In process, without a store: columns, compression, HPKE and signature on the way up; the same back,
with ids and heads recomputed. The floor is zlib-6 and inflating of the operations' data alone.
"""

from __future__ import annotations

import os
import random
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from benchmarks import work
from benchmarks.county import COUNTY, Failed
from benchmarks.figures import Better, Figure
from shared import chain, kinds
from shared.clock import Quality, at
from shared.operation import Operation, build, salt_of
from shared.validation import validate
from sync.codec import derive_record_id
from sync.envelope import parse, seal_envelope
from sync.keys import SealingKey, SigningKey

BATCH = 100
START_MS = 1_785_000_000_000


def measure(_folder: Path, count: int) -> Iterator[Figure]:
    """Seal and open `count` operations."""
    draw = random.Random(work.SEED)
    stream = draw.randbytes(16)
    seeds = {first: draw.randbytes(32) for first in range(1, count + 1, BATCH)}
    operations = list(_operations(stream, seeds, count))
    batches = [operations[at : at + BATCH] for at in range(0, count, BATCH)]
    plain = [b"".join(one.data_bytes or b"" for one in batch) for batch in batches]
    begun = time.perf_counter()
    packed = [zlib.compress(each, 6) for each in plain]
    compressed = time.perf_counter()
    inflated = [zlib.decompress(each) for each in packed]
    ended = time.perf_counter()
    assert inflated == plain
    sealing, opening = _sealed_and_opened(stream, seeds, batches)
    for name, spent, floor in (
        ("codec, seal", sealing, compressed - begun), ("codec, open", opening, ended - compressed)
    ):  # fmt: skip
        yield Figure(
            name, spent / count * 1e6, "µs an operation", Better.LOWER, floor / count * 1e6,
            "zlib of the data alone", note=f"envelopes of {BATCH}",
        )  # fmt: skip


def _sealed_and_opened(
    stream: bytes, seeds: dict[int, bytes], batches: list[list[Operation]]
) -> tuple[float, float]:
    device, county = SigningKey.generate(os.urandom), SealingKey.generate(os.urandom)
    head = chain.genesis(COUNTY, stream)
    sealed: list[bytes] = []
    begun = time.perf_counter()
    for batch in batches:
        sealed.append(
            seal_envelope(
                batch, seeds, county=COUNTY, recipient_public=county.public, device_key=device,
                head_before=head, clock=0,
            )
        )  # fmt: skip
        head = chain.extend_all(head, (one.id for one in batch))
    middle = time.perf_counter()
    opened = []
    for raw in sealed:
        envelope = parse(raw)
        envelope.verify(device.public)
        opened += envelope.open(county.raw, None)
    ended = time.perf_counter()
    if opened != [one for batch in batches for one in batch]:
        raise Failed("what was opened is not what was sealed")
    return middle - begun, ended - middle


def _operations(stream: bytes, seeds: dict[int, bytes], count: int) -> Iterator[Operation]:
    for seq, matter in enumerate(work.matters(count), start=1):
        seed = seeds[(seq - 1) // BATCH * BATCH + 1]
        now = START_MS + seq * 61_234
        act = kinds.kind_of(matter.kind).default_act
        yield build(
            stream=stream, seq=seq, author="agent:ABCDEFGH", site="s0001", session=bytes(32),
            record=derive_record_id(seed, seq, now), kind=matter.kind, act=act, parents=(),
            clock=at(now), quality=Quality.GOOD, effective_at=now,
            data=validate(matter.kind, act, matter.data), salt=salt_of(seed, seq),
        )  # fmt: skip
