"""The ledger: operations, the streams they stand in, the county's heads, envelopes.

These tables are the county's memory. They are not rebuilt from anything; everything in
`server.schema.projections` is.
"""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy import text as sql

from server.schema.columns import number, octets, small, table, text

counties = table(
    "counties",
    number("epoch"),
    number("feed_position"),
    octets("county_stream"),
    number("county_seq"),
    octets("county_head"),
    number("backed_up_through"),
    number("created_at"),
    key=(),
)
"""One row per county: its heads and the feed's counter. Locked last in every transaction."""

streams = table(
    "streams",
    octets("stream"),
    small("branch"),
    octets("device"),
    text("purpose"),
    number("seq"),
    octets("head"),
    number("last_anchor_at"),
    number("backed_up_seq"),
    number("cut_seq", null=True),
    key=("stream", "branch"),
    indexes=[("device",)],
)
"""Branch 0 is what the core opened first; a quarantined branch of a fork lies beside it."""

operations = table(
    "operations",
    octets("stream"),
    small("branch"),
    number("seq"),
    octets("id"),
    octets("record"),
    text("kind"),
    text("act"),
    octets("skeleton"),
    octets("salt", null=True),
    octets("data", null=True),
    number("received_at"),
    octets("envelope", null=True),
    key=("stream", "branch", "seq"),
    unique=[("id",)],
    indexes=[("record",)],
)
"""Append only. `data` is sealed under the core's key; salt and data are null once purged."""

# Whose session is open in a stream is asked for every envelope; a session may be long.
_sessions = sql("kind = 'session'")
Index(
    "ix_operations_sessions",
    operations.c.county,
    operations.c.stream,
    operations.c.branch,
    operations.c.seq,
    sqlite_where=_sessions,
    postgresql_where=_sessions,
)

envelopes = table(
    "envelopes",
    octets("digest"),
    octets("stream"),
    number("seq_from"),
    number("seq_to"),
    octets("head"),
    number("received_at"),
    text("state"),
    octets("verdict", null=True),
    octets("header"),
    octets("body_hash"),
    octets("signature"),
    key=("digest",),
    indexes=[("stream", "seq_to")],
)
"""Header, hash of the sealed body and signature prove years later who brought which operations."""

checkpoints = table(
    "checkpoints",
    number("epoch"),
    number("seq"),
    octets("head"),
    number("at"),
    octets("signature"),
    key=("epoch", "seq"),
)
"""The core's signature over the head of the county's own stream, one per transaction."""
