"""The county's keys: one file each under `keys/`, 32 raw bytes, mode 0600.

    root       signs the county card; may be kept on a stick (`root.key` missing is no error)
    core       signs pages, opened acknowledgements and verdicts
    front      signs stored acknowledgements; with `spool` all that the front process may read
    recipient  receives envelopes, a new one every 30 days, kept 400 days after its period
    complaint  receives sealed complaints; a real county may keep the private half elsewhere
    database   opens the SQLCipher file; data seals blobs inside it; blind compares persons

The key periods overlap by `OVERLAP_MS` on the card, so that a tablet that has not seen the newest
card for a few days still seals to a key that counts as current.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from server import files
from server.home import CountyHome
from shared.errors import BianminError
from sync.keys import KEY_BYTES, SealingKey, SigningKey

DAY_MS = 24 * 60 * 60 * 1000
PERIOD_MS = 30 * DAY_MS
OVERLAP_MS = 5 * DAY_MS
KEEP_MS = 400 * DAY_MS

Draw = Callable[[int], bytes]


class KeyUnreadable(BianminError):
    """A key file is missing, cannot be read, or has another length than a key."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One period's key for envelopes: tablets seal to it from `from_at` to `to_at` (Unix ms)."""

    key: SealingKey
    from_at: int
    to_at: int

    @property
    def key_id(self) -> bytes:
        """The 8 bytes that an envelope's header names."""
        return self.key.id

    @property
    def public(self) -> bytes:
        """The raw public key."""
        return self.key.public

    @property
    def private(self) -> bytes:
        """The raw private key."""
        return self.key.raw


@dataclass(frozen=True, slots=True)
class CountyKeys:
    """Every key of the county; only the core and the commands of the administrator load it."""

    root: SigningKey | None
    """None where the root key is kept offline: the card cannot be signed anew then."""
    core: SigningKey
    front: SigningKey
    recipients: tuple[Recipient, ...]
    complaint: SealingKey | None
    complaint_public: bytes
    database: bytes = field(repr=False)
    data: bytes = field(repr=False)
    blind: bytes = field(repr=False)
    spool: bytes = field(repr=False)

    def recipient(self, key_id: bytes) -> Recipient | None:
        """Return the recipient key of this id, however old; None if it was deleted."""
        return next((one for one in self.recipients if one.key_id == key_id), None)

    def current_recipient(self, now: int) -> Recipient:
        """Return the newest recipient key whose period has begun."""
        begun = [one for one in self.recipients if one.from_at <= now]
        return max(begun or self.recipients, key=lambda one: one.from_at)


@dataclass(frozen=True, slots=True)
class FrontKeys:
    """What the front process may read: it signs acknowledgements and opens nothing."""

    front: SigningKey
    spool: bytes = field(repr=False)


def create_keys(home: CountyHome, now: int, draw: Draw) -> CountyKeys:
    """Draw every key of a new county and write it durably; raise NotWritten."""
    for name in ("root", "core", "front", "complaint", "database", "data", "blind", "spool"):
        _write(home.keys, name, draw(KEY_BYTES))
    _write_recipient(home.keys, now, SealingKey.generate(draw))
    _write_public(home.keys)
    return load_keys(home)


def load_keys(home: CountyHome) -> CountyKeys:
    """Return the county's keys; raise KeyUnreadable."""
    folder = home.keys
    root = _path(folder, "root")
    complaint = _path(folder, "complaint")
    complaint_key = SealingKey(_read(complaint)) if complaint.exists() else None
    public = complaint_key.public if complaint_key else _read(folder / "complaint.pub")
    return CountyKeys(
        root=SigningKey(_read(root)) if root.exists() else None,
        core=SigningKey(_read(_path(folder, "core"))),
        front=SigningKey(_read(_path(folder, "front"))),
        recipients=_read_recipients(folder),
        complaint=complaint_key,
        complaint_public=public,
        database=_read(_path(folder, "database")),
        data=_read(_path(folder, "data")),
        blind=_read(_path(folder, "blind")),
        spool=_read(_path(folder, "spool")),
    )


def load_front_keys(home: CountyHome) -> FrontKeys:
    """Return the two keys of the front process; raise KeyUnreadable."""
    return FrontKeys(SigningKey(_read(_path(home.keys, "front"))), _read(_path(home.keys, "spool")))


def rotate_recipients(home: CountyHome, now: int, draw: Draw) -> bool:
    """Add the next period's key before the last one ends, drop what was kept long enough.

    Returns whether anything changed (the card has to be signed anew then); raises NotWritten.
    """
    recipients = _read_recipients(home.keys)
    newest = max(recipients, key=lambda one: one.from_at)
    changed = False
    if now >= newest.to_at - OVERLAP_MS:
        _write_recipient(home.keys, max(now, newest.from_at + 1), SealingKey.generate(draw))
        changed = True
    for old in recipients:
        if old is not newest and old.to_at + KEEP_MS < now:
            _recipient_path(home.keys, old).unlink()
            changed = True
    return changed


def _path(folder: Path, name: str) -> Path:
    return folder / f"{name}.key"


def _recipient_path(folder: Path, recipient: Recipient) -> Path:
    return folder / f"recipient-{recipient.from_at}-{recipient.to_at}.key"


def _write(folder: Path, name: str, raw: bytes) -> None:
    files.write(_path(folder, name), raw)


def _write_public(folder: Path) -> None:
    """The complaint key's public half stays when the private one is carried elsewhere."""
    public = SealingKey(_read(_path(folder, "complaint"))).public
    files.write(folder / "complaint.pub", public)


def _write_recipient(folder: Path, from_at: int, key: SealingKey) -> None:
    recipient = Recipient(key, from_at, from_at + PERIOD_MS)
    files.write(_recipient_path(folder, recipient), key.raw)


def _read(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise KeyUnreadable(
            f"密钥文件 {path} 无法读取（{error.strerror}），请检查权限，或从备份恢复。"
        ) from error
    if len(raw) != KEY_BYTES:
        raise KeyUnreadable(f"密钥文件 {path} 长度不对，请从备份恢复。")
    return raw


def _read_recipients(folder: Path) -> tuple[Recipient, ...]:
    found = []
    for path in sorted(folder.glob("recipient-*-*.key")):
        words = path.stem.split("-")
        if len(words) != 3 or not (words[1].isdigit() and words[2].isdigit()):
            raise KeyUnreadable(f"密钥文件 {path} 的名字不对，请从备份恢复。")
        found.append(Recipient(SealingKey(_read(path)), int(words[1]), int(words[2])))
    if not found:
        raise KeyUnreadable(f"{folder} 里没有收件密钥，请从备份恢复。")
    return tuple(sorted(found, key=lambda one: one.from_at))
