"""Complaints about persons: sealed before anything is written, into a stream of their own.

Afterwards nobody at this tablet can read, edit, count, search or delete them. Dummies of the same
size go the same way at random times, about one for each day of use, so that neither numbers nor
sizes tell anything.
"""

from __future__ import annotations

from mobile import streams, tables
from mobile.database import Store
from mobile.log import insert_own
from mobile.session import Author
from mobile.streams import SEALED, Entropy
from mobile.timekeeping import Reading
from shared import clock as hybrid
from shared import operation as operations
from shared.canonical import Value
from shared.kinds import kind_of
from shared.slips import sealed_query_code
from sync import sealed
from sync.sealed import Inside

DAY_MS = 24 * 60 * 60 * 1000
_LAST_DRAW = "dummy drawn at"


def seal_complaint(
    store: Store, *, complaint: dict[str, Value], author: Author, public: bytes, county: int,
    reading: Reading, entropy: Entropy,
) -> str:  # fmt: skip
    """Seal and store a complaint; return the query code for the citizen. Raises TooLong."""
    code = sealed_query_code(entropy(8))
    if "query_code" in kind_of("complaint").fields:
        complaint = {**complaint, "query_code": code}
    with store.write():
        _append(
            store, Inside(author.site, author.name, complaint), public=public, county=county,
            reading=reading, entropy=entropy,
        )  # fmt: skip
    return code


def perhaps_dummy(
    store: Store, *, public: bytes, county: int, reading: Reading, entropy: Entropy
) -> None:
    """Draw whether a dummy is due: the longer since the last draw, the likelier; once a day."""
    with store.write():
        last = store.remembered(_LAST_DRAW, lambda: tables.meta(store, _LAST_DRAW))
        elapsed = reading.at - int(last) if last else 0
        if last and 0 <= elapsed < 60_000:
            return  # draws in a burst would cost writes and change nothing
        tables.keep_meta(store, _LAST_DRAW, b"%d" % reading.at)
        store.forget()
        chance = min(max(elapsed, 0), DAY_MS) / DAY_MS
        if int.from_bytes(entropy(4), "big") < chance * 2**32:
            _append(store, None, public=public, county=county, reading=reading, entropy=entropy)


def _append(
    store: Store, inside: Inside | None, *, public: bytes, county: int,
    reading: Reading, entropy: Entropy,
) -> None:  # fmt: skip
    stream = streams.current(store, SEALED) or streams.start(store, SEALED, county, entropy)
    if streams.block_is_full(stream):
        streams.new_block(store, stream, entropy)
    seq = stream.seq + 1
    stream.clock = hybrid.tick(stream.clock, reading.at)
    operation = operations.build(
        stream=stream.id, seq=seq, author="", site="", session=None,
        record=entropy(16), kind=sealed.KIND, act=sealed.ACT, parents=(), clock=stream.clock,
        quality=reading.quality, effective_at=reading.at,
        data=sealed.seal(
            inside, complaint_public=public, county=county, stream=stream.id, seq=seq
        ),
        salt=operations.salt_of(stream.seed, seq),
    )  # fmt: skip
    insert_own(store, stream, operation)
