"""The rows of the county's database as plain tuples, one class per table, county left out.

Field order is column order; tests/server/test_schema_rules.py compares both. Instants (`*_at`) are
Unix ms, dates (`*_on`) integers such as 20261031. Text is '' where there is nothing to say.
"""

from __future__ import annotations

from typing import NamedTuple

from shared.verdict import Status, Verdict


class CountyHead(NamedTuple):
    """The county's own heads. `county_seq` and `county_head` are the last ones taken."""

    epoch: int
    feed_position: int
    county_stream: bytes
    county_seq: int
    county_head: bytes
    backed_up_through: int
    created_at: int


class Stream(NamedTuple):
    """How far a stream (or a quarantined branch of it) is in the ledger."""

    stream: bytes
    branch: int
    device: bytes
    purpose: str
    """`acts`, `sealed` or `county`."""
    seq: int
    head: bytes
    last_anchor_at: int
    backed_up_seq: int
    cut_seq: int | None
    """The last seq that counts, once the key is cut (fork, revocation)."""


class StoredOperation(NamedTuple):
    """An operation on its way into the ledger or out of it; `data` is plain here."""

    stream: bytes
    branch: int
    seq: int
    id: bytes
    record: bytes
    kind: str
    act: str
    skeleton: bytes
    salt: bytes | None
    data: bytes | None
    received_at: int
    envelope: bytes | None


class Judgement(NamedTuple):
    """The verdict in force for an operation, and its effect on the state of its record."""

    record: bytes
    operation: bytes
    kind: str
    act: str
    site: str
    author: str
    epoch: int
    county_seq: int
    status: str
    cap_ms: int | None
    effective_at: int
    effective_on: int
    rank: int
    reason: str
    state_before: str = ""
    state_after: str = ""

    @property
    def verdict(self) -> Verdict:
        """The part that fold reads."""
        return Verdict(
            self.epoch, self.county_seq, Status(self.status), self.cap_ms, self.effective_at,
            self.rank, self.reason,
        )  # fmt: skip


class StateEffect(NamedTuple):
    """What an operation did to its record's state; '' and '' for an operation without effect."""

    record: bytes
    operation: bytes
    state_before: str
    state_after: str


class RecordRow(NamedTuple):
    """A folded record as lists show it; `folded` is plain here and sealed in the database."""

    record: bytes
    kind: str
    state: str | None
    site: str
    township: str
    item: str
    slip: str
    registered_on: int | None
    closed_on: int | None
    due_on: int | None
    digest: bytes
    folded: bytes
    conflicts: int
    held: int
    position: int


class WatchedRow(NamedTuple):
    """The clock that runs on an open record: what is due, its colours, who holds it.

    `*_at`: when it takes each colour (Unix ms). `breach_*`: who held it, or will have, when it
    turns red. `paused_on`: the day since which the clock stands. `dunned`: 0 never asked after,
    1 urged, 2 supervised.
    """

    record: bytes
    kind: str
    term: str
    township: str
    site: str
    holder: str
    breach_site: str
    breach_holder: str
    item: str
    due_on: int
    paused_on: int | None
    provisional: int
    blue_at: int | None
    yellow_at: int | None
    red_at: int | None
    black_at: int | None
    dunned: int
    dunned_on: int | None
    answer_by_on: int | None
    answered_on: int | None


class ConflictRow(NamedTuple):
    """An open conflict of one register."""

    record: bytes
    register: str
    opened_at: int


class PairRow(NamedTuple):
    """Two records that may be one matter; state: open, same or different."""

    pair: bytes
    one: bytes
    other: bytes
    reason: str
    state: str
    found_at: int


class MatchKey(NamedTuple):
    """One blind key of a record."""

    record: bytes
    kind: str
    blind: bytes
    item: str
    effective_on: int


class NumberRow(NamedTuple):
    """A printed number and the record it names."""

    kind: str
    number: str
    record: bytes
    operation: bytes
    epoch: int
    county_seq: int


class FeedEntry(NamedTuple):
    """An operation on its way into a scope of the feed, with its verdict entry in force."""

    scope: str
    operation: bytes
    epoch: int
    county_seq: int


class FeedRow(NamedTuple):
    """An entry of the feed at its position."""

    scope: str
    position: int
    operation: bytes
    epoch: int
    county_seq: int


class Envelope(NamedTuple):
    """An envelope the core took in; `digest` is the SHA-256 of its bytes."""

    digest: bytes
    stream: bytes
    seq_from: int
    seq_to: int
    head: bytes
    received_at: int
    state: str
    """`opened` or `unopenable`."""
    verdict: bytes | None
    header: bytes
    body_hash: bytes
    signature: bytes


class Checkpoint(NamedTuple):
    """The core's signature over the county's stream up to `seq`."""

    epoch: int
    seq: int
    head: bytes
    at: int
    signature: bytes


class Attached(NamedTuple):
    """An attachment's record and the record it belongs to."""

    record: bytes
    owner: bytes


class Edition(NamedTuple):
    """An edition of catalogue, calendar or sites in force from a day on."""

    kind: str
    number: int
    hash: bytes
    operation: bytes | None
    effective_on: int


class Device(NamedTuple):
    """A tablet; state: waiting, active, suspended, revoked or cut."""

    device: bytes
    name: str
    short_code: str
    site: str
    signing_public: bytes
    sealing_public: bytes
    state: str
    enrolled_at: int
    last_seen_at: int | None
    app_version: str
    invitation: bytes | None
    decided_by: str


class LastWork(NamedTuple):
    """The last operation of a device's stream: when it came, and when the county says it was."""

    device: bytes
    skeleton: bytes
    received_at: int
    effective_at: int


class Agent(NamedTuple):
    """An agent on one tablet; state: waiting, active or removed."""

    agent: str
    device: bytes
    name: str
    public: bytes
    state: str
    enrolled_at: int
    digits: str = ""
    """The six digits of both screens, '' where none were computed."""


class Posting(NamedTuple):
    """Who serves where in what role, first and last day; `person` is an author text."""

    posting: bytes
    person: str
    site: str
    role: str
    from_on: int
    to_on: int | None
    operation: bytes | None
    department: str = ""
    """As the catalogue names it, for the role of a department; '' where the county names none."""


class Grant(NamedTuple):
    """One power of a written grant (授权书)."""

    grant: bytes
    person: str
    power: str
    site: str
    items: str
    from_on: int
    to_on: int | None
    operation: bytes | None


class Invitation(NamedTuple):
    """A one-time enrolment code, by its hash."""

    invitation: bytes
    site: str
    role: str
    name: str
    made_by: str
    made_at: int
    expires_at: int
    used_at: int | None


class Staff(NamedTuple):
    """A person who logs in to the console; state: active or locked."""

    staff: str
    name: str
    password: str
    totp: bytes | None
    role: str
    site: str
    must_change: int
    state: str
    created_at: int


class StaffSession(NamedTuple):
    """A log-in; `token` is the hash of the cookie."""

    token: bytes
    staff: str
    form_token: str
    created_at: int
    seen_at: int
    expires_at: int
    place: str = ""
    """Address and browser, as the log-in told them."""


class StaffCode(NamedTuple):
    """A code of somebody's second factor: `recovery` and still good, or `used` and no more."""

    staff: str
    use: str
    code: bytes
    at: int


class AuditEntry(NamedTuple):
    """Who read or did what, about whom or what, when."""

    entry: bytes
    at: int
    person: str
    what: str
    about: str
    detail: str


class Counts(NamedTuple):
    """Totals that have to agree (`bianmin county verify`)."""

    operations: int
    judgements: int
    records: int
    feed: int
    conflicts: int
