"""Attachments are seen wherever their record is, and nowhere else."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, update

from server import steward
from server.county import County
from server.rebuild import rebuild
from server.schema import attached
from server.steward import Draft
from server.storage.rows import Attached
from server.verify import verify
from shared.ids import record_text
from shared.operation import Operation
from tests.server.core.world import Mould, Tablet, township_of, villages


def attach(tablet: Tablet, of: bytes) -> Operation:
    """Add an attachment to a record."""
    data = {"of": record_text(of), "content_hash": "0" * 64, "key": "1" * 64}
    return tablet.record("attachment", "add", dict(data))


def received(tablet: Tablet) -> set[bytes]:
    tablet.pull()
    return set(tablet.received)


def show_to(county: County, record: bytes, site: str) -> None:
    """Let a site see a record, as a routing by the county does."""
    with county.ledger.read() as tx:
        heads = tuple(one.operation.id for one in tx.operations_of([record])[record])
    data = {"remark": "转办"}
    draft = Draft(record, "proxy", "correct_record", dict(data), heads, scopes=(site,))
    county.ledger.writing(lambda tx: steward.write(tx, county, [draft]))


@pytest.fixture
def town(county: County) -> Tablet:
    """The tablet of the township above Anna's village."""
    return Tablet(county, township_of(villages()[0]), role="clerk")


def test_what_the_township_attaches_reaches_the_village(
    anna: Tablet, bert: Tablet, town: Tablet
) -> None:
    of = anna.entrust().skeleton.record
    anna.send()
    town.pull()
    paper = attach(town, of)
    town.send()
    assert paper.id in received(anna)
    assert paper.id in received(bert)


def test_papers_go_where_their_record_goes(county: County, anna: Tablet) -> None:
    stranger = Tablet(county, villages()[1])
    of_act = anna.entrust()
    of = of_act.skeleton.record
    paper, other = attach(anna, of), attach(anna, anna.consult().skeleton.record)
    anna.send()
    assert not {of_act.id, paper.id} & received(stranger)
    show_to(county, of, stranger.site)
    assert {paper.id} <= received(stranger)
    assert other.id not in stranger.received
    later = attach(anna, of)
    anna.send()
    assert later.id in received(stranger)
    amended = anna.amend(paper, title="正面")
    anna.send()
    assert amended.id in received(stranger)


def test_a_paper_that_arrives_before_its_record_waits_for_it(
    county: County, anna: Tablet, town: Tablet
) -> None:
    of = anna.entrust().skeleton.record
    paper = attach(town, of)
    town.send()
    assert paper.id not in received(anna)
    anna.send()
    assert paper.id in received(anna)


def test_a_paper_opens_its_record_to_nobody(county: County, anna: Tablet) -> None:
    stranger = Tablet(county, villages()[1])
    of = anna.entrust()
    anna.send()
    attach(stranger, of.skeleton.record)
    stranger.send()
    assert of.id not in received(stranger)


@pytest.mark.parametrize("of", ["", "nothing", "0" * 40])
def test_a_paper_of_nothing_is_no_harm(county: County, anna: Tablet, of: str) -> None:
    anna.record("attachment", "add", {"of": of, "content_hash": "0" * 64})
    anna.send()
    with county.ledger.read() as tx:
        assert tx.attached_to([b"", of.encode()]) == []


def test_verify_finds_and_rebuild_heals_a_lost_owner(mould: Mould) -> None:
    with mould.cast() as county:
        anna = Tablet(county, villages()[0])
        of = anna.entrust().skeleton.record
        paper = attach(anna, of).skeleton.record
        anna.send()
        with county.ledger.read() as tx:
            assert tx.attached_to([of]) == [Attached(paper, of)]
        for harm in (delete(attached), update(attached).values(owner=b"?" * 16)):
            with county.ledger.write() as tx:
                tx.connection.execute(harm)
            (found,) = verify(county).violations
            assert "所属的记录" in found
            rebuild(county)
            assert verify(county).ok
        with county.ledger.read() as tx:
            assert tx.owners_of([paper, of]) == {paper: of}


def test_both_back_ends_follow(both: County) -> None:
    anna, town = Tablet(both, villages()[0]), Tablet(both, township_of(villages()[0]), role="clerk")
    of = anna.entrust().skeleton.record
    anna.send()
    paper = attach(town, of)
    town.send()
    assert paper.id in received(anna)
