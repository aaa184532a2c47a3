"""Monday's list (STORIES.md C1): thirty entries cleared by keyboard alone, in a real browser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from playwright.sync_api import Page

from benchmarks.county import Served, served, synchronise
from mobile.desk import Recorded
from mobile.tablet import Tablet
from server.admin import add_staff
from server.opening import close_county, open_county
from tests.journeys.browser import chromium, log_in
from tests.journeys.demo import with_check_character

ITEM = "BM-MZ-001"
CONFLICTS, STATES, DOUBLES = 20, 3, 7
ENTRIES = CONFLICTS + STATES + DOUBLES
REASON = "已电话与本人核实"
STAFF = "方芳"


@pytest.fixture
def county(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as running:
        yield running


def proxy(tablet: Tablet, **data: object) -> bytes:
    done = tablet.desk.record("proxy", {"item": ITEM, **data})
    assert isinstance(done, Recorded)
    return done.record


def feed(county: Served) -> tuple[list[Tablet], list[bytes]]:
    """A week in which two tablets of a village went apart; return them and what both changed."""
    tablets = [county.tablet("north"), county.tablet("south")]
    north, south = tablets
    shared = [
        proxy(north, person_name=f"李{at:02d}婠", phone=f"138000000{at:02d}")
        for at in range(CONFLICTS + STATES)
    ]
    for tablet in (north, south):
        synchronise(tablet, county.url)
    for at, record in enumerate(shared[:CONFLICTS]):
        north.desk.act(record, "amend", {"phone": f"139000001{at:02d}"})
        south.desk.act(record, "amend", {"phone": f"139000002{at:02d}"})
    for record in shared[CONFLICTS:]:
        north.desk.act(record, "check", {"check_result": "complete"})
        south.desk.act(record, "withdraw", {"reason": "本人不办了"})
    for at in range(DOUBLES):
        number = with_check_character(f"51990119480312{at:03d}")
        person = {"id_type": "111", "id_no": number, "id_assurance": "read"}
        for tablet in tablets:
            proxy(tablet, person_name=f"张{at}桂芳", **person)
    for tablet in (north, south, north):
        synchronise(tablet, county.url)
    return tablets, shared


def newcomer(home: Path) -> str:
    """Enter a member of staff; return the password."""
    opened = open_county(home)
    try:
        with opened.ledger.read() as tx:
            centre = opened.editions(tx).centre
        return add_staff(opened, STAFF, "administrator", centre)[1]
    finally:
        close_county(opened)


def clear(page: Page) -> int:
    """Decide entry after entry without a mouse; return how many there were."""
    done = 0
    while page.locator("#decide").count():
        key = page.locator("#decide input[name=key]").get_attribute("value")
        page.keyboard.press("2")  # none is proposed
        assert page.locator("input[name=choice]").nth(1).is_checked()
        page.keyboard.press("r")
        page.keyboard.press("Control+A")
        page.keyboard.type(REASON)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert "已决定" in page.inner_text("main")
        assert not page.locator(f"#decide input[value='{key}']").count()
        done += 1
    return done


def decisions(home: Path) -> Counter[tuple[str, str, object]]:
    """Who decided what and why, from the county's own stream."""
    opened = open_county(home)
    try:
        with opened.ledger.read() as tx:
            stream = tx.county_head().county_stream
            found = tx.stream_operations(stream, limit=100_000)
            done = tx.operations([row.id for row in found if row.act in ("settle", "decide")])
            names = {f"staff:{row.staff}": row.name for row in tx.staff_list()}
        return Counter(
            (one.skeleton.act, names.get(one.skeleton.author, ""), one.data.get("reason"))
            for one in done.values()
        )
    finally:
        close_county(opened)


def test_thirty_entries_are_cleared_by_keyboard(
    county: Served, not_run: Callable[[str], NoReturn]
) -> None:
    tablets, shared = feed(county)
    home = county.folder / "county"
    password = newcomer(home)
    with chromium(not_run) as page:
        log_in(page, county.url, STAFF, password)
        page.goto(f"{county.url}/todo")
        assert f"全部 {ENTRIES}" in page.inner_text("main")
        assert clear(page) == ENTRIES
        assert "都处理完了" in page.inner_text("main")
    assert decisions(home) == {
        ("settle", STAFF, REASON): CONFLICTS + STATES,
        ("decide", STAFF, REASON): DOUBLES,
    }
    for tablet in tablets:
        synchronise(tablet, county.url)
    for record in shared:
        one, other = (tablet.desk.show(record).record for tablet in tablets)
        assert (one.fields, one.state, one.conflicts) == (other.fields, other.state, ())
