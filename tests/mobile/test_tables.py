"""Stores of earlier versions: what they hold lies in the present tables as if written there."""

from __future__ import annotations

from pathlib import Path

import pytest

from mobile import attachments, streams
from mobile.database import Store, open_store
from mobile.desk import Recorded
from mobile.tables import MIGRATIONS, OWN_FROM, place
from mobile.tablet import Tablet
from shared.verdict import Status, Verdict
from sync.page import Page, Received, cursor_mark
from tests.mobile.kit import COUNTY, NOW, unlocked
from tests.shared.history import make

KEY = bytes(range(32))
BEFORE_PLACES = 4
"""Version of the last store whose operations lay in the order they came."""
_SELECT = """SELECT id, record, own, seq, skeleton, salt, data, delivered, epoch, county_seq,
                 status, cap_ms, effective_at, rank, reason, page
             FROM operations ORDER BY position"""
_INSERT = """INSERT INTO operations(id, record, own, seq, skeleton, salt, data, delivered, epoch,
                 county_seq, status, cap_ms, effective_at, rank, reason, page)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_ALIKE = {
    "operations": "SELECT * FROM operations ORDER BY position",
    "sessions": "SELECT * FROM sessions ORDER BY id",
    "attachments": "SELECT name, operation, record FROM attachments",
}


@pytest.fixture
def worked(tmp_path: Path) -> Tablet:
    """A tablet with acts of its own, sealed ones, an attachment, and somebody else's work."""
    tablet = unlocked(tmp_path / "home")
    paper = tmp_path / "paper.txt"
    paper.write_bytes(b"paper")
    first = tablet.desk.record("consultation", {"question": "问"})
    assert isinstance(first, Recorded)
    tablet.intake.page(
        Page(COUNTY, 1, tablet.device_key.id, cursor_mark(b""), b"", False, NOW, None,
             [Received(make("entrust"), Verdict(1, 1, Status.ADMITTED, None, NOW, 1))])
    )  # fmt: skip
    tablet.desk.record("complaint", {"target_kind": "person", "content": "密"})
    attachments.attach(tablet, first.record, paper)
    tablet.log.close_session()
    tablet.desk.act(first.record, "amend", {"phone": "13800138000"})
    return tablet


def test_an_earlier_store_is_brought_to_the_present_tables(tmp_path: Path, worked: Tablet) -> None:
    old = open_store(tmp_path / "old.db", KEY, MIGRATIONS[:BEFORE_PLACES])
    _copy_as_before(worked.store, old)
    old.close()
    brought = open_store(tmp_path / "old.db", KEY, MIGRATIONS)
    for name, query in _ALIKE.items():
        assert brought.rows(query) == worked.store.rows(query), name
    assert streams.all_streams(brought) == streams.all_streams(worked.store)
    brought.close()


def test_own_operations_lie_by_stream_and_number(worked: Tablet) -> None:
    rows = worked.store.rows("SELECT position, own, seq FROM operations ORDER BY position")
    others = [position for position, own, _ in rows if own is None]
    assert others == [1]
    assert [row[0] for row in rows[1:]] == [place(own, seq) for _, own, seq in rows[1:]]
    acts, sealed = streams.all_streams(worked.store)
    assert len(rows) == 1 + acts.seq + sealed.seq


def test_no_number_from_the_network_reaches_another_stream() -> None:
    assert place(1, 2**48) < place(2, 1)
    assert place(1, 1) > OWN_FROM


def _copy_as_before(store: Store, old: Store) -> None:
    """Fill an old store with what a present one holds, in the order it was written."""
    with old.write():
        old.execute_many("INSERT INTO meta VALUES (?, ?)", store.rows("SELECT * FROM meta"))
        old.execute_many(
            "INSERT INTO streams VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                [getattr(stream, name) for name in streams.Stream.__slots__]
                for stream in streams.all_streams(store)
            ],
        )
        old.execute_many(_INSERT, store.rows(_SELECT))
        old.execute_many(
            """INSERT INTO attachments(name, operation, bytes, parts, parts_sent)
               VALUES (?, ?, ?, ?, ?)""",
            store.rows("SELECT name, operation, bytes, parts, parts_sent FROM attachments"),
        )
