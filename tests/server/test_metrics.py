"""Figures M9 to M22 from hand-made cases, against the arithmetic of DOMAIN.md §2.2."""

from __future__ import annotations

from datetime import date

import msgspec

from server.metrics import flow, limits
from server.metrics.cases import Case
from server.metrics.definitions import BY_KEY, percent, shown
from server.metrics.facts import Fact, Shown
from server.metrics.figure import Figure
from shared.catalogue import ItemKind, TaskType
from shared.civil import civil_date, start_of_day
from shared.deadlines import Unit
from shared.sample import sample_calendar, sample_catalogue

HOUR = 60 * 60 * 1000


def _fact(act: str, on: date, hour: int = 9) -> Fact:
    at = start_of_day(on) + hour * HOUR
    number = on.year * 10_000 + on.month * 100 + on.day
    return Fact(b"r" * 16, act, "S", number, at, "已办结", None, act.encode())


def _case(received: date, accepted: date, closed: date | None, *stops: Fact) -> Case:
    values: Shown = {"promised_days": 5, "statutory_days": 20, "days_unit": "workday"}
    case = Case(b"r" * 16, "已办结" if closed else "已受理", None, values)
    case.received, case.accepted = _fact("receive", received), _fact("accept", accepted, 21)
    case.stops = list(stops)
    if closed:
        case.closings = [(_fact("close", closed), True)]
    return case


def test_rates_of_the_domain_come_out_as_printed() -> None:
    assert percent(1674, 5204) == "32.17%"  # M11
    assert percent(5204 - 1674, 5204) == "67.83%"  # M12 by item
    assert shown(BY_KEY["M19"], Figure(21776, 11)) == "1979.64"
    assert shown(BY_KEY["M21"], Figure(0, 0)) == "—"
    assert shown(BY_KEY["M14"], Figure(-1, 4)) == "-25.00%"
    assert shown(BY_KEY["M27"], Figure(311_000_000)) == "311000000"  # 311 万元 in 分


def test_natural_and_working_days_are_kept_apart_and_standing_days_left_out() -> None:
    """Accepted Tuesday 1 September 2026; procedure from the 2nd to the 4th; closed Tuesday 8th."""
    stops = _fact("suspend", date(2026, 9, 2)), _fact("resume", date(2026, 9, 4))
    case = _case(date(2026, 9, 1), date(2026, 9, 1), date(2026, 9, 8), *stops)
    found = limits.limit_figures([case], 20260901, 20260930, sample_calendar())
    assert found["M21"].value == 3  # 2nd, 7th, 8th
    assert found["M20"].value == 0.5  # nine in the morning to nine in the evening
    assert found["M14"].numerator == 17
    assert found["M12_case"].value == 0.75
    assert civil_date(_fact("close", date(2026, 9, 8)).at) == date(2026, 9, 8)


def test_cohorts_differ_from_flows_and_the_divisor_is_the_months_touched() -> None:
    in_month = _case(date(2026, 8, 31), date(2026, 9, 1), date(2026, 9, 30))
    after = _case(date(2026, 9, 1), date(2026, 9, 1), date(2026, 10, 1))
    found = flow.cohorts([in_month, after], 20260901, 20261031, sample_calendar())
    assert (found["M17"].numerator, found["M17"].denominator) == (1, 2)
    assert found["M18"].value == 0
    applied = flow.applied([in_month, after], 20260901, 20261031)
    assert applied["M15_accepted"].extra == {"carried": 1}


def test_of_the_promised_items_those_made_instant_count() -> None:
    """Three promised items before; one made instant, one suspended, one instant all along."""
    before = sample_catalogue()
    promised = [item for item in before.items if item.kind is ItemKind.PROMISED][:3]
    instant = next(item for item in before.items if item.kind is ItemKind.INSTANT)
    old = msgspec.structs.replace(before, items=(*promised, instant))
    moved = msgspec.structs.replace(
        promised[0], kind=ItemKind.INSTANT, promised_days=0, task_type=TaskType.LICENCE
    )
    halted = msgspec.structs.replace(promised[1], suspended=True)
    days = msgspec.structs.replace(
        promised[2], unit=Unit.NATURAL, statutory_days=30, promised_days=12
    )
    new = msgspec.structs.replace(before, items=(moved, halted, days, instant))
    found = limits.catalogue_figures(new, old, None)
    assert (found["M10"].numerator, found["M10"].denominator) == (1, 3)
    assert (found["M9"].numerator, found["M9"].extra) == (3, {"licences": 1, "promised": 1})
    assert found["M11"] == Figure(0, 0, extra={"items": 0, "left_out": 1})
    assert (found["M10"].things, len(found["M10"].things_of("denominator"))) == ((moved.code,), 3)
    one = limits.catalogue_figures(new, old, promised[2].code)
    assert (one["M10"].numerator, one["M10"].denominator) == (0, 1)
    assert limits.catalogue_figures(new, None, None)["M10"].value is None


def test_clean_months_count_back_to_the_last_late_one() -> None:
    case = _case(date(2026, 5, 1), date(2026, 5, 4), date(2026, 7, 2))
    case.due_on = 20260630
    clean = flow.clean_months([case], 20260105, 202610, 20261031, 20261101)
    assert clean.numerator == 3  # October, September, August
    assert flow.clean_months([], 20250105, 202604, 20260430, 20260501).numerator == 16
    assert flow.clean_months([], None, 202604, 20260430, 20260501).numerator == 0
