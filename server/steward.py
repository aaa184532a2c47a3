"""The county's own operations: what staff and the core itself do is an operation like any other.

They stand in the county's stream, chained, and count as admitted from the moment they are written,
with their own clock and the rank of the county. Every transaction that adds to the stream leaves a
checkpoint signed by the core over the new head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from server.county import County
from server.landing import Landing
from server.storage import Tx
from server.storage.rows import Checkpoint, StoredOperation
from shared import chain, clock, operation
from shared.canonical import Value
from shared.clock import Quality
from shared.operation import Operation
from shared.permissions import rank_of
from shared.rights import Role
from shared.verdict import Status, Verdict

CHECKPOINT_TAG = b"bianmin.checkpoint.1\0"
RANK = rank_of(Role.ADMINISTRATOR)
SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Draft:
    """An act the county is about to write on a record."""

    record: bytes
    kind: str
    act: str
    data: dict[str, Value]
    parents: tuple[bytes, ...] = ()
    """The heads the person was shown."""
    author: str = SYSTEM
    site: str = ""
    effective_at: int | None = None
    scopes: tuple[str, ...] = field(default=())
    """Feed scopes beside the record's own routes; `*` is everybody."""


def write(
    tx: Tx, county: County, drafts: Sequence[Draft], landing: Landing | None = None
) -> list[Operation]:
    """Write these acts into the county's stream and land them; finish unless a landing is given."""
    own = landing is None
    if landing is None:
        landing = Landing(tx, county.editions(tx))
    landing.load(draft.record for draft in drafts)
    made = append(tx, county, drafts)
    for draft, (done, verdict) in zip(drafts, made, strict=True):
        landing.land(done, verdict, *draft.scopes)
    if own:
        landing.finish()
    return [done for done, _ in made]


def append(tx: Tx, county: County, drafts: Sequence[Draft]) -> list[tuple[Operation, Verdict]]:
    """Append acts to the county's stream and ledger without landing them (editions at birth)."""
    epoch, first, head = tx.take_county_seq(len(drafts))
    stream = tx.county_head().county_stream
    now = county.now()
    made: list[tuple[Operation, Verdict]] = []
    for seq, draft in enumerate(drafts, first):
        effective_at = now if draft.effective_at is None else draft.effective_at
        done = operation.build(
            stream=stream, seq=seq, author=draft.author, site=draft.site, session=None,
            record=draft.record, kind=draft.kind, act=draft.act, parents=draft.parents,
            # The sequence number breaks ties, so the county's clock grows within a millisecond too.
            clock=clock.at(now, seq & 0xFFFF), quality=Quality.GOOD, effective_at=effective_at,
            data=draft.data, salt=county.entropy(operation.SALT_BYTES),
        )  # fmt: skip
        head = chain.extend(head, done.id)
        verdict = Verdict(epoch, seq, Status.ADMITTED, None, effective_at, RANK)
        made.append((done, verdict))
    tx.append_operations([_stored(done, now) for done, _ in made])
    tx.put_county_head(head)
    last = first + len(drafts) - 1
    signature = county.keys.core.sign(
        CHECKPOINT_TAG, checkpoint_bytes(county.code, epoch, last, head)
    )
    tx.add_checkpoint(Checkpoint(epoch, last, head, now, signature))
    return made


def checkpoint_bytes(county: int, epoch: int, seq: int, head: bytes) -> bytes:
    """Return what a checkpoint's signature covers."""
    return b"".join(
        (county.to_bytes(4, "big"), epoch.to_bytes(4, "big"), seq.to_bytes(8, "big"), head)
    )


def _stored(done: Operation, received_at: int) -> StoredOperation:
    skeleton = done.skeleton
    return StoredOperation(
        skeleton.stream, 0, skeleton.seq, done.id, skeleton.record, skeleton.kind, skeleton.act,
        done.skeleton_bytes, done.salt, done.data_bytes, received_at, None,
    )  # fmt: skip
