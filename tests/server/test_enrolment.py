"""Enrolment and what the administrator does with devices."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from server.accounts import UnknownStaff
from server.admin import (
    INVITATION_MS,
    UnknownDevice,
    WrongState,
    add_staff,
    decide_device,
    devices,
    invite,
)
from server.codes import code_hash
from server.county import County, day_number
from server.enrolment import DeviceClosed, WrongCode, device_record, enrol
from server.handover import Handed, HandOver
from server.opening import close_county, open_county
from server.take_in import take_in
from server.verify import verify
from shared.fold import fold
from shared.sites import UnknownSite
from shared.verdict import Status
from sync.keys import SigningKey
from tests.server.counties import CENTRE, TOWNSHIP, VILLAGE, Clock, a_county, a_tablet
from tests.server.tablets import Tablet


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def county(tmp_path: Path, clock: Clock) -> Iterator[County]:
    with a_county(tmp_path / "county", clock=clock) as county:
        yield county


def state_of(county: County, tablet: Tablet) -> str | None:
    with county.ledger.read() as tx:
        record = device_record(tablet.device_key.id)
        return fold(tx.operations_of([record])[record]).state


def test_a_sample_county_enrols_at_once(county: County) -> None:
    tablet = a_tablet(county, invite(county, VILLAGE).code)
    (listed,) = devices(county)
    assert (listed["device"], listed["state"]) == (tablet.device_key.id.hex(), "active")
    assert (listed["site_code"], listed["seq"]) == (VILLAGE, 0)
    assert state_of(county, tablet) == "active"
    with county.ledger.read() as tx:
        (posting,) = tx.postings(person=f"agent:{tablet.agent}")
        scopes = tx.scopes_of([device_record(tablet.device_key.id), posting.posting])
    assert (posting.role, posting.from_on) == ("village", day_number(county.today()))
    assert set(scopes.values().__iter__().__next__()) == {"*"}
    assert verify(county).violations == ()


@pytest.mark.parametrize(
    ("site", "head", "role"),
    [
        (VILLAGE, False, "village"),
        (TOWNSHIP, False, "clerk"),
        (TOWNSHIP, True, "head"),
        (CENTRE, False, "clerk"),
    ],
)
def test_the_role_follows_the_level_of_the_site(
    county: County, site: str, head: bool, role: str
) -> None:
    assert invite(county, site, head=head).role == role


def test_an_invitation_fits_a_qr_and_its_code_is_stored_nowhere(county: County) -> None:
    made = invite(county, VILLAGE, agent="张三")
    text = made.qr_text("http://192.168.1.20:8710", county.code, county.home.config.fingerprint)
    assert len(text) <= 150
    bare = made.code.replace("-", "")
    assert len(bare) == 12
    with county.ledger.read() as tx:
        assert tx.invitation(code_hash(bare)) is not None
        assert tx.invitation(code_hash(made.code.lower())) is not None
    found = b"".join(path.read_bytes() for path in county.home.root.glob("core.db*"))
    assert bare.encode() not in found


def test_a_code_lapses_after_a_day_and_serves_once(county: County, clock: Clock) -> None:
    late = invite(county, VILLAGE).code
    clock.now += INVITATION_MS
    with pytest.raises(WrongCode):
        a_tablet(county, late)
    code = invite(county, VILLAGE).code
    a_tablet(county, code)
    with pytest.raises(WrongCode):
        a_tablet(county, code)
    with pytest.raises(WrongCode):
        a_tablet(county, "AAAABBBBCCCC")


def test_a_lost_answer_is_given_again(county: County) -> None:
    tablet = Tablet(county.home.config.fingerprint, county.now)
    request = tablet.request(invite(county, VILLAGE).code)
    assert enrol(county, request.encode()) == enrol(county, request.encode())
    assert len(devices(county)) == 1


def test_keys_that_are_not_proved_enrol_nobody(county: County) -> None:
    tablet = Tablet(county.home.config.fingerprint, county.now)
    request = tablet.request(invite(county, VILLAGE).code)
    stolen = msgspec.structs.replace(request, signing_public=SigningKey(b"x" * 32).public)
    for raw in (stolen.encode(), b"", request.encode()[:-1], os.urandom(200)):
        with pytest.raises(WrongCode):
            enrol(county, raw)
    assert devices(county) == []
    tablet.enrolled(request, enrol(county, request.encode()))


def test_another_agent_joins_the_same_tablet(county: County) -> None:
    tablet = a_tablet(county, invite(county, VILLAGE).code)
    first = tablet.agent
    tablet.agent_key = SigningKey.generate(os.urandom)
    request = tablet.request(invite(county, VILLAGE).code, "李四")
    tablet.enrolled(request, enrol(county, request.encode()))
    assert tablet.agent != first
    (listed,) = devices(county)
    assert set(listed["agents"]) == {"张三", "李四"}  # type: ignore[call-overload]


def test_a_named_agent_keeps_the_id_on_a_second_tablet(county: County) -> None:
    one = a_tablet(county, invite(county, VILLAGE, agent="张三").code)
    two = a_tablet(county, invite(county, VILLAGE, agent="张三").code)
    assert one.agent == two.agent
    assert one.device_key.id != two.device_key.id
    with county.ledger.read() as tx:
        assert len(tx.postings(person=f"agent:{one.agent}")) == 1


def test_a_real_county_asks_first(tmp_path: Path) -> None:
    with a_county(tmp_path / "sample") as sample:
        raw = (sample.home.root / "county.json").read_text()
        (sample.home.root / "county.json").write_text(
            raw.replace('"sample": true', '"sample":false')
        )
        county = open_county(sample.home.root, now=sample.now)
    tablet = a_tablet(county, invite(county, VILLAGE).code)
    assert [one["state"] for one in devices(county)] == ["waiting"]
    tablet.ask("先记下来")
    message = HandOver(tablet.device_key.id, [Handed(tablet.envelope(), county.now())])
    assert [one.state for one in take_in(county, message).outcomes] == ["waiting"]
    decide_device(county, "approve", tablet.device_key.id.hex(), "admin")
    assert state_of(county, tablet) == "active"
    assert [one.state for one in take_in(county, message).outcomes] == ["opened"]
    with county.ledger.read() as tx:
        assert tx.unsettled(Status.HELD) == []
        assert tx.unsettled(Status.REFUSED) == []
    close_county(county)


def test_a_revoked_device_keeps_what_it_brought_before(county: County) -> None:
    tablet = a_tablet(county, invite(county, VILLAGE).code)
    tablet.ask("撤销之前")
    take_in(county, HandOver(tablet.device_key.id, [Handed(tablet.envelope(), county.now())]))
    row = decide_device(county, "revoke", tablet.device_key.id.hex(), "admin")
    assert row.state == "revoked"
    assert state_of(county, tablet) == "revoked"
    tablet.ask("撤销之后")
    late = HandOver(tablet.device_key.id, [Handed(tablet.envelope(3), county.now())])
    assert [one.state for one in take_in(county, late).outcomes] == ["opened"]
    with county.ledger.read() as tx:
        held = tx.unsettled(Status.HELD)
    assert [(one.operation, one.reason) for one in held] == [
        (tablet.operations[2].id, "stream_cut")
    ]
    with pytest.raises(WrongState, match="撤销"):
        decide_device(county, "approve", tablet.device_key.id.hex(), "admin")
    request = tablet.request(invite(county, VILLAGE).code)
    with pytest.raises(DeviceClosed):
        enrol(county, request.encode())
    assert verify(county).violations == ()


def test_a_device_is_found_by_its_short_code_too(county: County) -> None:
    a_tablet(county, invite(county, VILLAGE).code)
    (listed,) = devices(county)
    short = str(listed["short_code"]).lower()
    assert decide_device(county, "suspend", short, "admin").state == "suspended"
    assert decide_device(county, "approve", short, "admin").state == "active"


def test_unknown_devices_people_and_sites_are_named(county: County) -> None:
    with pytest.raises(UnknownDevice):
        decide_device(county, "suspend", "ZZZZ", "admin")
    with pytest.raises(UnknownDevice):
        decide_device(county, "suspend", "00" * 8, "admin")
    with pytest.raises(UnknownStaff):
        decide_device(county, "suspend", "ZZZZ", "谁")
    with pytest.raises(UnknownSite):
        invite(county, "110000000000")
    with pytest.raises(UnknownSite):
        add_staff(county, "王五", "clerk", "s9999")
