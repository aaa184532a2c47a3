"""Counting M1 to M8 from facts. Pure: the same facts give the same figures anywhere.

Choices where DOMAIN.md §2.2 leaves one (docs say the same):
* a consultation falls into the period of its registration, and counts once answered or referred;
* a case belongs to the site that first accepted it; where the county accepted it (deemed, or a
  department), or nobody did, to the site that received it;
* a closing without a promised date (withdrawn before acceptance) broke no promise: it is in time;
* a case is closed on the day of the act that led to its state, the first one if several did;
* of several ratings of one matter the first counts, with its later amendment.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from server.metrics.facts import Fact, Facts
from shared.regions import Level

ANSWERED = frozenset({"已答复", "已转", "转代办", "转办件", "转投诉"})
CLOSED_BY = {
    "close": frozenset({"已办结", "已送达"}),
    "close_on_spot": frozenset({"已办结", "已送达"}),
    "withdraw": frozenset({"已撤回"}),
    "lapse": frozenset({"退件"}),
}
CLOSED = frozenset().union(*CLOSED_BY.values())
ACCEPTING = frozenset({"accept", "deem_accepted", "close_on_spot"})
PAUSED = "特别程序"
SATISFIED = 3
"""From 基本满意 upwards."""
UPHELD = frozenset({"upheld", "partly"})
COMPLAINT_CLOSED = "已办结"


@dataclass(frozen=True, slots=True)
class Figure:
    """A count (`denominator` None) or a rate; `records` are those behind the numerator."""

    numerator: int
    denominator: int | None = None
    records: tuple[bytes, ...] = ()
    others: tuple[bytes, ...] = ()
    """Behind a rate: the rest of the denominator, which is what a person wants to see first."""
    extra: Mapping[str, int] = field(default_factory=dict)

    @property
    def value(self) -> int | float | None:
        """The count, or the rate 0..1; None over nothing."""
        if self.denominator is None:
            return self.numerator
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True, slots=True)
class Scope:
    """Which sites count: those of a level, and only `among` where that is given."""

    level_of: Callable[[str], Level]
    among: Collection[str] | None = None

    def holds(self, site: str, level: Level | None = None) -> bool:
        """Return whether a site is in scope, at this level if one is named."""
        if self.among is not None and site not in self.among:
            return False
        return level is None or self.level_of(site) is level


@dataclass(slots=True)
class _Case:
    """One case as the figures see it."""

    record: bytes
    state: str
    due_on: int | None
    received_at_site: str = ""
    accepted_on: int | None = None
    accepted_at_site: str = ""
    closings: list[tuple[int, bool]] = field(default_factory=list)

    @property
    def site(self) -> str:
        return self.accepted_at_site or self.received_at_site

    @property
    def closed_on(self) -> int | None:
        """The first closing that led to the state it has now; without one, the first at all."""
        if self.state not in CLOSED or not self.closings:
            return None
        return next((on for on, led_here in self.closings if led_here), self.closings[0][0])

    @property
    def is_on_time(self) -> bool:
        closed_on = self.closed_on
        return closed_on is not None and (self.due_on is None or closed_on <= self.due_on)


def count(
    facts: Facts, from_on: int, to_on: int, scope: Scope, *, overdue_before: int
) -> dict[str, Figure]:
    """Return the figures of a period by key.

    `overdue_before`: an open case whose promised date is earlier is overdue at the period's end.
    """
    cases = [
        case for case in _cases(facts.cases, scope) if scope.holds(case.site, Level.TOWNSHIP)
    ]  # fmt: skip
    return {
        "M1": _consultations(facts, scope, Level.TOWNSHIP),
        **_case_figures(cases, from_on, to_on, overdue_before),
        "M5": _satisfaction(facts, scope),
        "M6": _consultations(facts, scope, Level.VILLAGE),
        "M7": _counted(f.record for f in facts.proxies if scope.holds(f.site, Level.VILLAGE)),
        "M8": _complaints(facts, scope),
    }


def _counted(found: Iterable[bytes]) -> Figure:
    behind = tuple(dict.fromkeys(found))
    return Figure(len(behind), None, behind)


def _consultations(facts: Facts, scope: Scope, level: Level) -> Figure:
    return _counted(
        fact.record
        for fact in facts.consultations
        if fact.state in ANSWERED and scope.holds(fact.site, level)
    )


def _cases(facts: Iterable[Fact], scope: Scope) -> list[_Case]:
    found: dict[bytes, _Case] = {}
    for fact in facts:
        case = found.setdefault(fact.record, _Case(fact.record, fact.state, fact.due_on))
        if fact.act == "receive" and not case.received_at_site:
            case.received_at_site = fact.site
        if fact.act in ACCEPTING and case.accepted_on is None:
            case.accepted_on = fact.on
            by_county = scope.level_of(fact.site) is Level.COUNTY
            case.accepted_at_site = "" if by_county else fact.site
        if fact.act in CLOSED_BY:
            case.closings.append((fact.on, fact.state in CLOSED_BY[fact.act]))
    return list(found.values())


def _case_figures(
    cases: Iterable[_Case], from_on: int, to_on: int, overdue_before: int
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
        elif _is_overdue(case, to_on, overdue_before):
            overdue.append(case.record)
    closed = (*on_time, *late)
    return {
        "M2": Figure(len(accepted), None, tuple(accepted)),
        "M3": Figure(len(closed), None, closed),
        "M4": Figure(len(on_time), len(closed), tuple(on_time), tuple(late)),
        "M4_open": Figure(
            len(on_time), len(closed) + len(overdue), tuple(on_time), (*late, *overdue)
        ),
    }


def _is_overdue(case: _Case, to_on: int, overdue_before: int) -> bool:
    """Accepted, still open at the end of the period, past its promise; a paused clock stands."""
    if case.accepted_on is None or case.due_on is None or case.state == PAUSED:
        return False
    was_open = case.closed_on is None or case.closed_on > to_on
    return was_open and case.state != "不予受理" and case.due_on < overdue_before


def _satisfaction(facts: Facts, scope: Scope) -> Figure:
    good: list[bytes] = []
    bad: list[bytes] = []
    rated: set[object] = set()
    for fact in facts.ratings:
        values = facts.fields.get(fact.record, {})
        level, of = values.get("level"), values.get("of") or fact.record
        if not isinstance(level, int) or of in rated or not scope.holds(fact.site):
            continue
        rated.add(of)
        (good if level >= SATISFIED else bad).append(fact.record)
    return Figure(len(good), len(good) + len(bad), tuple(good), tuple(bad))


def _complaints(facts: Facts, scope: Scope) -> Figure:
    received: list[Fact] = []
    for fact in facts.complaints:
        about = str(facts.fields.get(fact.record, {}).get("target_site") or "")
        if any(site and scope.holds(site, Level.VILLAGE) for site in (fact.site, about)):
            received.append(fact)
    findings = [facts.fields.get(fact.record, {}).get("finding") for fact in received]
    return Figure(
        len(received),
        None,
        tuple(fact.record for fact in received),
        extra={
            "received": len(received),
            "closed": sum(1 for fact in received if fact.state == COMPLAINT_CLOSED),
            "upheld": sum(1 for finding in findings if finding in UPHELD),
        },
    )
