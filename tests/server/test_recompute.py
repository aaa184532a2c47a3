"""The figures beside a recomputation that shares no code with the server, on a varied county."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from fractions import Fraction
from importlib.resources import files
from itertools import product
from pathlib import Path

import pytest

from server.metrics.definitions import DEFINITIONS, Lists
from server.metrics.figure import DENOMINATOR, NUMERATOR
from server.metrics.standing import UNRECORDED
from server.report import Report
from shared.canonical import Value
from shared.civil import start_of_day
from shared.operation import Operation
from shared.sample import sample_calendar
from tests.server.recomputed import (
    BY_HAND,
    EXACT,
    FIRST,
    HOUR,
    ITEMS,
    SET_UP,
    TODAY,
    County,
    add_case,
    add_other,
    judge_pairs,
    quarrel,
)
from tests.tools.recompute import catalogue, posted, recompute
from tests.tools.recompute_acts import Counts, Question


def _said(report: Report) -> dict[str, Counts]:
    """The server's figures, the counts beside them, and exact values, by key."""
    found: dict[str, Counts] = {}
    for key, figure in report.figures.items():
        found[key] = (figure.numerator, figure.denominator)
        found |= {f"{key}.{name}": (number, None) for name, number in figure.extra.items()}
        found[f"{key}.exact"] = (figure.exact or Fraction(0), None)
    return found


def _require_lists(report: Report) -> None:
    """Behind each number stands a list that is as long as it, as far as its definition says."""
    for one in DEFINITIONS:
        figure = report.figures[one.key]
        counts = {NUMERATOR: figure.numerator, DENOMINATOR: figure.denominator}
        for part, count in counts.items():
            lists, things = len(figure.part(part)), len(figure.things_of(part))
            if one.lists is Lists.RECORDS or (one.lists is Lists.NUMERATOR and part == NUMERATOR):
                assert count in (None, lists), (one.key, part)
            elif one.key in ("M9", "M10") or (one.lists is Lists.PEOPLE and part == NUMERATOR):
                assert count in (None, things), (one.key, part)
            elif one.lists is Lists.NOTHING:
                assert not lists + things, (one.key, part)
            elif one.lists is Lists.BEHIND and one.show == "days" and part == DENOMINATOR:
                assert count == lists, (one.key, part)


@pytest.mark.parametrize("seed", [3, 11])
def test_every_figure_is_what_a_plain_recomputation_says(tmp_path: Path, seed: int) -> None:
    county = County(tmp_path / "county", seed)
    for number in range(240):
        place = county.dice.choice(county.places)
        on = FIRST + timedelta(days=county.dice.randrange(120))
        if number < 30:
            on = on.replace(year=2025)
        (add_case if county.dice.random() < 0.6 else add_other)(county, place.id, on)
        if number % 12 == 11 and number > 40:
            quarrel(county)
    judge_pairs(county)
    for number, place in enumerate([*county.places, county.places[2]]):
        end = date(2026, 9, 1 + number) if number % 2 else None
        begun = date(2026, 8, 25) + timedelta(days=number * 20 - 60)
        county.post(f"agent:P{number % 5}", place.id, "民政局" if number > 3 else "", begun, end)
    county.now.ms = start_of_day(TODAY) + 12 * HOUR
    items = files("shared") / "data" / "fushun_510322" / "items.csv"
    rows = list(csv.DictReader(items.read_text(encoding="utf-8").splitlines()))
    below = {county.towns[0], county.villages[0]}
    places: tuple[tuple[str | None, set[str] | None, str | None, str | None], ...] = (
        (None, None, None, None), (county.towns[0], below, None, None),
        (None, None, ITEMS[1], None), (None, None, None, "window"),
        (county.towns[0], below, ITEMS[0], "online"),
    )  # fmt: skip
    periods = (FIRST, TODAY), (date(2026, 8, 10), date(2026, 9, 30))
    moved: set[str] = set()
    for (first, last), (site, sites, item, channel) in product(periods, places):
        question = Question(
            first, last, TODAY, sites, item, channel, sample_calendar().is_working_day,
            {county.towns[1]: SET_UP},
        )  # fmt: skip
        expected = {
            **recompute(county.acts, question), **catalogue(rows, item),
            **posted(county.postings, question),
        }  # fmt: skip
        report = county.report(question, site)
        said = _said(report)
        published = {key for key in said if not key.endswith(".exact")} | EXACT
        assert published - BY_HAND == set(expected), "all that is published is recomputed"
        assert {key: said[key] for key in expected} == expected, (first, site, item, channel)
        _require_lists(report)
        moved |= {key for key, value in expected.items() if value[0]}
    county.county.ledger.engine.dispose()
    idle = {one.key for one in DEFINITIONS} - BY_HAND - moved
    assert idle <= {"M24", *UNRECORDED}, "nothing is idly 0"


