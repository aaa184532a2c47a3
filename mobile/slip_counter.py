"""The day's counter of slip numbers: it never runs back, whatever the clock or a restore does.

The exact counter lies in the store. A reserve lies outside: a store restored from an older copy
goes on above everything that may have been printed. The reserve is synced once per fifty numbers.
"""

from __future__ import annotations

import contextlib
from datetime import date
from pathlib import Path

from mobile import files
from mobile.streams import Stream
from shared import slips

RESERVE = 50


class SlipCounter:
    """Gives slip numbers of one device; `path` is the reserve outside the store."""

    def __init__(self, path: Path, short_code: str) -> None:
        self._path = path
        self._short_code = short_code
        self._reserved = self._read()

    def next(self, stream: Stream, on: date) -> str:
        """Return the next number and note it on `stream`, which the caller saves.

        A clock that ran back stays on the last day given. Raises NotSaved.
        """
        day = max(stream.slip_day, on.toordinal())
        count = stream.slip_count + 1 if day == stream.slip_day else 1
        if (day, count) > self._reserved:
            self._reserve(day, count + RESERVE - 1)
        stream.slip_day, stream.slip_count = day, count
        return str(slips.make(self._short_code, date.fromordinal(day), count))

    def skip_reserved(self, stream: Stream) -> None:
        """Go on above the reserve: the store was restored, what it forgot may have been printed."""
        stream.slip_day, stream.slip_count = max(self._read(), (stream.slip_day, stream.slip_count))

    def _reserve(self, day: int, count: int) -> None:
        # Another window may have reserved more in the meantime.
        reserved = max((day, count), self._read())
        files.write(self._path, b"%d %d" % reserved)
        self._reserved = reserved

    def _read(self) -> tuple[int, int]:
        with contextlib.suppress(FileNotFoundError, ValueError):
            day, count = self._path.read_bytes().split()
            return int(day), int(count)
        return 0, 0
