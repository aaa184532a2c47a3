"""The sample county 富顺县 (510322) and the first calendar edition, read from package data.

Where the rows come from and what may be relied on: `data/fushun_510322/SOURCE.md`.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from shared.calendars import CalendarEdition

SAMPLE_COUNTY = "510322"


@cache
def sample_calendar() -> CalendarEdition:
    """Return the calendar of 2024 to 2026 as announced and of 2027 as expected (provisional)."""
    return CalendarEdition.from_data(json.loads(_read("calendar_2024_2027.json")))


def _read(name: str) -> str:
    return files("shared").joinpath("data", *name.split("/")).read_text(encoding="utf-8")
