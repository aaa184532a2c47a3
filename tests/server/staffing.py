"""Somebody with an account, a tablet whose agent was appointed, and changes in few words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest

from server import staff_changes, staff_desk
from server.accounts import Accounts, Person
from server.county import County
from server.desk import Desk
from server.staff_changes import Change
from server.staff_people import Someone
from server.staff_postings import (
    Post,
    appoint,
)
from server.storage.rows import Posting, Staff
from server.verify import verify
from tests.server.core.world import Mould, Tablet, township_of, villages

CENTRE = "s0001"
ADMITTED = ("admitted", "")
WAITS = ("held", "posting_ended")


@pytest.fixture(scope="module")
def mould(tmp_path_factory: pytest.TempPathFactory) -> Mould:
    return Mould(tmp_path_factory.mktemp("mould"))


@pytest.fixture
def county(mould: Mould) -> Iterator[County]:
    """Whatever a test does, the books agree afterwards."""
    with mould.cast() as made:
        yield made
        assert verify(made).violations == ()


@pytest.fixture
def desk(county: County) -> Desk:
    return Desk(county, Accounts(county.ledger, county.now, county.entropy))


@pytest.fixture
def boss(desk: Desk) -> Person:
    return a_person(desk, "管理员", "administrator", CENTRE)


@pytest.fixture
def head(desk: Desk) -> Person:
    return a_person(desk, "主任丁", "head", township_of(villages()[0]))


@pytest.fixture
def anna(county: County) -> Tablet:
    return a_tablet(county, villages()[0])


def a_tablet(county: County, site: str, role: str = "village") -> Tablet:
    """A tablet whose agent was appointed as the county does it."""
    tablet = Tablet(county, site, posted=False)
    post = Post(tablet.author, "李婠", site, role, date(2020, 1, 1))
    county.ledger.writing(lambda tx: appoint(tx, county, "system", post, "到任"))
    return tablet


def a_person(desk: Desk, name: str, role: str, site: str) -> Person:
    """Somebody with an account and no posting, as a county of before has them."""
    row, _ = desk.accounts.add(name, role, site)
    return as_person(row)


def as_person(row: Staff) -> Person:
    return Person(row.staff, row.name, row.role, row.site, False, "", b"")


def today(desk: Desk) -> date:
    return desk.county.today()


def move(
    desk: Desk, person: Person, who: str, to: str, on: date, **more: object
) -> Posting:  # fmt: skip
    words: dict[str, object] = {"reason": "工作调动", "seen_held": True, **more}
    return staff_changes.make(desk, person, who, Change("", on, site=to, **words))  # type: ignore[arg-type]


def end(desk: Desk, person: Person, who: str, last: date, **more: object) -> Posting:
    words: dict[str, object] = {"reason": "离任", "seen_held": True, **more}
    change = Change("", last + timedelta(days=1), True, **words)  # type: ignore[arg-type]
    return staff_changes.make(desk, person, who, change)


def postings(desk: Desk, who: str) -> list[tuple[str, str, int, int | None]]:
    with desk.county.ledger.read() as tx:
        return [(one.site, one.role, one.from_on, one.to_on) for one in tx.postings(person=who)]


def one(desk: Desk, person: Person, who: str) -> Someone:
    return staff_desk.person_page(desk, person, who).one


def unchanged(desk: Desk) -> tuple[object, ...]:
    with desk.county.ledger.read() as tx:
        return (tx.postings(), tx.grants(), tx.staff_list(), tx.county_head().county_seq)


@contextmanager
def nothing_changes(desk: Desk, error: type[Exception], said: str | None = None) -> Iterator[None]:
    """The block raises, and nothing at all was written."""
    before = unchanged(desk)
    with pytest.raises(error, match=said):
        yield
    assert unchanged(desk) == before
