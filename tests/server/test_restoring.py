"""Restored counties: what they tell of streams they lack, cursors they never gave, two in a row."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from server import backup as backups
from server import files
from server.admin import invite
from server.backup import backup, restore
from server.county import County
from server.enrolment import enrol
from server.handover import Handed, HandedOver, HandOver
from server.home import CONFIG_FILE, CountyHome, HomeExists, NoHome
from server.opening import close_county, open_county
from server.pages import Cursor
from server.rebuild import county_streams, rebuild
from server.take_in import take_in
from server.verify import verify
from shared import chain
from sync.acknowledgement import Opened
from tests.server.counties import COUNTY, VILLAGE, a_county, a_tablet
from tests.server.tablets import Tablet

PAGE_BYTES = 1 << 20


@pytest.fixture
def county(tmp_path: Path) -> Iterator[County]:
    with a_county(tmp_path / "county") as made:
        yield made


@pytest.fixture
def tablet(county: County) -> Tablet:
    return a_tablet(county, invite(county, VILLAGE).code)


@contextmanager
def restored(county: County, file: Path, root: Path) -> Iterator[County]:
    restore(root, file, now=county.now, entropy=os.urandom)
    again = open_county(root, now=county.now)
    try:
        yield again
    finally:
        close_county(again)


def asking(
    county: County, tablet: Tablet, *others: bytes, raws: tuple[bytes, ...] = (),
    cursor: bytes = b"", stream: bytes = b"",
) -> HandedOver:  # fmt: skip
    handed = [Handed(raw, county.now()) for raw in raws]
    asked = HandOver(
        tablet.device_key.id, handed, stream or tablet.stream, cursor, PAGE_BYTES, list(others)
    )
    return take_in(county, asked)


def push(county: County, tablet: Tablet, first: int = 1) -> HandedOver:
    return asking(county, tablet, raws=(tablet.envelope(first),))


def opened_on(tablet: Tablet, answer: HandedOver) -> Opened | None:
    assert answer.page is not None
    return tablet.page(answer.page).opened


def begun(stream: bytes, epoch: int) -> Opened:
    return Opened(COUNTY, epoch, stream, 0, chain.genesis(COUNTY, stream), 0)


def test_a_stream_that_the_county_lacks_stands_at_its_beginning(
    tmp_path: Path, county: County, tablet: Tablet
) -> None:
    backup(county, tmp_path / "backup")
    tablet.ask("备份之后")
    push(county, tablet)
    with restored(county, tmp_path / "backup", tmp_path / "again") as again:
        answer = asking(again, tablet)
        assert opened_on(tablet, answer) == begun(tablet.stream, 2)
        assert answer.acknowledgements == []
        tablet.ask("恢复之后")
        answer = asking(again, tablet, raws=(tablet.envelope(3),))
        assert answer.outcomes[0].state == "waiting"
        assert tablet.acknowledgements(answer.acknowledgements) == [begun(tablet.stream, 2)]
        push(again, tablet)
        told = opened_on(tablet, asking(again, tablet))
        assert told is not None
        assert (told.epoch, told.seq) == (2, 3)
        assert verify(again).violations == ()


def test_every_stream_that_is_asked_about_is_told_and_no_other_s(
    county: County, tablet: Tablet
) -> None:
    other = a_tablet(county, invite(county, VILLAGE).code, "李四")
    other.ask("别人的")
    push(county, other)
    mine, theirs = b"m" * 16, other.stream
    answer = asking(county, tablet, mine, theirs)
    assert opened_on(tablet, answer) == begun(tablet.stream, 1)
    assert tablet.acknowledgements(answer.acknowledgements) == [begun(mine, 1)]
    assert opened_on(tablet, asking(county, tablet, stream=theirs)) is None


@pytest.mark.parametrize("damage", ["beyond the end", "another entry"])
def test_a_cursor_that_the_county_never_gave_begins_anew_and_is_logged(
    county: County, tablet: Tablet, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    caplog.set_level(logging.WARNING, "bianmin.county")
    first = asking(county, tablet).page
    assert first is not None
    page = tablet.page(first)
    again = asking(county, tablet, cursor=page.cursor).page
    assert again is not None
    assert (tablet.page(again).entries, tablet.page(again).cursor) == ([], page.cursor)
    assert caplog.records == []
    known = msgspec.msgpack.decode(page.cursor, type=Cursor)
    changes = {"position": 10**9} if damage == "beyond the end" else {"last": b"x" * 8}
    foreign = msgspec.msgpack.encode(msgspec.structs.replace(known, **changes))
    anew = asking(county, tablet, cursor=foreign).page
    assert anew is not None
    assert len(tablet.page(anew).entries) == len(page.entries)
    assert tablet.page(anew).cursor == page.cursor
    assert [one.levelname for one in caplog.records] == ["ERROR"]


def test_a_county_restored_again_and_again_proves_its_books(
    tmp_path: Path, county: County, tablet: Tablet
) -> None:
    source, epochs = county, 6
    tablet.ask("第 1 期")
    push(county, tablet)
    backup(county, tmp_path / "1")
    for epoch in range(2, epochs + 1):
        with restored(source, tmp_path / str(epoch - 1), tmp_path / f"county {epoch}") as again:
            tablet.ask(f"第 {epoch} 期")
            push(again, tablet, len(tablet.operations))
            assert verify(again).violations == ()
            rebuild(again)
            assert verify(again).violations == ()
            backup(again, tmp_path / str(epoch))
            with again.ledger.read() as tx:
                assert [one for one, _ in county_streams(tx)] == list(range(1, epoch + 1))


def test_a_restore_that_is_killed_leaves_no_county(
    tmp_path: Path, county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup(county, tmp_path / "backup")
    root = tmp_path / "again"

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(backups, "_new_epoch", killed)
        with pytest.raises(KeyboardInterrupt):
            restore(root, tmp_path / "backup", now=county.now, entropy=os.urandom)
    with pytest.raises(NoHome):
        CountyHome.open(root)
    with pytest.raises(HomeExists):
        restore(root, tmp_path / "backup", now=county.now, entropy=os.urandom)


def test_a_restored_county_is_on_the_disk_before_it_is_one(
    tmp_path: Path, county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup(county, tmp_path / "backup")
    root = tmp_path / "again"
    synced: list[int] = []

    def noting(handle: int) -> None:
        assert not (root / CONFIG_FILE).exists()
        synced.append(os.fstat(handle).st_ino)

    monkeypatch.setattr(files, "sync", noting)
    restore(root, tmp_path / "backup", now=county.now, entropy=os.urandom)
    for one in ("core.db", "card.bin", *(f"keys/{key.name}" for key in county.home.keys.iterdir())):
        assert (root / one).stat().st_ino in synced, one


def test_a_backup_beside_the_county_lets_nobody_let_go_of_anything(
    tmp_path: Path, county: County, tablet: Tablet
) -> None:
    tablet.ask("一")
    push(county, tablet)
    assert not backup(county, tmp_path / "beside").outside
    told = opened_on(tablet, asking(county, tablet))
    assert told is not None
    assert told.backed_up_through == 0
    assert backup(county, tmp_path / "share", outside=True).outside
    told = opened_on(tablet, asking(county, tablet))
    assert told is not None
    assert told.backed_up_through == 2


def test_a_backup_on_another_file_system_counts(
    tmp_path: Path, county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "usb"
    whole = Path.stat

    def elsewhere(self: Path, **rest: bool) -> os.stat_result:
        found = whole(self, **rest)
        if self != file:
            return found
        return os.stat_result([*found[:2], found.st_dev + 1, *found[3:]])

    monkeypatch.setattr(Path, "stat", elsewhere)
    assert backup(county, file).outside


def test_who_enrols_again_at_a_restored_county_stays_the_same_author(
    tmp_path: Path, county: County
) -> None:
    backup(county, tmp_path / "backup")
    late = a_tablet(county, invite(county, VILLAGE).code)
    author = late.agent
    late.ask("备份之后")
    push(county, late)
    with restored(county, tmp_path / "backup", tmp_path / "again") as again:
        request = late.request(invite(again, VILLAGE).code)
        late.enrolled(request, enrol(again, request.encode()))
        assert late.agent == author
        push(again, late)
        with again.ledger.read() as tx:
            judged = tx.judgements_on([one.skeleton.record for one in late.operations])
        assert {judged[one.id].status for one in late.operations} == {"admitted"}
        other = a_tablet(again, invite(again, VILLAGE).code, "李四")
        assert other.agent != author
