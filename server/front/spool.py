"""The front's own file: sealed envelopes with their acknowledgements, and the devices' public keys.

An envelope and its stored acknowledgement are one durable transaction (SQLCipher, WAL, FULL), and
the same envelope again gets the same acknowledgement. A row is deleted once the core has opened the
envelope **and** a verified backup covers it, or 30 days after it was opened. What the core has not
opened stays until it does; what it cannot open (the device has to seal again) stays 400 days.

Beside them stands who has begun to put which attachment: only so is there a limit to what a device
may leave half done, and to what one that is not active may leave at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, text

from server.database import READING, open_engine, translated
from server.handover import DeviceKey, Devices
from shared.errors import BianminError

DAY_MS = 24 * 60 * 60 * 1000
KEEP_OPENED_MS = 30 * DAY_MS
KEEP_REFUSED_MS = 400 * DAY_MS
MARKED_BYTES_MAX = 64 << 20
"""What a device that is not active may leave: as much again in attachments as in envelopes."""
UNFINISHED_MAX = 16
"""Attachments that one device may have begun and not finished: half a gigabyte at most."""
KEEP_UNFINISHED_MS = 30 * DAY_MS

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS envelopes (
        id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, device BLOB NOT NULL,
        stream BLOB NOT NULL, seq_from INTEGER NOT NULL, seq_to INTEGER NOT NULL,
        raw BLOB NOT NULL, stored BLOB NOT NULL, received_at INTEGER NOT NULL,
        marked TEXT NOT NULL, opened_at INTEGER, refusal TEXT NOT NULL DEFAULT '')""",
    """CREATE INDEX IF NOT EXISTS unopened ON envelopes (device, stream, seq_from, id)
        WHERE opened_at IS NULL""",
    "CREATE INDEX IF NOT EXISTS opened ON envelopes (opened_at) WHERE opened_at IS NOT NULL",
    """CREATE TABLE IF NOT EXISTS devices (
        device BLOB PRIMARY KEY, signing_public BLOB NOT NULL, state TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS uploads (
        device BLOB NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, marked TEXT NOT NULL,
        begun_at INTEGER NOT NULL, finished INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (device, name, size))""",
    "CREATE TABLE IF NOT EXISTS county (one INTEGER PRIMARY KEY, epoch INTEGER NOT NULL)",
)


class OverQuota(BianminError):
    """A device that is not active has left as much as it may."""


class Spooled(NamedTuple):
    """A sealed envelope on its way to the core."""

    id: int
    device: bytes
    stream: bytes
    raw: bytes
    received_at: int
    marked: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """A verified envelope about to be stored, with the acknowledgement it will get."""

    raw: bytes
    device: bytes
    stream: bytes
    seq_from: int
    seq_to: int
    received_at: int
    marked: str
    stored: bytes


class Known(NamedTuple):
    """What the spool says of an envelope: its acknowledgement and the core's objection, if any."""

    stored: bytes
    refusal: str


class Behind(NamedTuple):
    """A stream of which envelopes wait: the first one's number, and since when (Unix ms)."""

    device: bytes
    stream: bytes
    seq_from: int
    received_at: int


class Upload(NamedTuple):
    """An attachment that a device puts, and what it says of its size."""

    device: bytes
    name: str
    size: int
    marked: str
    begun_at: int


