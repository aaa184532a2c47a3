"""Sealed attachments at the county: content-addressed, put part by part, whole or not there.

A part is a plain PUT and may be repeated in any order; when all parts lie here they are joined,
the digest is checked against the name, and the parts are dropped. Whoever reads one needs its name
(the SHA-256 of a ciphertext, known only to holders of the record) and, to see anything, its key.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore

from server.files import sync_folder
from shared.errors import BianminError
from sync.attachment import PartHeader, part_count

_PARTS = "parts"
CHUNK_BYTES = 64 << 10


class AttachmentDigest(BianminError):
    """The joined parts are not what the name says; all of them were dropped."""


class AttachmentMissing(BianminError):
    """No whole attachment of this name lies here."""


class NotStored(BianminError):
    """The disk refused an attachment or a part of it."""


class AttachmentStore:
    """The attachments under one folder. Safe to share between threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._store = LocalStore(folder, mkdir=True)

    def has(self, name: str) -> bool:
        """Return whether the whole attachment lies here."""
        return (self._folder / _whole(name)).is_file()

    def parts(self, name: str) -> set[int]:
        """Return the parts that lie here while the attachment is not whole."""
        folder = self._folder / _PARTS / name
        return {
            int(path.name.partition("-")[0])
            for path in folder.glob("*-*")
            if path.name[0].isdigit()
        }

    def put(self, header: PartHeader, content: bytes) -> bool:
        """Store a part durably; return whether the attachment is whole now.

        Raises AttachmentDigest where the last part shows that some part is wrong, NotStored.
        """
        if self.has(header.name):
            return True
        self._write(_part(header.name, header.part, header.size), content)
        wanted = {_part(header.name, part, header.size) for part in range(part_count(header.size))}
        if not all((self._folder / path).is_file() for path in wanted):
            return False
        self._join(header)
        return True

    def get(self, name: str) -> bytes:
        """Return the ciphertext; raise AttachmentMissing."""
        try:
            return bytes(obstore.get(self._store, _whole(name)).bytes())
        except FileNotFoundError as error:
            raise AttachmentMissing(_MISSING) from error

    def size(self, name: str) -> int:
        """Return how many bytes the whole attachment has; raise AttachmentMissing."""
        try:
            return (self._folder / _whole(name)).stat().st_size
        except FileNotFoundError as error:
            raise AttachmentMissing(_MISSING) from error

    def chunks(self, name: str, start: int = 0) -> Iterator[bytes]:
        """Yield the ciphertext from byte `start` on; never more of it in memory than a chunk."""
        with (self._folder / _whole(name)).open("rb") as file:
            file.seek(start)
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def drop_unfinished(self, until_ms: int) -> int:
        """Delete the parts of attachments that got no part since `until_ms`; return how many."""
        dropped = 0
        for folder in (self._folder / _PARTS).glob("*"):
            ages = [path.stat().st_mtime_ns for path in (folder, *_files(folder))]
            if max(ages) < until_ms * 1_000_000:
                self._drop(folder.name)
                dropped += 1
        return dropped

    def _join(self, header: PartHeader) -> None:
        paths = [_part(header.name, part, header.size) for part in range(part_count(header.size))]
        try:
            whole = b"".join((self._folder / path).read_bytes() for path in paths)
        except FileNotFoundError as error:
            if self.has(header.name):  # another upload of the same file was faster
                return
            raise NotStored("附件的分段已不在，请从头重新上传。") from error
        if hashlib.sha256(whole).hexdigest() != header.name:
            self._drop(header.name)
            raise AttachmentDigest("附件内容与其名称不符，已丢弃，请从头重新上传。")
        self._write(_whole(header.name), whole)
        self._drop(header.name)

    def _drop(self, name: str) -> None:
        folder = self._folder / _PARTS / name
        for path in _files(folder):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # a part came meanwhile, or it is gone already
            folder.rmdir()

    def _write(self, path: str, content: bytes) -> None:
        """Put one object; it is on the disk, under its name, when this returns.

        Its folder may be new: then its name stands in the folder above, and so on.
        """
        whole = self._folder / path
        try:
            obstore.put(self._store, path, content)
            with whole.open("rb") as file:
                os.fsync(file.fileno())
            for folder in whole.parents:
                sync_folder(folder)
                if folder == self._folder:
                    break
        except (BaseError, OSError) as error:
            raise NotStored("附件没有存下，可能磁盘已满，请稍后重试。") from error


_MISSING = "县级还没有收齐这个附件，请稍后再取。"


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*") if path.is_file()]


def _whole(name: str) -> str:
    return f"{name[:2]}/{name}"


def _part(name: str, part: int, size: int) -> str:
    return f"{_PARTS}/{name}/{part}-{size}"
