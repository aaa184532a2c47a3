"""Small files that survive a power cut: written aside, synced, renamed into place.

Keys and configuration are whole under their name or not there at all. Everything is readable by the
county's own operating-system user alone.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from shared.errors import BianminError

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


class NotWritten(BianminError):
    """The disk refused a write; nothing was changed."""


def write(path: Path, content: bytes) -> None:
    """Write `content` durably under `path` with mode 0600; raise NotWritten."""
    aside = path.with_name(path.name + ".tmp")
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        raise NotWritten(
            f"写不进 {path.parent}（{error.strerror}），请检查磁盘空间与目录权限后重试。"
        ) from error


def make_folder(path: Path) -> None:
    """Make `path` and its parents; the folder itself gets mode 0700; raise NotWritten."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        path.chmod(PRIVATE_FOLDER)
    except OSError as error:
        raise NotWritten(f"建不了目录 {path}（{error.strerror}），请换一个目录再试。") from error


def sync(handle: int) -> None:
    """Make what was written to an open file survive a power cut."""
    os.fsync(handle)


def sync_folder(path: Path) -> None:
    """Make names created or replaced in `path` survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
