"""What the window asks for is done here, on two threads that know no Kivy.

The desk's lane holds the unlocked tablet: unlocking (Argon2), saving, lists, search. The line's
lane talks to the county over a connection of its own, so that a dead network never delays a 保存.
Each connection lives and dies on its lane's thread. The store's libraries are loaded on the lanes
too, after the window's first frame.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mobile.kit.lane import Lane
from shared.errors import BianminError, Refused

if TYPE_CHECKING:
    from mobile.desk import Recorded, Sealed, Shown
    from mobile.drafts import Draft
    from mobile.keyring import Slot, Unlocked
    from mobile.lists import ListRow
    from mobile.screens.person import Person
    from mobile.status import Status
    from mobile.synchronise import Synced
    from mobile.tablet import Locked, Machine, Tablet
    from shared.canonical import Value
    from sync.exchange import Exchange

T = TypeVar("T")
Failed = Callable[[BianminError], None]
Connect = Callable[[str, Callable[[int], None]], "Exchange"]
"""Address, and who hears of each round trip."""

_COUNTS = """SELECT delivery, count(*) FROM records WHERE kind IN (?, ?, ?, ?, ?, ?)
             GROUP BY delivery"""


class LockedNow(Refused):
    """The tablet was locked in the meantime."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The first page of the list and how far the work has come. Counts are records."""

    rows: list[ListRow]
    saved: int
    pending: int
    status: Status


def dial(url: str, said: Callable[[int], None]) -> Exchange:
    """Return the real way to a county's address; `requests` is loaded here, beside the window."""
    from mobile.screens.watched import WatchedExchange

    return WatchedExchange(url, said)


