"""The list of held work: all of it, the oldest first."""

from __future__ import annotations

import pytest

from server import admin, reconcile
from server.api import shapes
from server.county import County
from server.deciding import desk_for
from server.storage import judgements
from shared.verdict import Status
from tests.server.core.world import BEGUN_ON, Tablet, pass_days, villages


def test_all_held_work_is_listed_in_the_order_it_came(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judgements, "_PAGE", 3)
    tablet = Tablet(county, villages()[0], posted=False)
    tablet.post(villages()[0], "village", to_on=BEGUN_ON + 1)
    done = []
    for _ in range(4):
        done += [tablet.consult().id.hex() for _ in range(2)]
        pass_days(county, 1)
        tablet.send()
    with county.ledger.read() as tx:
        found = [one for one in reconcile.held(tx) if one.judgement.kind != "session"]
        assert [one.judgement.operation.hex() for one in found] == done
        assert {one.stream for one in found} == {tablet.stream}
        assert [one.operation for one in shapes.held(tx)] == done
        assert list(tx.waiting(Status.REFUSED)) == []


def test_more_than_one_page_is_listed_at_the_command_line_and_at_the_desk(county: County) -> None:
    tablet = Tablet(county, villages()[0], posted=False)
    tablet.post(villages()[0], "village", to_on=BEGUN_ON + 1)
    done = [tablet.consult().id.hex() for _ in range(510)]
    tablet.send()
    with county.ledger.read() as tx:
        assert [one.operation for one in shapes.held(tx)] == done
    admin.accounts_of(county).add("管理员", "administrator", "s0001")
    desk, person = desk_for(county, "管理员")
    assert [one.operation for one in desk.held(person)] == done
