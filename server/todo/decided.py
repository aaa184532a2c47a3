"""最近处理: what staff decided, newest first; each can be decided again, and what it chose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server import reconcile
from server.accounts import Person
from server.api import messages, shapes
from server.county import Editions
from server.desk import Desk, UnknownRecord
from server.storage import Tx
from server.storage.rows import Judgement, PairRow, RecordRow
from server.todo.entries import FIELD, HELD, PAIR, STATES
from server.verdicts import MalformedVerdict, rulings_of
from shared import ids
from shared.canonical import Value
from shared.operation import Operation
from shared.record import STATE, Conflict
from shared.verdict import Status

ACTS = {"settle": FIELD, "decide": PAIR, "judge": HELD}
SHOWN = 40
UNDONE_BY_MERGER = frozenset({"merged_into", "absorbed"})
"""Registers that a decision on a pair settles along with it; the pair is what is decided."""


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision. `key` is that of the entry it decided, '' where it cannot be made again."""

    operation: str
    at: int
    author: str
    kind: str
    key: str
    records: tuple[bytes, ...]
    what: str
    """The kind of the record."""
    register: str
    chosen: Value
    """The value, `same` or `different`, `admitted` or `refused`."""
    reason: str
    site: str
    slip: str = ""
    count: int = 1
    """How many operations a verdict was about."""


@dataclass(frozen=True, slots=True)
class Page:
    """Decisions, and where the next page begins ('' for the last)."""

    decisions: tuple[Decided, ...]
    before: str


def recent(desk: Desk, person: Person, before: str = "", limit: int = SHOWN) -> Page:
    """Return what was decided, as far as the person may see the records; `before` is a page's."""
    with desk.county.ledger.read() as tx:
        rows = tx.decisions(list(ACTS), before=_place(before), limit=limit)
        editions = desk.county.editions(tx)
        found = _read(desk, tx, person, editions, rows)
    last = rows[-1] if len(rows) == limit else None
    more = f"{last.epoch}.{last.county_seq}" if last else ""
    return Page(tuple(found), more)


def one(desk: Desk, person: Person, operation: str) -> Decided:
    """Return one decision; raise UnknownRecord."""
    named = ids.parse_operation(operation)
    with desk.county.ledger.read() as tx:
        row = tx.judgements_of([named]).get(named)
        known = row is not None and row.act in ACTS and row.author.startswith("staff:")
        editions = desk.county.editions(tx)
        found = _read(desk, tx, person, editions, [row]) if row is not None and known else []
    if not found:
        raise UnknownRecord("没有这个决定，可能编号有误，请从最近处理中打开。")
    return found[0]


def sides_of(desk: Desk, person: Person, decided: Decided) -> messages.Conflict | None:
    """Return the sides that a settled conflict had, masked for the person; None where lost."""
    seen = desk.record(person, decided.records[0])
    with desk.county.ledger.read() as tx:
        sides = reconcile.sides_settled(tx, seen.record.id, decided.register)
        if not sides or not seen.sight.content:
            return None
        was = Conflict(decided.register, sides)
        return shapes.conflict(seen.record, was, shapes.Streams(tx), seen.veil)


def _read(
    desk: Desk, tx: Tx, person: Person, editions: Editions, rows: Sequence[Judgement]
) -> list[Decided]:
    operations = tx.operations([row.operation for row in rows])
    subjects = {row.operation: _about(tx, operations[row.operation]) for row in rows}
    wanted = {record for about in subjects.values() for record in about}
    known = {r.record: r for r in desk.seen_rows(tx, person, editions, tx.records(wanted).values())}
    found: list[Decided] = []
    for row in rows:
        records = subjects[row.operation]
        if records and all(record in known for record in records):
            decided = _decided(row, operations[row.operation], records, known[records[0]])
            if decided is not None:
                found.append(decided)
    return found


def _about(tx: Tx, operation: Operation) -> tuple[bytes, ...]:
    """The records that a decision is about; () where nobody can see any."""
    skeleton = operation.skeleton
    if skeleton.act == "settle":
        return (skeleton.record,)
    if skeleton.act == "decide":
        pair: PairRow | None = tx.pair(skeleton.record)
        return (pair.one, pair.other) if pair is not None else ()
    judged = tx.judgements_of(_judged(operation)).values()
    return tuple(dict.fromkeys(one.record for one in judged))


def _judged(operation: Operation) -> list[bytes]:
    named = operation.data.get("operations") if operation.has_data else None
    return [one for one in named if isinstance(one, bytes)] if isinstance(named, list) else []


def _decided(
    row: Judgement, operation: Operation, records: tuple[bytes, ...], about: RecordRow
) -> Decided | None:
    kind, key, register = ACTS[row.act], "", ""
    chosen: Value = None
    count = 1
    if kind == FIELD:
        values = operation.data.get("values")
        named = [name for name in values if name not in UNDONE_BY_MERGER] if isinstance(
            values, dict) else []  # fmt: skip
        if len(named) != 1 or not isinstance(values, dict) or len(values) > 1:
            return None  # what takes a merger back is told by the decision on the pair
        (register,) = named
        kind = STATES if register == STATE else FIELD
        chosen = values[register]
        key = f"{kind}.{ids.record_text(records[0])}.{register}"
    elif kind == PAIR:
        chosen = operation.data.get("value")
        key = f"{PAIR}.{ids.record_text(row.record)}"
    else:
        judged = _judged(operation)
        chosen, count = _status(operation), len(judged)
        key = f"{HELD}.{judged[0].hex()}" if count == 1 else ""
    reason = operation.data.get("reason")
    return Decided(
        row.operation.hex(), row.effective_at, row.author, kind, key, records, about.kind, register,
        chosen, reason if isinstance(reason, str) else "", about.site, about.slip, count,
    )  # fmt: skip


def _status(operation: Operation) -> str:
    try:
        first = next(iter(rulings_of(dict(operation.data))), None)
    except MalformedVerdict:
        return ""
    return Status(first.status).value if first is not None else ""


def _place(before: str) -> tuple[int, int] | None:
    epoch, _, seq = before.partition(".")
    is_place = epoch.isdecimal() and seq.isdecimal() and len(before) < len(str(2**63))
    return (int(epoch), int(seq)) if is_place else None
