"""Bytes and time of batches and envelopes.   python -m benchmarks.batches [COUNT]

COUNT consultations of about 900 bytes of JSON each, then amendments of three fields to a third of
them. Bytes are those of the sealed envelope, padding and signature counted, HTTP apart. The floors
are plain zlib over MessagePack of the data alone, without ids, parents, clocks, salts or seals.
"""

from __future__ import annotations

import json
import random
import sys
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shared import chain
from shared.canonical import Value
from shared.operation import Operation, build, restore, salt_of
from sync.codec import Origin, Place, decode_batch, derive_record_id, encode_batch
from sync.envelope import parse, seal_envelope
from sync.keys import SealingKey, SigningKey

COUNTY = 510322
SURNAMES = "赵钱孙李周吴郑王冯陈卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜谢邹喻柏水窦章云苏潘葛"
GIVEN = "安邦彩春德恩芳桂海继建洁康兰明宁平庆蓉绍淑天文希秀雅永玉志忠卓祖"
WORDS = (Path(__file__).parent / "words.txt").read_text(encoding="utf-8").split()
ITEMS = [
    "医保参保",
    "养老认证",
    "低保申请",
    "高龄补贴",
    "户口迁移",
    "宅基地",
    "残疾评定",
    "临时救助",
]


@dataclass
class Stream:
    """One tablet's operations with their seeds."""

    operations: list[Operation]
    seeds: dict[int, bytes]
    id: bytes


def record(draw: random.Random) -> dict[str, Value]:
    """Return the data of a new record, about 900 bytes as JSON."""
    person = draw.choice(SURNAMES) + "".join(draw.choices(GIVEN, k=draw.choice((1, 2, 2))))
    born = f"{draw.randrange(1935, 2005)}{draw.randrange(1, 13):02d}{draw.randrange(1, 29):02d}"
    return {
        "address_text": f"{draw.choice(GIVEN)}{draw.choice(GIVEN)}村{draw.randrange(1, 15)}组",
        "birth_on": f"{born[:4]}-{born[4:6]}-{born[6:]}",
        "care_flags": draw.sample(["高龄", "残疾", "孤寡", "不识字", "听障"], draw.randrange(3)),
        "channel": draw.choice(["窗口", "电话", "网上", "上门"]),
        "created_on": f"2026-0{draw.randrange(1, 10)}-{draw.randrange(1, 29):02d}",
        "dialect": draw.choice(["普通话", "西南官话"]),
        "evidence": {"id_no": draw.choice(["seen", "read"]), "person_name": "seen"},
        "group_no": draw.randrange(1, 15),
        "id_no": f"5199{draw.randrange(100):02d}{born}{draw.randrange(10_000):04d}",
        "id_type": "111",
        "item": draw.choice(ITEMS),
        "materials": draw.sample(
            ["身份证", "户口簿", "发票", "申请表", "照片"], draw.randrange(1, 4)
        ),
        "note": "，".join(draw.choices(WORDS, k=12)),
        "person_name": person,
        "phone": f"1{draw.choice('3578')}{draw.randrange(10**9):09d}",
        "question": "".join(draw.choices(WORDS, k=62)),
        "region": f"510322{draw.randrange(100, 126)}{draw.randrange(200, 230)}",
        "sex": draw.choice("男女"),
        "title": "".join(draw.choices(WORDS, k=5)),
        "urgency": draw.choice([1, 1, 1, 2, 3]),
    }


def write(count: int, seed: int = 1) -> Stream:
    """Return a stream of `count` new records, then amendments to a third of them."""
    draw = random.Random(seed)
    stream, operations, seeds = draw.randbytes(16), list[Operation](), dict[int, bytes]()
    picked = sorted(draw.sample(range(count), count // 3))
    at, session = 1_760_000_000_000, b""
    for target in [*[None] * count, *picked]:
        seq = len(operations) + 1
        if seq % 100 == 1:
            seeds[seq], session = draw.randbytes(32), draw.randbytes(32)
        block = seeds[(seq - 1) // 100 * 100 + 1]
        at += draw.randrange(20_000, 400_000)
        changed = operations[target] if target is not None else None
        data: dict[str, Value] = record(draw)
        if changed:
            data = {"note": "".join(draw.choices(WORDS, k=8)), "handler": data["person_name"]}
        operations.append(
            build(
                stream=stream,
                seq=seq,
                author="agent:ABCDEFGH",
                site="s0001",
                session=session,
                record=changed.skeleton.record if changed else derive_record_id(block, seq, at),
                kind="consultation",
                act="amend" if changed else "register",
                parents=[changed.id] if changed else [],
                clock=at << 16,
                quality=3,
                effective_at=at,
                data=data,
                salt=salt_of(block, seq),
            )
        )
    return Stream(operations, seeds, stream)


def measure(name: str, stream: Stream, part: Sequence[Operation], size: int) -> None:
    """Print one line: bytes and microseconds for each operation, in batches of `size`."""
    device, county = SigningKey(bytes(32)), SealingKey(b"\1" * 32)
    places = {each.id: Place(each.skeleton.seq, each.skeleton.record) for each in stream.operations}
    origins = {
        each.skeleton.seq: Origin(each.id, each.skeleton.record) for each in stream.operations
    }
    batches = [part[at : at + size] for at in range(0, len(part), size)]
    started = time.perf_counter()
    packed = [encode_batch(each, stream.seeds, places.get) for each in batches]
    encoded = time.perf_counter()
    for batch in packed:
        decode_batch(batch, origins.get)
    decoded = time.perf_counter()
    first = part[0].skeleton.seq - 1
    head = chain.extend_all(
        chain.genesis(COUNTY, stream.id), (each.id for each in stream.operations[:first])
    )
    sealed = []
    sealing = time.perf_counter()
    for each in batches:
        sealed.append(
            seal_envelope(
                each, stream.seeds, county=COUNTY, recipient_public=county.public,
                device_key=device, head_before=head, clock=0, place_of=places.get,
            )
        )  # fmt: skip
        head = parse(sealed[-1]).header.head_after
    opening = time.perf_counter()
    for raw in sealed:
        envelope = parse(raw)
        envelope.verify(device.public)
        envelope.open(county.raw, origins.get)
    opened = time.perf_counter()
    floor = sum(
        len(zlib.compress(b"".join(each.data_bytes or b"" for each in batch), 6))
        for batch in batches
    )
    count = len(part)
    micro = [
        span / count * 1e6
        for span in (encoded - started, decoded - encoded, opening - sealing, opened - opening)
    ]
    print(
        f"{name:8} in {size:4}: {sum(map(len, sealed)) / count:6.1f} B each "
        f"(zlib-6 over the data alone {floor / count:6.1f}) · encode {micro[0]:5.1f} µs, decode "
        f"{micro[1]:5.1f} µs · seal {micro[2]:5.1f} µs, verify and open {micro[3]:5.1f} µs"
    )


def main() -> None:
    """Print a table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    stream = write(count)
    stored = [
        restore(each.skeleton_bytes, each.salt, each.data_bytes) for each in stream.operations
    ]
    json_bytes = sum(
        len(json.dumps(each.data, ensure_ascii=False, separators=(",", ":")).encode())
        for each in stored[:count]
    )
    print(f"{count} records of {json_bytes / count:.0f} bytes of JSON")
    for size in (1, 20, 100, 500):
        measure("create", stream, stored[: min(count, size * 300)], size)
    for size in (1, 20, 100):
        measure("amend", stream, stored[count:][: size * 300], size)


if __name__ == "__main__":
    main()
