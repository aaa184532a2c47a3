"""Whose act it is: receiving and owning sites, named receivers, departments, heads and grants."""

from __future__ import annotations

import pytest

from server.county import County
from server.storage.rows import Grant, Posting
from shared import ids
from shared.canonical import Value
from shared.operation import Operation
from tests.server.core.world import (
    BEGUN_ON,
    CODE,
    DAY,
    ITEM,
    Tablet,
    folded,
    judged,
    township_of,
    villages,
)

FOREST, FOREST_BUREAU = "BM-LY-001", "县林业局"
POOR, CIVIL_BUREAU = "BM-MZ-001", "县民政局"
"""The catalogue says 县林业局(委托乡镇) and 县民政局(乡镇初审): the note names no other."""
CENTRE = f"{CODE}000000"
ADMITTED, REFUSED = ("admitted", ""), ("refused", "not_permitted")
PROPOSED = ("held", "only_propose")


@pytest.fixture
def town(county: County) -> str:
    return township_of(villages()[0])


@pytest.fixture
def clerk(county: County, town: str) -> Tablet:
    return Tablet(county, town, role="clerk")


@pytest.fixture
def head(county: County, town: str) -> Tablet:
    return named(Tablet(county, town, role="head"), "周主任")


@pytest.fixture
def forester(county: County, town: str) -> Tablet:
    return officer(county, town, FOREST_BUREAU)


def officer(county: County, site: str, department: str) -> Tablet:
    """The tablet of somebody who decides for a department."""
    tablet = Tablet(county, site, posted=False)
    with county.ledger.write() as tx:
        tx.put_posting(Posting(
            county.entropy(16), tablet.author, site, "department", BEGUN_ON, None, None, department
        ))  # fmt: skip
    return tablet


def named(tablet: Tablet, name: str) -> Tablet:
    """Give the tablet's agent another name."""
    with tablet.county.ledger.write() as tx:
        agent = tx.agent(tablet.agent, tablet.signing.id)
        assert agent is not None
        tx.put_agent(agent._replace(name=name))
    return tablet


def granted(tablet: Tablet, items: str = "", to_on: int | None = None) -> None:
    """Give the agent the written power to decide."""
    county = tablet.county
    with county.ledger.write() as tx:
        tx.put_grant(
            Grant(county.entropy(16), tablet.author, "decide", "", items, BEGUN_ON, to_on, None)
        )


def act(tablet: Tablet, on: Operation | bytes, word: str, **data: Value) -> tuple[str, str]:
    """Act on a record, wherever it is known from, and return what the county said."""
    record = on if isinstance(on, bytes) else on.skeleton.record
    known = folded(tablet.county, record)
    op = tablet.record(known.kind, word, data, record=record, parents=known.heads)
    return judged(tablet, op)


def sent(tablet: Tablet, op: Operation) -> Operation:
    assert judged(tablet, op) == ADMITTED
    return op


def code_of(county: County, site: str) -> str:
    with county.ledger.read() as tx:
        code = county.editions(tx).sites.by_id(site).code_on(county.today())
    assert code is not None
    return code.code12


# ---- consultations


@pytest.mark.parametrize("by_code", [False, True])
def test_a_consultation_is_answered_where_it_was_referred_to(
    county: County, anna: Tablet, clerk: Tablet, town: str, by_code: bool
) -> None:
    asked = sent(anna, anna.consult())
    where = code_of(county, town) if by_code else town
    assert act(anna, asked, "refer", refer_to=where) == ADMITTED
    assert act(anna, asked, "answer", answer="好") == REFUSED
    assert act(clerk, asked, "answer", answer="好") == ADMITTED
    assert folded(county, asked).state == "已答复"


def test_a_referral_in_words_is_answered_by_who_referred(anna: Tablet, clerk: Tablet) -> None:
    asked = sent(anna, anna.consult())
    assert act(anna, asked, "refer", refer_to="县医保局窗口") == ADMITTED
    assert act(clerk, asked, "answer", answer="好") == REFUSED
    assert act(anna, asked, "answer", answer="好") == ADMITTED


