"""The console as a browser meets it: log-in, fences, masks, decisions, languages, /q."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from server import accounts
from server.console.app import console_app
from server.console.security import HEADERS
from server.console.web import SESSION_COOKIE
from shared import ids
from tests.server.browser import Browser
from tests.server.test_api import NAME, NUMBER, PHONE, WHO, World

PAGES = (
    "/", "/records", "/todo", "/todo/done", "/todo/rules", "/devices", "/report", "/report/M7",
    "/staff", "/audit", "/password", "/records?kind=proxy&state=已委托&only=conflicts",
)  # fmt: skip
NASTY = "<script>alert(1)</script>\"'&"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "county")
    yield made
    made.county.ledger.engine.dispose()


@pytest.fixture
def stranger(world: World) -> Browser:
    return Browser(console_app(world.county))


@pytest.fixture
def browser(stranger: Browser, world: World) -> Browser:
    log_in(stranger, "admin", world.password)
    return stranger


def log_in(browser: Browser, name: str, password: str, after: str = "/") -> str:
    answer = browser.post("/login", data={"name": name, "password": password, "next": after})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


class Forms(HTMLParser):
    """The hidden fields and radio buttons of the forms of a page, by action."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str]] = {}
        self._at = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        one = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._at = one.get("action", "")
            self.found.setdefault(self._at, {})
        elif tag == "input" and one.get("type") in {"hidden", "radio"} and self._at:
            self.found[self._at].setdefault(one["name"], one.get("value", ""))


def form(browser: Browser, page: str, action: str) -> dict[str, str]:
    """What the first form of a page with this action would send."""
    return Forms(browser.get(page).text).found[action]


# ---- who gets in


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_is_sent_to_the_log_in(stranger: Browser, page: str) -> None:
    answer = stranger.get(page)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=%2F")


def test_logging_in_leads_on_and_logging_out_ends_it(stranger: Browser, world: World) -> None:
    assert log_in(stranger, "admin", world.password, "/devices") == "/devices"
    page = stranger.get("/devices")
    assert "K7Q2" in page.text
    stranger.post("/logout", data=form(stranger, "/", "/logout"))
    assert stranger.get("/devices").status_code == 303


@pytest.mark.parametrize("after", ["//evil.example", "https://evil.example", "/\\evil", ""])
def test_the_log_in_never_leads_to_another_host(
    stranger: Browser, world: World, after: str
) -> None:
    assert log_in(stranger, "admin", world.password, after) == "/"


def test_the_cookie_is_out_of_reach_of_scripts_and_secure_over_https(
    stranger: Browser, world: World
) -> None:
    body = {"name": "admin", "password": world.password}
    plain = stranger.post("/login", data=body).headers["set-cookie"]
    assert "HttpOnly" in plain
    assert "SameSite=lax" in plain
    assert "Secure" not in plain
    over_front = Browser(console_app(world.county), address="")
    secure = over_front.post("/login", data=body, headers={"x-forwarded-proto": "https"})
    assert "Secure" in secure.headers["set-cookie"]
    spoofed = stranger.post("/login", data=body, headers={"x-forwarded-proto": "https"})
    assert "Secure" not in spoofed.headers["set-cookie"]


def test_a_wrong_password_says_so_and_sets_no_cookie(stranger: Browser) -> None:
    answer = stranger.post("/login", data={"name": NASTY, "password": "guess"})
    assert answer.status_code == 401
    assert "姓名或密码不对" in answer.text
    assert "<script>" not in answer.text
    assert SESSION_COOKIE not in answer.headers.get("set-cookie", "")


def test_a_real_county_asks_for_a_new_password_first(browser: Browser, world: World) -> None:
    world.county.sample = False
    assert browser.get("/").headers["location"] == "/password"
    sent = form(browser, "/password", "/password") | {
        "old": world.password, "new": "a-better-secret", "repeat": "a-better-secret",
    }  # fmt: skip
    assert browser.post("/password", data={**sent, "repeat": "other"}).status_code == 422
    assert browser.post("/password", data=sent).headers["location"] == "/?done=password"
    assert browser.get("/").status_code == 200


