"""One case as the figures see it, made of its acts.

Choices where DOMAIN.md §2.2 leaves one (docs say the same):
* a case belongs to the site that first accepted it; where the county accepted it (deemed, or a
  department), or nobody did, to the site that received it;
* a case is closed on the day of the act that led to its state, the first one if several did;
* a closing without a promised date (withdrawn before acceptance) broke no promise: it is in time;
* a case is a 承诺件 if it says so, or, where it says nothing, if it was promised a day or more;
* the working days of a case are those after its acceptance up to its closing, less those from the
  day after a special procedure's notice to its end; a 即办件 took 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from server.metrics.facts import ACCEPTING, Fact, Shown
from server.metrics.figure import Scope
from shared.calendars import CalendarEdition, CalendarMissing
from shared.civil import civil_date
from shared.deadlines import Suspension, elapsed_workdays
from shared.regions import Level

CLOSED_BY = {
    "close": frozenset({"已办结", "已送达"}),
    "close_on_spot": frozenset({"已办结", "已送达"}),
    "withdraw": frozenset({"已撤回"}),
    "lapse": frozenset({"退件"}),
}
CLOSED = frozenset().union(*CLOSED_BY.values())
PAUSED = "特别程序"
REFUSED = "不予受理"
NONE: Shown = {}


@dataclass(slots=True)
class Case:
    """One case. Instants are Unix ms, dates integers such as 20261031."""

    record: bytes
    state: str
    due_on: int | None
    values: Shown = field(default_factory=dict)
    received: Fact | None = None
    accepted: Fact | None = None
    received_at_site: str = ""
    accepted_at_site: str = ""
    closings: list[tuple[Fact, bool]] = field(default_factory=list)
    corrections: list[Fact] = field(default_factory=list)
    stops: list[Fact] = field(default_factory=list)
    _is_known: bool = False
    _closing: Fact | None = None
    """Looked for once, when all acts are there: every figure asks for it."""

    @property
    def site(self) -> str:
        """The site it counts for."""
        return self.accepted_at_site or self.received_at_site

    @property
    def received_on(self) -> int | None:
        """The day it was received."""
        return None if self.received is None else self.received.on

    @property
    def accepted_on(self) -> int | None:
        """The day it was first accepted."""
        return None if self.accepted is None else self.accepted.on

    @property
    def closing(self) -> Fact | None:
        """The first closing that led to the state it has now; without one, the first at all."""
        if not self._is_known and self.state in CLOSED and self.closings:
            first = self.closings[0][0]
            self._closing = next((act for act, led_here in self.closings if led_here), first)
        self._is_known = True
        return self._closing

    @property
    def closed_on(self) -> int | None:
        """The day it was closed."""
        closing = self.closing
        return None if closing is None else closing.on

    @property
    def is_on_time(self) -> bool:
        """Closed, and not after the promised day."""
        closed_on = self.closed_on
        return closed_on is not None and (self.due_on is None or closed_on <= self.due_on)

    @property
    def is_promised(self) -> bool:
        """A 承诺件."""
        kind = self.values.get("item_kind")
        return kind == "promise" if kind else bool(self.days("promised_days"))

    def days(self, name: str) -> int | None:
        """Return a limit of it in days; None where nobody said."""
        value = self.values.get(name)
        return value if isinstance(value, int) else None

    @property
    def in_workdays(self) -> bool:
        """Whether its limits are in working days."""
        return self.values.get("days_unit") != "day"

    def workdays(self, calendar: CalendarEdition | None) -> int | None:
        """Return the working days it took; None if it is open or the calendar ends before."""
        closing = self.closing
        if closing is None or self.accepted is None or calendar is None:
            return None
        if not self.is_promised:
            return 0
        start, end = civil_date(self.accepted.at), civil_date(closing.at)
        try:
            return elapsed_workdays(calendar, start, end, self._suspensions(closing))
        except CalendarMissing:  # a year nobody has published: the case is shown as not counted
            return None

    def _suspensions(self, closing: Fact) -> list[Suspension]:
        found: list[Suspension] = []
        noticed: Fact | None = None
        for act in self.stops:
            if act.act == "suspend":
                noticed = act
            elif noticed is not None:
                found.append(Suspension(civil_date(noticed.at), civil_date(act.at)))
                noticed = None
        if noticed is not None:
            found.append(Suspension(civil_date(noticed.at), civil_date(closing.at)))
        return found

    def is_overdue(self, to_on: int, overdue_before: int) -> bool:
        """Accepted, open at the end of the period, past its promise; a paused clock stands."""
        if self.accepted is None or self.due_on is None or self.state == PAUSED:
            return False
        was_open = self.closed_on is None or self.closed_on > to_on
        return was_open and self.state != REFUSED and self.due_on < overdue_before


def cases_of(facts: Iterable[Fact], fields: Mapping[bytes, Shown], scope: Scope) -> list[Case]:
    """Return the township's cases in scope, made of acts in order of time."""
    found: dict[bytes, Case] = {}
    for fact in facts:
        case = found.get(fact.record)
        if case is None:
            values = fields.get(fact.record, NONE)
            case = found[fact.record] = Case(fact.record, fact.state, fact.due_on, values)
        if fact.act == "receive" and case.received is None:
            case.received, case.received_at_site = fact, fact.site
        if fact.act in ACCEPTING and case.accepted is None:
            case.accepted = fact
            by_county = scope.level_of(fact.site) is Level.COUNTY
            case.accepted_at_site = "" if by_county else fact.site
        if fact.act in CLOSED_BY:
            case.closings.append((fact, fact.state in CLOSED_BY[fact.act]))
        elif fact.act == "request_correction":
            case.corrections.append(fact)
        elif fact.act in ("suspend", "resume"):
            case.stops.append(fact)
    return [
        case
        for case in found.values()
        if scope.holds(case.site, Level.TOWNSHIP) and scope.takes(case.values)
    ]
