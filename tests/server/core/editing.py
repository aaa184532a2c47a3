"""The people who make and approve a county's editions, and the matters these weigh on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date

import msgspec

from server.accounts import Person
from server.county import CALENDAR, CATALOGUE, County, Editions
from server.editions import approving, drafts
from server.editions.content import Content
from server.storage.rows import Staff
from shared.canonical import Value
from shared.catalogue import CatalogueEdition, Item
from shared.civil import start_of_day
from shared.operation import Operation
from shared.record import Record
from tests.server.core.world import Tablet, pass_days

TODAY = date(2026, 10, 26)
HOUR = 60 * 60 * 1000
DOC_NO = "富政办发〔2026〕7号"


class Office:
    """A county, two administrators, and whoever a test adds."""

    def __init__(self, county: County) -> None:
        self.county = county
        with county.ledger.read() as tx:
            self.editions: Editions = county.editions(tx)
        self.maker, self.second = self.person("甲管理员"), self.person("乙管理员")

    def person(self, name: str, role: str = "administrator", site: str = "") -> Person:
        """Enter a member of staff, without a password that anybody could use."""
        staff = f"S{len(name)}{name}"
        row = Staff(
            staff, name, "", None, role, site or self.editions.centre, 0, "active",
            self.county.now(),
        )  # fmt: skip
        with self.county.ledger.write() as tx:
            tx.put_staff(row)
        return Person(staff, name, role, row.site, False, "", b"")

    def pass_days(self, days: int) -> None:
        """Let days go by."""
        pass_days(self.county, days)

    def catalogue(self) -> CatalogueEdition:
        """The catalogue in force today."""
        with self.county.ledger.read() as tx:
            return self.county.editions(tx).catalogue

    def draft(self, kind: str = CATALOGUE, person: Person | None = None) -> bytes:
        """Begin a draft."""
        return drafts.begin(self.county, person or self.maker, kind)

    def revision(self, draft: bytes) -> int:
        """The revision of a draft now."""
        return drafts.opened(self.county, self.maker, draft).row.revision

    def change_items(
        self, draft: bytes, make: Callable[[Item], Item | None], person: Person | None = None
    ) -> None:
        """Change every item of a draft; None leaves one out."""

        def made(content: Content) -> Content:
            items = [new for one in content.catalogue.items if (new := make(one)) is not None]
            edition = msgspec.structs.replace(content.catalogue, items=tuple(items))
            return dataclasses.replace(content, edition=edition)

        drafts.change(self.county, person or self.maker, draft, self.revision(draft), made)

    def rename(self, draft: bytes, code: str, name: str) -> None:
        """Give one item another name."""
        self.change_items(
            draft,
            lambda one: msgspec.structs.replace(one, name=name) if one.code == code else one,
        )

    def head(self, draft: bytes, effective_on: date | None = None, doc_no: str = "") -> None:
        """Give a draft its paper."""
        drafts.save_head(
            self.county, self.maker, draft, self.revision(draft), document="事项目录（新版）",
            doc_no=doc_no or "富政办发〔2026〕7号",
            effective_on=effective_on or self.county.today(),
        )  # fmt: skip

    def propose(self, draft: bytes, person: Person | None = None) -> Operation:
        """Propose a draft."""
        return approving.propose(self.county, person or self.maker, draft, self.revision(draft))

    def publish(self, draft: bytes, effective_on: date | None = None) -> Operation:
        """Give a draft its paper, propose it, and let the second person approve."""
        self.head(draft, effective_on)
        self.propose(draft)
        return approving.approve(self.county, self.second, draft)

    def publish_catalogue(
        self, make: Callable[[Item], Item | None], effective_on: date | None = None
    ) -> Operation:
        """Publish a catalogue with every item changed by `make`."""
        draft = self.draft()
        self.change_items(draft, make)
        return self.publish(draft, effective_on)

    def publish_free_days(self, first: date, last: date, on: date | None = None) -> Operation:
        """Publish a calendar in which these days are free."""
        draft = self.draft(CALENDAR)
        self.free_days(draft, first, last)
        return self.publish(draft, on)

    def free_days(self, draft: bytes, first: date, last: date) -> None:
        """Make these days of a draft free."""
        drafts.set_days(
            self.county, self.maker, draft, self.revision(draft), first, last, worked=False
        )

    def due_on(self, record: bytes | Operation) -> int | None:
        """The due date that lists show of a record."""
        with self.county.ledger.read() as tx:
            row = tx.record(record if isinstance(record, bytes) else record.skeleton.record)
        assert row is not None
        return row.due_on


def accepted(clerk: Tablet, on: date, days: int = 50, item: str = "BM-MZ-001") -> Operation:
    """A case received and accepted on a day, not sent yet; return the acceptance."""
    at = start_of_day(on) + 10 * HOUR
    limits: dict[str, Value] = {
        "promised_days": days, "statutory_days": days + 10, "days_unit": "workday",
    }  # fmt: skip
    received = clerk.record(
        "case", "receive", {"person_name": "李婠", "item": item, **limits}, effective_at=at
    )
    return clerk.record("case", "accept", {}, on=received.skeleton.record, effective_at=at + 1)


def ended(clerk: Tablet, case: Operation, on: date) -> Operation:
    """A case withdrawn on a day, not sent yet."""
    record: Record = clerk.fold(case.skeleton.record)
    at = start_of_day(on) + 12 * HOUR
    return clerk.record("case", "withdraw", {"reason": "不办了"}, on=record, effective_at=at)
