"""What an act's data must fit: the item's procedures, days of extension, errands, frozen items."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from server.county import County
from server.publishing import publish
from shared.canonical import Value
from shared.catalogue import CatalogueEdition
from shared.operation import Operation
from shared.sample import sample_catalogue
from tests.server.core import test_forwarding as forwarding
from tests.server.core import test_receiving as receiving
from tests.server.core.test_receiving import ADMITTED, FOREST, PROPOSED, REFUSED, act, sent
from tests.server.core.world import ITEM, OTHER_ITEM, Tablet, folded

clerk, forester, head = receiving.clerk, receiving.forester, receiving.head
town, working = receiving.town, forwarding.working
NOT_LISTED, TOO_LONG = ("refused", "procedure_unlisted"), ("refused", "extension_days")
FROZEN, NOT_ERRAND = ("refused", "item_frozen"), ("refused", "not_errand")


# ---- special procedures


@pytest.mark.parametrize(
    ("procedure", "want"),
    [("现场核查", ADMITTED), ("鉴定", ADMITTED), ("听证", NOT_LISTED), ("喝茶", NOT_LISTED)],
)
def test_a_clock_stands_for_what_the_catalogue_lists(
    forester: Tablet, head: Tablet, working: Operation, procedure: str, want: tuple[str, str]
) -> None:
    said: dict[str, Value] = {"procedure": procedure, "approved_by": head.author}
    assert act(forester, working, "suspend", **said) == want


def test_a_proposal_that_cannot_stand_does_not_wait(clerk: Tablet, working: Operation) -> None:
    assert act(clerk, working, "suspend", procedure="喝茶") == NOT_LISTED
    assert act(clerk, working, "suspend", procedure="鉴定") == PROPOSED


def test_who_may_not_suspend_is_told_so_first(anna: Tablet, working: Operation) -> None:
    assert act(anna, working, "suspend", procedure="喝茶") == REFUSED


@pytest.mark.parametrize("item", ["BM-SF-001", "BM-XX-999"])
def test_where_nothing_is_listed_no_clock_stands(
    county: County, head: Tablet, town: str, item: str
) -> None:
    officer = receiving.officer(county, town, "")
    case = sent(head, head.receive(item=item))
    assert act(head, case, "accept") == ADMITTED
    said: dict[str, Value] = {"procedure": "公示", "approved_by": head.author}
    assert act(officer, case, "suspend", **said) == NOT_LISTED


def test_the_edition_that_a_case_names_is_the_one_that_lists(
    county: County, clerk: Tablet, forester: Tablet, head: Tablet
) -> None:
    old = sample_catalogue()
    new = _replaced(old, special_procedures=("听证",))
    with county.ledger.write() as tx:
        publish(tx, county, [new])
    said: dict[str, Value] = {"approved_by": head.author}
    named = (
        (old.content_hash().hex(), "鉴定", "听证"),
        (new.content_hash().hex(), "听证", "鉴定"),
        ("00" * 32, "听证", "鉴定"),  # an edition the county never published: today's
        ("示范", "听证", "鉴定"),
    )
    for edition, listed, other in named:
        case = sent(clerk, clerk.receive(item=FOREST, item_edition=edition))
        assert act(clerk, case, "accept") == ADMITTED
        assert act(forester, case, "suspend", procedure=other, **said) == NOT_LISTED
        assert act(forester, case, "suspend", procedure=listed, **said) == ADMITTED


def _replaced(old: CatalogueEdition, **changes: object) -> CatalogueEdition:
    items = tuple(
        msgspec.structs.replace(one, **changes) if one.code == FOREST else one for one in old.items
    )
    return msgspec.structs.replace(
        old, number=2, effective_on=date(2026, 10, 1), published_on=date(2026, 10, 1), items=items
    )


# ---- extensions


@pytest.mark.parametrize(("days", "want"), [(1, ADMITTED), (10, ADMITTED), (11, TOO_LONG)])
def test_one_department_s_case_is_extended_by_ten_working_days_at_most(
    forester: Tablet, head: Tablet, working: Operation, days: int, want: tuple[str, str]
) -> None:
    said: dict[str, Value] = {"extend_days": days, "reason": "复核", "approved_by": head.author}
    assert act(forester, working, "extend", **said) == want


@pytest.mark.parametrize(("days", "want"), [(15, ADMITTED), (16, ("refused", "invalid_field"))])
def test_a_joint_case_is_extended_by_fifteen_at_most(
    clerk: Tablet, forester: Tablet, head: Tablet, working: Operation, days: int,
    want: tuple[str, str],
) -> None:  # fmt: skip
    assert act(clerk, working, "amend", joint=True) == ADMITTED
    said: dict[str, Value] = {"extend_days": days, "reason": "复核", "approved_by": head.author}
    assert act(forester, working, "extend", **said) == want


# ---- errands


@pytest.mark.parametrize(
    ("route", "want"), [("c", ADMITTED), (None, ADMITTED), ("a", NOT_ERRAND), ("b", NOT_ERRAND)]
)
def test_only_an_errand_goes_past_the_township(
    anna: Tablet, route: str | None, want: tuple[str, str]
) -> None:
    proxy = sent(anna, anna.entrust(**({"route": route} if route else {})))
    assert act(anna, proxy, "check") == ADMITTED
    assert act(anna, proxy, "finish_errand") == want


def test_finishing_does_not_change_the_route(anna: Tablet) -> None:
    proxy = sent(anna, anna.entrust(route="a"))
    assert act(anna, proxy, "check") == ADMITTED
    assert act(anna, proxy, "finish_errand", route="c") == NOT_ERRAND
    bare = sent(anna, anna.entrust())
    assert act(anna, bare, "finish_errand", route="b") == NOT_ERRAND


# ---- what acceptance freezes

_LIMITS: dict[str, Any] = {"item_name": "参保登记", "promised_days": 0, "statutory_days": 5}


@pytest.mark.parametrize(
    "change",
    [{"item": OTHER_ITEM}, {"promised_days": 40}, {"item": ITEM, "statutory_days": 60}],
)
def test_acceptance_freezes_the_item_and_its_limits(
    clerk: Tablet, head: Tablet, change: dict[str, Value]
) -> None:
    case = sent(clerk, clerk.receive(**_LIMITS))
    assert act(clerk, case, "amend", **_LIMITS, item=ITEM, phone="13800000001") == ADMITTED
    assert act(clerk, case, "accept") == ADMITTED
    before = folded(clerk.county, case).fields
    assert act(clerk, case, "amend", **change) == FROZEN
    assert act(head, case, "reassign", holder=clerk.agent, **change) == FROZEN
    after = folded(clerk.county, case).fields
    assert {key: after.get(key) for key in ("item", *_LIMITS)} == {
        key: before.get(key) for key in ("item", *_LIMITS)
    }


def test_before_acceptance_and_around_the_item_everything_may_change(clerk: Tablet) -> None:
    case = sent(clerk, clerk.receive(**_LIMITS))
    assert act(clerk, case, "amend", item=OTHER_ITEM, item_name="信息变更") == ADMITTED
    assert act(clerk, case, "accept") == ADMITTED
    assert act(clerk, case, "amend", phone="13800000002") == ADMITTED
    same: dict[str, Value] = {"item": OTHER_ITEM, "item_name": "信息变更"}
    assert act(clerk, case, "amend", **same, phone="13800000003") == ADMITTED


def test_a_case_closed_at_once_is_frozen_and_the_county_corrects(clerk: Tablet) -> None:
    case = sent(clerk, clerk.receive(**_LIMITS))
    assert act(clerk, case, "close_on_spot") == ADMITTED
    assert act(clerk, case, "amend", item=OTHER_ITEM) == FROZEN
    assert act(clerk, case, "correct_record", item=OTHER_ITEM) == PROPOSED


# ---- who handles a complaint


def test_a_complaint_is_not_given_to_its_target_by_a_tablet(county: County, anna: Tablet) -> None:
    watch = Tablet(county, anna.site, role="supervisor")
    recused = ("refused", "handler_recused")
    said: dict[str, Value] = {"target_kind": "site", "content": "久等", "target": anna.author}
    complaint = sent(watch, watch.record("complaint", "register", said))
    assert act(watch, complaint, "triage", triage_result="accept") == ADMITTED
    assert act(watch, complaint, "assign", handler=anna.author) == recused
    assert act(watch, complaint, "assign", handler=anna.author.partition(":")[2]) == recused
    # A namesake may be the same person on another tablet: left out, to be on the safe side.
    assert act(watch, complaint, "assign", handler=watch.author) == recused
    assert act(watch, complaint, "assign", handler="staff:WATCHER2") == ADMITTED
