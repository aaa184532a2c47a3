"""`bianmin county verify`: the county proves its own books.

Signatures of envelopes and checkpoints, every chain from its first operation, ids and data hashes,
verdicts, and that folding the ledger gives exactly the projections, conflicts, feed and totals that
stand in the database. Nothing is repaired here; a violation is a sentence and where it is. Due
dates are held against the calendar in force once all were counted by it (`server.editions`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from server import (
    following,
    projecting,
    rebuild,
    steward,
    verify_branches,
    verify_pairs,
    verify_watched,
    watching,
)
from server.county import County
from server.editions import recounting
from server.sealing import SealBroken
from server.storage import COUNTY, Tx
from server.storage.rows import (
    ConflictRow,
    Device,
    Envelope,
    FeedEntry,
    RecordRow,
    StoredOperation,
    WatchedRow,
)
from server.storage.rows import Stream as StreamRow
from server.verdicts import MalformedVerdict
from shared import chain
from shared import operation as operations
from shared.canonical import NotCanonical
from shared.fold import Entry, fold
from shared.operation import MalformedOperation
from shared.papers import owner_of
from shared.record import Effect, Record
from sync import frame
from sync.envelope import TAG, Header
from sync.keys import BadSignature
from sync.keys import verify as verify_signature


@dataclass(frozen=True, slots=True)
class Report:
    """What was counted, and what does not hold."""

    operations: int
    devices: int
    records: int
    violations: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.violations


def verify(county: County) -> Report:
    """Check the whole county in one unchanging view."""
    with county.ledger.read() as tx:
        found = [
            *_chains(tx, county),
            *_envelopes(tx, county),
            *verify_branches.faults(tx),
            *_checkpoints(tx, county),
            *_until_damage(_projections(tx, county)),
            *_totals(tx),
        ]
        counts = tx.counts()
        return Report(counts.operations, len(tx.devices()), counts.records, tuple(found))


def _until_damage(violations: Iterator[str]) -> Iterator[str]:
    """What cannot be read cannot be folded: say so, after everything that was found before."""
    try:
        yield from violations
    except (SealBroken, MalformedOperation, MalformedVerdict, NotCanonical) as error:
        yield f"台账与列表的核对未能做完：{error}"


def _chains(tx: Tx, county: County) -> Iterator[str]:
    """Every stream and branch: contiguous, ids and data as hashed, ending in the stored head."""
    head = tx.county_head()
    for row in tx.streams():
        if row.purpose != COUNTY or row.stream != head.county_stream:
            yield from _chain(tx, county, row, row.seq, row.head)
    own = StreamRow(head.county_stream, 0, b"", COUNTY, 0, b"", 0, 0, None)
    yield from _chain(tx, county, own, head.county_seq, head.county_head)


def _chain(tx: Tx, county: County, row: StreamRow, seq: int, head: bytes) -> Iterator[str]:
    name = f"{row.stream.hex()[:8]}/{row.branch}"
    last, reached = 0, chain.genesis(county.code, row.stream)
    for stored in rebuild.stream_of(tx, row.stream, row.branch, opened=False):
        # A branch has holes: what it shares with its stream stands there.
        if stored.seq != last + 1 and not row.branch:
            yield f"数据流 {name} 缺第 {last + 1} 到 {stored.seq - 1} 号操作"
        last = stored.seq
        fault = _operation_fault(tx, stored)
        if fault:
            yield f"数据流 {name} 第 {stored.seq} 号操作{fault}"
        reached = chain.extend(reached, stored.id)
    if last != seq:
        yield f"数据流 {name} 应有 {seq} 个操作，只有 {last} 个"
    elif not row.branch and reached != head:
        yield f"数据流 {name} 的链头不符，有操作被改动或替换"


def _operation_fault(tx: Tx, stored: StoredOperation) -> str:
    try:
        made = operations.restore(stored.skeleton, stored.salt, tx.data_of(stored))
    except (MalformedOperation, SealBroken) as error:
        return f"损坏：{error}"
    skeleton = made.skeleton
    named = (made.id, skeleton.stream, skeleton.seq, skeleton.record, skeleton.kind, skeleton.act)
    kept = (stored.id, stored.stream, stored.seq, stored.record, stored.kind, stored.act)
    return "" if named == kept else "与其编号不符"


def _envelopes(tx: Tx, county: County) -> Iterator[str]:
    """Every operation of a device is covered by an envelope that the device signed."""
    devices = {device.device: device for device in tx.devices()}
    covered: dict[bytes, list[tuple[int, int]]] = {}
    after = b""
    while batch := tx.all_envelopes(after=after):
        for envelope in batch:
            fault = _envelope_fault(envelope, devices)
            if fault:
                yield f"信封 {envelope.digest.hex()[:12]}：{fault}"
            elif envelope.state == "opened":
                covered.setdefault(envelope.stream, []).append((envelope.seq_from, envelope.seq_to))
        after = batch[-1].digest
    for row in tx.streams():
        reached = 0
        for first, last in sorted(covered.get(row.stream, [])):
            reached = max(reached, last) if first <= reached + 1 else reached
        if row.purpose != COUNTY and not row.branch and reached < row.seq:
            yield f"数据流 {row.stream.hex()[:8]} 第 {reached + 1} 号以后的操作没有设备签名"


def _envelope_fault(envelope: Envelope, devices: Mapping[bytes, Device]) -> str:
    try:
        header = msgspec.msgpack.decode(envelope.header, type=Header)
    except msgspec.DecodeError:
        return "抬头无法读取"
    device = devices.get(header.device)
    if device is None:
        return "设备不在名册中"
    named = (header.stream, header.seq_from, header.seq_to, header.head_after)
    kept = (envelope.stream, envelope.seq_from, envelope.seq_to, envelope.head)
    if named != kept:
        return "抬头与登记不符"
    try:
        covered = frame.covered(envelope.header, envelope.body_hash)
        verify_signature(device.signing_public, TAG, covered, envelope.signature)
    except BadSignature:
        return "设备签名不符"
    return ""


def _checkpoints(tx: Tx, county: County) -> Iterator[str]:
    """The core signed the head of its own stream after every transaction, the last included."""
    public = county.keys.core.public
    heads: dict[tuple[int, int], bytes] = {}
    for epoch, stream in rebuild.county_streams(tx):
        head = chain.genesis(county.code, stream)
        for stored in rebuild.stream_of(tx, stream, opened=False):
            head = chain.extend(head, stored.id)
            heads[epoch, stored.seq] = head
    last = (0, 0)
    for one in tx.checkpoints():
        signed = steward.checkpoint_bytes(county.code, one.epoch, one.seq, one.head)
        last = (one.epoch, one.seq)
        if heads.get(last) != one.head:
            yield f"县级数据流第 {one.seq} 号的检查点与台账不符"
        try:
            verify_signature(public, steward.CHECKPOINT_TAG, signed, one.signature)
        except BadSignature:
            yield f"县级数据流第 {one.seq} 号的检查点签名不符"
    head_row = tx.county_head()
    if head_row.county_seq and last != (head_row.epoch, head_row.county_seq):
        yield "县级数据流最后一段没有检查点"


def _projections(tx: Tx, county: County) -> Iterator[str]:
    """Verdicts, fold and feed give exactly the rows that stand in the database."""
    standing = rebuild.verdicts_in_force(tx)
    numbers = set(tx.all_numbers())
    is_counted = not recounting.is_due(county, tx)
    for batch in rebuild.batches(tx.all_record_ids()):
        editions = county.editions(tx)  # a county that is not loaded yet has none, and no records
        judged = tx.judgements_on(batch)
        rows, conflicts = tx.records_of(batch), tx.conflicts_of(batch)
        scopes, owners = tx.scopes_of(batch), tx.owners_of(batch)
        fed: list[FeedEntry] = []
        found: list[tuple[Record, str]] = []
        clocks: dict[bytes, WatchedRow | None] = {}
        for record, held in tx.operations_of(batch).items():
            entries = {
                one.operation.id: Entry(one.operation, standing.get(one.operation.id))
                for one in held
            }
            unjudged = [one for one, entry in entries.items() if entry.verdict is None]
            if unjudged:
                yield from (f"操作 {one.hex()[:12]} 没有裁定" for one in unjudged)
                continue
            numbers ^= {row for _, row in following.numbers_in([entries])}
            history: dict[bytes, Effect] = {}
            if projecting.is_folded(entries.values()):
                folded = fold(entries.values())
                found.append((folded, projecting.site_of(folded, entries)))
                history = {effect.operation: effect for effect in folded.history}
                expected = projecting.row_of(folded, entries, editions)
                if not is_counted and record in rows:
                    expected = expected._replace(due_on=rows[record].due_on)
                yield from _record(folded, expected, rows.get(record), conflicts[record])
                clocks[record] = watching.watched_of(
                    folded, entries, editions, expected.township, expected.site
                )
                if owners.get(record) != owner_of(folded):
                    yield f"附件 {record.hex()[:12]} 所属的记录与台账不符"
            for one, entry in entries.items():
                if judged.get(one) != projecting.judgement_of(entry, history):
                    yield f"操作 {one.hex()[:12]} 的裁定与台账不符"
                fed += [projecting.feed_entry(scope, entry) for scope in scopes[record]]
        for missing in set(fed) - tx.fed(fed):
            yield f"操作 {missing.operation.hex()[:12]} 没有下发到 {missing.scope}"
        yield from verify_watched.faults(tx, clocks)
        yield from verify_pairs.faults(tx, editions, found)
    yield from (f"正式编号 {row.number} 与台账不符" for row in sorted(numbers))
    for record, scope in tx.astray_routes():
        yield f"记录 {record.hex()[:12]} 的下发范围 {scope} 与下发序列不符"


def _record(
    folded: Record, expected: RecordRow, row: RecordRow | None, conflicts: Sequence[ConflictRow]
) -> Iterator[str]:
    name = folded.id.hex()[:12]
    if row is None:
        yield f"记录 {name} 不在列表中"
        return
    # The township follows an edition that may have changed since the record was folded.
    if row != expected._replace(township=row.township, position=row.position):
        yield f"记录 {name} 与台账重算的结果不符"
    listed = [(one.register, one.opened_at) for one in conflicts]
    if listed != [(one.register, projecting.opened_at(one)) for one in folded.conflicts]:
        yield f"记录 {name} 的冲突列表与台账不符"


def _totals(tx: Tx) -> Iterator[str]:
    counts, head = tx.counts(), tx.county_head()
    if counts.operations != counts.judgements:
        yield f"台账有 {counts.operations} 个操作、{counts.judgements} 条裁定，应当相等"
    if counts.feed != head.feed_position:
        yield f"下发序列有 {counts.feed} 条，位置到 {head.feed_position}，应当相等"
