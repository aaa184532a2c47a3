"""Once and only once: whatever happens on the way, each operation enters the ledger once."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.county import County
from server.ingest import Taken
from shared import chain
from tests.server.core.world import CODE, Tablet, World, operations, villages
from tests.server.ledgers import at_once


def _twenty(county: County) -> Tablet:
    """A tablet with 20 operations: a session and 19 consultations."""
    tablet = Tablet(county, villages()[0])
    for number in range(19):
        tablet.consult(f"第{number}问")
    return tablet


def _stands(county: County, tablet: Tablet, count: int = 20) -> None:
    """The ledger holds the first `count` operations of the tablet, once, and the feed too."""
    with county.ledger.read() as tx:
        rows = tx.stream_operations(tablet.stream)
        assert [row.id for row in rows] == [one.id for one in tablet.log[:count]]
        counts, head = tx.counts(), tx.county_head()
        assert counts.operations == counts.judgements == count + head.county_seq
        fed = [row.operation for row in tx.feed_page({tablet.site}, 0, 1000)]
    assert sorted(fed) == sorted(one.id for one in tablet.log[:count])


def test_the_same_envelope_twice_enters_once(both: County) -> None:
    tablet = _twenty(both)
    raw = tablet.seal()
    first, second = tablet.take(raw), tablet.take(raw)
    assert (first.fresh, second.fresh) == (20, 0)
    assert first.opened == second.opened
    assert second.refusal is None
    _stands(both, tablet)


def test_batches_cut_anew_enter_once(both: County) -> None:
    tablet = _twenty(both)
    cuts = [(1, 8), (1, 14), (5, 20), (3, 12)]
    assert [tablet.send(first, last).fresh for first, last in cuts] == [8, 6, 6, 0]
    _stands(both, tablet)


def test_an_envelope_sealed_again_enters_once(county: County) -> None:
    tablet = _twenty(county)
    assert tablet.seal() != tablet.seal()
    assert [tablet.take(tablet.seal()).fresh, tablet.take(tablet.seal()).fresh] == [20, 0]
    _stands(county, tablet)


def test_a_gap_is_refused_and_taken_once_the_missing_part_is_here(both: County) -> None:
    tablet = _twenty(both)
    late = tablet.seal(11, 20)
    refused = tablet.take(late)
    assert refused.refusal is not None
    assert refused.refusal.code == "gap"
    assert refused.fresh == 0
    assert tablet.send(1, 10).fresh == 10
    assert tablet.take(late).fresh == 10
    _stands(both, tablet)


def test_five_threads_with_one_envelope_enter_it_once(both: County) -> None:
    tablet = _twenty(both)
    raw = tablet.seal()
    taken: list[Taken] = at_once(5, lambda _: tablet.take(raw, both.now()))
    assert sorted(one.fresh for one in taken) == [0, 0, 0, 0, 20]
    assert len({one.opened for one in taken}) == 1
    _stands(both, tablet)


def test_five_threads_with_overlapping_cuts_enter_each_operation_once(both: County) -> None:
    tablet = _twenty(both)
    raws = [tablet.seal(1, last) for last in (4, 8, 12, 16, 20)]
    taken: list[Taken] = at_once(5, lambda number: tablet.take(raws[number], both.now()))
    assert sum(one.fresh for one in taken) == 20
    _stands(both, tablet)


def test_five_tablets_on_one_record_leave_one_fold(both: County) -> None:
    first = Tablet(both, villages()[0])
    record = first.entrust().skeleton.record
    first.send()
    tablets = [Tablet(both, villages()[0]) for _ in range(5)]
    for number, tablet in enumerate(tablets):
        tablet.pull()
        tablet.amend(record, phone=f"1380000000{number}")
    at_once(5, lambda number: tablets[number].send())
    first.pull()
    assert len(first.folded(record).conflicts[0].values) == 5
    with both.ledger.read() as tx:
        row = tx.record(record)
    assert row is not None
    assert row.digest == first.folded(record).digest()


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    cuts=st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), max_size=12),
)
def test_any_cuts_in_any_order_enter_each_operation_once(
    county: County, cuts: list[tuple[int, int]]
) -> None:
    tablet = Tablet(county, villages()[0])
    for _ in range(11):
        tablet.consult()
    fresh = 0
    for one, other in cuts:
        fresh += tablet.send(min(one, other), max(one, other)).fresh
        assert fresh == tablet.opened()
    assert fresh + tablet.send(1, 12).fresh == 12
    with county.ledger.read() as tx:
        assert [row.seq for row in tx.stream_operations(tablet.stream)] == list(range(1, 13))


def test_an_empty_envelope_says_how_far_the_stream_is(county: County, anna: Tablet) -> None:
    anna.consult()
    anna.send()
    taken = anna.take(anna.empty())
    assert taken.opened is not None
    assert (taken.opened.seq, taken.opened.head) == (2, anna.heads[-1])
    assert operations(county) == 6  # three editions, two of the tablet, one verdict


def test_the_acknowledgement_names_the_head_the_tablet_has(anna: Tablet) -> None:
    anna.consult()
    taken = anna.send()
    assert taken.opened is not None
    assert taken.opened.head == chain.extend_all(
        chain.genesis(CODE, anna.stream), [one.id for one in anna.log]
    )


def test_an_envelope_altered_at_any_byte_leaves_nothing(county: County, anna: Tablet) -> None:
    anna.consult()
    raw = anna.seal()
    before = operations(county)
    for at in range(len(raw)):
        altered = bytearray(raw)
        altered[at] ^= 1
        assert anna.take(bytes(altered)).refusal is not None
    assert operations(county) == before
    assert anna.take(raw).fresh == 2


def test_an_envelope_of_another_county_is_refused(county: County, anna: Tablet) -> None:
    anna.consult()
    other = World(7)
    raw = anna.seal()
    strange = County(
        510321, county.home, county.keys, county.ledger, other.now, other.entropy, sample=True
    )
    anna.county = strange
    taken = anna.take(raw)
    assert taken.refusal is not None
    assert taken.refusal.code == "other_county"


def test_an_envelope_of_an_unknown_or_waiting_device_is_refused(
    county: County, anna: Tablet
) -> None:
    anna.consult()
    anna.set_state("waiting")
    taken = anna.send()
    assert taken.refusal is not None
    assert taken.refusal.code == "unknown_device"
    anna.set_state("active")
    assert anna.send().fresh == 2


def test_another_device_cannot_write_into_a_stream(anna: Tablet, bert: Tablet) -> None:
    anna.consult()
    anna.send()
    bert.stream, bert.log, bert.heads = anna.stream, list(anna.log), list(anna.heads)
    bert._seeds = anna._seeds
    bert.open_session()
    taken = bert.take(bert.seal(3, 3))
    assert taken.refusal is not None
    assert taken.refusal.code == "other_stream"
    assert taken.opened is None
    anna.consult()
    assert anna.send().fresh == 1


def test_an_envelope_to_a_deleted_key_is_answered_with_seal_again(
    county: County, anna: Tablet
) -> None:
    anna.consult()
    raw = anna.seal()
    keys = county.keys
    county.keys = replace(keys, recipients=())
    for _ in range(2):  # the second time too: it was kept, not opened
        taken = anna.take(raw)
        assert taken.refusal is not None
        assert taken.refusal.code == "seal_again"
    county.keys = keys
    assert anna.take(raw).fresh == 2
