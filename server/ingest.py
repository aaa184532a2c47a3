"""Taking in an envelope: open, prove, judge, land — one transaction, repeatable without harm.

Whatever was lost, repeated, re-cut or delayed on the way, each operation enters the ledger once:
the stream's row is locked, the chain decides what is new, the same envelope answers the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from server import sealed, steward, verdicts
from server.county import County
from server.court import Arrived, Court
from server.following import owners_named
from server.landing import Landing
from server.rejudging import follow
from server.scopes import roster_of
from server.steward import Draft
from server.storage import Tx
from server.storage.rows import Device, Envelope, StoredOperation, Stream
from server.verdicts import Ruling
from shared import chain, ids
from shared.canonical import Value
from shared.errors import BianminError
from shared.operation import Operation
from sync import envelope as envelopes
from sync.acknowledgement import Opened
from sync.codec import EarlierMissing, Origin
from sync.envelope import Header, MalformedEnvelope
from sync.keys import BadSignature
from sync.messages import Refusal
from sync.suites import CannotOpen

OPENED, UNOPENABLE = "opened", "unopenable"
GROUP_MAX = 10
"""Envelopes that share a transaction: about a thousand operations, a fifth of a second."""
_SENTENCES = {
    "malformed": "信封已损坏或被改动，请重新同步。",
    "other_county": "信封属于别的县，请检查平板注册的县。",
    "unknown_device": "设备未登记，请联系县中心重新注册。",
    "signature": "签名不符，请重新同步；仍不行请联系县中心。",
    "seal_again": "县级收件密钥已更换，平板会自动重新封装。",
    "gap": "前面的信封还没到，到齐后自动入账。",
    "other_stream": "数据流属于另一台设备，请联系县中心。",
}


class Refuse(BianminError):
    """An envelope is not taken: an inner signal that carries the code and leaves as a `Refusal`."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an envelope."""

    device: bytes
    stream: bytes
    opened: Opened | None
    """How far the stream is opened now; None where the envelope names no stream of its device."""
    fresh: int = 0
    """Operations that were new."""
    refusal: Refusal | None = None


def take_envelope(county: County, raw: bytes, received_at: int) -> Taken:
    """Take in one envelope; a refusal says why, and the front keeps the envelope all the same."""
    try:
        parsed = envelopes.parse(raw)
    except MalformedEnvelope as error:
        return Taken(b"", b"", None, refusal=Refusal(0, "malformed", str(error)))
    header = parsed.header
    try:
        return county.ledger.writing(lambda tx: _take(tx, county, parsed, received_at))
    except Refuse as refused:
        code = str(refused)
        opened = _refused(county, parsed, received_at, code)
        return Taken(
            header.device, header.stream, opened, refusal=Refusal(0, code, _SENTENCES[code])
        )


def take_envelopes(county: County, arrived: Sequence[tuple[bytes, int]]) -> list[Taken]:
    """Take in envelopes of one request, given as (bytes, received at), in their order.

    Those that can all be taken share transactions, since waiting for the disk once for each costs
    a fifth of the whole step. Where one cannot, each of its group is taken or refused by itself.
    """
    taken: list[Taken] = []
    for start in range(0, len(arrived), GROUP_MAX):
        group = arrived[start : start + GROUP_MAX]
        taken += _together(county, group) or [take_envelope(county, *one) for one in group]
    return taken


def _together(county: County, group: Sequence[tuple[bytes, int]]) -> list[Taken] | None:
    """Take a group in one transaction; None, with nothing written, where one is refused."""
    if len(group) == 1:
        return None
    try:
        parsed = [(envelopes.parse(raw), received_at) for raw, received_at in group]
        return county.ledger.writing(lambda tx: [_take(tx, county, *one) for one in parsed])
    except (MalformedEnvelope, Refuse):
        return None


