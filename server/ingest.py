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
from server.judge import Bench, Brief, judge
from server.landing import Landing
from server.steward import Draft
from server.storage import Tx
from server.storage.rows import Device, Envelope, StoredOperation, Stream
from server.verdicts import Ruling
from shared import chain, ids, session
from shared.errors import BianminError
from shared.operation import Operation
from shared.record import Record
from shared.verdict import Status
from sync import envelope as envelopes
from sync.acknowledgement import Opened
from sync.codec import EarlierMissing, Origin
from sync.envelope import Header, MalformedEnvelope
from sync.keys import BadSignature
from sync.messages import Refusal
from sync.suites import CannotOpen

OPENED, UNOPENABLE = "opened", "unopenable"
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
        opened = county.ledger.writing(lambda tx: _note(tx, county, parsed, received_at, code))
        return Taken(
            header.device, header.stream, opened, refusal=Refusal(0, code, _SENTENCES[code])
        )


def _take(tx: Tx, county: County, parsed: envelopes.Envelope, received_at: int) -> Taken:
    header = parsed.header
    device = _verified_device(tx, county, parsed)
    stream = tx.lock_stream(header.stream, device=header.device)
    if stream.device != header.device:
        raise Refuse("other_stream")
    tx.seen_device(header.device, received_at)
    digest = hashlib.sha256(parsed.raw).digest()
    if parsed.empty or tx.envelope(digest) is not None:
        return Taken(header.device, header.stream, opened_of(tx, county, stream))
    if header.seq_from > stream.seq + 1:
        raise Refuse("gap")
    operations = _opened(tx, county, parsed)
    fresh, branch = _fresh(tx, stream, header, operations)
    if branch:
        stream = _branch(stream, branch, header, operations, fresh)
    verdict = b""
    if fresh:
        verdict = _judge_and_land(tx, county, device, stream, fresh, received_at, digest)
    tx.put_envelope(
        Envelope(
            digest, header.stream, header.seq_from, header.seq_to, header.head_after, received_at,
            OPENED, verdict or None, parsed.frame.header, parsed.frame.body_hash,
            parsed.frame.signature,
        )
    )  # fmt: skip
    main = tx.stream(header.stream)
    assert main is not None
    return Taken(header.device, header.stream, opened_of(tx, county, main), len(fresh))


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


def _opened(tx: Tx, county: County, parsed: envelopes.Envelope) -> list[Operation]:
    recipient = county.keys.recipient(parsed.header.recipient)
    if recipient is None:
        raise Refuse("seal_again")

    def earlier(seq: int) -> Origin | None:
        place = tx.place(parsed.header.stream, seq)
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
    tx: Tx, stream: Stream, header: Header, operations: Sequence[Operation]
) -> tuple[list[Operation], int]:
    """Return the operations the ledger lacks, and the branch they belong to (0: the stream itself).

    The chain decides: what overlaps must lead to the very head the ledger has, else it is a fork.
    """
    overlap = stream.seq - header.seq_from + 1
    if overlap <= len(operations):
        head = chain.extend_all(header.head_before, (op.id for op in operations[:overlap]))
        if head == stream.head:
            return list(operations[overlap:]), 0
    known = tx.known_ids([op.id for op in operations])
    unknown = [op for op in operations if op.id not in known]
    if not unknown:
        return [], 0
    branches = [
        one.branch for one in tx.streams(device=header.device) if one.stream == header.stream
    ]
    return unknown, max(branches) + 1


def _branch(
    main: Stream,
    branch: int,
    header: Header,
    operations: Sequence[Operation],
    fresh: Sequence[Operation],
) -> Stream:
    """The branch as it stands before its first own operation; nothing of it counts by itself."""
    before = [op.id for op in operations if op.skeleton.seq < fresh[0].skeleton.seq]
    seq = fresh[0].skeleton.seq - 1
    head = chain.extend_all(header.head_before, before)
    return Stream(
        main.stream, branch, main.device, main.purpose, seq, head, main.last_anchor_at, 0, seq
    )


def _judge_and_land(
    tx: Tx,
    county: County,
    device: Device,
    stream: Stream,
    fresh: Sequence[Operation],
    received_at: int,
    digest: bytes,
) -> bytes:
    """Judge and land new operations of one branch; return the id of the verdict operation."""
    first, last = fresh[0].skeleton.seq, fresh[-1].skeleton.seq
    landing = Landing(tx, county.editions(tx))
    landing.load(operation.skeleton.record for operation in fresh)
    tx.append_operations([_stored(op, stream.branch, received_at, digest) for op in fresh])
    rulings, heads = _rulings(tx, county, device, stream, fresh, received_at, landing)
    head = heads[-1]
    data = verdicts.of_envelope(
        stream.stream, stream.branch, first, last, head, received_at, rulings
    )
    record = ids.uuid7(received_at, county.entropy(10))
    ((verdict, own),) = steward.append(
        tx, county, [Draft(record, verdicts.KIND, verdicts.ACT, data)]
    )
    for operation, ruling in zip(fresh, rulings, strict=True):
        landing.land(
            operation,
            ruling.verdict(operation, own.epoch, own.county_seq, received_at),
        )
    landing.load([record])
    landing.land(verdict, own)
    sealed.open_arrived(tx, county, landing, fresh)
    tx.put_stream(stream._replace(seq=last, head=head, last_anchor_at=received_at,
                                  purpose=sealed.purpose_of(fresh)))  # fmt: skip
    if stream.branch:
        _cut(tx, stream, first)
    landing.finish()
    return verdict.id


