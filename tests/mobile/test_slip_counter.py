"""Slip numbers never repeat: after a restore, a clock set back, or from two windows."""

from __future__ import annotations

import shutil
from pathlib import Path

from mobile.desk import Recorded
from mobile.slip_counter import RESERVE
from mobile.tablet import Tablet
from shared.slips import parse
from tests.mobile.kit import DAY, PIN, Hands, enrolled, unlocked


def slip(tablet: Tablet) -> str:
    done = tablet.desk.record("consultation", {"question": "问"})
    assert isinstance(done, Recorded)
    return str(done.slip_number)


def sequences(slips: list[str]) -> list[int]:
    return [parse(one).sequence for one in slips]


def test_numbers_count_up_and_start_anew_each_day(tmp_path: Path) -> None:
    clock = Hands()
    tablet = unlocked(tmp_path / "home", clock=clock)
    today = [slip(tablet) for _ in range(3)]
    clock.advance(DAY)
    assert sequences([*today, slip(tablet)]) == [1, 2, 3, 1]
    assert parse(today[0]).day != parse(slip(tablet)).day


def test_a_clock_that_ran_back_stays_on_the_last_day(tmp_path: Path) -> None:
    clock = Hands()
    tablet = unlocked(tmp_path / "home", clock=clock)
    first = slip(tablet)
    clock.wall -= 400 * DAY
    second = slip(tablet)
    assert sequences([first, second]) == [1, 2]
    assert first[:10] == second[:10]


def test_counting_goes_on_after_a_restart(tmp_path: Path) -> None:
    tablet = unlocked(tmp_path / "home")
    slips = [slip(tablet) for _ in range(2)]
    tablet.lock()
    again = tablet.locked.unlock(PIN)
    assert sequences([*slips, slip(again), slip(again)]) == [1, 2, 3, 4]


def test_two_windows_share_one_counter(tmp_path: Path) -> None:
    one = unlocked(tmp_path / "home")
    two = one.locked.unlock(PIN)
    slips = [slip(window) for _ in range(RESERVE) for window in (one, two)]
    assert len(set(slips)) == 2 * RESERVE


def test_a_restored_store_gives_no_number_twice(tmp_path: Path) -> None:
    home = tmp_path / "home"
    locked = enrolled(home)
    tablet = locked.unlock(PIN)
    given = [slip(tablet)]
    tablet.lock()
    shutil.copy(home / "store.db", tmp_path / "copy.db")
    tablet = locked.unlock(PIN)
    given += [slip(tablet) for _ in range(RESERVE + 5)]
    tablet.lock()
    shutil.copy(tmp_path / "copy.db", home / "store.db")
    tablet = locked.unlock(PIN)
    given += [slip(tablet) for _ in range(5)]
    assert len(set(given)) == len(given)
