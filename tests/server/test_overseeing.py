"""Tablets, staff and the audit log at the console: who may do what, and that it is written down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import accounts, papers
from server.accounts import Person
from server.console.app import console_app
from server.desk import Desk
from server.staff_log import HIDDEN_DETAIL, LOG_PAGE, LogFilter, log_page
from server.verify import verify
from shared import ids
from shared.civil import DAY_MS
from tests.server.browser import Browser
from tests.server.test_api import World
from tests.server.test_console import form, log_in

CENTRE = "510322000000"
ALL = LogFilter()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "county")
    yield made
    made.county.ledger.engine.dispose()


@pytest.fixture
def admin(world: World) -> Browser:
    return entered(world, "admin", world.password)


@pytest.fixture
def page(world: World) -> str:
    """The address of a tablet in use."""
    return f"/devices/{world.one.device.hex()}"


def entered(world: World, name: str, password: str) -> Browser:
    browser = Browser(console_app(world.county))
    log_in(browser, name, password)
    return browser


def as_role(world: World, name: str, role: str, site: str) -> Browser:
    return entered(world, name, world.staff(name, role, site))


def state_of(world: World) -> str:
    with world.county.ledger.read() as tx:
        row = tx.device(world.one.device)
    assert row is not None
    return row.state


def person_of(world: World, name: str) -> Person:
    with world.county.ledger.read() as tx:
        row = tx.staff_named(name)
    assert row is not None
    return Person(row.staff, row.name, row.role, row.site, False, "", b"")


# ---- tablets


def test_a_tablet_is_suspended_approved_and_revoked_with_its_reasons(
    world: World, admin: Browser, page: str
) -> None:
    assert f'href="{page}"' in admin.get("/devices").text
    for act, state in (("suspend", "suspended"), ("approve", "active"), ("revoke", "revoked")):
        sent = form(admin, page, f"{page}/decide") | {"act": act, "reason": f"因{act}"}
        done = admin.post(f"{page}/decide", data=sent)
        assert done.headers["location"] == f"{page}?done=1"
        assert state_of(world) == state
    text = admin.get(f"{page}?done=1").text
    for shown in (
        "已办理",
        "已注销",
        "停用",
        "批准启用",
        "撤销设备",
        "因suspend",
        "因revoke",
        "admin",
    ):
        assert shown in text
    assert f"{page}/decide" not in text, "nothing follows a revocation"
    assert world.audit("revoke_device") == ["K7Q2"]
    assert [one for one in verify(world.county).violations if "设备 " in one] == []


def test_suspending_takes_a_reason_and_the_forms_token(
    world: World, admin: Browser, page: str
) -> None:
    own = form(admin, page, f"{page}/decide") | {"act": "suspend"}
    assert admin.post(f"{page}/decide", data=own | {"reason": " "}).status_code == 422
    stale = own | {"reason": "遗失", "token": "guess"}
    assert admin.post(f"{page}/decide", data=stale).status_code == 409
    assert admin.post(f"{page}/decide", data=own | {"act": "burn"}).status_code == 422
    again = own | {"act": "approve", "reason": "再批一次"}
    assert admin.post(f"{page}/decide", data=again).status_code == 409
    assert state_of(world) == "active"
    assert world.audit("suspend_device") == []


def test_revoking_a_silent_tablet_takes_two_people(world: World, admin: Browser, page: str) -> None:
    other = world.staff("另一位", "administrator", "s0001")
    clerk = world.staff("窗口", "clerk", world.towns[0])
    world.now.ms += 2 * DAY_MS
    log_in(admin, "admin", world.password)
    assert "一同确认" in admin.get(page).text
    alone = form(admin, page, f"{page}/decide") | {"act": "suspend", "reason": "先停用"}
    assert admin.post(f"{page}/decide", data=alone).status_code == 303, "one can undo it"
    assert state_of(world) == "suspended"
    own = form(admin, page, f"{page}/decide") | {"act": "revoke", "reason": "遗失"}
    for name, password in (
        ("", ""), ("另一位", "wrong"), ("admin", world.password), ("窗口", clerk),
    ):  # fmt: skip
        sent = own | {"name": name, "password": password}
        assert admin.post(f"{page}/decide", data=sent).status_code == 409, name
        assert state_of(world) == "suspended"
    done = admin.post(f"{page}/decide", data=own | {"name": "另一位", "password": other})
    assert done.status_code == 303
    assert state_of(world) == "revoked"
    assert "遗失（另一位一同确认）" in admin.get(page).text


@pytest.mark.parametrize(
    ("role", "where", "seen"),
    [("clerk", 0, 200), ("head", 0, 200), ("supervisor", -1, 200), ("head", 1, 404)],
)
def test_others_see_their_own_and_decide_nothing(
    world: World, page: str, role: str, where: int, seen: int
) -> None:
    browser = as_role(world, "someone", role, world.towns[where] if where >= 0 else "s0001")
    answer = browser.get(page)
    assert answer.status_code == seen
    assert f"{page}/decide" not in answer.text
    sent = form(browser, "/", "/logout") | {"act": "revoke", "reason": "遗失"}
    assert browser.post(f"{page}/decide", data=sent).status_code == (403 if seen == 200 else seen)
    assert state_of(world) == "active"


@pytest.mark.parametrize("device", ["nothing", "00" * 8, "K7Q2", "'"])
def test_a_tablet_that_is_none_is_one_clear_page(admin: Browser, device: str) -> None:
    answer = admin.get(f"/devices/{device}")
    assert answer.status_code == 404
    assert "没有这台设备" in answer.text


# ---- staff


def test_a_new_member_of_staff_logs_in_with_the_password_shown_once(
    world: World, admin: Browser
) -> None:
    sent = form(admin, "/staff/new", "/staff") | {
        "name": " 王  督查 ", "role": "supervisor", "site": CENTRE, "reason": "到任",
    }  # fmt: skip
    text = admin.post("/staff", data=sent).text
    (password,) = re.findall(r"[A-Z2-9]{4}(?:-[A-Z2-9]{4}){2}", text)
    assert password not in admin.get("/staff").text
    assert "王 督查" in admin.get("/staff").text
    assert "县督查" in admin.get("/staff").text
    entered(world, "王 督查", password)
    assert world.audit("add_staff") == [person_of(world, "王 督查").author]


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"name": "长" * 65}, {"role": "king"}, {"site": "1"}, {"site": ""},
     {"name": "admin"}, {"reason": " "}, {"role": "village"}, {"from_on": "昨天"}],
)  # fmt: skip
def test_a_wrong_entry_adds_nobody_and_keeps_what_was_typed(
    world: World, admin: Browser, wrong: dict[str, str]
) -> None:
    good = {"name": "王督查", "role": "supervisor", "site": CENTRE, "reason": "到任"}
    sent = form(admin, "/staff/new", "/staff") | good | wrong
    answer = admin.post("/staff", data=sent)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    with world.county.ledger.read() as tx:
        assert [one.name for one in tx.staff_list()] == ["admin"]


def test_a_head_sees_the_townships_staff_and_adds_nobody(world: World) -> None:
    world.staff("同乡", "clerk", world.towns[0])
    world.staff("外乡", "clerk", world.towns[1])
    head = as_role(world, "主任", "head", world.towns[0])
    text = head.get("/staff").text
    assert "同乡" in text
    assert "外乡" not in text
    sent = form(head, "/", "/logout") | {"name": "新人", "role": "clerk", "site": CENTRE}
    answer = head.post("/staff", data=sent)
    assert answer.status_code == 403
    assert "县管理员可以添加" in answer.text
    clerk = entered(world, "同乡二", world.staff("同乡二", "clerk", world.towns[0]))
    assert clerk.get("/staff").status_code == 403
    assert clerk.post("/staff", data=sent | form(clerk, "/", "/logout")).status_code == 403
    assert 'href="/staff"' not in clerk.get("/").text
    assert 'href="/audit"' in clerk.get("/").text


# ---- the log


def test_the_log_tells_who_looked_at_what(world: World, admin: Browser) -> None:
    record = ids.record_text(world.proxy.skeleton.record)
    path = f"/records/{record}"
    sent = form(admin, path, f"{path}/reveal") | {"reason": "电话核实"}
    admin.post(f"{path}/reveal", data=sent)
    text = admin.get("/audit").text
    for shown in ("查看个人信息", "电话核实", f'href="{path}"', "登录"):
        assert shown in text


def test_everybody_reads_what_the_table_lets_them(world: World, admin: Browser) -> None:
    clerk = as_role(world, "同乡", "clerk", world.towns[0])
    as_role(world, "外乡", "clerk", world.towns[1])
    head = as_role(world, "主任", "head", world.towns[0])
    watch = as_role(world, "督查", "supervisor", "s0001")
    everybody = {"admin", "同乡", "外乡", "主任", "督查"}
    seen = {"admin": everybody, "督查": everybody, "主任": {"同乡", "主任"}, "同乡": {"同乡"}}
    for name, browser in (("admin", admin), ("督查", watch), ("主任", head), ("同乡", clerk)):
        assert browser.get("/audit").status_code == 200
        found = log_page(_desk(world), person_of(world, name), ALL)
        assert {one.about for one in found.entries} == seen[name]
        assert {one.name for one in found.people} == seen[name]


def test_one_persons_entries_and_no_way_round(world: World, admin: Browser) -> None:
    clerk = as_role(world, "同乡", "clerk", world.towns[0])
    named = LogFilter(person_of(world, "同乡").staff)
    (one,) = log_page(_desk(world), person_of(world, "admin"), named).entries
    assert one.about == "同乡"
    stranger = person_of(world, "admin").staff
    assert log_page(_desk(world), person_of(world, "同乡"), LogFilter(stranger)).entries == []
    assert "没有记录" in clerk.get(f"/audit?who={stranger}").text


def test_an_administrator_does_not_read_what_was_said_about_a_complaint(world: World) -> None:
    told = world.clerk.act("complaint", "register", {"target_kind": "item", "content": "慢"})
    about = ids.record_text(told.skeleton.record)
    world.staff("督查", "supervisor", "s0001")
    watch, admin = person_of(world, "督查"), person_of(world, "admin")
    _desk(world).accounts.note(watch, accounts.REVEALED, about, "某人反映")
    assert log_page(_desk(world), watch, ALL).entries[0].detail == "某人反映"
    assert log_page(_desk(world), admin, ALL).entries[0].detail == HIDDEN_DETAIL


def test_the_log_goes_on_where_a_page_ended(world: World, admin: Browser) -> None:
    person = person_of(world, "admin")
    for number in range(LOG_PAGE + 5):
        world.now.ms += 1
        _desk(world).accounts.note(person, papers.OPENED, f"第{number}次")
    first = log_page(_desk(world), person, ALL)
    rest = log_page(_desk(world), person, ALL, before=first.more)
    assert (len(first.entries), rest.more) == (LOG_PAGE, None)
    assert not {one.entry for one in first.entries} & {one.entry for one in rest.entries}
    more = re.findall(r'href="(/audit\?[^"]*before[^"]+)"', admin.get("/audit").text)
    assert "第0次" in admin.get(more[0].replace("&amp;", "&")).text
    assert admin.get("/audit?before=x").status_code == 422


def _desk(world: World) -> Desk:
    room = accounts.Accounts(world.county.ledger, world.now, world.county.entropy)
    return Desk(world.county, room)
