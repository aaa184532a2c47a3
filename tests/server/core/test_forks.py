"""Forks: two truths at one sequence number are both kept, and a person decides, one by one."""

from __future__ import annotations

import copy

import msgspec
import pytest

from server import reconcile
from server.county import County
from server.ingest import take_envelopes
from server.reconcile import NothingToSettle
from server.verify import verify
from shared import operation
from shared.operation import Operation
from sync.envelope import seal_envelope
from sync.page import Own, Received
from tests.server.core.world import CODE, Tablet, folded, judgement, operations, ruled, villages


@pytest.fixture
def tablet(county: County) -> Tablet:
    """A tablet whose first three operations are in the ledger."""
    made = Tablet(county, villages()[0])
    made.consult("一")
    made.consult("二")
    made.send()
    return made


def restored(tablet: Tablet, length: int) -> Tablet:
    """The same tablet as its backup knew it: `length` operations."""
    twin = copy.copy(tablet)
    twin.log, twin.heads = tablet.log[:length], tablet.heads[: length + 1]
    twin._seeds = dict(tablet._seeds)
    twin.received, twin.verdicts, twin.cursor = {}, {}, b""
    return twin


def test_another_operation_at_the_same_number_is_held_on_a_branch(tablet: Tablet) -> None:
    twin = restored(tablet, 2)
    lost = twin.consult("三")
    before = operations(tablet.county)
    assert twin.take(twin.seal(3)).fresh == 1
    assert ruled(tablet.county, lost) == ("held", "fork")
    assert ruled(tablet.county, tablet.log[2]) == ("admitted", "")
    assert operations(tablet.county) == before + 2  # the operation and its verdict
    with tablet.county.ledger.read() as tx:
        assert [row.id for row in tx.stream_operations(tablet.stream)] == [
            one.id for one in tablet.log
        ]
        assert [row.id for row in tx.stream_operations(tablet.stream, branch=1)] == [lost.id]


def test_a_fork_cuts_the_stream_and_both_sides_wait_above_it(tablet: Tablet) -> None:
    twin = restored(tablet, 2)
    twin.consult("三")
    taken = twin.take(twin.seal(3))
    assert taken.opened is not None
    assert (taken.opened.seq, taken.opened.head) == (3, tablet.heads[3])
    late = tablet.consult("四")
    tablet.send()
    assert ruled(tablet.county, late) == ("held", "stream_cut")


def test_the_same_branch_twice_enters_once(tablet: Tablet) -> None:
    twin = restored(tablet, 2)
    twin.consult("三")
    raw = twin.seal(3)
    assert [twin.take(raw).fresh, twin.take(raw).fresh, twin.take(twin.seal(3)).fresh] == [1, 0, 0]


def test_a_branch_may_come_with_what_both_sides_share(tablet: Tablet) -> None:
    twin = restored(tablet, 2)
    lost = [twin.consult("三"), twin.consult("四")]
    assert twin.take(twin.seal(1)).fresh == 2
    assert [ruled(tablet.county, op) for op in lost] == [("held", "fork")] * 2


def test_a_branch_goes_on_in_later_envelopes(tablet: Tablet) -> None:
    twin = restored(tablet, 2)
    lost = [twin.consult(str(number)) for number in range(6)]
    twin.take(twin.seal(3, 4))
    assert twin.take(twin.seal(5, 7)).fresh == 3
    assert twin.take(twin.seal(8, 8)).fresh == 1
    with tablet.county.ledger.read() as tx:
        held = tx.stream_operations(tablet.stream, branch=1)
    assert [row.id for row in held] == [op.id for op in lost]


def test_a_branch_does_not_begin_after_a_gap(tablet: Tablet) -> None:
    twin = restored(tablet, 2)
    for number in range(6):
        twin.consult(str(number))
    refused = twin.take(twin.seal(6, 7))
    assert refused.refusal is not None
    assert refused.refusal.code == "gap"


def test_two_branches_lie_side_by_side(tablet: Tablet) -> None:
    twins = [restored(tablet, 2), restored(tablet, 2), restored(tablet, 1)]
    lost = [twin.consult(str(number)) for number, twin in enumerate(twins)]
    for twin in twins:
        twin.take(twin.seal(2 if twin is twins[2] else 3))
    assert [ruled(tablet.county, op) for op in lost] == [("held", "fork")] * 3
    with tablet.county.ledger.read() as tx:
        assert sorted(one.branch for one in tx.streams()) == [0, 1, 2, 3]


def test_a_fork_with_an_operation_that_both_sides_have_keeps_books_that_agree(
    tablet: Tablet,
) -> None:
    """A device may lie: the chain forks at 2, yet operation 3 is the very same."""
    twin = restored(tablet, 1)
    one = twin.consult("另一个")
    twin.append(tablet.log[2])
    other = twin.consult("再一个")
    assert twin.take(twin.seal(2)).fresh == 2
    assert [ruled(tablet.county, op) for op in (one, other)] == [("held", "fork")] * 2
    assert ruled(tablet.county, tablet.log[2]) == ("admitted", "")
    assert verify(tablet.county).violations == ()


@pytest.mark.parametrize("effective_at", [-(2**47), 2**47])
def test_a_branch_with_wild_times_is_kept_too(tablet: Tablet, effective_at: int) -> None:
    twin = restored(tablet, 2)
    lost = twin.record("consultation", "register", {"question": "？"}, effective_at=effective_at)
    assert twin.take(twin.seal(3)).fresh == 1
    assert ruled(tablet.county, lost) == ("held", "fork")


