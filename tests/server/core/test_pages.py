"""Pages: who sees what, cursors that lose nothing, and nothing for those who may not read."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server import pages, reconcile
from server.county import County
from server.publishing import publish
from shared.canonical import Value
from shared.operation import Operation
from shared.sample import sample_catalogue
from sync.keys import BadSignature
from sync.page import Own, Page, Received, open_page
from sync.suites import CannotOpen
from tests.server.core.world import (
    Mould,
    Tablet,
    folded,
    ruled,
    township_of,
    villages,
)


@pytest.fixture
def town(county: County) -> Tablet:
    """The tablet of the township above Anna's village."""
    return Tablet(county, township_of(villages()[0]), role="clerk")


@pytest.fixture
def next_village(county: County) -> Tablet:
    """A tablet of another village of the same township."""
    return Tablet(county, villages()[1])


def received(tablet: Tablet) -> set[bytes]:
    """Pull everything; return the ids of what came as operations."""
    tablet.pull()
    return set(tablet.received)


def test_a_village_sees_its_own_work_and_its_township_sees_it_too(
    anna: Tablet, bert: Tablet, town: Tablet
) -> None:
    op = anna.consult()
    anna.send()
    assert op.id in received(bert)
    assert op.id in received(town)
    assert town.received[op.id].operation.data == op.data


def test_another_village_sees_nothing_of_it(anna: Tablet, next_village: Tablet) -> None:
    op = anna.consult()
    anna.send()
    assert op.id not in received(next_village)


def test_another_township_sees_nothing_of_it(county: County, anna: Tablet) -> None:
    far = Tablet(county, township_of(villages(1, township=4)[0]), role="head")
    op = anna.consult()
    anna.send()
    assert op.id not in received(far)


def test_editions_reach_everybody(county: County, next_village: Tablet) -> None:
    received(next_village)
    with county.ledger.write() as tx:
        (published,) = publish(tx, county, [sample_catalogue()])
    assert published.id in received(next_village)
    kinds = {entry.operation.skeleton.kind for entry in next_village.received.values()}
    assert kinds == {"site_edition", "catalogue_edition", "calendar_edition"}


def test_sessions_are_nobody_else_s(anna: Tablet, bert: Tablet, town: Tablet) -> None:
    opened = anna.open_session()
    anna.send()
    assert opened.id not in received(bert)
    assert opened.id not in received(town)


def test_own_work_comes_as_ranges_of_verdicts(anna: Tablet) -> None:
    for _ in range(30):
        anna.consult()
    anna.send()
    anna.consult()
    anna.send()
    runs = [e for page in anna.pull() for e in page.entries if isinstance(e, Own)]
    assert [(run.seq_from, run.seq_to) for run in runs] == [(1, 1), (2, 31), (32, 32)]
    assert all(run.verdict.status == "admitted" for run in runs)
    assert not any(op.id in anna.received for op in anna.log)


def test_held_and_refused_work_of_others_comes_as_skeletons(anna: Tablet, bert: Tablet) -> None:
    shown = anna.entrust("王小二")
    anna.send()
    bert.pull()
    anna.set_state("suspended")
    held = anna.amend(shown, phone="13800000002")
    anna.send()
    bert.pull()
    entry = bert.received[held.id]
    assert entry.verdict.status == "held"
    assert not entry.operation.has_data
    assert bert.folded(shown.skeleton.record).digest() == folded(anna.county, shown).digest()
    reconcile.judge(anna.county, [held.id], True, "核实", "ADMIN")
    bert.pull()
    assert bert.received[held.id].operation.data == held.data
    assert bert.folded(shown.skeleton.record).digest() == folded(anna.county, shown).digest()


def test_a_held_filing_is_visible_to_the_township_that_confirms_it(
    anna: Tablet, town: Tablet
) -> None:
    anna.set_state("suspended")
    ops = [anna.entrust("王小二")]
    ops.append(anna.amend(ops[0], phone="13800000002"))
    anna.send()
    assert {op.id for op in ops} <= received(town)
    assert not any(town.received[op.id].operation.has_data for op in ops)


def test_a_record_is_shown_whole_once_it_comes_to_a_new_place(county: County, anna: Tablet) -> None:
    """Routing enters the whole record, not only what comes after."""
    far = Tablet(county, villages(1, township=3)[0])
    head = Tablet(county, township_of(anna.site), role="head")
    record = anna.entrust("王小二").skeleton.record
    anna.amend(record, phone="13800000002")
    anna.send()
    head.pull()
    head.record("proxy", "reassign", {"holder": far.agent, "holder_site": far.site}, on=record)
    head.send()
    far.pull()
    assert record not in far.records()
    parents = folded(county, record).heads
    op = far.record("proxy", "amend", {"remark": "接手"}, record=record, parents=parents)
    far.sync()
    assert ruled(county, op) == ("admitted", "")
    assert far.folded(record).digest() == folded(county, record).digest()


