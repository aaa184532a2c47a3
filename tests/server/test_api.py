"""/api/v1 as a client meets it: every answer is what the OpenAPI document says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server import accounts
from server.api import endpoints
from server.api.openapi import PREFIX, document
from server.console.app import console_app
from server.front.attachments import AttachmentStore
from shared import ids
from shared.canonical import Value
from shared.operation import Operation
from shared.regions import Level
from shared.verdict import Status
from sync import attachment
from sync.keys import SigningKey
from tests.server.browser import Browser
from tests.server.schemas import faults, template_of
from tests.server.seeding import Moment, Tablet, sample_county

NAME, NUMBER, PHONE = "欧阳小明", "519901194803070019", "13808130001"
WHO: dict[str, Value] = {
    "person_name": NAME, "id_type": "111", "id_no": NUMBER, "item": "BM-YB-001", "phone": PHONE,
}  # fmt: skip


class Client:
    """A client that checks every answer against the document."""

    def __init__(self, app: Browser) -> None:
        self.app = app
        self.token = ""
        self.seen: set[tuple[str, str]] = set()

    def ask(
        self, method: str, path: str, body: object = None, *, status: int = 200, **query: str
    ) -> Any:
        """Send one request; the answer's status and shape are asserted."""
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        answer = self.app.request(method, PREFIX + path, json=body, params=query, headers=headers)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/json"
        found = answer.json()
        said = document()["paths"][template_of(document(), PREFIX + path)][method.lower()][
            "responses"
        ]
        content = said["200" if status == 200 else "default"]["content"]
        assert faults(document(), content["application/json"]["schema"], found) == []
        if status == 200:
            self.seen.add((method, template_of(document(), PREFIX + path)))
        return found


class World:
    """A sample county with a conflict, a possible double filing and a held operation."""

    def __init__(self, root: Path) -> None:
        self.now = Moment(1_795_000_000_000)
        self.county, self.password = sample_county(root, self.now)
        with self.county.ledger.read() as tx:
            sites = self.county.editions(tx).sites
        self.towns = [site.id for site in sites.sites if site.level is Level.TOWNSHIP]
        village = sites.children(self.towns[0])[0].id
        self.one = Tablet(self.county, "K7Q2", village, "AAAAAAAA", "甲")
        self.other = Tablet(self.county, "M3XA", village, "BBBBBBBB", "乙")
        self.clerk = Tablet(self.county, "T4RB", self.towns[0], "CCCCCCCC", "丙", rank=2)
        self.proxy = self.one.act("proxy", "entrust", {**WHO, "slip": "K7Q2-G1115-031-A"})
        self.amend(self.one, "13808137777")
        self.amend(self.other, "13908136666")
        self.case = self.clerk.act("case", "receive", {**WHO})
        self.held = self.other.act(
            "consultation", "register", {"question": "问"}, status=Status.HELD,
            reason="posting_ended",
        )  # fmt: skip

    def amend(self, tablet: Tablet, phone: str) -> Operation:
        """Write a phone beside what others write."""
        return tablet.act(
            "proxy", "amend", {"phone": phone}, record=self.proxy.skeleton.record,
            parents=[self.proxy.id],
        )  # fmt: skip

    def attach(self, content: bytes, *, arrived: bool = True, **fields: Value) -> Operation:
        """Attach a file to the proxy, from its own tablet; its ciphertext is here or not yet."""
        key = self.county.entropy(32)
        cipher = attachment.encrypt(content, key)
        name = attachment.name_of(cipher)
        if arrived:
            store = AttachmentStore(self.county.home.attachments)
            signing = SigningKey.generate(self.county.entropy)
            for raw in attachment.sign_parts(cipher, self.county.code, signing):
                part = attachment.parse_part(raw)
                store.put(part.header, part.content)
        data: dict[str, Value] = {
            "of": ids.record_text(self.proxy.skeleton.record), "key": key.hex(),
            "content_hash": hashlib.sha256(content).hexdigest(), "cipher_hash": name,
            "file_name": "身份证.jpg", "media_type": "image/jpeg", "bytes": len(content),
        }  # fmt: skip
        return self.one.act("attachment", "add", {**data, **fields})

    def audit(self, what: str) -> list[str]:
        """What the audit log says about one sort of act."""
        with self.county.ledger.read() as tx:
            return [one.about for one in tx.audit_entries() if one.what == what]

    def staff(self, name: str, role: str, site: str) -> str:
        """Add somebody and return the password."""
        room = accounts.Accounts(self.county.ledger, self.now, self.county.entropy)
        return room.add(name, role, site)[1]


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


