"""Backup and restore of a county on the embedded database: one tar file, mode 0600.

It holds configuration, card, **every key**, a verified copy of the database (encrypted under its
own key, which lies beside it) and the sealed attachments. Keep it outside the machine and under
lock: whoever holds it holds the county. A county on PostgreSQL is backed up with the database's own
tools.

Restoring makes a new epoch and a new county stream: tablets notice by their cursors and hand back
everything above the restored position, and no number of the lost stretch is ever given twice.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from sqlalchemy import Engine

from server import files
from server.county import County
from server.county_card import RootKeyAway, write_card
from server.database import DatabaseUnavailable, WrongDatabaseKey, open_engine, translated
from server.home import CONFIG_FILE, CountyConfig, CountyHome
from server.keys import KeyUnreadable, load_keys
from server.opening import close_county, open_with
from server.storage import COUNTY, Ledger, Tx
from server.storage.rows import Stream
from server.today import LastBackup, note_backup
from shared import chain
from shared.errors import BianminError, Refused

DAMAGED = "备份文件不完整或已损坏，没有恢复任何内容；请换一份备份再试。"
DATABASE, KEYS, CARD, ATTACHMENTS = "core.db", "keys", "card.bin", "attachments"


class BackupRefused(Refused):
    """This county, or this file, cannot be backed up or restored in this way."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup covers."""

    operations: int
    county_seq: int
    bytes: int
    outside: bool
    """It lies outside the machine: tablets and front may let go of what it covers."""


def backup(county: County, path: Path, *, outside: bool = False) -> BackedUp:
    """Write a verified backup to `path`; on another disk, note how far it covers every stream.

    `outside` says that the path is outside the machine where that cannot be seen, as on some
    network shares. The server may run meanwhile. Raises BackupRefused, NotWritten.
    """
    if county.home.config.database:
        raise BackupRefused(
            "本县用的是 PostgreSQL，请用数据库自己的备份工具（如 pgBackRest），并另存 keys 目录。"
        )
    if path.exists():
        raise BackupRefused(f"{path} 已存在，为免覆盖，未作备份；请换一个文件名。")
    with TemporaryDirectory(dir=county.home.run) as folder:
        copy = Path(folder) / DATABASE
        _copy_database(county, copy)
        operations, seqs, county_seq = _verified(county, copy)
        _pack(county.home, copy, path)
    outside = outside or _is_on_another_disk(county.home, path)
    if outside:
        county.ledger.writing(lambda tx: tx.put_backed_up(seqs, county_seq))
    size = path.stat().st_size
    note_backup(
        county.home,
        LastBackup(
            at=county.now(), file=str(path), outside=outside, operations=operations, bytes=size
        ),
    )
    return BackedUp(operations, county_seq, size, outside)


def _is_on_another_disk(home: CountyHome, path: Path) -> bool:
    """A copy beside the original is lost with it, so nobody may let go of anything for its sake."""
    return path.stat().st_dev not in {home.root.stat().st_dev, home.core_db.stat().st_dev}


def restore(
    root: Path, path: Path, *, now: Callable[[], int], entropy: Callable[[int], bytes]
) -> int:
    """Make a county at the empty folder `root` from a backup; return the new epoch.

    Raises HomeExists, BackupRefused.
    """
    with _opened(path) as archive:
        with _tar_errors():
            members = {one.name: one for one in archive.getmembers()}
        if {CONFIG_FILE, DATABASE, CARD} - members.keys():
            raise BackupRefused("备份文件不完整，请换一份备份。")
        home = CountyHome.empty(root)
        try:
            raw = _unpacked(archive, members, home)
            epoch = _begun_anew(CountyHome(home.root, _config(raw)), now, entropy)
            with _tar_errors():
                _sync(home.root)
            files.write(home.root / CONFIG_FILE, raw)  # last: this makes it a county
        except BianminError:
            home.discard()
            raise
    return epoch


def _unpacked(
    archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo], home: CountyHome
) -> bytes:
    """Unpack a backup; return `county.json`, without which nobody takes the folder for a county."""
    with _tar_errors():
        content = archive.extractfile(members.pop(CONFIG_FILE))
        raw = b"" if content is None else content.read()
        archive.extractall(home.root, members=members.values(), filter="data")
        for key in home.keys.iterdir():
            key.chmod(files.PRIVATE_FILE)
    return raw


def _config(raw: bytes) -> CountyConfig:
    try:
        return msgspec.json.decode(raw, type=CountyConfig)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BackupRefused(DAMAGED) from error


