"""A home, locked or unlocked: where keys, store, outbox and desk are put together.

`Locked` needs no PIN and delivers the frozen outbox. `unlock` gives a `Tablet`; locking it
freezes what is pending and closes the store.
"""

from __future__ import annotations

import contextlib
import gc
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

from mobile import editions, instance, projection, streams, tables
from mobile.database import Store, open_store
from mobile.desk import Desk
from mobile.files import NotSaved
from mobile.freezing import Freezer
from mobile.home import Device, Home, NotEnrolled, Summary
from mobile.intake import Intake
from mobile.keyring import FLOOR, STANDARD, Kdf, Keyring, KeyringDamaged, Slot, Unlocked
from mobile.log import Log
from mobile.outbox import Outbox
from mobile.session import Author
from mobile.slip_counter import SlipCounter
from mobile.status import Status, status_of
from mobile.streams import Entropy
from mobile.timekeeping import Clock, Reading, SystemClock, read
from shared.civil import civil_date
from shared.clock import Quality
from shared.errors import BianminError
from sync.card import CountyCard, open_card
from sync.keys import SigningKey


class NotFrozen(BianminError):
    """What is saved on this machine could not be sealed for sending; the next time does it."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What a tablet takes from its surroundings. `kdf` and `floor` differ in tests alone."""

    clock: Clock
    entropy: Entropy
    kdf: Kdf = STANDARD
    floor: Kdf = FLOOR

    @classmethod
    def real(cls) -> Machine:
        """The system's clocks and randomness."""
        return cls(SystemClock(), os.urandom)


class Locked:
    """A home without its keys."""

    def __init__(self, folder: Path, machine: Machine) -> None:
        self.home = Home(folder)
        self.machine = machine
        self._public: bytes | None = None
        self.outbox = Outbox(self.home.outbox, machine.clock.now_ms, self._device_public)
        self.keyring = Keyring(
            self.home.keyring, self.home.secret,
            entropy=machine.entropy, kdf=machine.kdf, floor=machine.floor,
        )  # fmt: skip

    @property
    def device(self) -> Device:
        """What the machine knows of itself; raise NotEnrolled."""
        return self.home.device()

    @property
    def card(self) -> CountyCard:
        """The county's card, verified down to the fingerprint; raise NotEnrolled, MalformedCard."""
        device = self.device
        if not device.card:
            raise NotEnrolled("本机还没有入网，请先运行 agent enrol 登记入网。")
        return open_card(device.card, device.fingerprint)

    def take_card(self, raw: bytes) -> CountyCard | None:
        """Keep another card of this county; None where ours is the same or a later one.

        Raises MalformedCard, BadSignature for one that does not lead back to the fingerprint.
        """
        device = self.device
        card = open_card(raw, device.fingerprint)
        if raw == device.card or card.issued_at < self.card.issued_at:
            return None
        self.home.keep_device(msgspec.structs.replace(device, card=raw))
        return card

    def _device_public(self) -> bytes | None:
        if self._public is None:
            with contextlib.suppress(KeyringDamaged):  # what is frozen is delivered all the same
                self._public = SigningKey(self.keyring.signing_key()).public
        return self._public

    def slot(self, name: str | None = None) -> Slot:
        """Return the agent named, else the one used last; raise NoSuchAgent, NotEnrolled."""
        if name is not None:
            return self.keyring.find(name)
        slots = self.keyring.slots()
        if not slots:
            raise NotEnrolled("本机还没有用户，请先运行 agent enrol 登记入网。")
        last = self.device.last_agent
        return next((slot for slot in slots if slot.number == last), slots[-1])

    def unlock(self, pin: str, name: str | None = None) -> Tablet:
        """Open the store as one agent; raise WrongPin, PinWait, SlotDestroyed, WrongKey …"""
        device = self.device
        slot = self.slot(name)
        keys = self.keyring.unlock(slot, pin, self.machine.clock.now_ms())
        if not slot.agent or device.state != "active":
            raise NotEnrolled("县里还没有批准本机入网；请联系县里批准，批准后同步一次即可使用。")
        store = open_store(self.home.store, keys.store_key, tables.MIGRATIONS)
        _settle()
        try:
            return Tablet(self, device, keys, store)
        except BaseException:
            store.close()
            raise

    def status(self) -> Status:
        """Return what can be told without a PIN: the frozen outbox and the last counts."""
        summary = self.home.summary()
        front = self.card.front_public
        pending = self.outbox.undelivered(front)
        return Status(
            pending=sum(one.work for one in pending), held=summary.held, refused=summary.refused,
            last_delivered_at=summary.last_delivered_at,
        )  # fmt: skip


