"""Several writers and readers at once, on both back ends: feed, locks, retries, leases."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from server.database import DatabaseBusy, open_engine
from server.storage import Ledger, Tx
from server.storage.rows import Invitation
from shared.operation import Operation
from tests.server.ledgers import (
    DATA_KEY,
    DEVICE,
    NOW,
    STREAM,
    at_once,
    begun,
    entry,
    operation,
    record_id,
    row,
    stored,
)

WRITERS = 8
BATCHES = 12


def test_the_feed_has_no_gap_and_no_entry_twice(ledger: Ledger) -> None:
    entries = [entry(operation(seq)) for seq in range(1, 8)]
    with ledger.write() as tx:
        assert tx.append_feed(entries[:4]) == 4
        assert tx.append_feed(entries) == 3
        assert tx.append_feed([*entries, *entries]) == 0
        assert tx.append_feed([entries[0]._replace(county_seq=9)]) == 1
        assert tx.append_feed([]) == 0
    with ledger.read() as tx:
        page = tx.feed_page(["s0001"], 0, 100)
        assert [one.position for one in page] == list(range(1, 9))
        assert tx.county_head().feed_position == tx.count_feed() == tx.feed_end(["s0001"]) == 8
        assert tx.feed_page([], 0, 100) == []
        assert tx.feed_end(["s0009"]) == 0


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_of_several_scopes_hold_every_entry_in_order(ledger: Ledger, limit: int) -> None:
    scopes = ["s0001", "s0002", "*"]
    with ledger.write() as tx:
        for seq in range(1, 15):
            tx.append_feed([entry(operation(seq), scope=[*scopes, "s0009"][seq % 4])])
    with ledger.read() as tx:
        seen, position = [], 0
        while page := tx.feed_page(scopes, position, limit):
            assert len(page) <= limit
            position = page[-1].position
            seen += page
        assert seen == tx.feed_page(scopes, 0, 1000)
    assert [one.position for one in seen] == [n for n in range(1, 15) if n % 4 != 3]


def test_a_polling_reader_misses_nothing_of_eight_writers(ledger: Ledger) -> None:
    finished = threading.Event()
    running = [WRITERS]
    counting = threading.Lock()

    def write(writer: int) -> None:
        try:
            for batch in range(BATCHES):
                numbers = [1000 * writer + 10 * batch + offset for offset in range(1, 4)]
                entries = [entry(operation(number)) for number in numbers]
                ledger.writing(partial(Tx.append_feed, entries=entries))
        finally:
            with counting:
                running[0] -= 1
                if not running[0]:
                    finished.set()

    def poll() -> list[int]:
        seen: list[int] = []
        is_last = False
        while True:
            with ledger.read() as tx:
                page = tx.feed_page(["s0001"], seen[-1] if seen else 0, 50)
            seen += [one.position for one in page]
            if is_last and not page:
                return seen
            is_last = finished.is_set()

    [seen, *_] = at_once(WRITERS + 1, lambda number: poll() if number == 0 else write(number))
    assert seen == list(range(1, WRITERS * BATCHES * 3 + 1))


def test_two_writers_of_one_record_see_each_other(ledger: Ledger) -> None:
    """Each folds what is there and adds one: a writer who did not see another would count short."""
    record = record_id(1)

    def add(writer: int) -> list[int]:
        def merge(tx: Tx, one: Operation) -> int:
            tx.lock_records([record])
            there = len(tx.operations_of([record])[record])
            tx.append_operations([stored(one)])
            tx.put_records([row(record, position=there + 1)])
            return there

        own = [
            operation(100 * writer + number, record=record, stream=bytes([writer]) * 16)
            for number in range(1, 9)
        ]
        return [ledger.writing(partial(merge, one=one)) for one in own]

    saw = [there for found in at_once(4, add) for there in found]
    assert sorted(saw) == list(range(32))
    with ledger.read() as tx:
        folded = tx.record(record)
    assert folded is not None
    assert folded.position == 32


def test_two_copies_of_one_envelope_are_opened_once(ledger: Ledger) -> None:
    rows = [stored(operation(seq)) for seq in range(1, 21)]

    def open_copy(_copy: int) -> int:
        def step(tx: Tx) -> int:
            stream = tx.lock_stream(STREAM, device=DEVICE)
            fresh = [one for one in rows if one.seq > stream.seq]
            tx.put_stream(stream._replace(seq=20, head=b"h" * 32))
            return tx.append_operations(fresh)

        return ledger.writing(step)

    assert sorted(at_once(5, open_copy)) == [0, 0, 0, 0, 20]


def test_a_streams_row_is_read_by_one_writer_at_a_time(ledger: Ledger) -> None:
    def advance(_writer: int) -> None:
        def step(tx: Tx) -> None:
            stream = tx.lock_stream(STREAM, device=DEVICE)
            tx.put_stream(stream._replace(seq=stream.seq + 1))

        for _ in range(10):
            ledger.writing(step)

    at_once(4, advance)
    with ledger.read() as tx:
        [stream] = tx.streams()
    assert stream.seq == 40


def test_a_reader_keeps_one_view(ledger: Ledger) -> None:
    with ledger.read() as before:
        assert before.count_operations() == 0
        with ledger.write() as tx:
            tx.append_operations([stored(operation(1))])
        assert before.count_operations() == 0
    with ledger.read() as after:
        assert after.count_operations() == 1


def test_a_step_refused_for_others_is_run_again(ledger: Ledger) -> None:
    runs: list[int] = []

    def step(tx: Tx) -> int:
        runs.append(tx.append_operations([stored(operation(1))]))
        if len(runs) < 3:
            raise DatabaseBusy("忙")
        return runs[-1]

    assert ledger.writing(step) == 1
    assert runs == [1, 1, 1]


def test_a_step_is_not_run_for_ever(ledger: Ledger) -> None:
    runs: list[int] = []

    def step(_tx: Tx) -> None:
        runs.append(1)
        raise DatabaseBusy("忙")

    with pytest.raises(DatabaseBusy):
        ledger.writing(step)
    assert 1 < len(runs) < 100


def test_locks_taken_crosswise_end_in_one_retry(postgres_ledger: Ledger) -> None:
    """A deadlock is the database's to break and ours to try again: both writers finish."""
    one, other = record_id(1), record_id(2)
    with postgres_ledger.write() as tx:
        tx.put_records([row(one), row(other)])
    met = threading.Barrier(2)
    tries: list[int] = []

    def cross(writer: int) -> None:
        first, second = (one, other) if writer else (other, one)

        def step(tx: Tx) -> None:
            tx.lock_records([first])
            tries.append(writer)
            if tries.count(writer) == 1:
                met.wait(timeout=30)
            tx.lock_records([second])

        postgres_ledger.writing(step)

    at_once(2, cross)
    assert len(tries) > 2


