"""People, tablets and the log over /api/v1: every answer is what the document says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest

from server import staff_factor
from server.api import overseeing, people
from server.api.openapi import PREFIX
from server.console.app import console_app
from server.staff_postings import Post, appoint
from shared import ids
from tests.server.browser import Browser
from tests.server.seeding import Tablet
from tests.server.test_api import Client, World, log_in

STEP_MS = staff_factor.STEP_S * 1000


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "county")
    yield made
    made.county.ledger.engine.dispose()


@pytest.fixture
def client(world: World) -> Client:
    made = Client(Browser(console_app(world.county)))
    log_in(made, "admin", world.password)
    return made


def test_every_endpoint_of_people_answers_as_the_document_says(
    client: Client, world: World
) -> None:
    own_account(client, world)
    log_in(client, "admin", world.password)
    staff(client, world)
    tablets_and_log(client, world)
    wanted = {(one.method, PREFIX + one.path)
              for one in (*people.ENDPOINTS, *overseeing.ENDPOINTS)}  # fmt: skip
    assert wanted - client.seen == set()


def own_account(client: Client, world: World) -> None:
    """Second factor and log-ins."""
    me = client.ask("GET", "/me")
    assert (me["name"], me["factor_on"]) == ("admin", False)
    made = client.ask("POST", "/me/factor/setup")
    totp = pyotp.TOTP(made["secret"])
    step = world.now.ms // STEP_MS
    sent = {"paper": made["paper"], "code": totp.generate_otp(step)}
    assert client.ask("POST", "/me/factor", sent | {"code": "1"}, status=401)["error"] == (
        "wrong_code"
    )
    codes = client.ask("POST", "/me/factor", sent)["codes"]
    asked = {"name": "admin", "password": world.password}
    other = Client(client.app)
    assert other.ask("POST", "/session", asked, status=401)["error"] == "code_needed"
    other.token = other.ask("POST", "/session", asked | {"code": codes[0]})["token"]
    lines = client.ask("GET", "/me/sessions")
    assert [one["is_this"] for one in lines] == [True, False]
    client.ask("DELETE", f"/me/sessions/{lines[1]['key']}")
    other.ask("GET", "/me", status=401)
    client.ask("DELETE", "/me/sessions")
    password = {"password": world.password}
    assert len(client.ask("POST", "/me/factor/codes", password)["codes"]) == 10
    client.ask("POST", "/me/factor/off", password)
    client.ask("GET", "/today")
    assert len(client.ask("GET", "/rights")) > 40


def staff(client: Client, world: World) -> None:
    """Adding, moving, granting, handing over."""
    site, today = world.one.site, world.county.today().isoformat()
    agent = f"agent:{world.one.agent}"
    for tablet in (world.one, world.other):
        posted(world, tablet)
    new = {"name": "新人", "role": "department", "site": world.towns[0], "reason": "到任"}
    made = client.ask("POST", "/staff", new)
    who = made["person"]
    assert client.ask("GET", "/staff", text="新人")["total"] == 1
    assert client.ask("GET", f"/staff/{who}")["must_change"]
    more = {"site": world.towns[1], "role": "clerk", "from_on": today, "reason": "兼职"}
    client.ask("POST", f"/staff/{who}/postings", more)
    assert len(client.ask("GET", f"/staff/{who}")["postings"]) == 2
    grant = {"department": "县民政局", "powers": ["decide"], "from_on": today, "reason": "授权"}
    given = client.ask("POST", f"/staff/{who}/grants", grant)
    ended = {"to_on": today, "reason": "收回"}
    client.ask("POST", f"/staff/{who}/grants/{given['grant']}/end", ended)
    done = client.ask("POST", f"/staff/{who}/account", {"act": "password", "reason": "忘记"})
    assert done["password"] not in {"", made["password"]}
    change = {"on": today, "what": "end", "reason": "离任"}
    assert client.ask("POST", f"/staff/{agent}/effect", change)["held"] == 1
    assert client.ask("POST", f"/staff/{agent}/change", change, status=409)["error"] == (
        "still_holds"
    )
    listed = client.ask("GET", f"/staff/{agent}/handover")
    assert [one["record"] for one in listed["held"]] == [
        ids.record_text(world.proxy.skeleton.record)
    ]
    to = f"agent:{world.other.agent}@{site}"
    assert to in listed["successors"]
    handed = client.ask("POST", f"/staff/{agent}/handover", {"to": to, "reason": "移交"})
    assert handed == {"count": 1}
    assert client.ask("POST", f"/staff/{agent}/change", change)["to_on"] == today
    client.ask("POST", f"/staff/{agent}/change", change, status=422)
    client.ask("GET", "/staff/agent:NOBODY", status=404)
    wrong = new | {"name": "甲乙", "salary": 1}
    assert client.ask("POST", "/staff", wrong, status=422)["error"] == "wrong_body"


def posted(world: World, tablet: Tablet) -> None:
    """Appoint a seeded tablet's agent as the county does it."""
    who, today = f"agent:{tablet.agent}", world.county.today()
    post = Post(who, tablet.name, tablet.site, "village", today)
    world.county.ledger.writing(lambda tx: appoint(tx, world.county, "system", post, "到任"))


def tablets_and_log(client: Client, world: World) -> None:
    """Invitations, one tablet, the log."""
    sent = client.ask("POST", "/devices/invitations", {"site": world.towns[0], "name": "周全"})
    assert sent["qr_text"].startswith("BM1|")
    (out,) = client.ask("GET", "/devices/invitations")
    assert sent["code"] not in repr(out)
    client.ask("POST", f"/devices/invitations/{out['invitation']}/end")
    device = world.one.device.hex()
    assert client.ask("GET", f"/devices/{device}")["received"] > 0
    act = {"act": "suspend", "reason": "遗失"}
    assert client.ask("POST", f"/devices/{device}/decide", act)["state"] == "suspended"
    client.ask("POST", f"/devices/{device}/decide", {"act": "revoke"}, status=422)
    client.ask("GET", "/devices/00", status=404)
    first = client.ask("GET", "/audit", limit="2")
    rest = client.ask("GET", "/audit", limit="2", before=first[-1]["entry"])
    assert not {one["entry"] for one in first} & {one["entry"] for one in rest}
    (added,) = client.ask("GET", "/audit", what="add_staff")
    assert added["person"] == client.ask("GET", "/me")["person"]
    client.ask("GET", "/audit", before="x", status=422)
    client.ask("GET", "/audit", **{"from": "2026-13-01"}, status=422)
