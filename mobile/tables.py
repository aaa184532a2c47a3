"""The tables of the tablet's store; `MIGRATIONS[n]` leads from version n to n + 1.

Published migrations are append-only. `operations` is the truth; `records` is a projection of it
that can be dropped and rebuilt. `own` is the number of the device's own stream, NULL for what
others wrote.
"""

from __future__ import annotations

from mobile.database import Migration, Store
from shared.names import search_keys

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


MIGRATIONS: tuple[Migration, ...] = (_first, _second, _third, _fourth)


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
