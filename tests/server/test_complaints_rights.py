"""Red lines of complaints, cell by cell: who sees one, and who may do what to it (DOMAIN §3.4)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server import sight
from server.accounts import Accounts, Person
from server.api import messages
from server.desk import Desk, UnknownRecord
from server.sight import NotAllowed, Subject
from server.storage import RecordFilter
from shared.canonical import Value
from shared.ids import record_text
from shared.operation import Operation
from shared.verdict import Status
from tests.server.test_api import World

CONDUCT: dict[str, Value] = {
    "target_kind": "person", "target_name": "丙", "target": "CCCCCCCC", "content": "收了五十元",
}  # fmt: skip
OPEN: dict[str, Value] = {"target_kind": "equipment", "content": "叫号机坏了"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "county")
    # What the county decides comes after what the tablets' acts were numbered with.
    made.county.ledger.writing(lambda tx: tx.take_county_seq(5000))
    yield made
    made.county.ledger.engine.dispose()


def desk_of(world: World) -> Desk:
    room = Accounts(world.county.ledger, world.now, world.county.entropy)
    return Desk(world.county, room)


def person(world: World, name: str, role: str, site: str) -> Person:
    world.staff(name, role, site)
    with world.county.ledger.read() as tx:
        row = tx.staff_named(name)
    assert row is not None
    return Person(row.staff, name, role, site, False, "", b"")


def _subject(world: World, fields: dict[str, Value]) -> Subject:
    return Subject("complaint", "转办中", world.one.site, world.towns[0], fields)


def _sees(world: World, who: Person, fields: dict[str, Value]) -> str:
    with world.county.ledger.read() as tx:
        found = sight.sight_of(who, world.county.editions(tx), _subject(world, fields))
    return "content" if found.content else "outline" if found.seen else "nothing"


@pytest.mark.parametrize(
    ("role", "where", "conduct", "other"),
    [
        ("village", "village", "nothing", "content"),
        ("clerk", "town", "nothing", "content"),
        ("head", "town", "nothing", "content"),
        ("head", "elsewhere", "nothing", "nothing"),
        ("department", "centre", "nothing", "nothing"),
        ("supervisor", "centre", "content", "content"),
        ("administrator", "centre", "outline", "content"),
    ],
)
def test_who_sees_a_complaint(
    world: World, role: str, where: str, conduct: str, other: str
) -> None:
    sites = {"village": world.one.site, "town": world.towns[0], "elsewhere": world.towns[1]}
    who = person(world, "某人", role, sites.get(where, "s0001"))
    assert _sees(world, who, CONDUCT) == conduct
    assert _sees(world, who, {**CONDUCT, "target_kind": "undisclosed"}) == conduct
    assert _sees(world, who, OPEN) == other


@pytest.mark.parametrize("role", ["head", "department", "supervisor"])
def test_the_handler_sees_it_and_the_person_it_is_about_never(world: World, role: str) -> None:
    who = person(world, "某人", role, world.towns[1] if role == "head" else "s0001")
    assert _sees(world, who, {**CONDUCT, "handler": who.author}) == "content"
    for about in ({"target": who.staff}, {"target": who.author}, {"target_name": who.name}):
        assert _sees(world, who, {**CONDUCT, "handler": who.author, **about}) == "nothing"


def test_heads_neither_find_nor_count_a_sealed_complaint_of_their_township(world: World) -> None:
    desk, head = desk_of(world), person(world, "主任", "head", world.towns[0])
    before = len(desk.lines(head, RecordFilter()))
    made = world.one.act("complaint", "register", dict(CONDUCT))
    world.one.act(
        "complaint", "reply", {"finding": "unfounded", "reply": "查无此事"},
        record=made.skeleton.record, parents=[made.id], status=Status.HELD, reason="only_propose",
    )  # fmt: skip
    assert len(desk.lines(head, RecordFilter())) == before
    assert desk.lines(head, RecordFilter(kinds=["complaint"])) == []
    assert desk.rows(head, [made.skeleton.record]) == []
    with pytest.raises(UnknownRecord):
        desk.record(head, made.skeleton.record)
    assert record_text(made.skeleton.record) not in {one.record for one in desk.held(head)}
    seen = world.one.act("complaint", "register", dict(OPEN))
    assert [one.record for one in desk.lines(head, RecordFilter(kinds=["complaint"]))] == [
        seen.skeleton.record
    ]


def _may(world: World, who: Person, fields: dict[str, Value], act: str) -> bool:
    with world.county.ledger.read() as tx:
        return sight.may_act(who, world.county.editions(tx), _subject(world, fields), act).allowed


@pytest.mark.parametrize(
    ("act", "allowed"),
    [
        ("triage", {"supervisor"}), ("assign", {"supervisor"}), ("extend", {"supervisor"}),
        ("reply", {"supervisor"}), ("call_back", {"supervisor"}), ("close", {"supervisor"}),
        ("reopen", {"supervisor"}), ("amend", {"supervisor"}), ("reassign", {"supervisor"}),
        ("investigate", set()), ("object", set()), ("withdraw", set()), ("correct_record",
         {"administrator"}),
    ],
)  # fmt: skip
def test_who_may_do_what_to_a_sealed_complaint(world: World, act: str, allowed: set[str]) -> None:
    homes = {
        "village": world.one.site, "clerk": world.towns[0], "head": world.towns[0],
        "department": "s0001", "supervisor": "s0001", "administrator": "s0001",
    }  # fmt: skip
    people = {role: person(world, role, role, site) for role, site in homes.items()}
    assert {r for r, who in people.items() if _may(world, who, CONDUCT, act)} == allowed
    about = {r for r, who in people.items() if _may(world, who, {**CONDUCT, "target": who.staff},
             act)}  # fmt: skip
    assert about <= {"administrator"}, "nobody acts on a complaint about themselves"


@pytest.mark.parametrize("act", ["investigate", "ask", "object", "reassign"])
def test_the_handler_works_on_it_and_hands_it_back(world: World, act: str) -> None:
    who = person(world, "承办", "department", "s0001")
    assert _may(world, who, {**CONDUCT, "handler": who.author}, act)
    assert not _may(world, who, {**CONDUCT, "handler": who.author, "target": who.staff}, act)
    assert not _may(world, who, {**CONDUCT, "handler": who.author}, "reply"), "proposed, released"


def _proposed(world: World, fields: dict[str, Value]) -> Operation:
    made = world.one.act("complaint", "register", dict(fields))
    return world.one.act(
        "complaint", "reply", {"finding": "upheld", "reply": "情况属实"},
        record=made.skeleton.record, parents=[made.id], status=Status.HELD, reason="only_propose",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("role", "fields", "is_released"),
    [
        ("supervisor", OPEN, True), ("supervisor", CONDUCT, True), ("head", OPEN, False),
        ("head", CONDUCT, False), ("administrator", OPEN, False), ("administrator", CONDUCT, False),
        ("department", OPEN, False), ("clerk", OPEN, False),
    ],
)  # fmt: skip
def test_a_reply_that_a_tablet_proposed_is_released_by_the_supervisor_alone(
    world: World, role: str, fields: dict[str, Value], is_released: bool
) -> None:
    site = world.towns[0] if role in {"head", "clerk"} else "s0001"
    who, held = person(world, "某人", role, site), _proposed(world, fields)
    asked = messages.Judge(held.id.hex(), "admit", "核过")
    if is_released:
        desk_of(world).judge(who, asked)
    else:
        with pytest.raises(NotAllowed):
            desk_of(world).judge(who, asked)


@pytest.mark.parametrize(
    ("role", "conduct", "other"),
    [("supervisor", True, False), ("administrator", False, True), ("head", False, True)],
)
def test_what_else_is_held_of_a_sealed_complaint_waits_for_the_supervisor(
    world: World, role: str, conduct: bool, other: bool
) -> None:
    who = person(world, "某人", role, world.towns[0] if role == "head" else "s0001")
    for fields, may in ((CONDUCT, conduct), (OPEN, other)):
        made = world.one.act("complaint", "register", dict(fields))
        held = world.one.act(
            "complaint", "amend", {"content": "补充"}, record=made.skeleton.record,
            parents=[made.id], status=Status.HELD, reason="posting_ended",
        )  # fmt: skip
        asked = messages.Judge(held.id.hex(), "admit", "核过")
        if may:
            desk_of(world).judge(who, asked)
        else:
            with pytest.raises(NotAllowed):
                desk_of(world).judge(who, asked)
