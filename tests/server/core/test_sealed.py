"""Sealed complaints: opened where the key is, seen by no scope, never a reason to stop anything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from server.county import County
from shared.canonical import Value
from shared.operation import Operation
from shared.record import Record
from shared.sample import sample_sites
from sync import sealed
from sync.sealed import Inside
from tests.server.core.world import (
    CODE,
    T0,
    Tablet,
    folded,
    judgement,
    ruled,
    township_of,
    villages,
)

SITE = villages()[0]
SAID: dict[str, Value] = {
    "target_kind": "person", "target_name": "李婠", "content": "态度不好",
    "target_site": SITE,
}  # fmt: skip


@pytest.fixture
def box(anna: Tablet) -> Tablet:
    """The sealed stream of Anna's tablet."""
    anna.begin_stream()
    return anna


def drop(
    tablet: Tablet, complaint: dict[str, Value] | None, *, site: str = SITE, **words: Any
) -> Operation:
    """Seal a complaint, or a dummy, as the next act of the stream."""
    data = sealed.seal(
        None if complaint is None else Inside(site, tablet.author, complaint),
        complaint_public=tablet.county.keys.complaint_public, county=CODE,
        stream=tablet.stream, seq=len(tablet.log) + 1,
    )  # fmt: skip
    outer: dict[str, Any] = {"author": "", "site": "", "session": None, **words}
    return tablet._write("sealed", "seal", data, **outer)


def complaints(county: County) -> list[Record]:
    """Return the complaints the county has registered."""
    with county.ledger.read() as tx:
        rows = tx.records_of(list(tx.all_record_ids()))
    return [folded(county, row.record) for row in rows.values() if row.kind == "complaint"]


def test_a_complaint_is_opened_at_once_and_registered(box: Tablet) -> None:
    op = drop(box, SAID)
    assert box.send().refusal is None
    assert ruled(box.county, op) == ("admitted", "")
    (complaint,) = complaints(box.county)
    assert complaint.state == "已登记"
    assert complaint.fields["content"] == "态度不好"
    assert complaint.fields["target_name"] == "李婠"


def test_the_same_complaint_twice_is_registered_once(box: Tablet) -> None:
    drop(box, SAID)
    box.send(1)
    drop(box, None)
    box.send(1)
    assert len(complaints(box.county)) == 1


def test_a_dummy_leaves_nothing(box: Tablet) -> None:
    ops = [drop(box, None) for _ in range(3)]
    box.send()
    assert complaints(box.county) == []
    assert [ruled(box.county, op) for op in ops] == [("admitted", "")] * 3


def test_a_dummy_looks_like_a_complaint_from_outside(box: Tablet) -> None:
    dummy, real = drop(box, None), drop(box, SAID)
    assert len(dummy.data_bytes or b"") == len(real.data_bytes or b"")


def test_no_scope_sees_a_complaint_nor_its_sealed_act(box: Tablet) -> None:
    op = drop(box, SAID)
    box.send()
    (complaint,) = complaints(box.county)
    with box.county.ledger.read() as tx:
        every = {site.id for site in sample_sites().sites} | {"*", "=" + box.signing.id.hex()}
        fed = {row.operation for row in tx.feed_page(every, 0, 10_000)}
        held = {e.operation.id for e in tx.operations_of([complaint.id])[complaint.id]}
        assert tx.scopes_of([complaint.id, op.skeleton.record]) == {
            complaint.id: set(), op.skeleton.record: set(),
        }  # fmt: skip
    assert not fed & (held | {op.id})
    for site, role in ((box.site, "village"), (township_of(box.site), "head")):
        reader = Tablet(box.county, site, role=role)
        reader.pull()
        assert complaint.id not in reader.records()
        assert op.skeleton.record not in reader.records()


def test_the_acknowledgement_says_that_the_stream_is_opened(box: Tablet) -> None:
    drop(box, SAID)
    taken = box.send()
    assert taken.opened is not None
    assert (taken.opened.stream, taken.opened.seq) == (box.stream, 1)
    with box.county.ledger.read() as tx:
        stream = tx.stream(box.stream)
    assert stream is not None
    assert stream.purpose == "sealed"


