"""Cases on their way: who approves, who takes what was forwarded, from where a case comes back."""

from __future__ import annotations

import pytest

from server.admin import add_staff
from server.county import County
from shared.canonical import Value
from shared.operation import Operation
from tests.server.core import test_receiving as receiving
from tests.server.core.test_receiving import (
    ADMITTED,
    CIVIL_BUREAU,
    FOREST,
    FOREST_BUREAU,
    PROPOSED,
    REFUSED,
    act,
    code_of,
    named,
    officer,
    sent,
)
from tests.server.core.world import Tablet, folded, ruled, township_of, villages

town, clerk = receiving.town, receiving.clerk
head, forester = receiving.head, receiving.forester


# ---- who approves


@pytest.fixture
def working(clerk: Tablet, forester: Tablet) -> Operation:
    """A case in the hands of its department."""
    case = sent(clerk, clerk.receive(item=FOREST))
    for word in ("accept", "forward", "acknowledge"):
        assert act(forester, case, word) == ADMITTED
    return case


def test_a_head_of_the_township_approves_an_extension(
    county: County, forester: Tablet, head: Tablet, working: Operation
) -> None:
    retired = named(Tablet(county, head.site, posted=False), "老主任")
    retired.post(head.site, "head", to_on=20261020)
    elsewhere = named(Tablet(county, township_of(villages(1, township=3)[0]), role="head"), "外乡")
    for who, want in (
        ("我自己", PROPOSED), ("老主任", PROPOSED), (retired.author, PROPOSED),
        ("外乡", PROPOSED), (elsewhere.author, PROPOSED), (forester.author, PROPOSED),
        ("李婠", PROPOSED), ("周主任", ADMITTED), (head.author, ADMITTED), (head.agent, ADMITTED),
    ):  # fmt: skip
        said: dict[str, Value] = {"extend_days": 5, "reason": "复核", "approved_by": who}
        assert act(forester, working, "extend", **said) == want, who


def test_a_head_at_a_desk_approves_too(
    county: County, town: str, forester: Tablet, working: Operation
) -> None:
    staff, _ = add_staff(county, "郑主任", "head", code_of(county, town))
    add_staff(county, "王窗口", "clerk", code_of(county, town))
    add_staff(county, "李婠", "head", code_of(county, town))
    said: dict[str, Value] = {"extend_days": 5, "reason": "复核"}
    for who, want in (
        ("王窗口", PROPOSED), ("李婠", PROPOSED), ("郑主任", ADMITTED),
        (f"staff:{staff}", ADMITTED),
    ):  # fmt: skip
        assert act(forester, working, "extend", approved_by=who, **said) == want, who


def test_nobody_approves_for_himself(county: County, town: str, clerk: Tablet) -> None:
    both = officer(county, town, FOREST_BUREAU)
    both.post(town, "head")
    case = sent(clerk, clerk.receive(item=FOREST))
    for word in ("accept", "forward", "acknowledge"):
        assert act(both, case, word) == ADMITTED
    said: dict[str, Value] = {"extend_days": 5, "reason": "复核"}
    for who in (both.author, both.agent, "李婠"):
        assert act(both, case, "extend", approved_by=who, **said) == PROPOSED


def test_a_clerk_proposes_even_where_a_head_approved(
    clerk: Tablet, head: Tablet, working: Operation
) -> None:
    said: dict[str, Value] = {"extend_days": 5, "reason": "复核", "approved_by": head.author}
    assert act(clerk, working, "extend", **said) == PROPOSED


# ---- forwarding


def forwarded(clerk: Tablet, **data: Value) -> Operation:
    case = sent(clerk, clerk.receive(item=FOREST))
    assert act(clerk, case, "accept") == ADMITTED
    assert act(clerk, case, "forward", **data) == ADMITTED
    return case


def test_a_forwarded_case_is_taken_by_who_was_named(
    county: County, clerk: Tablet, town: str, forester: Tablet
) -> None:
    bare = officer(county, town, "")
    elsewhere = Tablet(county, villages(1, township=3)[0], posted=False)
    elsewhere.post(elsewhere.site, "clerk")
    taken: tuple[tuple[dict[str, Value], Tablet, Tablet], ...] = (
        ({"holder": forester.agent}, bare, forester),
        ({"holder": forester.author}, clerk, forester),
        ({"holder": FOREST_BUREAU}, bare, forester),
        ({"holder_site": elsewhere.site}, clerk, elsewhere),
        ({"holder": code_of(county, elsewhere.site)}, bare, elsewhere),
    )
    for data, other, receiver in taken:
        case = forwarded(clerk, **data)
        assert act(other, case, "acknowledge") == REFUSED, data
        assert act(receiver, case, "acknowledge") == ADMITTED, data


