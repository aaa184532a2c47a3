"""What a decision would do to the figures: it is made in a transaction that is rolled back.

So nothing is guessed: acts that a settled conflict would free and records that a merger would take
out count exactly as they would afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from server import reconcile
from server.cards import card_fields
from server.county import County
from server.metrics.facts import KEPT
from server.metrics.figure import Scope
from server.metrics.standing import Place, standing
from server.reconcile import Step
from server.report import Levels
from server.storage import Tx
from server.todo.entries import FIELD, FORK, HELD, PAIR, STATES, Entry, branch_of
from shared import ids, kinds
from shared.errors import Refused

REASON, NOBODY = "—", "rehearsal"


@dataclass(frozen=True, slots=True)
class Change:
    """A figure of a month and site that would be higher or lower by `by`."""

    place: Place
    by: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """What one choice leads to: changes (none: the figures stay), or why it cannot be made."""

    changes: tuple[Change, ...] = ()
    obstacle: str = ""


def counts(entry: Entry) -> bool:
    """Whether a decision on this entry can touch a figure; a phone number, say, cannot."""
    if entry.kind != FIELD:
        return entry.kind in (STATES, PAIR, HELD, FORK)
    declared = kinds.kind_of(entry.what).register_of(entry.register)
    return declared is not None and not set(KEPT).isdisjoint(declared.fields or (entry.register,))


def outlook_of(county: County, entry: Entry) -> dict[str, Outlook]:
    """Return what each choice leads to, by choice; {} where none can touch a figure."""
    if not counts(entry):
        return {}
    if entry.kind == PAIR:
        return _of_pair(county, entry)
    return _of_held(county, entry) if entry.kind in (HELD, FORK) else _of_sides(county, entry)


def _of_sides(county: County, entry: Entry) -> dict[str, Outlook]:
    with county.ledger.read() as tx:
        sides = reconcile.sides_open(tx, entry.record, entry.register)
    return {
        side.operation.hex(): _outlook(
            county, [entry.record],
            reconcile.settling(county, entry.record, entry.register, side.value, REASON, NOBODY),
        )
        for side in sides
    }  # fmt: skip


def _of_pair(county: County, entry: Entry) -> dict[str, Outlook]:
    pair = ids.parse_record(entry.key.partition(".")[2])
    with county.ledger.read() as tx:
        row = tx.pair(pair)
    halves = [row.one, row.other] if row is not None else []
    step = partial(reconcile.pairing, county, pair, reason=REASON, staff=NOBODY)
    return {
        "same": _outlook(county, halves, step(same=True)),
        "different": _outlook(county, halves, step(same=False)),
    }


def _of_held(county: County, entry: Entry) -> dict[str, Outlook]:
    _, _, named = entry.key.partition(".")
    operations, records = [bytes.fromhex(named)], [entry.record]
    if entry.kind == FORK:
        with county.ledger.read() as tx:
            waiting = branch_of(tx, bytes.fromhex(named))
        operations = [one.operation for one in waiting]
        records = list(dict.fromkeys(one.record for one in waiting))
    step = partial(reconcile.judging, county, operations, reason=REASON, staff=NOBODY)
    return {
        "admit": _outlook(county, records, step(admit=True)),
        "refuse": _outlook(county, records, step(admit=False)),
    }


def _outlook(county: County, records: Sequence[bytes], step: Step) -> Outlook:
    def look(tx: Tx) -> Counter[Place]:
        scope = Scope(Levels(county.editions(tx).sites, county.today()))
        return standing(tx, records, card_fields, scope)

    try:
        before, after = county.ledger.rehearse(step, look)
    except Refused as error:
        return Outlook(obstacle=str(error))
    places = sorted({*before, *after})
    return Outlook(
        tuple(Change(one, after[one] - before[one]) for one in places if after[one] != before[one])
    )
