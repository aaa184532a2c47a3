"""Rows of the projection as screens and commands read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mobile.database import Store
from shared import kinds
from shared.lifecycle import act_label

PAGE = 500

_LIST = """SELECT record, kind, state, delivery, title, updated, conflicts, name, slip,
                  coalesce(act, ''), coalesce(by_on, ''), coalesce(reason, '')
           FROM records LEFT JOIN asked USING (record)
           WHERE kind IN (?, ?, ?, ?, ?, ?)
           ORDER BY updated DESC, record DESC LIMIT ? OFFSET ?"""
_ASKED = """SELECT record, kind, state, delivery, title, updated, conflicts, name, slip,
                   act, by_on, reason
            FROM records JOIN asked USING (record) WHERE record = ?"""


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
    asked: str = ""
    """`urge` or `supervise` where the county asks after it and nobody has answered."""
    asked_by_on: str = ""
    """The last day to answer, YYYY-MM-DD; '' for none."""
    asked_for: str = ""
    """The county's reason."""


def rows_of(rows: Iterable[Any]) -> list[ListRow]:
    """Return rows of the query above as typed rows."""
    return [ListRow(bytes(row[0]), *row[1:]) for row in rows]


def page(store: Store, offset: int = 0, limit: int = PAGE) -> list[ListRow]:
    """Return one page of the listed kinds, the latest first."""
    return rows_of(store.rows(_LIST, (*kinds.LISTED, limit, offset)))


def everything(store: Store) -> list[ListRow]:
    """Return all listed records, the latest first."""
    return rows_of(store.rows(_LIST, (*kinds.LISTED, -1, 0)))


def asked_sentences(store: Store, records: Iterable[bytes]) -> list[str]:
    """Return 「县里催办：…」 for each of these records after which the county still asks."""
    rows = (store.row(_ASKED, (record,)) for record in records)
    return [asked_sentence(row) for row in rows_of(row for row in rows if row is not None)]


def asked_sentence(row: ListRow) -> str:
    """Return what the county asks after a record: which one, why, by when."""
    label = kinds.kind_of(row.kind).label if row.kind in kinds.KINDS else row.kind
    which = " ".join(part for part in (label, row.slip) if part)
    by = f"，请在 {row.asked_by_on} 前答复" if row.asked_by_on else "，请答复"
    return f"县里{act_label(row.kind, row.asked)}：{which}，{row.asked_for.rstrip('。，')}{by}。"