def _begun_anew(home: CountyHome, now: Callable[[], int], entropy: Callable[[int], bytes]) -> int:
    """Check every page of the restored database and begin a new epoch in it; return that."""
    try:
        county = open_with(home, load_keys(home), now=now, entropy=entropy)
    except (WrongDatabaseKey, KeyUnreadable) as error:
        raise BackupRefused(DAMAGED) from error
    try:
        _require_sound(county.ledger.engine, DAMAGED)
        epoch = county.ledger.writing(lambda tx: _new_epoch(tx, county))
        with suppress(RootKeyAway):  # kept elsewhere: the card of before names the same keys
            write_card(county)
    finally:
        close_county(county)
    return epoch


def _sync(root: Path) -> None:
    """Make all that was unpacked survive a power cut: files, then the folders that name them."""
    for folder, _, names in os.walk(root, topdown=False):
        for name in names:
            with (Path(folder) / name).open("rb") as file:
                files.sync(file.fileno())
        files.sync_folder(Path(folder))


def _copy_database(county: County, copy: Path) -> None:
    """Copy one unchanging view of the database; SQLCipher writes it under the same key."""
    with translated(), county.ledger.engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.execute("VACUUM INTO ?", (str(copy),))
    copy.chmod(files.PRIVATE_FILE)


def _verified(county: County, copy: Path) -> tuple[int, dict[bytes, int], int]:
    """Open the copy, check every page, and return what it holds."""
    engine = open_engine(copy, county.keys.database)
    try:
        _require_sound(engine, "备份副本没有通过检查，请先运行 bianmin county verify。")
        with Ledger(engine, county.code, county.keys.data).read() as tx:
            seqs = {one.stream: one.seq for one in tx.streams() if one.branch == 0}
            counts, head = tx.counts(), tx.county_head()
    finally:
        engine.dispose()  # the last connection gone, the copy is one file again
    return counts.operations, seqs, head.county_seq


def _require_sound(engine: Engine, otherwise: str) -> None:
    """Check every page against its key and every row against its index."""
    try:
        with translated(), engine.connect() as connection:
            broken = connection.exec_driver_sql("PRAGMA cipher_integrity_check").first()
            found = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
    except DatabaseUnavailable as error:
        raise BackupRefused(otherwise) from error
    if found != "ok" or broken is not None:
        raise BackupRefused(otherwise)


def _pack(home: CountyHome, copy: Path, path: Path) -> None:
    """Write the tar aside, sync it, rename it into place, and read every member once."""
    aside = path.with_name(path.name + ".part")
    try:
        aside.touch(files.PRIVATE_FILE)
        with tarfile.open(aside, "w") as archive:
            archive.add(home.root / CONFIG_FILE, CONFIG_FILE)
            archive.add(home.card, CARD)
            archive.add(home.keys, KEYS)
            archive.add(copy, DATABASE)
            archive.add(home.attachments, ATTACHMENTS)
        with aside.open("rb") as file:
            files.sync(file.fileno())
        _read_through(aside)
        aside.replace(path)
        files.sync_folder(path.resolve().parent)
    except OSError as error:
        with suppress(OSError):  # a disk that takes nothing does not let go of anything either
            aside.unlink(missing_ok=True)
        raise files.NotWritten(f"备份写不进 {path}（{error.strerror}），请检查后重试。") from error


def _read_through(path: Path) -> None:
    with _opened(path) as archive:
        for member in archive:
            content = archive.extractfile(member)
            while content is not None and content.read(1 << 20):
                pass


def _opened(path: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(path)
    except (OSError, tarfile.TarError) as error:
        raise BackupRefused(f"{path} 不是备份文件或无法读取，请核对后再试。") from error


@contextmanager
def _tar_errors() -> Iterator[None]:
    """A file that is cut short or damaged shows itself in more than one way."""
    try:
        yield
    except (tarfile.TarError, EOFError) as error:
        raise BackupRefused(DAMAGED) from error
    except OSError as error:
        raise files.NotWritten(f"恢复时读写出错（{error.strerror}），请检查磁盘后重试。") from error


def _new_epoch(tx: Tx, county: County) -> int:
    """Close the old county stream where it stands and begin a new one in a new epoch.

    The closed row keeps its epoch where other streams have their last anchor, which it has none of.
    """
    head = tx.county_head()
    tx.put_stream(
        Stream(
            head.county_stream, 0, b"", COUNTY, head.county_seq, head.county_head, head.epoch,
            head.county_seq, head.county_seq,
        )
    )  # fmt: skip
    stream = county.entropy(chain.STREAM_BYTES)
    tx.put_county(
        head._replace(
            epoch=head.epoch + 1,
            county_stream=stream,
            county_seq=0,
            county_head=chain.genesis(county.code, stream),
            backed_up_through=0,
        )
    )
    return head.epoch + 1
