"""The complaints desk over HTTP: looks are logged, the recused kept away, the second one told."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text as sql

from server import acting, complaint_acts, complaints
from server.accounts import OPENED, REVEALED
from server.complaint_steps import STEPS
from server.database import DatabaseBusy
from server.sight import NotAllowed
from shared import ids
from shared.civil import DAY_MS
from shared.errors import BianminError
from tests.server.browser import Browser
from tests.server.complaint_world import (
    BROKEN,
    CENTRE,
    CONDUCT,
    SECRETS,
    Complaining,
    opened,
    page_of,
    step,
)
from tests.server.test_console import Forms


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Complaining]:
    made = Complaining(tmp_path / "county")
    yield made
    made.county.ledger.engine.dispose()


@pytest.fixture
def watch(world: Complaining) -> Browser:
    return world.browser("冯督查")


def shows_a_secret(text: str) -> bool:
    return any(secret in text for secret in SECRETS)


# ---- opening


def test_a_sealed_complaint_shows_nothing_until_it_is_opened(
    world: Complaining, watch: Browser
) -> None:
    record = world.told(CONDUCT)
    place = f"/records/{ids.record_text(record)}"
    for page in ("/complaints", page_of(record), "/records?kind=complaint", "/", "/todo"):
        assert not shows_a_secret(watch.get(page).text), page
    assert watch.get(place).headers["location"] == page_of(record)
    assert world.audit(OPENED) == world.audit(REVEALED) == []
    shown = opened(watch, record, "核实线索").text
    assert all(secret in shown for secret in SECRETS)
    assert world.audit(OPENED) == [ids.record_text(record)]
    assert not shows_a_secret(watch.get(page_of(record)).text), "every look asks anew"
    opened(watch, record)
    assert len(world.audit(OPENED)) == 2
    log = watch.get("/audit").text
    assert "开启密封投诉" in log
    assert "核实线索" in log


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_without_a_reason_it_stays_shut(world: Complaining, watch: Browser, reason: str) -> None:
    record = world.told(CONDUCT)
    answer = opened(watch, record, reason)
    assert answer.status_code == 422
    assert not shows_a_secret(answer.text)
    with pytest.raises(BianminError, match="理由"):
        complaints.open_complaint(world.desk, world.watch, record, reason)
    with pytest.raises(BianminError, match="理由"):
        world.desk.record(world.watch, record, reveal=True, reason=reason)
    assert world.audit(OPENED) == []


def test_what_cannot_be_logged_is_not_shown(world: Complaining, watch: Browser) -> None:
    """The log comes first: where it cannot be written, nothing of the complaint is."""
    record = world.told(CONDUCT)
    with world.county.ledger.engine.begin() as connection:
        connection.execute(
            sql("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'x'); END")
        )
    answer = opened(watch, record)
    assert answer.status_code >= 400
    assert not shows_a_secret(answer.text)


def test_names_of_other_complaints_are_masked_until_a_logged_reveal(
    world: Complaining, watch: Browser
) -> None:
    record = world.told(BROKEN)
    page = watch.get(page_of(record)).text
    assert "叫号机坏了" in page
    assert not {"欧阳小明", "13808130001"} & set(re.findall("欧阳小明|13808130001", page))
    shown = opened(watch, record).text
    assert "13808130001" in shown
    assert world.audit(REVEALED) == [ids.record_text(record)]


def test_an_administrator_has_the_outline_and_a_head_has_nothing(world: Complaining) -> None:
    record = world.told(CONDUCT)
    world.passwords["admin"] = world.password
    world.person("主任", "head", world.towns[0])
    admin, head = world.browser("admin"), world.browser("主任")
    outline = admin.get(page_of(record))
    assert outline.status_code == 200
    assert "已登记" in outline.text
    assert "/take" not in outline.text
    assert not shows_a_secret(outline.text + opened(admin, record).text)
    assert world.audit(OPENED) == []
    assert head.get(page_of(record)).status_code == 404
    assert page_of(record) not in head.get("/complaints").text
    assert "待分流 <b>0</b>" in head.get("/complaints").text
    world.told(BROKEN)
    assert "待分流 <b>1</b>" in head.get("/complaints").text


def test_a_handler_never_learns_who_asked_not_to_be_named(world: Complaining) -> None:
    record = world.told({**CONDUCT, "anonymity": "secret"})
    handler = world.person("陈科长", "department", CENTRE)
    world.take(world.watch, record, "accept")
    world.take(world.watch, record, "target", target_site=world.towns[1])
    world.take(world.watch, record, "assign", handler=handler.author)
    text = opened(world.browser("陈科长"), record).text
    assert "收了五十元" in text
    assert "欧阳小明" not in text
    assert "13808130001" not in text


# ---- the recused


def _choices(text: str) -> set[str]:
    return set(re.findall('<option value="((?:staff|agent):[^"]+)"', text))


def test_the_recused_are_not_offered_and_a_forged_form_is_refused(
    world: Complaining, watch: Browser
) -> None:
    target = world.person("李窗口", "head", world.towns[0])
    mate = world.person("同站的", "clerk", world.towns[0])
    far = world.person("外乡主任", "head", world.towns[1])
    desk = world.person("陈科长", "department", CENTRE)
    world.post_agent(world.one, "clerk")
    record = world.told(CONDUCT)
    world.take(world.watch, record, "accept")
    page = opened(watch, record).text
    assert _choices(page) == {far.author, desk.author, world.watch.author}
    for handler in (target.author, mate.author, "agent:AAAAAAAA", "staff:NOBODY00", target.staff,
                    "", "李窗口"):  # fmt: skip
        answer = step(watch, record, "assign", seen=page, handler=handler)
        assert answer.status_code in {409, 422}, handler
    assert "被投诉人本人不能承办" in step(watch, record, "assign", seen=page,
                                        handler=target.author).text  # fmt: skip
    assert world.record(record).state == "已受理"
    assert step(watch, record, "assign", seen=page, handler=far.author).status_code == 303
    assert world.record(record).fields["handler"] == far.author


def test_who_turns_out_to_be_the_target_is_taken_off(world: Complaining, watch: Browser) -> None:
    record = world.told({**CONDUCT, "target_kind": "undisclosed", "target_name": "主任"})
    handler = world.person("外乡主任", "head", world.towns[1])
    world.take(world.watch, record, "accept")
    assert _choices(opened(watch, record).text) == {world.watch.author}, "nobody is known yet"
    named = world.person("李窗口", "clerk", world.towns[0])
    assert step(watch, record, "target", target="李窗口").status_code == 303
    fields = world.record(record).fields
    assert (fields["target_kind"], fields["target"], fields["target_site"]) == (
        "person", named.staff, world.towns[0],
    )  # fmt: skip
    world.take(world.watch, record, "assign", handler=handler.author)
    assert step(watch, record, "target", target="外乡主任").status_code == 303
    page = opened(watch, record).text
    assert "现在的承办人须回避：被投诉人本人不能承办" in page
    assert world.browser("外乡主任").get(page_of(record)).status_code == 404
    assert step(watch, record, "reassign").status_code == 303
    assert world.record(record).state == "已受理"


def test_a_target_is_one_person_of_the_service(world: Complaining, watch: Browser) -> None:
    sealed, other = world.told(CONDUCT), world.told(BROKEN)
    world.person("李窗口", "clerk", world.towns[0])
    for name in ("没有这人", "甲甲"):
        assert "没有这个人" in step(watch, sealed, "target", target=name).text
    world.now.ms += 1
    with world.county.ledger.read() as tx:
        namesake = tx.agents()[0]._replace(name="李窗口")
    world.county.ledger.writing(lambda tx: tx.put_agent(namesake))
    assert "有 2 位叫这个名字" in step(watch, sealed, "target", target="李窗口").text
    assert step(watch, other, "target", target="李窗口").status_code == 409
    assert world.record(sealed).fields.get("target") is None


def test_the_centre_does_not_decide_what_concerns_itself(world: Complaining) -> None:
    about_us = world.told({"target_kind": "site", "target_site": CENTRE, "content": "没人"})
    about_one = world.told({**CONDUCT, "target_name": "卫督查"})
    world.person("卫督查", "supervisor", CENTRE)
    away = world.person("驻乡督查", "supervisor", world.towns[2])
    for record in (about_us, about_one):
        for name in ("accept", "refuse"):
            with pytest.raises(NotAllowed, match="您所在的站点"):
                world.take(world.watch, record, name)
        case = complaints.open_complaint(world.desk, world.watch, record, "看")
        offered = complaint_acts.offer(world.desk, world.watch, case)
        assert [one.key for one in offered.steps] == ["transfer", "target"]
        world.take(away, record, "accept")
    elsewhere = world.told({"target_kind": "site", "target_site": CENTRE, "content": "没人"})
    world.take(world.watch, elsewhere, "transfer", transfer_to="discipline")
    assert world.record(elsewhere).state == "转其他渠道"


# ---- the way of a complaint


def test_a_complaint_goes_its_whole_way(world: Complaining, watch: Browser) -> None:
    world.person("陈科长", "department", CENTRE)
    chief = world.browser("陈科长")
    record = world.told(BROKEN)
    assert page_of(record) not in chief.get("/complaints").text
    assert step(watch, record, "accept", complex="true").status_code == 303
    handler = next(iter(c for c in _choices(opened(watch, record).text)
                        if c != world.watch.author))  # fmt: skip
    assert step(watch, record, "assign", handler=handler).status_code == 303
    assert page_of(record) in chief.get("/complaints").text, "a department begins with its own"
    assert step(chief, record, "investigate").status_code == 303
    assert step(chief, record, "note", handler_notes="主板坏了").status_code == 303
    assert step(chief, record, "note", handler_notes="主板已经换好").status_code == 303
    assert step(chief, record, "reply", finding="upheld", reply="好了").status_code == 403
    page = opened(watch, record).text
    assert "主板已经换好" in page
    sent = {"finding": "upheld", "reply": "已换新机。"}
    assert step(watch, record, "reply", **sent).status_code == 303
    assert (
        step(watch, record, "call_back", satisfied="true", call_back_tries="2").status_code == 303
    )
    done = step(watch, record, "close")
    assert done.headers["location"].endswith("?done=close")
    assert "已办：办结。" in watch.get(done.headers["location"]).text
    fields = world.record(record).fields
    assert (fields["satisfied"], fields["call_back_tries"]) == (True, 2)
    assert fields["complex"] is True
    assert world.record(record).state == "已办结"
    assert "现在可以办理" not in opened(watch, record).text


def test_a_step_without_opening_or_with_strange_fields_is_refused(
    world: Complaining, watch: Browser
) -> None:
    record = world.told(CONDUCT)
    heads = world.record(record).heads
    asked = complaint_acts.Asked(record, "accept", {}, "受理", heads)
    with pytest.raises(complaint_acts.NotOpened):
        complaint_acts.take(world.desk, world.watch, asked)
    token = Forms(watch.get(page_of(record)).text).found["/logout"]
    sent = {**token, "step": "accept", "reason": "受理", "heads": heads[0].hex()}
    assert "请先写明理由开启" in watch.post(f"{page_of(record)}/take", data=sent).text
    opened(watch, record)
    for values in ({"content": "改写"}, {"handler": "staff:X"}, {"target": "某人"}):
        odd = complaint_acts.Asked(record, "accept", values, "受理", heads)
        with pytest.raises(complaint_acts.UnknownStep):
            complaint_acts.take(world.desk, world.watch, odd)
    for name in ("", "fly", "amend", "register"):
        assert watch.post(f"{page_of(record)}/take", data={**sent, "step": name}).status_code == 422
    world.now.ms += DAY_MS
    with pytest.raises(complaint_acts.NotOpened):
        complaint_acts.take(world.desk, world.watch, asked)
    assert len(world.record(record).history) == 1


def test_what_is_offered_can_be_done_and_nothing_else(world: Complaining) -> None:
    """Random walks through the life cycle, of a sealed complaint and another, by four people."""
    people = [
        world.watch, world.person("陈科长", "department", CENTRE),
        world.person("外乡主任", "head", world.towns[1]),
        world.person("主任", "head", world.towns[0]),
    ]  # fmt: skip
    world.person("李窗口", "clerk", world.towns[0])
    good: dict[str, object] = {
        "complex": True, "transfer_to": "petition", "handler_notes": "查过", "finding": "partly",
        "reply": "已处理", "satisfied": True, "call_back_tries": 1, "target_site": world.towns[0],
    }  # fmt: skip
    taken: Counter[str] = Counter()
    for fields in (CONDUCT, BROKEN):
        record = world.told(fields)
        for _ in range(7):
            for who in people:
                try:
                    case = complaints.open_complaint(world.desk, who, record, "看")
                except BianminError:
                    continue
                offered = complaint_acts.offer(world.desk, who, case)
                keys = [one.key for one in offered.steps]
                for one in STEPS:
                    if one.key not in keys:
                        values = {n: good.get(n, people[1].author) for n in one.fields}
                        before = world.record(record).heads
                        with pytest.raises(BianminError):
                            complaint_acts.take(
                                world.desk, who,
                                complaint_acts.Asked(record, one.key, values, "试", before),
                            )  # fmt: skip
                        assert world.record(record).heads == before
                wanted = [key for key in keys if key not in {"refuse", "transfer", "close"}]
                if not wanted:
                    continue
                key = min(wanted, key=lambda one: (taken[one], one))
                (chosen,) = (one for one in STEPS if one.key == key)
                handler = offered.handlers[0].author if offered.handlers else ""
                values = {n: good.get(n, handler) for n in chosen.fields if n != "target"}
                world.take(who, record, key, **values)
                taken[key] += 1
    assert set(taken) >= {"accept", "assign", "investigate", "note", "reply", "call_back", "reopen"}


# ---- two at once


def test_the_second_of_two_is_told_and_changes_nothing(world: Complaining, watch: Browser) -> None:
    world.person("卫督查", "supervisor", world.towns[2])
    other, record = world.browser("卫督查"), world.told(CONDUCT)
    mine, theirs = opened(watch, record).text, opened(other, record).text
    assert step(watch, record, "accept", seen=mine).status_code == 303
    late = step(other, record, "refuse", seen=theirs)
    assert late.status_code == 409
    assert "刚刚有了新的进展" in late.text
    assert world.record(record).state == "已受理"
    assert len(world.record(record).history) == 2


def test_of_many_at_once_one_decides(world: Complaining) -> None:
    record = world.told(BROKEN)
    heads = world.record(record).heads
    gate, told = threading.Barrier(4), list[str]()

    def act(key: str) -> None:
        asked = complaint_acts.Asked(record, key, {}, "同时", heads)
        gate.wait()
        try:
            complaint_acts.take(world.desk, world.watch, asked)
            told.append("done")
        except (acting.MovedOn, DatabaseBusy) as error:
            told.append(type(error).__name__)

    threads = [threading.Thread(target=act, args=(k,)) for k in ("accept", "refuse") * 2]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(told) == ["MovedOn"] * 3 + ["done"]
    assert len(world.record(record).history) == 2


def test_a_proposed_reply_is_released_once(world: Complaining, watch: Browser) -> None:
    world.post_agent(world.clerk, "clerk")
    record = world.told(BROKEN)
    world.take(world.watch, record, "accept")
    world.take(world.watch, record, "assign", handler="agent:CCCCCCCC")
    with world.county.ledger.read() as tx:
        assert world.towns[0] in tx.scopes_of([record])[record], "the handler's tablet hears of it"
    world.clerk.act(
        "complaint", "investigate", {}, record=record, parents=world.record(record).heads
    )
    world.propose(record, world.clerk)
    page = page_of(record)
    assert "待放行" in watch.get("/complaints").text
    shown = watch.get(page).text
    assert "已经修好" in shown
    sent = Forms(shown).found[f"{page}/release"] | {"decision": "admit", "reason": "核过"}
    assert watch.post(f"{page}/release", data={**sent, "reason": ""}).status_code == 422
    assert watch.post(f"{page}/release", data=sent).status_code == 303
    assert world.record(record).state == "已答复"
    again = watch.post(f"{page}/release", data=sent)
    assert again.status_code == 409
    assert "刷新" in again.text
    assert len([e for e in world.record(record).history if e.act == "reply"]) == 1
