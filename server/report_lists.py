"""The list behind a number of the report: exactly what was counted, a page at a time.

The list is as long as the number. Records the person may not see (complaints about people, for
most) are counted in it and shown as a number only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server import reporting, staff_desk
from server.accounts import Person
from server.desk import Desk
from server.metrics.definitions import Definition, Lists
from server.metrics.figure import DENOMINATOR, NUMERATOR, REST, Figure
from server.report import Report
from server.reporting import Question
from server.storage.rows import RecordRow
from shared.errors import Misuse

PAGE = 50
PAGE_MAX = 200
PARTS = (NUMERATOR, DENOMINATOR, REST)


class UnknownPart(Misuse):
    """A part that is neither numerator, denominator nor what is between them."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a list. `rows` are what the person may see of it, `hidden` how many are not."""

    definition: Definition
    report: Report
    figure: Figure
    part: str
    total: int
    start: int
    rows: Sequence[RecordRow]
    hidden: int
    things: Sequence[str]
    """Codes of items or author texts of people, where these are counted and not records."""
    may_see_people: bool

    @property
    def end(self) -> int:
        """The place after the last one of this page."""
        return min(self.start + self.size, self.total)

    @property
    def size(self) -> int:
        """How many places this page takes."""
        return len(self.rows) + self.hidden + len(self.things)


def listed(
    desk: Desk, person: Person, asked: Question, key: str, part: str, *,
    start: int = 0, limit: int = PAGE, days: tuple[int, int | None] | None = None,
) -> Listed:  # fmt: skip
    """Return a page of the list behind a number; `days` keeps the cases that took so long (M21).

    Raises UnknownMetric, UnknownPart and what `reporting.report` raises.
    """
    definition = reporting.definition_of(key)
    if part not in PARTS:
        raise UnknownPart("请从报表中的数字打开清单。")
    report = reporting.report(desk.county, person, asked)
    figure = report.figures[key]
    records = figure.part(part)
    if days is not None:
        times = reporting.handling_times(desk.county, person, asked)
        records = next((one.records for one in times.bins if (one.least, one.most) == days), ())
    things = () if records else figure.things_of(part)
    sees = definition.lists is not Lists.PEOPLE or staff_desk.sees_staff(person)
    wanted = records[start : start + limit]
    rows = desk.rows(person, wanted)
    return Listed(
        definition, report, figure, part, len(records) or len(things), start, rows,
        len(wanted) - len(rows), things[start : start + limit] if sees else (), sees,
    )  # fmt: skip
