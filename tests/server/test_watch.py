"""电子监察: colours, places and holders as the ledger has them, however many matters are open."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from msgspec import structs
from sqlalchemy import event

from server import watch, watching
from server.console.app import console_app
from server.county import Editions
from server.duedates import deadline_of
from server.months import closing
from server.verify import verify
from server.watch import Cut, board, listed
from shared import ids
from shared.calendars import YearTable
from shared.canonical import Value
from shared.civil import DAY_MS
from shared.deadlines import Warning, warning
from shared.fold import fold
from tests.server.browser import Browser
from tests.server.test_console import log_in
from tests.server.watching import World

LIMITS: dict[str, Value] = {"promised_days": 5, "statutory_days": 20, "days_unit": "workday"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "county")
    yield made
    made.county.ledger.engine.dispose()


@contextmanager
def counted(world: World) -> Iterator[list[str]]:
    """Every statement the county's database is asked meanwhile."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    engine = world.county.ledger.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("days", "level", "meaning"),
    [(3, "1", "时限过半"), (6, "2", "即将到期"), (12, "3", "超过承诺期限"),
     (45, "4", "超过法定期限")],
)  # fmt: skip
def test_a_case_grows_urgent_and_each_figure_opens_its_list(
    world: World, days: int, level: str, meaning: str
) -> None:
    browser = Browser(console_app(world.county))
    log_in(browser, "admin", world.password)
    assert "没有正在计算期限的业务" in browser.get("/watch").text
    world.accepted(slip="T4RB-G1115-031-A")
    world.now.ms += days * DAY_MS
    log_in(browser, "admin", world.password)
    text = browser.get("/watch").text
    assert "李婠" not in text, "names are masked"
    address = f"/watch/list?township={world.town}&amp;level={level}"
    assert address in text
    assert meaning in text
    cut = browser.get(address.replace("&amp;", "&")).text
    assert "共 1 件" in cut
    assert "T4RB-G1115-031-A" in cut
    other = "3" if level != "3" else "4"
    assert "共 0 件" in browser.get(f"/watch/list?level={other}").text


def test_the_figures_are_those_of_folding_every_case(world: World) -> None:
    """The board reads rows; here every record is folded and asked by the tablet's own function."""
    dice = random.Random(7)
    for _ in range(60):
        world.now.ms += dice.randrange(DAY_MS)
        got = world.accepted(promised_days=dice.randrange(8), statutory_days=20)
        for act, data in _life(dice):
            world.now.ms += dice.randrange(DAY_MS)
            got = world.clerk.act("case", act, data, record=got.skeleton.record, parents=[got.id])
    found = board(world.desk, world.admin).total
    for _ in range(4):
        world.now.ms += 5 * DAY_MS
        found = board(world.desk, world.admin, "agent", Cut(kind="case")).total
        assert (found.none, found.blue, found.yellow, found.red, found.black) == _folded(world)
    assert found.paused > 0 < found.red
    assert not [one for one in verify(world.county).violations if "期限" in one]


def _life(dice: random.Random) -> list[tuple[str, dict[str, Value]]]:
    suspend: tuple[str, dict[str, Value]] = ("suspend", {"procedure": "专家评审"})
    lives: list[list[tuple[str, dict[str, Value]]]] = [
        [], [("decide", {"outcome": "granted"})],
        [("decide", {"outcome": "granted"}), ("close", {})],
        [suspend], [suspend, ("resume", {})], [suspend, ("resume", {}), suspend],
        [("withdraw", {})], [("forward", {}), ("acknowledge", {})],
    ]  # fmt: skip
    return dice.choice(lives)


def _folded(world: World) -> tuple[int, ...]:
    with world.county.ledger.read() as tx:
        calendar = world.county.editions(tx).calendar
        entries = tx.operations_of(list(tx.all_record_ids()))
    seen: Counter[Warning] = Counter()
    for held in entries.values():
        record = fold(held) if held else None
        if record is None or record.kind != "case" or record.state in ("已办结", "已撤回"):
            continue
        deadline = deadline_of(record)
        if deadline is None:
            continue
        level = warning(world.now.ms, calendar, deadline)
        if record.state != "特别程序" or level >= Warning.RED:
            seen[level] += 1
    return tuple(seen[level] for level in Warning)


def test_a_breach_stays_with_whoever_held_it_then(world: World) -> None:
    got = world.accepted()
    world.now.ms += 12 * DAY_MS
    late: dict[str, Value] = {"holder": "agent:BBBBBBBB", "holder_site": world.village}
    moved = world.clerk.act(
        "case", "reassign", late, record=got.skeleton.record, parents=[got.id]
    )  # fmt: skip
    (one,) = listed(world.desk, world.admin, Cut(agent="agent:CCCCCCCC", level="3")).items
    assert (one.row.holder, one.row.site) == ("agent:BBBBBBBB", world.village)
    assert (one.row.breach_holder, one.row.breach_site) == ("agent:CCCCCCCC", world.town)
    assert listed(world.desk, world.admin, Cut(agent="agent:BBBBBBBB")).total == 0
    sites = {line.key: line.red for line in board(world.desk, world.admin, "site").lines}
    assert sites == {world.town: 1}
    browser = Browser(console_app(world.county))
    log_in(browser, "admin", world.password)
    text = browser.get(f"/watch/{ids.record_text(moved.skeleton.record)}").text
    assert "在这里超期" in text
    assert text.index("丙") < text.index("在这里超期") < text.rindex("乙")