class Spool:
    """The front's file. Safe to share between threads."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._engine = open_engine(path, key)
        self._reader = self._engine.execution_options(**{READING: True})
        with self._write() as connection:
            for statement in _SCHEMA:
                connection.execute(text(statement))

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    def store(self, envelopes: Sequence[Incoming]) -> list[Known]:
        """Store envelopes in one durable transaction and return the acknowledgement of each.

        One that lies here already keeps its first acknowledgement. Raises DatabaseFull, OverQuota.
        """
        with translated(), self._write() as connection:
            for one in envelopes:
                if one.marked:
                    _require_quota(connection, one)
                connection.execute(_INSERT, _columns(one))
            return [_known(connection, digest_of(one.raw)) for one in envelopes]

    def unopened(self, device: bytes | None = None, *, limit: int = 64) -> list[Spooled]:
        """Return envelopes that wait for the core, one device's or all: each stream's in order, and
        the streams by turns, so that none keeps another waiting."""
        with translated(), self._reader.begin() as connection:
            found = connection.execute(_UNOPENED, {"device": device, "limit": limit})
            return [Spooled(*row) for row in found]

    def waiting_devices(self) -> list[bytes]:
        """Return the devices with envelopes that wait for the core, the longest waiting first."""
        with translated(), self._reader.begin() as connection:
            return [row[0] for row in connection.execute(_WAITING)]

    def waiting_streams(self) -> list[Behind]:
        """Return the streams with envelopes that wait for the core."""
        with translated(), self._reader.begin() as connection:
            return [Behind(*row) for row in connection.execute(_WAITING_STREAMS)]

    def mark_opened(self, ids: Iterable[int], at: int) -> None:
        """Note that the core has opened these envelopes."""
        rows = [{"id": one, "at": at} for one in ids]
        if rows:
            with translated(), self._write() as connection:
                connection.execute(_OPENED, rows)

    def mark_refused(self, refusals: Iterable[tuple[int, str]]) -> None:
        """Note what the core objects to in envelopes (id, sentence); they stay in the spool."""
        rows = [{"id": one, "refusal": sentence} for one, sentence in refusals]
        if rows:
            with translated(), self._write() as connection:
                connection.execute(_REFUSED, rows)

    def prune(self, now: int, backed_up: Iterable[tuple[bytes, int]] = ()) -> int:
        """Delete what need not be kept any longer (see above); return how many."""
        with translated(), self._write() as connection:
            count = connection.execute(_PRUNE_OLD, {"until": now - KEEP_OPENED_MS}).rowcount
            count += connection.execute(_PRUNE_REFUSED, {"until": now - KEEP_REFUSED_MS}).rowcount
            connection.execute(_PRUNE_UPLOADS, {"until": now - KEEP_UNFINISHED_MS})
            for stream, seq in backed_up:
                count += connection.execute(
                    _PRUNE_BACKED_UP, {"stream": stream, "seq": seq}
                ).rowcount
            return count

    def begin_upload(self, upload: Upload) -> None:
        """Return if this device may put parts of this attachment; raise OverQuota, DatabaseFull."""
        row = upload._asdict()
        with translated(), self._reader.begin() as connection:
            if connection.execute(_UPLOAD_KNOWN, row).first() is not None:
                return
        with translated(), self._write() as connection:
            _require_upload_quota(connection, upload)
            connection.execute(_UPLOAD, row)

    def finish_upload(self, upload: Upload) -> None:
        """Note that this attachment is whole."""
        with translated(), self._write() as connection:
            connection.execute(_UPLOAD_FINISHED, upload._asdict())

    def unfinished_uploads(self) -> list[Upload]:
        """Return the attachments that were begun here and are not known to be whole."""
        with translated(), self._reader.begin() as connection:
            return [Upload(*row) for row in connection.execute(_UPLOADS_UNFINISHED)]

    def size(self) -> tuple[int, int]:
        """Return how many envelopes wait for the core, and how many lie here in all."""
        with translated(), self._reader.begin() as connection:
            waiting, total = connection.execute(_SIZE).one()
            return waiting, total

    def replace_devices(self, devices: Devices) -> None:
        """Take over the core's list of devices and its epoch."""
        rows = [
            {"device": d.device, "signing_public": d.signing_public, "state": d.state}
            for d in devices.devices
        ]
        with translated(), self._write() as connection:
            connection.execute(text("DELETE FROM devices"))
            if rows:
                connection.execute(_DEVICE, rows)
            connection.execute(_EPOCH, {"epoch": devices.epoch})

    def devices(self) -> Devices:
        """Return the last list taken over; epoch 0 and no device where there was none yet."""
        with translated(), self._reader.begin() as connection:
            epoch = connection.execute(text("SELECT epoch FROM county")).scalar()
            found = connection.execute(text("SELECT device, signing_public, state FROM devices"))
            return Devices(epoch or 0, [DeviceKey(*row) for row in found])

    def _write(self) -> AbstractContextManager[Connection]:
        return self._engine.begin()


def digest_of(raw: bytes) -> bytes:
    """Return what names an envelope: the SHA-256 of its bytes."""
    return hashlib.sha256(raw).digest()


def _columns(one: Incoming) -> dict[str, object]:
    return {
        "digest": digest_of(one.raw),
        "device": one.device,
        "stream": one.stream,
        "seq_from": one.seq_from,
        "seq_to": one.seq_to,
        "raw": one.raw,
        "stored": one.stored,
        "received_at": one.received_at,
        "marked": one.marked,
    }


def _known(connection: Connection, digest: bytes) -> Known:
    return Known(*connection.execute(_KNOWN, {"digest": digest}).one())


