"""Log-in, its second step and one's own account, as a browser meets them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest

from server import staff_factor
from server.accounts import IDLE_MS
from server.console.app import console_app
from server.console.web import SESSION_COOKIE
from tests.server.browser import Browser
from tests.server.seeding import Moment, sample_county
from tests.server.test_console import Forms, form

STEP_MS = staff_factor.STEP_S * 1000


class Place:
    """A county's console with one administrator at two browsers."""

    def __init__(self, root: Path) -> None:
        self.now = Moment(1_795_000_000_000)
        self.county, self.password = sample_county(root, self.now)
        self.app = console_app(self.county)
        self.browser = self.fresh()

    def fresh(self) -> Browser:
        """A browser without cookies."""
        return Browser(self.app)

    def enter(self, browser: Browser, **more: str) -> str:
        """Log in; return where it leads."""
        sent = {"name": "admin", "password": self.password} | more
        answer = browser.post("/login", data=sent)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place(tmp_path_factory.mktemp("account") / "county")
    yield made
    made.county.ledger.engine.dispose()


def test_an_ended_session_says_so_and_leads_back(place: Place) -> None:
    browser = place.fresh()
    place.enter(browser)
    place.now.ms += IDLE_MS
    answer = browser.get("/staff?role=head")
    assert answer.headers["location"] == "/login?next=%2Fstaff%3Frole%3Dhead&ended=1"
    page = browser.get(answer.headers["location"])
    assert "登录已过期或已退出" in page.text
    assert SESSION_COOKIE not in browser.cookies, "the dead cookie is taken back"
    assert place.enter(browser, next="/staff?role=head") == "/staff?role=head"
    page = place.fresh().get("/login?next=/staff")
    assert "已过期" not in page.text


def test_a_form_after_the_session_ended_leads_back_to_its_page(place: Place) -> None:
    browser = place.fresh()
    place.enter(browser)
    place.now.ms += IDLE_MS
    for referer, goes in (
        ("http://county.example/staff/new?x=1", "%2Fstaff%2Fnew%3Fx%3D1"),
        ("http://evil.example/staff", "%2F"), ("", "%2F"),
    ):  # fmt: skip
        answer = browser.post("/staff", data={}, headers={"referer": referer})
        assert answer.headers["location"] == f"/login?next={goes}&ended=1"


@pytest.mark.parametrize("token", ["x", "A" * 43, "'; drop table staff_sessions --", "é"])
def test_a_forged_cookie_is_no_log_in(place: Place, token: str) -> None:
    browser = place.fresh()
    answer = browser.get("/staff", headers={"cookie": f"{SESSION_COOKIE}={token}".encode()})
    assert answer.headers["location"].startswith("/login?next=")


def test_every_log_in_is_a_new_token_with_careful_flags(place: Place) -> None:
    browser = place.fresh()
    place.enter(browser)
    first = browser.cookies[SESSION_COOKIE]
    sent = {"name": "admin", "password": place.password}
    answer = browser.post("/login", data=sent)
    flags = answer.headers["set-cookie"].lower()
    assert "httponly" in flags
    assert "samesite=lax" in flags
    assert "secure" not in flags, "plain http: the browser would drop it"
    assert browser.cookies[SESSION_COOKIE] != first
    old = place.fresh().get("/", headers={"cookie": f"{SESSION_COOKIE}={first}"})
    assert old.status_code == 303, "what this browser held before has ended"
    secure = Browser(place.app, address="")  # behind the front, which tells how the browser came
    told = secure.post("/login", data=sent, headers={"x-forwarded-proto": "https"})
    assert "secure" in told.headers["set-cookie"].lower()


def test_two_steps_in_the_browser(place: Place) -> None:
    browser = place.fresh()
    place.enter(browser)
    page = browser.get("/account/factor").text
    assert "<svg" in page
    assert "<script" not in page
    (spoken,) = re.findall(r'<p class="mono">([A-Z2-7 ]+)</p>', page)
    totp = pyotp.TOTP(spoken.replace(" ", ""))
    sent = form_of(page, "/account/factor")
    again = browser.post("/account/factor", data=sent | {"code": "abc"})
    assert again.status_code == 422
    assert spoken in again.text, "the same secret is shown once more"
    step = place.now.ms // STEP_MS
    done = browser.post("/account/factor", data=sent | {"code": totp.generate_otp(step)})
    codes = re.findall(r"[A-Z2-9]{5}-[A-Z2-9]{5}", done.text)
    assert len(codes) == 10
    assert "已开启" in browser.get("/account").text
    place.now.ms += STEP_MS
    other = place.fresh()
    asked = other.post("/login", data={"name": "admin", "password": place.password,
                                       "next": "/audit"})  # fmt: skip
    assert asked.status_code == 200
    assert SESSION_COOKIE not in other.cookies
    assert other.get("/").status_code == 303, "half a log-in is none"
    ticket = form_of(asked.text, "/login/code")
    wrong = other.post("/login/code", data=ticket | {"code": "000000"})
    assert wrong.status_code == 401
    assert "验证码不对" in wrong.text
    entered = other.post("/login/code", data=ticket | {"code": totp.generate_otp(step + 1)})
    assert (entered.status_code, entered.headers["location"]) == (303, "/audit")
    spent = place.fresh().post("/login/code", data=ticket | {"code": totp.generate_otp(step + 1)})
    assert spent.status_code == 401
    off = form(browser, "/account", "/account/factor/off") | {"password": place.password}
    assert browser.post("/account/factor/off", data=off).status_code == 303
    place.enter(place.fresh())


def test_a_stranger_in_the_list_of_log_ins_is_shown_the_door(place: Place) -> None:
    browser, stranger = place.fresh(), place.fresh()
    place.enter(browser)
    place.enter(stranger)
    page = browser.get("/account").text
    keys = re.findall(r'name="key" value="([0-9a-f]{64})"', page)
    assert keys
    own = form(browser, "/account", "/account/sessions") | {"key": keys[0]}
    assert browser.post("/account/sessions", data=own | {"token": "guess"}).status_code == 409
    own.pop("key")
    assert browser.post("/account/sessions", data=own).status_code == 303
    assert stranger.get("/").status_code == 303
    assert browser.get("/").status_code == 200


def form_of(text: str, action: str) -> dict[str, str]:
    """The hidden fields of a form in a page that was answered to a form."""
    return Forms(text).found[action]
