"""The frozen outbox: sealed envelopes outside the database, delivered even while locked.

Freezing seals what is pending into well-filled envelopes and writes each durably. Its file stays
until the county has *opened* it with the same head; a *stored* acknowledgement, kept beside
it, only stops sending. What was stored but not opened after a day is sent again. What is no longer
as it was frozen is not sent: with a PIN it is put aside and sealed anew.

    <stream>-<from>-<to>-<work>.env    the envelope; `work` counts the operations people did
    <same name>.ack                    the front's signed acknowledgement, as old as its arrival
    <same name>.bad                    an envelope that was damaged on this disk
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mobile import files
from mobile.timekeeping import TOLERANCE_MS
from shared.errors import BianminError
from sync.acknowledgement import MalformedAcknowledgement, Stored, open_stored
from sync.envelope import Envelope, MalformedEnvelope, parse
from sync.keys import BadSignature

ENVELOPE = ".env"
ACKNOWLEDGEMENT = ".ack"
BAD = ".bad"
RESEND_AFTER_MS = 24 * 60 * 60 * 1000
DAMAGED = "有待送的数据文件已损坏，先不送出；解锁后同步一次会自动重新封装。"
_NAME = re.compile(r"([0-9a-f]{16})-(\d+)-(\d+)-(\d+)\.env")
_UNREADABLE = "读不到送达回执，请检查存储设备后再试。"


class OutboxDamaged(BianminError):
    """A file of the outbox cannot be read."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """One envelope in the outbox."""

    path: Path
    stream: str
    """First 16 hexadecimal characters of the stream's id."""
    seq_from: int
    seq_to: int
    work: int
    """Operations of people inside: sessions, dummies and sealed acts are not counted."""
    size: int
    """Bytes of the envelope."""
    version: tuple[int, int] = field(default=(0, 0), compare=False)
    """When the file was written, and its number on the disk."""

    @property
    def acknowledgement(self) -> Path:
        """Where the front's acknowledgement is kept."""
        return self.path.with_suffix(ACKNOWLEDGEMENT)

    def read(self) -> bytes:
        """Return the envelope; raise OutboxDamaged, FileNotFoundError for one that was dropped."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            raise
        except OSError as error:
            raise OutboxDamaged("读不到待送的数据文件，请检查存储设备后再试。") from error


class Outbox:
    """The envelopes of one home. Needs no private key."""

    def __init__(
        self, folder: Path, now_ms: Callable[[], int], device_public: Callable[[], bytes | None]
    ) -> None:
        """`now_ms` is the machine's wall clock; `device_public` the key envelopes are signed with,
        None where it cannot be read."""
        self._folder = folder
        self._now_ms = now_ms
        self._device_public = device_public
        self._sound: dict[Path, tuple[tuple[int, int], bool]] = {}
        """Whether an envelope is as it was frozen, with the state of the file it was read from."""
        self._verified: dict[Path, tuple[tuple[int, int], Stored]] = {}
        """Acknowledgements that fitted, with the state of the file they were read from."""

    def all(self) -> list[Frozen]:
        """Return every sound envelope by stream and sequence number."""
        return [one for one in self._listed() if self._is_sound(one)]

    def damaged(self) -> list[Frozen]:
        """Return the envelopes that are not as they were frozen."""
        return [one for one in self._listed() if not self._is_sound(one)]

    def contents(self, chosen: Iterable[Frozen]) -> dict[Frozen, bytes]:
        """Return the bytes of each; what another process has dropped meanwhile is left out."""
        found = {}
        for one in chosen:
            with contextlib.suppress(FileNotFoundError):
                found[one] = one.read()
        return found

    def pending(self, front_public: bytes, county_ms: int | None = None) -> list[Frozen]:
        """Return what has to be sent: not acknowledged, or a day ago and still not opened.

        `county_ms` is the county's time where it is known; else this machine's clock counts.
        """
        return [one for one in self.all() if not self._is_stored(one, front_public, county_ms)]

    def undelivered(self, front_public: bytes) -> list[Frozen]:
        """Return what the front has not acknowledged, and what is damaged: it has to go again."""
        return [
            one for one in self._listed()
            if not self._is_sound(one) or self._acknowledgement(one, front_public) is None
        ]  # fmt: skip

    def add(self, raw: bytes, work: int) -> Frozen:
        """Freeze an envelope durably; the same one again changes nothing. Raises NotSaved."""
        header = parse(raw).header
        name = f"{_short(header.stream)}-{header.seq_from:012d}-{header.seq_to:012d}-{work}"
        path = self._folder / (name + ENVELOPE)
        files.write(path, raw)
        short = _short(header.stream)
        return Frozen(path, short, header.seq_from, header.seq_to, work, len(raw))

    def acknowledge(self, raw: bytes, front_public: bytes) -> list[Frozen]:
        """Keep a front's acknowledgement beside each envelope it covers; return those.

        Empty where no envelope has that range with that head: it is ignored, the caller reports it.
        Raises MalformedAcknowledgement or BadSignature.
        """
        stored = open_stored(raw, front_public)
        covered = [one for one in self.all() if _covers(stored, one)]
        for one in covered:
            files.write(one.acknowledgement, raw)
            with contextlib.suppress(OSError):  # the clock that `pending` reads later
                os.utime(one.acknowledgement, ns=(self._now_ms() * 1_000_000,) * 2)
        return covered

    def stored(self, front_public: bytes) -> list[tuple[Frozen, Stored]]:
        """Return the envelopes that the front has acknowledged."""
        found = []
        for one in self.all():
            stored = self._acknowledgement(one, front_public)
            if stored is not None:
                found.append((one, stored))
        return found

    def drop_opened(self, stream: bytes, seq: int) -> None:
        """Delete what the core has opened; the caller has compared the head."""
        for one in self._listed():
            if one.stream == _short(stream) and one.seq_to <= seq:
                self._drop(one)

    def replace(self, old: Iterable[Frozen], new: Iterable[tuple[bytes, int]]) -> None:
        """Exchange envelopes for a new cut or seal of the same operations, the new ones first.

        An acknowledgement of an old one does not count for a new one.
        """
        added = {self.add(raw, work).path for raw, work in new}
        for one in old:
            if one.path not in added:
                self._drop(one)
            elif one.acknowledgement.exists():
                files.remove(one.acknowledgement)

    def put_aside(self, one: Frozen) -> None:
        """Keep a damaged envelope under another name; its range is free to be sealed anew."""
        with files.disk_errors():
            if one.acknowledgement.exists():
                files.remove(one.acknowledgement)
            with contextlib.suppress(FileNotFoundError):  # another window was first
                one.path.replace(one.path.with_suffix(BAD))
            files.sync_folder(self._folder)

    def _drop(self, one: Frozen) -> None:
        files.remove(one.path)
        if one.acknowledgement.exists():
            files.remove(one.acknowledgement)

    def _listed(self) -> list[Frozen]:
        found = filter(None, map(_frozen, self._folder.glob("*" + ENVELOPE)))
        return sorted(found, key=lambda one: (one.stream, one.seq_from, one.seq_to))

    def _is_sound(self, one: Frozen) -> bool:
        """Whether the envelope is whole; looked at once, as long as its file is the same."""
        known = self._sound.get(one.path)
        if known is None or known[0] != one.version:
            known = self._sound[one.path] = (one.version, self._is_whole(one))
        return known[1]

    def _is_whole(self, one: Frozen) -> bool:
        envelope = _envelope(one)
        if envelope is None:
            return False
        public = self._device_public()
        try:
            if public is not None:
                envelope.verify(public)
        except BadSignature:
            return False
        return _place(envelope) == (one.stream, one.seq_from, one.seq_to)

    def _is_stored(self, one: Frozen, front_public: bytes, county_ms: int | None) -> bool:
        """Whether the front's acknowledgement is younger than a day.

        Its time is the county's, its file's is this machine's: neither is held against the other's
        clock. A clock that was set back tells nothing, and sending again costs little.
        """
        stored = self._acknowledgement(one, front_public)
        if stored is None:
            return False
        if county_ms is not None:
            elapsed = county_ms - stored.received_at
        else:
            written_ns, _ = self._verified[one.acknowledgement][0]
            elapsed = self._now_ms() - written_ns // 1_000_000
        return -TOLERANCE_MS <= elapsed < RESEND_AFTER_MS

    def _acknowledgement(self, one: Frozen, front_public: bytes) -> Stored | None:
        """The acknowledgement of an envelope; verified once, as long as its file is the same."""
        try:
            state = one.acknowledgement.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise OutboxDamaged(_UNREADABLE) from error
        version = (state.st_mtime_ns, state.st_ino)
        known = self._verified.get(one.acknowledgement)
        if known is not None and known[0] == version:
            return known[1]
        stored = _acknowledgement(one, front_public)
        if stored is not None:
            self._verified[one.acknowledgement] = (version, stored)
        return stored


def _acknowledgement(one: Frozen, front_public: bytes) -> Stored | None:
    try:
        stored = open_stored(one.acknowledgement.read_bytes(), front_public)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutboxDamaged(_UNREADABLE) from error
    except (MalformedAcknowledgement, BadSignature):
        return None  # a torn or foreign file acknowledges nothing: the envelope is sent again
    return stored if _covers(stored, one) else None


def _covers(stored: Stored, one: Frozen) -> bool:
    place = (_short(stored.stream), stored.seq_from, stored.seq_to)
    if place != (one.stream, one.seq_from, one.seq_to):
        return False
    envelope = _envelope(one)
    return envelope is not None and envelope.header.head_after == stored.head


def _envelope(one: Frozen) -> Envelope | None:
    """The envelope in a file; None where it cannot be read, is gone or is none."""
    try:
        return parse(one.path.read_bytes())
    except (OSError, MalformedEnvelope):
        return None


def _place(envelope: Envelope) -> tuple[str, int, int]:
    header = envelope.header
    return _short(header.stream), header.seq_from, header.seq_to


def _frozen(path: Path) -> Frozen | None:
    """What a file's name says; None for a file that is not ours or was dropped this moment."""
    named = _NAME.fullmatch(path.name)
    if named is None:
        return None
    try:
        state = path.stat()
    except FileNotFoundError:
        return None
    stream, seq_from, seq_to, work = named.groups()
    return Frozen(
        path, stream, int(seq_from), int(seq_to), int(work), state.st_size,
        (state.st_mtime_ns, state.st_ino),
    )  # fmt: skip


def _short(stream: bytes) -> str:
    return stream[:8].hex()
