"""The facts behind the figures: acts that took effect, beside what has become of their records.

Only admitted operations with an effect on the state are facts; the trusted effective date decides
the period. Voided records, those merged into another and practice are left out here, once for all
figures. A case counts with all its acts up to the end of the period, if one of them lies in the
period or it is open and past its promise at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple, TypeVar

from sqlalchemy import ColumnElement, func, or_, select

from server.schema import judgements, records
from server.storage.ledger import Tx
from shared import ids
from shared.canonical import Value
from shared.clock import CAP_MS
from shared.ids import InvalidId
from shared.verdict import Status

VOIDED = "作废"
MERGED = "已并入"
Shown = Mapping[str, Value]
Fields = Callable[[Tx, Collection[bytes]], Iterable[tuple[bytes, Shown]]]
"""Shown fields of records one by one; who asks for figures says how a folded record is read."""
KEPT = (
    "target_site", "finding", "level", "of", "channel", "service_mode", "item", "item_kind",
    "promised_days", "statutory_days", "days_unit", "proxy", "amount_fen", "refunded_fen", "joint",
)  # fmt: skip
"""Only these are kept of a record: a year of a county is 400,000 records."""
CHUNK = 500
T = TypeVar("T")

_j, _r = judgements.c, records.c
_RECEIVED = func.coalesce(_j.cap_ms - CAP_MS, _j.effective_at)
"""A verdict's cap is the instant of receipt and a margin; the county's own acts have none."""


class Fact(NamedTuple):
    """One act with effect. Dates are integers such as 20261031; `due_on` is the promised one."""

    record: bytes
    act: str
    site: str
    """Where the act was done."""
    on: int
    at: int
    """The trusted effective instant, Unix ms."""
    state: str
    """The record's state now."""
    due_on: int | None
    operation: bytes
    received: int = 0
    """When the county received the act, Unix ms; its own acts reach it as they are done."""


