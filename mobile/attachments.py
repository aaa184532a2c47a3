"""Attachments on the tablet: encrypted before they touch the disk, opened only for a person.

Each has a random key of its own, which travels inside its sealed operation; the ciphertext is named
by its hash, so that a part sent twice costs nothing and nobody in between learns anything.
`mobile.lane` carries them.
"""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from mobile import files
from mobile.desk import Desk, Recorded
from mobile.tablet import Tablet
from shared.errors import Refused
from shared.ids import record_text
from shared.papers import ATTACHMENT, Paper, PaperUnusable, paper_of
from sync import attachment
from sync.keys import KEY_BYTES


class Unreadable(Refused):
    """The file to attach cannot be read, or the file to write is there already."""


class NotHere(Refused):
    """The attachment has not arrived on this tablet yet."""


class WhichOne(Refused):
    """The record has no attachment, or more than one."""


@dataclass(frozen=True, slots=True)
class Attached:
    """An attachment of a record. `paper` None: what its record says cannot be used."""

    record: bytes
    paper: Paper | None
    is_here: bool
    """Its ciphertext lies on this tablet."""


def attach(tablet: Tablet, record: bytes, path: Path) -> Recorded:
    """Attach a file to a record; raise Unreadable, NoSuchRecord, MalformedAttachment, NotSaved."""
    desk: Desk = tablet.desk
    desk.show(record)
    plain = _read(path)
    key = tablet.locked.machine.entropy(KEY_BYTES)
    cipher = attachment.encrypt(plain, key)
    name = attachment.name_of(cipher)
    files.write(tablet.locked.home.attachments / name, cipher)
    parts = attachment.part_count(len(cipher))
    data = {
        "of": record_text(record), "content_hash": hashlib.sha256(plain).hexdigest(),
        "cipher_hash": name, "key": key.hex(), "file_name": path.name[:200],
        "media_type": mimetypes.guess_type(path.name)[0] or "application/octet-stream",
        "bytes": len(plain), "parts": parts,
    }  # fmt: skip
    with tablet.store.write():
        recorded = desk.record(ATTACHMENT, data)
        assert isinstance(recorded, Recorded)
        tablet.store.execute(
            """INSERT OR REPLACE INTO attachments(name, record, operation, bytes, parts, parts_sent)
               VALUES (?, ?, ?, ?, ?, 0)""",
            (name, recorded.record, recorded.operation, len(cipher), parts),
        )
    return recorded


def of_record(tablet: Tablet, record: bytes) -> list[Attached]:
    """Return the attachments of a record, the earliest first."""
    rows = tablet.store.rows(
        "SELECT record FROM attached WHERE of_record = ? ORDER BY record", (record,)
    )
    return [_attached(tablet, bytes(row[0])) for row in rows]


def choose(tablet: Tablet, record: bytes) -> Paper:
    """Return the attachment of this id, or the only one of the record of this id.

    Raises WhichOne, NoSuchRecord, PaperUnusable.
    """
    shown = tablet.desk.show(record).record
    if shown.kind == ATTACHMENT:
        return paper_of(shown)
    found = of_record(tablet, record)
    if len(found) == 1:
        return choose(tablet, found[0].record)
    if not found:
        raise WhichOne("这条记录没有附件，或附件的登记还没有同步到本机，请同步后再看。")
    named = "、".join(record_text(one.record) for one in found)
    raise WhichOne(f"这条记录有 {len(found)} 个附件，请给出其中一个的编号：{named}")


def is_here(tablet: Tablet, paper: Paper) -> bool:
    """Whether the ciphertext lies on this tablet."""
    return path_of(tablet, paper).is_file()


def read(tablet: Tablet, paper: Paper) -> bytes:
    """Return the plain bytes of an attachment, checked against its operation.

    Raises NotHere, MalformedAttachment, PaperUnusable.
    """
    try:
        cipher = path_of(tablet, paper).read_bytes()
    except OSError as error:
        raise NotHere("附件还没有下载到本机，请联网后取回再打开。") from error
    return paper.require(attachment.decrypt(cipher, paper.key))


def save(tablet: Tablet, paper: Paper, path: Path) -> int:
    """Write the plain file where the person says; return its bytes.

    Raises Unreadable where a file is there already, NotHere, NotSaved and what `read` raises.
    """
    plain = read(tablet, paper)
    if path.exists():
        raise Unreadable(f"「{path.name[:60]}」已经存在，为免覆盖，请换一个文件名。")
    files.write(path, plain)
    return len(plain)


def path_of(tablet: Tablet, paper: Paper) -> Path:
    """Return where the ciphertext lies, or would."""
    return tablet.locked.home.attachments / paper.name


def _attached(tablet: Tablet, record: bytes) -> Attached:
    try:
        paper = paper_of(tablet.desk.show(record).record)
    except PaperUnusable:
        return Attached(record, None, False)
    return Attached(record, paper, is_here(tablet, paper))


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > attachment.PLAIN_BYTES_MAX:
            mib = attachment.PLAIN_BYTES_MAX >> 20
            raise Unreadable(f"附件超过 {mib} MB，请压缩后再添加。")
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"读不到文件「{path.name[:60]}」，请检查路径后再试。") from error
