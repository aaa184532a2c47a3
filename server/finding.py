"""Finding a record by any number a person may hold: slip, official number, the province's."""

from __future__ import annotations

import unicodedata

from server.storage import Tx
from server.storage.rows import RecordRow
from shared.numbered import PLATFORM, PROJECT
from shared.slips import clean, parse


def row_by_number(tx: Tx, typed: str) -> RecordRow | None:
    """Return the record a typed number names; None where no record has it.

    Raises InvalidSlipNumber for a text that is no number at all.
    """
    written = unicodedata.normalize("NFKC", typed).strip().upper()
    for kind, number in ((PROJECT, clean(typed)), (PROJECT, written), (PLATFORM, written)):
        record = tx.record_of_number(kind, number) if number else None
        if record is not None:
            return tx.record(record)
    return tx.record_by_slip(str(parse(typed)))
