"""Verdicts given again: what a later act frees or a person decides.

A settled conflict frees the irreversible acts that waited for it; a head's `confirm_held` admits
what was done after a posting had ended, or what a role may only propose; a member of staff admits
or refuses by hand. Each is one more verdict operation; the earlier verdict stays in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from server import steward, verdicts
from server.county import County
from server.court import judge_again
from server.landing import Landing
from server.steward import Draft
from server.storage import Tx
from server.verdicts import Ruling
from shared import ids
from shared.fold import Entry
from shared.graph import FREED
from shared.operation import Operation
from shared.permissions import rank_of
from shared.rights import Role
from shared.verdict import Status

SETTLE, CONFIRM = "settle", "confirm_held"
CONFIRMABLE = frozenset({"posting_ended", "grant_ended", "only_propose"})
"""What a township head may let stand; forks and lost devices are the county's to judge."""


def rule(
    tx: Tx,
    county: County,
    landing: Landing,
    rulings: Sequence[tuple[bytes, Ruling]],
    reason: str,
    author: str = steward.SYSTEM,
) -> Operation:
    """Write one verdict over single operations and let it stand."""
    stored = tx.stored([operation for operation, _ in rulings])
    received = [stored[operation].received_at for operation, _ in rulings]
    data = verdicts.of_operations(
        [operation for operation, _ in rulings], received, [r for _, r in rulings], reason
    )
    record = ids.uuid7(county.now(), county.entropy(10))
    draft = Draft(record, verdicts.KIND, verdicts.ACT, data, author=author)
    landing.load([record])
    ((done, own),) = steward.append(tx, county, [draft])
    landing.land(done, own)
    operations = tx.operations([operation for operation, _ in rulings])
    for (operation, ruling), at in zip(rulings, received, strict=True):
        judged = operations[operation]
        landing.land(judged, ruling.verdict(judged, own.epoch, own.county_seq, at))
    return done


def follow(tx: Tx, county: County, landing: Landing, operations: Iterable[Operation]) -> None:
    """Give again what admitted acts of this transaction free."""
    for operation in operations:
        act = operation.skeleton.act
        if act not in (SETTLE, CONFIRM):
            continue
        if landing.verdict(operation).status is not Status.ADMITTED:
            continue
        if act == SETTLE:
            free_held(tx, county, landing, operation.skeleton.record)
        else:
            _confirm(tx, county, landing, operation)


def free_held(tx: Tx, county: County, landing: Landing, record: bytes) -> None:
    """Judge again what waited for a conflict of this record, now that none is open."""
    folded = landing.record(record)
    waiting = [one for one in landing.entries(record) if _is_held(one, {"conflict_open"})]
    if folded is not None and not folded.conflicts and waiting:
        rulings = [(one.operation.id, _freed(judge_again(tx, county, one, landing)))
                   for one in waiting]  # fmt: skip
        rule(tx, county, landing, rulings, "冲突已裁定")


def _freed(ruling: Ruling) -> Ruling:
    """An act that counts now follows the settle that freed it; fold knows it by the reason."""
    return ruling._replace(reason=FREED) if ruling.status is Status.ADMITTED else ruling


def _confirm(tx: Tx, county: County, landing: Landing, confirming: Operation) -> None:
    """Admit the held acts of the same record that a head names, at the rank of who did them."""
    named = confirming.data.get("operations")
    wanted = {name for name in named if isinstance(name, str)} if isinstance(named, list) else set()
    rulings = [
        (one.operation.id, Ruling(Status.ADMITTED, _rank(one), "confirmed", _at(one)))
        for one in landing.entries(confirming.skeleton.record)
        if one.operation.id.hex() in wanted and _is_held(one, CONFIRMABLE)
    ]
    if rulings:
        author = confirming.skeleton.author
        rule(tx, county, landing, rulings, "主任确认", author)
        free_held(tx, county, landing, confirming.skeleton.record)


def _is_held(entry: Entry, reasons: frozenset[str] | set[str]) -> bool:
    verdict = entry.verdict
    return verdict is not None and verdict.status is Status.HELD and verdict.reason in reasons


def _rank(entry: Entry) -> int:
    return (entry.verdict.rank if entry.verdict else 0) or rank_of(Role.VILLAGE)


def _at(entry: Entry) -> int | None:
    return entry.verdict.effective_at if entry.verdict else None
