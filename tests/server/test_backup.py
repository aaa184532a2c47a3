"""Backup and restore: everything is there, a new epoch begins, tablets go on."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from server.admin import invite
from server.backup import BackupRefused, backup, restore
from server.county import County
from server.exporting import export_ledger
from server.handover import Handed, HandedOver, HandOver
from server.home import HomeExists
from server.opening import close_county, open_county
from server.take_in import take_in
from server.verify import verify
from sync.acknowledgement import Opened
from sync.card import open_card
from tests.server.counties import VILLAGE, a_county, a_tablet
from tests.server.tablets import Tablet


def push(county: County, tablet: Tablet, first: int = 1) -> HandedOver:
    handed = [Handed(tablet.envelope(first), county.now())]
    return take_in(county, HandOver(tablet.device_key.id, handed, tablet.stream, b"", 1 << 20))


def opened(tablet: Tablet, answer: HandedOver) -> Opened:
    (found,) = tablet.acknowledgements(answer.acknowledgements)
    assert isinstance(found, Opened)
    return found


def test_a_backup_is_restored_into_a_new_epoch_and_tablets_go_on(tmp_path: Path) -> None:
    file = tmp_path / "county.backup"
    with a_county(tmp_path / "county") as county:
        tablet = a_tablet(county, invite(county, VILLAGE).code)
        tablet.ask("备份之前")
        assert opened(tablet, push(county, tablet)).backed_up_through == 0
        done = backup(county, file, outside=True)
        assert done.operations == verify(county).operations
        assert opened(tablet, push(county, tablet, 3)).backed_up_through == 2
        tablet.ask("备份之后")
        push(county, tablet, 3)
        before = county.ledger
        with before.read() as tx:
            old = tx.county_head()
    assert restore(tmp_path / "again", file, now=county.now, entropy=os.urandom) == 2
    again = open_county(tmp_path / "again", now=county.now)
    with again.ledger.read() as tx:
        head = tx.county_head()
        assert (head.epoch, head.county_seq) == (2, 0)
        assert head.county_stream != old.county_stream
    card = open_card(again.home.card.read_bytes(), tablet.fingerprint)
    assert card.epoch == 2
    answer = push(again, tablet, 3)
    assert (opened(tablet, answer).epoch, opened(tablet, answer).seq) == (2, 3)
    assert answer.page is not None
    assert tablet.page(answer.page).epoch == 2
    assert verify(again).violations == ()
    close_county(again)


def test_a_backup_is_private_sealed_inside_and_never_overwrites(tmp_path: Path) -> None:
    file = tmp_path / "county.backup"
    secret = "张春花的低保"
    with a_county(tmp_path / "county") as county:
        tablet = a_tablet(county, invite(county, VILLAGE).code)
        tablet.ask(secret)
        push(county, tablet)
        backup(county, file)
        with pytest.raises(BackupRefused, match="已存在"):
            backup(county, file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert secret.encode() not in file.read_bytes()
    assert b"SQLite format 3" not in file.read_bytes()
    with tarfile.open(file) as archive:
        assert {"county.json", "card.bin", "core.db"} <= set(archive.getnames())


def test_a_folder_in_use_or_a_broken_file_restores_nothing(tmp_path: Path) -> None:
    file = tmp_path / "county.backup"
    with a_county(tmp_path / "county") as county:
        backup(county, file)
        with pytest.raises(HomeExists):
            restore(county.home.root, file, now=county.now, entropy=os.urandom)
    cut = tmp_path / "cut.backup"
    cut.write_bytes(b"not a backup")
    with pytest.raises(BackupRefused):
        restore(tmp_path / "new", cut, now=county.now, entropy=os.urandom)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("damage", ["cut", "flipped"])
@pytest.mark.parametrize("where", [0.02, 0.3, 0.6, 0.9])
def test_a_damaged_backup_restores_nothing_and_says_so(
    tmp_path: Path, damage: str, where: float, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "county.backup"
    with a_county(tmp_path / "county") as county:
        backup(county, file)
    with tarfile.open(file) as archive:
        database = archive.getmember("core.db")
    raw = bytearray(file.read_bytes())
    at = database.offset_data + int(database.size * where)
    if damage == "cut":
        del raw[at:]
    else:
        raw[at] ^= 0x40
    file.write_bytes(raw)
    new = tmp_path / "new"
    with pytest.raises(BackupRefused, match="不完整或已损坏"):
        restore(new, file, now=county.now, entropy=os.urandom)
    assert not new.exists() or not list(new.iterdir())
    assert capfd.readouterr().err == ""


def test_an_export_names_every_operation_and_no_person(tmp_path: Path) -> None:
    file = tmp_path / "ledger.export"
    secret = "张春花的低保"
    with a_county(tmp_path / "county") as county:
        tablet = a_tablet(county, invite(county, VILLAGE).code)
        tablet.ask(secret)
        push(county, tablet)
        done = export_ledger(county, file)
        assert done.operations == verify(county).operations
        assert (done.streams, done.bytes) == (2, file.stat().st_size)
    raw = file.read_bytes()
    assert secret.encode() not in raw
    assert all(one.skeleton_bytes in raw for one in tablet.operations)
