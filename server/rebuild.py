"""Projections anew from the ledger: verdicts in the county's order, then fold.

`bianmin county rebuild` drops what follows from operations and makes it again; `verify` compares
the same derivation with what stands in the database.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from server import steward, verdicts
from server.county import County
from server.landing import Landing
from server.storage import COUNTY, Tx
from server.storage.rows import StoredOperation
from shared import operation as operations
from shared.operation import Operation
from shared.verdict import Status, Verdict

_BATCH = 500


def rebuild(county: County) -> int:
    """Drop all projections and build them from the ledger; return the number of records.

    The feed keeps its positions: they are in the cursors of tablets.
    """

    def step(tx: Tx) -> int:
        standing = verdicts_in_force(tx)
        tx.drop_projections()
        count = 0
        for batch in batches(tx.all_record_ids()):
            landing = Landing(tx, county.editions(tx), feeds=False)
            landing.load(batch)
            for record in batch:
                for entry in landing.entries(record):
                    landing.land(entry.operation, standing[entry.operation.id])
            landing.finish()
            count += len(batch)
        tx.restore_routes()
        return count

    return county.ledger.writing(step)


def batches(records: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Cut a long run of record ids into lists."""
    while batch := list(islice(records, _BATCH)):
        yield batch


def verdicts_in_force(tx: Tx) -> dict[bytes, Verdict]:
    """Return the verdict in force for every operation, derived from the ledger alone.

    The county's streams are read in the order of their epochs, so a later verdict stands over an
    earlier one. An operation that no verdict names is not in the answer.
    """
    standing: dict[bytes, Verdict] = {}
    for epoch, stream in county_streams(tx):
        for stored in stream_of(tx, stream):
            made = operations.restore(stored.skeleton, stored.salt, stored.data)
            effective_at = made.skeleton.effective_at
            standing[made.id] = Verdict(
                epoch, stored.seq, Status.ADMITTED, None, effective_at, steward.RANK
            )
            if made.skeleton.kind == verdicts.KIND:
                standing.update(_given(tx, made, epoch, stored.seq))
    return standing


def county_streams(tx: Tx) -> list[tuple[int, bytes]]:
    """Return (epoch, stream) of every stream the county has written, the earliest first.

    A restore closes a stream and keeps its epoch in the closed row's `last_anchor_at`.
    """
    head = tx.county_head()
    closed = [
        (one.last_anchor_at, one.stream)
        for one in tx.streams()
        if one.purpose == COUNTY and one.stream != head.county_stream
    ]
    return [*sorted(closed), (head.epoch, head.county_stream)]


def stream_of(
    tx: Tx, stream: bytes, branch: int = 0, *, opened: bool = True
) -> Iterator[StoredOperation]:
    """Go through a stream in order of seq, a batch at a time, data opened or still sealed."""
    after = 0
    while batch := tx.stream_operations(
        stream, branch=branch, after_seq=after, limit=_BATCH, opened=opened
    ):
        yield from batch
        after = batch[-1].seq


def _given(tx: Tx, verdict: Operation, epoch: int, seq: int) -> Iterator[tuple[bytes, Verdict]]:
    """Return what one verdict operation says about whom; raise MalformedVerdict."""
    data = verdict.data
    rulings = list(verdicts.rulings_of(data))
    match data:
        case {"operations": list(named), "received_at": list(received)}:
            found = tx.operations([one for one in named if isinstance(one, bytes)])
            for one, ruling, at in zip(named, rulings, received, strict=False):
                if isinstance(one, bytes) and isinstance(at, int) and one in found:
                    yield one, ruling.verdict(found[one], epoch, seq, at)
        case {"stream": bytes(stream), "from": int(first), "received_at": int(at)}:
            rows = tx.stream_operations(stream, after_seq=first - 1, limit=len(rulings))
            by_seq = {row.seq: row for row in rows}
            for number, ruling in enumerate(rulings, first):
                if number in by_seq:  # a hole is for verify to find
                    row = by_seq[number]
                    target = operations.restore(row.skeleton, None, None)
                    yield row.id, ruling.verdict(target, epoch, seq, at)
        case _:
            raise verdicts.MalformedVerdict("台账中的裁定无法读取，请升级程序或从备份恢复。")