def test_handed_over_in_time_the_breach_is_the_next_one_s(world: World) -> None:
    got = world.accepted()
    world.now.ms += 2 * DAY_MS
    data: dict[str, Value] = {"holder": "agent:BBBBBBBB", "holder_site": world.village}
    world.clerk.act("case", "reassign", data, record=got.skeleton.record, parents=[got.id])
    world.now.ms += 12 * DAY_MS
    (line,) = board(world.desk, world.admin, "agent").lines
    assert (line.key, line.red) == ("agent:BBBBBBBB", 1)


def test_forwarding_alone_moves_no_blame(world: World) -> None:
    """The holder changes when the receiver acknowledges (§3.3)."""
    got = world.accepted()
    named: dict[str, Value] = {"holder": "agent:BBBBBBBB", "holder_site": world.village}
    world.clerk.act("case", "forward", named, record=got.skeleton.record, parents=[got.id])
    world.now.ms += 12 * DAY_MS
    (line,) = board(world.desk, world.admin, "agent").lines
    assert line.key == "agent:CCCCCCCC"


def test_a_clock_that_stands_says_since_when_and_why(world: World) -> None:
    got = world.accepted()
    stopped = world.clerk.act(
        "case", "suspend", {"procedure": "专家评审"}, record=got.skeleton.record, parents=[got.id]
    )
    world.now.ms += 40 * DAY_MS
    total = board(world.desk, world.admin).total
    assert (total.all, total.paused, total.red, total.black) == (1, 1, 0, 0)
    (one,) = listed(world.desk, world.admin, Cut(state="paused")).items
    assert (one.paused_for, one.row.paused_on) == ("专家评审", world.day(0, -40))
    world.clerk.act("case", "resume", {}, record=got.skeleton.record, parents=[stopped.id])
    total = board(world.desk, world.admin).total
    assert (total.paused, total.all) == (0, 1)


def test_pledges_of_proxies_have_a_clock_of_their_own(world: World) -> None:
    got = world.entrusted()
    world.now.ms += 5 * DAY_MS
    (one,) = listed(world.desk, world.admin, Cut(kind="proxy", level="3")).items
    assert (one.row.term, one.row.breach_holder) == ("forward", "agent:BBBBBBBB")

    lacking: dict[str, Value] = {"check_result": "missing", "missing": ["户口簿"]}
    fresh = world.entrusted()
    asked = world.agent.act(
        "proxy", "check", lacking, record=fresh.skeleton.record, parents=[fresh.id]
    )  # fmt: skip
    world.now.ms += 9 * DAY_MS
    (stood,) = listed(world.desk, world.admin, Cut(state="paused")).items
    assert (stood.row.record, stood.paused_for) == (fresh.skeleton.record, watch.LACKING)
    whole = world.agent.act(
        "proxy", "check", {"check_result": "complete"}, record=fresh.skeleton.record,
        parents=[asked.id],
    )  # fmt: skip
    (again,) = listed(world.desk, world.admin, Cut(level="0")).items
    assert again.row.due_on == world.day(2), "the pledge begins anew with complete papers"
    done = world.agent.act(
        "proxy", "check", {"check_result": "complete"}, record=got.skeleton.record,
        parents=[got.id],
    )  # fmt: skip
    for made in (done, whole):
        world.agent.act("proxy", "hand_over", {}, record=made.skeleton.record, parents=[made.id])
    assert board(world.desk, world.admin).total.all == 0, "handed over: the pledge is kept"


def test_a_promised_day_counts_in_place_of_two(world: World) -> None:
    world.agent.act(
        "proxy", "entrust",
        {"person_name": "李婠", "item": "BM-YB-001", "promised_forward_on": "2026-12-05"},
    )  # fmt: skip
    (one,) = listed(world.desk, world.admin, Cut()).items
    assert one.row.due_on == 20261205, "a market day may be a Saturday"