# ---- fences


@pytest.mark.parametrize(
    "path", ["/login", "/nothing", "/static/console.css", "/q", "/api/v1/held"]
)
def test_every_answer_carries_the_security_headers(stranger: Browser, path: str) -> None:
    answer = stranger.get(path)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    cached = "public" in answer.headers["cache-control"]
    assert cached == path.startswith("/static/")


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
     {"origin": "http://evil.example"}, {"origin": "null"}],
)  # fmt: skip
def test_a_form_from_another_site_is_refused(browser: Browser, headers: dict[str, str]) -> None:
    sent = form(browser, "/", "/logout")
    assert browser.post("/logout", data=sent, headers=headers).status_code == 403
    own = {"sec-fetch-site": "same-origin", "origin": "http://county.example"}
    assert browser.post("/logout", data=sent, headers=own).status_code == 303


@pytest.mark.parametrize("token", ["", "guess", "ü"])
def test_a_form_without_its_token_does_nothing(browser: Browser, token: str) -> None:
    sent = form(browser, "/todo", "/todo/decide") | {"token": token, "reason": "核实"}
    assert browser.post("/todo/decide", data=sent).status_code == 409
    assert "3" in browser.get("/").text
    assert form(browser, "/todo", "/todo/decide")["key"] == sent["key"]