def _take(tx: Tx, county: County, parsed: envelopes.Envelope, received_at: int) -> Taken:
    header = parsed.header
    device = _verified_device(tx, county, parsed)
    stream = tx.lock_stream(header.stream, device=header.device)
    if stream.device != header.device:
        raise Refuse("other_stream")
    tx.seen_device(header.device, received_at)
    digest = hashlib.sha256(parsed.raw).digest()
    known = tx.envelope(digest)
    if parsed.empty or (known is not None and known.state == OPENED):
        return Taken(header.device, header.stream, opened_of(tx, county, stream))
    base = _base(tx, stream, header)
    operations = _opened(tx, county, parsed, base)
    base, fresh = _fresh(tx, stream, base, header, operations)
    verdict = None
    if fresh:
        arrived = Arrived(device, base, fresh, header.head_after, received_at, digest)
        verdict = _judge_and_land(tx, county, arrived)
        stream = _advance(tx, stream, arrived)
    tx.put_envelope(
        Envelope(
            digest, header.stream, header.seq_from, header.seq_to, header.head_after, received_at,
            OPENED, verdict, parsed.frame.header, parsed.frame.body_hash,
            parsed.frame.signature,
        )
    )  # fmt: skip
    return Taken(header.device, header.stream, opened_of(tx, county, stream), len(fresh))


def opened_of(tx: Tx, county: County, stream: Stream) -> Opened:
    """Return the cumulative acknowledgement of a stream as it stands."""
    epoch = tx.county_head().epoch
    return Opened(
        county.code, epoch, stream.stream, stream.seq, stream.head,
        min(stream.backed_up_seq, stream.seq),
    )  # fmt: skip


def _verified_device(tx: Tx, county: County, parsed: envelopes.Envelope) -> Device:
    """The core trusts no front: county, device and signature are checked here again."""
    if parsed.header.county != county.code:
        raise Refuse("other_county")
    device = tx.device(parsed.header.device)
    if device is None or device.state == "waiting":
        raise Refuse("unknown_device")
    try:
        parsed.verify(device.signing_public)
    except BadSignature as error:
        raise Refuse("signature") from error
    return device


def _base(tx: Tx, main: Stream, header: Header) -> Stream:
    """Return what an envelope builds on: the stream, or the branch of a fork that it continues."""
    if header.head_before != main.head and header.seq_from > 1:
        for one in tx.streams(device=main.device):
            is_branch = one.stream == main.stream and one.branch
            if is_branch and one.head == header.head_before:
                return one
    if header.seq_from > main.seq + 1:
        raise Refuse("gap")
    return main


def _opened(
    tx: Tx, county: County, parsed: envelopes.Envelope, base: Stream
) -> list[Operation]:  # fmt: skip
    recipient = county.keys.recipient(parsed.header.recipient)
    if recipient is None:
        raise Refuse("seal_again")

    def earlier(seq: int) -> Origin | None:
        place = tx.place(base.stream, seq, branch=base.branch) or tx.place(base.stream, seq)
        return None if place is None else Origin(*place)

    try:
        return parsed.open(recipient.private, earlier)
    except CannotOpen as error:
        raise Refuse("seal_again") from error
    except EarlierMissing as error:
        raise Refuse("gap") from error
    except MalformedEnvelope as error:
        raise Refuse("malformed") from error


def _fresh(
    tx: Tx, main: Stream, base: Stream, header: Header, operations: Sequence[Operation]
) -> tuple[Stream, list[Operation]]:
    """Return the operations the ledger lacks, and the stream or branch they belong to.

    The chain decides: what overlaps must lead to the very head the ledger has, else it is a fork.
    """
    overlap = main.seq - header.seq_from + 1
    if base.branch == 0 and overlap <= len(operations):
        head = chain.extend_all(header.head_before, (op.id for op in operations[:overlap]))
        if head == main.head:
            return main, list(operations[overlap:])
    known = tx.known_ids([op.id for op in operations])
    unknown = [op for op in operations if op.id not in known]
    if unknown and base.branch == 0:
        last = max(o.branch for o in tx.streams(device=main.device) if o.stream == main.stream)
        base = main._replace(branch=last + 1, seq=0, backed_up_seq=0, cut_seq=None)
    return base, unknown


