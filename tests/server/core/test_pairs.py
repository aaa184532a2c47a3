"""Possible double filings: each rule of the workload's notes, both ways; what a person decides."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from server import reconcile
from server.county import County
from server.rebuild import rebuild
from server.reconcile import NothingToSettle
from server.schema import pairs as pairs_table
from server.storage.rows import PairRow
from server.verify import verify
from shared import ids
from shared.canonical import Value
from shared.civil import civil_date
from shared.sample import sample_sites
from tests.server.core.world import (
    ITEM,
    OTHER_ITEM,
    T0,
    Tablet,
    folded,
    township_of,
    villages,
)

ID, OTHER_ID = "519900199001011237", "519900198502021236"
VILLAGE = villages()[0]


def pairs(county: County, state: str = "open") -> list[PairRow]:
    with county.ledger.read() as tx:
        return tx.list_pairs(state)


def test_an_equal_number_makes_a_pair_with_its_reason(
    county: County, file: Callable[..., bytes]
) -> None:
    one = file(id_no=ID, phone="13800000001")
    other = file("township", days=-4, person_name="王晓二", id_no=ID)
    (pair,) = pairs(county)
    assert {pair.one, pair.other} == {one, other}
    assert pair.pair == ids.pair_id(one, other)
    assert pair.reason == "证件号码相同、事项相同，相隔 4 天"


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ({"phone": "13800000001"}, {"phone": "13800000001"}, "姓名和电话相同"),
        ({"address_region": "s0003"}, {"address_region": "s0003"}, "姓名和所在村相同"),
        ({}, {"address_region": VILLAGE}, "姓名和所在村相同"),
        (
            {"id_no": ID, "id_assurance": "read"},
            {"address_region": VILLAGE},
            "姓名和所在村相同",
        ),
        ({"id_no": ID}, {"id_no": OTHER_ID, "address_region": VILLAGE}, "姓名和所在村相同"),
        (
            {"id_no": ID, "id_assurance": "read"},
            {"id_no": OTHER_ID, "address_region": VILLAGE, "id_assurance": "photo"},
            "姓名和所在村相同",
        ),
    ],
)
def test_an_equal_name_with_village_or_phone_makes_a_pair(
    county: County, file: Callable[..., bytes], one: dict[str, Value], other: dict[str, Value],
    reason: str,
) -> None:  # fmt: skip
    file(**one)
    file("township", **other)
    (pair,) = pairs(county)
    assert pair.reason.startswith(reason)


@pytest.mark.parametrize(
    "other",
    [
        {},  # the name alone: registered at another site, no phone
        {"phone": "13800000002"},
        {"person_name": "王小三", "phone": "13800000001"},
        {"item": OTHER_ITEM, "phone": "13800000001"},
        {"days": 11, "phone": "13800000001"},
        {"days": -11, "phone": "13800000001"},
    ],
)
def test_less_than_that_makes_no_pair(
    county: County, file: Callable[..., bytes], other: dict[str, Value]
) -> None:
    file(phone="13800000001")
    file("township", **other)
    assert pairs(county) == []


@pytest.mark.parametrize("days", [10, -10])
def test_ten_days_still_make_a_pair(county: County, file: Callable[..., bytes], days: int) -> None:
    file(phone="13800000001")
    file("township", days=days, phone="13800000001")
    assert len(pairs(county)) == 1


@pytest.mark.parametrize("how", ["read", "seen"])
def test_two_different_verified_numbers_outrank_a_name(
    county: County, file: Callable[..., bytes], how: str
) -> None:
    file(id_no=ID, id_assurance=how, phone="13800000001")
    file("township", id_no=OTHER_ID, id_assurance="read", phone="13800000001")
    assert pairs(county) == []


def test_a_proxy_and_its_own_case_are_no_pair(county: County, file: Callable[..., bytes]) -> None:
    proxy = file(id_no=ID)
    file("township", id_no=ID, proxy=ids.record_text(proxy))
    assert pairs(county) == pairs(county, "linked") == []


def test_a_pair_that_is_linked_later_is_let_go(county: County, file: Callable[..., bytes]) -> None:
    proxy = file(id_no=ID)
    case = file("township", id_no=ID)
    assert len(pairs(county)) == 1
    town = Tablet(county, township_of(villages()[0]), role="clerk")
    town.pull()
    town.amend(case, proxy=ids.record_text(proxy))
    town.send()
    assert pairs(county) == []
    assert len(pairs(county, "linked")) == 1


def test_a_pair_is_found_when_a_correction_makes_it_one(
    county: County, file: Callable[..., bytes]
) -> None:
    record = file(person_name="王晓二", phone="13800000001")
    file("township", phone="13800000001")
    assert pairs(county) == []
    tablet = Tablet(county, villages()[0])
    tablet.pull()
    tablet.amend(record, person_name="王小二")
    tablet.send()
    assert len(pairs(county)) == 1


def test_filings_of_one_envelope_find_each_other(county: County, anna: Tablet) -> None:
    anna.entrust("王小二", id_no=ID)
    anna.entrust("王小二", id_no=ID)
    anna.entrust("王小二", item=OTHER_ITEM, id_no=ID)
    anna.send()
    assert len(pairs(county)) == 1


def test_consultations_are_no_filings(county: County, anna: Tablet) -> None:
    for _ in range(2):
        anna.consult(person_name="王小二", phone="13800000001", item=ITEM, id_no=ID)
    anna.send()
    assert pairs(county) == []


def test_same_merges_both_records_at_once_and_the_matter_counts_once(
    county: County, file: Callable[..., bytes]
) -> None:
    later = file("township", days=-1, id_no=ID)
    earlier = file(days=-3, id_no=ID)
    (pair,) = pairs(county)
    done = reconcile.settle_pair(county, pair.pair, True, "同一人同一事", "ADMIN")
    assert folded(county, later).state == "已并入"
    assert folded(county, earlier).state == "已委托"
    assert folded(county, later).fields["merged_into"] == ids.record_text(earlier)
    with county.ledger.read() as tx:
        written = tx.stream_operations(done.skeleton.stream, after_seq=done.skeleton.seq - 1)
        assert [(row.kind, row.act, row.record) for row in written] == [
            ("pair", "decide", pair.pair), ("case", "merge", later), ("proxy", "absorb", earlier),
        ]  # fmt: skip
    assert pairs(county) == []
    assert [row.pair for row in pairs(county, "same")] == [pair.pair]


def test_a_merger_that_cannot_be_leaves_nothing_behind(
    county: County, file: Callable[..., bytes]
) -> None:
    file(id_no=ID)
    case = file("township", id_no=ID)
    town = Tablet(county, township_of(villages()[0]), role="clerk")
    town.pull()
    town.record("case", "withdraw", {}, on=case)
    town.send()
    (pair,) = pairs(county)
    with pytest.raises(NothingToSettle):
        reconcile.settle_pair(county, pair.pair, True, "同一人同一事", "ADMIN")
    assert len(pairs(county)) == 1
    with county.ledger.read() as tx:
        assert tx.operations_of([pair.pair]) == {pair.pair: []}
    with pytest.raises(NothingToSettle):
        reconcile.settle_pair(county, b"?" * 16, True, "没有", "ADMIN")


def test_different_stays_different_and_is_not_offered_again(
    county: County, file: Callable[..., bytes]
) -> None:
    record = file(phone="13800000001")
    file("township", phone="13800000001")
    (pair,) = pairs(county)
    reconcile.settle_pair(county, pair.pair, False, "配偶", "ADMIN")
    tablet = Tablet(county, villages()[0])
    tablet.pull()
    tablet.amend(record, remark="再看一次")
    tablet.send()
    assert pairs(county) == []
    assert [row.pair for row in pairs(county, "different")] == [pair.pair]


@pytest.mark.parametrize("same", [True, False])
def test_a_decision_survives_a_rebuild_because_it_stands_in_the_ledger(
    county: County, file: Callable[..., bytes], same: bool
) -> None:
    file(id_no=ID)
    file("township", id_no=ID)
    (pair,) = pairs(county)
    reconcile.settle_pair(county, pair.pair, same, "核实", "ADMIN")
    before = pairs(county, "same" if same else "different")
    rebuild(county)
    assert [row._replace(found_at=0) for row in pairs(county, "same" if same else "different")] == [
        row._replace(found_at=0) for row in before
    ]
    assert pairs(county) == []
    assert verify(county).violations == ()


# ---- one village, by its site or by its code


def test_a_village_is_the_same_by_its_code_and_by_its_site(
    county: County, file: Callable[..., bytes]
) -> None:
    code = sample_sites().by_id(VILLAGE).code_on(civil_date(T0))
    assert code is not None
    file()
    file("township", address_region=code.code12)
    (pair,) = pairs(county)
    assert pair.reason.startswith("姓名和所在村相同")
    assert verify(county).violations == ()


def test_a_code_of_no_site_is_compared_as_it_is(county: County, file: Callable[..., bytes]) -> None:
    file(address_region="510322999999")
    file("township", address_region="510322999998")
    assert pairs(county) == []
    file("township", address_region="510322999999")
    assert len(pairs(county)) == 1


# ---- the list follows from the ledger


def correct(county: County, record: bytes, **data: Value) -> None:
    tablet = Tablet(county, VILLAGE)
    tablet.pull()
    tablet.amend(record, **data)
    tablet.send()


def test_a_pair_that_no_rule_offers_any_more_is_withdrawn_and_comes_back(
    county: County, file: Callable[..., bytes]
) -> None:
    record = file(phone="13800000001")
    file("township", phone="13800000001")
    assert len(pairs(county)) == 1
    correct(county, record, person_name="王小三")
    assert pairs(county) == []
    assert len(pairs(county, "withdrawn")) == 1
    assert verify(county).violations == ()
    rebuild(county)
    assert pairs(county) == []
    correct(county, record, person_name="王小二")
    assert len(pairs(county)) == 1
    assert verify(county).violations == ()


def test_a_pair_tells_the_rule_that_offers_it_now(
    county: County, file: Callable[..., bytes]
) -> None:
    record = file(phone="13800000001")
    file("township", phone="13800000001", address_region=VILLAGE)
    (before,) = pairs(county)
    assert before.reason.startswith("姓名和所在村相同")
    correct(county, record, address_region="s0999")
    (after,) = pairs(county)
    assert after.reason.startswith("姓名和电话相同")
    rebuild(county)
    assert [row._replace(found_at=0) for row in pairs(county)] == [after._replace(found_at=0)]


@pytest.mark.parametrize("state", ["open", "same", "different", "withdrawn", ""])
def test_verify_finds_pairs_that_do_not_follow_from_the_ledger(
    county: County, file: Callable[..., bytes], state: str
) -> None:
    record = file(phone="13800000001")
    file("township", phone="13800000001")
    (pair,) = pairs(county)
    if state == "open":
        correct(county, record, phone="13800000002", person_name="王小三")
    with county.ledger.write() as tx:
        if state:
            tx.put_pair(pair._replace(state=state))
        else:
            tx.connection.execute(tx._delete(pairs_table))
    assert any("疑似重复" in one for one in verify(county).violations)
    rebuild(county)


def test_verify_finds_keys_that_do_not_follow_from_the_ledger(
    county: County, file: Callable[..., bytes]
) -> None:
    record = file(phone="13800000001")
    with county.ledger.write() as tx:
        tx.put_match_keys({record: []})
    assert any("比对键" in one for one in verify(county).violations)
    rebuild(county)
