"""What was backed up last and where, noted beside the county's data: the daily sheet reads it."""

from __future__ import annotations

import msgspec

from server import files
from server.home import CountyHome

BACKUP_FILE = "last-backup.json"


class LastBackup(msgspec.Struct, frozen=True, kw_only=True):
    """What was written last, and where."""

    at: int
    file: str
    outside: bool
    operations: int
    bytes: int


def last_backup(home: CountyHome) -> LastBackup | None:
    """Return what was backed up last; None where nothing was, or the note cannot be read."""
    try:
        return msgspec.json.decode((home.root / BACKUP_FILE).read_bytes(), type=LastBackup)
    except (OSError, msgspec.MsgspecError):
        return None  # a note that is lost means: back up again


def note_backup(home: CountyHome, done: LastBackup) -> None:
    """Write down a backup; raise NotWritten."""
    files.write(home.root / BACKUP_FILE, msgspec.json.encode(done) + b"\n")