def log_in(client: Client, name: str, password: str) -> None:
    client.token = ""
    client.token = client.ask("POST", "/session", {"name": name, "password": password})["token"]


def test_every_endpoint_answers_as_the_document_says(client: Client, world: World) -> None:
    record = ids.record_text(world.proxy.skeleton.record)
    (conflict,) = client.ask("GET", "/conflicts", reveal="true")
    (pair,) = client.ask("GET", "/pairs")
    (held,) = client.ask("GET", "/held")
    assert {one["short_code"] for one in client.ask("GET", "/devices")} == {"K7Q2", "M3XA", "T4RB"}
    assert {one["key"] for one in client.ask("GET", "/today")["lines"]} >= {"disk", "version"}
    assert len(client.ask("GET", "/records")) == 3
    assert client.ask("GET", f"/records/{record}")["state"] == "已委托"
    period: dict[str, Any] = {"from": "2026-11-01", "to": "2026-11-30"}
    metrics = client.ask("GET", "/report", **period)["metrics"]
    assert metrics["M33"]["missing"] == "系统不登记培训"
    assert {one["key"] for one in client.ask("GET", "/report/definitions")} == metrics.keys()
    listed = client.ask("GET", "/report/list", metric="M7", **period)
    assert listed["total"] == len(listed["records"]) == metrics["M7"]["numerator"] > 0
    towns = client.ask("GET", "/report/map", metric="M7", **period)
    assert sum(one["figure"]["numerator"] for one in towns) == metrics["M7"]["numerator"]
    months = client.ask("GET", "/report/trend", metric="M7", **period)
    assert (len(months), months[-1]["figure"]["numerator"]) == (12, metrics["M7"]["numerator"])
    assert client.ask("GET", "/report/times", **period)["total"] == 0
    world.attach(b"photo")
    (paper,) = client.ask("GET", f"/records/{record}/attachments")
    administrator = client.token
    log_in(client, "watch", world.staff("watch", "supervisor", "s0001"))
    opened = {"attachment": paper["attachment"], "reason": "核查"}
    client.ask("POST", f"/records/{record}/attachments", opened)
    client.token = administrator
    settle = {"record": record, "field": "phone", "value": "13908136666", "reason": "电话核实"}
    client.ask("POST", "/conflicts/settle", settle)
    judge = {"operation": held["operation"], "decision": "admit", "reason": "任职已核实"}
    client.ask("POST", "/held/judge", judge)
    client.ask(
        "POST", "/pairs/settle", {"pair": pair["id"], "value": "different", "reason": "两件事"}
    )
    assert conflict["field"] == "phone"
    client.ask("POST", "/password", {"old": world.password, "new": "a-better-secret"})
    client.ask("DELETE", "/session")
    client.ask("GET", "/held", status=401)
    backbone = {(one.method, PREFIX + one.path) for one in endpoints.ENDPOINTS}
    assert client.seen >= backbone  # the other areas have tests of their own


def test_a_conflict_shows_both_sides_with_their_source(client: Client, world: World) -> None:
    (conflict,) = client.ask("GET", "/conflicts", reveal="true")
    assert conflict["record"] == ids.record_text(world.proxy.skeleton.record)
    assert {one["value"] for one in conflict["values"]} == {"13808137777", "13908136666"}
    assert {one["device"] for one in conflict["values"]} == {
        world.one.device.hex(), world.other.device.hex(),
    }  # fmt: skip
    assert {one["agent"] for one in conflict["values"]} == {"AAAAAAAA", "BBBBBBBB"}
    assert {one["author"] for one in conflict["values"]} == {"agent:AAAAAAAA", "agent:BBBBBBBB"}
    assert conflict["shown"] == conflict["values"][0]["value"]


