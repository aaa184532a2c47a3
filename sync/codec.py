"""The batch: operations in columns, lossless, for envelopes and pages.

What the receiver can compute does not travel: ids, data hashes, salts of a block whose seed travels,
the id of a record created here, the record of an operation whose parent is at hand. The receiver
rebuilds each skeleton exactly and proves it by id and head. What does not fit columns (a newer
version) travels as its bytes. docs/decisions/0003-batch.md tells why it is cut this way.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec
from msgspec import Meta

from shared import canonical, operation
from shared.canonical import Value
from shared.clock import COUNTER_BITS
from shared.ids import uuid7
from shared.operation import (
    DATA_BYTES_MAX,
    SALT_BYTES,
    VERSION,
    Bytes16,
    Bytes32,
    MalformedOperation,
    Operation,
    Skeleton,
    data_hash,
    encode_skeleton,
    salt_of,
)  # fmt: skip
from sync import deflate
from sync.columns import Reader, Writer, encode_data
from sync.deflate import MalformedBatch
from sync.frame import Malformed

OPERATIONS_MAX = 10_000
DATA_TOTAL_MAX = 64 << 20
"""Bytes of data in one batch, as stored."""

_COUNTER_MASK = (1 << COUNTER_BITS) - 1
_HASH_BYTES = 32
# How an operation's salt travels; from _SEEDED on: the number of its block's seed.
_SALT_RAW, _NO_DATA, _SEEDED = 0, 1, 2
# How an operation's record travels; from _LISTED on: its number in the table.
_DERIVED, _OF_PARENT, _LISTED = 0, 1, 2
# How a parent travels: three times its distance or number, and one of these.
_IN_BATCH, _EARLIER, _ELSEWHERE = 0, 1, 2


class EarlierMissing(Malformed):
    """A batch that names an earlier operation of its stream which has not arrived here yet."""


class Place(NamedTuple):
    """Where an earlier operation of the same stream stands, and whose history it belongs to."""

    seq: int
    record: bytes


class Origin(NamedTuple):
    """An earlier operation of the same stream, as the receiver knows it."""

    id: bytes
    record: bytes


PlaceOf = Callable[[bytes], Place | None]
"""Sender: operation id → its place in the own stream; None for anybody else's."""
Earlier = Callable[[int], Origin | None]
"""Receiver: sequence number of the same stream → operation; None where it is not there."""

T = TypeVar("T", bound=Hashable)


