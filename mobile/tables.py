"""The tables of the tablet's store; `MIGRATIONS[n]` leads from version n to n + 1.

Published migrations are append-only. `operations` is the truth; `records` is a projection of it
that can be dropped and rebuilt. `own` is the number of the device's own stream, NULL for what
others wrote. An own operation lies at `place(own, seq)`, so that no index is needed to find it: an
index more is a page more to encrypt at each save.
"""

from __future__ import annotations

from mobile.database import Migration, Store
from shared import chain, session
from shared.names import search_keys
from shared.operation import restore

_FIRST = (
    # One value each: cursor, anchor, instance marker …
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID",
    # The device's own streams: the agents' acts, sealed ones, and those of before a restore.
    """CREATE TABLE streams(
        number INTEGER PRIMARY KEY, stream BLOB NOT NULL UNIQUE, purpose TEXT NOT NULL,
        seq INTEGER NOT NULL, head BLOB NOT NULL, clock INTEGER NOT NULL,
        session BLOB, block_from INTEGER NOT NULL, seed BLOB NOT NULL,
        opened_seq INTEGER NOT NULL, opened_head BLOB NOT NULL, backed_seq INTEGER NOT NULL,
        slip_day INTEGER NOT NULL, slip_count INTEGER NOT NULL)""",
    # Salt seeds by block; deleted once the county has opened the block.
    """CREATE TABLE blocks(
        own INTEGER NOT NULL REFERENCES streams(number), seq_from INTEGER NOT NULL,
        seed BLOB NOT NULL, PRIMARY KEY (own, seq_from)) WITHOUT ROWID""",
    """CREATE TABLE operations(
        position INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, record BLOB NOT NULL,
        own INTEGER REFERENCES streams(number), seq INTEGER NOT NULL,
        skeleton BLOB NOT NULL, salt BLOB, data BLOB, delivered INTEGER NOT NULL DEFAULT 0,
        epoch INTEGER, county_seq INTEGER, status TEXT, cap_ms INTEGER, effective_at INTEGER,
        rank INTEGER, reason TEXT, page INTEGER)""",
    "CREATE INDEX operations_of_record ON operations(record)",
    "CREATE UNIQUE INDEX operations_own ON operations(own, seq) WHERE own IS NOT NULL",
    """CREATE INDEX operations_waiting ON operations(status)
        WHERE own IS NOT NULL AND status IN ('held', 'refused')""",
    # What a purge named: its data is discarded whenever it arrives again.
    "CREATE TABLE purged(id BLOB PRIMARY KEY) WITHOUT ROWID",
    # Signed headers of received pages: what a hand-back after a county's restore rests on.
    """CREATE TABLE pages(
        number INTEGER PRIMARY KEY, header BLOB NOT NULL, leaves BLOB NOT NULL)""",
    """CREATE TABLE records(
        record BLOB PRIMARY KEY, kind TEXT NOT NULL, state TEXT, delivery TEXT NOT NULL,
        title TEXT NOT NULL, updated INTEGER NOT NULL, conflicts INTEGER NOT NULL,
        name TEXT NOT NULL, initials TEXT NOT NULL, words TEXT NOT NULL, slip TEXT NOT NULL,
        phone TEXT NOT NULL) WITHOUT ROWID""",
    # Forms being typed. Sealed complaints never get one.
    """CREATE TABLE drafts(
        number INTEGER PRIMARY KEY, agent TEXT NOT NULL, kind TEXT NOT NULL, record BLOB,
        data BLOB NOT NULL, saved_at INTEGER NOT NULL)""",
    # Encrypted files that belong to attachment operations.
    """CREATE TABLE attachments(
        name TEXT PRIMARY KEY, operation BLOB NOT NULL, bytes INTEGER NOT NULL,
        parts INTEGER NOT NULL, parts_sent INTEGER NOT NULL) WITHOUT ROWID""",
)


_SECOND = (
    # The county's epoch in the front's signed word that it keeps the file; NULL before.
    "ALTER TABLE attachments ADD COLUMN kept INTEGER",
    # Which record an attachment belongs to: a projection, as `records` is.
    "CREATE TABLE attached(record BLOB PRIMARY KEY, of_record BLOB NOT NULL) WITHOUT ROWID",
    "CREATE INDEX attached_to ON attached(of_record)",
)


_THIRD = (
    # The county's epoch when it last told of this stream, stored or opened; 0 before.
    "ALTER TABLE streams ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0",
)