GARBAGE: list[dict[str, Value]] = [
    {"nonsense": "x"}, {"target_kind": 5, "content": "x"}, {"target_kind": "person"},
    {"target_kind": "person", "content": ["x"]}, {"content": {"a": {"b": 1}}},
    {**SAID, "target_site": 7}, {**SAID, "person_name": b"\0\1"},
]  # fmt: skip


@pytest.mark.parametrize("site", ["", "s9999", "*", "站" * 3000])
def test_a_site_nobody_knows_inside_stops_nothing(box: Tablet, site: str) -> None:
    drop(box, SAID, site=site)
    assert box.send().refusal is None
    (complaint,) = complaints(box.county)
    with box.county.ledger.read() as tx:
        row = tx.record(complaint.id)
        assert tx.scopes_of([complaint.id]) == {complaint.id: set()}
    assert row is not None
    assert row.site == ""


@pytest.mark.parametrize("inside", GARBAGE)
def test_garbage_inside_stops_nothing(box: Tablet, inside: dict[str, Value]) -> None:
    bad, good = drop(box, inside), drop(box, SAID)
    taken = box.send()
    assert (taken.refusal, taken.fresh) == (None, 2)
    assert ruled(box.county, bad) == ruled(box.county, good) == ("admitted", "")
    assert [one.fields["content"] for one in complaints(box.county)] == ["态度不好"]


@pytest.mark.parametrize(
    "change", [{"suite": 9}, {"suite": True}, {"suite": "x"}, {"cipher": b"1" * 16500}]
)
def test_a_cipher_that_does_not_open_stops_nothing(box: Tablet, change: dict[str, Value]) -> None:
    data = {**drop(box, SAID).data, **change}
    box._write("sealed", "seal", data, author="", site="", session=None)
    taken = box.send()
    assert (taken.refusal, taken.fresh) == (None, 2)
    assert len(complaints(box.county)) == 1


def test_a_cipher_copied_to_another_place_does_not_open(box: Tablet) -> None:
    box._write("sealed", "seal", drop(box, SAID).data, author="", site="", session=None)
    box.send()
    assert len(complaints(box.county)) == 1


@pytest.mark.parametrize(
    "words", [{"author": "agent:ABCDEFGH"}, {"session": b"s" * 32},
              {"parents": [b"p" * 32]}],
)  # fmt: skip
def test_a_sealed_act_of_another_form_is_refused_and_not_opened(
    box: Tablet, words: dict[str, Any]
) -> None:
    op = drop(box, SAID, **words)
    box.send()
    assert ruled(box.county, op) == ("refused", "sealed_form")
    assert complaints(box.county) == []


def test_a_sealed_act_cannot_take_over_somebody_s_record(county: County, anna: Tablet) -> None:
    victim = anna.entrust("王小二")
    anna.send()
    evil = Tablet(county, villages(1, township=3)[0])
    op = drop(evil, None, record=victim.skeleton.record, clock=1)
    evil.send()
    assert ruled(county, op) == ("refused", "sealed_form")
    assert folded(county, victim).kind == "proxy"
    anna.amend(victim, phone="13800000002")
    anna.send()
    assert folded(county, victim).fields["phone"] == "13800000002"


@pytest.mark.parametrize("effective_at", [-(2**47), 2**47])
def test_a_wild_time_is_moved_into_what_the_county_believes(box: Tablet, effective_at: int) -> None:
    op = drop(box, SAID, effective_at=effective_at)
    assert box.send().fresh == 1
    (complaint,) = complaints(box.county)
    believed = judgement(box.county, op).effective_at
    assert complaint.history[0].effective_at == believed
    assert 0 <= believed < T0 + 3 * 86_400_000


def test_a_county_without_the_key_keeps_the_complaint_sealed(box: Tablet) -> None:
    box.county.keys = replace(box.county.keys, complaint=None)
    op = drop(box, SAID)
    assert box.send().fresh == 1
    assert ruled(box.county, op) == ("admitted", "")
    assert complaints(box.county) == []


def test_a_complaint_about_a_person_in_the_open_is_refused(anna: Tablet) -> None:
    op = anna.record("complaint", "register", dict(SAID))
    anna.send()
    assert ruled(anna.county, op) == ("refused", "not_permitted")
