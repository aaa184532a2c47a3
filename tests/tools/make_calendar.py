"""Make `shared/data/calendar_2024_2027.json` (development only; tablets carry the table alone).

Usage: python -m tests.tools.make_calendar
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import holidays

from shared import calendars

TARGET = Path(calendars.__file__).parent / "data" / "calendar_2024_2027.json"
OFFICIAL = (2024, 2025, 2026)
PROVISIONAL = (2027,)
_STATUTORY = holidays.country_holidays("CN", years=PROVISIONAL)


def edition() -> calendars.CalendarEdition:
    """Return the edition: announced years from chinesecalendar, 2027 from holidays."""
    announced = {year: _table(year, _announced, provisional=False) for year in OFFICIAL}
    expected = {year: _table(year, _expected, provisional=True) for year in PROVISIONAL}
    return calendars.CalendarEdition(
        number=1,
        document="国务院办公厅2024年、2025年、2026年部分节假日安排的通知；"
        "2027年尚无通知，按法定节假日推算，不含调休，暂定",
        published_on=date(2025, 11, 4),
        years={**announced, **expected},
    )


def text() -> str:
    """Return the content of the file."""
    return json.dumps(edition().to_data(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _announced(on: date) -> bool:
    return bool(chinese_calendar.is_workday(on))


def _expected(on: date) -> bool:
    return bool(_STATUTORY.is_working_day(on))


def _table(year: int, rule: Callable[[date], bool], *, provisional: bool) -> calendars.YearTable:
    first = date(year, 1, 1)
    length = (date(year + 1, 1, 1) - first).days
    days = (first + timedelta(days=offset) for offset in range(length))
    marks = "".join(calendars.WORKED if rule(on) else calendars.FREE for on in days)
    return calendars.YearTable(days=marks, provisional=provisional)


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
