"""Joining a county, over a real socket: lost replies, impostors, one more agent."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import requests

from mobile import enrolment
from mobile.enrolment import AgentThere, Enrolled, Invitation, OtherCounty
from mobile.home import NotEnrolled
from mobile.slot import BadPin, WrongPin
from mobile.tablet import Locked
from shared.errors import Misuse
from sync.exchange import Exchange, NotTheCounty, Unreachable
from tests.mobile.county import County, Serving
from tests.mobile.kit import PIN, CountyKeys, machine


@pytest.fixture
def locked(tmp_path: Path) -> Locked:
    return Locked(tmp_path / "home", machine())


def exchange(url: str) -> Exchange:
    return Exchange(requests.Session(), url, monotonic=time.monotonic)


def enrol(
    locked: Locked, url: str, *, name: str = "测试员甲", pin: str = PIN,
    fingerprint: str | None = None,
) -> Enrolled:  # fmt: skip
    return enrolment.enrol(
        locked, Invitation(url, "CODE", fingerprint), name=name, pin=pin, exchange=exchange,
        session=requests.Session(),
    )  # fmt: skip


def test_a_home_is_ready_after_enrolment(locked: Locked, county: County, url: str) -> None:
    done = enrol(locked, url, fingerprint=county.keys.card_content().fingerprint)
    assert (done.state, done.site, done.role) == ("active", "s0101", "village")
    assert len(done.digits) == 6
    tablet = locked.unlock(PIN)
    tablet.desk.record("consultation", {"question": "问"})
    assert len(tablet.desk.records()) == 1


def test_before_enrolment_one_sentence(locked: Locked) -> None:
    with pytest.raises(NotEnrolled, match="入网"):
        locked.unlock(PIN)


def test_a_lost_reply_is_asked_for_again_with_the_same_keys(
    locked: Locked, county: County, url: str
) -> None:
    county.manners.lose_answers = 1
    with pytest.raises(Unreachable):
        enrol(locked, url)
    with pytest.raises(NotEnrolled):
        locked.unlock(PIN)
    enrol(locked, url)
    assert len(county.signing) == 1
    assert len(locked.keyring.slots()) == 1
    locked.unlock(PIN)


def test_a_portal_is_not_a_county(locked: Locked, county: County, url: str) -> None:
    county.manners.portal = True
    with pytest.raises(NotTheCounty):
        enrol(locked, url)
    assert not locked.home.is_enrolled


def test_an_impostor_does_not_have_the_fingerprint(locked: Locked, url: str) -> None:
    wanted = CountyKeys("another").card_content().fingerprint
    with pytest.raises(OtherCounty, match="指纹"):
        enrol(locked, url, fingerprint=wanted)
    assert not locked.home.is_enrolled


@pytest.mark.parametrize("server", ["nonsense", "ftp://x", "http://"])
def test_an_address_that_is_none_is_misuse(locked: Locked, server: str) -> None:
    with pytest.raises(Misuse):
        enrol(locked, server)


def test_nobody_there(locked: Locked) -> None:
    with pytest.raises(Unreachable):
        enrol(locked, "http://127.0.0.1:1")


@pytest.mark.parametrize(("name", "pin", "error"), [("", PIN, Misuse), ("甲" * 65, PIN, Misuse),
                                                     ("甲", "12", BadPin)])  # fmt: skip
def test_bad_names_and_pins(
    locked: Locked, url: str, name: str, pin: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        enrol(locked, url, name=name, pin=pin)


def test_one_more_agent_shares_the_store_with_a_pin_of_their_own(locked: Locked, url: str) -> None:
    enrol(locked, url)
    tablet = locked.unlock(PIN)
    tablet.desk.record("consultation", {"question": "问"})
    tablet.lock()
    enrol(locked, url, name="测试员乙", pin="135791")
    second = locked.unlock("135791", "测试员乙")
    assert len(second.desk.records()) == 1
    with pytest.raises(WrongPin):
        locked.unlock(PIN, "测试员乙")
    assert locked.unlock(PIN, "测试员甲").keys.slot.name == "测试员甲"
    assert locked.slot().name == "测试员甲"  # the last one used


def test_an_agent_is_there_once(locked: Locked, url: str) -> None:
    enrol(locked, url)
    with pytest.raises(AgentThere):
        enrol(locked, url)


def test_a_home_belongs_to_one_county(locked: Locked, url: str) -> None:
    enrol(locked, url)
    with Serving(County(CountyKeys("other"))) as other, pytest.raises(OtherCounty):
        enrol(locked, other.url, name="测试员乙")
