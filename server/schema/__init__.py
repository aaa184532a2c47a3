"""One schema for SQLite, PostgreSQL and Citus (SQLAlchemy Core).

The county's six-digit code leads every key, ids come from Python, instants and dates are bound as
integers, and nothing here needs a trigger, a sequence or a function of one back end.
"""

from __future__ import annotations

from server.schema.bridge import bridge_batches, bridge_cases, bridge_pieces, bridge_state
from server.schema.columns import metadata
from server.schema.ledger import (
    checkpoints,
    counties,
    envelopes,
    operations,
    streams,
)
from server.schema.people import (
    agents,
    audit,
    devices,
    edition_drafts,
    grants,
    invitations,
    leases,
    postings,
    recounts,
    staff,
    staff_codes,
    staff_sessions,
)
from server.schema.projections import (
    attached,
    conflicts,
    due_changes,
    editions,
    feed,
    judgements,
    match_keys,
    numbers,
    pairs,
    records,
    routes,
    watched,
)

__all__ = [
    "agents",
    "attached",
    "audit",
    "bridge_batches",
    "bridge_cases",
    "bridge_pieces",
    "bridge_state",
    "checkpoints",
    "conflicts",
    "counties",
    "devices",
    "due_changes",
    "edition_drafts",
    "editions",
    "envelopes",
    "feed",
    "grants",
    "invitations",
    "judgements",
    "leases",
    "match_keys",
    "metadata",
    "numbers",
    "operations",
    "pairs",
    "postings",
    "records",
    "recounts",
    "routes",
    "staff",
    "staff_codes",
    "staff_sessions",
    "streams",
    "watched",
]
