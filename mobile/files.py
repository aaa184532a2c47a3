"""Files that survive a power cut: written aside, synced, renamed into place.

A file is there whole under its name or not at all (write to a temporary name, fsync, rename, fsync
of the folder). An error of the disk becomes `NotSaved`: its sentence begins with 未保存 and nothing
is half done. Window and command line may work on one home at once: writers of one file take turns.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from shared.errors import BianminError

if sys.platform != "win32":
    import fcntl

TEMPORARY = ".tmp"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class NotSaved(BianminError):
    """The disk refused a write. Nothing was changed; after space is freed the same call works."""

    is_full = False

    @classmethod
    def full(cls) -> NotSaved:
        """The disk is full."""
        error = cls("未保存：存储空间已满，请清理空间后再保存一次。")
        error.is_full = True
        return error

    @classmethod
    def broken(cls, detail: str) -> NotSaved:
        """The disk reported an error; `detail` is its name."""
        return cls(f"未保存：存储读写出错（{detail}），请重启设备后再保存一次；仍不行请联系县里。")


@contextlib.contextmanager
def disk_errors() -> Iterator[None]:
    """Turn an OSError inside into NotSaved."""
    try:
        yield
    except OSError as error:
        raise of_os_error(error) from error


def of_os_error(error: OSError) -> NotSaved:
    """Return the NotSaved of an operating system's error."""
    if error.errno in _FULL:
        return NotSaved.full()
    return NotSaved.broken(errno.errorcode.get(error.errno or 0, "EIO"))


def write(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write `content` durably under `path`, replacing what was there; raise NotSaved."""
    temporary = path.with_name(path.name + TEMPORARY)
    with disk_errors():
        handle = _turn_at(temporary, mode)
        try:
            _write_synced(handle, content)
            temporary.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        finally:
            os.close(handle)
        sync_folder(path.parent)


def remove(path: Path) -> None:
    """Remove a file durably; one that is gone already is fine. Raise NotSaved."""
    with disk_errors():
        path.unlink(missing_ok=True)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names created, replaced or removed in `folder` survive a power cut."""
    if os.name == "nt":  # Windows keeps no handle on a folder; its rename is written through
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def take_turn(handle: int) -> None:
    """Wait until no other process or thread has its turn at this open file; closing it ends it."""
    if sys.platform != "win32":
        fcntl.flock(handle, fcntl.LOCK_EX)


def _turn_at(temporary: Path, mode: int) -> int:
    """Open the temporary name for this writer alone; what a killed one left there is reused."""
    while True:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT, mode)
        try:
            take_turn(handle)
            if _is_at(temporary, handle):
                os.truncate(handle, 0)
                return handle
        except OSError:
            os.close(handle)
            raise
        os.close(handle)  # who had the turn before has renamed or removed the file opened here


def _is_at(path: Path, handle: int) -> bool:
    try:
        return path.stat().st_ino == os.fstat(handle).st_ino
    except FileNotFoundError:
        return False


def _write_synced(handle: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]
    os.fsync(handle)
