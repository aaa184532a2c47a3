"""Possible double filings: blind keys of records, and the pairs they found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from server.schema import match_keys, pairs
from server.storage.access import Access
from server.storage.rows import MatchKey, PairRow

_m = match_keys.c
_p = pairs.c
_ROW = tuple(column for column in _m if column.name != "county")
_PAIR_ROW = tuple(column for column in _p if column.name != "county")


class Matching(Access):
    """Match keys are projections under the core's key; nothing of them leaves the core."""

    def put_match_keys(
        self, keys: Mapping[bytes, Iterable[MatchKey]], earlier: Collection[bytes] | None = None
    ) -> None:
        """Replace the blind keys of records; `earlier`: those of them that may have any."""
        replaced = list(keys if earlier is None else earlier)
        if replaced:
            self.connection.execute(
                self._delete(match_keys).where(self._among(_m.record, replaced))
            )
        self._insert(match_keys, [row for rows in keys.values() for row in rows])

    def matches(self, blind: Collection[bytes]) -> list[MatchKey]:
        """Return the keys that equal one of these, with the records they belong to. A blind key
        tells its kind: equal ones are of one kind."""
        found = self._found(_ROW, _m.blind, blind)
        return sorted((MatchKey(*row) for row in found), key=lambda row: (row.blind, row.record))

    def match_keys_of(self, record: bytes, kind: str) -> list[MatchKey]:
        """Return the keys of one kind that a record has."""
        statement = self._select(match_keys).where(_m.record == record, _m.kind == kind)
        return self._rows(MatchKey, statement.order_by(_m.blind))

    def match_keys_on(self, records: Collection[bytes]) -> dict[bytes, list[MatchKey]]:
        """Return every key of these records, by record, in an order of its own."""
        keys: dict[bytes, list[MatchKey]] = {record: [] for record in records}
        for row in sorted(MatchKey(*one) for one in self._found(_ROW, _m.record, records)):
            keys[row.record].append(row)
        return keys

    def add_pairs(self, rows: Sequence[PairRow]) -> None:
        """Enter newly found pairs; a pair that is known keeps its state."""
        self._insert_new(pairs, rows, "pair")

    def put_pair(self, row: PairRow) -> None:
        """Write a pair, for example after it was settled."""
        self._upsert(pairs, [row])

    def pair(self, pair: bytes) -> PairRow | None:
        """Return one pair."""
        return self._row(PairRow, self._select(pairs).where(_p.pair == pair))

    def list_pairs(self, state: str = "open") -> list[PairRow]:
        """Return the pairs in a state, the oldest first."""
        statement = self._select(pairs).where(_p.state == state)
        return self._rows(PairRow, statement.order_by(_p.found_at, _p.pair))

    def pairs_among(self, records: Collection[bytes]) -> list[PairRow]:
        """Return every pair that one of these records is a half of, the oldest first."""
        found = {PairRow(*row) for half in (_p.one, _p.other)
                 for row in self._found(_PAIR_ROW, half, records)}  # fmt: skip
        return sorted(found, key=lambda row: (row.found_at, row.pair))
