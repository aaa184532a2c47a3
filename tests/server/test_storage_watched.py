"""The clocks of open matters on both back ends: counted and listed by what SQL compares."""

from __future__ import annotations

import pytest

from server.storage import Ledger
from server.storage.rows import WatchedRow
from server.storage.watched import GROUPS, STATES, Wanted

CLOCK = WatchedRow(
    record=b"", kind="case", term="close", township="s1", site="s1", holder="agent:A",
    breach_site="s2", breach_holder="agent:B", item="I1", due_on=20261130, paused_on=None,
    provisional=0, blue_at=10, yellow_at=20, red_at=30, black_at=40, dunned=0, dunned_on=None,
    answer_by_on=None, answered_on=None,
)  # fmt: skip
ROWS = [
    CLOCK._replace(record=b"a" * 16),
    CLOCK._replace(record=b"b" * 16, red_at=300, yellow_at=200, black_at=None, dunned=2),
    CLOCK._replace(record=b"c" * 16, paused_on=20261101, yellow_at=None, red_at=None,
                   black_at=None),
    CLOCK._replace(record=b"d" * 16, paused_on=20261101, black_at=None, dunned=1),
    CLOCK._replace(record=b"e" * 16, kind="proxy", blue_at=None, yellow_at=35, red_at=90,
                   black_at=None, dunned=1, answered_on=20261120),
]  # fmt: skip


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    ledger.writing(lambda tx: tx.put_watched(ROWS))
    return ledger


@pytest.mark.parametrize(
    ("now", "counts"),
    [(5, (5, 3, 0, 0, 0, 0, 2)), (25, (5, 1, 1, 1, 0, 0, 2)), (35, (5, 0, 1, 1, 2, 0, 1)),
     (50, (5, 0, 1, 1, 1, 1, 1)), (500, (5, 0, 0, 0, 3, 1, 1))],
)  # fmt: skip
def test_colours_are_counted_by_time(filled: Ledger, now: int, counts: tuple[int, ...]) -> None:
    with filled.read() as tx:
        for by in GROUPS:
            found = tx.tally_watched(by, now, Wanted())
            told = tuple(sum(one) for one in zip(*(line[1:-1] for line in found), strict=True))
            assert told == counts, by
            assert sum(line.asked for line in found) == 2
        levels = [tx.count_watched(now, Wanted(level=level)) for level in range(5)]
        paused = tx.count_watched(now, Wanted(state="paused"))
        assert sum(levels) + paused == len(ROWS)


def test_a_breach_is_listed_where_it_happened(filled: Ledger) -> None:
    with filled.read() as tx:
        assert {one.key for one in tx.tally_watched("site", 50, Wanted())} == {"s1", "s2"}
        late = tx.list_watched(50, Wanted(holder="agent:B"))
        assert [one.record[:1] for one in late] == [b"a", b"d"]
        assert tx.count_watched(50, Wanted(site="s1")) == 3


def test_lists_go_on_and_leave_out(filled: Ledger) -> None:
    with filled.read() as tx:
        whole = tx.list_watched(50, Wanted())
        assert [one.record[:1] for one in whole] == [b"a", b"d", b"e", b"b", b"c"]
        assert tx.list_watched(50, Wanted(), offset=2, limit=2) == whole[2:4]
        assert tx.count_watched(50, Wanted(hidden=[b"a" * 16], kinds=["case"])) == 3
        counts = {state: tx.count_watched(50, Wanted(state=state)) for state in STATES}
        assert counts == {
            "paused": 1, "late": 2, "fresh": 1, "asked": 2, "urged": 1, "supervised": 1
        }  # fmt: skip


def test_a_clock_that_stopped_is_forgotten(filled: Ledger) -> None:
    filled.writing(lambda tx: tx.forget_watched([b"a" * 16]))
    with filled.read() as tx:
        assert tx.watched_of([b"a" * 16, b"b" * 16]).keys() == {b"b" * 16}
