"""The storage contract on SQLite and on PostgreSQL: ledger, verdicts, records, erasure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from server.database import AlreadyThere
from server.schema import operations
from server.storage import Ledger, RecordFilter, Tx
from server.storage.rows import Attached, ConflictRow, MatchKey, NumberRow, PairRow, StateEffect
from shared.fold import fold
from shared.operation import restore
from shared.verdict import Status
from tests.server.ledgers import (
    COUNTY,
    DEVICE,
    NOW,
    STREAM,
    entry,
    judgement,
    operation,
    record_id,
    row,
    stored,
)


def test_an_operation_comes_back_byte_for_byte(ledger: Ledger) -> None:
    one = operation(1, person_name="王小二", phone="13800000000", note=None)
    with ledger.write() as tx:
        assert tx.append_operations([stored(one)]) == 1
    with ledger.read() as tx:
        [back] = tx.stream_operations(STREAM)
        assert back == stored(one)
        assert restore(back.skeleton, back.salt, back.data) == one
        found = tx.operation(one.id)
    assert found is not None
    assert asdict(found.without_data()) == asdict(one.without_data())
    assert (found.data, found.salt) == (one.data, one.salt)


def test_an_operation_is_in_the_ledger_once_however_often_it_comes(ledger: Ledger) -> None:
    rows = [stored(operation(seq)) for seq in range(1, 6)]
    with ledger.write() as tx:
        assert tx.append_operations(rows[:3]) == 3
        assert tx.append_operations(rows) == 2
    with ledger.write() as tx:
        assert tx.append_operations(rows) == 0
        assert tx.append_operations([]) == 0
    with ledger.read() as tx:
        assert tx.stream_operations(STREAM) == rows
        assert tx.known_ids([rows[0].id, b"x" * 32]) == {rows[0].id}
        assert tx.known_ids([]) == set()


@pytest.mark.parametrize("count", [1, 3, 4, 5, 4096, 4097, 9000])
def test_of_many_ids_those_of_the_ledger_are_found_once(ledger: Ledger, count: int) -> None:
    rows = [stored(operation(seq)) for seq in range(1, 4)]
    with ledger.write() as tx:
        tx.append_operations(rows)
    known = [row.id for row in rows]
    others = [number.to_bytes(32, "big") for number in range(count)]
    with ledger.read() as tx:
        assert tx.known_ids([known[0], *others, *known[1:], known[0]]) == set(known)
        assert tx.known_ids(others) == set()
        assert list(tx.stored([*known, *known[:1]]).values()) == sorted(rows, key=lambda r: r.id)


def test_another_operation_at_the_same_place_is_refused_whole(ledger: Ledger) -> None:
    first, other = operation(1), operation(1, person_name="另一个")
    with ledger.write() as tx:
        tx.append_operations([stored(first)])
    with pytest.raises(AlreadyThere), ledger.write() as tx:
        tx.append_operations([stored(operation(2)), stored(other)])
    with ledger.read() as tx:
        assert [back.id for back in tx.stream_operations(STREAM)] == [first.id]


def test_a_branch_lies_beside_the_stream(ledger: Ledger) -> None:
    first, other = operation(1), operation(1, person_name="另一个")
    with ledger.write() as tx:
        whole = tx.lock_stream(STREAM, device=DEVICE)
        tx.put_stream(whole._replace(branch=1, head=b"o" * 32))
        tx.append_operations([stored(first), stored(other, branch=1)])
    with ledger.read() as tx:
        assert [back.id for back in tx.stream_operations(STREAM, branch=1)] == [other.id]
        assert [one.branch for one in tx.streams(device=DEVICE)] == [0, 1]
        branch = tx.stream(STREAM, 1)
    assert branch is not None
    assert branch.head == b"o" * 32


def test_data_lies_sealed_in_the_table(ledger: Ledger) -> None:
    one = operation(1, person_name="王小二")
    with ledger.write() as tx:
        tx.append_operations([stored(one)])
        tx.put_records([row(record_id(1))])
        raw = tx.connection.execute(
            select(operations.c.data).where(operations.c.county == COUNTY)
        ).scalar_one()
    assert one.data_bytes is not None
    assert one.data_bytes not in raw
    assert "王小二".encode() not in raw


def test_streams_are_read_by_pages(ledger: Ledger) -> None:
    rows = [stored(operation(seq)) for seq in range(1, 8)]
    with ledger.write() as tx:
        tx.append_operations(rows)
    with ledger.read() as tx:
        paged = tx.stream_operations(STREAM, limit=3)
        while page := tx.stream_operations(STREAM, after_seq=paged[-1].seq, limit=3):
            paged += page
        assert paged == rows
        assert list(tx.all_record_ids()) == sorted(one.record for one in rows)
        assert tx.record_ids(limit=2) == sorted(one.record for one in rows)[:2]


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_greatest_verdict_stands_in_any_order(ledger: Ledger, data: st.DataObject) -> None:
    one = operation(data.draw(st.integers(1, 2**30)))
    orders = [(1, 5), (1, 9), (2, 1), (2, 3)]
    statuses = dict(zip(orders, [*Status, Status.HELD], strict=True))
    with ledger.write() as tx:
        tx.append_operations([stored(one)])
        for epoch, seq in data.draw(st.permutations(orders)):
            status = statuses[epoch, seq]
            tx.put_judgements([judgement(one, epoch=epoch, county_seq=seq, status=status)])
        stands = tx.judgements_of([one.id, b"x" * 32])
    assert stands.keys() == {one.id}
    assert stands[one.id].verdict.order == (2, 3)
    assert stands[one.id].status == Status.HELD


def test_one_batch_may_hold_two_verdicts_on_one_operation(ledger: Ledger) -> None:
    one = operation(1)
    later = judgement(one, county_seq=7, status=Status.REFUSED)
    with ledger.write() as tx:
        tx.append_operations([stored(one)])
        tx.put_judgements([later, judgement(one, county_seq=2)])
        assert tx.judgements_of([one.id])[one.id] == later


def test_effects_stay_until_fold_says_otherwise(ledger: Ledger) -> None:
    one = operation(1)
    with ledger.write() as tx:
        tx.append_operations([stored(one)])
        tx.put_judgements([judgement(one)])
        tx.put_effects([StateEffect(one.skeleton.record, one.id, "", "已受理")])
        tx.put_judgements([judgement(one, county_seq=4)])
        kept = tx.judgements_of([one.id])[one.id]
        assert (kept.state_after, kept.county_seq) == ("已受理", 4)
        tx.put_effects([StateEffect(one.skeleton.record, one.id, "", "")])
        assert tx.judgements_of([one.id])[one.id].state_after == ""


def test_held_and_refused_work_is_listed_by_pages(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.storage.judgements._PAGE", 2)
    held = [operation(seq) for seq in range(1, 6)]
    with ledger.write() as tx:
        tx.put_judgements([judgement(one, status=Status.HELD) for one in held])
        tx.put_judgements([judgement(operation(6), status=Status.REFUSED)])
        tx.put_judgements([judgement(operation(7))])
    with ledger.read() as tx:
        listed = tx.unsettled(limit=2)
        while page := tx.unsettled(after=listed[-1].operation, limit=2):
            listed += page
        assert [one.operation for one in listed] == sorted(one.id for one in held)
        assert tx.count_unsettled() == {Status.HELD: 5, Status.REFUSED: 1}
        assert [one.status for one in tx.unsettled(Status.REFUSED)] == ["refused"]
        pages = list(tx.waiting())
        assert [len(page) for page in pages] == [2, 2, 1]
        assert {one.operation for page in pages for one in page} == {one.id for one in held}


def test_reports_find_admitted_acts_between_two_days(ledger: Ledger) -> None:
    days = [20261025, 20261026, 20261027, 20261028]
    with ledger.write() as tx:
        tx.put_judgements(
            [
                judgement(operation(seq))._replace(effective_on=day, site=f"s{seq:04}")
                for seq, day in enumerate(days, 1)
            ]
        )
        tx.put_judgements([judgement(operation(9), status=Status.HELD)])
        found = tx.judged("case", "receive", 20261026, 20261027)
        assert [one.effective_on for one in found] == days[1:3]
        [last] = tx.judged("case", "receive", 20261025, 20261028, sites=["s0004"])
        assert last.effective_on == 20261028
        assert tx.judged("case", "accept", 20261025, 20261028) == []


def test_fold_reads_whole_records_with_their_verdicts(ledger: Ledger) -> None:
    record = record_id(1)
    first = operation(1, record=record)
    second = operation(2, record=record, act="amend", parents=(first.id,), phone="13800000001")
    unjudged = operation(3, record=record, act="amend", parents=(first.id,), phone="13800000002")
    with ledger.write() as tx:
        tx.append_operations([stored(one) for one in (second, first, unjudged, operation(4))])
        tx.put_judgements([judgement(first), judgement(second, county_seq=3)])
    with ledger.read() as tx:
        found = tx.operations_of([record, record_id(99)])
        single = tx.entries([second.id])
        assert tx.operations_of([]) == {}
    assert found[record_id(99)] == []
    verdicts = {one.operation.id: one.verdict for one in found[record]}
    assert verdicts == {
        first.id: judgement(first).verdict,
        second.id: judgement(second, county_seq=3).verdict,
        unjudged.id: None,
    }
    assert single[second.id].verdict == verdicts[second.id]
    folded = fold(found[record])
    assert folded.fields["phone"] == "13800000001"
    assert [one.operation for one in folded.without_effect] == [unjudged.id]


def test_a_purge_takes_data_and_salt_and_leaves_the_proof(ledger: Ledger) -> None:
    record = record_id(1)
    first, second = operation(1, record=record), operation(2, record=record, act="amend")
    with ledger.write() as tx:
        tx.append_operations([stored(first), stored(second)])
        tx.put_judgements([judgement(first), judgement(second)])
    with ledger.write() as tx:
        tx.erase_data([first.id])
        tx.erase_data([])
    with ledger.write() as tx:
        assert tx.append_operations([stored(first)]) == 0  # what arrives again is discarded
        back = tx.stored([first.id, second.id])
        entries = tx.operations_of([record])[record]
    assert back[first.id] == stored(first)._replace(salt=None, data=None)
    assert back[second.id] == stored(second)
    assert restore(back[first.id].skeleton, None, None).id == first.id
    assert {one.operation.has_data for one in entries} == {True, False}


def test_records_are_listed_newest_first_by_what_is_asked(ledger: Ledger) -> None:
    rows = [
        row(record_id(1), site="s0001", state="已受理", due_on=20261030),
        row(record_id(2), site="s0002", state="已办结", due_on=20261030, closed_on=20261028),
        row(record_id(3), site="s0002", state="已受理", due_on=20261105, conflicts=1, slip="A1"),
        row(record_id(4), kind="complaint", township="s0200", item="", due_on=None),
    ]
    with ledger.write() as tx:
        tx.put_records(rows)
        tx.put_records([rows[0]._replace(position=5)])
    rows[0] = rows[0]._replace(position=5)
    with ledger.read() as tx:

        def listed(**which: Any) -> list[int]:
            found = tx.list_records(RecordFilter(**which))
            return [rows.index(one) + 1 for one in found]

        assert listed() == [4, 3, 2, 1]
        assert listed(sites=["s0002"]) == [3, 2]
        assert listed(kinds=["complaint"], townships=["s0200"]) == [4]
        assert listed(states=["已办结"]) == [2]
        assert listed(item="BM-YB-001") == [3, 2, 1]
        assert listed(due_through=20261101) == [1]
        assert listed(with_conflicts=True) == [3]
        assert [one.record for one in tx.list_records(before=record_id(3), limit=1)] == [
            record_id(2)
        ]
        assert tx.record_by_slip("A1") == rows[2]
        assert tx.record(record_id(1)) == rows[0]
        assert tx.record(record_id(9)) is None
        assert tx.count_records() == 4


def test_routes_conflicts_and_keys_are_replaced_per_record(ledger: Ledger) -> None:
    one, other = record_id(1), record_id(2)
    with ledger.write() as tx:
        tx.add_routes([(one, "s0001"), (one, "s0100"), (other, "s0001")])
        tx.add_routes([(one, "s0001")])
        assert tx.scopes_of([one, record_id(3)]) == {one: {"s0001", "s0100"}, record_id(3): set()}
        tx.put_conflicts(one, [ConflictRow(one, "phone", NOW), ConflictRow(one, "state", NOW)])
        tx.put_conflicts(other, [ConflictRow(other, "phone", NOW)])
        tx.put_conflicts(one, [ConflictRow(one, "state", NOW)])
        assert tx.conflicts_of([one, record_id(3)]) == {
            one: [ConflictRow(one, "state", NOW)],
            record_id(3): [],
        }
        assert [found.record for found in tx.list_conflicts()] == [one, other]
        blind = tx.blind("id", "510322199001011234")
        tx.put_match_keys({one: [MatchKey(one, "id", blind, "BM-YB-001", 20261026)]})
        tx.put_match_keys({other: [MatchKey(other, "id", blind, "BM-YB-001", 20261026)]})
        assert [found.record for found in tx.matches([blind, b"?" * 16])] == [one, other]
        tx.put_match_keys({other: [MatchKey(other, "id", b"!" * 16, "BM-YB-001", 20261026)]})
        assert [found.record for found in tx.matches([blind, b"?" * 16])] == [one]
        assert tx.matches([]) == []
        found = tx.match_keys_on([one, record_id(3)])
        assert found == {
            one: [MatchKey(one, "id", blind, "BM-YB-001", 20261026)],
            record_id(3): [],
        }


def test_attachments_are_found_by_their_record(ledger: Ledger) -> None:
    one, other, paper, later = (record_id(n) for n in range(1, 5))
    with ledger.write() as tx:
        tx.put_attached([Attached(later, one), Attached(paper, one)])
        assert tx.attached_to([one, other]) == [Attached(paper, one), Attached(later, one)]
        tx.put_attached([Attached(later, other)])
        assert tx.attached_to([one]) == [Attached(paper, one)]
        assert tx.owners_of([paper, later, one]) == {paper: one, later: other}
        assert tx.attached_to([]) == []
        tx.forget_attached([paper])
        assert tx.owners_of([paper, later]) == {later: other}
        tx.drop_projections()
        assert tx.attached_to([one, other]) == []


def test_a_known_pair_keeps_its_state(ledger: Ledger) -> None:
    pair = PairRow(b"p" * 16, record_id(1), record_id(2), "同人同事项", "open", NOW)
    with ledger.write() as tx:
        tx.add_pairs([pair])
        tx.put_pair(pair._replace(state="different"))
        tx.add_pairs([pair, pair._replace(pair=b"q" * 16)])
        assert tx.list_pairs("different") == [pair._replace(state="different")]
        assert [one.pair for one in tx.list_pairs()] == [b"q" * 16]
        assert len(tx.pairs_among([record_id(2), record_id(2)])) == 2
        assert tx.pair(b"p" * 16) == pair._replace(state="different")


def test_the_first_number_stands_and_no_number_is_given_twice(ledger: Ledger) -> None:
    record = record_id(1)
    first = NumberRow("official", "2026-0002", record, b"o" * 32, 1, 4)
    alias = NumberRow("official", "2026-0001", record, b"o" * 32, 1, 9)
    with ledger.write() as tx:
        tx.add_numbers([alias, first])
    with ledger.write() as tx:
        tx.add_numbers([first._replace(record=record_id(2))])
    with ledger.read() as tx:
        assert sorted(tx.all_numbers()) == [alias, first]
        assert tx.numbered([record, record_id(2)], "official") == {record}
        assert tx.numbered([record], "project") == set()
        spans = [("2026-0001", "2026-0001~"), ("2026-", "2026-~"), ("2027-", "2027-~")]
        assert tx.last_numbers("official", spans) == ["2026-0001", "2026-0002", None]
        assert tx.numbers_of(record) == [first, alias]
        assert tx.record_of_number("official", "2026-0001") == record
        assert tx.record_of_number("official", "2026-0003") is None


def test_what_is_raised_inside_leaves_nothing(ledger: Ledger) -> None:
    with ledger.read() as tx:
        before, head = tx.counts(), tx.county_head()
    one = operation(1)

    def write_and_fail(tx: Tx) -> None:
        tx.lock_stream(STREAM, device=DEVICE)
        tx.lock_records([one.skeleton.record])
        tx.append_operations([stored(one)])
        tx.put_judgements([judgement(one)])
        tx.put_records([row(one.skeleton.record)])
        tx.take_county_seq(3)
        tx.append_feed([entry(one)])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ledger.writing(write_and_fail)
    with ledger.read() as tx:
        assert tx.counts() == before
        assert tx.county_head() == head
        assert tx.streams() == []
