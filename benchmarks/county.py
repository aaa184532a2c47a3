"""A sample county served by its two real processes, and tablets enrolled in it, for one figure."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests

from benchmarks.work import Matter
from mobile import enrolment
from mobile.desk import Recorded
from mobile.enrolment import Invitation
from mobile.keyring import Kdf
from mobile.synchronise import Synced, Synchroniser
from mobile.tablet import Locked, Machine, Tablet
from server.admin import invite
from server.birth import init_county
from server.opening import close_county, open_county, wall_clock
from sync.exchange import Exchange

COUNTY = 510322
VILLAGE = "510322100201"
PIN = "246810"
QUICK = Kdf(64, 1)
"""Unlocking is not what is measured."""


class Failed(RuntimeError):
    """A benchmark did not do the work it measures; its figure would mean nothing."""


@dataclass(frozen=True, slots=True)
class Served:
    """A county that serves: where, and the processes front and core."""

    folder: Path
    url: str
    process: int

    def tablet(self, name: str, site: str = VILLAGE) -> Tablet:
        """Enrol a tablet of the village (or of the site with this region code), unlocked."""
        code = _invitation(self.folder / "county", site)
        machine = Machine.real()
        locked = Locked(
            self.folder / name, Machine(machine.clock, machine.entropy, kdf=QUICK, floor=QUICK)
        )
        with requests.Session() as session:
            enrolment.enrol(
                locked, Invitation(self.url, code), name=name, pin=PIN, session=session,
                exchange=lambda url: Exchange(session, url, monotonic=time.monotonic),
            )  # fmt: skip
        return locked.unlock(PIN)

    def processes(self) -> list[int]:
        """Return the process ids of front and core."""
        return children_of(self.process)


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Make a sample county in `folder` and serve it until the block ends."""
    home = folder / "county"
    machine = Machine.real()
    init_county(
        home, COUNTY, database=None, sample=True, now=wall_clock, entropy=machine.entropy
    )  # fmt: skip
    bianmin = Path(sys.executable).parent / "bianmin"
    with (folder / "county.log").open("ab") as log:
        process = subprocess.Popen(
            [str(bianmin), "county", "serve", "--home", str(home), "--port", "0", "--json"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
        assert process.stdout is not None
        try:
            if not process.stdout.readline():  # it prints its address once both processes answer
                raise Failed(f"the county did not start; see {log.name}")
            yield Served(folder, (home / "run" / "address").read_text().strip(), process.pid)
        finally:
            process.terminate()
            process.wait(timeout=60)
            process.stdout.close()


def record_all(tablet: Tablet, work: Iterable[Matter], a_transaction: int = 500) -> list[bytes]:
    """Record matters through the desk, many in a transaction (not measured); return their ids."""
    made: list[bytes] = []
    waiting = list(work)
    for at in range(0, len(waiting), a_transaction):
        with tablet.store.write():
            for matter in waiting[at : at + a_transaction]:
                done = tablet.desk.record(matter.kind, matter.data)
                if not isinstance(done, Recorded):
                    raise Failed("a matter was sealed: it leaves no record to measure")
                made.append(done.record)
    return made


def synchronise(tablet: Tablet, url: str) -> Synced:
    """Exchange with the county until nothing is left on either side."""
    with requests.Session() as session:
        exchange = Exchange(session, url, monotonic=time.monotonic)
        return Synchroniser(tablet, exchange, time.sleep).run()


def opened_seq(tablet: Tablet) -> tuple[int, int]:
    """Return how far the county has opened the stream of acts, and how far it is written."""
    stream = tablet.log.stream()
    return stream.opened_seq, stream.seq


def operation_rows(tablet: Tablet) -> list[tuple[object, ...]]:
    """Return the rows of the tablet's log as a floor inserts them."""
    return tablet.store.rows(
        "SELECT id, record, seq, skeleton, salt, data FROM operations ORDER BY position"
    )


def children_of(process: int) -> list[int]:
    """Return the direct children of a process (Linux)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended while we looked
            after_name = stat.read_text().rpartition(")")[2].split()
            if int(after_name[1]) == process:
                found.append(int(stat.parent.name))
    return found


def _invitation(home: Path, site: str) -> str:
    county = open_county(home)
    try:
        return invite(county, site).code
    finally:
        close_county(county)