def test_knowing_an_id_opens_nobody_s_record(anna: Tablet, next_village: Tablet) -> None:
    secret = anna.entrust("王小二", id_no="519900199001011237")
    anna.send()
    for act, kind in (("amend", "proxy"), ("register", "consultation"), ("open", "session")):
        op = next_village.record(
            kind, act, {"remark": "？"}, record=secret.skeleton.record, parents=[secret.id]
        )
        next_village.send()
        assert ruled(anna.county, op)[0] == "refused"
    assert secret.id not in received(next_village)
    with anna.county.ledger.read() as tx:
        routes = tx.scopes_of([secret.skeleton.record])[secret.skeleton.record]
    assert next_village.site not in routes


def test_a_device_hears_of_its_work_at_a_site_it_does_not_read(anna: Tablet) -> None:
    strange = villages(1, township=5)[0]
    op = anna.record("consultation", "register", {"question": "？"}, site=strange)
    anna.send()
    anna.pull()
    verdict = anna.verdicts[anna.stream, op.skeleton.seq]
    assert (verdict.status, verdict.reason) == ("refused", "no_posting")
    reconcile.judge(anna.county, [op.id], True, "当日代班", "ADMIN")
    anna.pull()
    assert anna.verdicts[anna.stream, op.skeleton.seq].status == "admitted"


def test_work_that_arrives_after_the_posting_ended_is_answered_too(county: County) -> None:
    home, other = villages()
    mover = Tablet(county, home, posted=False)
    mover.post(other, "village", to_on=20261020)
    op = mover.record("consultation", "register", {"question": "？"}, site=other,
                      effective_at=county.now() - 8 * 86_400_000)  # fmt: skip
    late = mover.record("consultation", "register", {"question": "？"}, site=other)
    mover.send()
    mover.pull()
    told = {seq: verdict.reason for (_, seq), verdict in mover.verdicts.items()}
    assert told[op.skeleton.seq] == ""
    assert told[late.skeleton.seq] == "posting_ended"


def test_a_posting_that_ended_opens_no_scope(county: County, anna: Tablet) -> None:
    past = Tablet(county, villages()[1], posted=False)
    past.post(anna.site, "village", to_on=20261020)
    op = anna.consult()
    anna.send()
    assert op.id not in received(past)


def test_an_agent_who_is_no_longer_active_opens_no_scope(county: County, anna: Tablet) -> None:
    other = Tablet(county, villages()[1])
    other.post(anna.site, "village")
    op = anna.consult()
    anna.send()
    with county.ledger.write() as tx:
        agent = tx.agent(other.agent, other.signing.id)
        assert agent is not None
        tx.put_agent(agent._replace(state="removed"))
    assert op.id not in received(other)


def test_a_second_posting_begins_the_feed_anew_and_brings_the_other_village(
    anna: Tablet, next_village: Tablet
) -> None:
    mine, theirs = anna.consult(), next_village.consult()
    anna.sync()
    next_village.send()
    assert theirs.id not in received(anna)
    anna.post(next_village.site, "village")
    assert theirs.id in received(anna)
    assert anna.verdicts[anna.stream, mine.skeleton.seq].status == "admitted"


@pytest.mark.parametrize("state", ["suspended", "revoked", "cut", "waiting"])
def test_a_device_that_is_not_active_gets_nothing(anna: Tablet, bert: Tablet, state: str) -> None:
    anna.consult()
    anna.send()
    bert.set_state(state)
    (page,) = bert.pull()
    assert (page.entries, page.more) == ([], False)
    bert.set_state("active")
    assert bert.pull()[0].entries


def test_a_page_is_readable_by_one_device_and_signed_by_the_core(
    county: County, anna: Tablet, bert: Tablet
) -> None:
    raw = pages.page_for(county, anna.signing.id, anna.stream, b"", 1 << 20, None)
    with pytest.raises(CannotOpen):
        open_page(raw, bert.sealing.raw, county.keys.core.public)
    with pytest.raises(BadSignature):
        open_page(raw, anna.sealing.raw, bert.signing.public)
    with pytest.raises(KeyError):
        pages.page_for(county, b"unknown!", anna.stream, b"", 1 << 20, None)


# ---- cursors


def _ids(got: list[Page]) -> list[bytes]:
    return [e.operation.id for page in got for e in page.entries if isinstance(e, Received)]


@pytest.mark.parametrize("bytes_max", [1, 200, 700, 5000])
def test_tiny_pages_lose_nothing_and_repeat_nothing(
    anna: Tablet, bert: Tablet, bytes_max: int
) -> None:
    ops = [anna.consult(f"第{number}问" * 20) for number in range(40)]
    anna.send()
    got = bert.pull(bytes_max)
    ids = _ids(got)
    assert len(ids) == len(set(ids)) == 3 + len(ops)
    assert {op.id for op in ops} < set(ids)
    assert len(got) > 1
    assert _ids(bert.pull()) == []


