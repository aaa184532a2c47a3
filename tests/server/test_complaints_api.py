"""The complaints desk as a client of /api/v1 meets it: the same use cases, the same fences."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.accounts import OPENED
from server.api.complaints import ENDPOINTS
from server.api.openapi import PREFIX
from server.console.app import console_app
from shared import ids
from tests.server.browser import Browser
from tests.server.complaint_world import BROKEN, CENTRE, CONDUCT, SECRETS, Complaining
from tests.server.test_api import Client, log_in


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Complaining]:
    made = Complaining(tmp_path / "county")
    yield made
    made.county.ledger.engine.dispose()


def client_of(world: Complaining, name: str) -> Client:
    made = Client(Browser(console_app(world.county)))
    log_in(made, name, world.passwords[name])
    return made


def test_a_sealed_complaint_is_opened_for_a_reason_and_worked_on(world: Complaining) -> None:
    record = world.told(CONDUCT)
    far = world.person("外乡主任", "head", world.towns[1])
    mate = world.person("李窗口", "head", world.towns[0])
    client, place = client_of(world, "冯督查"), f"/complaints/{ids.record_text(record)}"
    shut = client.ask("GET", place)
    assert (shut["opened"], shut["steps"], shut["replies"]) == (False, [], [])
    listed = client.ask("GET", "/complaints", due="", stage="triage")["items"]
    whole = client.ask("GET", f"/records/{ids.record_text(record)}")
    assert not [s for s in SECRETS if s in str([shut, listed, whole])]
    step = {"step": "accept", "reason": "受理", "heads": shut["heads"]}
    told = client.ask("POST", f"{place}/steps", step, status=409)
    assert told["error"] == "not_opened"
    for reason in ("", None):
        client.ask("POST", f"{place}/open", {"reason": reason}, status=422)
    client.ask("POST", f"{place}/open", {"reason": "  "}, status=422)
    assert client.ask(
        "GET", f"/records/{ids.record_text(record)}", status=422, reveal="true"
    )["error"] == "sealed_without_reason"  # fmt: skip
    assert world.audit(OPENED) == []
    seen = client.ask("POST", f"{place}/open", {"reason": "分办"})
    assert seen["fields"]["content"] == "收了五十元"
    assert [one["step"] for one in seen["steps"]] == ["accept", "refuse", "transfer", "target"]
    client.ask("POST", f"{place}/steps", step)
    assert client.ask("POST", f"{place}/steps", step, status=409)["error"] == "moved_on"
    after = client.ask("POST", f"{place}/open", {"reason": "转办"})
    assert {one["handler"] for one in after["handlers"]} == {far.author, world.watch.author}
    give = {"step": "assign", "reason": "查", "heads": after["heads"]}
    wrong = {**give, "values": {"handler": mate.author}}
    assert client.ask("POST", f"{place}/steps", wrong, status=409)["error"] == "recused"
    client.ask("POST", f"{place}/steps", {**give, "values": {"handler": far.author}})
    assert world.record(record).fields["handler"] == far.author


def test_every_endpoint_of_the_desk_answers_as_the_document_says(world: Complaining) -> None:
    record, client = world.told(BROKEN), client_of(world, "冯督查")
    place = f"/complaints/{ids.record_text(record)}"
    world.post_agent(world.clerk, "clerk")
    page = client.ask("GET", "/complaints", limit="1", mine="false")
    assert page["items"][0]["owed"] == "投诉分办"
    assert page["next_before"] is None
    client.ask("POST", f"{place}/steps", {"step": "accept", "reason": "受理",
               "heads": client.ask("GET", place)["heads"]})  # fmt: skip
    client.ask("POST", f"{place}/open", {"reason": "转办"})
    client.ask("POST", f"{place}/steps", {
        "step": "assign", "reason": "查", "heads": client.ask("GET", place)["heads"],
        "values": {"handler": "agent:CCCCCCCC"},
    })  # fmt: skip
    world.clerk.act(
        "complaint", "investigate", {}, record=record, parents=world.record(record).heads
    )
    held = world.propose(record, world.clerk)
    seen = client.ask("GET", place)
    assert [(one["operation"], one["reply"]) for one in seen["replies"]] == [
        (held.id.hex(), "已经修好")
    ]
    assert seen["may_release"]
    release = {"operation": held.id.hex(), "decision": "admit", "reason": "核过",
               "heads": seen["heads"]}  # fmt: skip
    client.ask("POST", f"{place}/release", release)
    assert client.ask("GET", place)["complaint"]["state"] == "已答复"
    client.ask("POST", f"{place}/release", release, status=409)
    assert client.ask("GET", "/sealed")["key_here"] is True
    key = {"key": world.county.keys.complaint.raw.hex(), "reason": "查收"}  # type: ignore[union-attr]
    assert client.ask("POST", "/sealed/open", key)["registered"] == 0
    assert client.seen >= {(one.method, PREFIX + one.path) for one in ENDPOINTS}


@pytest.mark.parametrize(
    ("role", "where", "status"),
    [("clerk", 0, 404), ("head", 0, 404), ("department", -1, 404), ("administrator", -1, 200)],
)
def test_others_have_no_way_in(world: Complaining, role: str, where: int, status: int) -> None:
    record = world.told(CONDUCT)
    world.person("某人", role, world.towns[where] if where >= 0 else CENTRE)
    client, place = client_of(world, "某人"), f"/complaints/{ids.record_text(record)}"
    found = [client.ask("GET", place, status=status)]
    found.append(client.ask("POST", f"{place}/open", {"reason": "看看"}, status=status))
    found.append(client.ask("GET", "/complaints"))
    assert not [s for s in SECRETS if s in str(found)]
    assert len(found[2]["items"]) == (status == 200)
    heads = [world.record(record).heads[0].hex()]
    for body in ({"step": "accept", "reason": "x", "heads": heads},
                 {"step": "fly", "reason": "x", "heads": heads}):  # fmt: skip
        answer = client.app.post(
            f"{PREFIX}{place}/steps", json=body, headers={"authorization": f"Bearer {client.token}"}
        )
        assert answer.status_code in {403, 404, 409, 422}
    assert len(world.record(record).history) == 1


@pytest.mark.parametrize(
    "body",
    [{}, {"step": "accept"}, {"step": "accept", "reason": "x", "heads": ["zz"]},
     {"step": 5, "reason": "x", "heads": []}, {"step": "accept", "reason": "x", "heads": [],
      "values": {"complex": {"a": [1]}}}],
)  # fmt: skip
def test_malformed_steps_change_nothing(world: Complaining, body: object) -> None:
    record, client = world.told(BROKEN), client_of(world, "冯督查")
    answer = client.app.post(
        f"{PREFIX}/complaints/{ids.record_text(record)}/steps", json=body,
        headers={"authorization": f"Bearer {client.token}"},
    )  # fmt: skip
    assert answer.status_code in {409, 422}
    assert world.record(record).state == "已登记"