def _rulings(
    tx: Tx,
    county: County,
    device: Device,
    stream: Stream,
    fresh: Sequence[Operation],
    received_at: int,
    landing: Landing,
) -> tuple[list[Ruling], list[bytes]]:
    bench = Bench(
        county.code, county.editions(tx), received_at, stream.last_anchor_at, device.state,
        stream.cut_seq, tx.agents(device=device.device),
    )  # fmt: skip
    sessions = _sessions(tx, fresh)
    people = {op.skeleton.author for op in fresh}
    postings = {person: tx.postings(person=person) for person in people}
    grants = {person: tx.grants(person=person) for person in people}
    rulings: list[Ruling] = []
    heads: list[bytes] = []
    head = stream.head
    for operation in fresh:
        skeleton = operation.skeleton
        if stream.branch:
            ruling = Ruling(Status.HELD, 0, "fork")
        elif skeleton.kind == sealed.KIND:
            ruling = sealed.judge(operation)
        else:
            brief = Brief(
                operation, head, landing.record(skeleton.record),
                sessions.get(skeleton.session or b""),
                postings[skeleton.author], grants[skeleton.author],
            )  # fmt: skip
            ruling = judge(bench, brief)
        head = chain.extend(head, operation.id)
        rulings.append(ruling)
        heads.append(head)
        # Later acts of this envelope are judged on what the earlier ones made of the record.
        landing.land(operation, ruling.verdict(operation, 0, 0, received_at))
    return rulings, heads


def opened_brief(
    tx: Tx, county: County, operation: Operation, record: Record
) -> tuple[Bench, Brief]:
    """Return what an operation of the ledger is judged against when it is judged again."""
    skeleton = operation.skeleton
    stream = tx.stream(skeleton.stream)
    assert stream is not None
    device = tx.device(stream.device)
    assert device is not None
    received_at = tx.stored([operation.id])[operation.id].received_at
    bench = Bench(
        county.code, county.editions(tx), received_at, 0, device.state, stream.cut_seq,
        tx.agents(device=device.device),
    )  # fmt: skip
    brief = Brief(
        operation, b"", record, _sessions(tx, [operation]).get(skeleton.session or b""),
        tx.postings(person=skeleton.author), tx.grants(person=skeleton.author),
    )  # fmt: skip
    return bench, brief


def _sessions(tx: Tx, fresh: Sequence[Operation]) -> dict[bytes, Operation]:
    opened = {op.id: op for op in fresh if op.skeleton.kind == session.KIND}
    named = {op.skeleton.session for op in fresh if op.skeleton.session is not None}
    return {**tx.operations(sorted(named - opened.keys())), **opened}


def _cut(tx: Tx, branch: Stream, first: int) -> None:
    """A fork cuts the stream where it parted: what comes above waits for a person."""
    main = tx.stream(branch.stream)
    assert main is not None
    if main.cut_seq is None:
        tx.put_stream(main._replace(cut_seq=max(first - 1, main.seq)))


def _note(
    tx: Tx, county: County, parsed: envelopes.Envelope, received_at: int, code: str
) -> Opened | None:
    """Keep a trace of an envelope the core could not open; say how far its stream is."""
    header = parsed.header
    if code in ("seal_again", "malformed"):
        tx.put_envelope(
            Envelope(
                hashlib.sha256(parsed.raw).digest(), header.stream, header.seq_from, header.seq_to,
                header.head_after, received_at, UNOPENABLE, None, parsed.frame.header,
                parsed.frame.body_hash, parsed.frame.signature,
            )
        )  # fmt: skip
    stream = tx.stream(header.stream)
    own = stream is not None and stream.device == header.device
    return opened_of(tx, county, stream) if stream is not None and own else None


def _stored(
    operation: Operation, branch: int, received_at: int, envelope: bytes
) -> StoredOperation:
    skeleton = operation.skeleton
    return StoredOperation(
        skeleton.stream, branch, skeleton.seq, operation.id, skeleton.record, skeleton.kind,
        skeleton.act, operation.skeleton_bytes, operation.salt, operation.data_bytes, received_at,
        envelope,
    )  # fmt: skip
