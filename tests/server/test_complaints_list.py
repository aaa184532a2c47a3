"""The list of complaints: what it is cut to, how it is filtered and paged, which index it reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text as sql

from server import complaints
from server.complaint_rows import Which, statement_of
from server.complaints import Asked
from server.schema import records
from shared.canonical import Value
from shared.civil import DAY_MS
from tests.server.browser import Browser
from tests.server.complaint_world import BROKEN, CONDUCT, Complaining, opened


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Complaining]:
    made = Complaining(tmp_path / "county")
    yield made
    made.county.ledger.engine.dispose()


@pytest.fixture
def watch(world: Complaining) -> Browser:
    return world.browser("冯督查")


def test_the_list_is_cut_filtered_and_paged(world: Complaining) -> None:
    head = world.person("主任", "head", world.towns[0])
    village = world.towns[3]
    sealed = [world.told(CONDUCT) for _ in range(7)]
    plain = [world.told(BROKEN) for _ in range(3)]
    far = world.told({**BROKEN, "target_site": village}, world.clerk)
    more: list[bytes] = []
    before = None
    while True:
        found = complaints.list_complaints(world.desk, world.watch, Asked(), before=before, limit=4)
        more += [one.row.record for one in found.lines]
        before = found.before
        if before is None:
            break
    assert more == [far, *plain[::-1], *sealed[::-1]], "every one once, the newest first"
    own = complaints.list_complaints(world.desk, head, Asked(), limit=2)
    assert [one.row.record for one in own.lines] == [far, plain[2]]
    rest = complaints.list_complaints(world.desk, head, Asked(), limit=5, before=own.before)
    assert [one.row.record for one in rest.lines] == [plain[1], plain[0]]
    world.take(world.watch, plain[0], "accept")

    def listed(**asked: str) -> list[bytes]:
        found = complaints.list_complaints(world.desk, world.watch, Asked(**asked), limit=50)  # type: ignore[arg-type]
        return [one.row.record for one in found.lines]

    assert listed(state="已受理") == listed(stage="assign") == [plain[0]]
    assert far not in listed(site=world.one.site)
    assert far in listed(site=world.towns[0])
    assert listed(due="late") == []
    world.now.ms += 5 * DAY_MS
    assert set(listed(due="late")) == {far, *plain[1:], *sealed}
    assert complaints.counts(world.desk, world.watch)["late"] == 10


def test_a_supervisor_never_sees_nor_counts_what_is_about_herself(world: Complaining) -> None:
    world.told({**CONDUCT, "target_name": "冯督查"})
    assert complaints.list_complaints(world.desk, world.watch, Asked()).lines == []
    assert complaints.counts(world.desk, world.watch)["triage"] == 0


@pytest.mark.parametrize(
    "which",
    [Which(), Which(site="s0002"), Which(township="s0002"), Which(due_through=20261101),
     Which(states=["已登记"], is_open=True), Which(without_slip=True)],
)  # fmt: skip
def test_the_list_reads_the_index_of_complaints_alone(world: Complaining, which: Which) -> None:
    with world.county.ledger.read() as tx:
        asked = statement_of(tx, which).order_by(records.c.record.desc()).limit(30)
        text = asked.compile(tx.connection, compile_kwargs={"literal_binds": True})
        plan = str(tx.connection.execute(sql(f"EXPLAIN QUERY PLAN {text}")).all())
    assert "ix_records_complaints" in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("query", ["before=x", "stage=nonsense&due=never", "state=%27&site=%22"])
def test_odd_addresses_are_one_clear_page(watch: Browser, query: str) -> None:
    answer = watch.get(f"/complaints?{query}")
    assert answer.status_code in {200, 422}
    assert "Traceback" not in answer.text


def test_what_people_wrote_is_shown_as_text(world: Complaining, watch: Browser) -> None:
    nasty: dict[str, Value] = {**CONDUCT, "content": "<script>alert(1)</script>\"'&",
                               "target_name": "<b>某"}  # fmt: skip
    record = world.told(nasty)
    shown = opened(watch, record, "<script>").text
    assert "&lt;script&gt;alert" in shown
    assert "<script>alert" not in shown
