"""Who works where, from and to: moves, ends, hand-overs, and who may (STORIES.md C3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server import staff_changes, staff_desk
from server.accounts import Person
from server.api import messages
from server.county import County, day_number
from server.desk import Desk
from server.sight import NotAllowed
from server.staff_changes import Change, StillHolds
from server.staff_desk import (
    LastAdministrator,
    OneSelf,
    ReasonMissing,
    Search,
    UnknownPerson,
)
from server.staff_handover import NotHeld, WrongSuccessor
from server.staff_people import ENDED, SERVING
from server.staff_postings import (
    Post,
    Power,
)
from server.staff_serving import serving
from server.storage.rows import Posting, Staff
from shared import ids
from tests.server.core.world import (
    Tablet,
    folded,
    judged,
    judgement,
    pass_days,
    ruled,
    township_of,
    villages,
)
from tests.server.staffing import (
    ADMITTED,
    CENTRE,
    WAITS,
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
    unchanged,
)

__all__ = ["anna", "boss", "county", "desk", "head", "mould"]


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
