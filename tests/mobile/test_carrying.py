"""Bundles and attachments: by hand, in pieces, and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from mobile import attachments, carrying, lane
from mobile.carrying import NotAReply
from mobile.desk import Recorded
from mobile.files import NotSaved
from mobile.tablet import Tablet
from sync import bundle
from sync.attachment import parse_part
from sync.bundle import MalformedBundle, PartKind
from sync.messages import SyncRequest, SyncResponse
from tests.mobile.county import County
from tests.mobile.kit import PIN, introduce, unlocked


@pytest.fixture
def tablet(tmp_path: Path, county: County) -> Tablet:
    made = unlocked(tmp_path / "home", county.keys)
    introduce(made, county)
    return made


def ask(tablet: Tablet) -> Recorded:
    done = tablet.desk.record("consultation", {"question": "问"})
    assert isinstance(done, Recorded)
    return done


def reply_to(county: County, up: Path, down: Path) -> None:
    """What `county import --reply` does."""
    brought = bundle.read(up)
    asked = SyncRequest(brought.envelopes, brought.cursor or b"", 1 << 20)
    answer = SyncResponse.decode(county.sync(asked.encode()))
    bundle.write_down(down, answer.acknowledgements, [answer.page] if answer.page else [])


def delivery(tablet: Tablet) -> list[str]:
    return [row.delivery for row in tablet.desk.records()]


def test_there_and_back_by_hand(tablet: Tablet, county: County, tmp_path: Path) -> None:
    ask(tablet)
    up, down = tmp_path / "up", tmp_path / "down"
    done = carrying.export(tablet.locked, up, tablet)
    assert (done.operations, done.left) == (1, 0)
    assert done.size == up.stat().st_size
    reply_to(county, up, down)
    taken = carrying.take_in(tablet.locked, down, tablet)
    assert (taken.pushed, taken.pending) == (1, 0)
    assert delivery(tablet) == ["merged"]
    assert tablet.locked.outbox.all() == []


def test_a_bundle_holds_nothing_readable(tablet: Tablet, tmp_path: Path) -> None:
    tablet.desk.record("proxy", {"person_name": "赵测试", "item": "BM-YB-001"})
    carrying.export(tablet.locked, tmp_path / "up", tablet)
    assert "赵测试".encode() not in (tmp_path / "up").read_bytes()


def test_a_locked_tablet_exports_and_imports(
    tablet: Tablet, county: County, tmp_path: Path
) -> None:
    ask(tablet)
    tablet.lock()
    up, down = tmp_path / "up", tmp_path / "down"
    assert carrying.export(tablet.locked, up, None).operations == 1
    reply_to(county, up, down)
    assert carrying.take_in(tablet.locked, down, None).pushed == 1
    again = tablet.locked.unlock(PIN)
    carrying.export(again.locked, up, again)  # unlocking and catching up is enough
    assert delivery(again) == ["merged"]


def test_the_same_reply_again_changes_nothing(
    tablet: Tablet, county: County, tmp_path: Path
) -> None:
    ask(tablet)
    up, down = tmp_path / "up", tmp_path / "down"
    carrying.export(tablet.locked, up, tablet)
    reply_to(county, up, down)
    carrying.take_in(tablet.locked, down, tablet)
    before = tablet.store.rows("SELECT * FROM operations ORDER BY position")
    assert carrying.take_in(tablet.locked, down, tablet).pushed == 0
    assert tablet.store.rows("SELECT * FROM operations ORDER BY position") == before


def test_a_reply_cut_anywhere_gives_its_valid_part_or_one_error(
    tablet: Tablet, county: County, tmp_path: Path
) -> None:
    ask(tablet)
    up, down, cut = tmp_path / "up", tmp_path / "down", tmp_path / "cut"
    carrying.export(tablet.locked, up, tablet)
    reply_to(county, up, down)
    whole = down.read_bytes()
    for length in range(0, len(whole), 7):
        cut.write_bytes(whole[:length])
        with pytest.raises(MalformedBundle):
            carrying.take_in(tablet.locked, cut, tablet)
    assert delivery(tablet) == ["merged"]  # the longest prefixes held what counts


def test_other_files_are_refused(tablet: Tablet, tmp_path: Path) -> None:
    up = tmp_path / "up"
    carrying.export(tablet.locked, up, tablet)
    with pytest.raises(NotAReply):
        carrying.take_in(tablet.locked, up, tablet)
    with pytest.raises(NotAReply):
        carrying.take_in(tablet.locked, tmp_path / "none", tablet)
    (tmp_path / "photo").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(MalformedBundle):
        carrying.take_in(tablet.locked, tmp_path / "photo", tablet)


def test_attachments_travel_in_bundles_and_the_reply_says_that_they_are_kept(
    tablet: Tablet, county: County, tmp_path: Path
) -> None:
    up, down = tmp_path / "up", tmp_path / "down"
    (tmp_path / "scan").write_bytes(bytes(100_000))
    attachments.attach(tablet, ask(tablet).record, tmp_path / "scan")
    carrying.export(tablet.locked, up, tablet)
    parts = bundle.read(up).all(PartKind.ATTACHMENT_PART)
    assert len(parts) == 4
    (word,) = filter(None, [county.put_part(raw) for raw in parts])
    bundle.write_down(down, [word], [])
    assert carrying.take_in(tablet.locked, down, tablet).notices == ()
    assert lane.waiting(tablet) == []
    carrying.export(tablet.locked, up, tablet)
    assert bundle.read(up).all(PartKind.ATTACHMENT_PART) == []


def carried(path: Path) -> list[tuple[str, int]]:
    """Name and number of the attachments' parts in a bundle."""
    headers = [
        parse_part(raw).header for raw in bundle.read(path).all(PartKind.ATTACHMENT_PART)
    ]  # fmt: skip
    return [(header.name, header.part) for header in headers]


