"""A store restored from a copy starts a new stream; an ordinary restart does not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mobile import files, instance, streams, tables
from mobile.database import Store, open_store
from mobile.streams import ACTS
from mobile.tables import MIGRATIONS
from mobile.tablet import Tablet
from shared.clock import ms_of
from tests.mobile.kit import DAY, PIN, Draws, Hands, enrolled

KEY = bytes(32)


def ask(tablet: Tablet) -> None:
    tablet.desk.record("consultation", {"question": "问"})


def acts(tablet: Tablet) -> list[streams.Stream]:
    return [one for one in streams.all_streams(tablet.store) if one.purpose == ACTS]


def test_an_ordinary_restart_goes_on_with_the_stream(tmp_path: Path) -> None:
    locked = enrolled(tmp_path / "home")
    for _ in range(3):
        tablet = locked.unlock(PIN)
        ask(tablet)
        tablet.lock()
    tablet = locked.unlock(PIN)
    assert [one.seq for one in acts(tablet)] == [6]


def test_a_restored_store_starts_a_new_stream_before_its_first_act(tmp_path: Path) -> None:
    home = tmp_path / "home"
    clock = Hands()
    locked = enrolled(home, clock=clock)
    tablet = locked.unlock(PIN)
    ask(tablet)
    tablet.lock()
    shutil.copy(home / "store.db", tmp_path / "copy.db")
    tablet = locked.unlock(PIN)
    ask(tablet)
    tablet.lock()
    shutil.copy(tmp_path / "copy.db", home / "store.db")
    clock.wall -= 30 * DAY
    tablet = locked.unlock(PIN)
    old, new = acts(tablet)
    assert (old.seq, new.seq) == (2, 0)
    ask(tablet)
    old, new = acts(tablet)
    assert (old.seq, new.seq) == (2, 2)
    assert ms_of(new.clock) >= ms_of(old.clock)  # the clock never runs back
    tablet.lock()
    assert len(acts(locked.unlock(PIN))) == 2  # once


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "store.db", KEY, MIGRATIONS)


def test_an_opening_cut_at_any_step_is_no_restore(tmp_path: Path, store: Store) -> None:
    marker = tmp_path / "instance"
    entropy = Draws()
    assert not instance.renew(store, marker, entropy)
    before = marker.read_bytes()

    def cut_after_announcing(_: int) -> bytes:
        return b"n" * 16

    folder = tmp_path / "away"
    folder.mkdir()
    with pytest.raises(files.NotSaved):  # the file could not be written: no such folder
        instance.renew(store, folder / "none" / "instance", cut_after_announcing)
    assert marker.read_bytes() == before
    assert not instance.renew(store, marker, entropy)  # announced, not written
    announced = b"a" * 16
    with store.write():
        tables.keep_meta(store, "instance announced", announced)
    marker.write_bytes(announced)
    assert not instance.renew(store, marker, entropy)  # written, not confirmed


def test_another_marker_or_none_is_a_restore(tmp_path: Path, store: Store) -> None:
    marker = tmp_path / "instance"
    entropy = Draws()
    instance.renew(store, marker, entropy)
    marker.write_bytes(b"x" * 16)
    assert instance.renew(store, marker, entropy)
    marker.unlink()
    assert instance.renew(store, marker, entropy)
    assert not instance.renew(store, marker, entropy)
