"""A hand and an eye: taps, types and looks at the real window, frame by frame.

Nothing here calls a handler of a screen. A touch goes in where the system's touches go in, text
where the system's text goes in. Waiting is for a condition and bounded by frames, never by seconds.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mobile.kit.start import prepare

prepare()

from kivy.base import EventLoop, runTouchApp  # noqa: E402  (after prepare)
from kivy.core.window import Window  # noqa: E402
from kivy.input.motionevent import MotionEvent  # noqa: E402
from kivy.metrics import dp  # noqa: E402
from kivy.uix.widget import Widget  # noqa: E402

from mobile.kit.field import TextBox  # noqa: E402
from mobile.kit.look import TARGET  # noqa: E402
from mobile.kit.press import Press  # noqa: E402
from mobile.screens.backstage import Backstage  # noqa: E402
from mobile.screens.record_row import RecordRow  # noqa: E402
from mobile.screens.window import TabletApp  # noqa: E402

FRAMES_MAX = 3_000
"""A frame is a sixtieth of a second at most while nothing is drawn anew."""
SETTLE = 4
"""Frames in which a new page finds its places."""
_TEMPORARY = Path(tempfile.gettempdir()) / "bianmin-screens"
ARTEFACTS = Path(os.environ.get("BIANMIN_ARTEFACTS", _TEMPORARY))

_touches = itertools.count()


class Touch(MotionEvent):
    """One finger."""

    def __init__(self, x: float, y: float) -> None:
        super().__init__("test", next(_touches), {"x": x, "y": y}, is_touch=True, type_id="touch")

    def depack(self, args: Any) -> None:
        """Take the place in fractions of the window, as input providers give it."""
        self.sx, self.sy = args["x"], args["y"]
        self.profile = ["pos"]
        super().depack(args)


class NothingThere(AssertionError):
    """What a hand was told to touch is not on the screen."""


class Hand:
    """Drives one window."""

    def __init__(self, app: TabletApp) -> None:
        self.app = app

    @classmethod
    def open(cls, home: Path, make_backstage: Callable[[Path], Backstage]) -> Hand:
        """Open the window."""
        app = TabletApp(home, make_backstage)
        app._run_prepare()
        if EventLoop.status != "started":
            runTouchApp(embedded=True)
        hand = cls(app)
        hand.settle()
        return hand

    def close(self) -> None:
        """Close the window as its owner does; the next test opens it anew."""
        if self.app.stage.parent is None:
            return
        self.app.dispatch("on_stop")
        Window.remove_widget(self.app.stage)
        self.settle()

    # -- time ---------------------------------------------------------------------------------

    def settle(self, frames: int = SETTLE) -> None:
        """Let some frames pass."""
        for _each in range(frames):
            EventLoop.idle()

    def wait(self, condition: Callable[[], object], what: str = "") -> None:
        """Let frames pass until `condition` holds."""
        for _each in range(FRAMES_MAX):
            if condition():
                self.settle()
                return
            EventLoop.idle()
        raise NothingThere(f"waited in vain for {what or condition}: {self.texts()}")

    def rest(self) -> None:
        """Wait until nothing is under way."""
        self.wait(lambda: self.app.backstage.under_way == 0, "the backstage")

    # -- eye ----------------------------------------------------------------------------------

    def widgets(self) -> Iterator[Widget]:
        """Every widget of the top sheet, or of the page."""
        stage = self.app.stage
        top = stage.sheets[-1] if stage.sheets else stage.page
        yield from top.walk()

    def texts(self) -> list[str]:
        """All words on the screen, a toast among them."""
        found = [str(widget.text) for widget in self.widgets() if getattr(widget, "text", "")]
        return [*found, self.app.stage.said] if self.app.stage.said else found

    def sees(self, text: str) -> bool:
        """Whether these words stand anywhere."""
        return any(text in "".join(word.split("\n")) for word in self.texts())

    def shot(self, name: str) -> Path:
        """Keep a picture."""
        self.settle()
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        path = ARTEFACTS / f"{name}.png"
        Path(Window.screenshot(str(path))).replace(path)
        return path

    # -- hand ---------------------------------------------------------------------------------

    def tap(self, text: str) -> None:
        """Tap what can be pressed and carries exactly these words."""
        self.tap_widget(self.find(text))

    def tap_field(self, label: str) -> None:
        """Tap into the field with this label."""
        self.tap_widget(self.field(label))

    def write(self, text: str) -> None:
        """Type into what has the focus, character by character, as an input method does."""
        for character in text:
            Window.dispatch("on_textinput", character)
        self.settle()

    def key(self, code: int) -> None:
        """Press a key of a keyboard."""
        Window.dispatch("on_keyboard", code, code, "", [])
        self.settle()

    def press(self, code: int) -> None:
        """Press a key where a page listens to keys itself."""
        Window.dispatch("on_key_down", code, code, "", [])
        self.settle()

    def tap_twice(self, text: str) -> None:
        """Tap again before anything could be drawn."""
        widget = self.find(text)
        x, y = widget.to_window(*widget.center)
        width, height = Window.size
        for _each in range(2):
            touch = Touch(x / width, y / height)
            EventLoop.post_dispatch_input("begin", touch)
            EventLoop.post_dispatch_input("end", touch)
        self.settle()

    def check_targets(self) -> None:
        """Everything that can be pressed is at least 48 dp high and wide, and inside the window."""
        for widget in self.widgets():
            if isinstance(widget, Press) and widget.get_root_window() is not None:
                assert min(widget.size) >= dp(TARGET), (widget, widget.size, widget.text)

    def find(self, text: str) -> Widget:
        """Return what can be pressed and carries these words."""
        for widget in self.widgets():
            if isinstance(widget, Press) and getattr(widget, "text", "") == text and widget.opacity:
                return widget
        raise NothingThere(f"nothing to press says {text!r}: {self.texts()}")

    def field(self, label: str) -> Widget:
        """Return the control of the labelled field."""
        for widget in self.widgets():
            if getattr(widget, "label", "") == label:
                return widget.box
        raise NothingThere(f"no field {label!r}: {self.texts()}")

    def error_of(self, label: str) -> str:
        """Return what stands in red below a field."""
        for widget in self.widgets():
            if getattr(widget, "label", "") == label:
                return str(widget.error)
        raise NothingThere(f"no field {label!r}: {self.texts()}")

    def tap_entry(self) -> None:
        """Tap into the search box."""
        self.tap_widget(next(each for each in self.widgets() if isinstance(each, TextBox)))

    def unlock(self, pin: str) -> None:
        """Type the PIN on the pad and enter."""
        for digit in pin:
            self.tap(digit)
        self.tap("进入")
        self.wait(lambda: self.sees("记录") or self.sees("Records"), "the list")
        self.rest()

    def rows(self) -> list[list[str]]:
        """What each row of the list says, from the top."""
        found = [each for each in self.widgets() if isinstance(each, RecordRow)]
        return [row.words for row in sorted(found, key=lambda row: -row.y)]

    def tap_widget(self, widget: Widget) -> None:
        """Touch the middle of a widget, after scrolling it into sight as a person would."""
        self._bring_into_sight(widget)
        x, y = widget.to_window(*widget.center)
        width, height = Window.size
        assert 0 <= x <= width, f"{widget} is beside the screen"
        assert 0 <= y <= height, f"{widget} is off the screen"
        touch = Touch(x / width, y / height)
        EventLoop.post_dispatch_input("begin", touch)
        self.settle(2)
        EventLoop.post_dispatch_input("end", touch)
        self.settle()

    def _bring_into_sight(self, widget: Widget) -> None:
        above = widget.parent
        while above is not None and above is not Window and not hasattr(above, "scroll_to"):
            above = above.parent
        if not hasattr(above, "scroll_to") or hasattr(above, "view_adapter"):
            return
        if above.children[0].height > above.height:
            above.scroll_to(widget, animate=False)
            self.settle()
