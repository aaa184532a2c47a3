"""催办 and 督办: a reason and a day, once a day, the heavier word only after the lighter one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server import dunning, watch
from server.acting import NoReason, NothingToActOn
from server.console.app import console_app
from server.dunning import WrongSelection, ask
from server.sight import NotAllowed
from server.watch import Cut, board, listed
from shared import ids
from shared.canonical import Value
from shared.civil import DAY_MS
from shared.clock import Quality
from shared.verdict import Status
from tests.server.browser import Browser
from tests.server.test_console import form, log_in
from tests.server.watching import World

REASON = "已超过承诺期限，请说明原因"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "county")
    yield made
    made.county.ledger.engine.dispose()


def late(world: World, count: int = 1) -> list[bytes]:
    """So many cases past their promise."""
    made = [world.accepted().skeleton.record for _ in range(count)]
    world.now.ms += 12 * DAY_MS
    return made


def why(world: World, act: str, record: bytes) -> str:
    """Why a record was not asked after."""
    done = ask(world.desk, world.admin, act, [record], REASON, 2)
    assert done.asked == ()
    return done.skipped[0][1]


def test_a_selection_is_asked_after_with_one_reason(world: World) -> None:
    first, second, third = late(world, 3)
    done = ask(world.desk, world.admin, "urge", [first, second, first], REASON, 2)
    assert (done.asked, done.skipped) == ((first, second), ())
    again = ask(world.desk, world.admin, "urge", [first, second, third], REASON, 2)
    assert again.asked == (third,)
    assert all("今天已经催办过" in sentence for _, sentence in again.skipped)
    (row,) = {one.row._replace(record=b"", due_on=0) for one in
              listed(world.desk, world.admin, Cut(state="asked")).items}  # fmt: skip
    assert (row.dunned, row.dunned_on, row.answer_by_on, row.answered_on) == (
        1, world.day(0), world.day(3), None
    )  # fmt: skip
    assert board(world.desk, world.admin).total.asked == 3


def test_supervising_follows_urging_that_did_not_help(world: World) -> None:
    (record,) = late(world)
    assert "还没有催办过" in why(world, "supervise", record)
    ask(world.desk, world.admin, "urge", [record], REASON, 2)
    assert "今天已经催办过" in why(world, "supervise", record)
    world.now.ms += DAY_MS
    assert "还没有到" in why(world, "supervise", record)
    world.now.ms += 5 * DAY_MS
    assert ask(world.desk, world.admin, "supervise", [record], "催办后仍未办结", 1).asked
    assert listed(world.desk, world.admin, Cut(state="supervised")).total == 1
    story = dunning.story_of(world.desk, world.admin, record)
    assert [one.skeleton.act for one in story.asked] == ["urge", "supervise"]
    assert story.asked[1].skeleton.author == world.admin.author


def test_the_answer_of_the_holder_ends_the_asking(world: World) -> None:
    (record,) = late(world)
    head = world.person("主任", "head", world.town)
    neighbour = world.person("邻", "head", world.other_town)
    with pytest.raises(dunning.NobodyAsked):
        dunning.answer(world.desk, head, record, "办好了")
    ask(world.desk, world.admin, "urge", [record], REASON, 2)
    with pytest.raises(NotAllowed):
        dunning.answer(world.desk, world.admin, record, "我来答")
    with pytest.raises(NothingToActOn):
        dunning.answer(world.desk, neighbour, record, "与我无关")
    with pytest.raises(NoReason):
        dunning.answer(world.desk, head, record, "  ")
    dunning.answer(world.desk, head, record, "缺一份材料，周五办结")
    assert board(world.desk, world.admin).total.asked == 0
    (one,) = listed(world.desk, world.admin, Cut(level="3")).items
    assert one.row.answered_on == world.day(0)
    with pytest.raises(dunning.NobodyAsked):
        dunning.answer(world.desk, head, record, "再答一次")


def test_nobody_else_asks(world: World) -> None:
    (record,) = late(world)
    for role, site in (("head", world.town), ("clerk", world.town), ("village", world.village)):
        person = world.person(role, role, site)
        done = ask(world.desk, person, "urge", [record], REASON, 2)
        assert done.asked == ()
    assert board(world.desk, world.admin).total.asked == 0


def test_nothing_is_asked_where_no_clock_runs(world: World) -> None:
    got = world.accepted()
    stopped = world.clerk.act(
        "case", "suspend", {"procedure": "专家评审"}, record=got.skeleton.record, parents=[got.id]
    )
    assert "已停表" in why(world, "urge", got.skeleton.record)
    world.clerk.act("case", "withdraw", {}, record=got.skeleton.record, parents=[stopped.id])
    assert "没有正在计算的期限" in why(world, "urge", got.skeleton.record) or "不能" in why(
        world, "urge", got.skeleton.record
    )
    assert "没有这条记录" in why(world, "urge", bytes(16))


def test_a_selection_that_makes_no_sense_is_refused(world: World) -> None:
    records = late(world)
    for wrong in (
        ("void", records, REASON, 2), ("urge", [], REASON, 2), ("urge", records, REASON, 4),
        ("urge", [bytes([n]) * 16 for n in range(51)], REASON, 2),
    ):  # fmt: skip
        with pytest.raises(WrongSelection):
            ask(world.desk, world.admin, *wrong)
    with pytest.raises(NoReason):
        ask(world.desk, world.admin, "urge", records, " ", 2)


def test_it_is_done_from_the_list_without_script(world: World) -> None:
    records = late(world, 2)
    browser = Browser(console_app(world.county))
    log_in(browser, "admin", world.password)
    assert browser.get("/watch/list?pick=all").text.count("checked") >= 2
    sent = form(browser, "/watch/list?level=3", "/watch/ask")
    assert sent["query"] == "level=3"
    sent |= {f"pick-{ids.record_text(one)}": "1" for one in records}
    sent |= {"act": "urge", "days": "2", "reason": REASON}
    assert "已送出 2 件" in browser.post("/watch/ask", data=sent).text
    assert "今天已经催办过" in browser.post("/watch/ask", data=sent).text
    forged = sent | {"token": "x"}
    assert browser.post("/watch/ask", data=forged).status_code in (403, 409)
    one = f"/watch/{ids.record_text(records[0])}"
    assert REASON in browser.get(one).text
    page = browser.get("/watch/list?state=asked").text
    assert "前答复" in page
    assert browser.post("/watch/ask", data=sent | {"days": "many"}).status_code == 422


def test_looking_at_a_list_is_written_down(world: World) -> None:
    late(world)
    listed(world.desk, world.admin, Cut(level="3", township=world.town))
    with world.county.ledger.read() as tx:
        (entry,) = [one for one in tx.audit_entries() if one.about == "watch"]
    assert (entry.what, entry.detail) == ("read", f"{world.town} 3")


def test_tablets_that_somebody_has_to_ask_after(world: World) -> None:
    world.entrusted()
    assert watch.unwell(world.desk, world.admin) == []
    week: dict[str, Value] = {"question": "问"}
    world.agent.act("consultation", "register", week, at=world.now.ms - 4 * DAY_MS)
    world.clerk.act("consultation", "register", week, quality=Quality.UNKNOWN)
    found = {one.device.short_code: one for one in watch.unwell(world.desk, world.admin)}
    assert found["M3XA"].is_backlogged
    assert found["T4RB"].has_wrong_clock
    world.agent.act("consultation", "register", week, status=Status.ADMITTED)
    found = {one.device.short_code: one for one in watch.unwell(world.desk, world.admin)}
    assert found.keys() == {"T4RB"}
    world.now.ms += 6 * DAY_MS
    assert {one.is_silent for one in watch.unwell(world.desk, world.admin)} == {True}
    head = world.person("邻", "head", world.other_town)
    assert watch.unwell(world.desk, head) == []
