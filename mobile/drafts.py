"""Forms being typed: kept at every pause, so that a dead battery costs at most a few words.

Sealed complaints never get a draft: before 提交 they exist on the screen alone, and it says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from mobile.database import Store
from shared import canonical
from shared.canonical import Value
from shared.errors import Refused
from shared.kinds import SEALED_TARGETS
from shared.operation import DATA_BYTES_MAX


class NotKept(Refused):
    """A sealed complaint is not kept as a draft."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A form as last typed. `saved_at` in Unix ms; `record` None for a new one."""

    number: int
    kind: str
    record: bytes | None
    data: dict[str, Value]
    saved_at: int


def is_sealed(kind: str, data: dict[str, Value]) -> bool:
    """Whether this form is a complaint that is sealed at entry."""
    return kind == "complaint" and data.get("target_kind") in SEALED_TARGETS


def keep(
    store: Store, *, agent: str, kind: str, data: dict[str, Value], now_ms: int,
    record: bytes | None = None, number: int | None = None,
) -> int:  # fmt: skip
    """Keep a form durably; `number` replaces an earlier state. Returns the draft's number.

    A form that turns into a sealed complaint loses its draft. Raises NotKept, NotSaved.
    """
    if is_sealed(kind, data):
        if number is not None:
            drop(store, number)
        raise NotKept("对工作人员的投诉不留草稿：提交前请勿离开本页。")
    raw = canonical.encode(data)
    with store.write():
        store.execute(
            """INSERT OR REPLACE INTO drafts(number, agent, kind, record, data, saved_at)
               VALUES (?, ?, ?, ?, ?, ?)""",
            (number, agent, kind, record, raw, now_ms),
        )
        return number or int(store.row("SELECT last_insert_rowid()")[0])


def drop(store: Store, number: int) -> None:
    """Delete a draft; one that is gone already is fine."""
    with store.write():
        store.execute("DELETE FROM drafts WHERE number = ?", (number,))


def of_agent(store: Store, agent: str) -> list[Draft]:
    """Return the drafts of one agent, the latest first."""
    rows = store.rows(
        """SELECT number, kind, record, data, saved_at FROM drafts WHERE agent = ?
           ORDER BY saved_at DESC, number DESC""",
        (agent,),
    )
    return [Draft(row[0], row[1], row[2], _data(row[3]), row[4]) for row in rows]


def _data(raw: bytes) -> dict[str, Value]:
    value = canonical.decode(raw, DATA_BYTES_MAX)
    assert isinstance(value, dict)
    return value
