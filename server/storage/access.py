"""What every noun of the storage shares: the connection, the county, bulk writes, typed reads."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Delete,
    Select,
    Table,
    Update,
    any_,
    bindparam,
    delete,
    func,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from server import sealing

_R = TypeVar("_R", bound=NamedTuple)
_PLACES_MAX = 1 << 12
"""Values looked up by one statement of SQLite, which has a limit."""


class Access:
    """One transaction on one county. Every statement it makes carries the county."""

    def __init__(
        self,
        connection: Connection,
        county: int,
        data_key: bytes,
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.connection = connection
        self.county = county
        self._data_key = data_key
        self._entropy = entropy
        self._is_sqlite = connection.dialect.name == "sqlite"
        self._fresh: set[bytes] = set()

    def seal(self, place: str, key: bytes, plain: bytes) -> bytes:
        """Return `plain` sealed for the row `key` of the table `place`."""
        return sealing.seal_blob(
            self._data_key, self._aad(place, key), plain, entropy=self._entropy
        )

    def open(self, place: str, key: bytes, sealed: bytes) -> bytes:
        """Return what was sealed for the row `key` of the table `place`; raise SealBroken."""
        return sealing.open_blob(self._data_key, self._aad(place, key), sealed)

    def blind(self, kind: str, text: str) -> bytes:
        """Return the blind key (16 bytes) of a text: equal texts of a kind, equal keys."""
        return sealing.blind(self._data_key, kind, text)

    def _aad(self, place: str, key: bytes) -> bytes:
        return self.county.to_bytes(4, "big") + place.encode() + b"\0" + key

    # ---- statements

    def _select(self, table: Table) -> Select[Any]:
        """Every column but the county, of this county's rows."""
        return _selection(table).where(table.c.county == self.county)

    def _delete(self, table: Table) -> Delete:
        return delete(table).where(table.c.county == self.county)

    def _update(self, table: Table) -> Update:
        return update(table).where(table.c.county == self.county)

    def _among(self, column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
        """`column` is one of `values`: one statement text on PostgreSQL, however many values."""
        if self._is_sqlite:
            return column.in_(values)
        return column == any_(literal(list(values), ARRAY(column.type)))

    def among(self, column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
        """`column` is one of `values`, for readers that make statements of their own (figures)."""
        return self._among(column, values)

    def _found(
        self,
        columns: Sequence[ColumnElement[Any]],
        column: Column[Any],
        values: Collection[Any],
        *where: ColumnElement[bool],
        locked: bool = False,
    ) -> Sequence[Any]:
        """Return `columns` of the rows whose `column` is one of `values` (and `where` holds).

        The way to many rows by their ids. PostgreSQL gets a lateral join with a fence, one index
        look-up per value: with a plain `= ANY`, a table it has no statistics of yet is read whole,
        because the county in front of every index looks selective.
        """
        if not values:
            return []
        if self._is_sqlite and not where:
            return self._found_by_text(tuple(columns), column, list(dict.fromkeys(values)))
        inside = select(*columns).where(column.table.c.county == self.county, *where)
        if self._is_sqlite:
            return self.connection.execute(inside.where(column.in_(values))).all()
        given = func.unnest(literal(list(values), ARRAY(column.type)))
        wanted = given.table_valued("id", name="wanted").render_derived()
        inside = inside.where(column == wanted.c.id).offset(0)
        each = (inside.with_for_update() if locked else inside).lateral()
        statement = select(each).select_from(wanted.join(each, true()))
        return self.connection.execute(statement).all()

    def _found_by_text(
        self, columns: tuple[ColumnElement[Any], ...], column: Column[Any], values: list[Any]
    ) -> list[Any]:
        """`_found` on SQLite: the last value fills up the places of a text made before."""
        found: list[Any] = []
        for start in range(0, len(values), _PLACES_MAX):
            part = values[start : start + _PLACES_MAX]
            places = 1 << (len(part) - 1).bit_length()
            given = (self.county, *part, *part[-1:] * (places - len(part)))
            text = _found_text(columns, column, places)
            found += self.connection.exec_driver_sql(text, given).all()
        return found

    def _rows(self, row: type[_R], statement: Select[Any]) -> list[_R]:
        return [row(*found) for found in self.connection.execute(statement)]

    def _row(self, row: type[_R], statement: Select[Any]) -> _R | None:
        found = self.connection.execute(statement).first()
        return None if found is None else row(*found)

    def _count(self, table: Table, *where: ColumnElement[bool]) -> int:
        statement = select(func.count()).select_from(table).where(table.c.county == self.county)
        return int(self.connection.execute(statement.where(*where)).scalar_one())

    # ---- bulk writes

    def _bulk(self, statement: Any, rows: Iterable[tuple[Any, ...]]) -> int:
        """Run an INSERT for every row (in column order, county left out); return rows changed.

        The text is compiled once and rows go to the driver as they are: for a hundred rows the
        usual way through named parameters costs as much as the inserts themselves.
        """
        county = (self.county,)
        values = [county + tuple(row) for row in rows]
        if not values:
            return 0
        done = self.connection.exec_driver_sql(
            _text(statement, self._is_sqlite), values, {"preserve_rowcount": True}
        )
        return int(done.rowcount)

    def _insert(self, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
        self._bulk(_plain(table), rows)

    def _insert_new(self, table: Table, rows: Iterable[tuple[Any, ...]], *unique: str) -> int:
        """Insert rows whose (county, unique…) is not there yet; return how many."""
        return self._bulk(_insert_new(table, unique, self._is_sqlite), rows)

    def _upsert(self, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
        """Insert rows, or overwrite those with the same primary key."""
        self._bulk(_upsert(table, self._is_sqlite), rows)


@cache
def _text(statement: Any, is_sqlite: bool) -> str:
    """The SQL of an INSERT with one placeholder per column, in column order."""
    back_end: Any = sqlite if is_sqlite else postgresql
    compiled = statement.compile(
        dialect=back_end.dialect(paramstyle="qmark" if is_sqlite else "format")
    )
    assert list(compiled.positiontup) == [column.name for column in statement.table.c]
    return str(compiled)


@cache
def _found_text(columns: tuple[ColumnElement[Any], ...], column: Column[Any], places: int) -> str:
    """The SQL of `columns` where `column` is one of so many values; the county comes first."""
    of_county = column.table.c.county == bindparam("of")
    among = column.in_([bindparam(f"value_{n}") for n in range(places)])
    compiled = select(*columns).where(of_county, among).compile(dialect=sqlite.dialect())
    return str(compiled)


@cache
def _plain(table: Table) -> Any:
    return table.insert()


@cache
def _selection(table: Table) -> Select[Any]:
    return select(*[column for column in table.c if column.name != "county"])


def dialect_insert(table: Table, is_sqlite: bool) -> Any:
    """Return an INSERT that knows ON CONFLICT; both back ends spell it alike."""
    return sqlite.insert(table) if is_sqlite else postgresql.insert(table)


@cache
def _insert_new(table: Table, unique: tuple[str, ...], is_sqlite: bool) -> Any:
    insert = dialect_insert(table, is_sqlite)
    return insert.on_conflict_do_nothing(index_elements=["county", *unique])


@cache
def _upsert(table: Table, is_sqlite: bool) -> Any:
    insert = dialect_insert(table, is_sqlite)
    keys = [column.name for column in table.primary_key]
    changed = {c.name: insert.excluded[c.name] for c in table.c if c.name not in keys}
    if not changed:
        return insert.on_conflict_do_nothing(index_elements=keys)
    return insert.on_conflict_do_update(index_elements=keys, set_=changed)
