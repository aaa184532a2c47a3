"""The county's card on a tablet: a later one replaces it, an earlier one never does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import requests

from mobile import carrying
from mobile.replies import FOREIGN
from mobile.synchronise import Synchroniser, follow
from mobile.tablet import Tablet
from sync import bundle
from sync.bundle import Part, PartKind
from sync.card import Recipient, sign_card
from sync.envelope import parse
from sync.exchange import Exchange
from sync.keys import SealingKey, key_id
from tests.mobile.county import County, Serving
from tests.mobile.kit import DAY, NOW, CountyKeys, introduce, unlocked

NEXT = SealingKey(bytes([7]) * 32)


class Renewing(CountyKeys):
    """A county that shows the card a test gives it."""

    shown = b""

    def card(self, *, sample: bool = True, epoch: int = 1) -> bytes:
        """Return the card shown now."""
        return self.shown or super().card(sample=sample, epoch=epoch)


@pytest.fixture
def county() -> County:
    return County(Renewing())


@pytest.fixture
def tablet(tmp_path: Path, county: County) -> Tablet:
    made = unlocked(tmp_path / "home", county.keys)
    introduce(made, county)
    return made


@pytest.fixture
def exchange(county: County) -> Iterator[Exchange]:
    with Serving(county) as serving:
        yield Exchange(requests.Session(), serving.url, monotonic=time.monotonic)


def card(county: County, issued_at: int) -> bytes:
    """Another card of the county, with the key of the next period."""
    now = county.keys.card_content()
    later = Recipient(NEXT.public, NOW + 20 * DAY, NOW + 50 * DAY)
    return sign_card(
        msgspec.structs.replace(now, issued_at=issued_at, recipients=(*now.recipients, later)),
        county.keys.root,
    )


def reply(path: Path, raw: bytes) -> Path:
    bundle.write_down(path, [], [], [Part(PartKind.CARD, raw)])
    return path


@pytest.mark.parametrize("locked", [True, False])
def test_a_reply_brings_a_later_card(
    tablet: Tablet, county: County, tmp_path: Path, locked: bool
) -> None:
    newer = card(county, NOW + DAY)
    held = None if locked else tablet
    assert carrying.take_in(tablet.locked, reply(tmp_path / "a", newer), held).notices == ()
    assert tablet.locked.device.card == newer
    older = reply(tmp_path / "b", card(county, NOW - DAY))
    assert carrying.take_in(tablet.locked, older, held).notices == ()
    assert tablet.locked.device.card == newer


def test_what_is_frozen_after_the_reply_is_sealed_to_the_key_of_the_period(
    tablet: Tablet, county: County, tmp_path: Path
) -> None:
    tablet.locked.machine.clock.advance(25 * DAY)  # type: ignore[attr-defined]
    carrying.take_in(tablet.locked, reply(tmp_path / "a", card(county, NOW + DAY)), tablet)
    tablet.desk.record("consultation", {"question": "问"})
    tablet.freezer.freeze()
    (one,) = tablet.locked.outbox.all()
    assert parse(one.read()).header.recipient == key_id(NEXT.public)


def test_a_card_of_another_county_is_passed_over(
    tablet: Tablet, county: County, tmp_path: Path
) -> None:
    before = tablet.locked.device.card
    foreign = reply(tmp_path / "a", CountyKeys("impostor").card())
    assert carrying.take_in(tablet.locked, foreign, tablet).notices == (FOREIGN,)
    assert tablet.locked.device.card == before


def test_following_a_county_takes_no_earlier_card(
    tablet: Tablet, county: County, exchange: Exchange
) -> None:
    before = tablet.locked.device.card
    county.keys.shown = card(county, NOW - DAY)  # type: ignore[attr-defined]
    follow(tablet.locked, exchange, "http://elsewhere")
    assert (tablet.locked.device.card, tablet.locked.device.server) == (before, "http://elsewhere")


def test_a_card_whose_key_has_run_out_is_fetched_once_a_day(
    tablet: Tablet, county: County, exchange: Exchange
) -> None:
    def requests_of_one_sync() -> int:
        before = county.requests
        trips = Synchroniser(tablet, exchange, lambda _: None).run().round_trips
        return county.requests - before - trips

    clock = tablet.locked.machine.clock
    assert requests_of_one_sync() == 0
    clock.advance(31 * DAY)  # type: ignore[attr-defined]
    assert [requests_of_one_sync() for _ in range(3)] == [1, 0, 0]  # the county had no other yet
    clock.advance(DAY)  # type: ignore[attr-defined]
    county.keys.shown = card(county, NOW + 31 * DAY)  # type: ignore[attr-defined]
    assert [requests_of_one_sync() for _ in range(3)] == [1, 0, 0]
    assert tablet.card.recipient_at(clock.now_ms()).public == NEXT.public
