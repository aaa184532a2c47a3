"""The entries of a page: what became visible to a device, and verdicts on its own operations.

On the wire they are a batch of operations and, beside it, the verdicts in columns. Each entry has a
leaf, SHA-256 over operation id and verdict; the digest over all leaves stands in the signed header.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta

from shared.operation import Operation
from shared.verdict import Status, Verdict
from sync import codec, deflate
from sync.acknowledgement import Epoch
from sync.codec import MalformedBatch
from sync.columns import Reader, Writer

ENTRIES_MAX: Final = 10_000
LEAF_BYTES: Final = 32
_RECEIVED_TAG = b"bianmin.entry.received.1\0"
_OWN_TAG = b"bianmin.entry.own.1\0"
_DIGEST_TAG = b"bianmin.entries.1\0"


@dataclass(frozen=True, slots=True)
class Received:
    """An operation that became visible to the device, or whose verdict changed."""

    operation: Operation
    """A bare skeleton where it was refused, held or purged."""
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Own:
    """The verdict on operations of the asking device's stream, bodies left out."""

    seq_from: int
    seq_to: int
    verdict: Verdict
    """Its `effective_at` is 0 where `as_written` says that each operation's own one stands."""
    as_written: bool = False

    def verdict_for(self, effective_at: int) -> Verdict:
        """Return the verdict on one of these operations, which was written with `effective_at`."""
        return self.verdict._replace(effective_at=effective_at) if self.as_written else self.verdict


PageEntry: TypeAlias = Received | Own

Stamp = tuple[
    Epoch,
    Annotated[int, Meta(ge=0, le=2**48)],
    Status,
    Annotated[int, Meta(ge=-(2**62), le=2**62)] | None,
    Annotated[int, Meta(ge=0, le=255)],
    Annotated[str, Meta(max_length=64)],
]
"""A verdict without its effective time: one for a whole envelope as a rule."""


class _Control(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    received: Annotated[int, Meta(ge=0, le=ENTRIES_MAX)]
    own: Annotated[int, Meta(ge=0, le=ENTRIES_MAX)]
    stamps: list[Stamp]


_encoder = msgspec.msgpack.Encoder(order="deterministic")
_decoder = msgspec.msgpack.Decoder(_Control)


def collapse(judged: Iterable[tuple[int, int, Verdict]]) -> list[Own]:
    """Return runs of (seq, effective_at as written, verdict), given in ascending order of seq."""
    runs: list[Own] = []
    for seq, effective_at, verdict in judged:
        as_written = verdict.effective_at == effective_at
        shown = verdict._replace(effective_at=0) if as_written else verdict
        last = runs[-1] if runs else None
        if last and (last.seq_to + 1, last.verdict, last.as_written) == (seq, shown, as_written):
            runs[-1] = Own(last.seq_from, seq, shown, as_written)
        else:
            runs.append(Own(seq, seq, shown, as_written))
    return runs


def split(entries: Iterable[PageEntry]) -> tuple[list[Received], list[Own]]:
    """Return received and own entries, each in the order given: the order of a page."""
    received: list[Received] = []
    own: list[Own] = []
    for entry in entries:
        if isinstance(entry, Received):
            received.append(entry)
        else:
            own.append(entry)
    return received, own


def leaf_of(operation_id: bytes, verdict: Verdict) -> bytes:
    """Return the leaf of a received operation: SHA-256 over its id and the verdict's bytes."""
    return hashlib.sha256(_RECEIVED_TAG + operation_id + _encoder.encode(verdict)).digest()


def leaves_of(entries: Iterable[PageEntry]) -> bytes:
    """Return the leaves of entries in the order of their page."""
    received, own = split(entries)
    leaves = [leaf_of(entry.operation.id, entry.verdict) for entry in received]
    for run in own:
        covered = _encoder.encode((run.seq_from, run.seq_to, run.as_written, run.verdict))
        leaves.append(hashlib.sha256(_OWN_TAG + covered).digest())
    return b"".join(leaves)


def digest_of(leaves: bytes) -> bytes:
    """Return the digest over all leaves of a page."""
    return hashlib.sha256(_DIGEST_TAG + leaves).digest()


def encode_entries(entries: Iterable[PageEntry]) -> bytes:
    """Return the entries as bytes; raise MalformedBatch where they are too many."""
    received, own = split(entries)
    if len(received) + len(own) > ENTRIES_MAX:
        raise MalformedBatch("一页内容过多，请分成几页。")
    batch = codec.encode_batch([entry.operation for entry in received])
    writer = Writer()
    stamps: dict[Stamp, int] = {}
    verdicts = [entry.verdict for entry in received] + [run.verdict for run in own]
    writer.unsigned([stamps.setdefault(_stamp(each), len(stamps)) for each in verdicts])
    writer.signed(
        [each.verdict.effective_at - each.operation.skeleton.effective_at for each in received]
    )
    writer.signed([run.verdict.effective_at for run in own])
    writer.unsigned([run.as_written for run in own])
    writer.unsigned([run.seq_to - run.seq_from for run in own])
    ends = [0, *(run.seq_to for run in own)]
    writer.signed([run.seq_from - end for run, end in zip(own, ends, strict=False)])
    control = _encoder.encode(_Control(len(received), len(own), list(stamps)))
    return len(batch).to_bytes(4, "big") + batch + deflate.compress(writer.sections(control))


def decode_entries(raw: bytes) -> list[PageEntry]:
    """Return the entries, received ones first; raise MalformedBatch."""
    size = int.from_bytes(raw[:4], "big")
    operations = codec.decode_batch(raw[4 : 4 + size])
    try:
        return _read(Reader(deflate.inflate(raw[4 + size :])), operations)
    except (msgspec.DecodeError, IndexError, UnicodeError) as error:
        raise MalformedBatch("页面里的结论无法读取，请重新同步。") from error


def _read(reader: Reader, operations: Sequence[Operation]) -> list[PageEntry]:
    control = _decoder.decode(reader.control)
    received, own = control.received, control.own
    if received != len(operations):
        raise MalformedBatch("页面里的操作与结论数目不符，请重新同步。")
    stamps = [control.stamps[number] for number in reader.unsigned(received + own)]
    shifts = reader.signed(received)
    effective, as_written = reader.signed(own), reader.unsigned(own)
    lengths, steps = reader.unsigned(own), reader.signed(own)
    reader.require_end()
    entries: list[PageEntry] = [
        Received(each, _verdict(stamp, each.skeleton.effective_at + shift))
        for each, stamp, shift in zip(operations, stamps, shifts, strict=False)
    ]
    end = 0
    columns = zip(stamps[received:], effective, as_written, lengths, steps, strict=True)
    for stamp, at, flag, length, step in columns:
        seq_from, end = end + step, end + step + length
        if not 1 <= seq_from <= end <= 2**48 or flag > 1:
            raise MalformedBatch("页面里的序号不对，请重新同步。")
        entries.append(Own(seq_from, end, _verdict(stamp, at), bool(flag)))
    return entries


def _stamp(verdict: Verdict) -> Stamp:
    return (
        verdict.epoch, verdict.county_seq, verdict.status, verdict.cap_ms,
        verdict.rank, verdict.reason,
    )  # fmt: skip


def _verdict(stamp: Stamp, effective_at: int) -> Verdict:
    epoch, county_seq, status, cap_ms, rank, reason = stamp
    return Verdict(epoch, county_seq, status, cap_ms, effective_at, rank, reason)