def _require_quota(connection: Connection, one: Incoming) -> None:
    held = connection.execute(_HELD_BYTES, {"device": one.device}).scalar_one()
    known = connection.execute(_KNOWN, {"digest": digest_of(one.raw)}).first()
    if known is None and held + len(one.raw) > MARKED_BYTES_MAX:
        raise OverQuota(_CLOSED)


def _require_upload_quota(connection: Connection, upload: Upload) -> None:
    row = upload._asdict()
    if connection.execute(_UNFINISHED, row).scalar_one() >= UNFINISHED_MAX:
        raise OverQuota("本设备未传完的附件过多，暂不接收新的；请先传完前面的附件，数据仍在本机。")
    held = connection.execute(_HELD_UPLOADS, row).scalar_one()
    if upload.marked and held + upload.size > MARKED_BYTES_MAX:
        raise OverQuota(_CLOSED)


_CLOSED = "本设备已停用，暂存的内容已达上限；请带设备到县里处理，数据仍在本机。"
_INSERT = text(
    """INSERT INTO envelopes
        (digest, device, stream, seq_from, seq_to, raw, stored, received_at, marked)
    VALUES (:digest, :device, :stream, :seq_from, :seq_to, :raw, :stored, :received_at, :marked)
    ON CONFLICT (digest) DO NOTHING"""
)
_KNOWN = text("SELECT stored, refusal FROM envelopes WHERE digest = :digest")
_HELD_BYTES = text(
    "SELECT coalesce(sum(length(raw)), 0) FROM envelopes WHERE device = :device AND marked <> ''"
)
_UNOPENED = text(
    """SELECT id, device, stream, raw, received_at, marked FROM envelopes
    WHERE opened_at IS NULL AND refusal = '' AND (:device IS NULL OR device = :device)
    ORDER BY row_number() OVER (PARTITION BY device, stream ORDER BY seq_from, id),
        device, stream
    LIMIT :limit"""
)
_WAITING = text(
    """SELECT device FROM envelopes WHERE opened_at IS NULL AND refusal = ''
    GROUP BY device ORDER BY min(id)"""
)
_WAITING_STREAMS = text(
    """SELECT device, stream, min(seq_from), min(received_at) FROM envelopes
    WHERE opened_at IS NULL AND refusal = '' GROUP BY device, stream"""
)
_OPENED = text("UPDATE envelopes SET opened_at = :at, refusal = '' WHERE id = :id")
_REFUSED = text("UPDATE envelopes SET refusal = :refusal WHERE id = :id")
_PRUNE_OLD = text("DELETE FROM envelopes WHERE opened_at IS NOT NULL AND opened_at < :until")
_PRUNE_REFUSED = text("DELETE FROM envelopes WHERE refusal <> '' AND received_at < :until")
_PRUNE_BACKED_UP = text(
    "DELETE FROM envelopes WHERE opened_at IS NOT NULL AND stream = :stream AND seq_to <= :seq"
)
_UPLOAD_KNOWN = text(
    "SELECT 1 FROM uploads WHERE device = :device AND name = :name AND size = :size"
)
_UPLOAD = text(
    """INSERT INTO uploads (device, name, size, marked, begun_at)
    VALUES (:device, :name, :size, :marked, :begun_at)
    ON CONFLICT (device, name, size) DO NOTHING"""
)
_UNFINISHED = text("SELECT count(*) FROM uploads WHERE device = :device AND finished = 0")
_HELD_UPLOADS = text(
    "SELECT coalesce(sum(size), 0) FROM uploads WHERE device = :device AND marked <> ''"
)
_UPLOAD_FINISHED = text(
    """UPDATE uploads SET finished = 1 WHERE device = :device AND name = :name AND size = :size"""
)
_UPLOADS_UNFINISHED = text(
    "SELECT device, name, size, marked, begun_at FROM uploads WHERE finished = 0"
)
_PRUNE_UPLOADS = text("DELETE FROM uploads WHERE finished = 0 AND begun_at < :until")
_SIZE = text(
    """SELECT coalesce(sum(opened_at IS NULL AND refusal = ''), 0), count(*) FROM envelopes"""
)
_DEVICE = text(
    "INSERT INTO devices (device, signing_public, state) VALUES (:device, :signing_public, :state)"
)
_EPOCH = text(
    """INSERT INTO county (one, epoch) VALUES (1, :epoch)
    ON CONFLICT (one) DO UPDATE SET epoch = excluded.epoch"""
)