def test_settling_writes_an_operation_of_the_county(client: Client, world: World) -> None:
    record = world.proxy.skeleton.record
    asked = {"record": ids.record_text(record), "field": "phone", "reason": "电话核实"}
    done = client.ask("POST", "/conflicts/settle", {**asked, "value": "13908136666"})
    assert client.ask("GET", "/conflicts") == []
    with world.county.ledger.read() as tx:
        operation = tx.operation(bytes.fromhex(done["operation"]))
    assert operation is not None
    assert operation.skeleton.act == "settle"
    assert operation.skeleton.author.startswith("staff:")
    shown = client.ask("GET", f"/records/{asked['record']}", reveal="true")
    assert shown["fields"]["phone"] == "13908136666"
    second = client.ask("POST", "/conflicts/settle", {**asked, "value": "13808137777"}, status=409)
    assert second["error"] == "unknown_conflict"
    client.ask("POST", "/conflicts/settle", {**asked, "value": "13808137777", "again": True})
    shown = client.ask("GET", f"/records/{asked['record']}", reveal="true")
    assert shown["fields"]["phone"] == "13808137777"


def test_a_masked_value_chooses_the_side_it_was_shown_for(client: Client, world: World) -> None:
    (conflict,) = client.ask("GET", "/conflicts")
    assert {one["value"] for one in conflict["values"]} == {"138****7777", "139****6666"}
    asked = {"record": conflict["record"], "field": "phone", "reason": "核实"}
    client.ask("POST", "/conflicts/settle", {**asked, "value": "130****0000"}, status=409)
    client.ask("POST", "/conflicts/settle", {**asked, "value": "139****6666"})
    shown = client.ask("GET", f"/records/{conflict['record']}", reveal="true")
    assert shown["fields"]["phone"] == "13908136666"


def test_work_that_came_after_the_page_stays_beside_the_decision(
    client: Client, world: World
) -> None:
    (conflict,) = client.ask("GET", "/conflicts")
    heads = [one["operation"] for one in conflict["values"]]
    world.amend(world.clerk, "13708135555")
    client.ask(
        "POST", "/conflicts/settle",
        {"record": conflict["record"], "field": "phone", "reason": "核实", "heads": heads,
         "operation": heads[0]},
    )  # fmt: skip
    (left,) = client.ask("GET", "/conflicts", reveal="true")
    assert "13708135555" in {one["value"] for one in left["values"]}


def test_pairs_are_decided_once_unless_asked_again(client: Client) -> None:
    (pair,) = client.ask("GET", "/pairs")
    asked = {"pair": pair["id"], "value": "different", "reason": "两件事"}
    client.ask("POST", "/pairs/settle", asked)
    assert client.ask("GET", "/pairs") == []
    client.ask("POST", "/pairs/settle", asked, status=409)
    client.ask("POST", "/pairs/settle", {**asked, "again": True})


def test_held_work_is_admitted_and_counts(client: Client, world: World) -> None:
    (held,) = client.ask("GET", "/held")
    assert held["device"] == world.other.device.hex()
    assert "乡镇主任" in held["reason"]
    client.ask(
        "POST", "/held/judge",
        {"operation": held["operation"], "decision": "admit", "reason": "核实"},
    )  # fmt: skip
    assert client.ask("GET", "/held") == []
    (row,) = client.ask("GET", "/records", kind="consultation")
    assert row["state"] == "已登记"


def test_personal_data_is_masked_and_every_reveal_is_written_down(
    client: Client, world: World
) -> None:
    record = ids.record_text(world.case.skeleton.record)
    masked = client.ask("GET", f"/records/{record}")["fields"]
    assert masked["person_name"] == "欧**明"
    assert masked["phone"] == "138****0001"
    assert world.audit(accounts.REVEALED) == []
    shown = client.ask("GET", f"/records/{record}", reveal="true")["fields"]
    assert (shown["person_name"], shown["phone"]) == (NAME, PHONE)
    assert shown["id_no"] == "519***********0019", "an administrator never sees a whole number"
    assert world.audit(accounts.REVEALED) == [record]


def test_a_township_sees_its_own_and_decides_nothing_beyond(client: Client, world: World) -> None:
    password = world.staff("clerk", "clerk", world.towns[1])
    log_in(client, "clerk", password)
    for path in ("/records", "/conflicts", "/pairs", "/held", "/devices"):
        assert client.ask("GET", path) == [], path
    record = ids.record_text(world.proxy.skeleton.record)
    client.ask("GET", f"/records/{record}", status=404)
    asked = {"record": record, "field": "phone", "value": "13908136666", "reason": "核实"}
    assert client.ask("POST", "/conflicts/settle", asked, status=403)["error"] == "not_allowed"
    judge = {"operation": world.held.id.hex(), "decision": "admit", "reason": "核实"}
    client.ask("POST", "/held/judge", judge, status=403)


