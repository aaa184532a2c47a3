"""Answers of the county, in any order and any number of times."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from mobile import streams
from mobile.desk import Recorded
from mobile.freezing import head_at
from mobile.tablet import Tablet
from shared import operation as operations
from shared.operation import Operation
from shared.verdict import Status, Verdict
from sync.acknowledgement import Opened, Stored
from sync.page import Own, Page, PageEntry, Received, cursor_mark
from tests.mobile.kit import COUNTY, NOW, CountyKeys, unlocked

RECORD = b"r" * 16
STREAM = b"c" * 16
SALT = b"s" * 16


@pytest.fixture
def tablet(tmp_path: Path) -> Tablet:
    return unlocked(tmp_path / "home", CountyKeys())


def theirs(
    seq: int, act: str = "register", parents: tuple[bytes, ...] = (), **data: object
) -> Operation:
    return operations.build(
        stream=STREAM, seq=seq, author="agent:HGFEDCBA", site="s0102", session=None,
        record=RECORD, kind="consultation", act=act, parents=parents, clock=seq << 16, quality=3,
        effective_at=NOW + seq, data=data, salt=SALT,  # type: ignore[arg-type]
    )  # fmt: skip


def verdict(seq: int, status: Status = Status.ADMITTED, epoch: int = 1) -> Verdict:
    return Verdict(epoch, seq, status, None, NOW, 1)


def page(
    tablet: Tablet, *entries: PageEntry, cursor: bytes = b"next", opened: Opened | None = None,
    epoch: int = 1,
) -> Page:  # fmt: skip
    return Page(
        COUNTY, epoch, tablet.device_key.id, cursor_mark(tablet.intake.cursor()), cursor, False,
        NOW, opened, entries, header=b"header", leaves=b"leaves",
    )  # fmt: skip


def ask(tablet: Tablet) -> Recorded:
    done = tablet.desk.record("consultation", {"question": "问"})
    assert isinstance(done, Recorded)
    return done


def opened(tablet: Tablet, seq: int, *, epoch: int = 1) -> Opened:
    stream = tablet.log.stream()
    head = head_at(tablet.store, stream, seq)
    return Opened(COUNTY, epoch, stream.id, seq, head, 0)


def test_a_page_again_changes_nothing(tablet: Tablet) -> None:
    one = Received(theirs(1, question="问"), verdict(1))
    first = tablet.intake.page(page(tablet, one, cursor=b""))
    again = tablet.intake.page(page(tablet, one, cursor=b""))
    assert (first.pulled, again.pulled, again.judged) == (1, 0, 0)
    assert len(tablet.desk.records()) == 1


def test_a_page_for_another_cursor_is_passed_over(tablet: Tablet) -> None:
    late = page(tablet, Received(theirs(1, question="问"), verdict(1)), cursor=b"a")
    tablet.intake.page(page(tablet, cursor=b"b"))
    taken = tablet.intake.page(late)
    assert taken.ignored
    assert tablet.desk.records() == []
    assert tablet.intake.cursor() == b"b"


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_any_order_gives_the_same_record(tablet: Tablet, order: tuple[int, ...]) -> None:
    first = theirs(1, question="问")
    second = theirs(2, "answer", (first.id,), answer="答")
    third = theirs(3, "amend", (first.id,), question="改问")
    entries = [Received(one, verdict(one.skeleton.seq)) for one in (first, second, third)]
    for index in order:
        tablet.intake.page(page(tablet, entries[index], cursor=b""))
    record = tablet.desk.show(RECORD).record
    assert (record.state, record.fields["question"]) == ("已答复", "改问")
    assert [row.state for row in tablet.desk.records()] == ["已答复"]


def test_the_verdict_in_force_is_the_latest_whatever_came_last(tablet: Tablet) -> None:
    one = theirs(1, question="问")
    for seq, status in ((5, Status.HELD), (9, Status.ADMITTED), (7, Status.REFUSED)):
        tablet.intake.page(page(tablet, Received(one, verdict(seq, status)), cursor=b""))
    assert tablet.desk.show(RECORD).record.state == "已登记"
    newer = Received(one, verdict(1, Status.REFUSED, epoch=2))
    tablet.intake.page(page(tablet, newer, cursor=b""))
    assert tablet.desk.show(RECORD).record.state is None


def test_a_skeleton_is_completed_when_its_data_comes(tablet: Tablet) -> None:
    one = theirs(1, question="问")
    held = Received(one.without_data(), verdict(1, Status.HELD))
    tablet.intake.page(page(tablet, held, cursor=b""))
    assert tablet.desk.show(RECORD).record.state is None
    tablet.intake.page(page(tablet, Received(one, verdict(2)), cursor=b""))
    assert tablet.desk.show(RECORD).record.fields["question"] == "问"


def test_a_purge_deletes_data_and_salt_for_good(tablet: Tablet) -> None:
    one = theirs(1, question="张某的隐私")
    purge = theirs(
        2, "purge", (one.id,), reason="本人要求",
        operations=[{"id": one.id.hex(), "fields": ["question"], "kept": {}}],
    )  # fmt: skip
    tablet.intake.page(page(tablet, Received(one, verdict(1)), cursor=b""))
    tablet.intake.page(page(tablet, Received(purge, verdict(2)), cursor=b""))
    tablet.intake.page(page(tablet, Received(one, verdict(3)), cursor=b""))  # arrives again
    rows = tablet.store.rows("SELECT salt, data FROM operations WHERE id = ?", (one.id,))
    assert rows == [(None, None)]
    shown = tablet.desk.show(RECORD).record
    assert shown.purged == ("question",)
    assert tablet.desk.search("隐私") == []


@pytest.mark.parametrize("purge_first", [False, True])
def test_a_purge_on_the_same_page_deletes_too(tablet: Tablet, purge_first: bool) -> None:
    one = theirs(1, question="张某的隐私")
    purge = theirs(
        2, "purge", (one.id,), reason="本人要求",
        operations=[{"id": one.id.hex(), "fields": ["question"], "kept": {}}],
    )  # fmt: skip
    entries = [Received(one, verdict(1)), Received(purge, verdict(2))]
    tablet.intake.page(page(tablet, *entries[:: -1 if purge_first else 1], cursor=b""))
    kept = tablet.store.rows("SELECT salt, data FROM operations WHERE id = ?", (one.id,))
    assert kept == [(None, None)]
    assert tablet.desk.show(RECORD).record.purged == ("question",)
    assert tablet.desk.search("隐私") == []


def test_received_operations_keep_what_vouches_for_them(tablet: Tablet) -> None:
    tablet.intake.page(page(tablet, Received(theirs(1, question="问"), verdict(1)), cursor=b""))
    rows = tablet.store.rows(
        "SELECT p.header, p.leaves FROM operations o JOIN pages p ON p.number = o.page"
    )
    assert rows == [(b"header", b"leaves")]


def test_own_verdicts_admit_hold_and_admit_again(tablet: Tablet) -> None:
    one = ask(tablet)
    stream = tablet.log.stream()
    for county_seq, status, delivery in (
        (1, Status.HELD, "delivered"), (2, Status.ADMITTED, "merged"),
        (1, Status.HELD, "merged"), (3, Status.REFUSED, "delivered"),
    ):  # fmt: skip
        own = Own(1, stream.seq, verdict(county_seq, status)._replace(effective_at=0), True)
        told = page(tablet, own, cursor=b"", opened=opened(tablet, stream.seq))
        tablet.intake.page(told)
        assert [row.delivery for row in tablet.desk.records()] == [delivery], county_seq
    assert tablet.status().refused == 1
    refused = tablet.desk.show(one.record).record.without_effect
    assert [item.status.value for item in refused] == ["refused"]


def test_an_acknowledgement_with_another_head_is_ignored(tablet: Tablet) -> None:
    ask(tablet)
    stream = tablet.log.stream()
    stored = Stored(COUNTY, 1, stream.id, 1, 2, b"x" * 32, NOW)
    assert tablet.intake.stored(stored) is None
    assert tablet.intake.opened(Opened(COUNTY, 1, stream.id, 2, b"x" * 32, 0)).ignored
    assert tablet.intake.opened(Opened(COUNTY, 1, b"o" * 16, 2, b"x" * 32, 0)).ignored
    assert tablet.intake.opened(Opened(COUNTY, 1, stream.id, 9, b"x" * 32, 0)).ignored
    assert tablet.status().pending == 1


def test_delivery_is_the_least_of_a_record(tablet: Tablet) -> None:
    one = ask(tablet)
    tablet.desk.act(one.record, "amend", {"phone": "13800138000"})
    stream = tablet.log.stream()
    stored = Stored(COUNTY, 1, stream.id, 1, 2, head_at(tablet.store, stream, 2), NOW)
    assert tablet.intake.stored(stored) == 1
    assert [row.delivery for row in tablet.desk.records()] == ["saved"]
    whole = Stored(COUNTY, 1, stream.id, 3, 3, head_at(tablet.store, stream, 3), NOW)
    assert tablet.intake.stored(whole) == 1
    assert [row.delivery for row in tablet.desk.records()] == ["delivered"]


def test_seeds_go_once_their_block_is_opened_and_salts_stay(tablet: Tablet) -> None:
    for _ in range(150):
        ask(tablet)
    stream = tablet.log.stream()
    assert len(tablet.store.rows("SELECT 1 FROM blocks")) == 2
    tablet.intake.opened(opened(tablet, 120))
    rows = tablet.store.rows("SELECT seq_from FROM blocks")
    assert rows == [(101,)]
    salts = tablet.store.rows("SELECT count(*) FROM operations WHERE salt IS NOT NULL")
    assert salts == [(stream.seq,)]


def test_opened_envelopes_leave_the_outbox_and_the_rest_stays(tablet: Tablet) -> None:
    ask(tablet)
    tablet.freezer.freeze()
    (one,) = tablet.locked.outbox.all()
    tablet.intake.opened(opened(tablet, 1))
    assert tablet.locked.outbox.all() == [one]
    tablet.intake.opened(opened(tablet, 2))
    assert tablet.locked.outbox.all() == []


def test_a_restored_county_gets_again_what_it_lost(tablet: Tablet) -> None:
    for _ in range(3):
        ask(tablet)
    tablet.intake.page(page(tablet, cursor=b"", opened=opened(tablet, 4)))
    assert tablet.status().pending == 0
    tablet.intake.page(page(tablet, cursor=b"", opened=opened(tablet, 2)))  # only late
    assert tablet.status().pending == 0
    tablet.intake.page(page(tablet, cursor=b"", opened=opened(tablet, 2, epoch=2), epoch=2))
    assert tablet.status().pending == 2
    assert tablet.freezer.freeze() == 1
    (again,) = tablet.locked.outbox.all()
    assert (again.seq_from, again.seq_to) == (3, 4)
    assert [one.seq for one in streams.all_streams(tablet.store)] == [4]


def test_an_act_is_never_stamped_before_what_it_was_done_upon(tablet: Tablet) -> None:
    far = 4_000_000_000_000 << 16  # their clock runs ahead of ours
    one = operations.build(
        stream=STREAM, seq=1, author="agent:HGFEDCBA", site="s0102", session=None, record=RECORD,
        kind="consultation", act="register", parents=(), clock=far, quality=3, effective_at=NOW,
        data={"question": "问"}, salt=SALT,
    )  # fmt: skip
    cap = NOW + 24 * 60 * 60 * 1000
    held = Received(one, verdict(1)._replace(cap_ms=cap))
    tablet.intake.page(page(tablet, held, cursor=b""))
    done = tablet.desk.act(RECORD, "answer", {"answer": "答"})
    stamp = next(
        entry.operation.skeleton.clock
        for entry in tablet.desk.show(RECORD).held.entries
        if entry.operation.id == done.operation
    )
    assert cap << 16 < stamp <= (cap + 1) << 16, "after it, and no further than the county's cap"


def test_others_work_that_waits_is_listed_as_such(tablet: Tablet) -> None:
    bare = theirs(1, question="问").without_data()
    tablet.intake.page(page(tablet, Received(bare, verdict(1, Status.HELD)), cursor=b""))
    (row,) = tablet.desk.records()
    assert (row.state, row.delivery, row.title) == (None, "delivered", "尚未入账，内容暂不显示")
