"""M1 to M8 against a recomputation that knows only a flat list of acts (DOMAIN.md §2.2)."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from python_calamine import CalamineWorkbook

from server import report_files
from server.cards import card_fields
from server.metrics.definitions import DEFINITIONS, percent
from server.report import Report, WrongPeriod, make_report
from server.report_files import NoChineseFont, report_pdf, report_xlsx
from shared import ids
from shared.canonical import Value
from shared.civil import start_of_day
from shared.deadlines import add_workdays
from shared.operation import Operation
from shared.regions import Level
from shared.sample import sample_calendar
from shared.sites import UnknownSite
from shared.verdict import Status
from tests.server.seeding import Moment, Tablet, sample_county

FIRST = date(2026, 9, 1)
NOON = 12 * 60 * 60 * 1000


class Said(NamedTuple):
    """One line of the flat list: what was done, where, on which day."""

    record: bytes
    kind: str
    act: str
    site: str
    on: date
    data: dict[str, Value]


class World:
    """A county with tablets at two townships and a village of each, and the flat list."""

    def __init__(self, root: Path) -> None:
        self.now = Moment(start_of_day(date(2026, 11, 20)) + NOON)
        self.county, _ = sample_county(root, self.now)
        with self.county.ledger.read() as tx:
            self.sites = self.county.editions(tx).sites
        towns = [site for site in self.sites.sites if site.level is Level.TOWNSHIP][:2]
        self.towns = [site.id for site in towns]
        self.villages = [self.sites.children(site.id)[0].id for site in towns]
        self.tablets = {
            site: Tablet(self.county, code, site, f"AGENT{code}", code, rank=2)
            for site, code in zip(
                [*self.towns, *self.villages], ["AAAA", "BBBB", "CCCC", "DDDD"], strict=True
            )
        }
        self.said: list[Said] = []

    def do(
        self, site: str, kind: str, act: str, on: date, data: dict[str, Value],
        after: Operation | None = None, status: Status = Status.ADMITTED,
    ) -> Operation:  # fmt: skip
        """Do one act, later on the same day than the one before."""
        at = start_of_day(on) + NOON + len(self.said)
        done = self.tablets[site].act(
            kind, act, data, record=after.skeleton.record if after else None,
            parents=[after.id] if after else [], at=at, status=status,
        )  # fmt: skip
        if status is Status.ADMITTED:
            self.said.append(Said(done.skeleton.record, kind, act, site, on, data))
        return done

    def report(self, from_on: date, to_on: date, site: str | None = None) -> Report:
        """The product's answer."""
        with self.county.ledger.read() as tx:
            return make_report(
                tx, self.sites, from_on, to_on, fields=card_fields,
                today=self.county.today(), site=site,
            )  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "county")
    yield made
    made.county.ledger.engine.dispose()


PROMISE: dict[str, Value] = {
    "person_name": "测试甲", "item": "BM-YB-004", "promised_days": 5, "statutory_days": 20,
    "days_unit": "workday",
}  # fmt: skip


FOLLOWING = {
    "answer": [("answer", "可以")],
    "refer": [("refer_to", "民政办")],
    "void": [("reason", "误登")],
}


def fill(world: World, seed: int) -> None:
    """A hundred matters with every way a case, proxy, complaint and rating can go."""
    dice = random.Random(seed)
    places = [*world.towns, *world.villages]
    for number in range(100):
        site, on = dice.choice(places), FIRST + timedelta(days=dice.randrange(60))
        kind = dice.choice(["consultation", "case", "case", "proxy", "complaint", "rating"])
        if kind == "consultation":
            first = world.do(site, kind, "register", on, {"question": f"第 {number} 问"})
            follow = dice.choice(["", "answer", "refer", "void"])
            data: dict[str, Value] = dict(FOLLOWING.get(follow, ()))
            if follow:
                world.do(site, kind, follow, on + timedelta(days=dice.randrange(9)), data, first)
        elif kind == "proxy":
            first = world.do(site, kind, "entrust", on, {**PROMISE})
            if dice.random() < 0.2:
                world.do(site, kind, "void", on, {"reason": "误登"}, first)
        elif kind == "complaint":
            target: dict[str, Value] = {}
            if dice.random() < 0.4:
                target = {"target_site": world.villages[0]}
            opening: dict[str, Value] = {"target_kind": "site", "content": "门没开", **target}
            first = world.do(site, kind, "register", on, opening)
            if dice.random() < 0.7:
                _work_complaint(world, dice, site, on, first)
        elif kind == "rating":
            level = dice.randint(1, 5)
            first = world.do(site, kind, "rate", on, {"of": f"m{number}", "level": level})
            if dice.random() < 0.2:
                world.do(site, kind, "rate_again", on, {"level": 6 - level}, first)
        else:
            _work_case(world, dice, site, on)


