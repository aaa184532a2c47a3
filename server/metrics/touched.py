"""Which days of the past new operations can have changed the figures of.

A trend shows twelve months, of which the books change one or two a day. Everything that changes a
record enters the county's own stream: verdicts on what tablets sent, and the county's own acts. The
records they name have their earliest act on some day; no month that ended before can count them, so
it need not be counted again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import func, select

from server import verdicts
from server.county import CALENDAR, CATALOGUE, SITES
from server.metrics.facts import chunks
from server.schema import judgements, operations
from server.shelf import Stamp
from server.storage.ledger import Tx
from shared import operation
from shared.operation import Operation

MANY = 2_000
"""County operations after which everything is counted anew."""
NEVER = 99_991_231
EDITIONS = frozenset({CALENDAR, CATALOGUE, SITES})
_o, _j = operations.c, judgements.c


def touched_since(tx: Tx, before: Stamp, now: Stamp) -> set[bytes] | None:
    """Return the records that changed between two stamps; None where that cannot be told."""
    if before.epoch != now.epoch or now.county_seq - before.county_seq > MANY:
        return None
    if before.county_seq == now.county_seq:
        return set() if before.feed_position == now.feed_position else None
    stream = tx.county_head().county_stream
    found: set[bytes] = set()
    after = before.county_seq
    while rows := tx.stream_operations(stream, after_seq=after, limit=500):
        for row in rows:
            if row.kind in EDITIONS:  # due dates, sites and items may be others now
                return None
            done = operation.restore(row.skeleton, row.salt, row.data)
            found.add(done.skeleton.record)
            if done.skeleton.kind == verdicts.KIND:
                found |= set(_judged(tx, done))
        after = rows[-1].seq
    return found


def first_day(tx: Tx, records: Iterable[bytes]) -> int:
    """Return the day of the earliest act on any of these records, as 20261031."""
    first = NEVER
    for chunk in chunks(sorted(records)):
        statement = select(func.min(_j.effective_on)).where(
            _j.county == tx.county, tx.among(_j.record, chunk)
        )
        first = min(first, tx.connection.execute(statement).scalar() or NEVER)
    return first


def _judged(tx: Tx, verdict: Operation) -> Iterator[bytes]:
    """The records of the operations a verdict is about."""
    statement = select(_o.record).where(_o.county == tx.county)
    match verdict.data:
        case {"operations": list(named)}:
            for chunk in chunks([one for one in named if isinstance(one, bytes)]):
                yield from tx.connection.execute(statement.where(tx.among(_o.id, chunk))).scalars()
        case {"stream": bytes(stream), "from": int(first), "to": int(last)}:
            between = (_o.stream == stream, _o.branch == 0, _o.seq.between(first, last))
            yield from tx.connection.execute(statement.where(*between)).scalars()
        case _:
            raise verdicts.MalformedVerdict("台账中的裁定无法读取，请升级程序或从备份恢复。")
