"""Accounts that follow their postings, wrong entries, and written grants."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from server import staff_changes, staff_desk
from server.accounts import NotServing, Person
from server.county import County, day_number
from server.desk import Desk
from server.due import run_due
from server.staff_changes import Change
from server.staff_desk import (
    NewPerson,
    NoAccount,
    ReasonMissing,
    WrongPlace,
)
from server.staff_people import COMING, LOCKED
from server.staff_postings import (
    Post,
    PostingClash,
    PostingEnded,
    Power,
    UnknownPosting,
    WrongDates,
    WrongPower,
)
from shared import ids
from tests.server.core.world import (
    ITEM,
    Tablet,
    folded,
    judged,
    pass_days,
    township_of,
    villages,
)
from tests.server.staffing import (
    ADMITTED,
    CENTRE,
    a_person,
    a_tablet,
    anna,
    boss,
    county,
    desk,
    end,
    head,
    mould,
    move,
    nothing_changes,
    one,
    postings,
    today,
)

__all__ = ["anna", "boss", "county", "desk", "head", "mould"]


# ---- accounts follow their postings


def test_an_account_serves_by_its_postings_from_day_to_day(desk: Desk, boss: Person) -> None:
    town = township_of(villages()[0])
    new = NewPerson("窗口甲", "clerk", CENTRE, reason="到任", from_on=today(desk))
    made = staff_desk.add(desk, boss, new)
    token = desk.accounts.log_in("窗口甲", made.password, "a").token
    later = today(desk) + timedelta(days=2)
    move(desk, boss, made.person, town, later, role="head")

    def now() -> tuple[str, str] | None:
        who = desk.accounts.person_of(desk.accounts.log_in("窗口甲", made.password, "a").token)
        return None if who is None else (who.role, who.site)

    assert now() == ("clerk", CENTRE)
    pass_days(desk.county, 2)
    assert now() == ("head", town)
    with desk.county.ledger.read() as tx:
        row = tx.staff_member(made.person.removeprefix("staff:"))
        assert row is not None
        assert row.role == "clerk", "lists of rows follow with the hourly work"
    run_due(desk.county)
    with desk.county.ledger.read() as tx:
        row = tx.staff_member(made.person.removeprefix("staff:"))
        assert row is not None
        assert (row.role, row.site) == ("head", town)
    end(desk, boss, made.person, today(desk))
    pass_days(desk.county, 1)
    assert desk.accounts.person_of(token) is None
    with pytest.raises(NotServing, match="已经结束"):
        now()


def test_an_account_of_before_gets_its_posting_with_the_first_change(
    desk: Desk, boss: Person
) -> None:
    old = a_person(desk, "老窗口", "clerk", CENTRE)
    assert postings(desk, old.author) == []
    move(desk, boss, old.author, township_of(villages()[0]), today(desk) + timedelta(days=1))
    assert [(role, site) for site, role, _, _ in postings(desk, old.author)] == [
        ("clerk", CENTRE),
        ("clerk", township_of(villages()[0])),
    ]
    assert postings(desk, old.author)[0][2] == day_number(today(desk))


def test_somebody_at_a_tablet_gets_a_posting_and_no_password(desk: Desk, boss: Person) -> None:
    new = NewPerson("代办员", "village", villages()[0], "tablet", reason="到任",
                    from_on=today(desk) + timedelta(days=3), phone="13808130001")  # fmt: skip
    made = staff_desk.add(desk, boss, new)
    assert (made.password, made.person[:6]) == ("", "agent:")
    found = one(desk, boss, made.person)
    assert (found.state, found.name, found.phone) == (COMING, "代办员", "13808130001")
    with nothing_changes(desk, NoAccount):
        staff_desk.reset_password(desk, boss, made.person, "忘记")


def test_a_lock_and_a_reset_end_every_log_in_at_once(desk: Desk, boss: Person) -> None:
    made = staff_desk.add(desk, boss, NewPerson("窗口甲", "clerk", CENTRE, reason="到任"))
    token = desk.accounts.log_in("窗口甲", made.password, "a").token
    staff_desk.lock(desk, boss, made.person, "账号疑似被盗用")
    assert desk.accounts.person_of(token) is None
    assert one(desk, boss, made.person).state == LOCKED
    with pytest.raises(NotServing, match="已锁定"):
        desk.accounts.log_in("窗口甲", made.password, "a")
    staff_desk.unlock(desk, boss, made.person, "查明无事")
    token = desk.accounts.log_in("窗口甲", made.password, "a").token
    fresh = staff_desk.reset_password(desk, boss, made.person, "忘记密码")
    assert desk.accounts.person_of(token) is None
    assert desk.accounts.log_in("窗口甲", fresh, "a").person.must_change
    with desk.county.ledger.read() as tx:
        assert fresh not in repr(tx.audit_entries())
        said = [(e.what, e.detail) for e in reversed(tx.audit_entries(about=made.person))]
    assert said[1:] == [
        ("lock_staff", "账号疑似被盗用"),
        ("unlock_staff", "查明无事"),
        ("reset_password", "忘记密码"),
    ]


# ---- bad input


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"site": "s0001", "role": "village"}, WrongPlace),
        ({"department": "没有的局", "role": "department"}, WrongPlace),
        ({"department": "县民政局"}, WrongPlace),
        ({"reason": " "}, ReasonMissing),
        ({"reason": "长" * 501}, ReasonMissing),
        ({"from_on": date(1990, 1, 1)}, WrongDates),
        ({"from_on": date(2028, 1, 1)}, WrongDates),
        ({"from_on": date(2026, 11, 2), "to_on": date(2026, 11, 1)}, WrongDates),
    ],
)
def test_a_wrong_entry_changes_nothing(
    desk: Desk, boss: Person, wrong: dict[str, str], error: type[Exception]
) -> None:
    good = {"name": "新人", "role": "clerk", "site": CENTRE, "reason": "到任"}
    with nothing_changes(desk, error):
        staff_desk.add(desk, boss, NewPerson(**(good | wrong)))  # type: ignore[arg-type]


def test_a_posting_ends_once_and_is_nobody_elses(
    county: County, desk: Desk, boss: Person, anna: Tablet
) -> None:
    bert = a_tablet(county, anna.site)
    with county.ledger.read() as tx:
        (his,) = tx.postings(person=bert.author)
    theirs = Change(ids.record_text(his.posting), today(desk), True, reason="离任")
    with nothing_changes(desk, UnknownPosting):
        staff_changes.make(desk, boss, anna.author, theirs)
    row = move(desk, boss, anna.author, villages(2)[1], today(desk))
    end(desk, boss, anna.author, today(desk) + timedelta(days=5))
    again = Change(ids.record_text(row.posting), today(desk) + timedelta(days=2), True, reason="改")
    with nothing_changes(desk, PostingEnded, "已经定了结束日期"):
        staff_changes.make(desk, boss, anna.author, again)
    post = Post(anna.author, "", villages(2)[1], "village", today(desk))
    with nothing_changes(desk, PostingClash):
        staff_changes.add_posting(desk, boss, post, "重复")


# ---- grants


def test_a_grant_lends_a_right_for_a_time(county: County, desk: Desk, boss: Person) -> None:
    town = township_of(villages()[0])
    office = Tablet(county, town, posted=False)
    item = "BM-MZ-001"
    post = Post(office.author, "", town, "department", today(desk), None, "县民政局")
    staff_changes.add_posting(desk, boss, post, "到任")
    clerk = a_tablet(county, town, "clerk")
    case = clerk.receive(item=item)
    assert judged(clerk, case) == ADMITTED
    first = today(desk) + timedelta(days=1)
    power = Power(office.author, "县民政局", ("decide", "seal"), (item,), first, first, "1号")
    record = staff_changes.lend(desk, boss, power, "年度授权")
    assert folded(county, record).state == "有效"

    def decide() -> tuple[str, str]:
        words: dict[str, Any] = {"record": case.skeleton.record, "parents": (case.id,)}
        return judged(office, office.record("case", "decide", {"outcome": "granted"}, **words))

    assert decide() == ("refused", "not_permitted"), "the grant has not begun"
    pass_days(county, 1)
    assert decide() == ADMITTED
    pass_days(county, 1)
    assert decide() == ("held", "grant_ended")


def test_a_grant_is_taken_back_and_wrong_ones_are_refused(
    county: County, desk: Desk, boss: Person, anna: Tablet
) -> None:
    first, last = today(desk), today(desk) + timedelta(days=30)
    for wrong, error in (
        (Power(anna.author, "县民政局", (), (), first, last), WrongPower),
        (Power(anna.author, "县民政局", ("king",), (), first, last), WrongPower),
        (Power(anna.author, "县民政局", ("decide",), ("NO-1",), first, last), WrongPower),
        (Power(anna.author, "县民政局", ("decide",), (), last, first), WrongDates),
    ):
        with nothing_changes(desk, error):
            staff_changes.lend(desk, boss, wrong, "授权")
    power = Power(anna.author, "县民政局", ("decide",), (ITEM,), first, last)
    grant = ids.record_text(staff_changes.lend(desk, boss, power, "授权"))
    with nothing_changes(desk, UnknownPosting):
        staff_changes.end_grant(desk, boss, anna.author, ids.record_text(b"x" * 16), last, "收回")
    staff_changes.end_grant(desk, boss, anna.author, grant, today(desk), "收回")
    with county.ledger.read() as tx:
        assert [one.to_on for one in tx.grants(person=anna.author)] == [day_number(today(desk))]
    with nothing_changes(desk, PostingEnded):
        staff_changes.end_grant(desk, boss, anna.author, grant, today(desk), "收回")