def test_an_attachment_over_one_bundle_goes_on_in_the_next_and_blocks_no_other(
    tablet: Tablet, county: County, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attachment may have 20 MiB, and a bundle 20 MB: the lane remembers how far it came."""
    monkeypatch.setattr(bundle, "SIZE_MAX", 200_000)
    up, down = tmp_path / "up", tmp_path / "down"
    record = ask(tablet).record
    for name, size in (("scan", 200_000), ("photo", 1000)):
        (tmp_path / name).write_bytes(bytes(size))
        attachments.attach(tablet, record, tmp_path / name)
    large, small = (one.name for one in lane.waiting(tablet))
    went: list[tuple[str, int]] = []
    words = []
    for _ in range(2):
        carrying.export(tablet.locked, up, tablet)
        went += carried(up)
        words += [county.put_part(raw) for raw in bundle.read(up).all(PartKind.ATTACHMENT_PART)]
    assert went == [*((large, number) for number in range(7)), (small, 0)]
    bundle.write_down(down, list(filter(None, words)), [])
    carrying.take_in(tablet.locked, down, tablet)
    assert lane.waiting(tablet) == []


def test_parts_of_a_bundle_that_was_lost_are_carried_again(
    tablet: Tablet, county: County, tmp_path: Path
) -> None:
    up = tmp_path / "up"
    (tmp_path / "scan").write_bytes(bytes(100_000))
    attachments.attach(tablet, ask(tablet).record, tmp_path / "scan")
    for _ in range(2):
        carrying.export(tablet.locked, up, tablet)
        assert [part for _, part in carried(up)] == [0, 1, 2, 3]


def test_a_bundle_that_could_not_be_written_carries_nothing(
    tablet: Tablet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "SIZE_MAX", 150_000)
    (tmp_path / "scan").write_bytes(bytes(100_000))
    attachments.attach(tablet, ask(tablet).record, tmp_path / "scan")
    with pytest.raises(NotSaved):
        carrying.export(tablet.locked, tmp_path / "none" / "up", tablet)
    carrying.export(tablet.locked, tmp_path / "up", tablet)
    assert carried(tmp_path / "up")[0][1] == 0
