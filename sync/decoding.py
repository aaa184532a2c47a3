"""From columns back into operations, each checked like one that came as bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, TypeVar

from shared import operation
from shared.canonical import Value
from shared.clock import COUNTER_BITS
from shared.operation import (
    DATA_BYTES_MAX,
    SALT_BYTES,
    VERSION,
    Operation,
    Skeleton,
    data_hash,
    encode_skeleton,
    salt_of,
)  # fmt: skip
from sync.batch import (
    DATA_TOTAL_MAX,
    DERIVED,
    EARLIER,
    HASH_BYTES,
    IN_BATCH,
    LISTED,
    NO_DATA,
    OF_PARENT,
    SEEDED,
    Earlier,
    EarlierMissing,
    Origin,
    control_decoder,
    derive_record_id,
)  # fmt: skip
from sync.columns import Reader, encode_data
from sync.deflate import MalformedBatch
from sync.nodes import NodeBudget

T = TypeVar("T")


class Decoding:
    """One batch on its way out of columns."""

    def __init__(self, reader: Reader, earlier: Earlier | None, count_max: int) -> None:
        self.reader = reader
        self.earlier = earlier
        self._nodes = NodeBudget(reader.control)
        self.control = control = control_decoder.decode(reader.control)
        self.raw = {at: (head, salt, data) for at, head, salt, data in control.raw}
        self.size = control.count - len(self.raw)
        if control.count > count_max or self.size < 0:
            raise MalformedBatch("批次里的操作过多，已拒收，请分成几批。")
        if len(control.families) > self.size:
            raise MalformedBatch("批次的列说明不完整，请重新传送。")
        self.done: list[Operation] = []
        self.data_left = DATA_TOTAL_MAX
        self._origins: dict[int, Origin] = {}

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
            if record_of[n] == DERIVED:
                seed = control.seeds[_at(seed_of[n] - SEEDED)]
                record = derive_record_id(seed, seqs[n], instants[n])
            elif record_of[n] != OF_PARENT:
                record = control.records[record_of[n] - LISTED]
            kind, act = control.families[family_of[n]]
            salt, known_hash = secrets[n]
            data_bytes, value = None, None
            if salt is not None:
                data_bytes, value = next(data[family_of[n]])
                known_hash = data_hash(salt, data_bytes)
            skeleton = Skeleton(
                VERSION, streams[n], seqs[n], authors[n], sites[n],
                self._session(sessions[n]), record or b"", kind, act, parents,
                (instants[n] << COUNTER_BITS) + counters[n], qualities[n],
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
            if seeded >= SEEDED:
                secrets.append((salt_of(seeds[seeded - SEEDED], seq), b""))
            elif seeded == NO_DATA:
                secrets.append((None, raw(HASH_BYTES)))
            else:
                secrets.append((raw(SALT_BYTES), b""))
        return secrets

    def _data(
        self, family_of: Sequence[int], seed_of: Sequence[int]
    ) -> list[Iterator[tuple[bytes, dict[str, Value]]]]:
        counts = [0] * len(self.control.families)
        for family, seeded in zip(family_of, seed_of, strict=True):
            counts[family] += seeded != NO_DATA
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
                raise MalformedBatch("批次里的数据过多，已拒收，请分成几批。")
            yield data_bytes, row

    def _pass_raw(self, at: int) -> int:
        """Take in what stands at `at` as bytes; return the next position in columns."""
        while (row := self.raw.get(at)) is not None:
            self._nodes.spend(row[2] or b"")
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
            if way == IN_BATCH:
                parent = self.done[_at(at - distance)]
                found, record = parent.id, parent.skeleton.record
            elif way == EARLIER:
                found, record = self._earlier(seq - distance)
            else:
                found, record = self.control.parents[distance], None
            parents.append(found)
            first = record if number == 0 else first
        return tuple(parents), first

    def _session(self, opening: bytes | int | None) -> bytes | None:
        """Return the id of a session's opening, which precedes every operation that names it."""
        if not isinstance(opening, int):
            return opening
        return self.done[opening].id if opening >= 0 else self._earlier(-opening).id

    def _earlier(self, seq: int) -> Origin:
        """Return an operation of an earlier batch; asked once, since a whole session names one."""
        found = self._origins.get(seq)
        if found is None:
            found = self.earlier(seq) if self.earlier else None
            if found is None:
                raise EarlierMissing(f"本流第 {seq} 号操作还没有送达，请先传送较早的信封。")
            self._origins[seq] = found
        return found


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
    return Operation(checked.id, checked.skeleton, checked.skeleton_bytes, salt, data_bytes, [data])
