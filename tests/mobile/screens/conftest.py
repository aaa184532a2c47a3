"""The window's tests draw real pixels without a screen: EGL and a software rasteriser."""

from __future__ import annotations

import os

# Before anything imports Kivy: it reads these once.
os.environ.update(
    SDL_VIDEODRIVER="offscreen", LP_NUM_THREADS="0", KIVY_NO_CONFIG="1", KIVY_NO_ARGS="1",
    KIVY_NO_CONSOLELOG="1", KIVY_NO_FILELOG="1",
)  # fmt: skip
