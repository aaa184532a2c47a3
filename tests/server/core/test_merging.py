"""Mergers taken back, and mergers upon mergers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from server import reconcile
from server.cards import card_fields
from server.county import County
from server.metrics.facts import read_facts
from server.reconcile import NothingToSettle
from shared import ids
from tests.server.core.test_pairs import ID, VILLAGE, pairs
from tests.server.core.world import Tablet, folded, township_of


def admitted(county: County) -> tuple[int, int]:
    """How many proxies and cases a report counts."""
    with county.ledger.read() as tx:
        facts = read_facts(tx, 20260101, 20271231, card_fields)
    return len(facts.proxies), len(facts.cases)


def test_different_after_same_takes_the_merger_back(
    county: County, file: Callable[..., bytes]
) -> None:
    earlier = file(days=-3, id_no=ID)
    later = file("township", days=-1, id_no=ID)
    (pair,) = pairs(county)
    before = admitted(county)
    assert before == (1, 1)
    reconcile.settle_pair(county, pair.pair, True, "同一人同一事", "ADMIN")
    assert admitted(county) == (1, 0)
    done = reconcile.settle_pair(county, pair.pair, False, "看错了", "ADMIN")
    back = folded(county, later)
    assert (back.state, back.fields.get("merged_into")) == ("已收件", None)
    assert folded(county, earlier).state == "已委托"
    assert back.conflicts == folded(county, earlier).conflicts == ()
    assert admitted(county) == before
    with county.ledger.read() as tx:
        written = tx.stream_operations(done.skeleton.stream, after_seq=done.skeleton.seq - 1)
        assert [(row.kind, row.act, row.record) for row in written] == [
            ("pair", "decide", pair.pair), ("case", "settle", later), ("proxy", "settle", earlier),
        ]  # fmt: skip
        made = [tx.operation(row.id) for row in written]
        assert all(one is not None and one.data["reason"] == "看错了" for one in made)
    assert [row.pair for row in pairs(county, "different")] == [pair.pair]
    reconcile.settle_pair(county, pair.pair, False, "再看一次", "ADMIN")
    assert folded(county, later).state == "已收件"
    reconcile.settle_pair(county, pair.pair, True, "还是同一件", "ADMIN")
    assert folded(county, later).state == "已并入"
    assert admitted(county) == (1, 0)


def test_work_done_beside_a_merger_is_not_lost_when_it_is_taken_back(
    county: County, file: Callable[..., bytes]
) -> None:
    file(days=-3, id_no=ID)
    later = file("township", days=-1, id_no=ID)
    town = Tablet(county, township_of(VILLAGE), role="head")
    town.pull()
    (pair,) = pairs(county)
    reconcile.settle_pair(county, pair.pair, True, "同一人同一事", "ADMIN")
    town.record("case", "accept", {}, on=later)
    town.send()
    assert [one.register for one in folded(county, later).conflicts] == ["state"]
    reconcile.settle_pair(county, pair.pair, False, "看错了", "ADMIN")
    assert folded(county, later).state == "已受理"
    assert folded(county, later).conflicts == ()


def three(county: County, file: Callable[..., bytes]) -> tuple[list[bytes], dict[str, bytes]]:
    """Three filings of one matter, and the pairs they make by their names."""
    made = [file("township", days=-day, id_no=ID) for day in (5, 3, 1)]
    names = dict(zip(made, "abc", strict=True))
    found = {"".join(sorted((names[row.one], names[row.other]))): row.pair for row in pairs(county)}
    assert set(found) == {"ab", "ac", "bc"}
    return made, found


def test_a_merged_record_is_followed_to_the_one_that_stands_for_it(
    county: County, file: Callable[..., bytes]
) -> None:
    (a, b, c), found = three(county, file)
    for name in ("bc", "ab", "ac"):
        reconcile.settle_pair(county, found[name], True, "同一件", "ADMIN")
    assert [folded(county, one).state for one in (a, b, c)] == ["已收件", "已并入", "已并入"]
    assert folded(county, c).fields["merged_into"] == ids.record_text(b)
    assert folded(county, b).fields["merged_into"] == ids.record_text(a)
    assert admitted(county) == (0, 1)
    assert len(pairs(county, "same")) == 3


def test_what_mergers_have_made_one_is_not_asked_again(
    county: County, file: Callable[..., bytes]
) -> None:
    (a, b, c), found = three(county, file)
    reconcile.settle_pair(county, found["ab"], True, "同一件", "ADMIN")
    reconcile.settle_pair(county, found["bc"], True, "同一件", "ADMIN")
    assert folded(county, c).fields["merged_into"] == ids.record_text(a)
    with county.ledger.read() as tx:
        assert reconcile.pairs(tx) == []
    reconcile.settle_pair(county, found["bc"], False, "看错了", "ADMIN")
    assert [folded(county, one).state for one in (a, b, c)] == ["已收件", "已并入", "已收件"]
    with county.ledger.read() as tx:
        assert [row.pair for row in reconcile.pairs(tx)] == [found["ac"]]


def test_mergers_that_run_in_a_circle_are_refused_with_a_sentence(
    county: County, file: Callable[..., bytes]
) -> None:
    (a, b, _), found = three(county, file)
    one, two = (Tablet(county, township_of(VILLAGE), role="head") for _ in range(2))
    one.pull()
    two.pull()
    one.record("case", "merge", {"merged_into": ids.record_text(b)}, on=a)
    two.record("case", "merge", {"merged_into": ids.record_text(a)}, on=b)
    one.send()
    two.send()
    assert {folded(county, a).state, folded(county, b).state} == {"已并入"}
    with pytest.raises(NothingToSettle, match="互相并入"):
        reconcile.settle_pair(county, found["ac"], True, "同一件", "ADMIN")
    reconcile.settle_pair(county, found["ac"], False, "不是", "ADMIN")