class Tablet:
    """An open store with its desk. Close it by `lock`."""

    def __init__(self, locked: Locked, device: Device, keys: Unlocked, store: Store) -> None:
        machine, slot = locked.machine, keys.slot
        self.locked = locked
        self.keys = keys
        self.store = store
        self.card = locked.card
        self.device_key = SigningKey(locked.keyring.signing_key())
        author = Author(slot.agent, slot.site or device.site, slot.role, SigningKey(keys.agent_key))
        self.log = Log(store, self.card.county, author, machine.entropy)
        self.intake = Intake(
            store, locked.outbox, author.rank, lambda: self.card.front_public
        )  # fmt: skip
        self.freezer = Freezer(
            store, locked.outbox, self.card, self.device_key, machine.clock.now_ms
        )
        slips = SlipCounter(locked.home.slips, device.short_code)
        self.desk = Desk(store, self.log, slips, self.card, None, self.read_clock)
        self.refresh_catalogue()
        tables.keep_county(store, self.card.county)
        if instance.renew(store, locked.home.instance, machine.entropy):
            self._start_new_streams(slips)
        if device.last_agent != slot.number:
            locked.home.keep_device(_with_last_agent(device, slot.number))

    def read_clock(self) -> Reading:
        """Return what time it is, and how far that may be believed."""
        return read(self.locked.machine.clock, self.intake.anchor())

    def county_ms(self) -> int | None:
        """The county's time; None where this machine cannot tell it."""
        reading = self.read_clock()
        return reading.at if reading.quality >= Quality.CORRECTED else None

    def take_card(self, raw: bytes) -> None:
        """Use another card of this county from now on, unless ours is later; raise as `Locked`."""
        card = self.locked.take_card(raw)
        if card is not None:
            self.card = self.freezer.card = self.desk.card = card

    def refresh_catalogue(self) -> None:
        """Take the catalogue edition that is in force now; after an exchange it may be another."""
        self.desk.catalogue = editions.catalogue(self.store, civil_date(self.read_clock().at))

    def status(self) -> Status:
        """Return the counts of the open store."""
        return status_of(self.store, self.locked.home.summary().last_delivered_at)

    def rebuild(self) -> int:
        """Make the projection anew from the log; return how many records were folded."""
        return projection.rebuild(self.store, self.log.author.rank)

    def lock(self) -> None:
        """Freeze what is pending, note the counts, close the store. Raises NotFrozen, but closes.

        Whatever is in the way here: what was saved is saved, and nothing may say otherwise.
        """
        try:
            self.freezer.freeze()
            self.keep_summary(self.locked.home.summary().last_delivered_at)
        except BianminError as error:
            raise NotFrozen(_not_frozen(error)) from error
        finally:
            self.store.close()

    def keep_summary(self, last_delivered_at: int | None) -> None:
        """Note the counts for `status` without a PIN."""
        now = status_of(self.store, last_delivered_at)
        self.locked.home.keep_summary(
            Summary(
                held=now.held,
                refused=now.refused,
                last_delivered_at=last_delivered_at,
                cursor=self.intake.cursor(),
            )
        )

    def _start_new_streams(self, slips: SlipCounter) -> None:
        """The store was restored: no sequence or slip number may be given a second time."""
        machine = self.locked.machine
        with self.store.write():
            for purpose in (streams.ACTS, streams.SEALED):
                old = streams.current(self.store, purpose)
                if old is not None:
                    county = self.card.county
                    new = streams.start(self.store, purpose, county, machine.entropy, old.clock)
                    new.slip_day, new.slip_count = old.slip_day, old.slip_count
                    slips.skip_reserved(new)
                    streams.save(self.store, new)


@cache
def _settle() -> None:
    """Take what is loaded by now for good: the collector looked through all of it several times in
    each page of operations, which cost a fifth of the work."""
    gc.freeze()


def _not_frozen(error: BianminError) -> str:
    if not isinstance(error, NotSaved):
        return f"记录已存本机；待送数据暂时封不了：{error}"
    if error.is_full:
        return "记录已存本机；待送数据暂时封不了（存储空间已满），清理空间后同步即可。"
    return (
        "记录已存本机；待送数据暂时封不了（存储读写出错），重启设备后同步即可；仍不行请联系县里。"
    )


def _with_last_agent(device: Device, number: int) -> Device:
    return msgspec.structs.replace(device, last_agent=number)
