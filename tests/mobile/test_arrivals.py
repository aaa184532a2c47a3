"""A page's operations are stored together: one that comes twice, halves of a record, old ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from mobile.intake import Taken
from mobile.tablet import Tablet
from shared.canonical import Value
from shared.operation import Operation
from shared.record import Record
from shared.verdict import Status
from sync.page import Page, Received, cursor_mark
from tests.mobile.kit import COUNTY, NOW, unlocked
from tests.shared.history import RECORD, make, verdict

FIRST = make("entrust", {"person_name": "张三", "phone": "1"})
SECOND = make("amend", {"phone": "2"}, parents=[FIRST], seq=2, at=1)
OTHER = make("entrust", {"person_name": "李四"}, record=b"o" * 16, seq=3)
BARE = Received(FIRST.without_data(), verdict(Status.HELD, seq=1))


@pytest.fixture
def tablet(tmp_path: Path) -> Tablet:
    return unlocked(tmp_path / "home")


def take(tablet: Tablet, *entries: Received) -> Taken:
    return tablet.intake.page(
        Page(COUNTY, 1, tablet.device_key.id, cursor_mark(tablet.intake.cursor()), b"", False, NOW,
             None, entries, header=b"header", leaves=b"leaves")
    )  # fmt: skip


def admit(operation: Operation, seq: int = 2) -> Received:
    return Received(operation, verdict(seq=seq))


def shown(tablet: Tablet) -> Record:
    return tablet.desk.show(RECORD).record


def test_the_same_operation_twice_on_a_page_is_stored_once(tablet: Tablet) -> None:
    taken = take(tablet, admit(FIRST), admit(OTHER), admit(FIRST))
    assert (taken.pulled, taken.judged) == (2, 0)
    assert tablet.store.rows("SELECT position FROM operations") == [(1,), (2,)]
    assert {row.name for row in tablet.desk.records()} == {"张三", "李四"}


@pytest.mark.parametrize("turned", [False, True])
def test_a_page_that_holds_and_admits_admits(tablet: Tablet, turned: bool) -> None:
    entries = [BARE, admit(FIRST, 2)]
    taken = take(tablet, *entries[:: -1 if turned else 1])
    assert taken.judged == (not turned)
    assert shown(tablet).fields["person_name"] == "张三"
    assert [row.name for row in tablet.desk.records()] == ["张三"]


@pytest.mark.parametrize("pages", [1, 2])
def test_a_record_is_whole_however_its_operations_come(tablet: Tablet, pages: int) -> None:
    entries = [admit(SECOND), admit(OTHER), admit(FIRST)]
    if pages == 1:
        take(tablet, *entries)
    else:
        take(tablet, *entries[:2])
        take(tablet, entries[2])
    assert shown(tablet).fields["phone"] == "2"
    assert [row.state for row in tablet.desk.search("张三")] == [shown(tablet).state]


def test_data_that_was_missing_completes_what_is_here(tablet: Tablet) -> None:
    take(tablet, BARE, admit(SECOND, 3))
    assert tablet.desk.search("张三") == []
    assert take(tablet, admit(FIRST, 4)).judged == 1
    assert [row.name for row in tablet.desk.search("张三")] == ["张三"]


def test_what_a_purge_of_another_record_names_is_erased_too(tablet: Tablet) -> None:
    """Purges are the county's word; whatever they name goes, in whichever record it lies."""
    named: dict[str, Value] = {"id": FIRST.id.hex(), "fields": ["phone"], "kept": {}}
    purge = make(
        "purge", {"operations": [named], "reason": "到期"}, parents=[OTHER], record=b"o" * 16, seq=4
    )
    take(tablet, admit(FIRST))
    take(tablet, admit(OTHER), admit(purge))
    kept = tablet.store.rows("SELECT salt, data FROM operations WHERE id = ?", (FIRST.id,))
    assert kept == [(None, None)]
    take(tablet, admit(FIRST, 9))
    assert tablet.store.row("SELECT data FROM operations WHERE id = ?", (FIRST.id,)) == (None,)
