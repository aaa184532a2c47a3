"""Operations in the ledger: appended once, read by record, stream or id, erased only by a purge."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import bindparam, literal_column, select

from server.schema import judgements, operations, streams
from server.storage.access import Access
from server.storage.rows import StoredOperation
from shared.fold import Entry
from shared.operation import Operation, Skeleton
from shared.verdict import Status, Verdict

_PLACE = "operations"
_decode_skeleton = msgspec.msgpack.Decoder(Skeleton).decode
_o = operations.c
_j = judgements.c
_UNJUDGED = (_o.id, _o.skeleton, _o.salt, _o.data, _o.record)
_VERDICT = (
    _j.operation, _j.epoch, _j.county_seq, _j.status, _j.cap_ms, _j.effective_at, _j.rank,
    _j.reason,
)  # fmt: skip
_ROW = tuple(column for column in _o if column.name != "county")
_STATUS = {status.value: status for status in Status}


class Operations(Access):
    """The append-only table. Data is sealed on the way in and opened on the way out."""

    def append_operations(self, rows: Sequence[StoredOperation]) -> int:
        """Append operations; return how many were new. One whose id is there changes nothing.

        Raises AlreadyThere where another operation stands at the same (stream, branch, seq): a
        fork, which the core puts on a branch of its own.
        """
        return self._insert_new(
            operations,
            [
                row if row.data is None else row._replace(data=self.seal(_PLACE, row.id, row.data))
                for row in rows
            ],
            "id",
        )

    def known_ids(self, ids: Collection[bytes]) -> set[bytes]:
        """Return those of `ids` that are in the ledger, whatever their verdict."""
        return {row[0] for row in self._found([_o.id], _o.id, ids)}

    def operation(self, operation: bytes) -> Operation | None:
        """Return one operation by its id."""
        return self.operations([operation]).get(operation)

    def operations(self, ids: Collection[bytes]) -> dict[bytes, Operation]:
        """Return operations by id; ids that are not in the ledger are left out."""
        return {one: entry.operation for one, entry in self.entries(ids).items()}

    def entries(self, ids: Collection[bytes]) -> dict[bytes, Entry]:
        """Return operations with their verdicts in force, by id (for pages of the feed)."""
        found = self._found(_UNJUDGED, _o.id, ids)
        verdicts = self._verdicts({row[4] for row in found})
        return {row[0]: self._entry(row, verdicts) for row in found}

    def operations_of(self, records: Collection[bytes]) -> dict[bytes, list[Entry]]:
        """Return what fold takes, by record: every operation of it with its verdict in force."""
        folds: dict[bytes, list[Entry]] = {record: [] for record in records}
        verdicts = self._verdicts(folds)
        for row in self._found(_UNJUDGED, _o.record, folds):
            folds[row[4]].append(self._entry(row, verdicts))
        return folds

    def stored(self, ids: Collection[bytes]) -> dict[bytes, StoredOperation]:
        """Return the rows of these operations, data opened."""
        found = self._found(_ROW, _o.id, ids)
        return {row.id: row for row in self._opened_operations(found)}

    def stream_operations(
        self,
        stream: bytes,
        *,
        branch: int = 0,
        after_seq: int = 0,
        limit: int = 1000,
        opened: bool = True,
    ) -> list[StoredOperation]:
        """Return the next operations of a stream in order of seq, data opened (or still sealed)."""
        statement = self._select(operations).where(
            _o.stream == stream, _o.branch == branch, _o.seq > after_seq
        )
        found = self.connection.execute(statement.order_by(_o.seq).limit(limit)).all()
        return self._opened_operations(found) if opened else [StoredOperation(*r) for r in found]

    def data_of(self, row: StoredOperation) -> bytes | None:
        """Return the data of a row that came still sealed; raise SealBroken."""
        return None if row.data is None else self.open(_PLACE, row.id, row.data)

    def place(self, stream: bytes, seq: int, *, branch: int = 0) -> tuple[bytes, bytes] | None:
        """Return id and record of operation `seq` of a stream; None where it is not there."""
        found = self.connection.execute(
            select(_o.id, _o.record).where(
                _o.county == self.county, _o.stream == stream, _o.branch == branch, _o.seq == seq
            )
        ).first()
        return None if found is None else (found[0], found[1])

    def last_session(self, stream: bytes, *, before_seq: int) -> bytes | None:
        """Return the id of a stream's last session operation before a sequence number."""
        statement = (
            select(_o.id)
            .where(_o.county == self.county, _o.stream == stream, _o.branch == 0)
            .where(_o.seq < before_seq, _o.kind == literal_column("'session'"))  # as the index says
            .order_by(_o.seq.desc())
            .limit(1)
        )
        return self.connection.execute(statement).scalar()

    def last_sessions(self) -> dict[bytes, bytes]:
        """Return stream → its newest session operation, of every stream that has one."""
        newest = (
            select(_o.id)
            .where(_o.county == self.county, _o.stream == streams.c.stream, _o.branch == 0)
            .where(_o.kind == literal_column("'session'"))
            .order_by(_o.seq.desc())
            .limit(1)
            .correlate(streams)
            .scalar_subquery()
        )
        statement = select(streams.c.stream, newest).where(
            streams.c.county == self.county, streams.c.branch == 0
        )
        return {row[0]: row[1] for row in self.connection.execute(statement) if row[1]}

    def devices_of(self, ids: Collection[bytes]) -> dict[bytes, bytes]:
        """Return operation → the device in whose stream it stands."""
        found = {row[0]: row[1] for row in self._found([_o.id, _o.stream], _o.id, ids)}
        s = streams.c
        owners = self._found([s.stream, s.device], s.stream, set(found.values()))
        device = {row[0]: row[1] for row in owners}
        return {one: device[stream] for one, stream in found.items() if stream in device}

    def record_ids(self, *, after: bytes = b"", limit: int = 1000) -> list[bytes]:
        """Return the next ids of records that operations name, in order (verify, rebuild)."""
        statement = (
            select(_o.record)
            .where(_o.county == self.county, _o.record > after)
            .distinct()
            .order_by(_o.record)
            .limit(limit)
        )
        return list(self.connection.execute(statement).scalars())

    def all_record_ids(self) -> Iterator[bytes]:
        """Go through all records of the ledger in order, a batch at a time."""
        after = b""
        while batch := self.record_ids(after=after):
            yield from batch
            after = batch[-1]

    def erase_data(self, ids: Iterable[bytes]) -> None:
        """Delete data and salt of operations that an admitted purge names; skeletons stay."""
        of = [{"of": one} for one in ids]
        if of:
            self.connection.execute(
                self._update(operations)
                .where(_o.id == bindparam("of"))
                .values(data=None, salt=None),
                of,
            )

    def count_operations(self) -> int:
        """Return how many operations the ledger holds."""
        return self._count(operations)

    # ---- rows

    def _verdicts(self, records: Collection[bytes]) -> dict[bytes, Verdict]:
        """The verdicts in force on these records. Two look-ups, because a join may plan badly."""
        return {
            row[0]: Verdict(row[1], row[2], _STATUS[row[3]], *row[4:])
            for row in self._found(_VERDICT, _j.record, records)
        }

    def _entry(self, row: Any, verdicts: Mapping[bytes, Verdict]) -> Entry:
        operation, skeleton, salt, sealed = row[:4]
        data = None if sealed is None else self.open(_PLACE, operation, sealed)
        return Entry(
            Operation(operation, _decode_skeleton(skeleton), skeleton, salt, data),
            verdicts.get(operation),
        )

    def _opened_operations(self, found: Iterable[Any]) -> list[StoredOperation]:
        rows = (StoredOperation(*row) for row in found)
        return [
            row if row.data is None else row._replace(data=self.open(_PLACE, row.id, row.data))
            for row in rows
        ]
