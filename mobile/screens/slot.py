"""When to come: a day of the next weeks and an hour, on one sheet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from kivy.metrics import dp
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.gridlayout import GridLayout

from mobile.i18n import _
from mobile.kit.button import PushButton
from mobile.kit.choice import Option
from mobile.kit.sheet import Sheet
from mobile.kit.words import OneLine
from mobile.screens import wording
from shared.calendars import CalendarEdition, CalendarMissing

DAYS = 12
TIMES = ("09:00", "09:30", "10:00", "10:30", "11:00", "11:30",
         "14:00", "14:30", "15:00", "15:30", "16:00", "16:30")  # fmt: skip


def days_ahead(today: date, calendar: CalendarEdition | None, count: int = DAYS) -> list[date]:
    """Return the next working days; where no calendar says, Monday to Friday."""
    days: list[date] = []
    on = today
    while len(days) < count:
        on += timedelta(days=1)
        if _is_working(on, calendar):
            days.append(on)
    return days


def _is_working(on: date, calendar: CalendarEdition | None) -> bool:
    if calendar is not None:
        try:
            return calendar.is_working_day(on)
        except CalendarMissing:
            pass  # beyond the edition: the plain week
    return on.weekday() < 5


def words_of(slot: str) -> str:
    """Return a slot in words; another form as it is."""
    try:
        on = date.fromisoformat(slot[:10])
    except ValueError:
        return slot
    return f"{wording.day(on)} {wording.weekday(on)} {slot[11:]}"


class SlotSheet(Sheet):
    """Days above, hours below; 选好了 takes both."""

    def __init__(self, title: str, now: str, days: list[date], take: Callable[[str], None]) -> None:
        super().__init__(title, wide=860)
        self._take = take
        self._day, _space, self._time = now.partition(" ")
        self._days = [
            Option(on.isoformat(), f"{wording.day(on)} {wording.weekday(on)}", self._choose_day,
                   size_hint=(1, None))
            for on in days
        ]  # fmt: skip
        self._times = [Option(t, t, self._choose_time, size_hint=(1, None)) for t in TIMES]
        self._grid(_("哪一天（只列工作日）"), self._days, 4)
        self._grid(_("几点"), self._times, 6)
        footer = BoxLayout(size_hint_y=None, height=dp(72), padding=(0, dp(8), 0, 0))
        self._done = PushButton(self._finish, text=_("选好了"), sign="check", high=60)
        footer.add_widget(self._done)
        self.panel.add_widget(footer)
        self._show()

    def _grid(self, title: str, options: list[Option], columns: int) -> None:
        self.panel.add_widget(OneLine(title, points=18, bold=True))
        grid = GridLayout(cols=columns, size_hint_y=None, spacing=dp(10))
        grid.bind(minimum_height=grid.setter("height"))
        for option in options:
            grid.add_widget(option)
        self.panel.add_widget(grid)

    def _choose_day(self, code: str) -> None:
        self._day = code
        self._show()

    def _choose_time(self, code: str) -> None:
        self._time = code
        self._show()

    def _show(self) -> None:
        for option in self._days:
            option.chosen = option.code == self._day
        for option in self._times:
            option.chosen = option.code == self._time
        self._done.disabled = not (self._day and self._time)

    def _finish(self) -> None:
        self.close()
        self._take(f"{self._day} {self._time}")