def _judge_and_land(tx: Tx, county: County, arrived: Arrived) -> bytes:
    """Judge and land new operations; return the id of the verdict operation."""
    editions, roster = county.editions(tx), roster_of(tx, arrived.device)
    landing = Landing(tx, editions)
    readable = roster.scopes(county.today())
    landing.arrive_from(arrived.device.device, arrived.base.stream, readable)
    records = {op.skeleton.record for op in arrived.operations}
    landing.load(records | owners_named(arrived.operations))
    tx.append_operations([_stored(op, arrived) for op in arrived.operations])
    rulings = Court(tx, county.code, editions, arrived, roster, landing).rulings()
    record = ids.uuid7(arrived.received_at, county.entropy(10))
    draft = Draft(record, verdicts.KIND, verdicts.ACT, _verdict_data(arrived, rulings))
    ((verdict, own),) = steward.append(tx, county, [draft])
    for operation, ruling in zip(arrived.operations, rulings, strict=True):
        landing.land(
            operation,
            ruling.verdict(operation, own.epoch, own.county_seq, arrived.received_at),
        )
    landing.begin(record)
    landing.land(verdict, own)
    sealed.open_arrived(tx, county, landing, arrived.operations)
    follow(tx, county, landing, arrived.operations)
    landing.finish()
    return verdict.id


def _verdict_data(arrived: Arrived, rulings: Sequence[Ruling]) -> dict[str, Value]:
    """A stream's operations are named by their range; a branch has holes, so by their ids."""
    operations, at = arrived.operations, arrived.received_at
    if arrived.base.branch:
        named = [op.id for op in operations]
        return verdicts.of_operations(named, [at] * len(named), rulings, "fork")
    first, last = operations[0].skeleton.seq, operations[-1].skeleton.seq
    return verdicts.of_envelope(arrived.base.stream, first, last, arrived.head_after, at, rulings)


def _advance(tx: Tx, main: Stream, arrived: Arrived) -> Stream:
    """Note how far stream or branch is now; return the stream itself. A fork cuts it."""
    first, last = arrived.operations[0].skeleton.seq, arrived.operations[-1].skeleton.seq
    base = arrived.base._replace(
        seq=last, head=arrived.head_after, purpose=sealed.purpose_of(arrived.operations),
        last_anchor_at=max(arrived.base.last_anchor_at, arrived.received_at),
    )  # fmt: skip
    tx.put_stream(base)
    if not base.branch:
        return base
    if main.cut_seq is None:  # what comes above waits for a person
        main = main._replace(cut_seq=max(first - 1, main.seq))
        tx.put_stream(main)
    return main


def _refused(
    county: County, parsed: envelopes.Envelope, received_at: int, code: str
) -> Opened | None:  # fmt: skip
    """Keep a trace of an envelope the core could not open; say how far its stream is."""
    header = parsed.header

    def trace(tx: Tx) -> None:
        tx.put_envelope(
            Envelope(
                hashlib.sha256(parsed.raw).digest(), header.stream, header.seq_from, header.seq_to,
                header.head_after, received_at, UNOPENABLE, None, parsed.frame.header,
                parsed.frame.body_hash, parsed.frame.signature,
            )
        )  # fmt: skip

    if code in ("seal_again", "malformed"):
        county.ledger.writing(trace)
    with county.ledger.read() as tx:
        stream = tx.stream(header.stream)
        own = stream is not None and stream.device == header.device
        return opened_of(tx, county, stream) if stream is not None and own else None


def _stored(operation: Operation, arrived: Arrived) -> StoredOperation:
    skeleton = operation.skeleton
    return StoredOperation(
        skeleton.stream, arrived.base.branch, skeleton.seq, operation.id, skeleton.record,
        skeleton.kind, skeleton.act, operation.skeleton_bytes, operation.salt,
        operation.data_bytes, arrived.received_at, arrived.digest,
    )  # fmt: skip
