"""A small county under supervision: a clerk, an agent of a village, and matters by the dozen."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from server.accounts import Accounts, Person
from server.county import day_number
from server.desk import Desk
from server.storage import Tx
from shared import ids
from shared.canonical import Value
from shared.civil import DAY_MS, civil_date
from shared.operation import Operation
from shared.regions import Level
from tests.server.seeding import Moment, Tablet, sample_county

T0 = 1_795_399_200_000
"""2026-11-23 10:00 at UTC+8, a Monday."""


class World:
    """Two townships, a village of the first, and the people the tests look through."""

    def __init__(self, root: Path) -> None:
        self.now = Moment(T0)
        self.county, self.password = sample_county(root, self.now)
        with self.county.ledger.read() as tx:
            sites = self.county.editions(tx).sites
        towns = [site.id for site in sites.sites if site.level is Level.TOWNSHIP]
        self.town, self.other_town = towns[:2]
        self.village = sites.children(self.town)[0].id
        self.agent = Tablet(self.county, "M3XA", self.village, "BBBBBBBB", "乙")
        self.clerk = Tablet(self.county, "T4RB", self.town, "CCCCCCCC", "丙", rank=2)
        self.accounts = Accounts(self.county.ledger, self.now, self.county.entropy)
        self.desk = Desk(self.county, self.accounts)
        with self.county.ledger.read() as tx:
            (row,) = tx.staff_list()
        self.admin = self._person(row.staff, row.name, row.role, row.site)

    def person(self, name: str, role: str, site: str) -> Person:
        """Add a member of staff."""
        self.accounts.add(name, role, site)
        with self.county.ledger.read() as tx:
            row = next(one for one in tx.staff_list() if one.name == name)
        return self._person(row.staff, name, role, site)

    def _person(self, staff: str, name: str, role: str, site: str) -> Person:
        return Person(staff, name, role, site, False, "", b"")

    def accepted(self, **data: Value) -> Operation:
        """A case accepted now, five working days promised and twenty by law; its last act."""
        case: dict[str, Value] = {
            "person_name": "李婠", "item": "BM-YB-001", "promised_days": 5, "statutory_days": 20,
            "days_unit": "workday", **data,
        }  # fmt: skip
        got = self.clerk.act("case", "receive", case)
        return self.clerk.act("case", "accept", {}, record=got.skeleton.record, parents=[got.id])

    def entrusted(self, **data: Value) -> Operation:
        """A proxy entrusted to the village's agent now."""
        return self.agent.act(
            "proxy", "entrust", {"person_name": "李婠", "item": "BM-YB-001", **data}
        )

    def day(self, ahead: int, back: int = 0) -> int:
        """The day `ahead` days from now as an integer."""
        return day_number(civil_date(self.now.ms) + timedelta(days=ahead + back))

    def many(self, count: int) -> None:
        """Put so many more open cases before the board, rows and clocks, of one real case."""
        got = self.accepted()
        with self.county.ledger.read() as tx:
            row, clock = (
                tx.records([got.skeleton.record])[got.skeleton.record],
                tx.watched_of([got.skeleton.record])[got.skeleton.record],
            )
        names = [ids.uuid7(self.now.ms - DAY_MS, self.county.entropy(10)) for _ in range(count - 1)]

        def step(tx: Tx) -> None:
            tx.put_records([row._replace(record=name) for name in names])
            tx.put_watched(
                clock._replace(
                    record=name, red_at=T0 - at * 1000, holder=f"agent:{at % 400:08d}",
                    breach_holder=f"agent:{at % 400:08d}",
                )
                for at, name in enumerate(names)
            )  # fmt: skip

        self.county.ledger.writing(step)
