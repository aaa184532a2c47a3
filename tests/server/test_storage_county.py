"""The storage contract for the county as a whole, on every back end."""

from __future__ import annotations

import itertools

import pytest

from server.storage import Ledger, UnknownCounty
from server.storage.rows import ConflictRow
from tests.server.ledgers import (
    COUNTY,
    DATA_KEY,
    DEVICE,
    NOW,
    STREAM,
    begun,
    entry,
    judgement,
    operation,
    record_id,
    row,
    stored,
)


def test_numbers_of_the_countys_stream_follow_each_other(ledger: Ledger) -> None:
    with ledger.write() as tx:
        epoch, first, head = tx.take_county_seq(2)
        tx.put_county_head(b"2" * 32)
    with ledger.write() as tx:
        assert tx.take_county_seq(5) == (epoch, first + 2, b"2" * 32)
        tx.put_backed_up({}, 4)
    assert (epoch, first) == (1, 1)
    assert head != b"2" * 32
    with ledger.read() as tx:
        now = tx.county_head()
    assert (now.county_seq, now.backed_up_through) == (7, 4)


def test_backups_are_noted_by_stream(ledger: Ledger) -> None:
    with ledger.write() as tx:
        whole = tx.lock_stream(STREAM, device=DEVICE)
        tx.put_streams([whole._replace(seq=9, head=b"9" * 32)])
        tx.put_backed_up({STREAM: 7}, 3)
        assert tx.lock_stream(STREAM, device=DEVICE).backed_up_seq == 7


def test_counties_do_not_see_each_other(ledger: Ledger) -> None:
    neighbour = begun(ledger.engine, 510304)
    one = operation(1)
    for each in (ledger, neighbour):
        with each.write() as tx:
            assert tx.append_operations([stored(one)]) == 1
            tx.put_judgements([judgement(one)])
    with neighbour.write() as tx:
        tx.erase_data([one.id])
        tx.drop_projections(with_feed=True)
    with ledger.read() as tx:
        assert tx.operation(one.id) == one
        assert tx.stored([one.id])[one.id].data is not None
        assert tx.counts().judgements == 1
    with pytest.raises(UnknownCounty), Ledger(ledger.engine, 1, DATA_KEY).write() as tx:
        tx.take_county_seq(1)
    assert COUNTY != 510304


def test_projections_can_be_dropped_and_the_ledger_stays(ledger: Ledger) -> None:
    one = operation(1)
    with ledger.write() as tx:
        tx.append_operations([stored(one)])
        tx.put_judgements([judgement(one)])
        tx.put_records([row(one.skeleton.record)])
        tx.append_feed([entry(one)])
        assert tx.counts() == (1, 1, 1, 1, 0)
        tx.drop_projections()
        assert tx.counts() == (1, 0, 0, 1, 0)
        tx.drop_projections(with_feed=True)
        assert tx.counts() == (1, 0, 0, 0, 0)


def test_the_order_of_lists_does_not_depend_on_the_back_end(ledger: Ledger) -> None:
    names = ["", "B", "a", "ab", "a b", "Z", "富顺", "团结", "é", "_"]
    record = record_id(1)
    with ledger.write() as tx:
        tx.put_conflicts(record, [ConflictRow(record, name, NOW) for name in names])
        listed = [one.register for one in tx.list_conflicts()]
    assert listed == sorted(names, key=str.encode)
    assert [a < b for a, b in itertools.pairwise(map(str.encode, listed))] == [True] * 9
