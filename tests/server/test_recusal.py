"""Who must not handle a complaint, and acts of staff on one, through the county's own ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import acting
from server.accounts import Person
from server.recusal import Aim, Place, Worker, handler_misfit, why_not
from server.sight import NotAllowed
from shared.canonical import Value
from shared.operation import Operation
from shared.permissions import rank_of
from shared.rights import Role
from shared.sample import sample_sites
from shared.sites import SiteEdition
from tests.server.test_api import World

SITES = sample_sites()
_ROLES = tuple(role.value for role in Role if role is not Role.CITIZEN)
_IDS = tuple(site.id for site in SITES.sites)
_PLACES = st.builds(Place, st.sampled_from(_IDS), st.sampled_from(_ROLES))


def _above(sites: SiteEdition, site: str) -> set[str]:
    """The site and every one over it: written apart from the rule that is tested."""
    found = {site}
    while parent := sites.by_id(site).parent:
        found.add(parent)
        site = parent
    return found


@given(own=_PLACES, theirs=_PLACES, is_conduct=st.booleans(), is_same=st.booleans())
def test_nobody_handles_a_complaint_about_themselves_or_their_superior(
    own: Place, theirs: Place, is_conduct: bool, is_same: bool
) -> None:
    target = Worker("agent:T", frozenset({"被投诉人"}), (theirs,))
    worker = target if is_same else Worker("staff:W", frozenset({"承办人"}), (own,))
    aim = Aim(is_conduct, frozenset({"被投诉人"}), people=(target,))
    is_below = rank_of(own.role) < rank_of(theirs.role) and theirs.site in _above(SITES, own.site)
    is_beside = is_conduct and own.site == theirs.site and own.role != Role.SUPERVISOR
    assert bool(why_not(worker, aim, SITES)) == (is_same or is_below or is_beside)


@given(own=_PLACES)
def test_an_unknown_target_leaves_the_supervisors_alone(own: Place) -> None:
    worker = Worker("staff:W", frozenset({"承办人"}), (own,))
    unknown = Aim(True, frozenset({"谁"}))
    assert (why_not(worker, unknown, SITES) == "") == (own.role == Role.SUPERVISOR)
    assert why_not(worker, Aim(False), SITES) == ""
    assert why_not(worker, Aim(False, recused=frozenset({"承办人"})), SITES)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "county")
    yield made
    made.county.ledger.engine.dispose()


def _person(world: World, name: str, role: str, site: str) -> Person:
    world.staff(name, role, site)
    with world.county.ledger.read() as tx:
        row = tx.staff_named(name)
    assert row is not None
    return Person(row.staff, name, role, site, False, "", b"")


def _complaint(world: World) -> Operation:
    said: dict[str, Value] = {"target_kind": "equipment", "content": "叫号机坏了"}
    return world.one.act("complaint", "register", said)


def _wanted(done: Operation, act: str, *shown: Operation, **data: object) -> acting.Wanted:
    heads = tuple(one.id for one in shown) or (done.id,)
    return acting.Wanted(done.skeleton.record, act, data, "按规定办理", heads)


def test_staff_act_in_the_order_of_the_life_cycle_and_on_what_they_saw(world: World) -> None:
    watch = _person(world, "督查", "supervisor", "s0001")
    made = _complaint(world)
    with pytest.raises(acting.NotNow, match="已登记"):
        acting.perform(world.county, watch, _wanted(made, "close"))
    with pytest.raises(acting.NoReason):
        acting.perform(
            world.county, watch, acting.Wanted(made.skeleton.record, "triage", {}, " ", ())
        )
    triage = _wanted(made, "triage", triage_result="accept")
    done = acting.perform(world.county, watch, triage)
    assert done.skeleton.author == watch.author
    assert done.data["reason"] == "按规定办理"
    with pytest.raises(acting.MovedOn):
        acting.perform(world.county, watch, triage)
    with world.county.ledger.read() as tx:
        row = tx.record(made.skeleton.record)
        assert row is not None
        assert row.state == "已受理"
        assert tx.scopes_of([made.skeleton.record])[made.skeleton.record], "the site hears of it"


@pytest.mark.parametrize("role", ["village", "department", "administrator"])
def test_who_may_not_triage_learns_so_first_and_changes_nothing(world: World, role: str) -> None:
    other = _person(world, "旁人", role, "s0001")
    made = _complaint(world)
    wrong = _wanted(made, "triage", triage_result="nonsense")
    with pytest.raises(NotAllowed):
        acting.perform(world.county, other, wrong)
    with world.county.ledger.read() as tx:
        assert len(tx.operations_of([made.skeleton.record])[made.skeleton.record]) == 1


def test_the_handler_rule_reads_names_of_the_county(world: World) -> None:
    watch = _person(world, "督查", "supervisor", "s0001")
    clerk = _person(world, "被投诉的", "clerk", world.towns[0])
    mate = _person(world, "同站的", "head", world.towns[0])
    far = _person(world, "别处的", "head", world.towns[1])
    said: dict[str, Value] = {"target_kind": "person", "target_name": "被投诉的"}
    with world.county.ledger.read() as tx:
        editions = world.county.editions(tx)
        told = {
            one.name: handler_misfit(tx, editions, said, one.author, 20261120)
            for one in (watch, clerk, mate, far)
        }
    assert [name for name, reason in told.items() if not reason] == ["督查", "别处的"]
