"""How far the work of this tablet has come, in four figures."""

from __future__ import annotations

from dataclasses import dataclass

from mobile.database import Store
from mobile.tables import place

_PENDING = """SELECT count(*) FROM operations o JOIN records r ON r.record = o.record
              WHERE o.position > ? AND o.position < ? AND o.delivered = 0"""
_WAITING = """SELECT status, count(*) FROM operations o JOIN records r ON r.record = o.record
              WHERE own IS NOT NULL AND status IN ('held', 'refused') GROUP BY status"""


@dataclass(frozen=True, slots=True)
class Status:
    """Operations of people on this tablet: sessions, dummies and sealed acts are left out."""

    pending: int
    """Not acknowledged by the county."""
    held: int
    refused: int
    last_delivered_at: int | None
    """Unix ms, by the county's clock."""


def status_of(store: Store, last_delivered_at: int | None) -> Status:
    """Count in an open store."""
    pending = 0
    for number, opened_seq in store.rows(
        "SELECT number, opened_seq FROM streams WHERE purpose = 'acts'"
    ):
        span = (place(number, opened_seq), place(number + 1, 0))
        pending += int(store.row(_PENDING, span)[0])
    waiting = dict(store.rows(_WAITING))
    return Status(
        pending, int(waiting.get("held", 0)), int(waiting.get("refused", 0)), last_delivered_at
    )
