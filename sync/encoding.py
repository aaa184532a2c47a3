"""From operations into columns."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from shared.clock import COUNTER_BITS
from shared.operation import VERSION, Operation, Skeleton, salt_of
from sync import deflate
from sync.batch import (
    COUNTER_MASK,
    DERIVED,
    EARLIER,
    ELSEWHERE,
    IN_BATCH,
    LISTED,
    NO_DATA,
    OF_PARENT,
    SALT_RAW,
    SEEDED,
    Control,
    PlaceOf,
    control_encoder,
    derive_record_id,
)  # fmt: skip
from sync.columns import Writer

T = TypeVar("T", bound=Hashable)


class Encoding:
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
        control = Control(
            len(self.everything), list(streams), list(authors), list(sites),
            self._openings(sessions), list(families), list(self.seeds),
            list(self.records), list(self.parents),
            [self.writer.maps(each) for each in rows],
            [
                (at, each.skeleton_bytes, each.salt, each.data_bytes)
                for at, each in enumerate(self.everything)
                if each.skeleton.version != VERSION
            ],
        )  # fmt: skip
        return deflate.compress(self.writer.sections(control_encoder.encode(control)))

    def _table(self, values: Sequence[T]) -> dict[T, int]:
        table: dict[T, int] = {}
        self.writer.unsigned([table.setdefault(value, len(table)) for value in values])
        return table

    def _openings(self, sessions: Iterable[bytes | None]) -> list[bytes | int | None]:
        """Return how each session's opening travels: most lie in the batch or before it."""
        used: dict[bytes | None, int] = {}
        for at in self.columnar_at:
            used.setdefault(self.everything[at].skeleton.session, at)
        return [session and self._opening(session, used[session]) for session in sessions]

    def _opening(self, session: bytes, used: int) -> bytes | int:
        at = self.positions.get(session, used)
        if at < used:
            return at
        place = self.place_of(session) if self.place_of else None
        if place is not None and place.seq < self.everything[0].skeleton.seq:
            return -place.seq
        return session

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
        self.writer.unsigned([each.clock & COUNTER_MASK for each in skeletons])
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
                seed_of.append(NO_DATA)
                raw.append(skeleton.data_hash)
            elif seed is not None and salt_of(seed, skeleton.seq) == salt:
                seed_of.append(SEEDED + self.seeds.setdefault(seed, len(self.seeds)))
            else:
                seed_of.append(SALT_RAW)
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
                record_of.append(OF_PARENT)
            elif seeded >= SEEDED and skeleton.record == derive_record_id(
                seeds[seeded - SEEDED], skeleton.seq, skeleton.clock >> COUNTER_BITS
            ):
                record_of.append(DERIVED)
            else:
                number = self.records.setdefault(skeleton.record, len(self.records))
                record_of.append(LISTED + number)
        self.writer.unsigned([len(each.skeleton.parents) for each in self.columnar])
        self.writer.unsigned(references)
        self.writer.unsigned(record_of)

    def _reference(self, own: int, seq: int, parent: bytes) -> tuple[int, bytes | None]:
        at = self.positions.get(parent, own)
        if at < own:
            return 3 * (own - at) + IN_BATCH, self.everything[at].skeleton.record
        place = self.place_of(parent) if self.place_of else None
        if place is not None and place.seq < self.everything[0].skeleton.seq:
            return 3 * (seq - place.seq) + EARLIER, place.record
        return 3 * self.parents.setdefault(parent, len(self.parents)) + ELSEWHERE, None