def test_a_cursor_goes_on_where_it_stood(anna: Tablet, bert: Tablet) -> None:
    bert.pull()
    first = anna.consult()
    anna.send()
    assert _ids(bert.pull()) == [first.id]
    second = anna.consult()
    anna.send()
    assert _ids(bert.pull()) == [second.id]
    assert _ids(bert.pull()) == []


def _noise(chance: random.Random, length: int) -> str:
    return "".join(chr(chance.randrange(0x4E00, 0x9FFF)) for _ in range(length))


def test_a_page_larger_than_any_envelope_is_cut(anna: Tablet, bert: Tablet) -> None:
    noise = random.Random(3)
    ops = []
    for _ in range(60):
        rows: list[Value] = [
            {"name": _noise(noise, 100), "remark": _noise(noise, 200)} for _ in range(100)
        ]
        ops.append(anna.entrust(materials=rows))
        if len(ops) % 20 == 0:
            anna.send()
    got = bert.pull(4 << 20)
    assert {op.id for op in ops} < set(_ids(got))
    assert len(got) > 1


@pytest.mark.parametrize(
    "cursor",
    [b"", b"\xc1", b"nonsense", b"\x94" + b"\xcf" + b"\xff" * 8, b"\x94\xce\x00\x07\xc9\x72\x01\xcf"
     + b"\xff" * 8 + b"\xc4\x00"],
)  # fmt: skip
def test_a_cursor_that_does_not_fit_begins_anew(
    county: County, anna: Tablet, cursor: bytes
) -> None:
    raw = pages.page_for(county, anna.signing.id, anna.stream, cursor, 1 << 20, None)
    page = open_page(raw, anna.sealing.raw, county.keys.core.public)
    assert len(page.entries) == 3
    assert page.answers(cursor)


def test_a_new_epoch_begins_the_feed_anew(county: County, anna: Tablet) -> None:
    anna.pull()
    assert _ids(anna.pull()) == []
    with county.ledger.write() as tx:
        tx.put_county(tx.county_head()._replace(epoch=2))
    assert len(_ids(anna.pull())) == 3
    with county.ledger.write() as tx:
        tx.put_county(tx.county_head()._replace(epoch=1))


# ---- replicas

_step = st.tuples(
    st.integers(0, 2),
    st.sampled_from(["new", "phone", "remark", "withdraw", "send", "pull", "pull", "send"]),
    st.integers(0, 5),
    st.integers(1, 3),
)


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(_step, min_size=5, max_size=40), bytes_max=st.sampled_from([1, 300, 1 << 20]))
def test_every_replica_folds_what_the_county_folds(
    mould: Mould, steps: list[tuple[int, str, int, int]], bytes_max: int
) -> None:
    with mould.cast() as county:
        sites = [villages()[0], villages()[0], township_of(villages()[0])]
        roles = ["village", "village", "clerk"]
        tablets = [Tablet(county, site, role=role) for site, role in zip(sites, roles, strict=True)]
        for who, what, which, value in steps:
            _act(tablets[who], what, which, value, bytes_max)
        for tablet in tablets:
            tablet.send()
        for one in _conflicts(county)[:1]:
            chosen = one.conflict.values[-1].value
            reconcile.settle(county, one.record.id, one.conflict.register, chosen, "定", "ADMIN")
        for tablet in tablets:
            tablet.pull(bytes_max)
        _agree(county, tablets)


def _act(tablet: Tablet, what: str, which: int, value: int, bytes_max: int) -> None:
    known = sorted(
        {e.operation.skeleton.record for e in tablet.entries()
         if e.operation.skeleton.kind == "proxy"}
    )  # fmt: skip
    if what == "send":
        tablet.send()
    elif what == "pull":
        tablet.page(bytes_max)
    elif what == "new" or not known:
        tablet.entrust("王小二", phone=f"1380000000{value}")
    else:
        record = known[which % len(known)]
        data = {"remark": str(value)} if what == "remark" else {"phone": f"1380000000{value}"}
        if what == "withdraw":
            tablet.record("proxy", "withdraw", {}, on=record)
        else:
            tablet.record("proxy", "amend", dict(data), on=record)


def _conflicts(county: County) -> list[reconcile.OpenConflict]:
    with county.ledger.read() as tx:
        return reconcile.conflicts(tx)


def _agree(county: County, tablets: list[Tablet]) -> None:
    with county.ledger.read() as tx:
        rows = tx.records_of(list(tx.all_record_ids()))
        routes = tx.scopes_of(rows)
    for tablet in tablets:
        held = tablet.records()
        for record, row in rows.items():
            if row.kind == "proxy":
                assert (record in held) == (tablet.site in routes[record])
            if record in held:
                assert tablet.folded(record).digest() == row.digest


def test_an_operation_of_another_device_keeps_its_own_bytes(anna: Tablet, bert: Tablet) -> None:
    op: Operation = anna.consult()
    anna.send()
    bert.pull()
    got = bert.received[op.id].operation
    assert (got.skeleton_bytes, got.salt, got.data_bytes) == (
        op.skeleton_bytes, op.salt, op.data_bytes,
    )  # fmt: skip
