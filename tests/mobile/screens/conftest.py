"""The window's tests draw real pixels without a screen: EGL and a software rasteriser."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from mobile.tablet import Locked
from tests.mobile.kit import PIN, enrolled, publish_catalogue

if TYPE_CHECKING:
    from tests.mobile.screens.hand import Hand

# Before anything imports Kivy: it reads these once.
os.environ.update(
    SDL_VIDEODRIVER="offscreen", LP_NUM_THREADS="0", KIVY_NO_CONFIG="1", KIVY_NO_ARGS="1",
    KIVY_NO_CONSOLELOG="1", KIVY_NO_FILELOG="1",
)  # fmt: skip

Open = Callable[[Locked], "Hand"]


@pytest.fixture
def home(tmp_path: Path) -> Locked:
    """An enrolled tablet with the sample catalogue."""
    locked = enrolled(tmp_path / "home")
    tablet = locked.unlock(PIN)
    publish_catalogue(tablet)
    tablet.lock()
    return locked


@pytest.fixture
def open_window(not_run: Callable[[str], NoReturn]) -> Iterator[Open]:
    """`open_window(locked)`: the real window on a home."""
    from mobile.kit.start import prepare

    prepare()
    from kivy.core.window import Window

    if Window is None:
        not_run("the tablet's window (no EGL driver)")
    from mobile.screens.backstage import Backstage
    from tests.mobile.screens.hand import Hand

    opened: list[Hand] = []

    def opening(locked: Locked) -> Hand:
        hand = Hand.open(locked.home.folder, lambda home: Backstage(home, locked.machine))
        opened.append(hand)
        hand.rest()
        return hand

    yield opening
    for hand in opened:
        hand.close()


@pytest.fixture
def hand(home: Locked, open_window: Open) -> Hand:
    """The window of `home`, unlocked."""
    opened = open_window(home)
    opened.unlock(PIN)
    return opened
