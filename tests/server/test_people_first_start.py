"""The first start: a real `county serve` on an empty folder, killed and continued; the sheet."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from server import today
from server.admin import accounts_of
from server.backup import backup
from server.console.app import console_app
from server.console.language import translations
from server.first_start import is_unfinished
from server.wizard import TRIES, Wizard, wizard_app
from tests.server.browser import Browser
from tests.server.counties import a_county
from tests.server.test_console import log_in
from tests.server.test_serve import BIANMIN

PASSWORD = "a-good-long-secret"


class Start:
    """A `county serve` process in its first start."""

    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            [*BIANMIN, "county", "serve", "--home", str(home), "--port", "0", "--json"],
            stdout=subprocess.PIPE,
        )  # fmt: skip
        self.url = str(self.line()["setup"])
        self.client = httpx.Client(base_url=self.url, timeout=60, trust_env=False)

    def line(self) -> dict[str, object]:
        assert self.process.stdout is not None
        found: dict[str, object] = json.loads(self.process.stdout.readline())
        return found

    def send(self, act: str, **words: str) -> httpx.Response:
        token = re.search(r'name="token" value="([0-9a-f]+)"', self.client.get("/").text)
        assert token is not None
        parts = {"token": token[1], **words}
        files = {name: (None, value) for name, value in parts.items()}
        return self.client.post(f"/{act}", files=files)

    def end(self) -> None:
        """Wait for its end and let go of what reads from it."""
        assert self.process.stdout is not None
        self.process.wait(60)
        self.process.stdout.close()
        self.client.close()

    def kill(self) -> None:
        self.process.kill()
        self.end()


def test_an_empty_folder_becomes_a_county_though_killed_between_steps(tmp_path: Path) -> None:
    home, disk = tmp_path / "home", tmp_path / "disk"
    disk.mkdir()
    start = Start(home)
    assert "选择本县" in start.client.get("/").text
    assert start.send("county", which="own", code="12", name="某县").status_code == 422
    assert not home.exists()
    assert start.send("county", which="sample").status_code == 303
    start.kill()

    start = Start(home)
    assert "第一位管理员" in start.client.get("/").text
    weak = start.send("admin", name="王主管", password="short", repeat="short")
    assert weak.status_code == 422
    assert start.send("admin", name="王主管", password=PASSWORD, repeat=PASSWORD).status_code == 303
    start.kill()

    start = Start(home)
    assert start.send("backup", folder=str(home)).status_code == 422
    done = start.send("backup", folder=str(disk), outside="1")
    assert list(disk.glob("bianmin-510322-*.tar"))
    assert str(disk) in done.text
    assert "第一台平板" in done.text
    assert "设置完成" in start.send("tablet").text
    url = str(start.line()["url"])
    try:
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
            entered = client.post("/login", data={"name": "王主管", "password": PASSWORD})
            assert entered.status_code == 303
            assert "今日一切正常" in client.get("/").text
    finally:
        start.process.send_signal(signal.SIGTERM)
        start.end()
    assert start.process.returncode == 0
    assert not is_unfinished(home)


def _wizard(root: Path) -> Starlette:
    return wizard_app(Wizard(root, "http://10.0.0.2:8710", "ABCD2345", "00"))


def test_from_another_machine_only_the_start_code_opens_it(tmp_path: Path) -> None:
    root = tmp_path / "home"
    stranger = Browser(_wizard(root))
    assert stranger.get("/").status_code == 403
    form = {"token": (None, "00"), "which": (None, "sample")}
    assert stranger.post("/county", files=form).status_code == 403
    assert not root.exists()
    for _ in range(TRIES):
        stranger.post("/code", files={"code": (None, "WRONG")})
    late = stranger.post("/code", files={"code": (None, "ABCD2345")})
    assert late.status_code == 403
    guest = Browser(_wizard(root))
    assert guest.post("/code", files={"code": (None, "abcd2345")}).status_code == 303
    assert guest.get("/").status_code == 200
    other = {"origin": "http://evil.example"}
    assert guest.post("/county", files=form, headers=other).status_code == 403
    stale = guest.post("/county", files=form | {"token": (None, "11")})
    assert stale.status_code == 422
    assert not root.exists()


def test_a_rebound_name_is_no_local_visit(tmp_path: Path) -> None:
    near = Browser(_wizard(tmp_path / "home"), address="127.0.0.1")
    assert near.get("/", headers={"host": "evil.example:8710"}).status_code == 403
    assert near.get("/", headers={"host": "127.0.0.1:8710"}).status_code == 200


@pytest.mark.parametrize("outside", [True, False])
def test_the_sheet_says_what_to_do(tmp_path: Path, outside: bool) -> None:
    with a_county(tmp_path / "county") as county:
        row, password = accounts_of(county).add("李督查", "supervisor", "s0001")
        browser = Browser(console_app(county))
        log_in(browser, row.name, password)
        assert "还没有备份过" in browser.get("/today").text
        backup(county, tmp_path / "b.tar", outside=outside)
        entry = {"name": row.name, "password": password}
        given = browser.post("/api/v1/session", json=entry).json()
        bearer = {"authorization": f"Bearer {given['token']}"}
        sheet = browser.get("/api/v1/today", headers=bearer).json()
        wrong = [one["key"] for one in sheet["lines"] if not one["well"]]
        assert wrong == ([] if outside else ["same_disk"])
        assert sheet["well"] is outside
        clerk, password = accounts_of(county).add("赵窗口", "clerk", "s0002")
        other = Browser(console_app(county))
        log_in(other, clerk.name, password)
        assert other.get("/today").status_code == 403


def test_every_sentence_of_the_sheet_has_its_english() -> None:
    english = translations("en")
    words = {word for pair in today.SENTENCES.values() for word in pair}
    assert [word for word in words if english.gettext(word) == word] == []
