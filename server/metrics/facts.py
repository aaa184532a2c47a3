"""The facts behind the figures: acts that took effect, beside what has become of their records.

Only admitted operations with an effect on the state are facts; the trusted effective date decides
the period. Voided records and those merged into another are left out here, once for all figures.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import select

from server.schema import judgements, records
from server.storage.ledger import Tx
from shared.canonical import Value
from shared.verdict import Status

VOIDED = "作废"
MERGED = "已并入"
Fields = Callable[[Tx, Collection[bytes]], Iterable[tuple[bytes, Mapping[str, Value]]]]
"""Shown fields of records one by one; who asks for figures says how a folded record is read."""
TELLING = ("complaint", "rating")
TELLING_FIELDS = ("target_site", "finding", "level", "of")
"""Only these are kept, of complaints and ratings alone: a year of a county is 400,000 records."""

_j, _r = judgements.c, records.c


class Fact(NamedTuple):
    """One act with effect. Dates are integers such as 20261031; `due_on` is the promised one."""

    record: bytes
    act: str
    site: str
    """Where the act was done."""
    on: int
    state: str
    """The record's state now."""
    due_on: int | None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything M1 to M8 need: acts up to the end of the period, by kind, in order of time."""

    consultations: list[Fact] = field(default_factory=list)
    cases: list[Fact] = field(default_factory=list)
    proxies: list[Fact] = field(default_factory=list)
    complaints: list[Fact] = field(default_factory=list)
    ratings: list[Fact] = field(default_factory=list)
    fields: Mapping[bytes, Mapping[str, Value]] = field(default_factory=dict)
    """Of complaints and ratings, TELLING_FIELDS."""


OPENING = {
    "consultation": ("register",),
    "proxy": ("entrust",),
    "complaint": ("register",),
    "rating": ("rate",),
}
CASE_ACTS = (
    "receive", "accept", "deem_accepted", "close_on_spot", "close", "withdraw", "lapse",
)  # fmt: skip


def read_facts(tx: Tx, from_on: int, to_on: int, fields: Fields) -> Facts:
    """Return the facts of a period (inclusive dates). Cases are read from their beginning."""
    opened = {kind: _acts(tx, kind, acts, from_on, to_on) for kind, acts in OPENING.items()}
    cases = _acts(tx, "case", CASE_ACTS, 0, to_on)
    concerned = {fact.record for fact in cases if _may_count(fact, from_on, to_on)}
    told = {fact.record for kind in TELLING for fact in opened[kind]}
    kept: dict[bytes, dict[str, Value]] = {}
    practice: set[bytes] = set()
    everything = concerned.union(*({f.record for f in facts} for facts in opened.values()))
    for record, values in fields(tx, everything):
        if values.get("practice") is True:
            practice.add(record)
        elif record in told:
            kept[record] = {name: values[name] for name in TELLING_FIELDS if name in values}
    return Facts(
        _without(opened["consultation"], practice),
        _without((fact for fact in cases if fact.record in concerned), practice),
        _without(opened["proxy"], practice),
        _without(opened["complaint"], practice),
        _without(opened["rating"], practice),
        kept,
    )


def _may_count(fact: Fact, from_on: int, to_on: int) -> bool:
    """Something happened to the case in the period, or it may be overdue at the period's end."""
    return fact.on >= from_on or (fact.due_on is not None and fact.due_on <= to_on)


def _without(facts: Iterable[Fact], practice: set[bytes]) -> list[Fact]:
    return [fact for fact in facts if fact.record not in practice]


def _acts(tx: Tx, kind: str, acts: Collection[str], from_on: int, to_on: int) -> list[Fact]:
    statement = (
        select(_j.record, _j.act, _j.site, _j.effective_on, _r.state, _r.due_on)
        .join_from(
            judgements, records, (_r.county == _j.county) & (_r.record == _j.record)
        )
        .where(
            _j.county == tx.county,
            _r.county == tx.county,
            _j.kind == kind,
            _j.act.in_(acts),
            _j.effective_on.between(from_on, to_on),
            _j.status == Status.ADMITTED.value,
            _j.state_after != "",
            _r.state.not_in((VOIDED, MERGED)),
        )
        .order_by(_j.effective_on, _j.effective_at, _j.operation)
    )  # fmt: skip
    return [Fact(*row) for row in tx.connection.execute(statement)]
