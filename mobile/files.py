"""Files that survive a power cut: written aside, synced, renamed into place.

A file is there whole under its name or not at all (write to a temporary name, fsync, rename, fsync
of the folder). An error of the disk becomes `NotSaved`: its sentence begins with 未保存 and nothing
is half done.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from shared.errors import BianminError

TEMPORARY = ".tmp"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class NotSaved(BianminError):
    """The disk refused a write. Nothing was changed; after space is freed the same call works."""

    @classmethod
    def full(cls) -> NotSaved:
        """The disk is full."""
        return cls("未保存：存储空间已满，请清理空间后再保存一次。")

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
        try:
            _write_synced(temporary, content, mode)
            temporary.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
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


def _write_synced(path: Path, content: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    finally:
        os.close(handle)
