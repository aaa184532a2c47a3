"""A county that was restored from a backup: asked about every stream, given again what it lost."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest
import requests

from mobile import enrolment, handback, streams, tables
from mobile.carrying import export
from mobile.enrolment import AgentThere, Enrolled, Invitation
from mobile.freezing import head_at
from mobile.synchronise import Synced, Synchroniser
from mobile.tablet import Locked, Tablet
from sync import bundle
from sync.acknowledgement import Opened, Stored
from sync.envelope import parse
from sync.exchange import CountyRefused, Exchange, Unreachable
from sync.messages import SyncRequest
from tests.mobile.county import County
from tests.mobile.kit import COUNTY, NOW, PIN, introduce, machine, unlocked


@pytest.fixture
def tablet(tmp_path: Path, county: County) -> Tablet:
    made = unlocked(tmp_path / "one", county.keys)
    introduce(made, county)
    return made


def exchange(url: str) -> Exchange:
    return Exchange(requests.Session(), url, monotonic=time.monotonic)


def sync(tablet: Tablet, url: str) -> Synced:
    return Synchroniser(tablet, exchange(url), lambda _: None).run()


def ask(tablet: Tablet, count: int = 1) -> None:
    for number in range(count):
        tablet.desk.record("consultation", {"question": f"第 {number} 问"})


def complain(tablet: Tablet, count: int = 1) -> None:
    for _ in range(count):
        tablet.desk.record("complaint", {"target_kind": "person", "content": "态度不好"})


def at_the_county(county: County) -> list[int]:
    return sorted(len(log) for log in county.streams.values())


def of_the_tablet(tablet: Tablet) -> list[int]:
    return sorted(one.seq for one in streams.all_streams(tablet.store) if one.seq)


def deliveries(tablet: Tablet) -> set[str]:
    return {row.delivery for row in tablet.desk.records()}


def sent(county: County, monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[bytes, int]]:
    """Count from now on how often each operation goes out."""
    counted: Counter[tuple[bytes, int]] = Counter()
    whole = County.sync

    def counting(self: County, raw: bytes) -> bytes:
        for one in (parse(envelope) for envelope in _envelopes(raw)):
            header = one.header
            counted.update(
                (header.stream, seq) for seq in range(header.seq_from, header.seq_to + 1)
            )
        return whole(self, raw)

    monkeypatch.setattr(County, "sync", counting)
    return counted


def _envelopes(raw: bytes) -> list[bytes]:
    return SyncRequest.decode(raw).envelopes


@pytest.mark.parametrize("kept", [0, 1, 3])
@pytest.mark.parametrize("pending", [0, 1])
def test_every_stream_goes_out_again_above_the_restored_position_exactly_once(
    tablet: Tablet, county: County, url: str, monkeypatch: pytest.MonkeyPatch, kept: int,
    pending: int,
) -> None:  # fmt: skip
    ask(tablet, 3)
    complain(tablet, 2)
    sync(tablet, url)
    county.restore(kept)
    ask(tablet, pending)
    counted = sent(county, monkeypatch)
    done = sync(tablet, url)
    assert at_the_county(county) == of_the_tablet(tablet)
    assert (done.pending, deliveries(tablet)) == (0, {"merged"})
    assert min(seq for _, seq in counted) > kept
    assert set(counted.values()) == {1}


def test_sealed_complaints_go_out_again_and_those_after_them(
    tablet: Tablet, county: County, url: str
) -> None:
    ask(tablet, 2)
    complain(tablet, 2)
    sync(tablet, url)
    county.restore()
    sync(tablet, url)
    complain(tablet)
    sync(tablet, url)
    assert at_the_county(county) == of_the_tablet(tablet)


def test_a_county_restored_twice_has_everything_again(
    tablet: Tablet, county: County, url: str
) -> None:
    ask(tablet, 3)
    complain(tablet, 3)
    sync(tablet, url)
    for kept in (2, 1):
        county.restore(kept)
        sync(tablet, url)
        assert at_the_county(county) == of_the_tablet(tablet)


def test_the_same_backup_restored_twice_is_noticed_by_what_is_said_later(
    tablet: Tablet, county: County, url: str
) -> None:
    ask(tablet, 3)
    complain(tablet)
    sync(tablet, url)
    county.now += 1_000
    county.restore(1, announced=False)  # again the epoch that the tablet knows
    sync(tablet, url)
    assert at_the_county(county) == of_the_tablet(tablet)
    assert deliveries(tablet) == {"merged"}


def test_streams_of_before_a_restored_tablet_are_asked_about_too(
    tablet: Tablet, county: County, url: str
) -> None:
    ask(tablet, 2)
    sync(tablet, url)
    with tablet.store.write():
        streams.start(tablet.store, streams.ACTS, COUNTY, tablet.locked.machine.entropy)
    tablet.log.close_session()
    ask(tablet)
    sync(tablet, url)
    county.restore()
    sync(tablet, url)
    assert at_the_county(county) == of_the_tablet(tablet) == [2, 3]


def test_what_the_front_had_and_the_core_never_opened_goes_out_again(
    tablet: Tablet, county: County, url: str
) -> None:
    county.manners.core_down = True
    ask(tablet, 2)
    complain(tablet)
    sync(tablet, url)
    county.manners.core_down = False
    county.restore()
    sync(tablet, url)  # the page tells the new epoch, the acknowledgements tell what is missing
    assert at_the_county(county) == of_the_tablet(tablet)


def test_what_a_county_lost_is_saved_here_alone_until_it_has_it_again(
    tablet: Tablet, county: County, url: str
) -> None:
    ask(tablet, 2)
    sync(tablet, url)
    lost = Opened(
        COUNTY, 2, tablet.log.stream().id, 0, head_at(tablet.store, tablet.log.stream(), 0), 0
    )
    assert tablet.intake.opened(lost).restored
    assert (deliveries(tablet), tablet.status().pending) == ({"saved"}, 2)
    tablet.rebuild()
    assert deliveries(tablet) == {"saved"}


def test_acknowledgements_of_before_a_restore_count_for_nothing(
    tablet: Tablet, county: County, url: str
) -> None:
    ask(tablet, 2)
    sync(tablet, url)
    stream = tablet.log.stream()
    head = head_at(tablet.store, stream, 3)
    tablet.intake.opened(Opened(COUNTY, 2, stream.id, 0, head_at(tablet.store, stream, 0), 0))
    tablet.intake.opened(Opened(COUNTY, 1, stream.id, 3, head, 0))  # late, by a bundle
    assert tablet.intake.stored(Stored(COUNTY, 1, stream.id, 1, 3, head, NOW)) == 0
    assert tablet.status().pending == 2
    assert tablet.freezer.freeze() == 1


def test_nothing_is_asked_while_the_county_is_the_same(
    tablet: Tablet, county: County, url: str
) -> None:
    ask(tablet)
    complain(tablet)
    sync(tablet, url)
    assert handback.unasked(tablet.store, tablet.intake.epoch()) == []
    assert sync(tablet, url).round_trips == 1


# -- a tablet that enrolled after the backup --------------------------------------------------


def enrol(locked: Locked, url: str, name: str = "测试员甲", pin: str = PIN) -> Enrolled:
    return enrolment.enrol(
        locked, Invitation(url, "CODE"), name=name, pin=pin, exchange=exchange,
        session=requests.Session(),
    )  # fmt: skip


def forgotten(tmp_path: Path, county: County, url: str) -> Locked:
    """A home with two agents and some work, at a county that knows nothing of it any more."""
    locked = Locked(tmp_path / "home", machine())
    enrol(locked, url)
    enrol(locked, url, "测试员乙", "135791")
    tablet = locked.unlock(PIN, "测试员甲")
    ask(tablet, 2)
    sync(tablet, url)
    tablet.lock()
    for device in list(county.signing):
        county.forget(device)
    county.restore()
    return locked


def test_a_forgotten_tablet_enrols_again_with_its_keys_and_its_work(
    tmp_path: Path, county: County, url: str
) -> None:
    locked = forgotten(tmp_path, county, url)
    with pytest.raises(CountyRefused):
        sync(locked.unlock(PIN, "测试员甲"), url)
    key = locked.keyring.signing_key()
    enrol(locked, url)
    assert locked.keyring.signing_key() == key
    tablet = locked.unlock(PIN, "测试员甲")
    sync(tablet, url)
    assert at_the_county(county) == of_the_tablet(tablet) == [3]
    assert deliveries(tablet) == {"merged"}
    with pytest.raises(AgentThere):
        enrol(locked, url)
    enrol(locked, url, "测试员乙", "135791")  # the county knows the device, this agent not yet
    with pytest.raises(AgentThere):
        enrol(locked, url, "测试员乙", "135791")


def test_a_lost_reply_to_a_forgotten_tablet_is_asked_for_again(
    tmp_path: Path, county: County, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = forgotten(tmp_path, county, url)
    whole = County.enrol

    def lost(self: County, raw: bytes) -> bytes:
        self.manners.lose_answers = 1
        return whole(self, raw)

    with monkeypatch.context() as patched:
        patched.setattr(County, "enrol", lost)
        with pytest.raises(Unreachable):
            enrol(locked, url)
    assert enrol(locked, url).state == "active"


def test_a_bundle_asks_about_every_stream_too(
    tmp_path: Path, tablet: Tablet, county: County, url: str
) -> None:
    ask(tablet)
    complain(tablet)
    sync(tablet, url)
    with tablet.store.write():
        tables.keep_meta(tablet.store, "epoch", b"2")  # as the page in a reply would tell
    export(tablet.locked, tmp_path / "bundle", tablet)
    asked = [parse(raw).header.stream for raw in bundle.read(tmp_path / "bundle").envelopes]
    assert asked == [one.id for one in streams.all_streams(tablet.store)]
