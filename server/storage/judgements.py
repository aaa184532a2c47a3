"""Judgements: the verdict in force for every operation, and what the operation did."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import bindparam, literal_column, or_, tuple_

from server.schema import judgements, operations
from server.storage.access import Access, dialect_insert
from server.storage.rows import Judgement, StateEffect
from shared.verdict import Status

_j = judgements.c
_ROW = tuple(column for column in _j if column.name != "county")
_OLDEST_FIRST = (_j.epoch, _j.county_seq, _j.effective_at, _j.operation)
_PAGE = 500
_EFFECT = frozenset({"state_before", "state_after"})


class Judgements(Access):
    """One row per judged operation. Of several verdicts the greatest (epoch, county seq) stands."""

    def put_judgements(self, rows: Sequence[Judgement]) -> None:
        """Write verdicts; one that is older than the one in force changes nothing."""
        if rows:
            ordered = sorted(
                rows, key=lambda row: (row.record, row.operation, row.epoch, row.county_seq)
            )
            self._bulk(_upsert_later(self._is_sqlite), ordered)

    def judgements_of(self, ids: Collection[bytes]) -> dict[bytes, Judgement]:
        """Return the verdicts in force by operation."""
        o = operations.c
        records = {row[0] for row in self._found([o.record], o.id, ids)}
        wanted = set(ids)
        found = (Judgement(*row) for row in self._found(_ROW, _j.record, records))
        return {row.operation: row for row in found if row.operation in wanted}

    def judgements_on(self, records: Collection[bytes]) -> dict[bytes, Judgement]:
        """Return every verdict in force on these records, by operation."""
        found = (Judgement(*row) for row in self._found(_ROW, _j.record, records))
        return {row.operation: row for row in found}

    def put_effects(self, effects: Iterable[StateEffect]) -> None:
        """Note what operations did to their records' states, after folding; equal ones are left."""
        values = [
            {
                "on": one.record,
                "of": one.operation,
                "before": one.state_before,
                "after": one.state_after,
            }
            for one in effects
        ]
        if values:
            self.connection.execute(
                self._update(judgements)
                .where(
                    _j.record == bindparam("on"),
                    _j.operation == bindparam("of"),
                    or_(
                        _j.state_before != bindparam("before"), _j.state_after != bindparam("after")
                    ),
                )
                .values(state_before=bindparam("before"), state_after=bindparam("after")),
                values,
            )

    def unsettled(
        self, status: Status = Status.HELD, *, after: bytes = b"", limit: int = 500
    ) -> list[Judgement]:
        """Return the next held or refused operations, in order of their ids."""
        statement = (
            self._select(judgements)
            .where(_j.status != Status.ADMITTED.value, _j.status == status.value)
            .where(_j.operation > after)
        )
        return self._rows(Judgement, statement.order_by(_j.operation).limit(limit))

    def waiting(self, status: Status = Status.HELD) -> Iterator[list[Judgement]]:
        """Go through all held or refused operations, a page at a time, the oldest first.

        In the order of the verdicts on them; those of one envelope as they were done.
        """
        statement = (
            self._select(judgements)
            .where(_j.status != Status.ADMITTED.value, _j.status == status.value)
            .order_by(*_OLDEST_FIRST)
            .limit(_PAGE)
        )
        page = self._rows(Judgement, statement)
        while page:
            yield page
            last = page[-1]
            place = (last.epoch, last.county_seq, last.effective_at, last.operation)
            page = self._rows(Judgement, statement.where(tuple_(*_OLDEST_FIRST) > tuple_(*place)))

    def judged(
        self, kind: str, act: str, from_on: int, to_on: int, *, sites: Collection[str] | None = None
    ) -> list[Judgement]:
        """Return admitted acts of one sort with effective date in [from_on, to_on]."""
        statement = self._select(judgements).where(
            _j.kind == kind,
            _j.act == act,
            _j.effective_on.between(from_on, to_on),
            _j.status == Status.ADMITTED.value,
        )
        if sites is not None:
            statement = statement.where(self._among(_j.site, sites))
        return self._rows(Judgement, statement.order_by(_j.effective_on, _j.operation))

    def decisions(
        self, acts: Collection[str], *, before: tuple[int, int] | None = None, limit: int = 50
    ) -> list[Judgement]:
        """Return what staff did of these acts, newest first; `before` is (epoch, county seq)."""
        statement = self._select(judgements).where(
            literal_column("author >= 'staff:' AND author < 'staff;'"),  # as the index says
            _j.act.in_(acts),
        )
        if before is not None:
            statement = statement.where(tuple_(_j.epoch, _j.county_seq) < tuple_(*before))
        newest = (_j.epoch.desc(), _j.county_seq.desc())
        return self._rows(Judgement, statement.order_by(*newest).limit(limit))

    def count_unsettled(self) -> dict[str, int]:
        """Return how many operations are held and refused."""
        return {
            status.value: self._count(
                judgements, _j.status != Status.ADMITTED.value, _j.status == status.value
            )
            for status in (Status.HELD, Status.REFUSED)
        }

    def count_judgements(self) -> int:
        """Return how many operations have a verdict."""
        return self._count(judgements)


@cache
def _upsert_later(is_sqlite: bool) -> Any:
    """The verdict in force: effects stay with a row until fold says otherwise."""
    insert = dialect_insert(judgements, is_sqlite)
    excluded = insert.excluded
    keys = ["county", "record", "operation"]
    return insert.on_conflict_do_update(
        index_elements=keys,
        set_={
            c.name: excluded[c.name]
            for c in judgements.c
            if c.name not in keys and c.name not in _EFFECT
        },
        where=tuple_(excluded.epoch, excluded.county_seq) > tuple_(_j.epoch, _j.county_seq),
    )