def _work_complaint(
    world: World, dice: random.Random, site: str, on: date, last: Operation
) -> None:
    finding = dice.choice(["upheld", "partly", "unfounded"])
    steps: list[tuple[str, dict[str, Value]]] = [
        ("triage", {"triage_result": "accept"}), ("assign", {}), ("investigate", {}),
        ("reply", {"finding": finding, "reply": "已处理"}), ("call_back", {}), ("close", {}),
    ]  # fmt: skip
    for act, data in steps[: dice.choice([2, 4, 6, 6])]:
        last = world.do(site, "complaint", act, on, data, last)


def _work_case(world: World, dice: random.Random, site: str, on: date) -> None:
    last = world.do(site, "case", "receive", on, {**PROMISE})
    end = dice.choice(
        ["", "close", "close", "close", "withdraw", "lapse", "refuse", "spot", "void"]
    )
    later = on + timedelta(days=dice.randrange(16))
    if end == "spot":
        world.do(site, "case", "close_on_spot", on, {}, last)
    elif end == "lapse":
        last = world.do(site, "case", "request_correction", on, {"missing": ["户口簿"]}, last)
        world.do(site, "case", "lapse", later, {}, last)
    elif end == "refuse":
        world.do(site, "case", "refuse", on, {"reason": "不属本级"}, last)
    else:
        if dice.random() < 0.9:
            last = world.do(site, "case", "accept", on, {}, last)
            if end == "close":
                last = world.do(site, "case", "decide", later, {"outcome": "granted"}, last)
                last = world.do(site, "case", "close", later, {}, last)
                if dice.random() < 0.5:
                    world.do(site, "case", "hand_out", later, {"handed_to": "本人"}, last)
        if end == "withdraw":
            world.do(site, "case", "withdraw", later, {}, last)
        if end == "void":
            world.do(site, "case", "void", later, {"reason": "误登"}, last)


def recount(
    said: list[Said], from_on: date, to_on: date, towns: set[str], villages: set[str], today: date
) -> dict[str, tuple[int, int | None]]:
    """The figures from the flat list alone, matter by matter."""
    out = dict.fromkeys(("M1", "M2", "M3", "M6", "M7", "M8"), 0)
    on_time = closed = overdue = good = rated = 0
    for record in dict.fromkeys(one.record for one in said):
        acts = [one for one in said if one.record == record]
        first, names = acts[0], [one.act for one in acts]
        inside = from_on <= first.on <= to_on
        if "void" in names:
            continue
        if first.kind == "consultation" and inside and {"answer", "refer"} & set(names):
            out["M1"] += first.site in towns
            out["M6"] += first.site in villages
        if first.kind == "proxy" and inside:
            out["M7"] += first.site in villages
        if first.kind == "complaint" and inside:
            out["M8"] += bool({first.site, first.data.get("target_site")} & villages)
        if first.kind == "rating" and inside and first.site in towns | villages:
            rated += 1
            level = acts[-1].data["level"]
            assert isinstance(level, int)
            good += level >= 3
        if first.kind == "case" and first.site in towns:
            accepted = [one.on for one in acts if one.act in {"accept", "close_on_spot"}]
            ends = [
                one.on for one in acts
                if one.act in {"close", "close_on_spot", "withdraw", "lapse"}
            ]  # fmt: skip
            due = add_workdays(sample_calendar(), accepted[0], 5).on if accepted else None
            out["M2"] += bool(accepted) and from_on <= accepted[0] <= to_on
            if ends and from_on <= ends[0] <= to_on:
                closed += 1
                on_time += due is None or ends[0] <= due
            elif due is not None and accepted[0] <= to_on and not (ends and ends[0] <= to_on):
                overdue += due < min(to_on + timedelta(days=1), today)
    out["M3"] = closed
    counts: dict[str, tuple[int, int | None]] = {key: (value, None) for key, value in out.items()}
    counts["M4"] = (on_time, closed)
    counts["M4_open"] = (on_time, closed + overdue)
    counts["M5"] = (good, rated)
    return counts


