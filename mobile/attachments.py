"""Attachments on the tablet: encrypted before they touch the disk, sent by part after the text.

Each has a random key of its own, which travels inside its sealed operation; the ciphertext is named
by its hash, so that a part sent twice costs nothing and nobody in between learns anything.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mobile import files
from mobile.desk import Desk, Recorded
from mobile.tablet import Tablet
from shared.errors import Refused
from shared.ids import record_text
from shared.record import Record
from sync import attachment
from sync.exchange import Exchange, Unreachable
from sync.keys import KEY_BYTES

KIND = "attachment"


class Unreadable(Refused):
    """The file to attach cannot be read."""


class NotHere(Refused):
    """The attachment has not arrived on this tablet yet."""


def attach(tablet: Tablet, record: bytes, path: Path) -> Recorded:
    """Attach a file to a record; raise Unreadable, NoSuchRecord, MalformedAttachment, NotSaved."""
    desk: Desk = tablet.desk
    desk.show(record)
    try:
        plain = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"读不到文件「{path.name[:60]}」，请检查路径后再试。") from error
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
        recorded = desk.record(KIND, data)
        assert isinstance(recorded, Recorded)
        tablet.store.execute(
            """INSERT OR REPLACE INTO attachments(name, operation, bytes, parts, parts_sent)
               VALUES (?, ?, ?, ?, 0)""",
            (name, recorded.operation, len(cipher), parts),
        )
    return recorded


class Unsent(NamedTuple):
    """A signed part that the county has not confirmed yet; `number` counts from 1."""

    name: str
    number: int
    raw: bytes


def unsent(tablet: Tablet) -> Iterator[Unsent]:
    """Yield the parts that are not sent yet, attachment by attachment, in order."""
    rows = tablet.store.rows("SELECT name, parts_sent FROM attachments WHERE parts_sent < parts")
    for name, parts_sent in rows:
        cipher = (tablet.locked.home.attachments / name).read_bytes()
        signed = attachment.sign_parts(cipher, tablet.card.county, tablet.device_key, parts_sent)
        for number, raw in enumerate(signed, start=parts_sent + 1):
            yield Unsent(name, number, raw)


def upload(tablet: Tablet, exchange: Exchange) -> int:
    """Send the parts that are not sent yet; return how many. Raises Unreachable, CountyRefused.

    Each part is noted once the county has it: a broken line goes on where it stopped.
    """
    sent = 0
    for part in unsent(tablet):
        exchange.put_part(part.raw)
        sent += 1
        with tablet.store.write():
            tablet.store.execute(
                "UPDATE attachments SET parts_sent = ? WHERE name = ?", (part.number, part.name)
            )
    return sent


def read(tablet: Tablet, record: Record) -> bytes:
    """Return the plain bytes of an attachment record; raise NotHere, MalformedAttachment."""
    path = tablet.locked.home.attachments / str(record.fields.get("cipher_hash", ""))
    try:
        cipher = path.read_bytes()
    except OSError as error:
        raise NotHere("附件还没有下载到本机，请联网同步后再打开。") from error
    return attachment.decrypt(cipher, bytes.fromhex(str(record.fields["key"])))


def fetch(tablet: Tablet, exchange: Exchange, record: Record) -> bytes:
    """Get an attachment from the county, keep its ciphertext, return the plain bytes.

    What arrived before a broken line is kept: the next call goes on there. Raises Unreachable,
    NotTheCounty, CountyRefused, MalformedAttachment, NotSaved.
    """
    name = str(record.fields.get("cipher_hash", ""))
    partial = tablet.locked.home.attachments / f"{name}.part"
    have = partial.read_bytes() if partial.exists() else b""
    try:
        cipher = exchange.get(name, have)
    except Unreachable as error:
        if error.received:
            files.write(partial, error.received)
        raise
    files.write(tablet.locked.home.attachments / name, cipher)
    files.remove(partial)
    return read(tablet, record)
