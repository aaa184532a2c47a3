"""What a newer program recorded, judged again once this one knows it, as its reason promises.

Held for its version or kind, it lies in the ledger untouched; after the upgrade `run-due` finds it.
"""

from __future__ import annotations

from collections.abc import Sequence

from server import numbering, sealed
from server.county import County
from server.court import judge_again
from server.landing import Landing
from server.rejudging import follow, rule
from server.storage import Tx
from server.verdicts import Ruling
from shared import kinds, session
from shared.fold import Entry
from shared.operation import VERSION, MalformedOperation, Operation, Skeleton
from shared.verdict import Status

WAITING = frozenset({"newer_version", "unknown_kind"})
_LATER = WAITING | {"device_suspended"}
"""Reasons that may pass: what is held for them once more keeps its verdict and is asked again."""
_BATCH = 200


def judge_known(county: County) -> int:
    """Judge again what waited for an upgrade and is known now; return how many were decided."""
    with county.ledger.read() as tx:
        known = _known(tx)
    decided = 0
    for first in range(0, len(known), _BATCH):
        batch = known[first : first + _BATCH]

        def step(tx: Tx, batch: Sequence[bytes] = batch) -> int:
            return _judge(tx, county, batch)

        decided += county.ledger.writing(step)
    return decided


def _known(tx: Tx) -> list[bytes]:
    """What waits and is known now, in the order of its streams: a session before its acts."""
    found: list[tuple[bytes, int, bytes]] = []
    after = b""
    while rows := tx.unsettled(Status.HELD, after=after):
        after = rows[-1].operation
        waiting = tx.operations([row.operation for row in rows if row.reason in WAITING])
        found += [
            (one.skeleton.stream, one.skeleton.seq, one.id)
            for one in waiting.values()
            if _is_known(one.skeleton)
        ]
    return [operation for _, _, operation in sorted(found)]


def _is_known(skeleton: Skeleton) -> bool:
    return skeleton.version <= VERSION and skeleton.kind in kinds.KINDS


def _judge(tx: Tx, county: County, batch: Sequence[bytes]) -> int:
    landing = Landing(tx, county.editions(tx))
    operations = tx.operations(batch)
    landing.load(one.skeleton.record for one in operations.values())
    rulings = _rulings(tx, county, landing, [operations[one] for one in batch])
    if rulings:
        rule(tx, county, landing, rulings, "程序升级后入账")
        decided = [operations[one] for one, _ in rulings]
        sealed.open_arrived(tx, county, landing, decided)
        follow(tx, county, landing, decided)
        numbering.assign(tx, county, landing)
        landing.finish()
    return len(rulings)


def _rulings(
    tx: Tx, county: County, landing: Landing, operations: Sequence[Operation]
) -> list[tuple[bytes, Ruling]]:
    """Judge each on what the earlier ones made of its record; leave out what has to wait on."""
    stored = tx.stored([one.id for one in operations])
    rulings: list[tuple[bytes, Ruling]] = []
    openings: dict[bytes, Entry] = {}
    for operation in operations:
        verdict = landing.verdict(operation)
        if verdict.status is not Status.HELD or verdict.reason not in WAITING:
            continue  # a person was faster
        entry = Entry(operation, verdict)
        ruling = (
            judge_again(tx, county, entry, landing, openings=openings)
            if _is_readable(operation)
            else Ruling(Status.REFUSED, 0, "invalid_field", verdict.effective_at)
        )
        if ruling.status is Status.HELD and ruling.reason in _LATER:
            continue
        now = ruling.verdict(operation, 0, 0, stored[operation.id].received_at)
        landing.land(operation, now)
        if operation.skeleton.kind == session.KIND:
            openings[operation.id] = Entry(operation, now)
        rulings.append((operation.id, ruling))
    return rulings


def _is_readable(operation: Operation) -> bool:
    """Nobody read the data when it came; a stranger's garbage must not stop the others."""
    try:
        return operation.data is not None
    except MalformedOperation:
        return False