def test_figures_equal_a_recount_of_the_flat_list(world: World) -> None:
    fill(world, 7)
    towns, villages = set(world.towns), set(world.villages)
    below = {world.towns[0], world.villages[0]}
    today = world.county.today()
    periods = [(FIRST, date(2026, 11, 20)), (date(2026, 9, 10), date(2026, 9, 30)), (FIRST, FIRST)]
    for from_on, to_on in periods:
        for site, mine in [(None, towns | villages), (world.towns[0], below),
                           (world.villages[1], {world.villages[1]})]:  # fmt: skip
            found = world.report(from_on, to_on, site).figures
            expected = recount(world.said, from_on, to_on, towns & mine, villages & mine, today)
            got = {key: (one.numerator, one.denominator) for key, one in found.items()}
            assert {key: got[key] for key in expected} == expected, (from_on, to_on, site)
            for key in expected:
                assert len(set(found[key].records)) == found[key].numerator
    whole = world.report(*periods[0]).figures
    told = ("M1", "M2", "M3", "M4", "M4_open", "M5", "M6", "M7", "M8")
    assert all(whole[key].numerator for key in told), "the list covers every figure"
    assert whole["M4"].numerator != whole["M4"].denominator
    assert whole["M4_open"].denominator != whole["M4"].denominator


@pytest.mark.parametrize(("closed_on", "in_time"), [(8, 1), (9, 0)])
def test_the_last_day_of_the_promise_is_in_time(world: World, closed_on: int, in_time: int) -> None:
    """Accepted Tuesday 1 September, five working days: Tuesday 8 September."""
    last = world.do(world.towns[0], "case", "receive", FIRST, {**PROMISE})
    last = world.do(world.towns[0], "case", "accept", FIRST, {}, last)
    day = date(2026, 9, closed_on)
    last = world.do(world.towns[0], "case", "decide", day, {"outcome": "granted"}, last)
    world.do(world.towns[0], "case", "close", day, {}, last)
    found = world.report(FIRST, day).figures["M4"]
    assert (found.numerator, found.denominator) == (in_time, 1)


@pytest.mark.parametrize(("to_on", "today", "overdue"), [(7, 20, 0), (8, 20, 1), (8, 8, 0)])
def test_an_open_case_is_overdue_when_its_last_day_is_over(
    world: World, to_on: int, today: int, overdue: int
) -> None:
    last = world.do(world.towns[0], "case", "receive", FIRST, {**PROMISE})
    world.do(world.towns[0], "case", "accept", FIRST, {}, last)
    world.now.ms = start_of_day(date(2026, 9, today)) + NOON
    assert world.report(FIRST, date(2026, 9, to_on)).figures["M4_open"].denominator == overdue


def test_a_merger_counts_once(world: World) -> None:
    on = FIRST
    one = world.do(world.villages[0], "proxy", "entrust", on, {**PROMISE})
    other = world.do(world.villages[0], "proxy", "entrust", on, {**PROMISE})
    assert world.report(FIRST, FIRST).figures["M7"].numerator == 2
    into: dict[str, Value] = {"merged_into": ids.record_text(one.skeleton.record)}
    world.do(world.villages[0], "proxy", "merge", on, into, other)
    assert world.report(FIRST, FIRST).figures["M7"].records == (one.skeleton.record,)


def test_held_and_refused_acts_are_no_facts(world: World) -> None:
    case = world.do(world.towns[0], "case", "receive", FIRST, {**PROMISE})
    for status in (Status.HELD, Status.REFUSED):
        world.do(world.towns[0], "case", "accept", FIRST, {}, case, status)
    assert world.report(FIRST, FIRST).figures["M2"].numerator == 0


