"""Where a few records stand in the figures: what they count for now, by figure, month and site.

The same facts and rules as the report's (`server.metrics`), asked of some records alone: so it can
be said what a decision about them would change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import NamedTuple

from server.metrics.cases import Case, cases_of
from server.metrics.counting import ANSWERED, SATISFIED
from server.metrics.facts import CASE_ACTS, OPENING, Fact, Fields, Shown, acts_of
from server.metrics.figure import Scope
from server.storage.ledger import Tx
from shared.regions import Level

FAR = 9999_12_31
NAMES = {
    "M1": "乡镇咨询", "M2": "乡镇受理", "M3": "乡镇办结", "on_time": "按时办结", "late": "超期办结",
    "satisfied": "满意评价", "dissatisfied": "不满意评价", "M6": "村级咨询", "M7": "村级代办",
    "M8": "村级投诉",
}  # fmt: skip
"""What is told of a record, with its name."""
_ACTS = {*CASE_ACTS, *(act for acts in OPENING.values() for act in acts)}


class Place(NamedTuple):
    """One figure of one month (202610) at one site."""

    key: str
    month: int
    site: str


def standing(
    tx: Tx, records: Collection[bytes], fields: Fields, scope: Scope
) -> Counter[Place]:  # fmt: skip
    """Return how often these records count, and where."""
    kinds = {one: row.kind for one, row in tx.records(records).items()}
    shown = dict(fields(tx, kinds))
    real = [one for one in kinds if shown.get(one, {}).get("practice") is not True]
    facts = acts_of(tx, real, _ACTS, FAR)
    cases = cases_of([one for one in facts if kinds[one.record] == "case"], shown, scope)
    found: Counter[Place] = Counter()
    for case in cases:
        found.update(_of_case(case))
    for fact in facts:
        kind = kinds[fact.record]
        if fact.act in OPENING.get(kind, ()):
            found.update(_of_opening(kind, fact, shown.get(fact.record, {}), scope))
    return found


def _of_case(case: Case) -> list[Place]:
    found: list[Place] = []
    if case.accepted_on is not None:
        found.append(Place("M2", case.accepted_on // 100, case.site))
    if case.closed_on is not None:
        month = case.closed_on // 100
        punctual = "on_time" if case.is_on_time else "late"
        found += [Place("M3", month, case.site), Place(punctual, month, case.site)]
    return found


def _of_opening(kind: str, fact: Fact, values: Shown, scope: Scope) -> list[Place]:
    month, is_village = fact.on // 100, scope.holds(fact.site, Level.VILLAGE)
    key = ""
    if kind == "consultation" and fact.state in ANSWERED:
        key = _CONSULTED.get(scope.level_of(fact.site), "")
    elif kind == "proxy" and is_village:
        key = "M7"
    elif kind == "complaint" and is_village:
        key = "M8"
    elif kind == "rating" and isinstance(level := values.get("level"), int):
        key = "satisfied" if level >= SATISFIED else "dissatisfied"
    return [Place(key, month, fact.site)] if key else []


_CONSULTED: Mapping[Level, str] = {Level.TOWNSHIP: "M1", Level.VILLAGE: "M6"}