def test_complaints_are_counted_for_the_county_and_for_nobody_they_are_about(world: World) -> None:
    world.clerk.act("complaint", "register", {"target_kind": "site", "content": "排队太久"})
    about: dict[str, Value] = {
        "target_kind": "person",
        "target_name": "督查甲",
        "content": "态度不好",
    }
    world.clerk.act("complaint", "register", about)
    world.now.ms += 3 * DAY_MS
    first, second = (world.person(name, "supervisor", "s0001") for name in ("督查甲", "督查乙"))
    assert board(world.desk, second).total.red == 2
    assert board(world.desk, first).total.red == 1, "not even their number tells"
    assert listed(world.desk, first, Cut()).total == 1
    head = world.person("主任", "head", world.town)
    assert board(world.desk, head).total.all == 0
    assert listed(world.desk, head, Cut(kind="complaint")).total == 0
    assert {one.name for one in listed(world.desk, second, Cut()).items} == {""}


def test_each_sees_their_own(world: World) -> None:
    world.accepted()
    world.entrusted()
    head = world.person("主任", "head", world.town)
    neighbour = world.person("邻", "head", world.other_town)
    assert board(world.desk, head).total.all == 2
    assert board(world.desk, neighbour).total.all == 0
    assert board(world.desk, neighbour, "township", Cut(township=world.town)).total.all == 0
    office = world.person("部门", "department", "s0001")
    assert board(world.desk, office).total.all == 0
    villager = world.person("村", "village", world.village)
    assert board(world.desk, villager).total.all == 1


def test_departments_are_those_of_the_catalogue(world: World) -> None:
    world.accepted(item="BM-YB-001")
    world.accepted(item="BM-MZ-001")
    lines = {line.key: line.all for line in board(world.desk, world.admin, "department").lines}
    assert len(lines) == 2
    assert sum(lines.values()) == 2
    for department in lines:
        assert listed(world.desk, world.admin, Cut(department=department)).total == 1


@pytest.mark.parametrize(
    "asked", ["by=planet", "kind=person", "level=9", "level=x", "state=gone"]
)  # fmt: skip
def test_a_cut_that_does_not_exist_is_refused(world: World, asked: str) -> None:
    browser = Browser(console_app(world.county))
    log_in(browser, "admin", world.password)
    path = "/watch" if asked.startswith(("by", "kind")) else "/watch/list"
    assert browser.get(f"{path}?{asked}").status_code == 422


def test_another_calendar_moves_the_clocks_that_run(world: World) -> None:
    got = world.accepted()
    with world.county.ledger.read() as tx:
        editions = world.county.editions(tx)
        before = tx.watched_of([got.skeleton.record])[got.skeleton.record]
    at = date(2026, 11, 24).timetuple().tm_yday - 1
    days = editions.calendar.years[2026].days
    year = YearTable(days[:at] + "00" + days[at + 2 :])
    calendar = structs.replace(editions.calendar, years={**editions.calendar.years, 2026: year})
    other = Editions(editions.sites, editions.catalogue, calendar)
    world.county.ledger.writing(
        lambda tx: watching.count_anew(tx, other, [got.skeleton.record])
    )  # fmt: skip
    with world.county.ledger.read() as tx:
        after = tx.watched_of([got.skeleton.record])[got.skeleton.record]
    assert (before.due_on, after.due_on) == (20261130, 20261202)
    assert after.red_at == (before.red_at or 0) + 2 * DAY_MS


def test_months_on_time_are_those_the_last_closed_month_froze(world: World) -> None:
    got = world.accepted()
    done = world.clerk.act(
        "case", "decide", {"outcome": "granted"}, record=got.skeleton.record, parents=[got.id]
    )  # fmt: skip
    world.clerk.act("case", "close", {}, record=got.skeleton.record, parents=[done.id])
    assert board(world.desk, world.admin).clean_month is None
    world.now.ms += 12 * DAY_MS
    assert closing.freeze(world.county, date(2026, 11, 1))
    found = board(world.desk, world.admin)
    assert (found.clean_month, found.clean_months[world.town]) == (date(2026, 11, 1), 1)


def test_practice_and_what_is_over_have_no_clock(world: World) -> None:
    world.accepted(practice=True)
    got = world.accepted()
    world.clerk.act("case", "withdraw", {}, record=got.skeleton.record, parents=[got.id])
    assert board(world.desk, world.admin).total.all == 0


def test_twenty_thousand_open_matters_ask_no_more_statements_than_twenty(world: World) -> None:
    world.many(20)
    few = _statements(world)
    world.many(19_980)
    many = _statements(world)
    total = board(world.desk, world.admin).total
    assert total.all == 20_000
    assert many == few


def _statements(world: World) -> dict[str, int]:
    """How many statements each page takes."""
    pages: dict[str, Callable[[], object]] = {
        "township": lambda: board(world.desk, world.admin),
        "agent": lambda: board(world.desk, world.admin, "agent"),
        "department": lambda: board(world.desk, world.admin, "department"),
        "list": lambda: listed(world.desk, world.admin, Cut(level="3")),
        "tablets": lambda: watch.unwell(world.desk, world.admin),
    }
    found: dict[str, int] = {}
    for name, look in pages.items():
        with counted(world) as asked:
            look()
        found[name] = len(asked)
    return found
