"""Starting without a screen, and what a damaged note of the look does: nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mobile.kit.start import BOLD, REGULAR, SIGNS, NoDisplay, require_display
from mobile.tablet import Locked

_BLIND = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")


def test_no_display_is_one_sentence(home: Locked) -> None:
    clean = {name: value for name, value in os.environ.items() if name not in _BLIND}
    program = Path(sys.executable).with_name("bianmin")
    done = subprocess.run(
        [program, "tablet", "--home", str(home.home.folder)],
        env=clean, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "没有可用的显示屏" in done.stderr


def test_a_driver_that_opens_nothing_is_the_same_sentence(home: Locked) -> None:
    program = Path(sys.executable).with_name("bianmin")
    done = subprocess.run(
        [program, "tablet", "--home", str(home.home.folder)],
        env={**os.environ, "SDL_VIDEODRIVER": "no-such-driver"}, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert "没有可用的显示屏" in done.stderr


def test_a_display_is_taken() -> None:
    require_display({"DISPLAY": ":0"}, "linux")
    require_display({}, "win32")
    with pytest.raises(NoDisplay):
        require_display({}, "linux")


def test_the_fonts_are_there() -> None:
    for path in (REGULAR, BOLD, SIGNS):
        assert path.stat().st_size > 50_000
