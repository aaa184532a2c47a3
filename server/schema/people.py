"""Who takes part: devices, agents, postings, grants, invitations, staff, and their traces."""

from __future__ import annotations

from server.schema.columns import day, number, octets, small, table, text

devices = table(
    "devices",
    octets("device"),
    text("name"),
    text("short_code"),
    text("site"),
    octets("signing_public"),
    octets("sealing_public"),
    text("state"),
    number("enrolled_at"),
    number("last_seen_at", null=True),
    text("app_version"),
    octets("invitation", null=True),
    text("decided_by"),
    key=("device",),
    unique=[("short_code",)],
    indexes=[("site",)],
)
"""`device` is the 8-byte key id; state: waiting, active, suspended, revoked or cut."""

agents = table(
    "agents",
    text("agent"),
    octets("device"),
    text("name"),
    octets("public"),
    text("state"),
    number("enrolled_at"),
    text("digits"),
    key=("agent", "device"),
    indexes=[("device",)],
    refers=[("device", "devices")],
)
"""One row per agent and tablet: each tablet holds a key of its own for every agent. `digits` are
the six that both screens show before the key is approved, '' where none were computed."""

postings = table(
    "postings",
    octets("posting"),
    text("person"),
    text("site"),
    text("role"),
    day("from_on"),
    day("to_on", null=True),
    octets("operation", null=True),
    text("department"),
    key=("posting",),
    indexes=[("person",), ("site",)],
)
"""`person` is an author: `agent:ID` or `staff:ID`; `to_on` is the last day, null while it runs.
`department` as the catalogue writes it, '' where none is named."""

grants = table(
    "grants",
    octets("grant"),
    text("person"),
    text("power"),
    text("site"),
    text("items"),
    day("from_on"),
    day("to_on", null=True),
    octets("operation", null=True),
    key=("grant", "power"),
    indexes=[("person",)],
)
"""One row per power of a written grant; `items` are codes with a space between, '' for all."""

invitations = table(
    "invitations",
    octets("invitation"),
    text("site"),
    text("role"),
    text("name"),
    text("made_by"),
    number("made_at"),
    number("expires_at"),
    number("used_at", null=True),
    key=("invitation",),
)
"""`invitation` is the hash of the one-time code; the code itself is stored nowhere."""

staff = table(
    "staff",
    text("staff"),
    text("name"),
    text("password"),
    octets("totp", null=True),
    text("role"),
    text("site"),
    small("must_change"),
    text("state"),
    number("created_at"),
    key=("staff",),
    unique=[("name",)],
)
"""`password` is an Argon2 hash; `totp` is sealed under the core's key."""

staff_sessions = table(
    "staff_sessions",
    octets("token"),
    text("staff"),
    text("form_token"),
    number("created_at"),
    number("seen_at"),
    number("expires_at"),
    text("place"),
    key=("token",),
    indexes=[("staff",), ("expires_at",)],
    refers=[("staff", "staff")],
)
"""`token` is the hash of the cookie; `place` says from which address and browser."""

staff_codes = table(
    "staff_codes",
    text("staff"),
    text("use"),
    octets("code"),
    number("at"),
    key=("staff", "use", "code"),
    refers=[("staff", "staff")],
)
"""Codes of the second factor: `recovery` codes that are left (a keyed hash), and the time steps of
codes that were `used`, so that none passes twice."""

audit = table(
    "audit",
    octets("entry"),
    number("at"),
    text("person"),
    text("what"),
    text("about"),
    text("detail"),
    key=("entry",),
    indexes=[("person", "entry"), ("about", "entry"), ("what", "entry")],
)
"""Reads and acts. `entry` is a UUIDv7, so the key is the order of time."""

leases = table(
    "leases",
    text("name"),
    text("holder"),
    number("until_at"),
    key=("name",),
)
"""Who runs a periodic job now, where several processes could."""

edition_drafts = table(
    "edition_drafts",
    octets("draft"),
    text("kind"),
    text("state"),
    octets("base"),
    octets("content"),
    text("made_by"),
    number("changed_at"),
    number("revision"),
    octets("proposal", null=True),
    text("note"),
    key=("draft",),
)
"""Editions at work, until they are proposed as an operation. `base` is the operation of the edition
the draft began from, `proposal` the record of the edition once proposed; `content` is sealed."""

recounts = table(
    "recounts",
    octets("recount"),
    number("begun_at"),
    number("ended_at", null=True),
    octets("after"),
    number("looked"),
    number("changed"),
    number("later"),
    key=("recount",),
)
"""Due dates counted anew: `recount` is the operation of the calendar edition, `after` the last
record looked at, so that a run that was cut off goes on there."""
