"""Twice in one day, or two people? (STORIES.md B2), from two tablets to the console and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from playwright.sync_api import Page

from benchmarks.county import VILLAGE, Served, served, synchronise
from mobile.desk import Recorded
from mobile.tablet import Tablet
from tests.journeys.browser import chromium, log_in
from tests.journeys.demo import with_check_character
from tests.journeys.test_reconciling import STAFF, newcomer

TOWNSHIP = "510322100000"
NAME = "林婠婠"
CARD, JOBLESS = "BM-RS-006", "BM-RS-009"
FIRST, OTHER = (with_check_character(f"51990119790308{at}") for at in ("115", "327"))
REASON = "群众上午在窗口办过，代办员晚上又登记了一次"


def receive(tablet: Tablet, kind: str, number: str, item: str) -> bytes:
    """Register a matter of somebody of that name, their card read."""
    data = {
        "person_name": NAME, "item": item, "id_type": "111", "id_no": number,
        "id_assurance": "read", "address_region": VILLAGE,
    }  # fmt: skip
    done = tablet.desk.record(kind, data)
    assert isinstance(done, Recorded)
    if kind == "case":
        tablet.desk.act(done.record, "accept", {})
    return done.record


def test_two_visits_are_two_matters_and_a_double_filing_is_one(
    tmp_path: Path, not_run: Callable[[str], NoReturn]
) -> None:
    with served(tmp_path) as county:
        window, village = county.tablet("window", TOWNSHIP), county.tablet("village")
        visits = [
            receive(window, "case", FIRST, CARD), receive(window, "case", OTHER, JOBLESS),
            receive(window, "case", FIRST, JOBLESS),
        ]  # fmt: skip
        twice = receive(village, "proxy", FIRST, JOBLESS)
        for tablet in (window, village):
            synchronise(tablet, county.url)
        password = newcomer(county.folder / "county")
        with chromium(not_run) as page:
            log_in(page, county.url, STAFF, password)
            merge(page, county)
            agree(county, (window, village))
            assert village.desk.show(twice).record.state == "已并入"
            assert [window.desk.show(one).record.state for one in visits] == ["已受理"] * 3
            undo(page, county)
            agree(county, (window, village))
            assert village.desk.show(twice).record.state == "已委托"


def merge(page: Page, county: Served) -> None:
    """One pair is offered, the namesake stands beside it, no number is whole until asked for."""
    page.goto(f"{county.url}/todo")
    told = page.inner_text("main")
    assert "全部 1" in told
    assert "证件号码相同、事项相同，相隔 0 天" in told
    assert "同名不同人" in told
    assert "村级代办 -1" in told  # the proxy goes into the case, which was there before
    assert not {FIRST, OTHER, NAME} & set(told.split())
    with page.expect_navigation():
        page.keyboard.press("x")
    assert NAME in page.inner_text("main")
    page.goto(f"{county.url}/audit")
    assert "查看" in page.inner_text("main")
    page.goto(f"{county.url}/todo")
    page.keyboard.press("1")
    page.keyboard.press("r")
    page.keyboard.press("Control+A")
    page.keyboard.type(REASON)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "都处理完了" in page.inner_text("main")


def undo(page: Page, county: Served) -> None:
    """The decision stands among the recent ones and is taken back."""
    page.goto(f"{county.url}/todo/done")
    assert REASON in page.inner_text("main")
    page.get_by_role("link", name="改判").first.click()
    page.get_by_label("改为不是同一件，撤销并案").check()
    page.get_by_label("改判的理由").fill("来的是两回")
    page.get_by_role("button", name="改判").click()
    assert "已改判" in page.inner_text("main")


def agree(county: Served, tablets: tuple[Tablet, ...]) -> None:
    """What was decided reaches every tablet."""
    for tablet in tablets:
        synchronise(tablet, county.url)
