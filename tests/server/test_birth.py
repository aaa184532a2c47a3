"""A county is born on either database, whole or not at all."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.admin import devices, invite
from server.birth import CountyExists, init_county
from server.county_card import RootKeyAway, renew_keys, write_card
from server.database import DatabaseUnavailable
from server.enrolment import enrol
from server.handover import Handed, HandOver
from server.keys import OVERLAP_MS, PERIOD_MS, load_keys
from server.opening import close_county, open_county
from server.rebuild import rebuild
from server.take_in import take_in
from server.verify import verify
from shared.errors import Misuse
from sync.card import open_card
from sync.keys import key_id
from tests.server.counties import COUNTY, VILLAGE, Clock, a_county, a_tablet
from tests.server.tablets import Tablet


def test_the_whole_way_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    now = Clock()
    init_county(
        tmp_path / "county", COUNTY, database=postgres_url, sample=True, now=now,
        entropy=os.urandom,
    )  # fmt: skip
    county = open_county(tmp_path / "county", now=now)
    tablet = a_tablet(county, invite(county, VILLAGE).code)
    tablet.ask("在 PostgreSQL 上")
    message = HandOver(
        tablet.device_key.id, [Handed(tablet.envelope(), now())], tablet.stream, b"", 1 << 20
    )
    answer = take_in(county, message)
    assert [one.state for one in answer.outcomes] == ["opened"]
    assert answer.page is not None
    assert tablet.page(answer.page).entries
    assert verify(county).violations == ()
    close_county(county)
    assert not (tmp_path / "county" / "core.db").exists()
    with pytest.raises(CountyExists):
        init_county(
            tmp_path / "second", COUNTY, database=postgres_url, sample=True, now=now,
            entropy=os.urandom,
        )  # fmt: skip


def test_five_equal_requests_at_once_enrol_one_tablet_on_postgresql(
    tmp_path: Path, postgres_url: str
) -> None:
    now = Clock()
    init_county(
        tmp_path / "county", COUNTY, database=postgres_url, sample=True, now=now,
        entropy=os.urandom,
    )  # fmt: skip
    county = open_county(tmp_path / "county", now=now)
    tablet = Tablet(county.home.config.fingerprint, now)
    raw = tablet.request(invite(county, VILLAGE).code).encode()
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: enrol(county, raw), range(5)))
    assert len({(one.device, one.agent) for one in answers}) == 1
    with county.ledger.read() as tx:
        assert len(tx.devices()) == len(tx.agents()) == len(tx.postings()) == 1
    assert verify(county).violations == ()
    close_county(county)


def test_a_birth_that_failed_leaves_no_county(tmp_path: Path, postgres_url: str) -> None:
    now = Clock()
    for folder in ("first", "second"):
        try:
            init_county(
                tmp_path / folder, COUNTY, database=postgres_url, sample=False, now=now,
                entropy=os.urandom,
            )  # fmt: skip
        except CountyExists:
            assert folder == "second"
    assert (tmp_path / "first" / "county.json").exists()
    assert not (tmp_path / "second" / "county.json").exists()


def test_a_new_key_period_comes_on_a_newly_signed_card(tmp_path: Path) -> None:
    clock = Clock()
    with a_county(tmp_path / "county", clock=clock) as county:
        fingerprint = county.home.config.fingerprint
        first = open_card(county.home.card.read_bytes(), fingerprint)
        assert not renew_keys(county)
        clock.now += PERIOD_MS - OVERLAP_MS
        assert renew_keys(county)
        second = open_card(county.home.card.read_bytes(), fingerprint)
        assert second.issued_at > first.issued_at
        assert second.recipients[0] == first.recipients[0]
        assert len(second.recipients) == 2
        newest = second.recipient_at(clock.now).public
        assert county.keys.recipient(key_id(newest)) is not None


def test_mail_to_the_last_periods_key_is_still_opened(tmp_path: Path) -> None:
    clock = Clock()
    with a_county(tmp_path / "county", clock=clock) as county:
        tablet = a_tablet(county, invite(county, VILLAGE).code)
        tablet.ask("路上走了两个月")
        late = tablet.envelope()
        for _ in range(3):
            clock.now += PERIOD_MS - OVERLAP_MS
            renew_keys(county)
        answer = take_in(county, HandOver(tablet.device_key.id, [Handed(late, clock())]))
        assert [one.state for one in answer.outcomes] == ["opened"]


def test_an_envelope_to_a_deleted_key_asks_for_sealing_again(tmp_path: Path) -> None:
    with a_county(tmp_path / "county") as county:
        tablet = a_tablet(county, invite(county, VILLAGE).code)
        tablet.ask("钥匙没了")
        raw = tablet.envelope()
        for path in county.home.keys.glob("recipient-*.key"):
            path.write_bytes(os.urandom(32))
        county.keys = load_keys(county.home)
        answer = take_in(county, HandOver(tablet.device_key.id, [Handed(raw, county.now())]))
        (outcome,) = answer.outcomes
        assert outcome.state == "unopenable"
        assert outcome.refusal is not None
        assert outcome.refusal.code == "seal_again"
        write_card(county)
        tablet._card = open_card(county.home.card.read_bytes(), tablet.fingerprint)
        again = HandOver(tablet.device_key.id, [Handed(tablet.envelope(), county.now())])
        assert [one.state for one in take_in(county, again).outcomes] == ["opened"]


def test_without_the_root_key_nothing_is_signed_and_nothing_stops(tmp_path: Path) -> None:
    clock = Clock()
    with a_county(tmp_path / "county", clock=clock) as county:
        (county.home.keys / "root.key").unlink()
        county.keys = load_keys(county.home)
        clock.now += PERIOD_MS
        assert not renew_keys(county)
        with pytest.raises(RootKeyAway):
            write_card(county)
        tablet = a_tablet(county, invite(county, VILLAGE).code)
        tablet.ask("照常")
        message = HandOver(tablet.device_key.id, [Handed(tablet.envelope(), clock())])
        assert [one.state for one in take_in(county, message).outcomes] == ["opened"]


@pytest.mark.parametrize(
    "database", ["postgresql://nobody@127.0.0.1:1/none", "mysql://a/b", "core"]
)
def test_a_database_that_cannot_be_used_leaves_the_folder_free(
    tmp_path: Path, database: str
) -> None:
    home = tmp_path / "county"
    with pytest.raises((DatabaseUnavailable, Misuse)):
        init_county(
            home, COUNTY, database=database, sample=True, name="", now=Clock(), entropy=os.urandom
        )
    born = init_county(
        home, COUNTY, database=None, sample=True, name="", now=Clock(), entropy=os.urandom
    )
    assert born.county == COUNTY


def test_a_county_that_is_not_loaded_yet_has_an_empty_ledger_in_order(tmp_path: Path) -> None:
    init_county(
        tmp_path / "county", COUNTY, database=None, sample=False, name="", now=Clock(),
        entropy=os.urandom,
    )  # fmt: skip
    county = open_county(tmp_path / "county")
    try:
        found = verify(county)
        assert (found.ok, found.operations, found.records) == (True, 0, 0)
        assert rebuild(county) == 0
        assert devices(county) == []
    finally:
        close_county(county)