def test_a_person_admits_a_branch_one_by_one(tablet: Tablet) -> None:
    county = tablet.county
    twin = restored(tablet, 2)
    kept, dropped = twin.consult("三"), twin.consult("四")
    twin.take(twin.seal(3))
    reconcile.judge(county, [kept.id], True, "当事人确认", "ADMIN")
    reconcile.judge(county, [dropped.id], False, "重复登记", "ADMIN")
    assert ruled(county, kept) == ("admitted", "staff_decision")
    assert judgement(county, kept).rank == 1
    assert ruled(county, dropped) == ("refused", "staff_decision")
    assert folded(county, kept).fields["question"] == "三"
    assert folded(county, dropped).fields == {}
    with county.ledger.read() as tx:
        row = tx.record(kept.skeleton.record)
    assert row is not None
    assert (row.state, row.held) == ("已登记", 0)
    assert judgement(county, kept).state_after == "已登记"


def test_what_was_refused_can_be_admitted_later_and_taken_back(tablet: Tablet) -> None:
    county = tablet.county
    tablet.set_state("suspended")
    op = tablet.consult("三")
    tablet.send()
    for admit, want in ((False, "refused"), (True, "admitted"), (False, "refused")):
        reconcile.judge(county, [op.id], admit, "复核", "ADMIN")
        assert ruled(county, op) == (want, "staff_decision")
    assert folded(county, op).fields == {}
    with pytest.raises(NothingToSettle):  # nobody judged it by hand: rights and rules did
        reconcile.judge(county, [tablet.log[1].id], False, "已入账的不能这样处理", "ADMIN")
    with pytest.raises(NothingToSettle):
        reconcile.judge(county, [], True, "没有", "ADMIN")
    with pytest.raises(NothingToSettle):
        reconcile.judge(county, [b"?" * 32], True, "没有", "ADMIN")


def test_after_a_fork_verdicts_travel_by_id_and_never_by_number(tablet: Tablet) -> None:
    assert any(isinstance(entry, Own) for page in tablet.pull() for entry in page.entries)
    twin = restored(tablet, 2)
    lost = twin.consult("三")
    twin.take(twin.seal(3))
    tablet.cursor = b""
    for side in (tablet, twin):
        entries = [entry for page in side.pull() for entry in page.entries]
        assert all(isinstance(entry, Received) for entry in entries)
        known = {e.operation.id: e.verdict.status for e in entries if isinstance(e, Received)}
        assert known[lost.id] == "held"
        assert known[tablet.log[2].id] == "admitted"
        assert folded_alike(side, [*tablet.log, lost])


def numbered(tablet: Tablet, seq: int, question: str) -> Operation:
    """An operation of this tablet with any number; the log does not grow."""
    made = tablet.consult(question)
    tablet.log.pop()
    tablet.heads.pop()
    assert made.salt is not None
    skeleton = msgspec.structs.replace(made.skeleton, seq=seq)
    return operation.restore(operation.encode_skeleton(skeleton), made.salt, made.data_bytes)


def sealed_on(tablet: Tablet, head: bytes, ops: list[Operation]) -> bytes:
    """A signed envelope of these operations on any head."""
    county = tablet.county
    return seal_envelope(
        ops, None, county=CODE, recipient_public=county.keys.current_recipient(county.now()).public,
        device_key=tablet.signing, head_before=head, clock=1,
    )  # fmt: skip


@pytest.mark.parametrize("seq", [2, 3, 5, 9])
def test_a_branch_goes_on_at_its_own_next_number_only(tablet: Tablet, seq: int) -> None:
    """A device may sign anything: an envelope that fits no chain is refused, and nothing breaks."""
    twin = restored(tablet, 2)
    twin.consult("三")
    twin.take(twin.seal(3))
    before = operations(tablet.county)
    refused = twin.take(sealed_on(twin, twin.heads[3], [numbered(twin, seq, "又一个")]))
    assert refused.refusal is not None
    assert refused.refusal.code == "malformed"
    assert operations(tablet.county) == before
    twin.consult("四")
    assert twin.take(twin.seal(4)).fresh == 1


def test_an_operation_of_a_branch_does_not_enter_the_stream_as_well(tablet: Tablet) -> None:
    twin = restored(tablet, 2)
    twin.consult("三")
    stray = twin.consult("四")
    twin.take(twin.seal(3))
    tablet.append(stray)
    refused = tablet.take(tablet.seal(4))
    assert refused.refusal is not None
    assert refused.refusal.code == "malformed"


def test_garbage_on_a_branch_does_not_stop_what_comes_with_it(tablet: Tablet) -> None:
    """The hand-over of a device: each envelope has an answer of its own, whatever else is there."""
    county = tablet.county
    twin = restored(tablet, 2)
    twin.consult("三")
    twin.take(twin.seal(3))
    garbage = sealed_on(twin, twin.heads[3], [numbered(twin, 3, "又一个")])
    tablet.consult("四")
    envelopes = [(garbage, county.now()), (tablet.seal(4), county.now())]
    taken = take_envelopes(county, envelopes)
    assert [(one.fresh, one.refusal is None) for one in taken] == [(0, False), (1, True)]


def folded_alike(side: Tablet, ops: list[Operation]) -> bool:
    """Whether this side folds all of these operations' records as the county does."""
    return all(
        side.folded(op.skeleton.record).digest() == folded(side.county, op).digest() for op in ops
    )
