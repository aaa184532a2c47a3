"""`bianmin tablet`: opens the window of one home.

Kivy is imported inside `main`, after it was set up and after it is known that there is a screen.
"""

from __future__ import annotations

import os
from pathlib import Path

from mobile.home import Home, NotEnrolled
from mobile.kit.start import NoDisplay, prepare, require_display


def main(home: Path) -> None:
    """Run the window until it is closed. Raises NoDisplay, NotEnrolled."""
    if not Home(home).is_enrolled:
        raise NotEnrolled("本机还没有入网，请先运行 agent enrol 登记入网。")
    require_display(os.environ)
    prepare()
    from kivy.core.window import Window

    if Window is None:  # no provider could open one
        raise NoDisplay
    from mobile.screens.backstage import Backstage
    from mobile.screens.window import TabletApp

    TabletApp(home, Backstage).run()


__all__ = ["NoDisplay", "main"]
