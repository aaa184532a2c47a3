"""Rows of the projection as screens and commands read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mobile.database import Store
from shared import kinds

PAGE = 500

_LIST = """SELECT record, kind, state, delivery, title, updated, conflicts, name, slip FROM records
           WHERE kind IN (?, ?, ?, ?, ?, ?)
           ORDER BY updated DESC, record DESC LIMIT ? OFFSET ?"""


@dataclass(frozen=True, slots=True)
class ListRow:
    """One record in a list. `updated_at` in Unix ms; `name` unmasked: the screen masks it."""

    record: bytes
    kind: str
    state: str | None
    delivery: str
    title: str
    updated_at: int
    conflicts: int
    name: str
    slip: str


def rows_of(rows: Iterable[Any]) -> list[ListRow]:
    """Return rows of the query above as typed rows."""
    return [ListRow(bytes(row[0]), *row[1:]) for row in rows]


def page(store: Store, offset: int = 0, limit: int = PAGE) -> list[ListRow]:
    """Return one page of the listed kinds, the latest first."""
    return rows_of(store.rows(_LIST, (*kinds.LISTED, limit, offset)))


def everything(store: Store) -> list[ListRow]:
    """Return all listed records, the latest first."""
    return rows_of(store.rows(_LIST, (*kinds.LISTED, -1, 0)))
