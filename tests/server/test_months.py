"""A month is closed, and what a drawer gives back later is a dated correction (STORIES.md C2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from server.accounts import Person
from server.admin import accounts_of
from server.console.app import console_app
from server.metrics.definitions import percent
from server.months import closing
from server.months.corrections import Block, corrections
from server.months.sheets import (
    KIND,
    PUBLISHED,
    SIGNED,
    WAITING,
    Sheet,
    frozen,
    last_day,
    record_of,
    report_of,
    sheet_of,
    sums,
    townships,
)
from server.sight import NotAllowed
from shared import ids
from shared.canonical import Value
from shared.civil import start_of_day
from tests.server.browser import Browser
from tests.server.seeding import Moment, Tablet, sample_county
from tests.server.test_console import form, log_in

OCTOBER = date(2026, 10, 1)
NOON = 12 * 60 * 60 * 1000


class World:
    """A county with tablets at one township and one of its villages, from 1 October on."""

    def __init__(self, root: Path) -> None:
        self.now = Moment(start_of_day(OCTOBER) + NOON)
        self.county, _ = sample_county(root, self.now)
        with self.county.ledger.read() as tx:
            self.editions = self.county.editions(tx)
        self.town = townships(self.editions)[0].id
        village = self.editions.sites.children(self.town)[0].id
        self.window = Tablet(self.county, "AAAA", self.town, "AGENTA", "窗口", rank=2)
        self.drawer = Tablet(self.county, "BBBB", self.town, "AGENTB", "抽屉", rank=2)
        self.village = Tablet(self.county, "CCCC", village, "AGENTC", "村站")
        self.supervisor = _person("supervisor", self.editions.centre)

    def case(self, tablet: Tablet, on: date, closed_on: date, days: int = 5) -> None:
        """A case accepted and closed; arrives at the county now."""
        promise: dict[str, Value] = {
            "person_name": "测试甲", "item": "BM-YB-004", "promised_days": days,
            "statutory_days": 20, "days_unit": "workday",
        }  # fmt: skip
        acts: list[tuple[str, date, dict[str, Value]]] = [
            ("receive", on, promise), ("accept", on, {}),
            ("decide", closed_on, {"outcome": "granted"}), ("close", closed_on, {}),
        ]  # fmt: skip
        record = ids.uuid8(tablet.code, tablet.seq.to_bytes(4, "big"))
        parent = b""
        for step, (act, day, data) in enumerate(acts):
            done = tablet.act(
                "case", act, data, record=record, parents=[parent] if parent else [],
                at=start_of_day(day) + NOON + step,
            )  # fmt: skip
            parent = done.id

    def go(self, on: date) -> None:
        """Move the county's clock."""
        self.now.ms = start_of_day(on) + NOON

    def sheets(self, month: date = OCTOBER) -> tuple[Sheet, list[Sheet]]:
        """The frozen sheets."""
        with self.county.ledger.read() as tx:
            whole, parts = frozen(tx, self.county, month, self.editions)
        assert whole is not None
        return whole, parts

    def corrected(self, month: date = OCTOBER) -> Block:
        """The county's correction lines."""
        with self.county.ledger.read() as tx:
            whole, _ = frozen(tx, self.county, month, self.editions)
            today = report_of(tx, self.county, self.editions, month, last_day(month))
            assert whole is not None
            return corrections(tx, whole, today)

    def operations(self) -> list[bytes]:
        """The frozen sheets byte by byte."""
        sites = ["", *(one.id for one in townships(self.editions))]
        with self.county.ledger.read() as tx:
            told = tx.operations_of([record_of(self.county.code, OCTOBER, one) for one in sites])
        return sorted(
            entry.operation.skeleton_bytes + (entry.operation.data_bytes or b"")
            for entries in told.values()
            for entry in entries
        )


def _person(role: str, site: str, staff: str = "") -> Person:
    return Person(
        staff=staff or f"STAFF{role}", name=role, role=role, site=site, must_change=False,
        form_token="", session=b"",
    )  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "county")
    yield made
    made.county.ledger.engine.dispose()


def _sign_all(world: World) -> None:
    for site in townships(world.editions):
        closing.sign(world.county, _person("head", site.id, f"HEAD{site.id}"), OCTOBER)


def _mean(days: list[tuple[int, int]]) -> str:
    """The mean working days between two days of October, as the report prints it."""
    free = {11, 17, 18, 24, 25}  # 10 October is a make-up Saturday
    spans = [
        sum(1 for day in range(first + 1, last + 1) if day not in free) for first, last in days
    ]
    return f"{sum(spans) / len(spans):.2f}"


