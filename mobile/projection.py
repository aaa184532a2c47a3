"""What lists and search read: one row a record, folded from its operations.

A projection can be dropped and rebuilt from the log at any time. The county folds with the same
function; only a tablet's own unjudged and held operations lie on top of it here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mobile.database import Store
from mobile.log import Held, held
from shared import kinds
from shared.canonical import Value
from shared.fold import fold
from shared.names import search_keys
from shared.operation import Operation
from shared.papers import owner_of
from shared.record import Record

MACHINERY = frozenset({"session", "sealed", "verdict"})
"""Kinds that nobody sees as a record, and that no count of work includes."""
TITLE_LENGTH = 40
_TITLE_FIELDS = ("item_name", "item", "question", "content", "slot", "title", "level")
_WORD_FIELDS = ("item", "item_name", "question", "slot")

_SAVE = """INSERT OR REPLACE INTO records(record, kind, state, delivery, title, updated, conflicts,
                                          name, initials, words, slip, phone)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_SAVE_ATTACHED = "INSERT OR REPLACE INTO attached(record, of_record) VALUES (?, ?)"


def project(store: Store, found: Held) -> Record:
    """Fold one record and store its row; returns the folded record."""
    record = fold(found.entries)
    if record.kind not in MACHINERY:
        store.execute(_SAVE, _row(record, found.delivery))
    if (owner := owner_of(record)) is not None:
        store.execute(_SAVE_ATTACHED, (record.id, owner))
    return record


def project_all(
    store: Store,
    records: Iterable[bytes],
    rank: int,
    arrived: Mapping[bytes, Operation] | None = None,
) -> int:
    """Fold these records again (`arrived`: see `held`); returns how many."""
    count = 0
    for record in records:
        project(store, held(store, record, rank, arrived))
        count += 1
    return count


def rebuild(store: Store, rank: int) -> int:
    """Drop the projection and make it anew from the log; returns how many records were folded."""
    with store.write():
        store.execute("DELETE FROM records")
        store.execute("DELETE FROM attached")
        found = store.rows("SELECT DISTINCT record FROM operations ORDER BY record")
        return project_all(store, (bytes(row[0]) for row in found), rank)


def title_of(fields: Mapping[str, Value]) -> str:
    """Return a short line for lists."""
    for name in _TITLE_FIELDS:
        value = fields.get(name)
        if value not in {None, ""} and not isinstance(value, (list, dict)):
            return " ".join(str(value).split())[:TITLE_LENGTH]
    return ""


def _row(record: Record, delivery: str) -> tuple[object, ...]:
    fields = record.fields
    name = _text(fields, "person_name")
    keys = search_keys(name) if name else None
    return (
        record.id, record.kind, record.state, delivery, title_of(fields), _updated(record),
        len(record.conflicts), keys.raw.lower() if keys else "",
        " " + " ".join(keys.initials) if keys else "",
        " ".join(_text(fields, word) for word in _WORD_FIELDS).lower(),
        _text(fields, "slip"), _text(fields, "phone"),
    )  # fmt: skip


def _updated(record: Record) -> int:
    return max((effect.effective_at for effect in record.history), default=0)


def _text(fields: Mapping[str, Value], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def is_listed(kind: str) -> bool:
    """Whether `agent list` shows this kind."""
    return kind in kinds.LISTED
