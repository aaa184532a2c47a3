"""When a matter takes its colours: the board's columns say what `warning` says, at any moment."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.civil import start_of_day
from shared.deadlines import (
    Deadline,
    DueDate,
    Extension,
    Limit,
    Suspension,
    Unit,
    Warning,
    add_workdays,
    warning,
)
from shared.marks import marks, pledge_marks
from shared.sample import sample_calendar

CALENDAR = sample_calendar()
FIRST = date(2026, 3, 2)
HOUR = 60 * 60 * 1000
units = st.sampled_from([Unit.WORKDAY, Unit.NATURAL])


@st.composite
def deadlines(draw: st.DrawFn) -> Deadline:
    """Limits of either unit, procedures one after the other, the last perhaps still running."""
    promised = draw(st.integers(0, 30))
    unit = draw(units)
    accepted = FIRST + timedelta(days=draw(st.integers(0, 60)))
    stood: list[Suspension] = []
    on = accepted
    for _ in range(draw(st.integers(0, 2))):
        noticed = on + timedelta(days=draw(st.integers(0, 12)))
        on = noticed + timedelta(days=draw(st.integers(0, 12)))
        stood.append(Suspension(noticed, on))
    told = accepted + timedelta(days=draw(st.integers(0, 40)))
    if draw(st.booleans()):
        stood.append(Suspension(on + timedelta(days=draw(st.integers(0, 12)))))
        told = min(told, stood[-1].noticed_on)  # nobody extends while a procedure runs
    longer = [Extension(draw(st.integers(1, 15)), told)] if draw(st.booleans()) else []
    return Deadline(
        accepted, Limit(promised, unit),
        Limit(promised + draw(st.integers(0, 20)), draw(units)), stood, longer,
    )  # fmt: skip


@given(deadlines(), st.integers(0, 200), st.integers(0, 23))
def test_the_marks_say_the_colour_of_every_moment(deadline: Deadline, day: int, hour: int) -> None:
    """After the last act: a procedure's notice lies in the past of whoever looks."""
    ended = [one.ended_on or one.noticed_on for one in deadline.suspensions]
    last = max([deadline.accepted_on, *ended, *(one.told_on for one in deadline.extensions)])
    now = start_of_day(last + timedelta(days=day)) + hour * HOUR
    assert marks(CALENDAR, deadline).level(now) is warning(now, CALENDAR, deadline)


@given(st.integers(0, 60), st.integers(0, 20), st.integers(0, 60))
def test_a_pledge_colours_as_a_promise_of_as_many_days(offset: int, days: int, later: int) -> None:
    start = FIRST + timedelta(days=offset)
    now = start_of_day(start + timedelta(days=later))
    due = add_workdays(CALENDAR, start, days + 1)
    promise = Deadline(start, Limit(days + 1), Limit(120))
    assert pledge_marks(CALENDAR, start, due).level(now) is warning(now, CALENDAR, promise)
    over = pledge_marks(CALENDAR, start, due, by_law=True)
    is_late = now >= start_of_day(due.on + timedelta(days=1))
    assert (over.level(now) is Warning.BLACK) == is_late


def test_a_pledge_whose_day_was_written_before_it_began_is_late_the_day_after() -> None:
    due = DueDate(FIRST - timedelta(days=3))
    found = pledge_marks(CALENDAR, FIRST, due)
    assert found.level(start_of_day(FIRST)) is Warning.RED


def test_a_limit_of_the_law_beyond_the_calendar_is_not_guessed() -> None:
    found = marks(CALENDAR, Deadline(FIRST, Limit(5), Limit(1000)))
    assert found.red_at is not None
    assert found.black_at is None


def test_a_standing_clock_keeps_its_colour() -> None:
    deadline = Deadline(FIRST, Limit(10), Limit(20), [Suspension(FIRST + timedelta(days=7))])
    found = marks(CALENDAR, deadline)
    assert (found.red_at, found.black_at, found.yellow_at) == (None, None, None)
    assert found.paused_on == FIRST + timedelta(days=7)
    far = start_of_day(FIRST + timedelta(days=100))
    assert found.level(far) is Warning.BLUE is warning(far, CALENDAR, deadline)
