"""The permission matrix twice over: every cell of §3.4 against `may`, every route as every role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Mount, Route

from server import admin, staff_changes
from server.accounts import Accounts
from server.api.openapi import PREFIX
from server.api.table import ENDPOINTS
from server.console.app import console_app
from server.desk import Desk
from server.staff_postings import Power
from server.staff_rights import FACTS, rights
from shared import ids
from shared.permission_table import PERMISSIONS
from shared.permissions import Question, may
from shared.rights import FORBIDS, NEEDS, READING, Role
from tests.server.browser import Browser
from tests.server.permission_matrix import MATRIX, cells
from tests.server.route_rules import API, CONSOLE, EVERYBODY, ROLES, Rule
from tests.server.test_api import World
from tests.server.test_console import Forms, log_in
from tests.server.test_overseeing import person_of

REFUSED = {403, 404}
NOTHING = "00000000-0000-7000-8000-000000000000"
"""The id of what is not there."""


# ---- every cell


def test_every_cell_of_the_matrix_is_what_the_document_says() -> None:
    asked = cells()
    wrong = []
    for cell in asked:
        facts: dict[str, Any] = dict(cell.facts)
        answer = may(Question(role=cell.role, capability=cell.capability, **facts))
        allowed = cell.mode == "do" or (cell.mode == "view" and cell.capability in READING)
        if (answer.mode, answer.allowed) != (cell.mode, allowed):
            wrong.append((cell, answer))
    assert wrong == []
    assert len(asked) > 3000


def test_the_page_of_rights_shows_every_row_and_every_fact_has_a_word() -> None:
    shown = rights()
    assert {line.capability for line in shown.law} >= {
        one.value for one in MATRIX if one.value not in {"register_complaint", "appoint"}
    }
    assert len(shown.law) + len(shown.beyond) == len(PERMISSIONS) - 1
    assert FACTS.keys() >= NEEDS.keys() | FORBIDS.keys()
    assert len(shown.roles) == len(Role)


# ---- every route


class Places:
    """Six people of six roles, and what the routes are about."""

    def __init__(self, root: Path) -> None:
        self.world = World(root)
        world, county = self.world, self.world.county
        room = Accounts(county.ledger, world.now, county.entropy)
        desk = Desk(county, room)
        site = {"village": world.one.site, "supervisor": "s0001", "administrator": "s0001"}
        self.tokens: dict[str, str] = {}
        self.browsers: dict[str, Browser] = {}
        self.app = console_app(county)
        for role in ROLES:
            password = world.staff(role, role, site.get(role, world.towns[0]))
            self.browsers[role] = Browser(self.app)
            log_in(self.browsers[role], role, password)
            self.tokens[role] = room.log_in(role, password, "10.0.0.9").token
        boss = person_of(world, "admin")
        paper = world.attach(b"photo")
        self.known = {
            "record": ids.record_text(world.proxy.skeleton.record),
            "held": world.held.id.hex(), "device": world.one.device.hex(),
            "town": world.towns[0], "today": county.today().isoformat(),
            "paper": ids.record_text(paper.skeleton.record), "key": "00",
        }  # fmt: skip
        with county.ledger.read() as tx:
            pairs = desk.pairs(boss)
            conflict = desk.conflicts(boss)[0]
            self.known["pair"] = pairs[0].id
            self.known["side"] = conflict.values[0].operation
            self.known["heads"] = " ".join(
                one.operation.id.hex()
                for one in tx.operations_of([world.proxy.skeleton.record])[
                    world.proxy.skeleton.record
                ]
            )
        self.desk, self.boss = desk, boss

    def fresh(self, number: int) -> dict[str, str]:
        """Somebody to change, with a grant, and an invitation: new ones for every request."""
        name = f"同事{number}"
        self.desk.accounts.ledger.writing(lambda tx: tx.put_staff(self._row(name)))
        who = person_of(self.world, name).author
        power = Power(who, "县民政局", ("decide",), (), self.desk.county.today(), None)
        grant = staff_changes.lend(self.desk, self.boss, power, "授权")
        admin.invite(self.desk.county, self.world.towns[0])
        with self.desk.county.ledger.read() as tx:
            (invitation, *_) = tx.open_invitations(self.desk.county.now())
        return self.known | {
            "person": who, "grant": ids.record_text(grant),
            "invitation": invitation.invitation.hex(),
        }  # fmt: skip

    def _row(self, name: str) -> Any:
        with self.desk.county.ledger.read() as tx:
            like = tx.staff_named("clerk")
        assert like is not None
        return like._replace(staff=f"Q{name[2:].rjust(7, 'A')}", name=name)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    made = Places(tmp_path_factory.mktemp("rights") / "county")
    yield made
    made.world.county.ledger.engine.dispose()


def _filled(value: object, known: dict[str, str]) -> Any:
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], NOTHING), value)
    return value


def _send(
    places: Places, role: str, method: str, path: str, rule: Rule, number: int, *, is_api: bool
) -> int:
    known = places.fresh(number)
    where = _filled(path, known)
    form = {name: _filled(value, known) for name, value in rule.form.items()}
    if is_api:
        answer = places.browsers[role].request(
            method, PREFIX + where, json=form if method == "POST" else None,
            headers={"authorization": f"Bearer {places.tokens[role]}"},
        )  # fmt: skip
    else:
        browser = places.browsers[role]
        token = Forms(browser.get("/").text).found["/logout"]["token"]
        answer = browser.post(where, data=form | {"token": token})
    return answer.status_code


def _routes(places: Places) -> set[str]:
    posts: set[str] = set()
    for one in places.app.routes:
        if isinstance(one, Mount) or not isinstance(one, Route):
            continue
        if "POST" in (one.methods or ()) and not one.path.startswith("/api/"):
            posts.add(one.path)
    return posts


def test_every_form_and_every_endpoint_says_whom_it_is_for(places: Places) -> None:
    assert _routes(places) == CONSOLE.keys(), "a form without a rule, or a rule without a form"
    assert {(one.method, one.path) for one in ENDPOINTS} == API.keys()
    here = Path(__file__).parent
    proven = {rule.proven for rule in (*CONSOLE.values(), *API.values()) if rule.proven}
    assert [one for one in proven if not (here / one).exists()] == []
    public = {(one.method, one.path) for one in ENDPOINTS if one.is_public}
    assert public == {key for key, rule in API.items() if rule.is_public}


def test_every_role_gets_only_what_its_rule_says(places: Places) -> None:
    """Whom a rule leaves out are refused first, so that nothing has changed when they ask."""
    wrong: list[str] = []
    number = 0
    everything = [
        *(("POST", path, rule, False) for path, rule in CONSOLE.items()),
        *((method, path, rule, True) for (method, path), rule in API.items()),
    ]
    for method, path, rule, is_api in everything:
        if rule.is_public or rule.ends_log_in or rule.proven:
            continue
        for role in sorted(ROLES, key=lambda one: one in rule.roles):
            number += 1
            status = _send(places, role, method, path, rule, number, is_api=is_api)
            refused = status in REFUSED
            if refused == (role in rule.roles) or status >= 500:
                wrong.append(f"{'API' if is_api else 'form'} {method} {path} as {role}: {status}")
    assert "\n".join(wrong) == ""


def test_nothing_but_the_log_in_is_open_to_strangers(places: Places) -> None:
    stranger, known = Browser(places.app), places.fresh(0)
    for path, rule in CONSOLE.items():
        answer = stranger.post(_filled(path, known), data={})
        if not rule.is_public:
            assert (answer.status_code, answer.headers["location"][:6]) == (303, "/login"), path
    for (method, path), rule in API.items():
        if not rule.is_public:
            asked = stranger.request(method, PREFIX + _filled(path, known))
            assert asked.status_code == 401, path
    assert frozenset(ROLES) == EVERYBODY