_FOURTH = (
    # Official numbers the county gave: a projection, as `records` is.
    """CREATE TABLE numbers(
        operation BLOB PRIMARY KEY, of_record BLOB NOT NULL, kind TEXT NOT NULL,
        number TEXT NOT NULL, epoch INTEGER NOT NULL, county_seq INTEGER NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX numbers_of ON numbers(of_record)",
)


_OWN_BITS = 40
OWN_FROM = 1 << _OWN_BITS
"""The first stream's place in the log; what others wrote lies below. In SQL: `own << 40`."""

_FIFTH = (
    "DROP INDEX operations_of_record",
    "DROP INDEX operations_own",
    "DROP INDEX operations_waiting",
    "ALTER TABLE operations RENAME TO operations_before",
    # `head` and the slip counter are the own stream's after this operation: its last one says them.
    """CREATE TABLE operations(
        position INTEGER PRIMARY KEY, id BLOB NOT NULL, record BLOB NOT NULL,
        own INTEGER REFERENCES streams(number), seq INTEGER NOT NULL,
        skeleton BLOB NOT NULL, salt BLOB, data BLOB, delivered INTEGER NOT NULL DEFAULT 0,
        epoch INTEGER, county_seq INTEGER, status TEXT, cap_ms INTEGER, effective_at INTEGER,
        rank INTEGER, reason TEXT, page INTEGER,
        head BLOB, slip_day INTEGER, slip_count INTEGER,
        CHECK (position = (own << 40) + seq
               OR (own IS NULL AND position BETWEEN 1 AND (1 << 40) - 1)))""",
    """INSERT INTO operations(position, id, record, own, seq, skeleton, salt, data, delivered,
            epoch, county_seq, status, cap_ms, effective_at, rank, reason, page)
        SELECT coalesce((own << 40) + seq, position) AS place, id, record, own, seq, skeleton,
            salt, data, delivered, epoch, county_seq, status, cap_ms, effective_at, rank, reason,
            page FROM operations_before ORDER BY place""",
    "DROP TABLE operations_before",
    # An operation is looked up within its record. An index on ids alone has no order in time: each
    # save would change a page somewhere in it.
    "CREATE UNIQUE INDEX operations_of_record ON operations(record, id)",
    """CREATE INDEX operations_waiting ON operations(status)
        WHERE own IS NOT NULL AND status IN ('held', 'refused')""",
    # Openings are named by operations of other records.
    "CREATE TABLE sessions(id BLOB PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID",
    "ALTER TABLE attachments ADD COLUMN record BLOB",
    """UPDATE attachments SET record = o.record
        FROM (SELECT id, record FROM operations WHERE own IS NOT NULL) AS o
        WHERE o.id = attachments.operation""",
)

_FILL_FIFTH = "UPDATE operations SET head = ?, slip_day = ?, slip_count = ? WHERE position = ?"


_SIXTH = (
    # What the county asks after and nobody has answered: a projection, as `records` is.
    """CREATE TABLE asked(
        record BLOB PRIMARY KEY, act TEXT NOT NULL, by_on TEXT NOT NULL,
        reason TEXT NOT NULL) WITHOUT ROWID""",
)


def _first(store: Store) -> None:
    for statement in _FIRST:
        store.execute(statement)


def _second(store: Store) -> None:
    for statement in _SECOND:
        store.execute(statement)


def _third(store: Store) -> None:
    for statement in _THIRD:
        store.execute(statement)


def _fourth(store: Store) -> None:
    """Names are found by whole pinyin too: their keys are spelled anew."""
    for statement in _FOURTH:
        store.execute(statement)
    named = store.rows("SELECT name, record FROM records WHERE name <> ''")
    store.execute_many(
        "UPDATE records SET initials = ? WHERE record = ?",
        [(search_keys(name).line, record) for name, record in named],
    )


def _fifth(store: Store) -> None:
    for statement in _FIFTH:
        store.execute(statement)
    for number, stream, *slip in store.rows(
        "SELECT number, stream, slip_day, slip_count FROM streams"
    ):
        rows = store.rows(
            """SELECT position, id, skeleton FROM operations
               WHERE position BETWEEN ? AND ? ORDER BY position""",
            places(number, 1, OWN_FROM),
        )
        head = chain.genesis(int(meta(store, "county") or b"0"), stream)
        heads: list[tuple[object, ...]] = []
        for position, operation, skeleton in rows:
            head = chain.extend(head, operation)
            heads.append((head, *slip, position))
            if restore(skeleton, None, None).skeleton.kind == session.KIND:
                keep_session(store, operation, position)
        store.execute_many(_FILL_FIFTH, heads)


def _sixth(store: Store) -> None:
    for statement in _SIXTH:
        store.execute(statement)


MIGRATIONS: tuple[Migration, ...] = (_first, _second, _third, _fourth, _fifth, _sixth)


def place(own: int, seq: int) -> int:
    """Return the position in the log of operation `seq` of an own stream.

    A `seq` that no stream reaches (they come from the network) stays inside the stream's places.
    """
    return (own << _OWN_BITS) + min(seq, OWN_FROM - 1)


def places(own: int, seq_from: int, seq_to: int) -> tuple[int, int]:
    """Return the first and last position of these operations of an own stream."""
    return place(own, seq_from), place(own, seq_to)


def keep_session(store: Store, operation: bytes, position: int) -> None:
    """Note where a session's opening lies."""
    store.execute("INSERT INTO sessions(id, position) VALUES (?, ?)", (operation, position))


def meta(store: Store, key: str) -> bytes | None:
    """Return one kept value, or None."""
    row = store.row("SELECT value FROM meta WHERE key = ?", (key,))
    return None if row is None or row[0] is None else bytes(row[0])


def keep_meta(store: Store, key: str, value: bytes) -> None:
    """Keep one value."""
    store.execute("INSERT OR REPLACE INTO meta(key, value) VALUES (?, ?)", (key, value))


def keep_county(store: Store, county: int) -> None:
    """Note whose store this is, once."""
    if meta(store, "county") is None:
        with store.write():
            keep_meta(store, "county", b"%d" % county)
