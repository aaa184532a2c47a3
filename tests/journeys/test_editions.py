"""The catalogue changes while a village is out of reach (STORIES.md B3): served, real tablets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import requests

from benchmarks.county import PIN, QUICK, Served, served, synchronise
from mobile import editions, enrolment
from mobile.desk import Recorded
from mobile.enrolment import Invitation
from mobile.tablet import Locked, Machine, Tablet
from server.admin import invite
from server.county import County, day_number
from server.editions import recounting, refunds
from server.opening import close_county, open_county
from server.verify import verify
from shared import ids
from shared.catalogue import Fee, Item, ItemKind
from sync.exchange import Exchange
from tests.server.core.editing import Office

PAID = "BM-RS-007"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as made:
        yield made


@pytest.fixture
def county(running: Served) -> Iterator[County]:
    """The served county, opened beside its processes as a command opens it."""
    opened = open_county(running.folder / "county")
    yield opened
    close_county(opened)


def proxy(tablet: Tablet) -> Recorded:
    done = tablet.desk.record("proxy", {"person_name": "李婠", "item": PAID})
    assert isinstance(done, Recorded)
    return done


def charge(tablet: Tablet, of: Recorded, fen: int) -> Recorded:
    """Take money, under the edition this tablet has."""
    assert tablet.desk.catalogue is not None
    edition = tablet.desk.catalogue.edition
    assert edition.by_code[PAID].fee.amount_fen == fen
    done = tablet.desk.record(
        "charge",
        {"of": ids.record_text(of.record), "amount_fen": fen, "fee_version": edition.number},
    )
    assert isinstance(done, Recorded)
    return done


def changed(item: Item) -> Item:
    """The edition of B3: a fee is cancelled and an item becomes 即办."""
    if item.code != PAID:
        return item
    return msgspec.structs.replace(item, fee=Fee(), kind=ItemKind.INSTANT, promised_days=0)


def test_an_edition_reaches_tablets_and_money_taken_under_the_old_one_goes_back(
    running: Served, county: County
) -> None:
    near, far = running.tablet("near"), running.tablet("far")
    for tablet in (near, far):
        synchronise(tablet, running.url)
    before = proxy(near)
    office = Office(county)
    office.publish_catalogue(changed)
    synchronise(near, running.url)
    after = proxy(near)
    old, late = near.desk.show(before.record).record, proxy(far)
    new = near.desk.show(after.record).record
    assert (old.fields["promised_days"], old.fields["item_kind"]) == (7, "promise")
    assert (new.fields["promised_days"], new.fields["item_kind"]) == (0, "instant")
    assert old.fields["item_edition"] != new.fields["item_edition"]
    taken = charge(far, late, 2000)
    assert refunds.tasks(county, office.maker) == []
    synchronise(far, running.url)
    (task,) = refunds.tasks(county, office.maker)
    assert (task.charge, task.back_fen) == (taken.record, 2000)
    kept = far.desk.show(late.record).record.fields
    assert (kept["item_edition"], kept["promised_days"]) == (old.fields["item_edition"], 7)
    done = refunds.refund(county, office.maker, task.charge, "收费已取消，退还群众")
    synchronise(far, running.url)
    shown = far.desk.show(taken.record)
    assert (shown.record.state, shown.record.fields["refunded_fen"]) == ("已退", 2000)
    assert shown.record.history[-1].operation == done.id
    assert far.desk.catalogue is not None
    assert far.desk.catalogue.edition.by_code[PAID].fee == Fee()
    assert verify(county).violations == ()


def window(running: Served, county: County) -> Tablet:
    """The tablet of a township's window: it accepts cases."""
    machine = Machine.real()
    locked = Locked(
        running.folder / "window", Machine(machine.clock, machine.entropy, kdf=QUICK, floor=QUICK)
    )
    code = invite(county, "510322100000").code
    with requests.Session() as session:
        enrolment.enrol(
            locked, Invitation(running.url, code), name="陈静", pin=PIN, session=session,
            exchange=lambda url: Exchange(session, url, monotonic=time.monotonic),
        )  # fmt: skip
    return locked.unlock(PIN)


def test_a_calendar_reaches_tablets_and_both_sides_count_the_same(
    running: Served, county: County
) -> None:
    tablet = window(running, county)
    office, today = Office(county), county.today()
    synchronise(tablet, running.url)
    base = editions.calendar(tablet.store, today)
    assert base is not None
    made = tablet.desk.record("case", {"person_name": "李婠", "item": "BM-MZ-001"})
    assert isinstance(made, Recorded)
    tablet.desk.act(made.record, "accept", {})
    synchronise(tablet, running.url)

    def on_tablet() -> int:
        assert isinstance(made, Recorded)
        due = editions.due(tablet.store, tablet.desk.show(made.record).record, today)
        assert due is not None
        return day_number(due.on)

    def at_county() -> int:
        assert isinstance(made, Recorded)
        due = office.due_on(made.record)
        assert due is not None
        return due

    before = on_tablet()
    assert before == at_county()
    free = next(day for n in range(1, 60) if base.is_working_day(day := today + timedelta(days=n)))
    office.publish_free_days(free, free)
    recounting.run(county)
    assert at_county() != before == on_tablet()
    synchronise(tablet, running.url)
    assert on_tablet() == at_county() > before
    with county.ledger.read() as tx:
        assert editions.calendar(tablet.store, today) == county.editions(tx).calendar
    assert verify(county).violations == ()