def test_at_a_named_site_a_department_takes_its_own(
    county: County, clerk: Tablet, forester: Tablet, town: str
) -> None:
    case = forwarded(clerk, holder_site=town)
    assert act(officer(county, town, CIVIL_BUREAU), case, "acknowledge") == REFUSED
    assert act(forester, case, "acknowledge") == ADMITTED


def test_a_name_on_the_tablet_is_a_receiver_too(clerk: Tablet, forester: Tablet) -> None:
    case = forwarded(clerk, holder="赵林业")
    assert act(forester, case, "acknowledge") == REFUSED
    assert act(named(forester, "赵林业"), case, "acknowledge") == ADMITTED


def test_forwarded_to_nobody_it_is_taken_as_ever(
    county: County, clerk: Tablet, head: Tablet, forester: Tablet
) -> None:
    for receiver in (clerk, head, forester):
        assert act(receiver, forwarded(clerk), "acknowledge") == ADMITTED


def test_who_held_it_before_is_not_the_one_it_was_forwarded_to(
    clerk: Tablet, head: Tablet, forester: Tablet
) -> None:
    case = sent(clerk, clerk.receive(item=FOREST))
    assert act(head, case, "reassign", holder=clerk.agent) == ADMITTED
    assert act(clerk, case, "accept") == ADMITTED
    assert act(clerk, case, "forward") == ADMITTED
    assert act(forester, case, "acknowledge") == ADMITTED


def test_a_case_comes_back_from_where_it_lies(
    county: County, anna: Tablet, clerk: Tablet, head: Tablet, forester: Tablet
) -> None:
    case = forwarded(clerk, holder=FOREST_BUREAU)
    for other in (clerk, head):
        assert act(other, case, "send_back", reason="自办") == REFUSED
    assert act(forester, case, "send_back", reason="材料不全") == ADMITTED
    for holder in ({}, {"holder_site": clerk.site}, {"holder": clerk.site}):
        for tablet in (clerk, head):
            case = forwarded(clerk, **holder)
            assert act(tablet, case, "send_back", reason="自办") == ADMITTED


def test_a_procedure_ends_where_the_case_lies(
    clerk: Tablet, head: Tablet, forester: Tablet, working: Operation
) -> None:
    said: dict[str, Value] = {"procedure": "现场核查", "approved_by": head.author}
    assert act(forester, working, "suspend", **said) == ADMITTED
    assert act(clerk, working, "amend", holder=FOREST_BUREAU) == ADMITTED
    assert act(clerk, working, "resume") == REFUSED
    assert act(forester, working, "resume") == ADMITTED


# ---- rows of §3.3


def test_a_village_closes_on_the_spot_what_is_done_at_once(county: County, anna: Tablet) -> None:
    at_once = sent(anna, anna.receive(item="BM-YB-003"))
    assert act(anna, at_once, "close_on_spot") == ADMITTED


def test_the_county_mirrors_a_case_and_no_clerk(anna: Tablet, clerk: Tablet) -> None:
    proxy = sent(anna, anna.entrust())
    assert act(clerk, proxy, "mirror", case_state="已受理") == REFUSED


def test_a_complaint_is_withdrawn_where_it_was_registered(anna: Tablet, clerk: Tablet) -> None:
    said: dict[str, Value] = {"target_kind": "site", "target_site": clerk.site, "content": "慢"}
    told = sent(anna, anna.record("complaint", "register", said))
    assert act(clerk, told, "withdraw") == REFUSED
    assert act(anna, told, "withdraw") == ADMITTED


def test_what_is_proposed_is_held_and_nothing_is_lost(
    county: County, clerk: Tablet, head: Tablet, working: Operation
) -> None:
    said: dict[str, Value] = {"procedure": "现场核查"}
    assert act(clerk, working, "suspend", **said) == PROPOSED
    proposed = clerk.log[-1]
    assert act(head, working, "confirm_held", operations=[proposed.id.hex()]) == ADMITTED
    assert ruled(county, proposed) == ("admitted", "confirmed")
    assert folded(county, working).state == "特别程序"
