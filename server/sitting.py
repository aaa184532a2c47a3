"""A sitting: the envelopes of one transaction are opened, proved, judged and landed together.

Envelopes of one request share what one alone would pay for: editions and postings are read once,
each record is folded once, and the projections, the feed and the county's checkpoint are written
once, at the end. Every envelope keeps a verdict of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from server import numbering, sealed, steward, verdicts
from server.county import County, Editions
from server.court import Arrived, Court
from server.database import AlreadyThere
from server.following import owners_named
from server.landing import Landing
from server.rejudging import follow
from server.scopes import Roster, roster_of
from server.steward import Draft
from server.storage import Tx
from server.storage.rows import Device, Envelope, Grant, StoredOperation, Stream
from server.verdicts import Ruling
from shared import chain, ids
from shared.canonical import Value
from shared.errors import BianminError
from shared.numbered import records_for
from shared.operation import Operation
from sync import envelope as envelopes
from sync.acknowledgement import Opened
from sync.codec import EarlierMissing, Origin
from sync.envelope import Header, MalformedEnvelope
from sync.keys import BadSignature
from sync.suites import CannotOpen

OPENED = "opened"


class Refuse(BianminError):
    """An envelope is not taken: an inner signal that carries the code and leaves as a `Refusal`."""


class Seated(NamedTuple):
    """What became of one envelope: its stream as it stands, and how many operations were new."""

    device: bytes
    stream: Stream
    fresh: int


@dataclass(frozen=True, slots=True)
class _Known:
    """A device and who works on it, read once for a sitting."""

    device: Device
    roster: Roster
    grants: Sequence[Grant]
    readable: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Judged:
    arrived: Arrived
    rulings: Sequence[Ruling]


class Sitting:
    """One writing transaction over envelopes; nothing is visible before `close`."""

    def __init__(self, tx: Tx, county: County) -> None:
        self._tx, self._county = tx, county
        self._devices: dict[bytes, Device | None] = {}
        self._known: dict[bytes, _Known] = {}
        self._envelopes: dict[bytes, Envelope] = {}
        self._judged: dict[bytes, _Judged] = {}
        """By the digest of the envelope."""
        self._places: dict[tuple[bytes, int, int], Origin] = {}
        """Stream, branch and seq → the operation that stands there."""

    @cached_property
    def _editions(self) -> Editions:
        return self._county.editions(self._tx)

    @cached_property
    def _landing(self) -> Landing:
        return Landing(self._tx, self._editions)

    @cached_property
    def _court(self) -> Court:
        return Court(self._tx, self._county.code, self._editions, self._landing)

    def take(self, parsed: envelopes.Envelope, received_at: int) -> Seated:
        """Open and judge one envelope; raise Refuse, after which this sitting is of no use."""
        tx, header = self._tx, parsed.header
        device = self._verified_device(parsed, received_at)
        stream = tx.lock_stream(header.stream, device=header.device)
        if stream.device != header.device:
            raise Refuse("other_stream")
        digest = hashlib.sha256(parsed.raw).digest()
        if parsed.empty or self._is_opened(digest):
            return Seated(header.device, stream, 0)
        base = _base(tx, stream, header)
        operations = self._opened(parsed, base)
        base, fresh = _fresh(tx, stream, base, header, operations)
        if fresh:
            arrived = Arrived(device, base, fresh, header.head_after, received_at, digest)
            self._judge(arrived)
            stream = _advance(tx, stream, arrived)
        self._envelopes[digest] = Envelope(
            digest, header.stream, header.seq_from, header.seq_to, header.head_after, received_at,
            OPENED, None, parsed.frame.header, parsed.frame.body_hash, parsed.frame.signature,
        )  # fmt: skip
        return Seated(header.device, stream, len(fresh))

    def close(self) -> None:
        """Write a verdict for every envelope that brought something, and land it all."""
        if self._judged:
            self._land()
        self._tx.put_envelopes(self._envelopes.values())

    def _land(self) -> None:
        tx, landing, judged = self._tx, self._landing, list(self._judged.values())
        drafts = [self._verdict(one) for one in judged]
        written = steward.append(tx, self._county, drafts)
        for one, (verdict, own) in zip(judged, written, strict=True):
            received_at = one.arrived.received_at
            for operation, ruling in zip(one.arrived.operations, one.rulings, strict=True):
                ruled = ruling.verdict(operation, own.epoch, own.county_seq, received_at)
                landing.land(operation, ruled)
            landing.begin(verdict.skeleton.record)
            landing.land(verdict, own)
            digest = one.arrived.digest
            self._envelopes[digest] = self._envelopes[digest]._replace(verdict=verdict.id)
        operations = [operation for one in judged for operation in one.arrived.operations]
        sealed.open_arrived(tx, self._county, landing, operations)
        follow(tx, self._county, landing, operations)
        numbering.assign(tx, self._county, landing)
        landing.finish()

    # ---- one envelope

    def _verified_device(self, parsed: envelopes.Envelope, received_at: int) -> Device:
        """The core trusts no front: county, device and signature are checked here again."""
        name = parsed.header.device
        if parsed.header.county != self._county.code:
            raise Refuse("other_county")
        first = name not in self._devices
        device = self._devices[name] = self._tx.device(name) if first else self._devices[name]
        if device is None or device.state == "waiting":
            raise Refuse("unknown_device")
        try:
            parsed.verify(device.signing_public)
        except BadSignature as error:
            raise Refuse("signature") from error
        if first:
            self._tx.seen_device(name, received_at)
        return device

    def _is_opened(self, digest: bytes) -> bool:
        known = self._envelopes.get(digest) or self._tx.envelope(digest)
        return known is not None and known.state == OPENED

    def _opened(self, parsed: envelopes.Envelope, base: Stream) -> list[Operation]:
        recipient = self._county.keys.recipient(parsed.header.recipient)
        if recipient is None:
            raise Refuse("seal_again")

        def earlier(seq: int) -> Origin | None:
            tx, key = self._tx, (base.stream, base.branch, seq)
            if key not in self._places:
                place = tx.place(base.stream, seq, branch=base.branch) or tx.place(base.stream, seq)
                if place is None:
                    return None
                self._places[key] = Origin(*place)
            return self._places[key]

        try:
            return parsed.open(recipient.private, earlier)
        except CannotOpen as error:
            raise Refuse("seal_again") from error
        except EarlierMissing as error:
            raise Refuse("gap") from error
        except MalformedEnvelope as error:
            raise Refuse("malformed") from error

    def _judge(self, arrived: Arrived) -> None:
        """Judge new operations on what the earlier ones of this sitting made of their records."""
        known, landing = self._who(arrived.device), self._landing
        landing.arrive_from(arrived.device.device, arrived.base.stream, known.readable)
        records = {op.skeleton.record for op in arrived.operations}
        numbers = records_for(op.skeleton for op in arrived.operations)
        landing.load(records | owners_named(arrived.operations) | numbers)
        self._append(arrived)
        rulings = self._court.rulings(arrived, known.roster, known.grants)
        self._judged[arrived.digest] = _Judged(arrived, rulings)

    def _append(self, arrived: Arrived) -> None:
        """A device may sign what contradicts the ledger: that costs this envelope, nothing else."""
        rows = [_stored(op, arrived) for op in arrived.operations]
        try:
            appended = self._tx.append_operations(rows)
        except AlreadyThere as error:
            raise Refuse("malformed") from error
        if appended != len(rows):  # one of them stands on a branch already
            raise Refuse("malformed")

    def _who(self, device: Device) -> _Known:
        found = self._known.get(device.device)
        if found is None:
            roster = roster_of(self._tx, device)
            readable = frozenset(roster.scopes(self._county.today()))
            grants = self._tx.grants_of(roster.people)
            found = self._known[device.device] = _Known(device, roster, grants, readable)
        return found

    def _verdict(self, one: _Judged) -> Draft:
        record = ids.uuid7(one.arrived.received_at, self._county.entropy(10))
        data = _verdict_data(one.arrived, one.rulings)
        return Draft(record, verdicts.KIND, verdicts.ACT, data)


def opened_of(tx: Tx, county: County, stream: Stream) -> Opened:
    """Return the cumulative acknowledgement of a stream as it stands."""
    epoch = tx.county_head().epoch
    return Opened(
        county.code, epoch, stream.stream, stream.seq, stream.head,
        min(stream.backed_up_seq, stream.seq),
    )  # fmt: skip


def _base(tx: Tx, main: Stream, header: Header) -> Stream:
    """Return what an envelope builds on: the stream, or the branch of a fork that it continues."""
    if header.head_before != main.head and header.seq_from > 1:
        for one in tx.streams(device=main.device):
            is_branch = one.stream == main.stream and one.branch
            if is_branch and one.head == header.head_before:
                if header.seq_from != one.seq + 1:  # signed, and yet no chain goes on like that
                    raise Refuse("malformed")
                return one
    if header.seq_from > main.seq + 1:
        raise Refuse("gap")
    return main


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


def _stored(operation: Operation, arrived: Arrived) -> StoredOperation:
    skeleton = operation.skeleton
    return StoredOperation(
        skeleton.stream, arrived.base.branch, skeleton.seq, operation.id, skeleton.record,
        skeleton.kind, skeleton.act, operation.skeleton_bytes, operation.salt,
        operation.data_bytes, arrived.received_at, arrived.digest,
    )  # fmt: skip
