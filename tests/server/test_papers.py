"""Attachments at console and interface: listed, opened by right, every look written down."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import papers
from server.console.app import console_app
from server.handing_out import handed_out, type_of
from shared import ids
from tests.server.browser import Browser
from tests.server.test_api import Client, World
from tests.server.test_api import log_in as api_log_in
from tests.server.test_console import form, log_in

PHOTO = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 10


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "county")
    yield made
    made.county.ledger.engine.dispose()


@pytest.fixture
def page(world: World) -> str:
    """The address of the record with the papers."""
    return f"/records/{ids.record_text(world.proxy.skeleton.record)}"


@pytest.fixture
def watch(world: World) -> Browser:
    """The supervisor's browser."""
    browser = Browser(console_app(world.county))
    log_in(browser, "watch", world.staff("watch", "supervisor", "s0001"))
    return browser


@pytest.fixture
def admin(world: World) -> Browser:
    browser = Browser(console_app(world.county))
    log_in(browser, "admin", world.password)
    return browser


def ask_for(paper: bytes, reason: str = "核查") -> dict[str, str]:
    return {"attachment": ids.record_text(paper), "reason": reason}


def test_a_record_lists_what_came_and_what_is_on_its_way(
    world: World, watch: Browser, page: str
) -> None:
    assert "附件</h2>" not in watch.get(page).text
    here = world.attach(PHOTO).skeleton.record
    coming = world.attach(b"x" * 2_500_000, arrived=False, file_name="房屋.png").skeleton.record
    world.attach(PHOTO, key="")
    text = watch.get(page).text
    for shown in ("身份证.jpg", "image/jpeg", "2.5 KB", "已到县级", "房屋.png", "2.4 MB",
                  "还在路上", "内容已清除"):  # fmt: skip
        assert shown in text
    assert f'value="{ids.record_text(here)}"' in text
    assert ids.record_text(coming) not in text, "nothing to open yet"


def test_opening_gives_the_picture_and_writes_the_look_down(
    world: World, watch: Browser, page: str
) -> None:
    paper = world.attach(PHOTO).skeleton.record
    assert world.audit(papers.OPENED) == []
    sent = form(watch, page, f"{page}/attachments") | ask_for(paper)
    answer = watch.post(f"{page}/attachments", data=sent)
    assert (answer.status_code, answer.content) == (200, PHOTO)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"].startswith("inline; filename*=UTF-8''%E8%BA%AB")
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert world.audit(papers.OPENED) == [page.rpartition("/")[2]]
    with world.county.ledger.read() as tx:
        entry = tx.audit_entries(about=page.rpartition("/")[2])[0]
    assert entry.detail == f"{ids.record_text(paper)} 核查"


def test_no_look_without_reason_token_right_or_belonging(
    world: World, watch: Browser, admin: Browser, page: str
) -> None:
    paper = world.attach(PHOTO).skeleton.record
    action = f"{page}/attachments"
    own = form(watch, page, action)
    assert watch.post(action, data=own | ask_for(paper, " ")).status_code == 422
    assert watch.post(action, data=ask_for(paper) | {"token": "guess"}).status_code == 409
    assert watch.post(action, data=own | ask_for(world.case.skeleton.record)).status_code == 404
    other = f"/records/{ids.record_text(world.case.skeleton.record)}/attachments"
    assert watch.post(other, data=own | ask_for(paper)).status_code == 404
    text = admin.get(page).text
    assert "身份证.jpg" in text
    assert "打开附件需要查看完整号码的权限" in text
    assert ids.record_text(paper) not in text
    refused = admin.post(action, data=form(admin, page, action) | ask_for(paper))
    assert refused.status_code == 403
    assert world.audit(papers.OPENED) == []


def test_another_township_sees_no_paper(world: World, page: str) -> None:
    paper = world.attach(PHOTO).skeleton.record
    browser = Browser(console_app(world.county))
    log_in(browser, "clerk", world.staff("clerk", "clerk", world.towns[1]))
    sent = form(browser, "/", "/logout") | ask_for(paper)
    assert browser.post(f"{page}/attachments", data=sent).status_code == 404
    assert world.audit(papers.OPENED) == []


def test_a_paper_on_its_way_is_one_clear_page(world: World, watch: Browser, page: str) -> None:
    world.attach(PHOTO)
    coming = world.attach(PHOTO, arrived=False).skeleton.record
    sent = form(watch, page, f"{page}/attachments") | ask_for(coming)
    answer = watch.post(f"{page}/attachments", data=sent)
    assert answer.status_code == 404
    assert "还没有收齐" in answer.text
    assert world.audit(papers.OPENED) == []


def test_the_interface_lists_and_opens_the_same(world: World, page: str) -> None:
    world.attach(PHOTO, media_type="text/html")
    client = Client(Browser(console_app(world.county)))
    api_log_in(client, "admin", world.password)
    (paper,) = client.ask("GET", f"{page}/attachments")
    assert (paper["file_name"], paper["bytes"], paper["arrived"]) == ("身份证.jpg", 2564, True)
    asked = {"attachment": paper["attachment"], "reason": "核查"}
    assert client.ask("POST", f"{page}/attachments", asked, status=403)["error"] == "not_allowed"
    api_log_in(client, "watch", world.staff("watch", "supervisor", "s0001"))
    opened = client.ask("POST", f"{page}/attachments", asked)
    assert base64.b64decode(opened["content"]) == PHOTO
    assert opened["media_type"] == "image/jpeg", "what the bytes show, not what the tablet said"
    assert len(world.audit(papers.OPENED)) == 1


@pytest.mark.parametrize(
    ("content", "media_type", "how"),
    [(PHOTO, "image/jpeg", "inline"), (b"\x89PNG\r\n\x1a\n", "image/png", "inline"),
     (b"GIF89a", "image/gif", "inline"), (b"RIFF0000WEBPVP8 ", "image/webp", "inline"),
     (b"%PDF-1.7", "application/pdf", "attachment"),
     (b"<svg onload='alert(1)'>", "application/octet-stream", "attachment"),
     (b"<html><script>", "application/octet-stream", "attachment"),
     (b"", "application/octet-stream", "attachment")],
)  # fmt: skip
def test_bytes_decide_what_a_file_is(content: bytes, media_type: str, how: str) -> None:
    assert type_of(content) == media_type
    answer = handed_out(content, "a.html")
    assert answer.headers["content-disposition"].partition(";")[0] == how
    assert answer.headers["content-type"] == media_type


@pytest.mark.parametrize(
    ("name", "given"),
    [("a\r\nSet-Cookie: x=1", "aSet-Cookie%3A%20x%3D1"), ("../../etc/passwd", "passwd"),
     ("C:\\x\\a.jpg", "a.jpg"), ('"; filename=evil', "%22%3B%20filename%3Devil"),
     ("", "%E9%99%84%E4%BB%B6"), ("...", "%E9%99%84%E4%BB%B6")],
)  # fmt: skip
def test_a_foreign_name_breaks_no_header(name: str, given: str) -> None:
    header = handed_out(b"", name).headers["content-disposition"]
    assert header == f"attachment; filename*=UTF-8''{given}"
