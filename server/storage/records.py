"""Folded records as lists show them, their routes, open conflicts and printed numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import and_, except_, func, select
from sqlalchemy.exc import IntegrityError

from server.database import DatabaseBusy
from server.schema import attached, conflicts, feed, numbers, operations, records, routes
from server.storage.access import Access
from server.storage.rows import Attached, ConflictRow, NumberRow, RecordRow

_PLACE = "records"
_a = attached.c
_r = records.c
_t = routes.c
_n = numbers.c
_SPANS_MAX = 50
_ROW = tuple(column for column in _r if column.name != "county")


_SHOWN = select(feed.c.county, operations.c.record, feed.c.scope).join(
    operations,
    and_(operations.c.county == feed.c.county, operations.c.id == feed.c.operation),
)
"""Which record the feed shows to which scope."""


class RecordFilter(NamedTuple):
    """Which records a list shows; None leaves a column open. Dates are inclusive."""

    kinds: Collection[str] | None = None
    states: Collection[str] | None = None
    sites: Collection[str] | None = None
    townships: Collection[str] | None = None
    item: str | None = None
    due_through: int | None = None
    with_conflicts: bool = False


class Records(Access):
    """The records projection. On PostgreSQL its rows are also what two writers wait for."""

    def lock_records(self, ids: Iterable[bytes]) -> None:
        """Lock records, in order of their ids, before their operations are read.

        Take all of a transaction's records in one call. A new record has no row to lock: if
        somebody else makes it first, `put_records` raises DatabaseBusy, to be tried again. On
        SQLite the writing transaction is alone already.
        """
        ordered = sorted(set(ids))
        if self._is_sqlite or not ordered:
            return
        self._fresh.update(ordered)
        found = self._found([_r.record], _r.record, ordered, locked=True)
        self._fresh.difference_update(row[0] for row in found)

    def put_records(self, rows: Sequence[RecordRow]) -> None:
        """Write folded records; `folded` is sealed on the way in."""
        sealed = [row._replace(folded=self.seal(_PLACE, row.record, row.folded)) for row in rows]
        self._upsert(records, [row for row in sealed if row.record not in self._fresh])
        try:
            self._insert(records, [row for row in sealed if row.record in self._fresh])
        except IntegrityError as error:
            raise DatabaseBusy("同一记录正由另一批次入账，请重试。") from error
        self._fresh.difference_update(row.record for row in rows)

    def record(self, record: bytes) -> RecordRow | None:
        """Return one folded record."""
        return self.records([record]).get(record)

    def records(self, ids: Collection[bytes]) -> dict[bytes, RecordRow]:
        """Return folded records by id."""
        found = (RecordRow(*row) for row in self._found(_ROW, _r.record, ids))
        return {row.record: self._opened(row) for row in found}

    def cards(self, ids: Collection[bytes]) -> dict[bytes, tuple[str, bytes]]:
        """Return (kind, card) of folded records by id: all that figures ask of many records."""
        found = self._found([_r.record, _r.kind, _r.folded], _r.record, ids)
        return {record: (kind, self.open(_PLACE, record, card)) for record, kind, card in found}

    def list_records(
        self, which: RecordFilter | None = None, *, before: bytes | None = None, limit: int = 50
    ) -> list[RecordRow]:
        """Return the newest records (ids follow creation), or the next ones `before` an id."""
        which = which or RecordFilter()
        statement = self._select(records)
        for column, values in (
            (_r.kind, which.kinds),
            (_r.state, which.states),
            (_r.site, which.sites),
            (_r.township, which.townships),
        ):
            if values is not None:
                statement = statement.where(self._among(column, values))
        if which.item is not None:
            statement = statement.where(_r.item == which.item)
        if which.due_through is not None:
            statement = statement.where(_r.due_on <= which.due_through, _r.closed_on.is_(None))
        if which.with_conflicts:
            statement = statement.where(_r.conflicts > 0)
        if before is not None:
            statement = statement.where(_r.record < before)
        found = self._rows(RecordRow, statement.order_by(_r.record.desc()).limit(limit))
        return [self._opened(row) for row in found]

    def records_of(self, ids: Collection[bytes]) -> dict[bytes, RecordRow]:
        """Return these records by id; ids that are not there are left out."""
        rows = (RecordRow(*row) for row in self._found(_ROW, _r.record, ids))
        return {row.record: self._opened(row) for row in rows}

    def record_by_slip(self, slip: str) -> RecordRow | None:
        """Return the record that a slip number names."""
        statement = self._select(records).where(_r.slip == slip)
        found = self._row(RecordRow, statement.order_by(_r.record).limit(1))
        return found and self._opened(found)

    def count_records(self) -> int:
        """Return how many records are folded."""
        return self._count(records)

    def _opened(self, row: RecordRow) -> RecordRow:
        return row._replace(folded=self.open(_PLACE, row.record, row.folded))

    # ---- routes

    def add_routes(self, pairs: Iterable[tuple[bytes, str]]) -> None:
        """Give records (id, scope) to scopes of the feed; what is given already stays given."""
        rows = [_Route(record, scope) for record, scope in pairs]
        self._insert_new(routes, rows, "record", "scope")

    def restore_routes(self) -> None:
        """Make the routes anew from the feed, which never forgets who was shown what."""
        self.connection.execute(self._delete(routes))
        shown = _SHOWN.where(feed.c.county == self.county).distinct()
        self.connection.execute(routes.insert().from_select(["county", "record", "scope"], shown))

    def astray_routes(self) -> list[tuple[bytes, str]]:
        """Return (record, scope) that stand in the routes alone or in the feed alone."""
        shown = _SHOWN.where(feed.c.county == self.county)
        given = select(_t.county, _t.record, _t.scope).where(_t.county == self.county)
        differ = (except_(given, shown), except_(shown, given))
        return [(row[1], row[2]) for one in differ for row in self.connection.execute(one)]

    def scopes_of(self, ids: Collection[bytes]) -> dict[bytes, set[str]]:
        """Return the scopes that hold each record."""
        scopes: dict[bytes, set[str]] = {record: set() for record in ids}
        for record, scope in self._found([_t.record, _t.scope], _t.record, scopes):
            scopes[record].add(scope)
        return scopes

    # ---- attachments

    def put_attached(self, rows: Iterable[Attached]) -> None:
        """Write to which records attachments belong."""
        self._upsert(attached, rows)

    def forget_attached(self, ids: Collection[bytes]) -> None:
        """Remove attachments that do not say any more whose they are (a purge)."""
        if ids:
            self.connection.execute(self._delete(attached).where(self._among(_a.record, ids)))

    def owners_of(self, ids: Collection[bytes]) -> dict[bytes, bytes]:
        """Return the owner of each of these records that is an attachment."""
        return dict(self._found([_a.record, _a.owner], _a.record, ids))

    def attached_to(self, owners: Collection[bytes]) -> list[Attached]:
        """Return the attachments of these records, the earliest first."""
        found = self._found([_a.record, _a.owner], _a.owner, owners)
        return sorted(Attached(*row) for row in found)

    # ---- conflicts

    def put_conflicts(self, record: bytes, rows: Iterable[ConflictRow]) -> None:
        """Replace the open conflicts of a record."""
        self.connection.execute(self._delete(conflicts).where(conflicts.c.record == record))
        self._insert(conflicts, rows)

    def conflicts_of(self, ids: Collection[bytes]) -> dict[bytes, list[ConflictRow]]:
        """Return the open conflicts of each record, in order of their registers."""
        found: dict[bytes, list[ConflictRow]] = {record: [] for record in ids}
        if found:
            statement = self._select(conflicts).where(self._among(conflicts.c.record, list(found)))
            for row in self._rows(ConflictRow, statement.order_by(conflicts.c.register)):
                found[row.record].append(row)
        return found

    def list_conflicts(self) -> list[ConflictRow]:
        """Return all open conflicts, the oldest record first."""
        return self._rows(
            ConflictRow,
            self._select(conflicts).order_by(conflicts.c.record, conflicts.c.register),
        )

    # ---- numbers

    def add_numbers(self, rows: Iterable[NumberRow]) -> None:
        """Enter printed numbers; one that was given before stays with the record it names."""
        self._insert_new(numbers, rows, "kind", "number")

    def numbers_of(self, record: bytes) -> list[NumberRow]:
        """Return a record's numbers: of each kind the first stands, later ones are aliases."""
        statement = self._select(numbers).where(_n.record == record)
        ordered = statement.order_by(_n.kind, _n.epoch, _n.county_seq, _n.number)
        return self._rows(NumberRow, ordered)

    def all_numbers(self) -> list[NumberRow]:
        """Return every printed number."""
        return self._rows(NumberRow, self._select(numbers))

    def numbered(self, ids: Collection[bytes], kind: str) -> set[bytes]:
        """Return those of these records that have a number of this kind."""
        found = self._found([_n.record, _n.kind], _n.record, ids)
        return {record for record, given in found if given == kind}

    def number_records(self, ids: Collection[bytes]) -> list[Attached]:
        """Return the records that hold the numbers of these records, in order of their ids."""
        owners = dict(self._found([_n.operation, _n.record], _n.record, ids))
        held = self._found([operations.c.id, operations.c.record], operations.c.id, owners)
        return sorted(Attached(record, owners[operation]) for operation, record in held)

    def last_numbers(self, kind: str, spans: Sequence[tuple[str, str]]) -> list[str | None]:
        """Return the greatest number of a kind in each span (first, last) of texts."""
        found: list[str | None] = []
        for start in range(0, len(spans), _SPANS_MAX):
            greatest = [
                select(func.max(_n.number))
                .where(
                    _n.county == self.county, _n.kind == kind,
                    _n.number >= first, _n.number <= last,
                )
                .scalar_subquery()
                for first, last in spans[start : start + _SPANS_MAX]
            ]  # fmt: skip
            found += self.connection.execute(select(*greatest)).one()
        return found

    def record_of_number(self, kind: str, number: str) -> bytes | None:
        """Return the record that a printed number names."""
        statement = self._select(numbers).where(numbers.c.kind == kind, numbers.c.number == number)
        found = self._row(NumberRow, statement)
        return found and found.record


class _Route(NamedTuple):
    record: bytes
    scope: str
