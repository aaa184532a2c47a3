"""What people decided at the county in a period: double filings confirmed, conflicts settled.

Choices where DOMAIN.md §2.3 leaves one:
* a double filing counts on the day of the last decision on its pair, if that says 同一件; it is of
  the site, item and channel of the record that stayed;
* a conflict counts on the day it was settled, and opened with the later of its values: what the
  person saw (the settlement's ancestors) is folded, so a value that came after does not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import select

from server import merging
from server.matching import DECIDED, SAME
from server.metrics.facts import MERGED, VOIDED, Fields, Shown, acts_done, acts_of, chunks
from server.metrics.figure import Figure, Scope
from server.projecting import opened_at
from server.schema import judgements, pairs
from server.storage.ledger import Tx
from shared.fold import Entry, fold
from shared.kinds import LISTED
from shared.verdict import Status

HOUR_MS = 60 * 60 * 1000
FOR_EVER = 99_991_231
CONFIRMED = next(state for state, said in DECIDED.items() if said == SAME)
_j, _p = judgements.c, pairs.c


class Confirmed(NamedTuple):
    """A confirmed double filing, by the record that stayed."""

    record: bytes
    site: str
    values: Shown


class Settled(NamedTuple):
    """A settled conflict and how long it was open."""

    record: bytes
    site: str
    values: Shown
    took_ms: int


def double_filings(
    confirmed: list[Confirmed], accepted: tuple[bytes, ...], scope: Scope
) -> Figure:  # fmt: skip
    """Return N3; the two are not the same matters, so the rate may be over one."""
    kept = tuple(
        one.record for one in confirmed if scope.holds(one.site) and scope.takes(one.values)
    )  # fmt: skip
    return Figure(len(kept), len(accepted), kept, below=accepted)


def settling(settled: list[Settled], scope: Scope) -> Figure:
    """Return N4: the mean in hours, the median in minutes beside it."""
    mine = [one for one in settled if scope.holds(one.site) and scope.takes(one.values)]
    spans = sorted(one.took_ms for one in mine)
    total = sum(spans)
    middle = spans[(len(spans) + 1) // 2 - 1] if spans else 0
    return Figure(
        total, len(spans), tuple(one.record for one in mine),
        extra={"p50_minutes": middle // 60_000},
        exact=Fraction(total, len(spans) * HOUR_MS) if spans else None,
    )  # fmt: skip


def read_confirmed(tx: Tx, from_on: int, to_on: int, fields: Fields) -> list[Confirmed]:
    """Return the pairs whose last decision lies in the period and says 同一件."""
    decided = {fact.record for fact in acts_done(tx, "pair", ("decide",), from_on, to_on)}
    last = {fact.record: fact for fact in acts_of(tx, decided, ("decide",), FOR_EVER)}
    wanted = [
        one for one, fact in last.items() if fact.state == CONFIRMED and from_on <= fact.on <= to_on
    ]
    kept: list[bytes] = []
    for chunk in chunks(sorted(wanted)):
        statement = select(_p.one).where(_p.county == tx.county, tx.among(_p.pair, chunk))
        halves = tx.connection.execute(statement.order_by(_p.pair)).scalars()
        kept += [merging.end_of(tx, half) for half in halves]
    rows = tx.records(set(kept))
    shown = dict(fields(tx, rows.keys()))
    return [
        Confirmed(one, rows[one].site, shown.get(one, {}))
        for one in kept
        if one in rows and rows[one].state != VOIDED
        and shown.get(one, {}).get("practice") is not True
    ]  # fmt: skip


def read_settled(tx: Tx, from_on: int, to_on: int, fields: Fields) -> list[Settled]:
    """Return the conflicts that were settled in the period, in order of their settling."""
    statement = (
        select(_j.record, _j.operation, _j.effective_at)
        .where(
            _j.county == tx.county, _j.kind.in_(LISTED), _j.act == "settle",
            _j.effective_on.between(from_on, to_on), _j.status == Status.ADMITTED.value,
        )
        .order_by(_j.effective_at, _j.operation)
    )  # fmt: skip
    found: list[Settled] = []
    for chunk in chunks(tx.connection.execute(statement).all()):
        records = {row[0] for row in chunk}
        entries, rows = tx.operations_of(records), tx.records(records)
        shown = dict(fields(tx, records))
        for record, operation, at in chunk:
            row, values = rows.get(record), shown.get(record, {})
            if row is None or row.state in (VOIDED, MERGED) or values.get("practice") is True:
                continue
            found += [
                Settled(record, row.site, values, max(0, at - opened))
                for opened in _opened(entries[record], operation)
            ]
    return found


def _opened(entries: list[Entry], settling: bytes) -> list[int]:
    """When the conflicts arose that a settlement ended, Unix ms."""
    known = {entry.operation.id: entry for entry in entries}
    said = known[settling].operation.data.get("values")
    registers = set(said) if isinstance(said, Mapping) else set()
    seen = _ancestors(known, settling)
    if not seen:
        return []
    return [opened_at(one) for one in fold(seen).conflicts if one.register in registers]


def _ancestors(known: Mapping[bytes, Entry], of: bytes) -> list[Entry]:
    found: dict[bytes, Entry] = {}
    ahead = list(known[of].operation.skeleton.parents)
    while ahead:
        one = ahead.pop()
        if one in known and one not in found:
            found[one] = known[one]
            ahead += known[one].operation.skeleton.parents
    return list(found.values())