def test_months_without_overrun_are_told_back_from_the_last_whole_one(tmp_path: Path) -> None:
    """Of two townships one closes a case in September that was promised for 3 August."""
    county = County(tmp_path / "county", 1)
    for town, accepted, closed in (
        (0, date(2026, 7, 1), date(2026, 7, 2)), (0, date(2026, 7, 27), date(2026, 9, 2)),
        (1, date(2026, 8, 3), date(2026, 8, 10)),
    ):  # fmt: skip
        site = county.towns[town]
        values: dict[str, Value] = {
            "person_name": "测试甲", "promised_days": 5, "statutory_days": 20,
            "days_unit": "workday",
        }  # fmt: skip
        last = county.do(site, "case", "receive", accepted, values)
        last = county.do(site, "case", "accept", accepted, {}, last)
        last = county.do(site, "case", "decide", closed, {"outcome": "granted"}, last)
        county.do(site, "case", "close", closed, {}, last)
    county.now.ms = start_of_day(TODAY) + 12 * HOUR
    months = [
        (None, date(2026, 11, 20), 1), (0, date(2026, 11, 20), 1), (1, date(2026, 11, 20), 3),
        (None, date(2026, 7, 31), 1), (None, date(2026, 8, 31), 0), (None, date(2026, 9, 30), 0),
        (None, date(2026, 9, 29), 0), (1, date(2026, 9, 30), 2), (1, date(2026, 7, 31), 0),
    ]  # fmt: skip
    for town_of, last_on, clean in months:
        town_id = None if town_of is None else county.towns[town_of]
        sites = None if town_id is None else {town_id}
        question = Question(
            FIRST, last_on, TODAY, sites, None, None, sample_calendar().is_working_day
        )
        assert recompute(county.acts, question)["M24"] == (clean, None), (town_of, last_on)
        got = county.report(question, town_id).figures["M24"].numerator
        assert got == clean, (town_of, last_on)
    county.county.ledger.engine.dispose()


def test_a_result_is_late_when_its_tenth_working_day_is_over(tmp_path: Path) -> None:
    """Handed back on Tuesday 1 September 2026: to be delivered by Tuesday the 15th."""
    county = County(tmp_path / "county", 1)
    last: Operation | None = None
    for act in ("entrust", "check", "hand_over", "receive", "result_out"):
        data: dict[str, Value] = {"person_name": "测试甲", "check_result": "complete"}
        last = county.do(county.villages[0], "proxy", act, date(2026, 9, 1), data, last)
    county.now.ms = start_of_day(TODAY) + 12 * HOUR
    for day, late in ((14, 0), (15, 1)):
        question = Question(
            FIRST, date(2026, 9, day), TODAY, None, None, None, sample_calendar().is_working_day
        )
        assert recompute(county.acts, question)["N5"] == (0, late)
        found = county.report(question, None).figures["N5"]
        assert (found.numerator, found.denominator) == (0, late)
    county.county.ledger.engine.dispose()
