"""Mergers (并案): which records are one matter by now, and taking a merger back.

A merger is `merge` on the record that goes and `absorb` on the one that stays, written right behind
the decision on their pair. Nothing is deleted, so undoing it is two more operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from server.card import read_card
from server.landing import Landing
from server.matching import DECIDED, MERGED, OPEN, SAME
from server.steward import Draft
from server.storage import Tx
from server.storage.rows import PairRow, RecordRow
from shared import ids
from shared.canonical import Value
from shared.ids import InvalidId
from shared.record import STATE, Record


def survivor_of(landing: Landing, record: bytes) -> Record | None:
    """Follow mergers to the record that stands for this one; None where they run in a circle."""
    last: Record | None = None
    seen: set[bytes] = set()
    following: bytes | None = record
    while following is not None:
        if following in seen:
            return None
        seen.add(following)
        landing.load([following])
        last = landing.record(following) or last
        following = None if last is None or last.id != following else _into(last)
    return last


def undecided(tx: Tx) -> list[PairRow]:
    """Return the pairs that still need a person: open, and not one by mergers already."""
    rows = tx.list_pairs(OPEN)
    known = tx.records({half for row in rows for half in (row.one, row.other)})
    return [row for row in rows if not _are_one(tx, known, row)]


def _are_one(tx: Tx, known: Mapping[bytes, RecordRow], row: PairRow) -> bool:
    if not any(one in known and known[one].state == MERGED for one in (row.one, row.other)):
        return False
    ends = {end_of(tx, half) for half in (row.one, row.other)}
    return len(ends) == 1


def end_of(tx: Tx, record: bytes) -> bytes:
    """As `survivor_of`, from the projections; in a circle, any record of it."""
    seen: set[bytes] = set()
    while record not in seen:
        seen.add(record)
        row = tx.record(record)
        if row is not None and row.state == MERGED:
            record = _named(read_card(row.folded)) or record
    return record


def undone(
    tx: Tx, landing: Landing, row: PairRow, reason: str, author: str, site: str
) -> list[Draft]:
    """Return what takes back the mergers that 同一件 on a pair led to, as far as they still stand.

    The merged record gets back the state it had. On the survivor a merger had changed nothing; what
    is written there tells its history that it stands for itself alone again.
    """
    drafts: list[Draft] = []
    gone: set[bytes] = set()
    for merged_id, survivor_id in _mergers(tx, landing, row):
        landing.load([merged_id, survivor_id])
        merged, survivor = landing.record(merged_id), landing.record(survivor_id)
        if merged is None or survivor is None or merged_id in gone:
            continue
        state = _state_to_return_to(merged)
        if state is None or merged.fields.get("merged_into") != ids.record_text(survivor_id):
            continue
        gone.add(merged_id)
        back: dict[str, Value] = {"state": state, "merged_into": None}
        alone: dict[str, Value] = {"absorbed": None}
        for record, values in ((merged, back), (survivor, alone)):
            data: dict[str, Value] = {"values": values, "reason": reason}
            drafts.append(Draft(record.id, record.kind, "settle", data, record.heads, author, site))
    return drafts


def _mergers(tx: Tx, landing: Landing, row: PairRow) -> Iterator[tuple[bytes, bytes]]:
    """(merged, survivor) of every merger a decision on this pair made, or somebody made of it."""
    pair = landing.record(row.pair)
    effects = () if pair is None else tuple(reversed(pair.history))
    decisions = [one.operation for one in effects if DECIDED.get(one.state_after or "") == SAME]
    for decision in tx.stored(decisions).values():
        behind = tx.stream_operations(
            decision.stream, branch=decision.branch, after_seq=decision.seq, limit=2, opened=False
        )
        if [one.act for one in behind] == ["merge", "absorb"]:
            yield behind[0].record, behind[1].record
    yield from ((row.one, row.other), (row.other, row.one))


def _state_to_return_to(merged: Record) -> str | None:
    """The state before the merger; where one was done beside the merger, that; None: not merged."""
    states = [str(side.value) for side in merged.registers.get(STATE, ())]
    if MERGED not in states:
        return None
    beside = [state for state in states if state != MERGED]
    before = [one.state_before for one in merged.history if one.act == "merge"]
    return beside[0] if beside else (before[-1] if before else None)


def _into(record: Record) -> bytes | None:
    return _named(record.fields) if record.state == MERGED else None


def _named(fields: Mapping[str, Value]) -> bytes | None:
    named = fields.get("merged_into")
    try:
        return ids.parse_record(named) if isinstance(named, str) else None
    except InvalidId:
        return None