def test_a_complaint_about_a_person_shows_an_administrator_its_outline_only(
    client: Client, world: World
) -> None:
    told = world.clerk.act(
        "complaint", "register", {"target_kind": "person", "content": "收钱", "target": "AAAAAAAA"}
    )
    found = client.ask("GET", f"/records/{ids.record_text(told.skeleton.record)}", reveal="true")
    assert (found["state"], found["fields"]) == ("已登记", {})
    assert world.audit(accounts.REVEALED) == []


def test_a_complaint_about_a_person_is_in_no_list_of_that_persons_site(
    client: Client, world: World
) -> None:
    world.clerk.act(
        "complaint", "register", {"target_kind": "person", "content": "收钱", "target": "CCCCCCCC"}
    )
    log_in(client, "clerk", world.staff("clerk", "clerk", world.towns[0]))
    assert client.ask("GET", "/records", kind="complaint") == []
    assert len(client.ask("GET", "/records")) == 3
    log_in(client, "watch", world.staff("watch", "supervisor", "s0001"))
    assert len(client.ask("GET", "/records", kind="complaint")) == 1


def test_a_decision_names_what_it_chooses(client: Client, world: World) -> None:
    asked = {"record": ids.record_text(world.proxy.skeleton.record), "field": "phone"}
    found = client.ask("POST", "/conflicts/settle", {**asked, "reason": "核实"}, status=422)
    assert found["error"] == "nothing_chosen"


@pytest.mark.parametrize("path", ["/conflicts", "/pairs", "/held", "/devices", "/records"])
def test_nothing_is_shown_without_a_token(client: Client, path: str) -> None:
    for token in ("", "guess", "a" * 43):
        client.token = token
        assert client.ask("GET", path, status=401)["error"] == "not_logged_in"


@pytest.mark.parametrize(
    "body",
    [
        {}, {"name": "admin"}, {"name": 1, "password": "x"}, {"name": "", "password": "x"}, [], "x",
        {"name": "a", "password": "b", "more": 1}, {"name": "a" * 65, "password": "b"}, None,
    ],
)  # fmt: skip
def test_a_malformed_body_is_one_clear_error(client: Client, body: object) -> None:
    found = client.ask("POST", "/session", body, status=422)
    assert found["error"] == "wrong_body"


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[" * 5000, b'{"name":"\\ud800"}'])
def test_garbage_is_one_clear_error(client: Client, raw: bytes) -> None:
    answer = client.app.post(PREFIX + "/session", content=raw)
    assert answer.status_code == 422
    assert answer.json()["error"] == "wrong_body"


def test_a_body_over_the_limit_is_not_read(client: Client) -> None:
    answer = client.app.post(PREFIX + "/session", content=b"x" * (65 << 10))
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("path", "query"),
    [("/records/nothing", {}), ("/records", {"limit": "0"}), ("/records", {"limit": "x"}),
     ("/records", {"before": "x"}), ("/records", {"conflicts": "maybe"}),
     ("/records", {"before": ""}), ("/records", {"limit": ""}),
     ("/report", {}), ("/report", {"from": "2026-1-1", "to": "x"}),
     ("/report", {"from": "2026-02-01", "to": "2026-01-01"})],
)  # fmt: skip
def test_wrong_parameters_are_one_clear_error(
    client: Client, path: str, query: dict[str, Any]
) -> None:
    assert client.ask("GET", path, status=422, **query)["sentence"].endswith("。")


def test_lists_go_on_where_they_ended(client: Client) -> None:
    headers = {"authorization": f"Bearer {client.token}"}
    seen, path = [], PREFIX + "/records?limit=1"
    while path:
        answer = client.app.get(path, headers=headers)
        seen += [one["record"] for one in answer.json()]
        path = answer.headers.get("link", "").partition(">")[0].removeprefix("<")
    assert len(seen) == len(set(seen)) == 3


def test_tries_are_limited(client: Client, world: World) -> None:
    for _ in range(accounts.TRIES_PER_NAME):
        client.ask("POST", "/session", {"name": "admin", "password": "guess"}, status=401)
    body = {"name": "admin", "password": world.password}
    client.ask("POST", "/session", body, status=429)


def test_a_real_county_asks_for_a_new_password_first(client: Client, world: World) -> None:
    world.county.sample = False
    assert client.ask("GET", "/held", status=403)["error"] == "must_change"
    client.ask("POST", "/password", {"old": world.password, "new": "a-better-secret"})
    assert len(client.ask("GET", "/held")) == 1