class Backstage:
    """One home, behind one window. Every method answers on the main thread."""

    def __init__(self, home: Path, machine: Machine | None = None, connect: Connect = dial) -> None:
        self._home, self._machine = home, machine
        self._opened: Locked | None = None
        self._connect = connect
        self._tablet: Tablet | None = None  # touched on the desk's lane alone
        self.desk = Lane("desk")
        self.line = Lane("line")

    @property
    def _locked(self) -> Locked:
        """The home without its keys; for the lanes alone."""
        if self._opened is None:
            from mobile.tablet import Locked, Machine

            self._opened = Locked(self._home, self._machine or Machine.real())
        return self._opened

    @property
    def under_way(self) -> int:
        """Pieces of work that have not been answered."""
        return self.desk.under_way + self.line.under_way

    # -- unlocking ----------------------------------------------------------------------------

    def agents(self, done: Callable[[list[Slot]], None], failed: Failed) -> None:
        """Who may unlock, the last one first. Raises NotEnrolled to `failed`."""

        def work() -> list[Slot]:
            last = self._locked.slot()
            rest = [slot for slot in self._locked.keyring.slots() if slot.number != last.number]
            return [last, *rest]

        self.desk.do(work, done, failed)

    def county(self, done: Callable[[str], None], failed: Failed) -> None:
        """The county's name."""
        self.desk.do(lambda: self._locked.card.name, done, failed)

    def unlock(self, name: str, pin: str, done: Callable[[Person], None], failed: Failed) -> None:
        """Open the store as one agent."""

        def work() -> Person:
            from mobile.screens.person import person_of

            self._put_away_quietly()
            self._tablet = self._locked.unlock(pin, name)
            return person_of(self._tablet)

        self.desk.do(work, done, failed)

    def person(self, done: Callable[[Person], None], failed: Failed) -> None:
        """Who is at the desk, with the editions that the last exchange may have brought."""

        def work(tablet: Tablet) -> Person:
            from mobile.screens.person import person_of

            tablet.refresh_catalogue()
            return person_of(tablet)

        self._at_desk(work, done, failed)

    def lock(self, done: Callable[[], None], failed: Failed) -> None:
        """Freeze what is pending and close the store; `failed` hears NotFrozen, locked it is."""
        self.desk.do(self._put_away, lambda _nothing: done(), failed)

    def close(self) -> None:
        """Lock and end both threads; the window is going."""
        self.line.close()
        self.desk.close(self._put_away_quietly)

    # -- work ---------------------------------------------------------------------------------

    def overview(self, done: Callable[[Overview], None], failed: Failed) -> None:
        """The latest records and the counts."""
        self._at_desk(_overview, done, failed)

    def page(self, offset: int, done: Callable[[list[ListRow]], None], failed: Failed) -> None:
        """The records that follow."""
        self._at_desk(lambda tablet: tablet.desk.records(offset), done, failed)

    def search(self, text: str, done: Callable[[list[ListRow]], None], failed: Failed) -> None:
        """The records that a text may mean."""
        self._at_desk(lambda tablet: tablet.desk.search(text), done, failed)

    def show(self, record: bytes, done: Callable[[Shown], None], failed: Failed) -> None:
        """One record."""
        self._at_desk(lambda tablet: tablet.desk.show(record), done, failed)

    def record(
        self, kind: str, data: Mapping[str, object], draft: int | None,
        done: Callable[[Recorded | Sealed], None], failed: Failed,
    ) -> None:  # fmt: skip
        """Save a new record durably; its draft goes with it."""

        def work(tablet: Tablet) -> Recorded | Sealed:
            from mobile import drafts

            with tablet.store.write():
                made = tablet.desk.record(kind, data)
                if draft is not None:
                    drafts.drop(tablet.store, draft)
            return made

        self._at_desk(work, done, failed)

    # -- drafts -------------------------------------------------------------------------------

    def draft_of(self, kind: str, done: Callable[[Draft | None], None], failed: Failed) -> None:
        """The form of this kind that was left unfinished last."""

        def work(tablet: Tablet) -> Draft | None:
            from mobile import drafts

            found = drafts.of_agent(tablet.store, tablet.log.author.agent)
            return next((one for one in found if one.kind == kind and one.record is None), None)

        self._at_desk(work, done, failed)

    def keep_draft(
        self, kind: str, data: dict[str, Value], number: int | None,
        done: Callable[[int | None], None], failed: Failed,
    ) -> None:  # fmt: skip
        """Keep a form as typed; an empty one is dropped, a sealed one never kept."""

        def work(tablet: Tablet) -> int | None:
            from mobile import drafts

            if not data:
                if number is not None:
                    drafts.drop(tablet.store, number)
                return None
            try:
                return drafts.keep(
                    tablet.store, agent=tablet.log.author.agent, kind=kind,
                    data=data, now_ms=tablet.read_clock().at, number=number,
                )  # fmt: skip
            except drafts.NotKept:
                return None

        self._at_desk(work, done, failed)

    # -- the line -----------------------------------------------------------------------------

    def synchronise(
        self, progress: Callable[[int], None], done: Callable[[Synced], None], failed: Failed
    ) -> None:
        """Exchange with the county; `progress` hears of each round trip, on the main thread."""

        def said(trips: int) -> None:
            self.line.say(lambda: progress(trips))

        def exchange(keys: Unlocked) -> None:
            self.line.do(lambda: self._exchange(keys, said), done, failed)

        self._at_desk(lambda tablet: tablet.keys, exchange, failed)

    def _exchange(self, keys: Unlocked, said: Callable[[int], None]) -> Synced:
        from mobile import tables
        from mobile.database import open_store
        from mobile.synchronise import Synchroniser
        from mobile.tablet import Tablet

        device = self._locked.device
        store = open_store(self._locked.home.store, keys.store_key, tables.MIGRATIONS)
        try:
            own = Tablet(self._locked, device, keys, store)
            return Synchroniser(own, self._connect(device.server, said), time.sleep).run()
        finally:
            store.close()

    # -- inside -------------------------------------------------------------------------------

    def _at_desk(
        self, work: Callable[[Tablet], T], done: Callable[[T], None], failed: Failed
    ) -> None:
        def checked() -> T:
            if self._tablet is None:
                raise LockedNow("本机已锁定，请重新输入 PIN。")
            return work(self._tablet)

        self.desk.do(checked, done, failed)

    def _put_away(self) -> None:
        tablet, self._tablet = self._tablet, None
        if tablet is not None:
            tablet.lock()

    def _put_away_quietly(self) -> None:
        """What was saved is saved: that it is not sealed yet keeps nobody from going on."""
        if self._tablet is not None:
            from mobile.tablet import NotFrozen

            with contextlib.suppress(NotFrozen):
                self._put_away()


def _overview(tablet: Tablet) -> Overview:
    from shared import kinds

    counts = dict(tablet.store.rows(_COUNTS, kinds.LISTED))
    return Overview(
        tablet.desk.records(), sum(counts.values()), counts.get("saved", 0), tablet.status()
    )