@dataclass(slots=True)
class Facts:
    """What the figures of a period need, by kind, in order of time."""

    consultations: list[Fact] = field(default_factory=list)
    cases: list[Fact] = field(default_factory=list)
    proxies: list[Fact] = field(default_factory=list)
    results: list[Fact] = field(default_factory=list)
    """result_out and deliver of proxies whose result came back in the period."""
    complaints: list[Fact] = field(default_factory=list)
    ratings: list[Fact] = field(default_factory=list)
    charges: list[Fact] = field(default_factory=list)
    visits: list[Fact] = field(default_factory=list)
    late: list[Fact] = field(default_factory=list)
    """Acts of every case that was closed late or is past its promise, whenever that was."""
    visited: Mapping[bytes, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Of cases closed in the period: (act, visit) of each act that names a visit."""
    fields: dict[bytes, Shown] = field(default_factory=dict)
    """KEPT of every record above, and of the matters that ratings and charges are about."""


OPENING = {
    "consultation": ("register",),
    "proxy": ("entrust",),
    "complaint": ("register",),
    "rating": ("rate",),
    "visit": ("register",),
    "charge": ("collect",),
}
ACCEPTING = ("accept", "deem_accepted", "close_on_spot")
CLOSING = ("close_on_spot", "close", "withdraw", "lapse")
CASE_ACTS = (
    "receive", "accept", "deem_accepted", "request_correction", "suspend", "resume",
    *CLOSING, "hand_out",
)  # fmt: skip
VISITED_ACTS = (
    "receive", "accept", "request_correction", "resubmit", "close_on_spot", "close", "withdraw",
    "hand_out",
)  # fmt: skip
"""Acts whose data may name the citizen's visit."""


def read_facts(
    tx: Tx, from_on: int, to_on: int, fields: Fields, *, overdue_before: int | None = None
) -> Facts:
    """Return the facts of a period (inclusive dates). Cases are read from their beginning."""
    opened = {kind: acts_done(tx, kind, acts, from_on, to_on) for kind, acts in OPENING.items()}
    found = Facts(
        consultations=opened["consultation"], proxies=opened["proxy"],
        complaints=opened["complaint"], ratings=opened["rating"], charges=opened["charge"],
        visits=opened["visit"], cases=read_cases(tx, from_on, to_on, overdue_before),
        results=_results(tx, from_on, to_on), late=_late(tx, to_on),
    )  # fmt: skip
    _read_fields(tx, found, fields)
    practice = {one for one, values in found.fields.items() if values.get("practice") is True}
    if practice:
        _leave_out(found, practice)
    closed = {f.record for f in found.cases if f.act in CLOSING and from_on <= f.on <= to_on}
    found.visited = _visited(tx, closed, to_on)
    return found


def read_cases(tx: Tx, from_on: int, to_on: int, overdue_before: int | None = None) -> list[Fact]:
    """Return the acts up to `to_on` of the cases that a period is about."""
    acted = select(_j.record).where(
        _j.county == tx.county, _j.kind == "case", _j.act.in_(CASE_ACTS),
        _j.effective_on.between(from_on, to_on), _j.status == Status.ADMITTED.value,
    )  # fmt: skip
    overdue = select(_r.record).where(
        _r.county == tx.county, _r.kind == "case", _r.due_on < (overdue_before or 0),
        or_(_r.closed_on.is_(None), _r.closed_on > to_on),
    )  # fmt: skip
    wanted = {row[0] for row in tx.connection.execute(acted.distinct())}
    wanted |= {row[0] for row in tx.connection.execute(overdue)}
    return acts_of(tx, wanted, CASE_ACTS, to_on)


def acts_of(tx: Tx, wanted: Collection[bytes], acts: Collection[str], to_on: int) -> list[Fact]:
    """Return the acts with effect on these records up to a day, in order of time."""
    found: list[Fact] = []
    for chunk in chunks(sorted(wanted)):
        among = tx.among(_j.record, chunk)
        found += _facts(tx, among, _j.act.in_(acts), _j.effective_on <= to_on)
    return sorted(found, key=lambda fact: (fact.on, fact.at, fact.operation))


def acceptances(
    tx: Tx, from_on: int, to_on: int, item: str | None = None
) -> Iterator[Fact]:  # fmt: skip
    """Yield the acceptances of the county between two days, the first one first."""
    after = 0
    where = [_j.kind == "case", _j.act.in_(ACCEPTING), _j.effective_on.between(from_on, to_on)]
    if item is not None:
        where.append(_r.item == item)
    while chunk := _facts(tx, *where, limit=CHUNK, offset=after):
        yield from chunk
        after += CHUNK


def chunks(of: Iterable[T]) -> Iterator[list[T]]:
    """Yield lists of at most CHUNK."""
    ahead = iter(of)
    while chunk := list(islice(ahead, CHUNK)):
        yield chunk


def real_cases(
    tx: Tx, acts: list[Fact], fields: Fields
) -> tuple[list[Fact], dict[bytes, Shown]]:  # fmt: skip
    """Return these acts without those of practice, and the kept fields of their records."""
    shown: dict[bytes, Shown] = {}
    _keep(tx, {fact.record for fact in acts}, fields, shown)
    return [f for f in acts if shown.get(f.record, {}).get("practice") is not True], shown


def matter_of(values: Shown) -> bytes | None:
    """Return the record that a rating or a charge is about."""
    try:
        return ids.parse_record(str(values.get("of") or ""))
    except InvalidId:
        return None


def _read_fields(tx: Tx, found: Facts, fields: Fields) -> None:
    everything = {
        fact.record
        for facts in (
            found.consultations, found.proxies, found.complaints, found.ratings, found.charges,
            found.visits, found.cases, found.results, found.late,
        )
        for fact in facts
    }  # fmt: skip
    _keep(tx, everything, fields, found.fields)
    about = {matter_of(found.fields.get(f.record, {})) for f in (*found.ratings, *found.charges)}
    _keep(tx, {one for one in about if one} - everything, fields, found.fields)


def _keep(tx: Tx, wanted: Collection[bytes], fields: Fields, into: dict[bytes, Shown]) -> None:
    for record, values in fields(tx, wanted):
        kept = {name: values[name] for name in (*KEPT, "practice") if name in values}
        into[record] = kept


def _leave_out(found: Facts, practice: set[bytes]) -> None:
    def real(facts: list[Fact]) -> list[Fact]:
        return [fact for fact in facts if fact.record not in practice]

    found.consultations, found.cases = real(found.consultations), real(found.cases)
    found.proxies, found.results = real(found.proxies), real(found.results)
    found.complaints, found.ratings = real(found.complaints), real(found.ratings)
    found.charges, found.visits = real(found.charges), real(found.visits)
    found.late = real(found.late)


def acts_done(tx: Tx, kind: str, acts: Collection[str], from_on: int, to_on: int) -> list[Fact]:
    """Return the acts with effect of a period, in order of time."""
    return _facts(
        tx, _j.kind == kind, _j.act.in_(acts), _j.effective_on.between(from_on, to_on)
    )  # fmt: skip


def _facts(
    tx: Tx, *where: ColumnElement[bool], limit: int | None = None, offset: int = 0
) -> list[Fact]:
    statement = (
        select(
            _j.record, _j.act, _j.site, _j.effective_on, _j.effective_at, _r.state, _r.due_on,
            _j.operation, _RECEIVED,
        )
        .join_from(
            judgements, records, (_r.county == _j.county) & (_r.record == _j.record)
        )
        .where(
            _j.county == tx.county,
            _r.county == tx.county,
            _j.status == Status.ADMITTED.value,
            _j.state_after != "",
            _r.state.not_in((VOIDED, MERGED)),
            *where,
        )
        .order_by(_j.effective_on, _j.effective_at, _j.operation)
    )  # fmt: skip
    if limit is not None:
        statement = statement.limit(limit).offset(offset)
    return [Fact._make(row) for row in tx.connection.execute(statement).all()]


def _results(tx: Tx, from_on: int, to_on: int) -> list[Fact]:
    back = {fact.record for fact in acts_done(tx, "proxy", ("result_out",), from_on, to_on)}
    return acts_of(tx, back, ("result_out", "deliver"), to_on)


def _late(tx: Tx, to_on: int) -> list[Fact]:
    statement = select(_r.record).where(
        _r.county == tx.county, _r.kind == "case", _r.due_on <= to_on,
        or_(_r.closed_on.is_(None), _r.closed_on > _r.due_on),
    )  # fmt: skip
    found = [row[0] for row in tx.connection.execute(statement)]
    return acts_of(tx, found, CASE_ACTS, to_on)


def _visited(
    tx: Tx, cases: Collection[bytes], to_on: int
) -> dict[bytes, tuple[tuple[str, str], ...]]:
    found: dict[bytes, list[tuple[str, str]]] = {}
    acts = acts_of(tx, cases, VISITED_ACTS, to_on)
    said = dict(tx.said([fact.operation for fact in acts], "visit"))
    for fact in acts:
        visit = said.get(fact.operation)
        if isinstance(visit, str) and visit:
            found.setdefault(fact.record, []).append((fact.act, visit))
    return {record: tuple(named) for record, named in found.items()}
