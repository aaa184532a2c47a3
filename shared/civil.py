"""Civil time: the calendar day at UTC+8, the one zone of every date in this product.

China keeps one zone and no summer time (State Council order of 1991 ended it), so the offset is a
constant and no time-zone database is read: a tablet without one counts the same days as the county.
"""

from __future__ import annotations

from datetime import date, timedelta, timezone

from shared.errors import BianminError

DAY_MS = 24 * 60 * 60 * 1000
OFFSET_MS = 8 * 60 * 60 * 1000
BEIJING = timezone(timedelta(milliseconds=OFFSET_MS))
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_ORDINAL_MAX = date.max.toordinal()


class InstantOutOfRange(BianminError):
    """An instant outside the years 1 to 9999: it has no date."""


def civil_date(at: int) -> date:
    """Return the date at UTC+8 of the instant `at` (Unix ms); raise InstantOutOfRange."""
    ordinal = _EPOCH_ORDINAL + (at + OFFSET_MS) // DAY_MS
    if not 1 <= ordinal <= _ORDINAL_MAX:
        raise InstantOutOfRange("时间超出可用范围，请核对设备的日期和时间。")
    return date.fromordinal(ordinal)


def start_of_day(on: date) -> int:
    """Return the first instant (Unix ms) of the day `on` at UTC+8."""
    return (on.toordinal() - _EPOCH_ORDINAL) * DAY_MS - OFFSET_MS


def end_of_day(on: date) -> int:
    """Return the instant (Unix ms) at which the day `on` is over: the first one not in it."""
    return start_of_day(on) + DAY_MS


def minute(at: int) -> str:
    """Return the instant `at` (Unix ms) at UTC+8 to the minute, 2026-10-31 08:15.

    Raises InstantOutOfRange.
    """
    minutes = (at + OFFSET_MS) % DAY_MS // (60 * 1000)
    return f"{civil_date(at)} {minutes // 60:02d}:{minutes % 60:02d}"
