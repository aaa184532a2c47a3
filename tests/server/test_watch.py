"""The deadline board: its levels are those the tablet computes, and each figure opens its list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.console.app import console_app
from shared.canonical import Value
from shared.civil import DAY_MS
from tests.server.browser import Browser
from tests.server.test_api import World
from tests.server.test_console import log_in

LIMITS: dict[str, Value] = {"promised_days": 5, "statutory_days": 20, "days_unit": "workday"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "county")
    yield made
    made.county.ledger.engine.dispose()


def accept(world: World) -> None:
    """A case accepted now with five working days of promise and twenty of law."""
    data: dict[str, Value] = {"person_name": "李婠", "item": "BM-YB-001", **LIMITS}
    got = world.clerk.act("case", "receive", data)
    world.clerk.act("case", "accept", {}, record=got.skeleton.record, parents=[got.id])


@pytest.mark.parametrize(
    ("days", "level", "meaning"),
    [(0, "", ""), (6, "2", "即将到期"), (12, "3", "超过承诺期限"), (45, "4", "超过法定期限")],
)
def test_a_case_grows_urgent_and_each_figure_opens_its_list(
    world: World, days: int, level: str, meaning: str
) -> None:
    accept(world)
    world.now.ms += days * DAY_MS
    browser = Browser(console_app(world.county))
    log_in(browser, "admin", world.password)
    text = browser.get("/watch").text
    assert "李婠" not in text, "names are masked"
    if not level:
        assert "没有需要预警的办件" in text
        return
    address = f"/watch?township={world.towns[0]}&amp;level={level}"
    assert address in text
    assert meaning in text
    cut = browser.get(address.replace("&amp;", "&")).text
    assert "共 1 件" in cut
    other = "3" if level != "3" else "4"
    assert "共 0 件" in browser.get(f"/watch?level={other}").text
