"""What is promised and what it took: M9 to M14, M20, M21.

Choices where DOMAIN.md leaves one:
* the catalogue is the edition in force on the last day; M10 compares it with the one in force on
  the day before the period; an item that is suspended is not active;
* limits are added in working days only: items and cases in natural days are left out and shown;
* M11, M12 (by item) and M13 count 承诺件; M12 by case and M14 count 即办件 too, with 0 days
  promised or taken; M13 is M12 of the means over cases accepted, M14 is never made from means.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from server.metrics.cases import Case
from server.metrics.figure import Figure
from shared.calendars import CalendarEdition
from shared.catalogue import CatalogueEdition, Item, ItemKind
from shared.deadlines import Unit


def catalogue_figures(
    now: CatalogueEdition | None, before: CatalogueEdition | None, item: str | None
) -> dict[str, Figure]:
    """Return M9 to M12 (by item) of two editions."""
    active, older = _active(now, item), _active(before, item)
    promised = [one for one in active if one.kind is ItemKind.PROMISED]
    counted = [one for one in promised if one.unit is Unit.WORKDAY]
    legal = sum(one.statutory_days for one in counted)
    pledged = sum(one.promised_days for one in counted)
    extra = {"items": len(counted), "left_out": len(promised) - len(counted)}
    pledges = {one.code for one in older if one.kind is ItemKind.PROMISED}
    moved = [one for one in active if one.code in pledges and one.kind is ItemKind.INSTANT]
    licences = sum(1 for one in active if one.task_type.value == "行政许可")
    return {
        "M9": Figure(
            len(active), extra={"licences": licences, "promised": len(promised)},
            things=codes_of(active),
        ),
        "M10": Figure(
            len(moved), len(pledges), things=codes_of(moved),
            things_below=tuple(sorted(pledges)),
        ),
        "M11": Figure(pledged, legal, extra=extra, things=codes_of(counted)),
        "M12": Figure(legal - pledged, legal, extra=extra, things=codes_of(counted)),
    }  # fmt: skip


def codes_of(items: Iterable[Item]) -> tuple[str, ...]:
    """Return the codes of these items."""
    return tuple(one.code for one in items)


def _active(edition: CatalogueEdition | None, item: str | None) -> Sequence[Item]:
    items = edition.items if edition is not None else ()
    return [one for one in items if not one.suspended and item in (None, one.code)]


def limit_figures(
    cases: Iterable[Case], from_on: int, to_on: int, calendar: CalendarEdition | None
) -> dict[str, Figure]:
    """Return M12 (by case), M13, M14, M20 and M21."""
    cases = list(cases)
    accepted = [c for c in cases if c.accepted_on and from_on <= c.accepted_on <= to_on]
    closed = [c for c in cases if c.closed_on and from_on <= c.closed_on <= to_on]
    promised = [c for c in accepted if c.is_promised]
    return {
        "M12_case": _faster(accepted),
        "M13": _faster(promised),
        "M14": _actual(closed, calendar),
        "M20": _waiting(promised),
        "M21": _taken([c for c in closed if c.is_promised], calendar),
    }


def _faster(cases: Sequence[Case]) -> Figure:
    told = [c for c in cases if c.in_workdays and c.days("statutory_days") is not None
            and c.days("promised_days") is not None]  # fmt: skip
    legal = sum(c.days("statutory_days") or 0 for c in told)
    pledged = sum(c.days("promised_days") or 0 for c in told)
    extra = {
        "legal": legal, "pledged": pledged, "cases": len(told), "left_out": len(cases) - len(told)
    }  # fmt: skip
    return Figure(legal - pledged, legal, tuple(c.record for c in told), extra=extra)


def _actual(closed: Sequence[Case], calendar: CalendarEdition | None) -> Figure:
    taken = [(c, c.workdays(calendar)) for c in closed
             if c.in_workdays and c.days("statutory_days") is not None]  # fmt: skip
    told = [(c, days) for c, days in taken if days is not None]
    legal = sum(c.days("statutory_days") or 0 for c, _ in told)
    actual = sum(days for _, days in told)
    extra = {
        "legal": legal, "actual": actual, "cases": len(told), "left_out": len(closed) - len(told)
    }  # fmt: skip
    return Figure(legal - actual, legal, tuple(c.record for c, _ in told), extra=extra)


def _waiting(accepted: Sequence[Case]) -> Figure:
    told = [(c, c.accepted.at - c.received.at) for c in accepted if c.accepted and c.received]
    return _mean(told, Fraction(1, 24 * 60 * 60 * 1000))


def _taken(closed: Sequence[Case], calendar: CalendarEdition | None) -> Figure:
    taken = [(c, c.workdays(calendar)) for c in closed]
    return _mean([(c, days) for c, days in taken if days is not None], Fraction(1))


def _mean(told: Sequence[tuple[Case, int]], unit: Fraction) -> Figure:
    total = sum(amount for _, amount in told)
    exact = Fraction(total, len(told)) * unit if told else None
    return Figure(total, len(told), tuple(c.record for c, _ in told), exact=exact)
