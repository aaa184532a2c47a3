"""Storage of the county, the one place that speaks SQL: `Ledger` opens transactions (`Tx`)."""

from __future__ import annotations

from server.storage.heads import ACTS, COUNTY, SEALED, UnknownCounty
from server.storage.ledger import Ledger, Tx, create_schema
from server.storage.records import RecordFilter

__all__ = [
    "ACTS", "COUNTY", "SEALED", "Ledger", "RecordFilter", "Tx", "UnknownCounty", "create_schema",
]  # fmt: skip
