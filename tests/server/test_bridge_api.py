"""The bridge in /api/v1: every endpoint answers as the document says, for whom it is meant."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.admin import accounts_of
from server.api import bridge
from server.api.openapi import PREFIX
from server.console.app import console_app
from shared.ids import record_text
from tests.server.bridging import Office, an_office, answer_to
from tests.server.browser import Browser
from tests.server.core.world import Mould
from tests.server.test_api import Client, log_in


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_office(Mould(tmp_path)) as made:
        yield made


def _clerk(office: Office) -> Client:
    """A client of the county's administrator, after others have been turned away."""
    client = Client(Browser(console_app(office.county)))
    with office.county.ledger.read() as tx:
        centre = office.county.editions(tx).centre
    for name, role in (("窗口", "clerk"), ("督查", "supervisor"), ("县办", "administrator")):
        row, password = accounts_of(office.county).add(name, role, centre)
        log_in(client, row.name, password)
        client.ask("POST", "/password", {"old": password, "new": f"a-better-secret-{role}"})
        log_in(client, row.name, f"a-better-secret-{role}")
        if role == "clerk":
            client.ask("GET", "/bridge", status=403)
            client.ask("GET", "/bridge/codes", status=403)
        if role == "supervisor":
            assert client.ask("GET", "/bridge")["changes"] > 0
            client.ask("POST", "/bridge/batches", {"since": "last"}, status=403)
    return client


def test_a_program_carries_batches_and_answers(office: Office) -> None:
    record = record_text(office.closed())
    waits = office.receive(item="BM-YB-004")
    office.act(waits, "accept")
    client = _clerk(office)
    made = client.ask("POST", "/bridge/batches", {"since": "last", "format": "json"})
    content = base64.b64decode(made["content"])
    told = json.loads(content)
    assert (made["batch"], made["more"]) == (told["batch"], False)
    again = client.ask("POST", "/bridge/batches/again", {"batch": made["batch"]})
    assert base64.b64decode(again["content"]) == content
    nothing = client.ask("POST", "/bridge/batches", {})
    assert (nothing["batch"], nothing["content"]) == (None, "")
    client.ask("POST", "/bridge/batches", {"since": "soon"}, status=422)
    client.ask("POST", "/bridge/batches/again", {"batch": "510322-01-000044"}, status=409)

    key = told["tables"]["result"][0]["row_guid"]
    answer = answer_to(told, reject=[key])
    sent = {name: answer[name] for name in ("county", "batch", "rows")}
    done = client.ask("POST", "/bridge/answers", sent)
    assert (done["rejected"], done["numbers"]) == (1, 1)
    assert client.ask("POST", "/bridge/answers", sent)["known"] == done["accepted"] + 1
    client.ask("POST", "/bridge/answers", {**sent, "county": "450222"}, status=409)
    state = client.ask("GET", "/bridge")
    (rejection,) = state["rejections"]
    assert (rejection["record"], rejection["rows"][0]["table"]) == (record, "结果")
    assert {gap["code"] for gap in state["missing"]} == {"BM-YB-004"}
    assert state["counts"] == {"rejected": 1, "waiting": 1}
    client.ask("POST", "/bridge/resend", {"record": record})
    client.ask("POST", "/bridge/resend", {"record": record}, status=409)

    before = client.ask("GET", "/bridge/codes")
    change = [
        {"section": "item_catalog", "local": "BM-YB-004", "code": "000117000004"},
        {"section": "item_task", "local": "BM-YB-004", "code": "11510322008888888X4000117000004"},
    ]
    edition = client.ask("POST", "/bridge/codes", {"codes": change})["edition"]
    assert edition == state["mapping_edition"] + 1
    now = client.ask("GET", "/bridge/codes")
    after = {(one["section"], one["local"]): one["code"] for one in now}
    kept = {(one["section"], one["local"]): one["code"] for one in before if one["code"]}
    assert kept.items() <= after.items()
    more = client.ask("POST", "/bridge/batches", {"since": "last", "format": "json"})
    told = json.loads(base64.b64decode(more["content"]))
    assert [row["row_guid"] for row in told["tables"]["result"]] == [key]
    assert [row["local_task_code"] for row in told["tables"]["accept"]] == ["BM-YB-004"]
    whole = {(one.method, PREFIX + one.path) for one in bridge.ENDPOINTS}
    assert whole <= client.seen