def test_a_referral_to_a_department_is_its_own_to_answer(county: County, anna: Tablet) -> None:
    asked = sent(anna, anna.consult())
    assert act(anna, asked, "refer", refer_to=CIVIL_BUREAU) == ADMITTED
    assert act(officer(county, "s0001", FOREST_BUREAU), asked, "answer", answer="好") == REFUSED
    assert act(officer(county, "s0001", CIVIL_BUREAU), asked, "answer", answer="好") == ADMITTED


def test_a_department_elsewhere_does_not_answer_what_went_to_a_site(
    county: County, anna: Tablet, town: str
) -> None:
    asked = sent(anna, anna.consult())
    assert act(anna, asked, "refer", refer_to=CENTRE) == ADMITTED
    assert act(officer(county, town, ""), asked, "answer", answer="好") == REFUSED
    assert act(officer(county, "s0001", CIVIL_BUREAU), asked, "answer", answer="好") == ADMITTED


# ---- appointments


def booked(tablet: Tablet, **data: Value) -> Operation:
    said: dict[str, Value] = {"person_name": "张三", "item": ITEM, "slot": "2026-12-01 09:00"}
    return sent(tablet, tablet.record("appointment", "register", said | data))


@pytest.mark.parametrize("by_code", [False, True])
def test_the_site_of_the_slot_confirms_moves_and_receives(
    county: County, anna: Tablet, clerk: Tablet, town: str, by_code: bool
) -> None:
    slot = booked(anna, slot_site=code_of(county, town) if by_code else town)
    for word, data in (
        ("confirm", {}), ("reschedule", {"slot": "2026-12-02 09:00", "slot_site": town}),
        ("confirm", {}), ("arrive", {}),
    ):  # fmt: skip
        assert act(anna, slot, word, **data) == REFUSED
        assert act(clerk, slot, word, **data) == ADMITTED
    assert folded(county, slot).state == "已到"


def test_a_citizen_who_does_not_come_is_noted_by_the_site_of_the_slot(
    county: County, anna: Tablet, clerk: Tablet, town: str
) -> None:
    slot = booked(anna, slot_site=town)
    assert act(clerk, slot, "confirm") == ADMITTED
    assert act(anna, slot, "miss") == REFUSED
    assert act(clerk, slot, "miss") == ADMITTED


def test_without_a_site_the_registering_village_and_its_township_confirm(
    county: County, anna: Tablet, clerk: Tablet
) -> None:
    assert act(anna, booked(anna), "confirm") == ADMITTED
    assert act(clerk, booked(anna), "confirm") == ADMITTED
    far = Tablet(county, township_of(villages(1, township=3)[0]), role="clerk")
    assert act(far, booked(anna), "confirm") == REFUSED


def test_whoever_booked_may_cancel(anna: Tablet, town: str) -> None:
    assert act(anna, booked(anna, slot_site=town), "cancel") == ADMITTED


# ---- papers


def handed(clerk: Tablet, to: str) -> Operation:
    of = ids.record_text(clerk.receive().skeleton.record)
    op = clerk.record("custody", "hand_over", {"of": of, "to_holder": to})
    return sent(clerk, op)


def test_the_named_receiver_of_papers_signs_for_them(
    county: County, anna: Tablet, bert: Tablet, clerk: Tablet
) -> None:
    for to in (anna.agent, anna.author):
        papers = handed(clerk, to)
        assert act(bert, papers, "acknowledge") == REFUSED
        assert act(anna, papers, "acknowledge") == ADMITTED
    for to in (anna.site, code_of(county, anna.site)):
        assert act(bert, handed(clerk, to), "acknowledge") == ADMITTED
    assert act(anna, handed(clerk, "王五"), "acknowledge") == REFUSED


# ---- departments


def test_a_department_owns_what_the_catalogue_says_is_its_own(
    county: County, clerk: Tablet, town: str, forester: Tablet
) -> None:
    trees, poor = sent(clerk, clerk.receive(item=FOREST)), sent(clerk, clerk.receive(item=POOR))
    assert act(forester, poor, "accept") == REFUSED
    assert act(forester, trees, "accept") == ADMITTED
    assert act(officer(county, town, CIVIL_BUREAU), poor, "accept") == ADMITTED


def test_a_county_that_names_no_departments_can_work(
    county: County, clerk: Tablet, town: str
) -> None:
    trees = sent(clerk, clerk.receive(item=FOREST))
    assert act(officer(county, town, ""), trees, "accept") == ADMITTED


