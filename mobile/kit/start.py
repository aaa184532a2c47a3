"""What has to be said to Kivy before any widget is imported: fonts, window, silence.

Kivy reads its configuration once, at the first import of text or window. So this module imports
nothing of it but `kivy.config`, and only inside `prepare`.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import shared
from shared.errors import Refused

FONTS = Path(shared.__file__).parent / "data" / "fonts"
REGULAR = FONTS / "NotoSansSC-Regular.otf"
BOLD = FONTS / "NotoSansSC-Bold.otf"
SIGNS = Path(__file__).parent.parent / "fonts" / "BianminSigns.ttf"
WIDTH, HEIGHT = 1280, 800
"""The tablet's screen, and the first size of a window on a PC."""
LEAST_WIDTH, LEAST_HEIGHT = 900, 600

_QUIET = {
    "KIVY_NO_ARGS": "1",  # the command line is ours
    "KIVY_NO_CONFIG": "1",  # nothing of a user's own Kivy settings, and none written
    "KIVY_WINDOW": "sdl2",  # the X11 provider ends the process where there is no X
    "KIVY_NO_CONSOLELOG": "1",
    "KIVY_LOG_MODE": "PYTHON",  # standard error stays ours: nothing that goes wrong is swallowed
    "KIVY_NO_FILELOG": "1",
}


class NoDisplay(Refused):
    """There is no screen to open a window on."""

    def __init__(self) -> None:
        super().__init__(
            "这里没有可用的显示屏，请在平板或电脑桌面上打开，或改用 bianmin agent 命令。"
        )


def require_display(environment: Mapping[str, str], platform: str = sys.platform) -> None:
    """Raise NoDisplay where no window can be opened."""
    named = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "ANDROID_ARGUMENT")
    if platform.startswith("linux") and not any(environment.get(name) for name in named):
        raise NoDisplay


def prepare() -> None:
    """Set Kivy up; a second call changes nothing."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    chatter = logging.getLogger("kivy")  # about drivers it tried; what goes wrong is raised
    chatter.addHandler(logging.NullHandler())
    chatter.propagate = False
    from kivy.config import Config

    fonts = ["NotoSansSC", str(REGULAR), str(REGULAR), str(BOLD), str(BOLD)]
    Config.set("kivy", "default_font", str(fonts))
    Config.set("kivy", "exit_on_escape", "0")
    Config.set("kivy", "desktop", "1")
    sizes = (
        ("width", WIDTH), ("height", HEIGHT), ("minimum_width", LEAST_WIDTH),
        ("minimum_height", LEAST_HEIGHT), ("resizable", 1),
        ("multisamples", 0),  # every edge is smoothed by its own shape: cheap tablets have none
    )  # fmt: skip
    for name, number in sizes:
        Config.set("graphics", name, str(number))
    Config.set("input", "mouse", "mouse,disable_multitouch")
    Config.set("postproc", "double_tap_time", "1")  # a quick second tap is a tap
