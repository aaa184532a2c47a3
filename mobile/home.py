"""A tablet's folder: which files lie where, and what may be known without a PIN.

device.json     county, address, device, site; no personal data
device.secret   0600, see keyring
keyring/        one slot per agent, the device's wrapped keys
instance        marker that tells a restored store.db from the current one
summary.json    counts of the last unlocked moment, for `status` without a PIN
store.db        the encrypted store
outbox/         sealed envelopes, frozen, waiting for their acknowledgement
inbox/          the county's replies, raw, waiting for the next unlock
attachments/    encrypted files
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from mobile import files
from shared.errors import BianminError, Refused


class NotEnrolled(Refused):
    """This home has no enrolled device."""


class HomeDamaged(BianminError):
    """A file of the home that needs no key is cut or altered."""


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """What this machine knows of itself without a PIN."""

    server: str
    county: int
    card: bytes
    """The county's card as received, signed by its root key."""
    fingerprint: str
    state: Literal["waiting", "active"]
    device: str = ""
    site: str = ""
    short_code: str = ""
    last_agent: int = 0
    """Slot number of the agent used last: the default of `--as`."""
    returning: tuple[int, ...] = ()
    """Slot numbers whose agents a restored county does not know yet: they may enrol once more."""
    code: str = ""
    """The invitation that was used, as long as the county has not approved: it is asked again."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of the last unlocked moment."""

    held: int = 0
    refused: int = 0
    last_delivered_at: int | None = None
    cursor: bytes = b""
    """Where the feed goes on: the county's, opaque."""


class Home:
    """Paths of one home, and its two small clear files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keyring = folder / "keyring"
        self.secret = folder / "device.secret"
        self.store = folder / "store.db"
        self.instance = folder / "instance"
        self.slips = folder / "slips"
        self.outbox = folder / "outbox"
        self.inbox = folder / "inbox"
        self.attachments = folder / "attachments"
        self._device = folder / "device.json"
        self._summary = folder / "summary.json"

    def create(self) -> None:
        """Make the folders; those that are there stay as they are."""
        with files.disk_errors():
            for path in (self.folder, self.keyring, self.outbox, self.inbox, self.attachments):
                path.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def is_enrolled(self) -> bool:
        """Whether an enrolment was begun here."""
        return self._device.exists()

    def device(self) -> Device:
        """Return what the machine knows of itself; raise NotEnrolled, HomeDamaged."""
        try:
            return msgspec.json.decode(self._device.read_bytes(), type=Device)
        except FileNotFoundError as error:
            raise NotEnrolled("本机还没有入网，请先运行 agent enrol 登记入网。") from error
        except (OSError, msgspec.DecodeError) as error:
            raise HomeDamaged("本机的 device.json 已损坏，请联系县里重新入网。") from error

    def keep_device(self, device: Device) -> None:
        """Replace device.json durably."""
        files.write(self._device, msgspec.json.format(msgspec.json.encode(device)))

    def summary(self) -> Summary:
        """Return the counts of the last unlocked moment; zeros where there was none."""
        try:
            return msgspec.json.decode(self._summary.read_bytes(), type=Summary)
        except FileNotFoundError:
            return Summary()
        except (OSError, msgspec.DecodeError) as error:
            raise HomeDamaged("本机的 summary.json 已损坏，请删除它后再试。") from error

    def keep_summary(self, summary: Summary) -> None:
        """Replace summary.json, if it changed."""
        if summary != self.summary():
            files.write(self._summary, msgspec.json.encode(summary))