def test_a_notice_is_of_the_department_that_owns_its_case(
    county: County, town: str, forester: Tablet
) -> None:
    case = forester.receive(item=FOREST)
    said: dict[str, Value] = {
        "of": ids.record_text(case.skeleton.record), "notice_kind": "received",
    }  # fmt: skip
    at_once = forester.record("notice", "give", said)
    assert judged(forester, at_once) == ADMITTED
    stranger = officer(county, town, CIVIL_BUREAU)
    assert judged(stranger, stranger.record("notice", "give", said)) == REFUSED
    later = forester.record("notice", "give", said | {"notice_kind": "accepted"})
    assert judged(forester, later) == ADMITTED


def test_a_branch_is_decided_by_its_own_department(
    county: County, clerk: Tablet, town: str, forester: Tablet
) -> None:
    case = sent(clerk, clerk.receive(item=FOREST))
    said: dict[str, Value] = {
        "of": ids.record_text(case.skeleton.record), "department": CIVIL_BUREAU,
    }  # fmt: skip
    branch = sent(forester, forester.record("branch", "open", said))
    assert act(forester, branch, "start") == ADMITTED
    civil = officer(county, town, CIVIL_BUREAU)
    for tablet, want in ((forester, REFUSED), (civil, ADMITTED)):
        granted(tablet)
        assert act(tablet, branch, "agree", opinion="同意") == want


# ---- grants


def test_a_grant_without_items_covers_the_own_department_alone(
    county: County, clerk: Tablet, town: str, forester: Tablet
) -> None:
    trees, poor = sent(clerk, clerk.receive(item=FOREST)), sent(clerk, clerk.receive(item=POOR))
    granted(forester)
    for case, want in ((poor, REFUSED), (trees, ADMITTED)):
        assert act(clerk, case, "accept") == ADMITTED
        assert act(forester, case, "decide", outcome="granted") == want


def test_a_decision_after_the_grant_ended_waits_at_the_rank_of_the_role(
    county: County, clerk: Tablet, forester: Tablet
) -> None:
    trees, other = sent(clerk, clerk.receive(item=FOREST)), sent(clerk, clerk.receive(item=POOR))
    granted(forester, to_on=20261020)
    early = forester.record(
        "case", "decide", {"outcome": "granted"}, record=trees.skeleton.record,
        parents=(trees.id,), effective_at=clerk.county.now() - 8 * DAY,
    )  # fmt: skip
    assert judged(forester, early) == ADMITTED
    late = forester.record("case", "decide", {"outcome": "granted"}, record=trees.skeleton.record,
                           parents=(trees.id,))  # fmt: skip
    assert judged(forester, late) == ("held", "grant_ended")
    with county.ledger.read() as tx:
        assert tx.judgements_of([late.id])[late.id].rank == 4
    assert act(forester, other, "decide", outcome="granted") == REFUSED


def test_a_grant_for_other_items_that_ended_holds_nothing(clerk: Tablet, forester: Tablet) -> None:
    trees = sent(clerk, clerk.receive(item=FOREST))
    granted(forester, items=POOR, to_on=20261020)
    assert act(forester, trees, "decide", outcome="granted") == REFUSED


# ---- mergers


def test_a_head_merges_within_the_township_alone(
    county: County, clerk: Tablet, head: Tablet
) -> None:
    far = Tablet(county, township_of(villages(1, township=3)[0]), role="clerk")
    near, strange = sent(clerk, clerk.receive()), sent(far, far.receive())
    for other, want in (
        (ids.record_text(strange.skeleton.record), PROPOSED),
        ("nobody", PROPOSED),
        (ids.record_text(bytes(15) + b"\x01"), PROPOSED),
        (ids.record_text(near.skeleton.record), ADMITTED),
    ):
        case = sent(clerk, clerk.receive())
        assert act(head, case, "merge", merged_into=other) == want


def test_a_head_merges_two_records_of_one_envelope(head: Tablet) -> None:
    one, other = head.receive(), head.receive()
    head.pull()
    into: dict[str, Value] = {"merged_into": ids.record_text(one.skeleton.record)}
    merged = head.record("case", "merge", into, on=other.skeleton.record)
    assert judged(head, merged) == ADMITTED
