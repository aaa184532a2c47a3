"""Page after page: the next one is asked for while the last one is applied."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
import requests

from mobile.intake import Taken
from mobile.synchronise import Synced, Synchroniser
from mobile.tablet import Tablet
from sync.exchange import Exchange
from sync.page import Page
from tests.mobile.county import ENTRIES_MAX, County
from tests.mobile.kit import introduce, unlocked

WORK = 2 * ENTRIES_MAX + 30
"""Three pages."""


@pytest.fixture
def fresh(tmp_path: Path, county: County, url: str) -> Tablet:
    """A tablet that knows nothing yet of the work another one has sent up."""
    busy = unlocked(tmp_path / "busy", county.keys, seed="busy", short_code="P3WX")
    made = unlocked(tmp_path / "fresh", county.keys)
    for tablet in (busy, made):
        introduce(tablet, county)
    for number in range(WORK):
        busy.desk.record("consultation", {"question": f"第 {number} 问"})
    sync(busy, url)
    return made


def sync(tablet: Tablet, url: str) -> Synced:
    exchange = Exchange(requests.Session(), url, monotonic=time.monotonic)
    return Synchroniser(tablet, exchange, lambda _: None).run()


def test_the_county_is_asked_before_a_page_is_applied(
    fresh: Tablet, county: County, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, apply = county.sync, fresh.intake.page
    asked = threading.Semaphore(0)
    ahead: list[bool] = []

    def answered(raw: bytes) -> bytes:
        asked.release()
        return answer(raw)

    def patient(page: Page) -> Taken:
        if not ahead:
            asked.acquire()  # the request for this page itself
        ahead.append(asked.acquire(timeout=10 if page.more else 0))
        return apply(page)

    monkeypatch.setattr(county, "sync", answered)
    monkeypatch.setattr(fresh.intake, "page", patient)
    done = sync(fresh, url)
    assert ahead == [True, True, False], "one ahead of each page but the last, and no more"
    assert (done.pulled, done.round_trips) == (WORK, 3)
    assert len(fresh.desk.records()) == WORK


@pytest.mark.parametrize("broken_after", [1, 2])
def test_a_line_that_breaks_between_pages_costs_no_page(
    fresh: Tablet, county: County, url: str, monkeypatch: pytest.MonkeyPatch, broken_after: int
) -> None:
    answer = county.sync
    answers: list[int] = []

    def breaking(raw: bytes) -> bytes:
        answers.append(len(raw))
        county.manners.lose_answers = int(len(answers) == broken_after + 1)
        return answer(raw)

    monkeypatch.setattr(county, "sync", breaking)
    done = sync(fresh, url)
    assert len(answers) == 4
    assert done.pulled == WORK
    assert len(fresh.desk.records()) == WORK


def test_a_page_that_cannot_be_kept_ends_the_exchange(
    fresh: Tablet, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(page: Page) -> Taken:
        raise RuntimeError("full")

    monkeypatch.setattr(fresh.intake, "page", full)
    with pytest.raises(RuntimeError, match="full"):
        sync(fresh, url)
    monkeypatch.undo()
    assert sync(fresh, url).pulled == WORK


def test_own_work_goes_up_and_others_comes_down(fresh: Tablet, county: County, url: str) -> None:
    for number in range(2):
        fresh.desk.record("consultation", {"question": f"又一问 {number}"})
    done = sync(fresh, url)
    assert (done.pulled, done.pushed, done.pending) == (WORK, 2, 0)
    assert len(county.operations) == WORK + 2 + 2  # each with its session's opening
