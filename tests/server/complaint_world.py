"""A county with complaints in it: tablets that tell them, and staff who log in and act."""

from __future__ import annotations

from pathlib import Path

import httpx

from server import complaint_acts, complaints
from server.accounts import Accounts, Person
from server.api import shapes
from server.console.app import console_app
from server.desk import Desk
from server.storage.rows import Posting
from shared import ids
from shared.canonical import Value
from shared.operation import Operation
from shared.record import Record
from shared.verdict import Status
from tests.server.browser import Browser
from tests.server.seeding import Tablet
from tests.server.test_api import World
from tests.server.test_console import Forms, log_in

CENTRE = "s0001"
SECRETS = ("收了五十元", "李窗口", "欧阳小明", "13808130001")
CONDUCT: dict[str, Value] = {
    "target_kind": "person", "target_name": "李窗口", "content": "收了五十元",
    "person_name": "欧阳小明", "phone": "13808130001", "anonymity": "named",
    "query_code": "ABCDEFGHJKLM",
}  # fmt: skip
BROKEN: dict[str, Value] = {
    "target_kind": "equipment", "content": "叫号机坏了", "person_name": "欧阳小明",
    "phone": "13808130001",
}  # fmt: skip


class Complaining(World):
    """The world with a supervisor, and people to complain about."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        # What the county decides comes after what the tablets' acts were numbered with.
        self.county.ledger.writing(lambda tx: tx.take_county_seq(5000))
        self.passwords: dict[str, str] = {}
        self.desk = Desk(self.county, Accounts(self.county.ledger, self.now, self.county.entropy))
        self.watch = self.person("冯督查", "supervisor", CENTRE)

    def person(self, name: str, role: str, site: str) -> Person:
        """Add a member of staff."""
        self.passwords[name] = self.staff(name, role, site)
        with self.county.ledger.read() as tx:
            row = tx.staff_named(name)
        assert row is not None
        return Person(row.staff, name, role, site, False, "", b"")

    def browser(self, name: str) -> Browser:
        """The browser of somebody who has logged in."""
        made = Browser(console_app(self.county))
        log_in(made, name, self.passwords[name])
        return made

    def post_agent(self, tablet: Tablet, role: str) -> None:
        """Let a tablet's agent serve at its site."""
        row = Posting(
            self.county.entropy(16), f"agent:{tablet.agent}", tablet.site, role, 20260101, None,
            None, "",
        )  # fmt: skip
        self.county.ledger.writing(lambda tx: tx.put_posting(row))

    def told(self, fields: dict[str, Value], tablet: Tablet | None = None) -> bytes:
        """A new complaint."""
        self.now.ms += 60_000
        return (tablet or self.one).act("complaint", "register", dict(fields)).skeleton.record

    def record(self, record: bytes) -> Record:
        """A record as it is now."""
        with self.county.ledger.read() as tx:
            found = shapes.read_record(tx, record)
        assert found is not None
        return found

    def take(self, who: Person, record: bytes, step: str, **values: object) -> Operation:
        """Take a step as the desk would, opened first."""
        self.now.ms += 60_000
        complaints.open_complaint(self.desk, who, record, "办理")
        heads = self.record(record).heads
        asked = complaint_acts.Asked(record, step, values, "按规定办理", heads)
        return complaint_acts.take(self.desk, who, asked)

    def propose(self, record: bytes, tablet: Tablet, reply: str = "已经修好") -> Operation:
        """A reply from a tablet, held because its person may only propose it."""
        return tablet.act(
            "complaint", "reply", {"finding": "upheld", "reply": reply}, record=record,
            parents=self.record(record).heads, status=Status.HELD, reason="only_propose",
        )  # fmt: skip


def page_of(record: bytes) -> str:
    """The address of a complaint."""
    return f"/complaints/{ids.record_text(record)}"


def opened(browser: Browser, record: bytes, reason: str = "分办投诉") -> httpx.Response:
    """The desk after the form that opens the complaint."""
    page = page_of(record)
    token = Forms(browser.get(page).text).found["/logout"]
    return browser.post(f"{page}/open", data={**token, "reason": reason})


def step(
    browser: Browser, record: bytes, name: str, *, seen: str = "", **values: str
) -> httpx.Response:
    """Send the form of a step, from the page `seen` or a fresh one."""
    page = page_of(record)
    text = seen or opened(browser, record).text
    sent = Forms(text).found.get(f"{page}/take", {}) | {"step": name, "reason": "按规定办理"}
    return browser.post(f"{page}/take", data={**sent, **values})
