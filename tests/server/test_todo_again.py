"""最近处理, 按规则处理, whole branches, colleagues, and what a decision does to the figures."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from server.api import todo
from server.api.openapi import PREFIX
from server.api.shapes import read_record
from server.console.app import console_app
from server.front.spool import Incoming, Spool
from shared.canonical import Value
from shared.clock import Quality
from shared.verdict import Status
from tests.journeys.demo import with_check_character
from tests.server.browser import Browser
from tests.server.test_api import NAME, PHONE, WHO, Client, World
from tests.server.test_api import log_in as log_in_program
from tests.server.test_console import browser, form, log_in, stranger, world

__all__ = ["browser", "stranger", "world"]


def settle(browser: Browser, kind: str, choice: str = "") -> None:
    sent = form(browser, f"/todo?kind={kind}", "/todo/decide") | {"reason": "已核实"}
    sent |= {"choice": choice} if choice else {}
    assert "done=settled" in browser.post("/todo/decide", data=sent).headers["location"]


def state_of(world: World, record: bytes) -> str | None:
    with world.county.ledger.read() as tx:
        row = tx.record(record)
    return row.state if row else None


def fields_of(world: World) -> Mapping[str, Value]:
    with world.county.ledger.read() as tx:
        record = read_record(tx, world.proxy.skeleton.record)
    assert record is not None
    return record.fields


def again(browser: Browser, choice: str) -> None:
    link = re.search(r'href="(/todo/done\?at=[0-9a-f]{64})"', browser.get("/todo/done").text)
    assert link is not None
    sent = form(browser, link.group(1), "/todo/again") | {"reason": "又核实了一次"}
    done = browser.post("/todo/again", data=sent | {"choice": choice})
    assert done.headers["location"] == "/todo/done?done=again"


def test_a_settled_conflict_is_settled_the_other_way(browser: Browser, world: World) -> None:
    settle(browser, "field")
    first = fields_of(world)["phone"]
    page = browser.get("/todo/done").text
    link = re.search(r'href="(/todo/done\?at=[0-9a-f]{64})"', page)
    assert link is not None
    assert "已核实" in page
    assert "13808137777" not in page
    opened = browser.get(link.group(1)).text
    sides = re.findall(r'name="choice" value="([0-9a-f]{64})"', opened)
    assert len(sides) == 2  # those the person had chosen from, not the one that stands
    for side in sides:
        again(browser, side)
    assert {first, fields_of(world)["phone"]} <= {"13808137777", "13908136666"}
    again(browser, next(side for side in sides))
    with world.county.ledger.read() as tx:
        told = tx.operations_of([world.proxy.skeleton.record])[world.proxy.skeleton.record]
    acts = [entry.operation.skeleton.act for entry in told]
    assert acts.count("settle") == 4  # nothing is unmade: each decision stays in the ledger
    assert browser.get("/todo?kind=field").text.count("都处理完了") == 1


def test_a_merger_is_taken_back(browser: Browser, world: World) -> None:
    before = state_of(world, world.case.skeleton.record)
    settle(browser, "pair", "same")
    merged = {state_of(world, one.skeleton.record) for one in (world.case, world.proxy)}
    assert "已并入" in merged
    again(browser, "different")
    assert state_of(world, world.case.skeleton.record) == before
    assert state_of(world, world.proxy.skeleton.record) != "已并入"


def test_an_admitted_operation_is_refused_after_all(browser: Browser, world: World) -> None:
    settle(browser, "held", "admit")
    assert state_of(world, world.held.skeleton.record) == "已登记"
    again(browser, "refuse")
    assert state_of(world, world.held.skeleton.record) in (None, "")
    again(browser, "admit")
    assert state_of(world, world.held.skeleton.record) == "已登记"


def test_nobody_decides_again_by_accident(browser: Browser, world: World) -> None:
    sent = form(browser, "/todo?kind=held", "/todo/decide") | {"reason": "x", "choice": "refuse"}
    assert "done=settled" in browser.post("/todo/decide", data=sent).headers["location"]
    late = browser.post("/todo/decide", data=sent | {"choice": "admit"})
    assert "done=late" in late.headers["location"]
    assert state_of(world, world.held.skeleton.record) in (None, "")


def test_what_was_decided_elsewhere_is_nobodys_business(world: World) -> None:
    password = world.staff("镇", "head", world.towns[1])
    admin = Browser(console_app(world.county))
    log_in(admin, "admin", world.password)
    settle(admin, "field")
    other = Browser(console_app(world.county))
    log_in(other, "镇", password)
    assert "还没有作过决定" in other.get("/todo/done").text
    link = re.search(r"/todo/done\?at=([0-9a-f]{64})", admin.get("/todo/done").text)
    assert link is not None
    assert other.get(f"/todo/done?at={link.group(1)}").status_code == 404
    assert other.get("/todo/done?at=nonsense").status_code == 422


# ---- colleagues


@pytest.fixture
def colleague(browser: Browser, world: World) -> Browser:
    """Somebody else at the same console."""
    with world.county.ledger.read() as tx:
        centre = world.county.editions(tx).centre
    password = world.staff("方芳", "administrator", centre)
    other = Browser(browser.transport.app)
    log_in(other, "方芳", password)
    change = form(other, "/password", "/password") | {"old": password, "new": "一个很长的新密码42"}
    other.post("/password", data=change | {"again": change["new"]})
    return other


def test_colleagues_see_who_has_an_entry_open(
    browser: Browser, colleague: Browser, world: World
) -> None:
    browser.get("/todo?kind=field")
    assert "admin" in notice(colleague.get("/todo?kind=field").text)
    assert notice(browser.get("/todo?kind=field").text) == ""
    assert form(colleague, "/todo?kind=pair", "/todo/decide")["key"].startswith("pair.")
    world.now.ms += 4 * 60 * 1000  # nobody waits for somebody who went for lunch
    assert notice(colleague.get("/todo?kind=field").text) == ""


def test_the_next_entry_is_one_that_no_colleague_has_open(
    browser: Browser, colleague: Browser
) -> None:
    browser.get("/todo?kind=pair")
    sent = form(colleague, "/todo", "/todo/decide")
    assert sent["key"].startswith("field.")
    assert sent["next"].startswith("held.")


def test_the_slower_of_two_changes_nothing(
    browser: Browser, colleague: Browser, world: World
) -> None:
    one, other = (form(each, "/todo?kind=pair", "/todo/decide") for each in (browser, colleague))
    browser.post("/todo/decide", data=one | {"choice": "different", "reason": "两件事"})
    late = colleague.post("/todo/decide", data=other | {"choice": "same", "reason": "一件事"})
    assert "done=late" in late.headers["location"]
    assert state_of(world, world.case.skeleton.record) != "已并入"


def notice(page: str) -> str:
    found = re.search(r"[^>]*打开了这一项[^<]*", page)
    return found.group() if found else ""


# ---- rules


def test_a_rule_takes_the_card_and_leaves_the_rest(browser: Browser, world: World) -> None:
    record, parents = world.proxy.skeleton.record, [world.proxy.id]
    read: dict[str, Value] = {"id_type": "111", "id_no": with_check_character("51990119480307001")}
    world.one.act(
        "proxy", "amend", {**read, "person_name": "欧阳小明", "id_assurance": "read",
        "evidence": {"person_name": "read"}}, record=record, parents=parents,
    )  # fmt: skip
    world.other.act("proxy", "amend", {"person_name": "欧阳小名"}, record=record, parents=parents)
    page = browser.get("/todo/rules").text
    assert page.count('type="checkbox"') == 1  # the two phones are as sure as each other
    ticks = {
        name: value.strip()
        for name, value in re.findall(r'name="(pick\.\d+)" value="([^"]+)"', page)
    }
    sent = form(browser, "/todo/rules", "/todo/apply") | {"reason": "以读卡为准"}
    assert browser.post("/todo/apply", data=sent).status_code == 422  # nothing ticked
    done = browser.post("/todo/apply", data=sent | ticks).headers["location"]
    assert "decided=1" in done
    assert "left=0" in done
    again = browser.post("/todo/apply", data=sent | ticks).headers["location"]
    assert "decided=0" in again
    assert "left=1" in again
    folded = fields_of(world)
    assert folded["person_name"] == "欧阳小明"
    assert "内容冲突 1" in browser.get("/todo").text


def test_a_rule_merges_what_has_the_same_number(browser: Browser, world: World) -> None:
    page = browser.get("/todo/rules?rule=number").text
    ticks = dict(re.findall(r'name="(pick\.\d+)" value="([^"]+)"', page))
    assert next(iter(ticks.values())).split()[1] == "same"
    sent = form(browser, "/todo/rules?rule=number", "/todo/apply") | {"reason": "同一件"}
    assert "decided=1" in browser.post("/todo/apply", data=sent | ticks).headers["location"]
    assert "已并入" in {state_of(world, one.skeleton.record) for one in (world.case, world.proxy)}
    assert browser.get("/todo/rules?rule=nonsense").status_code == 422


# ---- what a decision would do to the figures


def test_a_merger_counts_one_less_and_looking_changes_nothing(
    browser: Browser, world: World
) -> None:
    world.one.act("proxy", "entrust", {**WHO, "item": "BM-MZ-001"})
    world.other.act("proxy", "entrust", {**WHO, "item": "BM-MZ-001"})
    with world.county.ledger.read() as tx:
        before = tx.counts(), tx.county_head()
    page = browser.get("/todo?kind=pair").text
    keys = set(re.findall(r"at=(pair\.[0-9a-f-]+)", page))
    shown = [browser.get(f"/todo?kind=pair&at={key}").text for key in keys]
    told = [re.findall(r"村级代办 <b[^>]*>([+-]\d+)</b>", text) for text in shown]
    assert ["-1"] in told  # two proxies become one; a proxy and its case stay one of each
    with world.county.ledger.read() as tx:
        assert (tx.counts(), tx.county_head()) == before


def test_a_late_closing_is_told_before_it_is_chosen(browser: Browser, world: World) -> None:
    county, clerk, day = world.county, world.clerk, 24 * 3600 * 1000
    case = clerk.act("case", "receive", {**WHO, "item": "BM-MZ-001", "person_name": "王五"})
    record = case.skeleton.record
    accepted = clerk.act(
        "case", "accept", {"promised_days": 1, "statutory_days": 20, "days_unit": "work"},
        record=record, parents=[case.id],
    )  # fmt: skip
    world.now.ms += 30 * day
    clerk.act("case", "withdraw", {"reason": "本人不办了"}, record=record, parents=[accepted.id])
    world.other.act("case", "suspend", {"reason": "鉴定"}, record=record, parents=[accepted.id])
    log_in(browser, "admin", world.password)  # the old session has run out
    page = browser.get("/todo?kind=state").text
    assert "超期办结" in page
    assert "乡镇办结" in page
    assert county.home.root.exists()


def test_a_phone_number_touches_no_figure(browser: Browser) -> None:
    assert "统计" not in browser.get("/todo?kind=field").text.split("<main")[1]


# ---- branches and alarms


def test_a_branch_is_admitted_as_a_whole(browser: Browser, world: World) -> None:
    lost = [
        world.other.act(
            "consultation", "register", {"question": str(n)}, status=Status.HELD, reason="fork"
        )
        for n in range(3)
    ]
    page = browser.get("/todo?kind=fork").text
    assert "设备分叉 1" in page
    assert "待审 1" in page
    alone = browser.get(f"/todo?at=held.{lost[0].id.hex()}").text
    assert f"held.{lost[0].id.hex()}" in alone
    sent = form(browser, "/todo?kind=fork", "/todo/decide") | {"reason": "已核实"}
    done = browser.post("/todo/decide", data=sent | {"choice": "admit"})
    assert "done=settled" in done.headers["location"]
    assert {state_of(world, one.skeleton.record) for one in lost} == {"已登记"}
    late = browser.post("/todo/decide", data=sent | {"choice": "refuse"})
    assert "done=late" in late.headers["location"]
    assert "共 3 步" in browser.get("/todo/done").text


def test_a_wrong_clock_is_listed_until_it_is_right(browser: Browser, world: World) -> None:
    now = world.now()
    world.one.act("session", "open", {}, quality=Quality.UNKNOWN)  # fresh, and as good as any
    assert "时钟异常 0" in browser.get("/todo?kind=clock").text
    said = 1_420_000_000_000
    world.one.act("session", "open", {}, quality=Quality.BOUNDED, at=said, believed=now)
    page = browser.get("/todo?kind=clock").text
    assert "时钟异常 1" in page
    assert "2014-12-31" in page
    world.one.act("session", "open", {}, quality=Quality.BOUNDED, at=2**46, believed=now)
    assert "时钟异常 1" in browser.get("/todo?kind=clock").text
    world.one.act("session", "open", {}, quality=Quality.CORRECTED)
    assert "时钟异常 0" in browser.get("/todo?kind=clock").text


def test_missing_numbers_are_listed_after_a_day(browser: Browser, world: World) -> None:
    county, tablet = world.county, world.one
    spool = Spool(county.home.spool, county.keys.spool)
    waiting = Incoming(
        b"later", tablet.device, tablet.stream, tablet.seq + 4, tablet.seq + 9, world.now(), "", b""
    )
    spool.store([waiting])
    assert "序号缺口 0" in browser.get("/todo").text
    world.now.ms += 25 * 3600 * 1000
    log_in(browser, "admin", world.password)
    page = browser.get("/todo?kind=gap").text
    assert f"第 {tablet.seq + 1} 到 {tablet.seq + 3} 号操作" in page
    ((envelope),) = spool.unopened()
    spool.mark_opened([envelope.id], world.now())
    spool.close()
    assert "序号缺口 0" in browser.get("/todo").text


# ---- the same for programs


def test_programs_do_all_of_it(world: World) -> None:
    client = Client(Browser(console_app(world.county)))
    log_in_program(client, "admin", world.password)
    lines = {one["kind"]: one for one in client.ask("GET", "/todo")}
    assert set(lines) == {"field", "pair", "held"}
    entry = client.ask("GET", "/todo/entry", key=lines["field"]["key"])
    assert NAME not in str(entry)
    assert PHONE not in str(entry)
    assert len(entry["conflict"]["values"]) == 2
    sides = [one["operation"] for one in entry["conflict"]["values"]]
    sent = {"key": entry["line"]["key"], "reason": "已核实", "heads": entry["heads"]}
    client.ask("POST", "/todo/decide", sent | {"choice": sides[1]})
    client.ask("POST", "/todo/decide", sent | {"choice": sides[1]}, status=409)
    client.ask("GET", "/todo/entry", key=entry["line"]["key"], status=409)
    again = {"key": sent["key"], "reason": "又核实", "choice": sides[0], "again": True}
    client.ask("POST", "/todo/decide", again)
    last, first = client.ask("GET", "/todo/decided")
    assert (last["chosen"], first["chosen"]) == ("138****7777", "139****6666")
    assert {last["reason"], first["reason"]} == {"又核实", "已核实"}
    outlook = client.ask("GET", "/todo/entry", key=lines["pair"]["key"])["outlook"]
    assert {one["choice"] for one in outlook} == {"same", "different"}
    (proposal,) = client.ask("GET", "/todo/rules", rule="number")
    done = client.ask("POST", "/todo/rules", {"picked": [proposal], "reason": "同一件"})
    assert done == {"decided": 1, "left": 0}
    for wrong in ("nonsense", "held.nonsense", f"held.{'0' * 64}"):
        client.ask("GET", "/todo/entry", key=wrong, status=409)
    client.ask("GET", "/todo", kind="nonsense", status=422)
    client.ask("GET", "/todo/rules", rule="nonsense", status=422)
    assert client.seen >= {(one.method, PREFIX + one.path) for one in todo.ENDPOINTS}
