"""The bridge to the province: what was handed over, what was answered, what still waits.

Bookkeeping of files that left the county, beside the ledger and not made from it: it is never
dropped by `rebuild`. A province's number is no row here but an operation of the county.
"""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy import text as sql

from server.schema.columns import number, octets, table, text

bridge_state = table(
    "bridge_state",
    number("epoch"),
    number("seq"),
    number("force_epoch"),
    number("force_seq"),
    number("force_batch"),
    octets("basis"),
    key=(),
)
"""How far the county's stream has been looked through, and why some of it is looked at again."""

bridge_batches = table(
    "bridge_batches",
    number("batch"),
    number("made_at"),
    number("closed_at", null=True),
    number("written_at", null=True),
    text("person"),
    number("cases"),
    number("rows"),
    number("accepted"),
    number("rejected"),
    octets("digest"),
    key=("batch",),
)
"""One file that was handed over. Not closed: being filled. Not written: given out again first."""

bridge_pieces = table(
    "bridge_pieces",
    number("batch"),
    number("place"),
    octets("record"),
    octets("content"),
    key=("batch", "place"),
    indexes=[("record",)],
)
"""What a batch says of one case, sealed, so that the very same bytes can be given out again."""

bridge_cases = table(
    "bridge_cases",
    octets("record"),
    text("state"),
    number("batch"),
    number("through_epoch"),
    number("through_seq"),
    octets("basis"),
    text("missing"),
    octets("told"),
    key=("record",),
    indexes=[("state", "batch", "record")],
)
"""What the province was told of a case; `told` is sealed, for reasons may name people."""

_waits = sql("missing <> ''")
Index(
    "ix_bridge_cases_missing",
    bridge_cases.c.county,
    bridge_cases.c.missing,
    sqlite_where=_waits,
    postgresql_where=_waits,
)
