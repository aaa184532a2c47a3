"""Due dates after another calendar has begun: all of them, once, whoever pulls the plug."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.county import CALENDAR, County
from server.due import run_due
from server.editions import drafts, recounting
from server.editions.content import Content
from server.rebuild import rebuild
from server.storage import Ledger
from server.verify import verify
from shared.calendars import CalendarEdition, YearTable, calendar_in_force
from shared.case_dates import due_of
from tests.server.core.editing import TODAY, Office, accepted, ended
from tests.server.core.world import CODE, Mould, Tablet, township_of, villages

NEW_YEAR = (date(2027, 1, 4), date(2027, 1, 8))
"""A working week by the provisional table, made free by a notice."""
OLD_DUE, NEW_DUE = 20270105, 20270112


@pytest.fixture
def office(county: County) -> Office:
    return Office(county)


@pytest.fixture
def clerk(county: County) -> Tablet:
    return Tablet(county, township_of(villages()[0]), role="clerk")


def test_open_matters_move_and_ended_ones_stay(office: Office, clerk: Tablet) -> None:
    moved, over, near = (
        accepted(clerk, TODAY), accepted(clerk, TODAY), accepted(clerk, TODAY, days=3)
    )  # fmt: skip
    ended(clerk, over, TODAY)
    clerk.sync()
    office.pass_days(2)
    found = [office.due_on(one) for one in (moved, over, near)]
    assert found == [OLD_DUE, OLD_DUE, 20261029]
    published = office.publish_free_days(*NEW_YEAR)
    with office.county.ledger.read() as tx:
        assert recounting.is_due(office.county, tx)
    assert verify(office.county).ok, "while the recount waits, old dates are no violation"
    assert recounting.run(office.county) == 2
    found = [office.due_on(one) for one in (moved, over, near)]
    assert found == [NEW_DUE, OLD_DUE, 20261029]
    with office.county.ledger.read() as tx:
        row = tx.recount(published.id)
        assert row is not None
        assert (row.looked, row.changed, row.later) == (2, 1, 1)
        (change,) = tx.due_changes(published.id)
    assert (change.record, change.before_on, change.after_on, change.provisional) == (
        moved.skeleton.record, OLD_DUE, NEW_DUE, 1,
    )  # fmt: skip
    assert verify(office.county).violations == ()
    rebuild(office.county)
    again = [office.due_on(one) for one in (moved, over, near)]
    assert again == found, "a rebuild gives the dates that the recount left"


def test_verify_sees_a_due_date_that_no_calendar_gives(mould: Mould) -> None:
    with mould.cast() as county:
        office, clerk = Office(county), Tablet(county, township_of(villages()[0]), role="clerk")
        case = accepted(clerk, TODAY)
        clerk.sync()
        assert verify(county).ok
        with county.ledger.write() as tx:
            row = tx.record(case.skeleton.record)
            assert row is not None
            tx.put_records([row._replace(due_on=20270115)])
        assert any("与台账重算的结果不符" in one for one in verify(county).violations)
        office.publish_free_days(*NEW_YEAR)
        assert recounting.run(county) == 1
        assert verify(county).ok, "a recount sets right what was wrong"


def test_a_recount_that_is_cut_off_goes_on_where_it_was(
    both: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recounting, "BATCH", 2)
    office, clerk = Office(both), Tablet(both, township_of(villages()[0]), role="clerk")
    made = [accepted(clerk, TODAY) for _ in range(7)]
    clerk.sync()
    published = office.publish_free_days(*NEW_YEAR)
    assert recounting.run(both, batches=2) == 4
    # As after a kill: another process with nothing in memory.
    again = dataclasses.replace(
        both, ledger=Ledger(both.ledger.engine, CODE, both.keys.data), _cached={}
    )
    with again.ledger.read() as tx:
        progress = recounting.progress(again, tx, published.id)
        assert progress is not None
        assert (progress.is_done, progress.ahead, progress.recount.looked) == (False, 3, 4)
        assert recounting.is_due(again, tx)
    assert run_due(again)["counted_anew"] == 3
    with again.ledger.read() as tx:
        assert {one.record for one in tx.due_changes(published.id)} == {
            one.skeleton.record for one in made
        }
        assert not recounting.is_due(again, tx)
    assert recounting.run(again) == 0


def test_a_calendar_of_the_future_is_counted_by_on_its_day(office: Office, clerk: Tablet) -> None:
    case = accepted(clerk, TODAY)
    clerk.sync()
    office.publish_free_days(*NEW_YEAR, on=TODAY + timedelta(days=3))
    assert run_due(office.county)["counted_anew"] == 0
    assert office.due_on(case) == OLD_DUE
    office.pass_days(4)
    late = accepted(clerk, TODAY)
    ended(clerk, late, TODAY + timedelta(days=1))
    clerk.sync()
    assert office.due_on(late) == OLD_DUE, "it ended under the old calendar, wherever it was"
    assert run_due(office.county)["counted_anew"] == 1
    assert office.due_on(case) == NEW_DUE


def test_a_case_ended_on_the_very_day_is_counted_by_the_new_calendar(
    office: Office, clerk: Tablet
) -> None:
    case = accepted(clerk, TODAY)
    ended(clerk, case, TODAY)
    clerk.sync()
    office.publish_free_days(*NEW_YEAR)
    assert recounting.run(office.county) == 1
    assert office.due_on(case) == NEW_DUE


def test_a_notice_makes_a_year_certain_without_moving_anything(
    office: Office, clerk: Tablet
) -> None:
    case = accepted(clerk, TODAY)
    clerk.sync()
    draft = office.draft(CALENDAR)
    drafts.set_year(
        office.county, office.maker, draft, office.revision(draft), 2027, provisional=False
    )
    published = office.publish(draft)
    recounting.run(office.county)
    with office.county.ledger.read() as tx:
        row = tx.recount(published.id)
        assert row is not None
        assert (row.looked, row.changed) == (1, 0)
        assert not office.county.editions(tx).calendar.is_provisional(date(2027, 1, 4))
    assert office.due_on(case) == OLD_DUE


def test_before_a_second_calendar_there_is_nothing_to_count(office: Office, clerk: Tablet) -> None:
    accepted(clerk, TODAY)
    clerk.sync()
    with office.county.ledger.read() as tx:
        assert not recounting.is_due(office.county, tx)
    assert recounting.run(office.county) == 0


@given(
    cases=st.lists(
        st.tuples(st.integers(0, 4), st.integers(1, 80), st.booleans()), min_size=1, max_size=5
    ),
    free=st.sets(st.integers(0, 364), max_size=40),
    worked=st.sets(st.integers(0, 364), max_size=40),
    ahead=st.integers(0, 3),
)
@settings(
    max_examples=12, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
def test_tablet_and_county_count_the_same_dates(
    mould: Mould, cases: list[tuple[int, int, bool]], free: set[int], worked: set[int], ahead: int
) -> None:
    """After both have the edition, whatever it says and whenever it begins."""
    with mould.cast() as county:
        office, clerk = Office(county), Tablet(county, township_of(villages()[0]), role="clerk")
        made = [accepted(clerk, TODAY + timedelta(days=d), days=n) for d, n, _ in cases]
        for case, (day, _, is_over) in zip(made, cases, strict=True):
            if is_over:
                ended(clerk, case, TODAY + timedelta(days=day))
        clerk.send()
        draft = office.draft(CALENDAR)

        def changed(content: Content) -> Content:
            years = dict(content.calendar.years)
            days = [
                "0" if n in free else "1" if n in worked else one
                for n, one in enumerate(years[2027].days)
            ]
            years[2027] = YearTable("".join(days), False)
            edition = msgspec.structs.replace(content.calendar, years=years)
            return dataclasses.replace(content, edition=edition)

        drafts.change(county, office.maker, draft, office.revision(draft), changed)
        if drafts.opened(county, office.maker, draft).changes.is_empty:
            return
        office.publish(draft, TODAY + timedelta(days=ahead))
        office.pass_days(6)
        run_due(county)
        clerk.pull()
        calendars = [
            CalendarEdition.from_data(entry.operation.data.get("content"))
            for entry in clerk.entries()
            if entry.operation.skeleton.kind == CALENDAR
            and entry.operation.skeleton.act == "publish"
        ]
        calendar = calendar_in_force(calendars, county.today())
        assert calendar is not None
        for case, (_, _, is_over) in zip(made, cases, strict=True):
            due = due_of(calendar, clerk.folded(case.skeleton.record))
            at_county = office.due_on(case)
            if not is_over:
                assert at_county == (int(f"{due.on:%Y%m%d}") if due else None)
        assert verify(county).violations == ()
