"""Projections: what fold and the verdicts say, laid out for lists, reports and the feed.

All of it follows from the ledger and can be dropped and rebuilt (`bianmin county rebuild`). What
identifies a person stands only inside `folded` (sealed) and behind blind keys.
"""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy import text as sql

from server.schema.columns import day, number, octets, small, table, text

judgements = table(
    "judgements",
    octets("record"),
    octets("operation"),
    text("kind"),
    text("act"),
    text("site"),
    text("author"),
    number("epoch"),
    number("county_seq"),
    text("status"),
    number("cap_ms", null=True),
    number("effective_at"),
    day("effective_on"),
    small("rank"),
    text("reason"),
    text("state_before"),
    text("state_after"),
    key=("record", "operation"),
    indexes=[("kind", "act", "effective_on")],
)
"""The verdict in force for each operation, and its effect on the state ('' for nothing).

Record ids grow with time and operation ids are random: with the record in front, new rows lie side
by side and one fold reads neighbours.
"""

# Held and refused work is rare and looked for all day; indexing the rest is dead weight.
_unsettled = sql("status <> 'admitted'")
Index(
    "ix_judgements_unsettled",
    judgements.c.county,
    judgements.c.status,
    judgements.c.operation,
    sqlite_where=_unsettled,
    postgresql_where=_unsettled,
)

# What people at the county decide is rare beside what tablets send, and asked for newest first.
_staff = sql("author >= 'staff:' AND author < 'staff;'")
Index(
    "ix_judgements_staff",
    judgements.c.county,
    judgements.c.epoch,
    judgements.c.county_seq,
    sqlite_where=_staff,
    postgresql_where=_staff,
)

records = table(
    "records",
    octets("record"),
    text("kind"),
    text("state", null=True),
    text("site"),
    text("township"),
    text("item"),
    text("slip"),
    day("registered_on", null=True),
    day("closed_on", null=True),
    day("due_on", null=True),
    octets("digest"),
    octets("folded"),
    number("conflicts"),
    number("held"),
    number("position"),
    key=("record",),
    indexes=[("site", "record"), ("township", "record"), ("slip",), ("due_on",)],
)

watched = table(
    "watched",
    octets("record"),
    text("kind"),
    text("term"),
    text("township"),
    text("site"),
    text("holder"),
    text("breach_site"),
    text("breach_holder"),
    text("item"),
    day("due_on"),
    day("paused_on", null=True),
    small("provisional"),
    number("blue_at", null=True),
    number("yellow_at", null=True),
    number("red_at", null=True),
    number("black_at", null=True),
    small("dunned"),
    day("dunned_on", null=True),
    day("answer_by_on", null=True),
    day("answered_on", null=True),
    key=("record",),
    indexes=[("red_at",), ("township", "red_at")],
)
"""The clock that runs on each open matter: what the board of supervision counts and lists.

Only matters whose clock runs have a row, so the table stays small beside the ledger."""
# Complaints are a few among hundreds of thousands; the desk lists them newest first.
_complaint = sql("kind = 'complaint'")
Index(
    "ix_records_complaints",
    records.c.county,
    records.c.record,
    sqlite_where=_complaint,
    postgresql_where=_complaint,
)

routes = table("routes", octets("record"), text("scope"), key=("record", "scope"))
"""Which scopes of the feed hold a record; a scope once given is not taken back."""

attached = table(
    "attached",
    octets("record"),
    octets("owner"),
    key=("record",),
    indexes=[("owner", "record")],
)
"""Which record an attachment belongs to: it is seen wherever its owner is."""

conflicts = table(
    "conflicts",
    octets("record"),
    text("register"),
    number("opened_at"),
    key=("record", "register"),
)

pairs = table(
    "pairs",
    octets("pair"),
    octets("one"),
    octets("other"),
    text("reason"),
    text("state"),
    number("found_at"),
    key=("pair",),
    indexes=[("state", "found_at"), ("one",), ("other",)],
)

match_keys = table(
    "match_keys",
    octets("record"),
    text("kind"),
    octets("blind"),
    text("item"),
    day("effective_on"),
    key=("record", "kind", "blind"),
    indexes=[("blind",)],
)
"""Blind keys that find possible double filings. They never leave the core."""

numbers = table(
    "numbers",
    text("kind"),
    text("number"),
    octets("record"),
    octets("operation"),
    number("epoch"),
    number("county_seq"),
    key=("kind", "number"),
    indexes=[("record",)],
)
"""Printed numbers. Of several of one kind on a record the least (epoch, county seq) stands."""

feed = table(
    "feed",
    text("scope"),
    number("position"),
    octets("operation"),
    number("epoch"),
    number("county_seq"),
    key=("scope", "position"),
    unique=[("epoch", "county_seq", "operation", "scope")],
)
"""What became visible to whom, in the order of commits: one position per entry, without a gap.

The unique key begins with what grows, so that it is written at its end and not all over.
"""

editions = table(
    "editions",
    text("kind"),
    number("number"),
    octets("hash"),
    octets("operation", null=True),
    day("effective_on"),
    key=("kind", "number"),
)

due_changes = table(
    "due_changes",
    octets("recount"),
    octets("record"),
    day("before_on", null=True),
    day("after_on", null=True),
    small("provisional"),
    key=("recount", "record"),
)
"""What a recount (`server.schema.people.recounts`) changed: the list people read and print."""
