"""Console: what a page, a list, a decision costs at the server with a year in the books.

The county serves with its two real processes; the pages are asked for over HTTP by somebody logged
in, one after the other, and the 95th percentile is told. Afterwards many do so at once, while
tablets synchronise. The floor is `/healthz`: the same way through both processes without any work.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import requests

from benchmarks.books import Books
from benchmarks.county import Failed, Served, born, serving, synchronise
from benchmarks.figures import Better, Figure
from mobile.desk import Recorded
from mobile.tablet import Tablet
from server.admin import add_staff
from server.opening import close_county, open_county

MONTHS = tuple(date(2026, month, 1) for month in range(1, 11))
CONFLICTS = 300
"""A month of a county in which nobody looked (WORKLOAD.md: 620 conflicts in ten months)."""
ROUNDS = 20
PAGE_MS, DECISION_MS, REPORT_MS, REPORT_WARM_MS = 150, 100, 2000, 200
FIRST_KB, AFTER_KB = 300, 50
STAFF, TABLETS = 50, 20
ITEM = "BM-MZ-001"
PAGES = {
    "start page": "/", "to do": "/todo", "to do, one kind": "/todo?kind=field",
    "decided": "/todo/done", "rules": "/todo/rules", "records": "/records",
    "records, one kind": "/records?kind=case", "supervision": "/watch", "devices": "/devices",
    "audit": "/audit", "months": "/months",
}  # fmt: skip
REPORT = "/report?from=2026-10-01&to=2026-10-31"


class Clerk:
    """Somebody logged in at the console."""

    def __init__(self, url: str, password: str, name: str = "admin") -> None:
        self._url = url
        self._session = requests.Session()
        self._session.headers["accept-language"] = "zh"
        self.ask("/login", {"name": name, "password": password, "next": "/"})

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[float, str]:
        """Ask for a page or send a form; return milliseconds and the page."""
        begun = time.perf_counter()
        if form is None:
            answer = self._session.get(self._url + path, timeout=120)
        else:
            answer = self._session.post(
                self._url + path, data=form, timeout=120, allow_redirects=False
            )
        spent = (time.perf_counter() - begun) * 1000
        if answer.status_code >= 400 or (form is None and "/login" in answer.url):
            raise Failed(f"{path} answered {answer.status_code}")
        return spent, answer.text

    def weight(self, path: str) -> tuple[float, float]:
        """Return kilobytes of a page with what it loads, and of the page alone."""
        _, page = self.ask(path)
        loaded = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
        others = [self._session.get(self._url + one, timeout=60).content for one in set(loaded)]
        alone = len(page.encode())
        return (alone + sum(map(len, others))) / 1024, alone / 1024


def measure(folder: Path, count: int) -> Iterator[Figure]:
    """Fill ten months with `count` records, serve, ask."""
    password = born(folder)
    fill(folder / "county", count)
    with serving(folder) as county:
        disagree(county, min(CONFLICTS, max(ROUNDS * 2 + 5, count // 10)))
        clerk = Clerk(county.url, password)
        floor = _p95(clerk, "/healthz")
        yield from _pages(clerk, floor, count)
        yield from _report(clerk, floor)
        yield _decisions(clerk, floor)
        yield from _weights(clerk)
        yield _together(county, floor, min(STAFF, max(3, count // 100)))


def fill(home: Path, count: int) -> None:
    """Write the records into a county that does not serve."""
    county = open_county(home)
    try:
        books = Books(county)
        for month in MONTHS:
            books.write(count // len(MONTHS), month)
    finally:
        close_county(county)


def disagree(county: Served, count: int) -> None:
    """Two tablets change the same phone numbers, each without the other."""
    north, south = county.tablet("north"), county.tablet("south")
    shared = [_proxy(north, at) for at in range(count)]
    for tablet in (north, south):
        synchronise(tablet, county.url)
    for at, record in enumerate(shared):
        north.desk.act(record, "amend", {"phone": f"1390000{at:04d}"})
        south.desk.act(record, "amend", {"phone": f"1380000{at:04d}"})
    for tablet in (north, south):
        synchronise(tablet, county.url)


def _proxy(tablet: Tablet, at: int) -> bytes:
    done = tablet.desk.record("proxy", {"item": ITEM, "person_name": f"李{at}婠"})
    if not isinstance(done, Recorded):
        raise Failed("a proxy was sealed: it leaves no record to measure")
    return done.record


def _pages(clerk: Clerk, floor: float, count: int) -> Iterator[Figure]:
    _, page = clerk.ask("/records")
    found = re.search(r'"(/records/[0-9a-f-]{36})"', page)
    if found is None:
        raise Failed("the list of records is empty")
    for name, path in {**PAGES, "one record": found.group(1)}.items():
        yield Figure(
            f"console, {name}", _p95(clerk, path), "ms p95", Better.LOWER, floor,
            "/healthz over the same socket", goal=PAGE_MS, note=f"{count} records",
        )  # fmt: skip


def _report(clerk: Clerk, floor: float) -> Iterator[Figure]:
    cold, _ = clerk.ask(REPORT)
    yield Figure("console, month report, cold", cold, "ms", Better.LOWER, floor, "/healthz",
                 goal=REPORT_MS)  # fmt: skip
    yield Figure("console, month report, warm", _p95(clerk, REPORT), "ms p95", Better.LOWER, floor,
                 "/healthz", goal=REPORT_WARM_MS)  # fmt: skip


def _decisions(clerk: Clerk, floor: float) -> Figure:
    """Decide as the keyboard does: the form that the page gave out, again and again."""
    spent: list[float] = []
    for _ in range(ROUNDS * 2):
        _, page = clerk.ask("/todo?kind=field")
        hidden = re.findall(r'name="(token|kind|key|next|heads)" value="([^"]*)"', page)
        choice = re.search(r'name="choice" value="([^"]+)"', page)
        if choice is None:
            raise Failed("nothing waits for a decision")
        form = {**dict(hidden), "choice": choice.group(1), "reason": "已核实"}
        spent.append(clerk.ask("/todo/decide", form)[0])
    return Figure("console, a decision", _high(spent), "ms p95", Better.LOWER, floor, "/healthz",
                  goal=DECISION_MS)  # fmt: skip


def _weights(clerk: Clerk) -> Iterator[Figure]:
    weights = [clerk.weight(path) for path in (*PAGES.values(), REPORT)]
    first, after = max(one for one, _ in weights), max(two for _, two in weights)
    yield Figure("console, heaviest page, first load", first, "KiB", Better.LOWER, after,
                 "the page alone, without style and script", goal=FIRST_KB)  # fmt: skip
    yield Figure("console, heaviest page after", after, "KiB", Better.LOWER, after, "itself",
                 goal=AFTER_KB)  # fmt: skip


def _together(county: Served, floor: float, staff: int) -> Figure:
    """Many members of staff read at once while tablets send; nobody is turned away."""
    clerks = [Clerk(county.url, *known) for known in colleagues(county, staff)]
    tablets = min(TABLETS, staff)
    paths = ["/todo", "/records", "/watch", "/devices"]
    with ThreadPoolExecutor(staff + tablets) as pool:
        ready = threading.Barrier(tablets + 1)
        sending = [pool.submit(_send, county, at, ready) for at in range(tablets)]
        ready.wait()
        reading = [
            pool.submit(clerk.ask, paths[(at + again) % len(paths)])
            for again in range(4)
            for at, clerk in enumerate(clerks)
        ]
        spent = [one.result()[0] for one in reading]
        for one in sending:
            one.result()
    return Figure(
        f"console, {staff} staff at once, {tablets} tablets sending", _high(spent), "ms p95",
        Better.LOWER, floor, "/healthz, alone", note="no errors",
    )  # fmt: skip


def colleagues(county: Served, count: int) -> list[tuple[str, str]]:
    """Enter so many members of staff; return (password, name) of each."""
    opened = open_county(county.folder / "county")
    try:
        with opened.ledger.read() as tx:
            centre = opened.editions(tx).centre
        names = [f"同事{at:02d}" for at in range(count)]
        return [(add_staff(opened, one, "administrator", centre)[1], one) for one in names]
    finally:
        close_county(opened)


def _send(county: Served, number: int, ready: threading.Barrier) -> None:
    """A tablet's day, in the thread its database belongs to."""
    tablet = county.tablet(f"tablet{number}")
    for at in range(20):
        _proxy(tablet, at)
    ready.wait()
    synchronise(tablet, county.url)


def _p95(clerk: Clerk, path: str) -> float:
    clerk.ask(path)
    return _high([clerk.ask(path)[0] for _ in range(ROUNDS)])


def _high(spent: Sequence[float]) -> float:
    return sorted(spent)[max(0, len(spent) * 95 // 100 - 1)]