@pytest.mark.parametrize("raw", [b"\xff=1", b"a" * 70_000, b"&".join([b"a=1"] * 300), b"a"])
def test_a_malformed_form_is_one_clear_page(browser: Browser, raw: bytes) -> None:
    answer = browser.post(
        "/todo/decide", content=raw, headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code in {413, 422}
    assert "没有完成" in answer.text


@pytest.mark.parametrize(
    "page", ["/records/nothing", "/report?from=x", "/report/M99", "/records?before=x"]
)
def test_a_wrong_address_is_one_clear_page(browser: Browser, page: str) -> None:
    answer = browser.get(page)
    assert answer.status_code == 422
    assert "返回首页" in answer.text


def test_what_people_wrote_is_shown_as_text(browser: Browser, world: World) -> None:
    told = world.clerk.act("case", "receive", {**WHO, "remark": NASTY, "person_name": "甲" + NASTY})
    page = browser.get(f"/records/{ids.record_text(told.skeleton.record)}").text
    assert "&lt;script&gt;" in page
    assert (
        "<script>" not in page + browser.get("/records").text + browser.get("/todo?kind=pair").text
    )


# ---- what is seen


@pytest.mark.parametrize("page", PAGES)
def test_pages_show_no_whole_name_or_number(browser: Browser, page: str) -> None:
    text = browser.get(page).text
    for secret in (NAME, NUMBER, PHONE, "13808137777"):
        assert secret not in text


def test_a_record_shows_everything_masked_until_revealed(browser: Browser, world: World) -> None:
    path = f"/records/{ids.record_text(world.proxy.skeleton.record)}"
    page = browser.get(path).text
    for shown in ("欧**明", "已委托", "登记代办", "甲", "时间准确", "K7Q2-G1115-031-A", "口述"):
        assert shown in page
    assert world.audit(accounts.REVEALED) == []
    sent = form(browser, path, f"{path}/reveal") | {"reason": "电话核实"}
    revealed = browser.post(f"{path}/reveal", data=sent).text
    assert NAME in revealed
    assert NUMBER not in revealed, "an administrator never sees a whole number"
    assert world.audit(accounts.REVEALED) == [ids.record_text(world.proxy.skeleton.record)]


def test_a_reveal_needs_a_reason(browser: Browser, world: World) -> None:
    path = f"/records/{ids.record_text(world.proxy.skeleton.record)}"
    assert (
        browser.post(f"{path}/reveal", data=form(browser, path, f"{path}/reveal")).status_code
        == 422
    )
    assert world.audit(accounts.REVEALED) == []


def test_the_start_page_counts_what_waits(browser: Browser) -> None:
    assert "今天有 3 件事等您决定" in browser.get("/").text


def test_silent_devices_are_named(browser: Browser, world: World) -> None:
    assert "静默</span>" not in browser.get("/devices").text
    world.now.ms += 6 * 24 * 3600 * 1000
    log_in(browser, "admin", world.password)
    assert "静默</span>" in browser.get("/devices").text
    assert "请打电话问一问" in browser.get("/").text


def test_held_work_without_effect_is_shown_with_its_reason(browser: Browser, world: World) -> None:
    page = browser.get(f"/records/{ids.record_text(world.held.skeleton.record)}").text
    assert "没有生效的操作" in page
    assert "任职已结束" in page


# ---- deciding


def test_a_conflict_is_settled_with_the_chosen_side(browser: Browser, world: World) -> None:
    record = f"/records/{ids.record_text(world.proxy.skeleton.record)}"
    link = re.search(r'href="(/todo\?at=field[^"]+)"', browser.get(record).text)
    assert link is not None
    sent = form(browser, link.group(1), "/todo/decide") | {"reason": "已电话与本人核实"}
    assert "done=settled" in browser.post("/todo/decide", data=sent).headers["location"]
    page = browser.get(record).text
    assert "已电话与本人核实" in page
    assert link.group(1) not in page


# ---- figures


def test_a_figure_opens_the_list_behind_it(browser: Browser) -> None:
    page = browser.get("/report?from=2026-11-01&to=2026-11-30").text
    assert "村级代办" in page
    assert "/report/M7?from=2026-11-01" in page
    assert "欧**明" in browser.get("/report/M7?from=2026-11-01&to=2026-11-30").text


def test_the_report_is_handed_out_as_a_spreadsheet(browser: Browser) -> None:
    answer = browser.get("/report.xlsx?from=2026-11-01&to=2026-11-30")
    assert answer.content.startswith(b"PK")
    assert "report-20261101-20261130.xlsx" in answer.headers["content-disposition"]


# ---- languages


def test_the_console_speaks_chinese_first_and_english_when_asked(stranger: Browser) -> None:
    assert 'lang="zh-CN"' in stranger.get("/login").text
    assert "Log in" in stranger.get("/login", headers={"accept-language": "en-GB"}).text
    assert "Log in" in stranger.get("/login?lang=en").text
    assert "Log in" in stranger.get("/login").text, "the choice is kept"
    assert "登录" in stranger.get("/login?lang=zh").text


# ---- the citizen's query


def slip_of(world: World, **more: str) -> str:
    number = "K7Q2-G1123-017-6"
    world.clerk.act("case", "receive", {**WHO, "slip": number, "query_code": "483920", **more})
    return number


def test_number_and_code_show_the_state_and_nothing_else(stranger: Browser, world: World) -> None:
    number = slip_of(world)
    page = stranger.post("/q", data={"number": number.lower().replace("-", ""), "code": "483920"})
    assert page.status_code == 200
    assert "已收件" in page.text
    for secret in (NAME, NUMBER, PHONE, "欧**明", "基本医疗保险"):
        assert secret not in page.text


def test_a_wrong_code_and_an_unknown_number_answer_alike(stranger: Browser, world: World) -> None:
    number = slip_of(world)
    wrong = stranger.post("/q", data={"number": number, "code": "000000"})
    unknown = stranger.post("/q", data={"number": "M3XA-G1123-017-V", "code": "483920"})
    assert wrong.status_code == unknown.status_code == 404
    assert wrong.text.replace(number, "M3XA-G1123-017-V") == unknown.text
    assert "没有查到" in wrong.text


def test_wrong_codes_are_limited_per_number(stranger: Browser, world: World) -> None:
    number = slip_of(world)
    for _ in range(5):
        assert stranger.post("/q", data={"number": number, "code": "1"}).status_code == 404
    right = {"number": number, "code": "483920"}
    assert stranger.post("/q", data=right).status_code == 429
    world.now.ms += 15 * 60 * 1000
    assert stranger.post("/q", data=right).status_code == 200


def test_a_record_without_a_code_answers_nobody(stranger: Browser, world: World) -> None:
    number = slip_of(world, query_code="")
    assert stranger.post("/q", data={"number": number, "code": ""}).status_code == 404