def test_a_drawer_gives_back_october(world: World) -> None:
    for number in range(20):
        world.case(world.window, date(2026, 10, 9 + number % 5), date(2026, 10, 15))
    world.go(date(2026, 11, 2))
    closing.freeze(world.county, OCTOBER, world.supervisor)
    assert world.sheets()[0].state == WAITING
    _sign_all(world)
    assert world.sheets()[0].state == SIGNED
    closing.publish(world.county, world.supervisor, OCTOBER, "县务会审定")
    published, before = world.sheets()[0], world.operations()
    assert published.state == PUBLISHED
    assert percent(20, 20) == "100.00%"
    assert (published.counts["M4"].numerator, published.counts["M4"].denominator) == (20, 20)
    assert world.corrected().lines == ()

    world.go(date(2026, 11, 5))
    for number in range(31):
        late = number < 2
        world.case(world.drawer, date(2026, 10, 9), date(2026, 10, 29 if late else 14))
    assert world.operations() == before
    block = world.corrected()
    assert block.dates == [date(2026, 11, 5)]
    lines = {line.key: line for line in block.lines}
    assert (lines["M2"].change, lines["M3"].change) == (31, 31)
    rate = lines["M4"]
    assert (rate.after.numerator, rate.after.denominator) == (49, 51)
    assert (len(rate.records), rate.by_network, rate.is_proven) == (31, 31, True)
    assert lines.keys().isdisjoint({"M24", "N2"}), "nobody asked for these"
    taken = [(9 + number % 5, 15) for number in range(20)]
    drawer = [(9, 29 if number < 2 else 14) for number in range(31)]
    mean = lines["M21"]  # one line from mean to mean, not one of working days added up
    assert (mean.before.text, mean.after.text) == (_mean(taken), _mean([*taken, *drawer]))
    assert (len(mean.records), mean.is_proven) == (31, True)
    assert all(line.change == 31 for line in block.lines if line.key == "M15")
    assert world.corrected() == block
    with world.county.ledger.read() as tx:
        reports = {
            site: sheet_of(
                report_of(tx, world.county, world.editions, OCTOBER, last_day(OCTOBER), site), site
            )
            for site in ("", *(one.id for one in townships(world.editions)))
        }
    lines_of_sum = sums(reports.pop(""), list(reports.values()))
    assert [one.key for one in lines_of_sum if not one.agrees] == []
    assert next(one.county for one in lines_of_sum if one.key == "M2") == 51


def test_a_month_is_frozen_once_by_who_may_and_when_it_is_over(world: World) -> None:
    with pytest.raises(closing.MonthRunning, match="还没有结束"):
        closing.freeze(world.county, OCTOBER, world.supervisor)
    world.go(date(2026, 11, 2))
    with pytest.raises(closing.NotClosed):
        closing.publish(world.county, world.supervisor, OCTOBER, "审定")
    with pytest.raises(closing.MonthBeforeBooks):
        closing.freeze(world.county, date(2026, 9, 1), world.supervisor)
    for role in ("head", "clerk", "administrator"):
        with pytest.raises(NotAllowed):
            closing.freeze(world.county, OCTOBER, _person(role, world.town))
    assert closing.freeze(world.county, OCTOBER)
    before = world.operations()
    assert not closing.freeze(world.county, OCTOBER)
    with pytest.raises(closing.AlreadyClosed):
        closing.freeze(world.county, OCTOBER, world.supervisor)
    with pytest.raises(NotAllowed):
        closing.sign(world.county, _person("clerk", world.town), OCTOBER)
    with pytest.raises(closing.NotClosed, match="没有签字"):
        closing.publish(world.county, world.supervisor, OCTOBER, "审定")
    assert world.operations() == before
    empty = world.sheets()[0].counts["M4"]
    assert percent(empty.numerator, empty.denominator or 0) == "—"
    closing.publish(world.county, world.supervisor, OCTOBER, "三个乡镇断网", unsigned=True)
    with pytest.raises(closing.AlreadyClosed, match="已经公布"):
        closing.publish(world.county, _person("supervisor", world.editions.centre, "OTHER"),
                        OCTOBER, "审定")  # fmt: skip
    assert KIND == "month_close"


def test_late_cases_are_named_and_the_flow_adds_up(world: World) -> None:
    world.case(world.window, date(2026, 10, 9), date(2026, 10, 29))
    world.go(date(2026, 11, 2))
    closing.freeze(world.county, OCTOBER)
    more = world.sheets()[0].more
    flow, overdue = more["flow"], more["overdue"]
    assert isinstance(flow, dict)
    assert isinstance(overdue, list)
    assert flow == {"carried": 0, "received": 1, "accepted": 1, "refused": 0, "pending": 0}
    (line,) = overdue
    assert isinstance(line, list)
    assert (line[2], line[3], line[4]) == ("agent:AGENTA", world.town, True)
    assert percent(9999, 10000) == "99.99%"


def test_a_month_is_closed_on_its_page_and_corrected_there(world: World) -> None:
    for _ in range(20):
        world.case(world.window, date(2026, 10, 12), date(2026, 10, 13))
    accounts = accounts_of(world.county)
    supervisor, password = accounts.add("李督查", "supervisor", world.editions.centre)
    head, secret = accounts.add("王主任", "head", world.town)
    browser, township = (Browser(console_app(world.county)) for _ in range(2))
    world.go(date(2026, 11, 3))
    log_in(browser, supervisor.name, password)
    log_in(township, head.name, secret)
    page = browser.get("/months").text  # the last month that is over
    assert "月结 2026-10" in page
    assert "未月结" in page
    assert 'action="/months/freeze"' not in township.get("/months").text
    sent = form(browser, "/months", "/months/freeze")
    assert browser.post("/months/freeze", data=sent).status_code == 303
    again = browser.post("/months/freeze", data=sent)
    assert (again.status_code, "已经月结" in again.text) == (409, True)
    signed = form(township, "/months", "/months/sign")
    assert township.post("/months/sign", data=signed).status_code == 303
    wanted = form(browser, "/months", "/months/publish") | {"reason": "按期公布"}
    waiting = browser.post("/months/publish", data=wanted)
    assert (waiting.status_code, "没有签字" in waiting.text) == (409, True)
    assert browser.post("/months/publish", data=wanted | {"unsigned": "1"}).status_code == 303
    world.now.ms += 60 * 60 * 1000
    world.case(world.drawer, date(2026, 10, 20), date(2026, 10, 28))
    page = browser.get("/months?month=2026-10").text
    for shown in ("已公布", "有更正", "20 / 20", "20 / 21", "其中 1 条当月已登记，因网络迟到"):
        assert shown in page
    assert browser.get("/months?month=2026-1").status_code == 422
