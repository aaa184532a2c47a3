"""What a township's head lets stand, and what a settle on a tablet frees."""

from __future__ import annotations

import pytest

from server.county import County
from tests.server.core.world import DAY, T0, Tablet, judged, ruled, township_of, villages


@pytest.fixture
def gone(county: County) -> Tablet:
    """The tablet of an agent whose posting has ended."""
    tablet = Tablet(county, villages()[0], posted=False)
    tablet.post(tablet.site, "village", to_on=20261020)
    return tablet


@pytest.fixture
def head(county: County) -> Tablet:
    """The head of the township above."""
    return Tablet(county, township_of(villages()[0]), role="head")


def test_the_head_lets_work_after_a_posting_ended_stand(
    county: County, gone: Tablet, head: Tablet
) -> None:
    before = gone.record("consultation", "register", {"question": "？"}, effective_at=T0 - 8 * DAY)
    after = gone.record("consultation", "amend", {"remark": "补充"}, on=before.skeleton.record)
    assert judged(gone, after) == ("held", "posting_ended")
    head.pull()
    confirm = head.record(
        "consultation", "confirm_held", {"operations": [after.id.hex()], "reason": "情况属实"},
        on=before.skeleton.record,
    )  # fmt: skip
    assert judged(head, confirm) == ("admitted", "")
    assert ruled(county, after) == ("admitted", "confirmed")


def test_only_what_is_named_is_confirmed(county: County, gone: Tablet, head: Tablet) -> None:
    before = gone.record("consultation", "register", {"question": "？"}, effective_at=T0 - 8 * DAY)
    after = gone.record("consultation", "amend", {"remark": "补充"}, on=before.skeleton.record)
    judged(gone, after)
    head.pull()
    confirm = head.record(
        "consultation", "confirm_held", {"operations": ["00" * 32], "reason": "？"},
        on=before.skeleton.record,
    )  # fmt: skip
    judged(head, confirm)
    assert ruled(county, after) == ("held", "posting_ended")


def test_an_agent_confirms_nothing(county: County, gone: Tablet, anna: Tablet) -> None:
    before = gone.record("consultation", "register", {"question": "？"}, effective_at=T0 - 8 * DAY)
    after = gone.record("consultation", "amend", {"remark": "补充"}, on=before.skeleton.record)
    judged(gone, after)
    anna.pull()
    confirm = anna.record(
        "consultation", "confirm_held", {"operations": [after.id.hex()], "reason": "？"},
        on=before.skeleton.record,
    )  # fmt: skip
    assert judged(anna, confirm)[0] != "admitted"
    assert ruled(county, after) == ("held", "posting_ended")
