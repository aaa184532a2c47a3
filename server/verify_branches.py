"""The part of `county verify` about forks: a device signed for every operation of a branch.

A stream is proved by its chain from the first operation on. A branch has holes where it shares
operations with its stream or with another branch, so each of its envelopes is proved by itself:
what it brought, and what the ledger has at the other numbers, leads from head to head.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from server import rebuild
from server.storage import Tx
from server.storage.rows import Envelope, StoredOperation, Stream
from shared import chain
from sync.envelope import Header

_HEADS_MAX = 1000
"""Ways through the holes of one envelope; a device that lies can make more than can be tried."""


def faults(tx: Tx) -> Iterator[str]:
    """What no envelope of the device proves; the envelopes' own signatures are checked apart."""
    rows = tx.streams()
    for row in rows:
        if not row.branch:
            continue
        brought: dict[bytes | None, list[StoredOperation]] = defaultdict(list)
        for stored in rebuild.stream_of(tx, row.stream, row.branch, opened=False):
            brought[stored.envelope].append(stored)
        beside = [one for one in rows if one.stream == row.stream]
        for digest, own in brought.items():
            envelope = tx.envelope(digest) if digest else None
            if envelope is None or not _covers(tx, envelope, own, beside):
                name = f"{row.stream.hex()[:8]}/{row.branch}"
                yield f"数据流 {name} 第 {own[0].seq} 到 {own[-1].seq} 号操作没有设备签名"


def _covers(
    tx: Tx, envelope: Envelope, own: Sequence[StoredOperation], beside: Sequence[Stream]
) -> bool:
    """Whether this envelope brought these operations: its two heads say so."""
    try:
        header = msgspec.msgpack.decode(envelope.header, type=Header)
    except msgspec.DecodeError:
        return False
    if envelope.state != "opened" or header.stream != own[0].stream:
        return False
    mine = {one.seq: {one.id} for one in own}
    held: dict[int, set[bytes]] = defaultdict(set)
    for other in beside:
        for stored in tx.stream_operations(
            other.stream, branch=other.branch, after_seq=header.seq_from - 1,
            limit=header.count, opened=False,
        ):  # fmt: skip
            held[stored.seq].add(stored.id)
    heads = {header.head_before}
    for seq in range(header.seq_from, header.seq_to + 1):
        ids = mine.pop(seq, None) or held[seq]
        heads = {chain.extend(head, one) for head in heads for one in ids}
        if len(heads) > _HEADS_MAX:
            return True
    return header.head_after in heads and not mine
