"""Sealed complaints of a county that keeps its key elsewhere: its holder brings it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.accounts import Accounts, Person
from server.county import County
from server.desk import Desk
from server.keys import CountyKeys
from server.sight import NotAllowed
from server.unsealing import NoReasonToUnseal, NotTheKey, unseal, waiting
from sync.keys import SealingKey
from tests.server.core.test_sealed import SAID, complaints, drop
from tests.server.core.world import Tablet


@pytest.fixture
def box(anna: Tablet) -> Tablet:
    """The sealed stream of Anna's tablet, at a county without the private key."""
    anna.begin_stream()
    anna.county.keys = replace(anna.county.keys, complaint=None)
    return anna


@pytest.fixture
def key(county: County) -> str:
    """What its holder keeps."""
    keys: CountyKeys = county.keys
    assert keys.complaint is not None
    return keys.complaint.raw.hex()


def desk_of(county: County) -> Desk:
    return Desk(county, Accounts(county.ledger, county.now, county.entropy))


def person(role: str) -> Person:
    return Person("W", "冯督查", role, "s0001", False, "", b"")


def looks(county: County) -> list[str]:
    with county.ledger.read() as tx:
        return [one.detail for one in tx.audit_entries(about="sealed") if one.what == "unseal"]


def test_the_key_opens_what_waited_once_and_is_kept_nowhere(key: str, box: Tablet) -> None:
    county, watch = box.county, person("supervisor")
    desk = desk_of(county)
    for one in (SAID, None, {**SAID, "content": "又一件"}, None):
        drop(box, one)
    box.send()
    found = waiting(desk, watch)
    assert found is not None
    assert (found.count, found.since) == (4, 0), "dummies are told from nothing"
    assert complaints(county) == []
    assert unseal(desk, watch, key.upper(), "每周查收") == 2
    assert {one.fields["content"] for one in complaints(county)} == {"态度不好", "又一件"}
    with county.ledger.read() as tx:
        assert not any(tx.scopes_of([one.id for one in complaints(county)]).values())
    assert looks(county) == ["每周查收"]
    assert county.keys.complaint is None
    assert unseal(desk, watch, key, "再查一遍") == 0
    after = waiting(desk, watch)
    assert after is not None
    assert after.count == 0
    assert after.since > 0
    assert len(complaints(county)) == 2


@pytest.mark.parametrize("wrong", ["", "zz" * 32, "00" * 31, "00" * 33, "生" * 64])
def test_another_key_opens_nothing_and_is_no_look(key: str, box: Tablet, wrong: str) -> None:
    drop(box, SAID)
    box.send()
    desk = desk_of(box.county)
    stranger = SealingKey.generate(box.county.entropy).raw.hex()
    for brought in (wrong, stranger):
        with pytest.raises(NotTheKey):
            unseal(desk, person("supervisor"), brought, "查收")
    with pytest.raises(NoReasonToUnseal):
        unseal(desk, person("supervisor"), key, " ")
    assert complaints(box.county) == []
    assert looks(box.county) == []


@pytest.mark.parametrize("role", ["administrator", "head", "clerk", "department", "village"])
def test_the_key_alone_makes_no_supervisor(key: str, box: Tablet, role: str) -> None:
    drop(box, SAID)
    box.send()
    with pytest.raises(NotAllowed):
        unseal(desk_of(box.county), person(role), key, "查收")
    assert waiting(desk_of(box.county), person(role)) is None
    assert complaints(box.county) == []
