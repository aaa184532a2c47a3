"""The ledger's skeleton for an outside auditor: everything that signatures and chains prove.

One file: a magic, then length-prefixed MessagePack arrays, then a SHA-256 over all of it. It holds
the county card, the devices' public keys, for every stream its operations' skeletons in order, the
signed headers of the envelopes that brought them, and the core's signed checkpoints. No data, no
salt: no personal data leaves the county, yet every id, head and signature can be computed anew.

    ["card", bytes]
    ["device", key id, signing public]
    ["stream", stream, branch, purpose, device, seq, head]
    ["operation", stream, branch, seq, skeleton]
    ["envelope", stream, header, body hash, signature]
    ["checkpoint", epoch, seq, head, at, signature]
    ["end", operations]
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from server import files
from server.county import County
from server.storage import COUNTY, Tx
from server.storage.rows import Stream

MAGIC = b"BMX1"
_LENGTH_BYTES = 4
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Exported:
    """What the file holds."""

    operations: int
    streams: int
    bytes: int


def export_ledger(county: County, path: Path) -> Exported:
    """Write the file whole or not at all, from one unchanging view; raise NotWritten."""
    aside = path.with_name(path.name + ".part")
    digest = hashlib.sha256(MAGIC)
    size, operations, streams = len(MAGIC), 0, 0
    try:
        with aside.open("wb") as file, county.ledger.read() as tx:
            file.write(MAGIC)
            for entry in _entries(tx, county):
                raw = msgspec.msgpack.encode(entry)
                piece = len(raw).to_bytes(_LENGTH_BYTES, "big") + raw
                digest.update(piece)
                file.write(piece)
                size += len(piece)
                operations += entry[0] == "operation"
                streams += entry[0] == "stream"
            file.write(digest.digest())
            file.flush()
            files.sync(file.fileno())
        aside.replace(path)
        files.sync_folder(path.resolve().parent)
    except OSError as error:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise files.NotWritten(f"写不进 {path}（{error.strerror}），请检查后重试。") from error
    return Exported(operations, streams, size + digest.digest_size)


def _entries(tx: Tx, county: County) -> Iterator[tuple[object, ...]]:
    yield "card", county.home.card.read_bytes()
    for device in tx.devices():
        yield "device", device.device, device.signing_public
    count = 0
    for stream in _streams(tx):
        yield (
            "stream", stream.stream, stream.branch, stream.purpose, stream.device, stream.seq,
            stream.head,
        )  # fmt: skip
        after = 0
        while rows := tx.stream_operations(
            stream.stream, branch=stream.branch, after_seq=after, limit=_BATCH
        ):
            for row in rows:
                yield "operation", row.stream, row.branch, row.seq, row.skeleton
            after = rows[-1].seq
            count += len(rows)
        for envelope in tx.envelopes(stream.stream) if stream.branch == 0 else []:
            yield (
                "envelope", envelope.stream, envelope.header, envelope.body_hash,
                envelope.signature,
            )  # fmt: skip
    for one in tx.checkpoints():
        yield "checkpoint", one.epoch, one.seq, one.head, one.at, one.signature
    yield "end", count


def _streams(tx: Tx) -> list[Stream]:
    """Every stream and branch; the county's own last, as it stands."""
    head = tx.county_head()
    own = Stream(head.county_stream, 0, b"", COUNTY, head.county_seq, head.county_head, 0, 0, None)
    return [*(one for one in tx.streams() if one.stream != head.county_stream), own]
