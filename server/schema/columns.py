"""What every table of the county's database is made of.

One schema serves SQLite, PostgreSQL and Citus: `table` puts the county in front of every key, and
the column types read and write the same values everywhere. tests/server/test_schema_rules.py keeps
the rules over the finished metadata.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Octets(LargeBinary):
    """Bytes in, bytes out: both drivers take and give `bytes`, so nothing is converted."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> None:
        """Leave bytes as they are."""

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        """Leave bytes as they are."""


TEXT: TypeEngine[str] = String().with_variant(String(collation="C"), "postgresql")
"""Text compared by its bytes on every back end, so that lists have one order everywhere."""


def octets(name: str, *, null: bool = False) -> Column[bytes]:
    """Return a column of bytes."""
    return Column(name, Octets, nullable=null)


def text(name: str, *, null: bool = False) -> Column[str]:
    """Return a column of text."""
    return Column(name, TEXT, nullable=null)


def number(name: str, *, null: bool = False) -> Column[int]:
    """Return a column of 64-bit integers: count, position, or instant in Unix ms (`*_at`)."""
    return Column(name, BigInteger, nullable=null)


def day(name: str, *, null: bool = False) -> Column[int]:
    """Return a column of civil dates at UTC+8 as integers, 20261031 (`*_on`)."""
    return Column(name, Integer, nullable=null)


def small(name: str, *, null: bool = False) -> Column[int]:
    """Return a column of small integers: a rank, a branch, a yes or no."""
    return Column(name, SmallInteger, nullable=null)


def table(
    name: str,
    *columns: Column[Any],
    key: Sequence[str],
    unique: Sequence[Sequence[str]] = (),
    indexes: Sequence[Sequence[str]] = (),
    refers: Sequence[tuple[str, str]] = (),
) -> Table:
    """Return a table whose every key, unique key, index and foreign key begins with the county.

    `refers` names (own column, other table): the other table's key is (county, that column's name).
    """
    constraints: list[PrimaryKeyConstraint | UniqueConstraint | ForeignKeyConstraint | Index]
    constraints = [PrimaryKeyConstraint("county", *key)]
    constraints += [UniqueConstraint("county", *names) for names in unique]
    constraints += [Index(None, "county", *names) for names in indexes]
    constraints += [
        ForeignKeyConstraint(["county", own], [f"{other}.county", f"{other}.{own}"])
        for own, other in refers
    ]
    county: Column[int] = Column("county", Integer, nullable=False, autoincrement=False)
    return Table(name, metadata, county, *columns, *constraints)