def test_complaints_show_received_closed_and_upheld(world: World) -> None:
    for finding in ("upheld", "unfounded"):
        last = world.do(
            world.villages[0], "complaint", "register", FIRST,
            {"target_kind": "site", "content": "门没开"},
        )  # fmt: skip
        steps: list[tuple[str, dict[str, Value]]] = [
            ("triage", {"triage_result": "accept"}), ("assign", {}), ("investigate", {}),
            ("reply", {"finding": finding, "reply": "已处理"}), ("call_back", {}), ("close", {}),
        ]  # fmt: skip
        for act, data in steps:
            last = world.do(world.villages[0], "complaint", act, FIRST, data, last)
    plain = world.report(FIRST, FIRST).plain()
    metrics = plain["metrics"]
    assert isinstance(metrics, dict)
    assert metrics["M8"] == {
        "value": 2, "numerator": 2, "denominator": None, "received": 2, "closed": 2, "upheld": 1,
    }  # fmt: skip


def test_nothing_over_nothing_is_neither_zero_nor_full(world: World) -> None:
    found = world.report(FIRST, FIRST).plain()
    assert found["metrics"]["M4"] == {"value": None, "numerator": 0, "denominator": 0}  # type: ignore[index]
    assert found["from"] == found["to"] == "2026-09-01"


def test_periods_and_sites_that_make_no_sense_are_refused(world: World) -> None:
    with pytest.raises(WrongPeriod, match="对调"):
        world.report(date(2026, 9, 2), FIRST)
    with pytest.raises(UnknownSite):
        world.report(FIRST, FIRST, "510322999999")


def test_a_site_is_found_by_its_region_code(world: World) -> None:
    code = world.sites.by_id(world.towns[0]).codes[0].code12
    found = world.report(FIRST, FIRST, code)
    assert found.site is not None
    assert found.site.id == world.towns[0]


@pytest.mark.parametrize(
    ("numerator", "denominator", "text"),
    [(0, 0, "—"), (1, 3, "33.33%"), (2, 3, "66.67%"), (75783, 75784, "99.99%"), (5, 5, "100.00%"),
     (1, 90000, "0.01%"), (0, 7, "0.00%")],
)  # fmt: skip
def test_percentages_round_half_up_and_never_hide_one(
    numerator: int, denominator: int, text: str
) -> None:
    assert percent(numerator, denominator) == text


def test_the_spreadsheet_holds_the_figures(world: World, tmp_path: Path) -> None:
    world.do(world.villages[0], "proxy", "entrust", FIRST, {**PROMISE})
    report = world.report(FIRST, FIRST)
    path = tmp_path / "report.xlsx"
    path.write_bytes(report_xlsx(report, "富顺县"))
    rows = CalamineWorkbook.from_path(path).get_sheet_by_name("报表").to_python()
    table = {row[0]: row for row in rows}
    assert set(table) >= {one.key for one in DEFINITIONS}
    assert table["M7"][2:4] == [1.0, 1.0]
    assert table["M4"][2] == "—"


def test_the_paper_is_a_pdf_in_our_own_chinese_font(world: World) -> None:
    report_files._font.cache_clear()
    paper = report_pdf(world.report(FIRST, FIRST), "富顺县")
    assert paper.startswith(b"%PDF-")
    assert re.search(rb"/FontName */[A-Z]{6}\+NotoSansCJKsc", paper)
    assert report_files._font.cache_info().currsize == 1


def test_without_our_own_fonts_those_of_the_machine_will_do(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_files, "FONTS", ("data", "none"))
    monkeypatch.setattr(report_files, "CHINESE_FONTS", ("DejaVu Sans Mono",))  # always there
    report_files._font.cache_clear()
    assert report_pdf(world.report(FIRST, FIRST), "富顺县").startswith(b"%PDF-")
    report_files._font.cache_clear()


def test_without_a_chinese_font_the_paper_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_files, "CHINESE_FONTS", ("没有这种字体",))
    report_files._font.cache_clear()
    with pytest.raises(NoChineseFont, match="xlsx"):
        report_pdf(world.report(FIRST, FIRST), "富顺县")
    report_files._font.cache_clear()