class _Control(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """Tables the integer columns point into, and descriptors of the data columns."""

    count: Annotated[int, Meta(ge=0, le=OPERATIONS_MAX)]
    streams: list[Bytes16]
    authors: list[str]
    sites: list[str]
    sessions: list[Bytes32 | None]
    families: list[tuple[str, str]]
    """Kind and act."""
    seeds: list[Bytes32]
    records: list[Bytes16]
    parents: list[Bytes32]
    columns: list[list[Any]]
    """For each family: the descriptor of its data."""
    raw: list[tuple[int, bytes, bytes | None, bytes | None]]
    """Position, skeleton, salt and data of what fits no column."""


_control_encoder = msgspec.msgpack.Encoder()
_control_decoder = msgspec.msgpack.Decoder(_Control)


def derive_record_id(seed: bytes, seq: int, ms: int) -> bytes:
    """Return the id of the record that operation `seq` of the block of `seed` creates.

    `ms` is the instant (Unix ms) of that operation's clock: `clock.ms_of(clock)`. A UUIDv7 whose
    entropy is HMAC-SHA-256(seed, "record" ‖ seq), so that the id need not travel beside the seed.
    """
    return uuid7(ms, hmac.digest(seed, b"record" + seq.to_bytes(8, "big"), "sha256")[:10])


def encode_batch(
    operations: Sequence[Operation],
    seeds: Mapping[int, bytes] | None = None,
    place_of: PlaceOf | None = None,
) -> bytes:
    """Return the operations as one compressed batch.

    `seeds` maps the first seq of each block of the (one) stream to its salt seed: only seeds the
    batch uses travel, and a seed that does not make a salt is no harm, that salt travels itself.
    `place_of` names earlier operations of the same stream that the receiver has for certain.
    Raises MalformedBatch over 10,000 operations or 16 MiB.
    """
    if len(operations) > OPERATIONS_MAX:
        raise MalformedBatch(f"一批有 {len(operations)} 个操作，超过上限，请分成几批。")
    return _Encoding(operations, seeds or {}, place_of).encode()


def decode_batch(
    raw: bytes, earlier: Earlier | None = None, *, count_max: int = OPERATIONS_MAX
) -> list[Operation]:
    """Return the operations of a batch; raise MalformedBatch or EarlierMissing.

    `earlier` answers for sequence numbers before the batch (see `Envelope.open`).
    """
    inflated = deflate.inflate(raw)
    try:
        return _Decoding(Reader(inflated), earlier, count_max).operations()
    except (
        msgspec.DecodeError, canonical.NotCanonical, MalformedOperation,
        IndexError, OverflowError, RecursionError, StopIteration, UnicodeError,
    ) as error:  # fmt: skip
        raise MalformedBatch("批次的内容无法读取，请重新传送。") from error


class _Encoding:
    """One batch on its way into columns."""

    def __init__(
        self, operations: Sequence[Operation], seeds: Mapping[int, bytes], place_of: PlaceOf | None
    ) -> None:
        self.positions = {each.id: at for at, each in enumerate(operations)}
        self.everything = operations
        self.columnar_at = [
            at for at, each in enumerate(operations) if each.skeleton.version == VERSION
        ]
        self.columnar = [operations[at] for at in self.columnar_at]
        self.block_starts = sorted(seeds)
        self.block_seeds = seeds
        self.place_of = place_of
        self.writer = Writer()
        self.seeds: dict[bytes, int] = {}
        self.records: dict[bytes, int] = {}
        self.parents: dict[bytes, int] = {}

    def encode(self) -> bytes:
        skeletons = [each.skeleton for each in self.columnar]
        streams = self._table([each.stream for each in skeletons])
        self._sequences(skeletons)
        authors = self._table([each.author for each in skeletons])
        sites = self._table([each.site for each in skeletons])
        sessions = self._table([each.session for each in skeletons])
        families = self._table([(each.kind, each.act) for each in skeletons])
        self._times(skeletons)
        seed_of = self._salts()
        self._lineage(seed_of)
        rows: list[list[dict[str, Any]]] = [[] for _ in families]
        for each in self.columnar:
            if each.data_bytes is not None:
                number = families[each.skeleton.kind, each.skeleton.act]
                rows[number].append(each.data)
        control = _Control(
            len(self.everything), list(streams), list(authors), list(sites), list(sessions),
            list(families), list(self.seeds), list(self.records), list(self.parents),
            [self.writer.maps(each) for each in rows],
            [
                (at, each.skeleton_bytes, each.salt, each.data_bytes)
                for at, each in enumerate(self.everything)
                if each.skeleton.version != VERSION
            ],
        )  # fmt: skip
        return deflate.compress(self.writer.sections(_control_encoder.encode(control)))

    def _table(self, values: Sequence[T]) -> dict[T, int]:
        table: dict[T, int] = {}
        self.writer.unsigned([table.setdefault(value, len(table)) for value in values])
        return table

    def _sequences(self, skeletons: Sequence[Skeleton]) -> None:
        due: dict[bytes, int] = {}
        steps = []
        for each in skeletons:
            steps.append(each.seq - due.get(each.stream, 0))
            due[each.stream] = each.seq + 1
        self.writer.signed(steps)

    def _times(self, skeletons: Sequence[Skeleton]) -> None:
        instants = [each.clock >> COUNTER_BITS for each in skeletons]
        before = [0, *instants]
        self.writer.signed([now - then for now, then in zip(instants, before, strict=False)])
        self.writer.unsigned([each.clock & _COUNTER_MASK for each in skeletons])
        self.writer.unsigned([each.quality for each in skeletons])
        self.writer.signed(
            [each.effective_at - now for each, now in zip(skeletons, instants, strict=True)]
        )

    def _salts(self) -> list[int]:
        """Write how each salt travels, then what travels of them, and data hashes without data."""
        seed_of, raw = [], []
        start, seed = 0, None
        following = iter([*self.block_starts, 2**63])
        upcoming = next(following)
        for each in self.columnar:
            skeleton, salt = each.skeleton, each.salt
            while skeleton.seq >= upcoming:
                start, upcoming = upcoming, next(following)
                seed = self.block_seeds[start]
            if salt is None or each.data_bytes is None:
                seed_of.append(_NO_DATA)
                raw.append(skeleton.data_hash)
            elif seed is not None and salt_of(seed, skeleton.seq) == salt:
                seed_of.append(_SEEDED + self.seeds.setdefault(seed, len(self.seeds)))
            else:
                seed_of.append(_SALT_RAW)
                raw.append(salt)
        self.writer.unsigned(seed_of)
        self.writer.raw(raw)
        return seed_of

    def _lineage(self, seed_of: Sequence[int]) -> None:
        """Write how many parents each has, which ones, and whose history each belongs to."""
        seeds = list(self.seeds)
        references: list[int] = []
        record_of = []
        for at, seeded in zip(self.columnar_at, seed_of, strict=True):
            skeleton = self.everything[at].skeleton
            first: bytes | None = None
            for number, parent in enumerate(skeleton.parents):
                reference, record = self._reference(at, skeleton.seq, parent)
                references.append(reference)
                first = record if number == 0 else first
            if first == skeleton.record:
                record_of.append(_OF_PARENT)
            elif seeded >= _SEEDED and skeleton.record == derive_record_id(
                seeds[seeded - _SEEDED], skeleton.seq, skeleton.clock >> COUNTER_BITS
            ):
                record_of.append(_DERIVED)
            else:
                number = self.records.setdefault(skeleton.record, len(self.records))
                record_of.append(_LISTED + number)
        self.writer.unsigned([len(each.skeleton.parents) for each in self.columnar])
        self.writer.unsigned(references)
        self.writer.unsigned(record_of)

    def _reference(self, own: int, seq: int, parent: bytes) -> tuple[int, bytes | None]:
        at = self.positions.get(parent, own)
        if at < own:
            return 3 * (own - at) + _IN_BATCH, self.everything[at].skeleton.record
        place = self.place_of(parent) if self.place_of else None
        if place is not None and place.seq < self.everything[0].skeleton.seq:
            return 3 * (seq - place.seq) + _EARLIER, place.record
        return 3 * self.parents.setdefault(parent, len(self.parents)) + _ELSEWHERE, None


class _Decoding:
    """One batch on its way out of columns."""

    def __init__(self, reader: Reader, earlier: Earlier | None, count_max: int) -> None:
        self.reader = reader
        self.earlier = earlier
        self.control = control = _control_decoder.decode(reader.control)
        self.raw = {at: (head, salt, data) for at, head, salt, data in control.raw}
        self.size = control.count - len(self.raw)
        if control.count > count_max or self.size < 0:
            raise MalformedBatch("批次里的操作过多，已拒收，请分成几批。")
        self.done: list[Operation] = []
        self.data_left = DATA_TOTAL_MAX

    def operations(self) -> list[Operation]:
        control, reader, size = self.control, self.reader, self.size
        streams = self._pick(control.streams)
        seqs = self._sequences(streams)
        authors, sites = self._pick(control.authors), self._pick(control.sites)
        sessions = self._pick(control.sessions)
        family_of = reader.unsigned(size)
        instants = list(accumulate(reader.signed(size)))
        counters, qualities = reader.unsigned(size), reader.unsigned(size)
        effective = reader.signed(size)
        seed_of = reader.unsigned(size)
        secrets = self._secrets(seqs, seed_of)
        parent_counts = reader.unsigned(size)
        references = iter(reader.unsigned(sum(parent_counts)))
        record_of = reader.unsigned(size)
        data = self._data(family_of, seed_of)
        reader.require_end()
        at = 0
        for n in range(size):
            at = self._pass_raw(at)
            parents, record = self._parents(at, seqs[n], references, parent_counts[n])
            if record_of[n] == _DERIVED:
                seed = control.seeds[_at(seed_of[n] - _SEEDED)]
                record = derive_record_id(seed, seqs[n], instants[n])
            elif record_of[n] != _OF_PARENT:
                record = control.records[record_of[n] - _LISTED]
            kind, act = control.families[family_of[n]]
            salt, known_hash = secrets[n]
            data_bytes, value = None, None
            if salt is not None:
                data_bytes, value = next(data[family_of[n]])
                known_hash = data_hash(salt, data_bytes)
            skeleton = Skeleton(
                VERSION, streams[n], seqs[n], authors[n], sites[n], sessions[n], record or b"",
                kind, act, parents, (instants[n] << COUNTER_BITS) + counters[n], qualities[n],
                instants[n] + effective[n], known_hash,
            )  # fmt: skip
            self.done.append(_operation(skeleton, salt, data_bytes, value))
            at += 1
        self._pass_raw(at)
        if len(self.done) != control.count:
            raise MalformedBatch("批次里的操作位置不对，请重新传送。")
        return self.done

    def _pick(self, table: Sequence[T]) -> list[T]:
        return [table[number] for number in self.reader.unsigned(self.size)]

    def _sequences(self, streams: Sequence[bytes]) -> list[int]:
        due: dict[bytes, int] = {}
        seqs = []
        for stream, step in zip(streams, self.reader.signed(self.size), strict=True):
            seq = due.get(stream, 0) + step
            due[stream] = seq + 1
            seqs.append(seq)
        return seqs

    def _secrets(
        self, seqs: Sequence[int], seed_of: Sequence[int]
    ) -> list[tuple[bytes | None, bytes]]:
        """Return each operation's salt, or the data hash that travels where there is no data."""
        seeds, raw = self.control.seeds, self.reader.raw
        secrets: list[tuple[bytes | None, bytes]] = []
        for seq, seeded in zip(seqs, seed_of, strict=True):
            if seeded >= _SEEDED:
                secrets.append((salt_of(seeds[seeded - _SEEDED], seq), b""))
            elif seeded == _NO_DATA:
                secrets.append((None, raw(_HASH_BYTES)))
            else:
                secrets.append((raw(SALT_BYTES), b""))
        return secrets

    def _data(
        self, family_of: Sequence[int], seed_of: Sequence[int]
    ) -> list[Iterator[tuple[bytes, dict[str, Value]]]]:
        counts = [0] * len(self.control.families)
        for family, seeded in zip(family_of, seed_of, strict=True):
            counts[family] += seeded != _NO_DATA
        if len(self.control.columns) != len(counts):
            raise MalformedBatch("批次的列说明不完整，请重新传送。")
        return [
            self._encoded(*self.reader.maps(descriptor, count))
            for descriptor, count in zip(self.control.columns, counts, strict=True)
        ]

    def _encoded(
        self, rows: list[dict[str, Value]], exact: bool
    ) -> Iterator[tuple[bytes, dict[str, Value]]]:
        for row in rows:
            data_bytes = encode_data(row, exact)
            self.data_left -= len(data_bytes)
            if len(data_bytes) > DATA_BYTES_MAX or self.data_left < 0:
                raise MalformedBatch("批次里的内容过多，已拒收，请分成几批。")
            yield data_bytes, row

    def _pass_raw(self, at: int) -> int:
        """Take in what stands at `at` as bytes; return the next position in columns."""
        while (row := self.raw.get(at)) is not None:
            self.done.append(operation.restore(*row))
            at += 1
        return at

    def _parents(
        self, at: int, seq: int, references: Iterator[int], count: int
    ) -> tuple[tuple[bytes, ...], bytes | None]:
        """Return the parents of the operation at `at`, and the record of the first."""
        if not count:
            return (), None
        parents = []
        first: bytes | None = None
        for number in range(count):
            distance, way = divmod(next(references), 3)
            if way == _IN_BATCH:
                parent = self.done[_at(at - distance)]
                found, record = parent.id, parent.skeleton.record
            elif way == _EARLIER:
                found, record = self._earlier(seq - distance)
            else:
                found, record = self.control.parents[distance], None
            parents.append(found)
            first = record if number == 0 else first
        return tuple(parents), first

    def _earlier(self, seq: int) -> Origin:
        origin = self.earlier(seq) if self.earlier else None
        if origin is None:
            raise EarlierMissing(f"本流第 {seq} 号操作还没有送达，请先传送较早的信封。")
        return origin


def _at(number: int) -> int:
    """Return an index; below zero is beyond the end, never from the end."""
    if number < 0:
        raise IndexError(number)
    return number


def _operation(
    skeleton: Skeleton, salt: bytes | None, data_bytes: bytes | None, data: Any
) -> Operation:
    """Return the operation of columns, its skeleton checked like one that came as bytes."""
    checked = operation.restore(encode_skeleton(skeleton), None, None)
    if salt is None:
        return checked
    return Operation(
        checked.id, checked.skeleton, checked.skeleton_bytes, salt, data_bytes, [data]
    )
