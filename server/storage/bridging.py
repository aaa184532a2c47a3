"""The bookkeeping of the bridge to the province (`server.bridge`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import func, select

from server.schema import (
    bridge_batches,
    bridge_cases,
    bridge_pieces,
    bridge_state,
    checkpoints,
    numbers,
    operations,
)
from server.storage.access import Access
from server.storage.desk_rows import BridgeBatch, BridgeCase, BridgePiece, BridgeState

_CASES, _PIECES = "bridge_cases", "bridge_pieces"
_NUMBERS_MAX = 1000
_b, _c, _o, _p = bridge_batches.c, bridge_cases.c, operations.c, bridge_pieces.c
_n = numbers.c


class Bridging(Access):
    """Batches, their pieces, and what was told of each case."""

    def bridge_state(self) -> BridgeState | None:
        """Return how far the county's stream was looked through; None before the first export."""
        return self._row(BridgeState, self._select(bridge_state))

    def put_bridge_state(self, row: BridgeState) -> None:
        """Write how far the county's stream was looked through."""
        self._upsert(bridge_state, [row])

    # ---- batches

    def put_bridge_batch(self, row: BridgeBatch) -> None:
        """Write a batch."""
        self._upsert(bridge_batches, [row])

    def bridge_batch(self, batch: int) -> BridgeBatch | None:
        """Return a batch by its number."""
        return self._row(BridgeBatch, self._select(bridge_batches).where(_b.batch == batch))

    def bridge_batches(self, limit: int) -> list[BridgeBatch]:
        """Return the last batches, the newest first."""
        statement = self._select(bridge_batches).order_by(_b.batch.desc()).limit(limit)
        return self._rows(BridgeBatch, statement)

    def add_bridge_pieces(self, rows: Iterable[BridgePiece]) -> None:
        """Add what a batch says of cases; sealed on the way in."""
        self._insert(
            bridge_pieces,
            [
                row._replace(content=self.seal(_PIECES, _key(row.batch, row.place), row.content))
                for row in rows
            ],
        )

    def bridge_pieces(self, batch: int, *, after: int = -1, limit: int = 500) -> list[BridgePiece]:
        """Return the next pieces of a batch in their order, opened."""
        statement = self._select(bridge_pieces).where(_p.batch == batch, _p.place > after)
        found = self._rows(BridgePiece, statement.order_by(_p.place).limit(limit))
        return [
            row._replace(content=self.open(_PIECES, _key(row.batch, row.place), row.content))
            for row in found
        ]

    def next_bridge_place(self, batch: int) -> int:
        """Return the place after the last piece of a batch."""
        statement = select(func.max(_p.place)).where(_p.county == self.county, _p.batch == batch)
        last = self.connection.execute(statement).scalar()
        return 0 if last is None else int(last) + 1

    def count_bridge_pieces(self, batch: int) -> int:
        """Return of how many cases a batch still says what it said."""
        return self._count(bridge_pieces, _p.batch == batch)

    def forget_bridge_pieces(
        self, *, of: Collection[bytes] = (), made_before: int | None = None
    ) -> None:
        """Erase what batches say of these records, and all of the batches of before an instant."""
        if of:
            self.connection.execute(
                self._delete(bridge_pieces).where(self._among(_p.record, list(of)))
            )
        if made_before is not None:
            old = select(_b.batch).where(_b.county == self.county, _b.made_at < made_before)
            self.connection.execute(self._delete(bridge_pieces).where(_p.batch.in_(old)))

    # ---- cases

    def put_bridge_cases(self, rows: Iterable[BridgeCase]) -> None:
        """Write what was told of cases; sealed on the way in."""
        self._upsert(
            bridge_cases,
            [row._replace(told=self.seal(_CASES, row.record, row.told)) for row in rows],
        )

    def bridge_cases(self, records: Collection[bytes]) -> dict[bytes, BridgeCase]:
        """Return what was told of these cases."""
        columns = [column for column in _c if column.name != "county"]
        found = (BridgeCase(*row) for row in self._found(columns, _c.record, records))
        return {row.record: self._opened_case(row) for row in found}

    def bridge_cases_in(
        self, state: str, limit: int, *, after: tuple[int, bytes] = (-1, b"")
    ) -> list[BridgeCase]:
        """Return the next cases in a state, by batch and record."""
        batch, record = after
        later = (_c.batch > batch) | ((_c.batch == batch) & (_c.record > record))
        statement = self._select(bridge_cases).where(_c.state == state, later)
        found = self._rows(BridgeCase, statement.order_by(_c.batch, _c.record).limit(limit))
        return [self._opened_case(row) for row in found]

    def count_bridge_cases(self) -> dict[str, int]:
        """Return how many cases there are in each state."""
        statement = select(_c.state, func.count()).where(_c.county == self.county)
        return {row[0]: row[1] for row in self.connection.execute(statement.group_by(_c.state))}

    def bridge_gaps(self) -> dict[str, int]:
        """Return how many cases wait for each set of codes that have no mapping."""
        statement = select(_c.missing, func.count()).where(
            _c.county == self.county, _c.missing != ""
        )
        return {row[0]: row[1] for row in self.connection.execute(statement.group_by(_c.missing))}

    # ---- the ledger, by position

    def numbers_by(self, kind: str, records: Collection[bytes]) -> dict[bytes, str]:
        """Return the number of a kind that stands for each of these records."""
        columns = [_n.record, _n.kind, _n.epoch, _n.county_seq, _n.number]
        found = sorted(row[:] for row in self._found(columns, _n.record, records))
        return {row[0]: row[4] for row in reversed(found) if row[1] == kind}

    def owners_of_numbers(self, kind: str, given: Collection[str]) -> dict[str, bytes]:
        """Return the record that each of these numbers of a kind names."""
        found: dict[str, bytes] = {}
        ordered = list(given)
        for first in range(0, len(ordered), _NUMBERS_MAX):
            part = ordered[first : first + _NUMBERS_MAX]
            statement = select(_n.number, _n.record).where(
                _n.county == self.county, _n.kind == kind, self._among(_n.number, part)
            )
            found |= {row[0]: row[1] for row in self.connection.execute(statement)}
        return found

    def places_of(self, ids: Collection[bytes]) -> list[tuple[bytes, str]]:
        """Return (record, kind) of these operations."""
        found = self._found([_o.record, _o.kind], _o.id, ids)
        return [(row[0], row[1]) for row in found]

    def places_between(self, stream: bytes, first: int, last: int) -> list[tuple[bytes, str]]:
        """Return (record, kind) of operations `first` to `last` of a stream, in their order."""
        statement = select(_o.record, _o.kind).where(
            _o.county == self.county, _o.stream == stream, _o.branch == 0,
            _o.seq >= first, _o.seq <= last,
        )  # fmt: skip
        return [(row[0], row[1]) for row in self.connection.execute(statement.order_by(_o.seq))]

    def position_before(self, at: int) -> tuple[int, int]:
        """Return the last (epoch, seq) of the county's stream written before an instant."""
        c = checkpoints.c
        found = self.connection.execute(
            select(c.epoch, c.seq)
            .where(c.county == self.county, c.at < at)
            .order_by(c.epoch.desc(), c.seq.desc())
            .limit(1)
        ).first()
        return (0, 0) if found is None else (found[0], found[1])

    def _opened_case(self, row: BridgeCase) -> BridgeCase:
        return row._replace(told=self.open(_CASES, row.record, row.told))


def _key(batch: int, place: int) -> bytes:
    return batch.to_bytes(8, "big") + place.to_bytes(8, "big")
