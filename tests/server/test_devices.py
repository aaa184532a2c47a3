"""Tablets at the desk: invitations, the six digits of both screens, what a lost one holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import admin, device_desk, invitations
from server.admin import INVITATION_MS
from server.console.app import console_app
from server.device_desk import ReasonMissing, Second, SecondPersonMissing, WrongDigits
from server.device_holding import holding_of
from server.enrolment import WrongCode, enrol
from server.invitations import UnknownInvitation
from server.sight import NotAllowed
from shared.civil import DAY_MS
from sync.enrolment import EnrolRequest
from sync.keys import SigningKey
from tests.server.browser import Browser
from tests.server.tablets import Tablet
from tests.server.test_api import World
from tests.server.test_console import form, log_in
from tests.server.test_overseeing import _desk, person_of


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "county")
    made.county.sample = False
    with made.county.ledger.write() as tx:
        row = tx.staff_named("admin")
        assert row is not None
        tx.put_staff(row._replace(must_change=0))
    yield made
    made.county.ledger.engine.dispose()


@pytest.fixture
def admin_browser(world: World) -> Browser:
    browser = Browser(console_app(world.county))
    log_in(browser, "admin", world.password)
    return browser


def asking(world: World, code: str, name: str = "周全") -> tuple[Tablet, EnrolRequest]:
    """A tablet that has asked to be enrolled and waits."""
    tablet = Tablet(world.county.home.config.fingerprint, world.now)
    request = tablet.request(code, name)
    assert tablet.enrolled(request, enrol(world.county, request.encode())).state == "waiting"
    return tablet, request


def device_of(world: World, name: str) -> str:
    with world.county.ledger.read() as tx:
        return next(d.device.hex() for d in tx.devices() if d.name == name)


def state_of(world: World, device: str) -> str:
    with world.county.ledger.read() as tx:
        row = tx.device(bytes.fromhex(device))
    assert row is not None
    return row.state


# ---- the six digits


def test_a_tablet_is_approved_by_what_its_own_screen_shows(world: World) -> None:
    made = admin.invite(world.county, world.towns[0], agent="周全")
    tablet, request = asking(world, made.code)
    digits = request.short_code(tablet.card.root_public)
    desk, boss, device = _desk(world), person_of(world, "admin"), device_of(world, "窗口平板")
    assert device_desk.device_page(desk, boss, device).compares
    wrong = f"{(int(digits) + 1) % 1_000_000:06d}"
    for typed in ("", wrong, digits[:5], f"{digits}0", "六位数"):
        with pytest.raises(WrongDigits):
            device_desk.decide(desk, boss, device, "approve", "", digits=typed)
        assert state_of(world, device) == "waiting"
    assert world.audit("wrong_digits") == [device_short(world, device)] * 5
    device_desk.decide(desk, boss, device, "approve", "", digits=f" {digits[:3]} {digits[3:]} ")
    assert state_of(world, device) == "active"
    with world.county.ledger.read() as tx:
        assert [one.state for one in tx.agents(device=bytes.fromhex(device))] == ["active"]
    device_desk.decide(desk, boss, device, "suspend", "送修")
    device_desk.decide(desk, boss, device, "approve", "修好", digits="")
    assert state_of(world, device) == "active", "compared once, its key is known"


def test_one_more_agent_on_a_tablet_in_use_is_compared_as_well(world: World) -> None:
    desk, boss = _desk(world), person_of(world, "admin")
    tablet, request = asking(world, admin.invite(world.county, world.towns[0]).code)
    digits = request.short_code(tablet.card.root_public)
    device = device_of(world, "窗口平板")
    device_desk.decide(desk, boss, device, "approve", "", digits=digits)
    tablet.agent_key = SigningKey.generate(world.county.entropy)
    second = tablet.request(admin.invite(world.county, world.towns[0]).code, "李婠")
    enrol(world.county, second.encode())
    with pytest.raises(WrongDigits):
        device_desk.decide(desk, boss, device, "approve", "", digits=digits)
    tablet.agent_key = SigningKey.generate(world.county.entropy)
    third = tablet.request(admin.invite(world.county, world.towns[0]).code, "冒名者")
    enrol(world.county, third.encode())
    more = second.short_code(tablet.card.root_public)
    device_desk.decide(desk, boss, device, "approve", "", digits=more)
    with world.county.ledger.read() as tx:
        agents = tx.agents(device=bytes.fromhex(device))
    assert {one.name: one.state for one in agents} == {
        "周全": "active", "李婠": "active", "冒名者": "waiting",
    }, "only whose digits were read out"  # fmt: skip


def device_short(world: World, device: str) -> str:
    with world.county.ledger.read() as tx:
        row = tx.device(bytes.fromhex(device))
    assert row is not None
    return row.short_code


# ---- invitations


def test_an_invitation_is_shown_once_with_its_qr_and_its_end(
    world: World, admin_browser: Browser
) -> None:
    sent = form(admin_browser, "/devices", "/devices/invitations")
    page = admin_browser.post(
        "/devices/invitations", data=sent | {"site": world.towns[0], "name": "周全"}
    )
    assert page.status_code == 200
    (code,) = re.findall(r"<b class=\"mono number\">([^<]+)</b>", page.text)
    assert "<svg" in page.text
    assert "到期" in page.text
    listed = admin_browser.get("/devices").text
    assert code not in listed
    assert "周全" in listed
    assert world.audit("invite_device") == [world.towns[0]]
    tablet, _ = asking(world, code)
    assert tablet.site == world.towns[0]
    assert "还没用的注册码" not in admin_browser.get("/devices").text


def test_an_invitation_lapses_and_is_called_off(world: World, admin_browser: Browser) -> None:
    desk, boss = _desk(world), person_of(world, "admin")
    sent = invitations.send(desk, boss, world.towns[0])
    (out,) = invitations.still_out(desk, boss)
    assert out.made_by == boss.author
    page = admin_browser.get("/devices")
    action = f"/devices/invitations/{out.invitation.hex()}/end"
    own = form(admin_browser, "/devices", action)
    assert action in page.text
    assert admin_browser.post(action, data=own | {"token": "x"}).status_code == 409
    assert admin_browser.post(action, data=own).status_code == 303
    assert admin_browser.post(action, data=own).status_code == 404
    with pytest.raises(WrongCode):
        asking(world, sent.invited.code)
    later = invitations.send(desk, boss, world.towns[0])
    world.now.ms += INVITATION_MS
    assert invitations.still_out(desk, boss) == []
    with pytest.raises(WrongCode):
        asking(world, later.invited.code)
    with pytest.raises(UnknownInvitation):
        invitations.call_off(desk, boss, "zz")


def test_a_head_sees_the_own_townships_invitations_and_sends_none(world: World) -> None:
    desk, boss = _desk(world), person_of(world, "admin")
    for site in world.towns[:2]:
        invitations.send(desk, boss, site)
    world.staff("主任", "head", world.towns[0])
    head = person_of(world, "主任")
    assert [one.site for one in invitations.still_out(desk, head)] == [world.towns[0]]
    out = invitations.still_out(desk, boss)
    for act in (
        lambda: invitations.send(desk, head, world.towns[0]),
        lambda: invitations.call_off(desk, head, out[0].invitation.hex()),
    ):
        with pytest.raises(NotAllowed, match="请交由县管理员办理"):
            act()
    assert len(invitations.still_out(desk, boss)) == 2


# ---- a lost tablet


def test_what_a_lost_tablet_holds_is_what_the_county_knows(world: World) -> None:
    desk, boss = _desk(world), person_of(world, "admin")
    device = world.one.device.hex()
    holding = holding_of(desk, boss, device)
    assert (holding.open_matters, holding.received, holding.spooled) == (1, 2, 0)
    assert holding.recent == 2, "the proxy and the consultation that is held"
    assert [one.name for one in holding.agents] == ["甲"]
    town = holding_of(desk, boss, world.clerk.device.hex())
    assert town.open_matters == 2, "a township's tablet reads the villages beneath"
    world.now.ms += 31 * DAY_MS
    later = holding_of(desk, boss, device)
    assert (later.open_matters, later.recent) == (1, 0)
    sealed = world.one.act("consultation", "register", {"question": "密封投诉不影响"})
    assert sealed is not None
    assert "密封" not in repr(holding_of(desk, boss, device))


def test_a_lost_tablet_is_revoked_by_two_and_its_second_factor_counts(world: World) -> None:
    desk, boss = _desk(world), person_of(world, "admin")
    device, other = world.one.device.hex(), world.staff("另一位", "administrator", "s0001")
    world.now.ms += 2 * DAY_MS
    second = Second("另一位", other, "10.0.0.2")
    with pytest.raises(SecondPersonMissing):
        device_desk.decide(desk, boss, device, "revoke", "遗失")
    with pytest.raises(ReasonMissing):
        device_desk.decide(desk, boss, device, "revoke", " ", second)
    with world.county.ledger.write() as tx:
        row = tx.staff_named("另一位")
        assert row is not None
        tx.put_staff(row._replace(totp=tx.seal_factor(row.staff, b"s" * 20)))
    with pytest.raises(SecondPersonMissing, match="两步验证"):
        device_desk.decide(desk, boss, device, "revoke", "遗失", second)
    wrong = Second("另一位", other, "10.0.0.2", "000000")
    with pytest.raises(SecondPersonMissing, match="验证码不对"):
        device_desk.decide(desk, boss, device, "revoke", "遗失", wrong)
    assert state_of(world, device) == "active"
    with world.county.ledger.write() as tx:
        tx.put_staff(row._replace(totp=None))
    device_desk.decide(desk, boss, device, "revoke", "遗失", second)
    assert state_of(world, device) == "revoked"