def test_processes_of_their_own_share_the_county(
    postgres_ledger: Ledger, postgres_url: str
) -> None:
    """Several cores on PostgreSQL have several engines: nothing may rest on this process's lock."""
    second = open_engine(postgres_url)
    both = [postgres_ledger, Ledger(second, postgres_ledger.county, DATA_KEY)]

    def take(writer: int) -> list[int]:
        return [both[writer % 2].writing(lambda tx: tx.take_county_seq(1))[1] for _ in range(10)]

    taken = [number for numbers in at_once(4, take) for number in numbers]
    second.dispose()
    assert sorted(taken) == list(range(1, 41))


def test_an_invitation_is_used_once(ledger: Ledger) -> None:
    code = Invitation(b"c" * 32, "s0001", "village", "", "staff:admin", NOW, NOW + 1000, None)
    with ledger.write() as tx:
        tx.add_invitation(code)
    used = at_once(4, lambda n: ledger.writing(lambda tx: tx.use_invitation(b"c" * 32, NOW + n)))
    assert sorted(used) == [False, False, False, True]
    with ledger.write() as tx:
        assert not tx.use_invitation(b"?" * 32, NOW)


def test_a_lease_has_one_holder(ledger: Ledger) -> None:
    took = at_once(
        4,
        lambda n: ledger.writing(
            lambda tx: tx.take_lease("deadlines", f"core{n}", now=NOW, until=NOW + 60)
        ),
    )
    assert sum(took) == 1
    holder = f"core{took.index(True)}"
    with ledger.write() as tx:
        assert tx.take_lease("deadlines", holder, now=NOW + 30, until=NOW + 90)
        assert not tx.take_lease("deadlines", "other", now=NOW + 89, until=NOW + 200)
        assert tx.take_lease("deadlines", "other", now=NOW + 90, until=NOW + 200)


def test_a_second_county_counts_for_itself(ledger: Ledger) -> None:
    neighbour = begun(ledger.engine, 510304)
    for each in (ledger, neighbour):
        with each.write() as tx:
            assert tx.append_feed([entry(operation(1))]) == 1
            assert tx.feed_end(["s0001"]) == 1
