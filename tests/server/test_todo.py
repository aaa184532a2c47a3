"""待处理: the list has everything, decisions lead on, nobody decides twice, looks are logged."""

from __future__ import annotations

import pytest

from server import accounts
from server.console.app import console_app
from server.todo.entries import KINDS
from tests.server.browser import Browser
from tests.server.test_api import NAME, NUMBER, PHONE, World
from tests.server.test_console import browser, form, log_in, stranger, world

__all__ = ["browser", "stranger", "world"]


def test_the_list_has_every_kind_and_masks_people(browser: Browser, world: World) -> None:
    world.now.ms += 6 * 24 * 3600 * 1000
    log_in(browser, "admin", world.password)
    page = browser.get("/todo").text
    for shown in ("内容冲突 1", "疑似重复 1", "待审 1", "静默设备 3", "全部 6", "口述"):
        assert shown in page
    for kind in ("", "field", "pair", "held", "silent", "state", "nonsense"):
        text = browser.get(f"/todo?kind={kind}").text
        for secret in (NAME, NUMBER, PHONE, "13808137777"):
            assert secret not in text


@pytest.mark.parametrize(
    ("kind", "choice"), [("field", ""), ("pair", "same"), ("pair", "different"), ("held", "admit")]
)
def test_an_entry_is_decided_once(browser: Browser, kind: str, choice: str) -> None:
    page = f"/todo?kind={kind}"
    sent = form(browser, page, "/todo/decide") | {"reason": "已核实"}
    sent |= {"choice": choice} if choice else {}
    assert "done=settled" in browser.post("/todo/decide", data=sent).headers["location"]
    assert "都处理完了" in browser.get(page).text
    late = browser.post("/todo/decide", data=sent).headers["location"]
    assert "done=late" in late
    assert "您的决定没有记入" in browser.get(late).text


def test_a_decision_leads_to_the_next_entry(browser: Browser) -> None:
    sent = form(browser, "/todo", "/todo/decide") | {"reason": "已核实"}
    assert sent["key"].startswith("field.")
    after = browser.post("/todo/decide", data=sent).headers["location"]
    assert form(browser, after, "/todo/decide")["key"] == sent["next"] != sent["key"]


def test_a_reveal_is_written_down(browser: Browser, world: World) -> None:
    sent = form(browser, "/todo?kind=pair", "/todo/reveal")
    assert world.audit(accounts.REVEALED) == []
    assert NAME in browser.post("/todo/reveal", data=sent).text
    assert len(world.audit(accounts.REVEALED)) == 2


def test_a_wrong_choice_changes_nothing(browser: Browser, world: World) -> None:
    sent = form(browser, "/todo?kind=pair", "/todo/decide") | {"reason": "x", "choice": "admit"}
    assert browser.post("/todo/decide", data=sent).status_code == 422
    assert "疑似重复 1" in browser.get("/todo").text


def test_the_script_is_the_consoles_own_file(browser: Browser) -> None:
    page = browser.get("/todo")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert page.text.count("<script") == 1
    assert browser.get("/static/console.js").status_code == 200


def test_a_township_sees_its_own(world: World) -> None:
    password = world.staff("镇", "head", world.towns[1])
    other = Browser(console_app(world.county))
    log_in(other, "镇", password)
    assert "全部 0" in other.get("/todo").text
    assert len(KINDS) == 8
