"""Who works where, from and to: moves, ends, grants and what they do to work (STORIES.md C3)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server import staff_changes, staff_desk
from server.accounts import Accounts, NotServing, Person
from server.api import messages
from server.county import County, day_number
from server.desk import Desk
from server.due import run_due
from server.sight import NotAllowed
from server.staff_changes import Change, StillHolds
from server.staff_desk import (
    LastAdministrator,
    NewPerson,
    NoAccount,
    OneSelf,
    ReasonMissing,
    Search,
    UnknownPerson,
    WrongPlace,
)
from server.staff_handover import NotHeld, WrongSuccessor
from server.staff_people import COMING, ENDED, LOCKED, SERVING, Someone
from server.staff_postings import (
    Post,
    PostingClash,
    PostingEnded,
    Power,
    UnknownPosting,
    WrongDates,
    WrongPower,
    appoint,
)
from server.staff_serving import serving
from server.storage.rows import Posting, Staff
from server.verify import verify
from shared import ids
from tests.server.core.world import (
    ITEM,
    Mould,
    Tablet,
    folded,
    judged,
    judgement,
    pass_days,
    ruled,
    township_of,
    villages,
)

CENTRE = "s0001"
ADMITTED = ("admitted", "")
WAITS = ("held", "posting_ended")


@pytest.fixture(scope="module")
def mould(tmp_path_factory: pytest.TempPathFactory) -> Mould:
    return Mould(tmp_path_factory.mktemp("mould"))


@pytest.fixture
def county(mould: Mould) -> Iterator[County]:
    """Whatever a test does, the books agree afterwards."""
    with mould.cast() as made:
        yield made
        assert verify(made).violations == ()


@pytest.fixture
def desk(county: County) -> Desk:
    return Desk(county, Accounts(county.ledger, county.now, county.entropy))


@pytest.fixture
def boss(desk: Desk) -> Person:
    return a_person(desk, "管理员", "administrator", CENTRE)


@pytest.fixture
def head(desk: Desk) -> Person:
    return a_person(desk, "主任丁", "head", township_of(villages()[0]))


@pytest.fixture
def anna(county: County) -> Tablet:
    return a_tablet(county, villages()[0])


def a_tablet(county: County, site: str, role: str = "village") -> Tablet:
    """A tablet whose agent was appointed as the county does it."""
    tablet = Tablet(county, site, posted=False)
    post = Post(tablet.author, "李婠", site, role, date(2020, 1, 1))
    county.ledger.writing(lambda tx: appoint(tx, county, "system", post, "到任"))
    return tablet


def a_person(desk: Desk, name: str, role: str, site: str) -> Person:
    """Somebody with an account and no posting, as a county of before has them."""
    row, _ = desk.accounts.add(name, role, site)
    return as_person(row)


def as_person(row: Staff) -> Person:
    return Person(row.staff, row.name, row.role, row.site, False, "", b"")


def today(desk: Desk) -> date:
    return desk.county.today()


def move(
    desk: Desk, person: Person, who: str, to: str, on: date, **more: object
) -> Posting:  # fmt: skip
    words: dict[str, object] = {"reason": "工作调动", "seen_held": True, **more}
    return staff_changes.make(desk, person, who, Change("", on, site=to, **words))  # type: ignore[arg-type]


def end(desk: Desk, person: Person, who: str, last: date, **more: object) -> Posting:
    words: dict[str, object] = {"reason": "离任", "seen_held": True, **more}
    change = Change("", last + timedelta(days=1), True, **words)  # type: ignore[arg-type]
    return staff_changes.make(desk, person, who, change)


def postings(desk: Desk, who: str) -> list[tuple[str, str, int, int | None]]:
    with desk.county.ledger.read() as tx:
        return [(one.site, one.role, one.from_on, one.to_on) for one in tx.postings(person=who)]


def one(desk: Desk, person: Person, who: str) -> Someone:
    return staff_desk.person_page(desk, person, who).one


def unchanged(desk: Desk) -> tuple[object, ...]:
    with desk.county.ledger.read() as tx:
        return (tx.postings(), tx.grants(), tx.staff_list(), tx.county_head().county_seq)


@contextmanager
def nothing_changes(desk: Desk, error: type[Exception], said: str | None = None) -> Iterator[None]:
    """The block raises, and nothing at all was written."""
    before = unchanged(desk)
    with pytest.raises(error, match=said):
        yield
    assert unchanged(desk) == before


# ---- C3: the agent moves


def test_an_agent_moves_and_acts_count_where_they_were_done(
    county: County, desk: Desk, boss: Person, head: Person, anna: Tablet
) -> None:
    old, new = villages(2)
    before = anna.consult("到任前")
    assert judged(anna, before) == ADMITTED
    moved_on = today(desk) + timedelta(days=1)
    move(desk, boss, anna.author, new, moved_on)
    day = day_number(moved_on)
    assert postings(desk, anna.author) == [
        (old, "village", 20200101, day_number(moved_on - timedelta(days=1))),
        (new, "village", day, None),
    ]
    same_day = anna.consult("当天还在原站点")
    assert judged(anna, same_day) == ADMITTED
    pass_days(county, 1)
    late = anna.consult("调走后在原站点")
    assert judged(anna, late) == WAITS
    there = Tablet(county, new, agent=anna.agent, posted=False)
    fresh = there.consult("新站点")
    assert judged(there, fresh) == ADMITTED
    sites = [judgement(county, op).site for op in (before, same_day, fresh)]
    assert sites == [old, old, new]
    done = desk.judge(head, messages.Judge(late.id.hex(), "admit", "补办交接"))
    assert done.skeleton.author == head.author
    assert ruled(county, late) == ("admitted", "staff_decision")


def test_a_move_is_two_operations_signed_by_who_did_it_and_reaches_the_tablets(
    county: County, desk: Desk, boss: Person, anna: Tablet
) -> None:
    row = move(desk, boss, anna.author, villages(2)[1], today(desk))
    begun = folded(county, row.posting)
    assert begun.state == "有效"
    assert begun.fields["user"] == anna.author
    assert begun.fields["from_on"] == today(desk).isoformat()
    with county.ledger.read() as tx:
        done = tx.operations_of([row.posting])[row.posting][0].operation
        entries = tx.audit_entries(what="move_posting")
    assert (done.skeleton.author, done.data["reason"]) == (boss.author, "工作调动")
    assert [entry.about for entry in entries] == [anna.author]
    anna.sync()
    assert done.id in anna.received


def test_the_effect_is_shown_before_and_nothing_has_changed_by_looking(
    county: County, desk: Desk, boss: Person, anna: Tablet
) -> None:
    held, closed = anna.entrust(), anna.entrust("王二")
    assert judged(anna, closed) == ADMITTED
    assert ruled(county, held) == ADMITTED
    change = Change("", today(desk), site=villages(2)[1], reason="工作调动")
    before = unchanged(desk)
    seen = staff_changes.effect(desk, boss, anna.author, change)
    assert unchanged(desk) == before
    assert {each.row.record for each in seen.held} == {
        held.skeleton.record,
        closed.skeleton.record,
    }
    assert (seen.already, seen.tablets, seen.ends_account) == (2, 1, False)
    with nothing_changes(desk, StillHolds, "手里还有 2 件未办结"):
        staff_changes.make(desk, boss, anna.author, change)


def test_open_work_is_handed_over_whole_or_not_at_all(
    county: County, desk: Desk, boss: Person, head: Person, anna: Tablet
) -> None:
    bert = a_tablet(county, anna.site)
    far = a_tablet(county, villages(1, township=1)[0])
    first, second = anna.entrust(), anna.entrust("王二")
    other = bert.entrust("李四")
    for tablet, op in ((anna, first), (anna, second), (bert, other)):
        assert judged(tablet, op) == ADMITTED
    page = staff_changes.hand_over_page(desk, head, anna.author)
    assert [each.row.record for each in page.held] == [
        first.skeleton.record,
        second.skeleton.record,
    ]
    offered = {f"{each.person}@{each.site}" for each in page.successors}
    assert f"{bert.author}@{bert.site}" in offered
    assert f"{far.author}@{far.site}" not in offered
    assert not any(each.startswith(anna.author) for each in offered)
    chosen, to = [ids.record_text(first.skeleton.record)], f"{bert.author}@{bert.site}"
    with nothing_changes(desk, WrongSuccessor):
        staff_changes.hand_over(desk, head, anna.author, chosen, f"{far.author}@{far.site}", "移交")
    with nothing_changes(desk, NotHeld):
        stranger = ids.record_text(other.skeleton.record)
        staff_changes.hand_over(desk, head, anna.author, [*chosen, stranger], to, "移交")
    with nothing_changes(desk, ReasonMissing):
        staff_changes.hand_over(desk, head, anna.author, chosen, to, " ")
    assert staff_changes.hand_over(desk, head, anna.author, chosen, to, "移交") == 1
    assert folded(county, first).fields["holder"] == bert.author
    assert staff_changes.hand_over(desk, head, anna.author, [], to, "移交") == 1
    assert staff_changes.hand_over_page(desk, head, anna.author).held == []
    held = staff_changes.hand_over_page(desk, head, bert.author).held
    assert len(held) == 3
    bert.sync()
    amended = bert.record("proxy", "amend", {"phone": "13808130001"}, on=first.skeleton.record)
    assert judged(bert, amended) == ADMITTED, "the successor goes on with it"


def test_an_end_in_the_past_leaves_what_is_in_the_ledger_and_says_how_much(
    county: County, desk: Desk, boss: Person, anna: Tablet
) -> None:
    op = anna.consult()
    assert judged(anna, op) == ADMITTED
    last = today(desk) - timedelta(days=2)
    seen = staff_changes.effect(desk, boss, anna.author, Change("", today(desk), True))
    assert seen.already == 1
    end(desk, boss, anna.author, last)
    assert ruled(county, op) == ADMITTED
    assert judged(anna, anna.consult()) == WAITS
    assert one(desk, boss, anna.author).state == ENDED


# ---- who may


def test_a_head_moves_and_ends_in_the_own_township_and_nothing_more(
    county: County, desk: Desk, head: Person, anna: Tablet
) -> None:
    near, far = villages(2)[1], villages(1, township=1)[0]
    stranger = a_tablet(county, far)
    with nothing_changes(desk, NotAllowed):
        move(desk, head, anna.author, far, today(desk))
    with nothing_changes(desk, NotAllowed):
        move(desk, head, anna.author, township_of(near), today(desk), role="clerk")
    with nothing_changes(desk, UnknownPerson):
        end(desk, head, stranger.author, today(desk))
    post = Post(anna.author, "", near, "village", today(desk))
    with nothing_changes(desk, NotAllowed):
        staff_changes.add_posting(desk, head, post, "兼职")
    with nothing_changes(desk, NotAllowed):
        power = Power(anna.author, "县民政局", ("decide",), (), today(desk), None)
        staff_changes.lend(desk, head, power, "授权")
    move(desk, head, anna.author, near, today(desk))
    end(desk, head, anna.author, today(desk))
    assert one(desk, head, anna.author).state == SERVING, "today is the last day"


@pytest.mark.parametrize("role", ["village", "clerk", "department"])
def test_others_have_no_list_and_change_nothing(desk: Desk, anna: Tablet, role: str) -> None:
    site = anna.site if role == "village" else township_of(anna.site)
    somebody = a_person(desk, "某人", role, site)
    for act in (
        lambda: staff_desk.people_page(desk, somebody, Search()),
        lambda: staff_desk.person_page(desk, somebody, anna.author),
        lambda: end(desk, somebody, anna.author, today(desk)),
        lambda: staff_desk.lock(desk, somebody, anna.author, "离岗"),
        lambda: staff_changes.hand_over_page(desk, somebody, anna.author),
    ):
        with nothing_changes(desk, NotAllowed):
            act()


def test_a_supervisor_sees_everybody_and_changes_nobody(desk: Desk, anna: Tablet) -> None:
    watch = a_person(desk, "督查", "supervisor", CENTRE)
    assert anna.author in {o.person for o in staff_desk.people_page(desk, watch, Search()).rows}
    page = staff_desk.person_page(desk, watch, anna.author)
    assert (page.may_administer, page.may_move) == (False, False)
    with nothing_changes(desk, NotAllowed):
        end(desk, watch, anna.author, today(desk))


def test_nobody_changes_themselves_and_the_last_administrator_stays(
    desk: Desk, boss: Person
) -> None:
    for act in (
        lambda: end(desk, boss, boss.author, today(desk)),
        lambda: staff_desk.lock(desk, boss, boss.author, "离岗"),
        lambda: staff_desk.reset_password(desk, boss, boss.author, "忘记"),
        lambda: staff_changes.lend(
            desk, boss, Power(boss.author, "县民政局", ("decide",), (), today(desk), None), "授权"
        ),
    ):
        with nothing_changes(desk, OneSelf):
            act()
    other = a_person(desk, "管理员乙", "administrator", CENTRE)
    end(desk, other, boss.author, today(desk))
    third = a_person(desk, "督查", "supervisor", CENTRE)
    pass_days(desk.county, 1)
    with nothing_changes(desk, LastAdministrator):
        staff_desk.lock(desk, as_person_of(desk, third, "administrator"), other.author, "离岗")


def as_person_of(desk: Desk, person: Person, role: str) -> Person:
    """The same person as somebody whose role has just been taken: rights are asked first."""
    return Person(person.staff, person.name, role, CENTRE, False, "", b"")


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


# ---- what always holds

_DAYS = st.integers(1, 20)


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(_DAYS, _DAYS | st.none(), st.sampled_from(["village", "clerk", "administrator"])),
        max_size=5,
    ),
    _DAYS,
)
def test_who_serves_is_the_running_posting_of_the_highest_rank(
    rows: list[tuple[int, int | None, str]], day: int
) -> None:
    account = Staff("A", "甲", "", None, "head", CENTRE, 0, "active", 0)
    made = [
        Posting(bytes([n]) * 16, "staff:A", f"s{n}", role, 20260100 + a, b and 20260100 + b, None)
        for n, (a, b, role) in enumerate(rows)
    ]
    found = serving(account, made, 20260100 + day)
    running = {role for a, b, role in rows if a <= day and (b is None or day <= b)}
    if not rows:
        assert found == account
    elif not running:
        assert found is None
    else:
        assert found is not None
        ranks = {"village": 1, "clerk": 2, "administrator": 5}
        assert ranks[found.role] == max(ranks[role] for role in running)


def test_the_list_finds_by_name_role_township_and_state(
    county: County, desk: Desk, boss: Person, head: Person, anna: Tablet
) -> None:
    far = a_tablet(county, villages(1, township=1)[0])
    everybody = staff_desk.people_page(desk, boss, Search())
    assert everybody.total == everybody.everybody == 4
    assert {o.person for o in staff_desk.people_page(desk, head, Search()).rows} == {
        head.author,
        anna.author,
    }
    for search, found in (
        (Search("主任"), {head.author}),
        (Search(role="village"), {anna.author, far.author}),
        (Search(township=township_of(far.site)), {far.author}),
        (Search(state=ENDED), set()),
        (Search(page=9), set()),
    ):
        rows = staff_desk.people_page(desk, boss, search).rows
        assert {o.person for o in rows} == found, search
