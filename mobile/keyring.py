"""The tablet's keys: what a thief of the disk, a finder of the tablet and a wrong PIN do not get.

    device secret (file 0600; a key store where the machine has one)
    ├─ wraps the device's signing key: envelopes are signed with it
    └─ Argon2id(PIN, secret = from the device secret, bound to device and agent) opens a slot:
       { data key, the agent's signing key }
       data key ─HKDF→ store key · attachment key · blind-index key · wrap of the sealing key

The sealing key opens the county's pages. It lies under the data key, not under the device secret:
replies that wait while the tablet is locked stay closed without a PIN. A key-less sender needs no
key at all: envelopes are signed when they are frozen.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mobile import files, slot
from mobile.slot import FLOOR, STANDARD, Kdf, NoSuchAgent, Opened, Slot, SlotDamaged
from shared.errors import BianminError

KEY_BYTES = 32
NONCE_BYTES = 12

Entropy = Callable[[int], bytes]


class KeyringDamaged(BianminError):
    """A key file is missing, cut or altered."""


@dataclass(frozen=True, slots=True)
class Unlocked:
    """What a right PIN gives."""

    slot: Slot
    data_key: bytes
    agent_key: bytes

    @property
    def store_key(self) -> bytes:
        """Raw key of the encrypted store."""
        return derive(self.data_key, "store")

    @property
    def attachment_key(self) -> bytes:
        """Key for attachments while they wait on this machine."""
        return derive(self.data_key, "attachment")

    @property
    def index_key(self) -> bytes:
        """Key of the local blind index."""
        return derive(self.data_key, "blind index")


def derive(key: bytes, purpose: str) -> bytes:
    """Return the 32-byte key for `purpose` below `key` (HKDF-SHA256)."""
    info = b"bianmin.tablet.1\0" + purpose.encode()
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(key)


class Keyring:
    """The key files of one home.

    `kdf` is what new slots are made with, `floor` the least that is accepted on read; both are the
    production values unless a test says otherwise.
    """

    def __init__(
        self,
        folder: Path,
        secret_file: Path,
        *,
        entropy: Entropy = os.urandom,
        kdf: Kdf = STANDARD,
        floor: Kdf = FLOOR,
    ) -> None:
        self._folder = folder
        self._secret_file = secret_file
        self._entropy = entropy
        self._kdf = kdf
        self._floor = floor

    # -- the device ---------------------------------------------------------------------------

    def exists(self) -> bool:
        """Whether this home has a device secret."""
        return self._secret_file.exists()

    def create(self, signing_key: bytes) -> None:
        """Make the device secret and wrap the device's signing key (raw, 32 bytes) under it.

        The secret comes last: with it the ring `exists`, so what a crash leaves is begun anew.
        """
        with files.disk_errors():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        secret = self._entropy(KEY_BYTES)
        self._wrap("device.key", secret, "device signing key", signing_key)
        files.write(self._secret_file, secret)

    def signing_key(self) -> bytes:
        """Return the device's signing key (raw); needs no PIN. Raise KeyringDamaged."""
        return self._unwrap("device.key", self._device_secret(), "device signing key")

    def keep_sealing_key(self, data_key: bytes, sealing_key: bytes) -> None:
        """Wrap the key that opens the county's pages under the data key."""
        self._wrap("sealing.key", data_key, "sealing key", sealing_key)

    def sealing_key(self, data_key: bytes) -> bytes:
        """Return the key that opens the county's pages; raise KeyringDamaged."""
        return self._unwrap("sealing.key", data_key, "sealing key")

    def keep_handover(self, county_secret: bytes, data_key: bytes) -> None:
        """Keep the data key so that this device together with the county can open it again.

        The county gives `county_secret` only to an enrolment with a valid invitation; the tablet
        forgets it at once. So one more agent can be added without another agent's PIN, and a disk
        alone opens nothing.
        """
        key = derive(self._device_secret() + county_secret, "handover")
        self._wrap("handover.key", key, "handover", data_key)

    def handed_over(self, county_secret: bytes) -> bytes:
        """Return the data key by `keep_handover`; raise KeyringDamaged."""
        key = derive(self._device_secret() + county_secret, "handover")
        return self._unwrap("handover.key", key, "handover")

    # -- agents -------------------------------------------------------------------------------

    def slots(self) -> list[Slot]:
        """Return the agents of this tablet in the order they were added."""
        paths = sorted(self._folder.glob("*.slot"), key=lambda path: int(path.stem))
        return [slot.read(path, self._device_secret()) for path in paths]

    def find(self, name: str) -> Slot:
        """Return the slot of the agent with this name or id; raise NoSuchAgent."""
        for found in self.slots():
            if name in {found.name, found.agent}:
                return found
        raise NoSuchAgent(f"本机没有用户「{name[:40]}」，请核对姓名，或先登记入网。")

    def add(self, pin: str, name: str, data_key: bytes, agent_key: bytes, public: bytes) -> Slot:
        """Make a slot for one more agent. The data key comes from an unlocked agent, or is new."""
        taken = [int(path.stem) for path in self._folder.glob("*.slot")]
        made = Slot(number=max(taken, default=0) + 1, public=public, name=name)
        self._store(made, pin, Opened(data_key, agent_key))
        return made

    def describe(self, known: Slot, *, agent: str, site: str, role: str) -> Slot:
        """Note what the county answered for this agent; the wrapped keys stay as they are."""
        known = msgspec.structs.replace(known, agent=agent, site=site, role=role)
        slot.redescribe(self._path(known), known, self._device_secret())
        return known

    def unlock(self, known: Slot, pin: str, now_ms: int) -> Unlocked:
        """Try a PIN; raise WrongPin, PinWait, SlotDestroyed, SlotDamaged.

        The try is counted and synced to disk before it is made.
        """
        opened = slot.open_slot(
            self._path(known), known, pin,
            secret=self._device_secret(), now_ms=now_ms, floor=self._floor,
        )  # fmt: skip
        return Unlocked(known, opened.data_key, opened.agent_key)

    def change_pin(self, known: Slot, old: str, new: str, now_ms: int) -> None:
        """Wrap the same keys under a new PIN; raise as `unlock`."""
        unlocked = self.unlock(known, old, now_ms)
        self._store(known, new, Opened(unlocked.data_key, unlocked.agent_key))

    def remove(self, known: Slot) -> None:
        """Remove an agent's slot. The caller re-keys the store afterwards."""
        slot.destroy(self._path(known))

    def _store(self, made: Slot, pin: str, keys: Opened) -> None:
        slot.require_pin(pin)
        slot.write(
            self._path(made), made, pin, keys,
            secret=self._device_secret(), kdf=self._kdf, entropy=self._entropy,
        )  # fmt: skip

    def _path(self, known: Slot) -> Path:
        return self._folder / f"{known.number}.slot"

    # -- wraps --------------------------------------------------------------------------------

    def _device_secret(self) -> bytes:
        try:
            secret = self._secret_file.read_bytes()
        except OSError as error:
            raise KeyringDamaged("读不到本机密钥文件，请联系县里重新入网。") from error
        if len(secret) != KEY_BYTES:
            raise KeyringDamaged("本机密钥文件已损坏，请联系县里重新入网。")
        return secret

    def _wrap(self, file: str, key: bytes, purpose: str, content: bytes) -> None:
        nonce = self._entropy(NONCE_BYTES)
        wrapping = AESGCM(derive(key, f"wrap of {purpose}"))
        files.write(self._folder / file, nonce + wrapping.encrypt(nonce, content, purpose.encode()))

    def _unwrap(self, file: str, key: bytes, purpose: str) -> bytes:
        try:
            raw = (self._folder / file).read_bytes()
            wrapping = AESGCM(derive(key, f"wrap of {purpose}"))
            return wrapping.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose.encode())
        except (OSError, ValueError, InvalidTag) as error:
            raise KeyringDamaged("本机密钥文件已损坏，请联系县里重新入网。") from error


__all__ = ["FLOOR", "STANDARD", "Kdf", "Keyring", "KeyringDamaged", "NoSuchAgent", "Slot",
           "SlotDamaged", "Unlocked", "derive"]  # fmt: skip
