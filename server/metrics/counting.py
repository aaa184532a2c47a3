"""Counting M1 to M8 from facts. Pure: the same facts give the same figures anywhere.

Choices where DOMAIN.md §2.2 leaves one (docs say the same; of cases: server.metrics.cases):
* a consultation falls into the period of its registration, and counts once answered or referred;
* of several ratings of one matter the first counts, with its later amendment; a rating is of the
  item and channel of the matter rated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from server.metrics.cases import Case
from server.metrics.facts import Fact, Facts
from server.metrics.figure import Figure, Scope, counted, rate
from shared.regions import Level

ANSWERED = frozenset({"已答复", "已转", "转代办", "转办件", "转投诉"})
SATISFIED = 3
"""From 基本满意 upwards."""
UPHELD = frozenset({"upheld", "partly"})
COMPLAINT_CLOSED = "已办结"


def count(
    facts: Facts, cases: Iterable[Case], from_on: int, to_on: int, scope: Scope, *,
    overdue_before: int, ratings: Sequence[tuple[Fact, int]],
) -> dict[str, Figure]:  # fmt: skip
    """Return M1 to M8 of a period by key.

    `overdue_before`: an open case whose promised date is earlier is overdue at the period's end;
    `ratings`: the first ones of the scope, as `first_ratings` tells them.
    """
    proxies = (f.record for f in facts.proxies if scope.holds(f.site, Level.VILLAGE)
               and scope.takes(facts.fields.get(f.record, {})))  # fmt: skip
    return {
        "M1": counted(f.record for f in consultations(facts, scope, Level.TOWNSHIP)),
        **_case_figures(cases, from_on, to_on, overdue_before),
        "M5": _satisfaction(ratings),
        "M6": counted(f.record for f in consultations(facts, scope, Level.VILLAGE)),
        "M7": counted(proxies),
        "M8": _complaints(facts, scope),
    }


def consultations(facts: Facts, scope: Scope, level: Level | None = None) -> list[Fact]:
    """Return the registrations of consultations that were answered or referred."""
    return [
        fact
        for fact in facts.consultations
        if fact.state in ANSWERED
        and scope.holds(fact.site, level)
        and scope.takes(facts.fields.get(fact.record, {}))
    ]


def first_ratings(facts: Facts, scope: Scope) -> list[tuple[Fact, int]]:
    """Return the first rating of each matter with its level as it stands now."""
    found: list[tuple[Fact, int]] = []
    rated: set[object] = set()
    for fact in facts.ratings:
        values = facts.fields.get(fact.record, {})
        level, of = values.get("level"), values.get("of") or fact.record
        if not isinstance(level, int) or of in rated:
            continue
        rated.add(of)  # whoever rated it first, and wherever: no other place counts it again
        if scope.holds(fact.site) and scope.takes_matter(values, facts.fields):
            found.append((fact, level))
    return found


def _case_figures(
    cases: Iterable[Case], from_on: int, to_on: int, overdue_before: int
) -> dict[str, Figure]:
    accepted: list[bytes] = []
    on_time: list[bytes] = []
    late: list[bytes] = []
    overdue: list[bytes] = []
    for case in cases:
        if case.accepted_on is not None and from_on <= case.accepted_on <= to_on:
            accepted.append(case.record)
        closed_on = case.closed_on
        if closed_on is not None and from_on <= closed_on <= to_on:
            (on_time if case.is_on_time else late).append(case.record)
        elif case.is_overdue(to_on, overdue_before):
            overdue.append(case.record)
    return {
        "M2": counted(accepted),
        "M3": counted((*on_time, *late)),
        "M4": rate(on_time, late),
        "M4_open": rate(on_time, (*late, *overdue)),
    }


def _satisfaction(ratings: Sequence[tuple[Fact, int]]) -> Figure:
    return rate(
        [fact.record for fact, level in ratings if level >= SATISFIED],
        [fact.record for fact, level in ratings if level < SATISFIED],
    )


def _complaints(facts: Facts, scope: Scope) -> Figure:
    received: list[Fact] = []
    for fact in facts.complaints:
        values = facts.fields.get(fact.record, {})
        about = str(values.get("target_site") or "")
        is_village = any(site and scope.holds(site, Level.VILLAGE) for site in (fact.site, about))
        if is_village and scope.takes(values):
            received.append(fact)
    findings = [facts.fields.get(fact.record, {}).get("finding") for fact in received]
    return counted(
        (fact.record for fact in received),
        {
            "received": len(received),
            "closed": sum(1 for fact in received if fact.state == COMPLAINT_CLOSED),
            "upheld": sum(1 for finding in findings if finding in UPHELD),
        },
    )
