"""催办 from the county's desk to the tablet and the answer back, over real HTTP between real
processes: the county asks twice, the tablet says so, the agent answers, the board knows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.county import Served, served, synchronise
from mobile import documents
from mobile.desk import Recorded
from mobile.tablet import Tablet
from server.admin import add_staff
from server.opening import close_county, open_county
from shared.ids import record_text
from tests.journeys.demo import Api

ITEM = "BM-MZ-001"
REASON = "承诺期限快到，请抓紧移交"
ANSWER = "明天赶集时交到镇中心"


@pytest.fixture
def county(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as running:
        yield running


def newcomer(home: Path, role: str) -> str:
    """Enter a member of staff at the county centre; return the password."""
    opened = open_county(home)
    try:
        with opened.ledger.read() as tx:
            centre = opened.editions(tx).centre
        return add_staff(opened, role, role, centre)[1]
    finally:
        close_county(opened)


def asked(tablet: Tablet, record: bytes) -> Any:
    """What `agent show` says the county asks."""
    return documents.shown(tablet.desk.show(record))["asked"]


def test_the_county_asks_and_the_holder_answers(county: Served) -> None:
    north, south = county.tablet("north"), county.tablet("south")
    made = north.desk.record("proxy", {"item": ITEM, "person_name": "李婠"})
    other = south.desk.record("proxy", {"item": ITEM, "person_name": "王小二"})
    assert isinstance(made, Recorded)
    assert isinstance(other, Recorded)
    for tablet in (north, south):
        synchronise(tablet, county.url)
    desk = Api(county.url, "supervisor", newcomer(county.folder / "county", "supervisor"))
    name = record_text(made.record)
    listed = desk.get("watch/list?kind=proxy")
    assert {one["clock"]["record"] for one in listed["items"]} == {name, record_text(other.record)}
    ask = {"act": "urge", "records": [name], "reason": REASON, "days": 2}
    assert desk.post("watch/ask", ask) == {"asked": [name], "skipped": []}
    assert desk.post("watch/ask", ask)["asked"] == []

    told = [one for one in synchronise(north, county.url).notices if one.startswith("县里催办")]
    (sentence,) = told
    assert f"代办 {made.slip_number}，{REASON}，请在 " in sentence
    assert asked(north, made.record)["reason"] == REASON
    rows = {row.record: row.asked for row in north.desk.records()}
    assert rows[made.record] == "urge"
    assert rows.get(other.record, "") == ""
    synchronise(south, county.url)
    assert asked(south, other.record) is None

    north.desk.act(made.record, "answer_supervision", {"supervision_answer": ANSWER})
    assert asked(north, made.record) is None
    done = synchronise(north, county.url)
    assert (done.pending, done.notices) == (0, ())
    story = desk.get(f"records/{name}/watch")
    assert [(one["act"], one["text"]) for one in story["acts"]] == [
        ("urge", REASON), ("answer_supervision", ANSWER)
    ]  # fmt: skip
    assert story["clock"]["answered_on"]
    assert story["held"][-1]["holder"].startswith("agent:")
    assert desk.get("watch")["total"]["asked"] == 0
    verdict = documents.shown(north.desk.show(made.record))["without_effect"]
    assert verdict == [], "the county admitted the answer"
