"""The frozen outbox: sealed envelopes outside the database, delivered even while locked.

Freezing seals what is pending into well-filled envelopes and writes each durably. Its file stays
until the county has *opened* it with the same head; a *stored* acknowledgement, kept beside
it, only stops sending. What was stored but not opened after a day is sent again.

    <stream>-<from>-<to>-<work>.env    the envelope; `work` counts the operations people did
    <same name>.ack                    the front's signed acknowledgement
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mobile import files
from shared.errors import BianminError
from sync.acknowledgement import MalformedAcknowledgement, Stored, open_stored
from sync.envelope import Header, MalformedEnvelope, parse
from sync.keys import BadSignature

ENVELOPE = ".env"
ACKNOWLEDGEMENT = ".ack"
RESEND_AFTER_MS = 24 * 60 * 60 * 1000
_UNREADABLE = "读不到送达回执，请检查存储设备后再试。"


class OutboxDamaged(BianminError):
    """A frozen envelope cannot be read."""


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

    @property
    def acknowledgement(self) -> Path:
        """Where the front's acknowledgement is kept."""
        return self.path.with_suffix(ACKNOWLEDGEMENT)

    def read(self) -> bytes:
        """Return the envelope; raise OutboxDamaged."""
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise OutboxDamaged("读不到待送的数据文件，请检查存储设备后再试。") from error


class Outbox:
    """The envelopes of one home. Needs no key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._verified: dict[Path, tuple[tuple[int, int], Stored]] = {}
        """Acknowledgements that fitted, with the state of the file they were read from."""

    def all(self) -> list[Frozen]:
        """Return every frozen envelope by stream and sequence number."""
        found = [_frozen(path) for path in self._folder.glob("*" + ENVELOPE)]
        return sorted(found, key=lambda one: (one.stream, one.seq_from, one.seq_to))

    def pending(self, now_ms: int, front_public: bytes) -> list[Frozen]:
        """Return what has to be sent: not acknowledged, or a day ago and still not opened."""
        return [one for one in self.all() if not self._is_stored(one, now_ms, front_public)]

    def undelivered(self, front_public: bytes) -> list[Frozen]:
        """Return what the front has not acknowledged."""
        return [one for one in self.all() if self._acknowledgement(one, front_public) is None]

    def add(self, raw: bytes, work: int) -> Frozen:
        """Freeze an envelope durably; the same one again changes nothing. Raises NotSaved."""
        header = parse(raw).header
        name = f"{_short(header.stream)}-{header.seq_from:012d}-{header.seq_to:012d}-{work}"
        path = self._folder / (name + ENVELOPE)
        files.write(path, raw)
        return _frozen(path)

    def acknowledge(self, raw: bytes, front_public: bytes) -> list[Frozen]:
        """Keep a front's acknowledgement beside each envelope it covers; return those.

        Empty where no envelope has that range with that head: it is ignored, the caller reports it.
        Raises MalformedAcknowledgement or BadSignature.
        """
        stored = open_stored(raw, front_public)
        covered = [one for one in self.all() if _covers(stored, one)]
        for one in covered:
            files.write(one.acknowledgement, raw)
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
        for one in self.all():
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

    def _drop(self, one: Frozen) -> None:
        files.remove(one.path)
        if one.acknowledgement.exists():
            files.remove(one.acknowledgement)

    def _is_stored(self, one: Frozen, now_ms: int, front_public: bytes) -> bool:
        stored = self._acknowledgement(one, front_public)
        return stored is not None and now_ms - stored.received_at < RESEND_AFTER_MS

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


def header_of(raw: bytes) -> Header:
    """Return the header of a frozen envelope; raise OutboxDamaged."""
    try:
        return parse(raw).header
    except MalformedEnvelope as error:
        raise OutboxDamaged("待送的数据文件已损坏，解锁后会自动重新封装。") from error


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
    if _short(stored.stream) != one.stream:
        return False
    if (stored.seq_from, stored.seq_to) != (one.seq_from, one.seq_to):
        return False
    return header_of(one.read()).head_after == stored.head


def _frozen(path: Path) -> Frozen:
    stream, seq_from, seq_to, work = path.stem.split("-")
    return Frozen(path, stream, int(seq_from), int(seq_to), int(work), path.stat().st_size)


def _short(stream: bytes) -> str:
    return stream[:8].hex()
