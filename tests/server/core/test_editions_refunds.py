"""Fees taken after they were cancelled: found, shown to those concerned, given back once."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from server.acting import NoReason
from server.county import County
from server.editions import refunds
from server.sight import NotAllowed
from shared import ids
from shared.canonical import Value
from shared.catalogue import Fee, Item
from shared.civil import start_of_day
from shared.fold import fold
from shared.operation import Operation
from tests.server.core.editing import HOUR, TODAY, Office
from tests.server.core.world import Tablet, township_of, villages

PAID = "BM-RS-007"
"""社会保障卡挂失与补换: 20 元 in the sample catalogue."""
ID_CARD = "BM-GA-003"
"""居民身份证补领: 40 元."""


@pytest.fixture
def office(county: County) -> Office:
    return Office(county)


@pytest.fixture
def tablet(county: County) -> Tablet:
    return Tablet(county, villages()[0])


def without_fee(item: Item) -> Item:
    return msgspec.structs.replace(item, fee=Fee()) if item.code == PAID else item


def charge(
    tablet: Tablet, on: date, fen: int = 2000, *, item: str = PAID, practice: bool = False
) -> Operation:
    """A proxy for an item and the money taken for it on a day, sent to the county."""
    at = start_of_day(on) + 10 * HOUR
    matter = tablet.entrust(item=item)
    of = ids.record_text(matter.skeleton.record)
    data: dict[str, Value] = {"of": of, "amount_fen": fen, "fee_version": 1}
    data |= {"practice": True} if practice else {}
    done = tablet.record("charge", "collect", data, effective_at=at)
    assert tablet.send().refusal is None
    return done


def test_money_taken_after_the_fee_was_cancelled_is_a_task(office: Office, tablet: Tablet) -> None:
    village, town = tablet.site, township_of(tablet.site)
    early = charge(tablet, TODAY - timedelta(days=1))
    office.publish_catalogue(without_fee)
    assert refunds.tasks(office.county, office.maker) == []
    office.pass_days(5)
    late = charge(tablet, TODAY + timedelta(days=3))
    charge(tablet, TODAY + timedelta(days=3), item=ID_CARD)
    charge(tablet, TODAY + timedelta(days=3), practice=True)
    (task,) = refunds.tasks(office.county, office.maker)
    assert task.charge == late.skeleton.record != early.skeleton.record
    assert (task.amount_fen, task.allowed_fen, task.back_fen) == (2000, 0, 2000)
    assert (task.site, task.item, task.on) == (village, PAID, TODAY + timedelta(days=3))
    assert (task.edition.number, task.why) == (2, refunds.CANCELLED)
    with office.county.ledger.read() as tx:
        assert refunds.count(office.county, tx) == 1
    head = office.person("镇主任", "head", town)
    other = township_of(villages(township=1)[0])
    stranger = office.person("别镇主任", "head", other)
    assert [one.may_refund for one in refunds.tasks(office.county, head)] == [True]
    assert refunds.tasks(office.county, stranger) == []


def test_it_is_given_back_once_with_a_reason_by_those_who_may(
    office: Office, tablet: Tablet
) -> None:
    village, town = tablet.site, township_of(tablet.site)
    office.publish_catalogue(without_fee)
    late = charge(tablet, TODAY)
    record = late.skeleton.record
    with pytest.raises(NoReason):
        refunds.refund(office.county, office.maker, record, " ")
    with pytest.raises(NotAllowed):
        refunds.refund(office.county, office.person("督查", "supervisor"), record, "退")
    head = office.person("镇主任", "head", town)
    done = refunds.refund(office.county, head, record, "按新版目录退还")
    assert (done.skeleton.act, done.skeleton.author) == ("refund", head.author)
    assert done.data["refunded_fen"] == 2000
    with office.county.ledger.read() as tx:
        folded = fold(tx.operations_of([record])[record])
        assert (folded.state, folded.fields["refunded_fen"]) == ("已退", 2000)
        assert {village, town} <= tx.scopes_of([record])[record]
    assert refunds.tasks(office.county, office.maker) == []
    (past,) = refunds.tasks(office.county, office.maker, done=True)
    assert (past.charge, past.back_fen, past.may_refund) == (record, 2000, False)
    with pytest.raises(refunds.NotToRefund):
        refunds.refund(office.county, office.maker, record, "再退一次")


def test_of_a_lowered_fee_the_difference_goes_back(office: Office, tablet: Tablet) -> None:

    def lower(item: Item) -> Item:
        fee = Fee(amount_fen=500)
        return msgspec.structs.replace(item, fee=fee) if item.code == PAID else item

    office.publish_catalogue(lower)
    late = charge(tablet, TODAY)
    charge(tablet, TODAY, 500)
    (task,) = refunds.tasks(office.county, office.maker)
    assert (task.back_fen, task.allowed_fen, task.why) == (1500, 500, refunds.LOWERED)
    done = refunds.refund(office.county, office.maker, late.skeleton.record, "差额")
    assert done.data["refunded_fen"] == 1500


def test_the_fee_of_a_cancelled_item_or_one_that_ran_out_goes_back(
    office: Office, tablet: Tablet
) -> None:
    office.publish_catalogue(lambda item: None if item.code == PAID else item)
    charge(tablet, TODAY)
    assert [one.back_fen for one in refunds.tasks(office.county, office.maker)] == [2000]

    def until_today(item: Item) -> Item:
        fee = Fee(amount_fen=4000, valid_to=TODAY)
        return msgspec.structs.replace(item, fee=fee) if item.code == ID_CARD else item

    office.publish_catalogue(until_today)
    charge(tablet, TODAY, 4000, item=ID_CARD)
    office.pass_days(1)
    charge(tablet, TODAY + timedelta(days=1), 4000, item=ID_CARD)
    found = refunds.tasks(office.county, office.maker)
    assert [(one.item, one.back_fen) for one in found] == [(ID_CARD, 4000), (PAID, 2000)]
