"""The exchange: lost answers, lying servers, a county without its core, a line that breaks."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from mobile import synchronise
from mobile.desk import Recorded
from mobile.inbox import Inbox
from mobile.outbox import DAMAGED
from mobile.replies import NotOurCounty, Outcome, Replies
from mobile.synchronise import Synced, Synchroniser, deliver, follow
from mobile.tablet import Tablet
from shared.clock import Quality
from sync.exchange import Exchange, NotTheCounty, Unreachable
from sync.messages import ENVELOPES_MAX
from tests.mobile.county import County, Serving
from tests.mobile.kit import NOW, PIN, CountyKeys, introduce, unlocked


@pytest.fixture
def tablet(tmp_path: Path, county: County) -> Tablet:
    made = unlocked(tmp_path / "one", county.keys)
    introduce(made, county)
    return made


@pytest.fixture
def other(tmp_path: Path, county: County) -> Tablet:
    made = unlocked(tmp_path / "two", county.keys, seed="other", short_code="P3WX")
    introduce(made, county)
    return made


def exchange(url: str) -> Exchange:
    return Exchange(requests.Session(), url, monotonic=time.monotonic)


def sync(tablet: Tablet, url: str, sleep: Callable[[float], None] | None = None) -> Synced:
    return Synchroniser(tablet, exchange(url), sleep or (lambda _: None)).run()


def ask(tablet: Tablet, count: int = 1) -> list[Recorded]:
    done = []
    for number in range(count):
        recorded = tablet.desk.record("consultation", {"question": f"第 {number} 问"})
        assert isinstance(recorded, Recorded)
        done.append(recorded)
    return done


def deliveries(tablet: Tablet) -> set[str]:
    return {row.delivery for row in tablet.desk.records()}


def test_one_round_trip_carries_up_and_brings_the_verdict(
    tablet: Tablet, county: County, url: str
) -> None:
    ask(tablet, 3)
    done = sync(tablet, url)
    assert (done.pushed, done.pending, done.round_trips) == (3, 0, 1)
    assert deliveries(tablet) == {"merged"}
    assert len(county.operations) == 4  # the session's opening beside the three
    assert tablet.locked.outbox.all() == []


def test_nothing_new_is_one_small_request(tablet: Tablet, url: str) -> None:
    ask(tablet)
    sync(tablet, url)
    done = sync(tablet, url)
    assert (done.pushed, done.pulled, done.round_trips) == (0, 0, 1)
    assert done.bytes_up < 600


@pytest.mark.parametrize("locked", [False, True])
def test_a_long_backlog_never_sends_more_envelopes_than_the_front_takes(
    tablet: Tablet, county: County, url: str, locked: bool
) -> None:
    ask(tablet, 3 * ENVELOPES_MAX)
    tablet.freezer.freeze(1)  # an envelope for each operation
    if locked:
        tablet.lock()
        assert deliver(tablet.locked, exchange(url)).pending == 0
    else:
        assert sync(tablet, url).pending == 0
    assert len(county.operations) == 3 * ENVELOPES_MAX + 1


def test_a_lost_answer_doubles_nothing(tablet: Tablet, county: County, url: str) -> None:
    ask(tablet, 2)
    county.manners.lose_answers = 1
    done = sync(tablet, url)
    assert done.pushed == 2
    assert len(county.operations) == 3
    assert deliveries(tablet) == {"merged"}


def test_a_portal_is_not_the_county(tablet: Tablet, county: County, url: str) -> None:
    ask(tablet)
    county.manners.portal = True
    with pytest.raises(NotTheCounty):
        sync(tablet, url)
    assert deliveries(tablet) == {"saved"}
    assert tablet.status().pending == 1


@pytest.mark.parametrize("lie", ["other_head", "foreign_keys"])
def test_a_false_acknowledgement_delivers_nothing(
    tablet: Tablet, county: County, url: str, lie: str
) -> None:
    ask(tablet)
    county.manners.core_down = True
    setattr(county.manners, lie, True)
    done = sync(tablet, url)
    assert (done.pushed, done.pending) == (0, 1)
    assert done.notices
    assert deliveries(tablet) == {"saved"}
    assert len(tablet.locked.outbox.all()) == 1


def test_a_page_of_another_county_changes_nothing(tablet: Tablet, county: County, url: str) -> None:
    ask(tablet)
    county.manners.foreign_keys = True
    done = sync(tablet, url)
    assert (done.pushed, done.pulled) == (0, 0)
    assert deliveries(tablet) == {"saved"}
    assert tablet.intake.cursor() == b""


def test_a_page_for_another_device_changes_nothing(tablet: Tablet, county: County) -> None:
    ask(tablet)
    county.sealing[b"another."] = county.sealing[tablet.device_key.id]
    page = county.page(b"another.", tablet.log.stream().id, b"")
    with pytest.raises(NotOurCounty):
        Replies(tablet).page(page, Outcome(), live=True)


def test_without_the_core_work_is_delivered_and_kept(
    tablet: Tablet, county: County, url: str
) -> None:
    ask(tablet)
    county.manners.core_down = True
    done = sync(tablet, url)
    assert (done.pushed, done.pending) == (1, 0)
    assert deliveries(tablet) == {"delivered"}
    assert len(tablet.locked.outbox.all()) == 1  # until the core has opened it
    county.manners.core_down = False
    tablet.locked.machine.clock.advance(2 * synchronise.FAST_MS)  # type: ignore[attr-defined]
    sync(tablet, url)
    assert deliveries(tablet) == {"delivered"}  # not sent again within a day


def test_what_was_never_opened_is_sent_again_after_a_day(
    tablet: Tablet, county: County, url: str
) -> None:
    ask(tablet)
    county.manners.core_down = True
    sync(tablet, url)
    county.manners.core_down = False
    tablet.locked.machine.clock.advance(25 * 3_600_000)  # type: ignore[attr-defined]
    sync(tablet, url)
    assert deliveries(tablet) == {"merged"}
    assert tablet.locked.outbox.all() == []


@pytest.mark.parametrize("locked", [True, False])
def test_a_clock_far_behind_delays_no_second_sending(
    tablet: Tablet, county: County, url: str, locked: bool
) -> None:
    clock = tablet.locked.machine.clock
    clock.advance(-10 * 24 * 3_600_000)  # type: ignore[attr-defined]
    ask(tablet)
    county.manners.core_down = True
    sync(tablet, url)
    county.manners.core_down = False
    clock.advance(25 * 3_600_000)  # type: ignore[attr-defined]
    if locked:
        assert deliver(tablet.locked, exchange(url)).round_trips == 1
    else:
        sync(tablet, url)
    assert len(county.operations) == 2


def test_it_waits_for_a_core_that_needs_a_moment(tablet: Tablet, county: County, url: str) -> None:
    ask(tablet)
    county.manners.late_core = 1
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        for envelope in tablet.locked.outbox.all():
            envelope.acknowledgement.unlink(missing_ok=True)  # the front hands over by itself

    done = sync(tablet, url, sleep)
    assert waits == [synchronise.VERDICT_WAIT_S]
    assert done.round_trips == 2
    assert deliveries(tablet) == {"merged"}


def test_an_unreachable_county_costs_one_try(tablet: Tablet) -> None:
    ask(tablet)
    with pytest.raises(Unreachable):
        sync(tablet, "http://127.0.0.1:1")
    assert tablet.status().pending == 1
    assert len(tablet.locked.outbox.all()) == 1


def test_a_line_that_breaks_under_much_gets_less(tablet: Tablet, county: County, url: str) -> None:
    for number in range(300):
        text = hashlib.sha512(str(number).encode()).hexdigest()
        tablet.desk.record("consultation", {"question": text})
    county.manners.envelope_bytes_max = 16_000
    done = sync(tablet, url)
    assert (done.pushed, done.pending) == (300, 0)
    assert len({operation.id for operation in county.operations}) == 301
    assert deliveries(tablet) == {"merged"}


def test_two_tablets_see_the_same_record(
    tablet: Tablet, other: Tablet, county: County, url: str
) -> None:
    (made,) = ask(tablet)
    sync(tablet, url)
    assert sync(other, url).pulled == 1
    tablet.desk.act(made.record, "amend", {"phone": "13800138000"})
    other.desk.act(made.record, "amend", {"phone": "13900139000"})
    for one in (tablet, other, tablet):
        sync(one, url)
    records = [one.desk.show(made.record).record for one in (tablet, other)]
    assert records[0].digest() == records[1].digest()
    assert [conflict.register for conflict in records[0].conflicts] == ["phone"]
    assert [row.conflicts for row in tablet.desk.records()] == [1]


def test_a_fresh_tablet_pulls_page_by_page(tablet: Tablet, other: Tablet, url: str) -> None:
    ask(tablet, 130)
    sync(tablet, url)
    done = sync(other, url)
    assert done.pulled == 130
    assert len(other.desk.records()) == 130
    assert {row.delivery for row in other.desk.records()} == {"merged"}


def test_held_work_stays_delivered(tablet: Tablet, county: County, url: str) -> None:
    county.manners.hold = True
    ask(tablet)
    sync(tablet, url)
    assert deliveries(tablet) == {"delivered"}
    assert tablet.status().held == 1
    assert [row.state for row in tablet.desk.records()] == ["已登记"]  # shown all the same


def test_a_locked_tablet_delivers_without_any_pin(tablet: Tablet, county: County, url: str) -> None:
    ask(tablet, 2)
    tablet.lock()
    locked = tablet.locked
    assert locked.status().pending == 2
    done = deliver(locked, exchange(url))
    assert (done.pushed, done.pending, done.round_trips) == (2, 0, 1)
    assert not Inbox(locked.home.inbox).is_empty
    again = locked.unlock(PIN)
    sync(again, url)
    assert deliveries(again) == {"merged"}
    assert Inbox(locked.home.inbox).is_empty
    assert locked.outbox.all() == []


def test_a_destroyed_slot_still_delivers(tablet: Tablet, county: County, url: str) -> None:
    ask(tablet)
    tablet.lock()
    tablet.locked.keyring.remove(tablet.keys.slot)
    assert deliver(tablet.locked, exchange(url)).pushed == 1
    assert len(county.operations) == 2


def test_a_damaged_envelope_stops_no_delivery(tablet: Tablet, county: County, url: str) -> None:
    """Acknowledged before it was damaged, it blocked status, sync and export for ever."""
    ask(tablet, 2)
    county.manners.core_down = True
    sync(tablet, url)
    (one,) = tablet.locked.outbox.all()
    one.path.write_bytes(b"BME1")
    tablet.locked.machine.clock.advance(1)  # type: ignore[attr-defined]
    assert deliver(tablet.locked, exchange(url)).notices == (DAMAGED,)
    county.manners.core_down = False
    done = sync(tablet, url)
    assert (done.pushed, done.pending) == (2, 0)
    assert deliveries(tablet) == {"merged"}
    assert len(county.operations) == 3


def test_after_a_key_change_the_county_asks_and_gets_it_sealed_again(
    tablet: Tablet, county: County, url: str
) -> None:
    ask(tablet)
    tablet.freezer.freeze()
    county.keys.recipient = CountyKeys("next").recipient
    done = sync(tablet, url)
    assert deliveries(tablet) == {"merged"}
    assert done.round_trips == 2


def test_an_exchange_anchors_the_clock(tablet: Tablet, county: County, url: str) -> None:
    assert tablet.read_clock().quality is Quality.UNKNOWN
    county.now = NOW + 3_600_000
    sync(tablet, url)
    reading = tablet.read_clock()
    assert reading.quality is Quality.CORRECTED
    assert abs(reading.at - county.now) < 1_000


def test_a_moved_county_is_followed_by_its_fingerprint(
    tablet: Tablet, county: County, url: str
) -> None:
    follow(tablet.locked, exchange(url), url)
    assert tablet.locked.device.server == url
    with Serving(County(CountyKeys("impostor"))) as impostor, pytest.raises(NotTheCounty):
        follow(tablet.locked, exchange(impostor.url), impostor.url)
    assert tablet.locked.device.server == url


def test_a_restored_county_has_everything_again_after_one_exchange(
    tablet: Tablet, county: County, url: str
) -> None:
    ask(tablet, 3)
    sync(tablet, url)
    before = {operation.id for operation in county.operations}
    county.restore()
    done = sync(tablet, url)
    assert {operation.id for operation in county.operations} == before
    assert (done.pending, deliveries(tablet)) == (0, {"merged"})
    assert done.round_trips <= 3


@pytest.mark.parametrize("core_down", [True, False])
def test_an_old_acknowledgement_again_ends_the_exchange(
    tablet: Tablet, county: County, url: str, core_down: bool
) -> None:
    """The front repeats its first acknowledgement: one from last month must not loop."""
    ask(tablet)
    county.now = NOW - 30 * 24 * 3_600_000
    county.manners.core_down = True
    assert sync(tablet, url).pushed == 1
    county.manners.core_down = core_down
    tablet.locked.machine.clock.advance(25 * 3_600_000)  # type: ignore[attr-defined]
    assert sync(tablet, url).round_trips <= 2
    assert deliver(tablet.locked, exchange(url)).round_trips <= 1
