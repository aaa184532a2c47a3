"""The lane of attachments: broken lines, lying relays, another epoch, nothing lost."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import requests

from mobile import attachments, lane, tables
from mobile.attachments import Attached, NotHere, Unreadable, WhichOne
from mobile.desk import NoSuchRecord, Recorded
from mobile.lane import TRIES, Lane
from mobile.synchronise import Synchroniser
from mobile.tablet import Tablet
from shared.ids import record_text
from shared.papers import Paper, PaperUnusable, paper_of
from sync.exchange import Exchange, NotTheCounty, Unreachable
from tests.mobile.county import County
from tests.mobile.kit import introduce, unlocked

CONTENT = b"fff" + bytes(range(256)) * 400
"""Four parts."""


@pytest.fixture
def tablet(tmp_path: Path, county: County) -> Tablet:
    made = unlocked(tmp_path / "home", county.keys)
    introduce(made, county)
    return made


@pytest.fixture
def of(tablet: Tablet) -> bytes:
    """A record."""
    done = tablet.desk.record("consultation", {"question": "问"})
    assert isinstance(done, Recorded)
    return done.record


@pytest.fixture
def photo(tablet: Tablet, of: bytes, tmp_path: Path) -> Paper:
    """A photo of the record, not sent yet."""
    (tmp_path / "照片.jpg").write_bytes(CONTENT)
    done = attachments.attach(tablet, of, tmp_path / "照片.jpg")
    return paper_of(tablet.desk.show(done.record).record)


class Waits(list[float]):
    """Sleeps asked for, in seconds; nobody sleeps."""


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def road(tablet: Tablet, url: str, waits: Waits) -> Lane:
    return Lane(tablet, exchange_to(url), waits.append)


def exchange_to(url: str) -> Exchange:
    return Exchange(requests.Session(), url, monotonic=time.monotonic)


def sent(county: County) -> list[int]:
    return [part for _, part in county.parts]


def forget(tablet: Tablet, paper: Paper) -> None:
    """Take the file away, as if another tablet had made it."""
    attachments.path_of(tablet, paper).unlink()


# ---- up


def test_a_photo_is_encrypted_on_disk_and_sent_once(
    road: Lane, tablet: Tablet, county: County, photo: Paper
) -> None:
    assert photo.media_type == "image/jpeg"
    stored = attachments.path_of(tablet, photo).read_bytes()
    assert CONTENT[:64] not in stored
    done = road.upload()
    assert (done.parts, done.left, done.problem) == (4, 0, "")
    assert county.content(photo.name) == stored
    assert road.upload().parts == 0
    assert sent(county) == [0, 1, 2, 3]


def test_an_upload_goes_on_where_it_stopped(
    road: Lane, tablet: Tablet, county: County, photo: Paper
) -> None:
    stored = attachments.path_of(tablet, photo).read_bytes()
    county.pieces[photo.name] = {0: stored[: 32 << 10], 1: stored[32 << 10 : 64 << 10]}
    with tablet.store.write():
        tablet.store.execute("UPDATE attachments SET parts_sent = 2")
    assert road.upload().left == 0
    assert sent(county) == [2, 3]


def test_a_line_that_breaks_under_way_is_tried_again(
    road: Lane, county: County, waits: Waits, photo: Paper
) -> None:
    county.manners.lose_parts = TRIES - 1
    assert road.upload().left == 0
    assert sent(county)[: TRIES - 1] == [0] * (TRIES - 1)
    assert len(waits) == TRIES - 2, "the first break is tried again at once"


def test_a_line_that_stays_broken_is_left_to_the_next_time(
    road: Lane, county: County, photo: Paper
) -> None:
    county.manners.lose_parts = TRIES
    done = road.upload()
    assert done.left == 1
    assert "稍后会自动再试" in done.problem
    assert road.upload().left == 0


def test_a_relay_that_swallows_parts_loses_no_photo(
    road: Lane, tablet: Tablet, county: County, photo: Paper
) -> None:
    county.manners.lie_about_parts = True
    done = road.upload()
    assert (done.left, done.problem) == (1, "县级还没有签收附件，下次同步会再送。")
    county.manners.lie_about_parts = False
    assert road.upload().left == 0
    assert county.content(photo.name) == attachments.path_of(tablet, photo).read_bytes()


def test_parts_swallowed_in_the_middle_are_sent_once_more(
    road: Lane, tablet: Tablet, county: County, photo: Paper
) -> None:
    with tablet.store.write():  # three parts went, says an answer that nobody signed
        tablet.store.execute("UPDATE attachments SET parts_sent = 3")
    assert road.upload().left == 0
    assert sent(county) == [3, 0, 1, 2], "signed for as soon as the last hole is filled"


def test_a_word_that_the_county_did_not_sign_counts_for_nothing(
    road: Lane, county: County, photo: Paper
) -> None:
    county.manners.foreign_keys = True
    assert road.upload().left == 1
    county.manners.foreign_keys = False
    assert road.upload().left == 0


def test_after_a_restore_the_county_is_asked_by_one_part(
    road: Lane, tablet: Tablet, county: County, photo: Paper
) -> None:
    road.upload()
    with tablet.store.write():
        tables.keep_meta(tablet.store, "epoch", b"2")
    assert len(lane.waiting(tablet)) == 1
    assert road.upload().left == 1, "a word of the epoch before may be an old one, replayed"
    assert sent(county)[4:] == [3, 0, 1, 2, 3], "such a word stops nothing from being sent"
    county.epoch = 2
    county.parts.clear()
    with tablet.store.write():
        tablet.store.execute("UPDATE attachments SET parts_sent = parts")
    assert road.upload().left == 0
    assert sent(county) == [3]
    county.epoch, county.pieces = 3, {}
    with tablet.store.write():
        tables.keep_meta(tablet.store, "epoch", b"3")
    assert road.upload().left == 0
    assert county.content(photo.name) == attachments.path_of(tablet, photo).read_bytes()


def test_a_lost_file_holds_neither_the_text_nor_the_other_photos(
    tablet: Tablet, county: County, url: str, photo: Paper, of: bytes, tmp_path: Path
) -> None:
    (tmp_path / "other").write_bytes(b"x")
    attachments.attach(tablet, of, tmp_path / "other")
    forget(tablet, photo)
    done = Synchroniser(tablet, exchange_to(url), lambda _: None).run()
    assert (done.pending, done.attachments_left) == (0, 1)
    assert done.notices == ("本机有一个附件的文件缺失或损坏，请重新拍摄添加。",)


def test_a_broken_lane_fails_no_exchange(
    tablet: Tablet, county: County, url: str, photo: Paper
) -> None:
    county.manners.lose_parts = TRIES
    done = Synchroniser(tablet, exchange_to(url), lambda _: None).run()
    assert (done.pushed, done.pending, done.attachments_left) == (2, 0, 1)


@pytest.mark.parametrize("told", [("digest", 1), ("over_quota", 1), ("full", 2)])
def test_what_the_county_refuses_of_one_photo_holds_up_no_other(
    road: Lane, county: County, photo: Paper, of: bytes, tmp_path: Path, told: tuple[str, int]
) -> None:
    tablet, (code, left) = road._tablet, told
    (tmp_path / "other").write_bytes(b"x")
    attachments.attach(tablet, of, tmp_path / "other")
    county.manners.refuse_parts[photo.name] = code
    done = road.upload()
    assert (done.left, done.problem) == (left, "没有收下。")
    county.manners.refuse_parts.clear()
    assert road.upload().left == 0


def test_only_what_does_not_fit_together_is_sent_from_the_start(
    tablet: Tablet, county: County, road: Lane, photo: Paper
) -> None:
    for code, sent in (("over_quota", 2), ("full", 2), ("digest", 0)):
        with tablet.store.write():
            tablet.store.execute("UPDATE attachments SET parts_sent = 2")
        county.manners.refuse_parts[photo.name] = code
        road.upload()
        assert lane.waiting(tablet)[0].sent == sent


# ---- down


def test_a_cut_attachment_is_fetched_on_from_where_it_stopped(
    road: Lane, tablet: Tablet, county: County, photo: Paper, tmp_path: Path
) -> None:
    road.upload()
    forget(tablet, photo)
    county.manners.cut_content = 3
    road.fetch(photo)
    assert county.ranges == ["", "bytes=10000-", "bytes=20000-", "bytes=30000-"]
    assert attachments.save(tablet, photo, tmp_path / "here.jpg") == len(CONTENT)
    assert (tmp_path / "here.jpg").read_bytes() == CONTENT
    kept = [path.name for path in tablet.locked.home.attachments.iterdir()]
    assert kept == [photo.name], "nothing but the ciphertext stays"
    road.fetch(photo)
    assert len(county.ranges) == 4, "what is here is not asked for again"


def test_what_arrived_is_kept_for_the_next_call(
    road: Lane, tablet: Tablet, county: County, photo: Paper, tmp_path: Path
) -> None:
    road.upload()
    forget(tablet, photo)
    county.manners.portal = True
    with pytest.raises(NotTheCounty):
        road.fetch(photo)
    county.manners.portal = False
    partial = tablet.locked.home.attachments / f"{photo.name}.part"
    partial.write_bytes(county.content(photo.name)[:50_000])
    road.fetch(photo)
    assert county.ranges == ["bytes=50000-"]
    assert attachments.read(tablet, photo) == CONTENT


def test_a_spoilt_beginning_is_dropped(
    road: Lane, tablet: Tablet, county: County, photo: Paper
) -> None:
    road.upload()
    forget(tablet, photo)
    (tablet.locked.home.attachments / f"{photo.name}.part").write_bytes(b"spoilt")
    with pytest.raises(NotTheCounty):
        road.fetch(photo)
    road.fetch(photo)
    assert attachments.read(tablet, photo) == CONTENT


def test_no_county_no_waiting(tablet: Tablet, waits: Waits, photo: Paper) -> None:
    forget(tablet, photo)
    with pytest.raises(Unreachable):
        Lane(tablet, exchange_to("http://127.0.0.1:9"), waits.append).fetch(photo)
    assert waits == []


# ---- on the tablet


def test_a_record_lists_its_attachments(tablet: Tablet, of: bytes, photo: Paper) -> None:
    assert attachments.of_record(tablet, of) == [Attached(photo.record, photo, True)]
    assert attachments.choose(tablet, of) == attachments.choose(tablet, photo.record) == photo
    tablet.rebuild()
    assert attachments.of_record(tablet, of) == [Attached(photo.record, photo, True)]
    forget(tablet, photo)
    assert attachments.of_record(tablet, of) == [Attached(photo.record, photo, False)]
    with pytest.raises(NotHere):
        attachments.read(tablet, photo)


def test_which_one_has_to_be_said(tablet: Tablet, of: bytes, photo: Paper, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"x")
    other = attachments.attach(tablet, of, tmp_path / "other")
    with pytest.raises(WhichOne, match=record_text(other.record)):
        attachments.choose(tablet, of)
    bare = tablet.desk.record("consultation", {"question": "问"})
    assert isinstance(bare, Recorded)
    with pytest.raises(WhichOne, match="没有附件"):
        attachments.choose(tablet, bare.record)


def test_no_file_is_overwritten(tablet: Tablet, photo: Paper, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="已经存在"):
        attachments.save(tablet, photo, tmp_path / "照片.jpg")


def test_attaching_needs_a_file_and_a_record(tablet: Tablet, of: bytes, tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        attachments.attach(tablet, of, tmp_path / "none")
    with (tmp_path / "film").open("wb") as film:
        film.truncate(21 << 20)
    with pytest.raises(Unreadable, match="20 MB"):
        attachments.attach(tablet, of, tmp_path / "film")
    (tmp_path / "scan").write_bytes(b"x")
    with pytest.raises(NoSuchRecord):
        attachments.attach(tablet, bytes(16), tmp_path / "scan")


@pytest.mark.parametrize(
    "data",
    [{"cipher_hash": "../../device.secret"}, {"cipher_hash": "a" * 63}, {"key": "k"},
     {"cipher_hash": "A" * 64}],
)  # fmt: skip
def test_what_others_wrote_never_becomes_a_path(
    tablet: Tablet, of: bytes, photo: Paper, data: dict[str, str]
) -> None:
    tablet.desk.act(photo.record, "amend", data)
    assert attachments.of_record(tablet, of) == [Attached(photo.record, None, False)]
    with pytest.raises(PaperUnusable):
        attachments.choose(tablet, of)


def test_a_file_that_is_not_the_one_registered_is_not_opened(
    tablet: Tablet, of: bytes, photo: Paper
) -> None:
    tablet.desk.act(photo.record, "amend", {"content_hash": "0" * 64})
    with pytest.raises(PaperUnusable, match="指纹"):
        attachments.read(tablet, attachments.choose(tablet, of))
