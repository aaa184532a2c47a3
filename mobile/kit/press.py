"""What can be pressed: the one behaviour under buttons, rows, tiles and keys."""

from __future__ import annotations

from typing import Any

from kivy.uix.behaviors import ButtonBehavior


class Press(ButtonBehavior):
    """Calls `tapped` once when it is released inside.

    `quiet_s` after a tap another one is passed over: two quick taps on 保存 save once.
    """

    quiet_s = 0.0

    def __init__(self, **rest: Any) -> None:
        self._last_tap = -1e9
        super().__init__(**rest)

    def on_press(self) -> None:
        """Show that the finger is felt."""
        self.felt(True)

    def on_release(self) -> None:
        """Do what the press means."""
        self.felt(False)
        touch = self.last_touch
        if touch is not None and touch.time_start - self._last_tap < self.quiet_s:
            return
        self._last_tap = touch.time_start if touch is not None else self._last_tap
        self.tapped()

    def on_touch_up(self, touch: Any) -> bool:
        """Let go: also where the finger slid away."""
        taken = bool(super().on_touch_up(touch))
        if self.state == "normal":
            self.felt(False)
        return taken

    def felt(self, down: bool) -> None:
        """Look pressed, or not."""

    def tapped(self) -> None:
        """Overridden: what the press does."""
