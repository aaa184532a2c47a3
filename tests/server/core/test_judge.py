"""Judging: every reason is reached, every clock is borne, no garbage stops an envelope."""

from __future__ import annotations

from typing import Any

import pytest

from server import reconcile
from server.county import County
from server.storage.rows import Grant
from shared import ids, kinds, reasons
from shared.canonical import Value
from shared.clock import at
from shared.operation import Operation
from tests.server.core.world import (
    BEGUN_ON,
    DAY,
    ITEM,
    T0,
    Tablet,
    folded,
    judged,
    judgement,
    ruled,
    township_of,
    villages,
)

YEARS = 3652 * DAY
REACHED = {
    "", "county_only", "invalid_field", "newer_version", "unknown_kind", "no_session",
    "unknown_agent", "session_signature", "other_author", "citizen_session", "unknown_site",
    "no_posting", "posting_ended", "not_permitted", "only_propose", "conflict_open",
    "confirmed", "conflict_settled", "stream_cut", "device_revoked", "device_suspended", "fork",
    "other_kind", "staff_decision", "sealed_form", "grant_ended", "procedure_unlisted",
    "extension_days", "handler_recused", "item_frozen", "not_errand",
}  # fmt: skip
"""Reasons of a verdict; the tests of this folder ask for each. The rest are fold's own words."""
FOLD_SAYS = {
    "unknown_act", "parent_missing", "data_missing", "state", "other_kind", "once", "value",
}  # fmt: skip


def test_every_reason_code_is_a_verdict_s_or_fold_s() -> None:
    assert reasons.codes() == REACHED | FOLD_SAYS


@pytest.fixture
def clerk(county: County) -> Tablet:
    """The tablet of the township above Anna's village."""
    return Tablet(county, township_of(villages()[0]), role="clerk")


@pytest.fixture
def stranger(county: County) -> Tablet:
    """A tablet of a village in another township."""
    return Tablet(county, villages(1, township=3)[0])


# ---- sessions and authors


def test_an_act_in_a_signed_session_is_admitted_with_the_rank_of_the_role(
    anna: Tablet, clerk: Tablet
) -> None:
    assert judged(anna, anna.consult()) == ("admitted", "")
    case = clerk.receive(item=ITEM)
    assert judged(clerk, case) == ("admitted", "")
    assert [judgement(t.county, t.log[-1]).rank for t in (anna, clerk)] == [1, 2]


@pytest.mark.parametrize("session", [None, b"x" * 32])
def test_an_act_without_a_known_session_is_refused(anna: Tablet, session: bytes | None) -> None:
    op = anna.record("consultation", "register", {"question": "？"}, session=session)
    assert judged(anna, op) == ("refused", "no_session")


def test_an_act_cannot_name_a_session_of_another_device(anna: Tablet, bert: Tablet) -> None:
    anna.consult()
    anna.send()
    assert judged(bert, bert.record(
        "consultation", "register", {"question": "？"}, session=anna.session, author=anna.author
    )) == ("refused", "no_session")  # fmt: skip


def test_an_act_cannot_name_a_session_that_comes_after_it(anna: Tablet) -> None:
    anna.open_session()
    later = Tablet(anna.county, anna.site)
    later.session = b"y" * 32
    op = later.consult()
    later.open_session()
    assert judged(later, op) == ("refused", "no_session")


@pytest.mark.parametrize("in_one_envelope", [True, False])
def test_another_opening_closes_the_session_before(anna: Tablet, in_one_envelope: bool) -> None:
    first = anna.open_session()
    anna.open_session()
    if not in_one_envelope:
        anna.send()
    op = anna.record("consultation", "register", {"question": "？"}, session=first.id)
    good = anna.consult()
    assert judged(anna, op) == ("refused", "no_session")
    assert ruled(anna.county, good) == ("admitted", "")


def test_a_session_goes_on_in_the_next_envelope(anna: Tablet) -> None:
    anna.consult()
    anna.send()
    assert judged(anna, anna.consult()) == ("admitted", "")


def test_nobody_acts_in_the_name_of_somebody_else(anna: Tablet, bert: Tablet) -> None:
    op = anna.record("consultation", "register", {"question": "？"}, author=bert.author)
    assert judged(anna, op) == ("refused", "other_author")


def test_a_session_that_its_agent_did_not_sign_opens_nothing(anna: Tablet, bert: Tablet) -> None:
    anna.agent_key = bert.agent_key
    opened, op = anna.open_session(), anna.consult()
    anna.send()
    late = anna.consult()
    assert judged(anna, late) == ("refused", "session_signature")
    assert ruled(anna.county, opened) == ("refused", "session_signature")
    assert ruled(anna.county, op) == ("refused", "session_signature")


def test_an_opening_cannot_be_moved_to_another_place_of_the_chain(anna: Tablet) -> None:
    first = anna.open_session()
    anna.consult()
    copied = anna.record("session", "open", first.data, session=None)
    assert judged(anna, copied) == ("refused", "session_signature")


def test_an_agent_who_is_not_on_the_device_opens_nothing(anna: Tablet) -> None:
    anna.author = "agent:ZZZZZZZZ"
    op = anna.consult()
    assert judged(anna, op) == ("refused", "unknown_agent")


def test_an_agent_who_waits_for_approval_is_held_and_a_person_admits(anna: Tablet) -> None:
    with anna.county.ledger.write() as tx:
        agent = tx.agent(anna.agent, anna.signing.id)
        assert agent is not None
        tx.put_agent(agent._replace(state="waiting"))
    op = anna.consult()
    assert judged(anna, op) == ("held", "unknown_agent")
    reconcile.judge(anna.county, [op.id], True, "已批准", "ADMIN")
    assert ruled(anna.county, op) == ("admitted", "staff_decision")
    assert folded(anna.county, op).fields["question"] == op.data["question"]


@pytest.mark.parametrize(
    "data", [{"head": 5}, {"signature": ["x"]}, {"citizen_of": 7}, {"nonsense": "x"}]
)
def test_an_opening_with_fields_of_the_wrong_form_is_refused(
    anna: Tablet, data: dict[str, Value]
) -> None:
    assert judged(anna, anna.open_session(changes=data))[0] == "refused"


def test_a_session_knows_no_other_act(anna: Tablet) -> None:
    opened = anna.open_session()
    op = anna.record("session", "void", {"reason": "撤销"}, on=opened.skeleton.record)
    assert judged(anna, op) == ("refused", "invalid_field")


# ---- citizens


def _rating(tablet: Tablet, of: Operation, **words: Any) -> Operation:
    data: dict[str, Value] = {"of": ids.record_text(of.skeleton.record), "level": 1}
    return tablet.record("rating", "rate", data, **{"author": "citizen", **words})


def test_a_citizen_rates_the_one_record_the_session_was_opened_for(anna: Tablet) -> None:
    matter = anna.entrust()
    anna.open_session(citizen_of=matter.skeleton.record)
    op = _rating(anna, matter)
    assert judged(anna, op) == ("admitted", "")
    assert judgement(anna.county, op).rank == 0


def test_a_citizen_session_admits_one_rating(anna: Tablet) -> None:
    matter = anna.entrust()
    anna.open_session(citizen_of=matter.skeleton.record)
    first, second = _rating(anna, matter), _rating(anna, matter)
    assert judged(anna, first) == ("admitted", "")
    assert judged(anna, second) == ("refused", "citizen_session")


def test_a_citizen_session_admits_nothing_else(anna: Tablet) -> None:
    matter, other = anna.entrust(), anna.entrust("王小二")
    anna.send()
    own, strange = (ids.record_text(op.skeleton.record) for op in (matter, other))
    wrong: list[tuple[str, str, dict[str, Value], str]] = [
        ("consultation", "register", {"question": "？"}, "citizen"),
        ("rating", "rate", {"of": strange, "level": 5}, "citizen"),
        ("rating", "rate", {"of": own, "level": 5}, anna.author),
    ]
    for kind, act, data, author in wrong:
        anna.open_session(citizen_of=matter.skeleton.record)
        op = anna.record(kind, act, data, author=author)
        assert judged(anna, op) == ("refused", "citizen_session")


def test_a_citizen_cannot_void_a_bad_rating(anna: Tablet) -> None:
    matter = anna.entrust()
    anna.open_session(citizen_of=matter.skeleton.record)
    bad = _rating(anna, matter)
    anna.open_session(citizen_of=matter.skeleton.record)
    data: dict[str, Value] = {**bad.data, "reason": "删去"}
    del data["level"]
    op = anna.record("rating", "void", data, on=bad.skeleton.record, author="citizen")
    assert judged(anna, op) == ("refused", "not_permitted")


def test_an_agent_session_admits_no_citizen(anna: Tablet) -> None:
    op = _rating(anna, anna.entrust())
    assert judged(anna, op) == ("refused", "other_author")


def test_a_rating_needs_an_agent_who_serves_at_the_site(anna: Tablet, stranger: Tablet) -> None:
    matter = anna.entrust()
    anna.open_session(citizen_of=matter.skeleton.record)
    op = _rating(anna, matter, site=stranger.site)
    assert judged(anna, op) == ("refused", "no_posting")


# ---- rights


def test_acts_at_a_site_nobody_knows_are_refused_and_shown_to_nobody_else(anna: Tablet) -> None:
    for site in ("s9999", "*", ""):
        op = anna.record("consultation", "register", {"question": "？"}, site=site)
        assert judged(anna, op) == ("refused", "unknown_site")
        with anna.county.ledger.read() as tx:
            (scope,) = tx.scopes_of([op.skeleton.record])[op.skeleton.record]
        assert scope == "=" + anna.signing.id.hex()


def test_an_agent_without_a_posting_there_is_refused(anna: Tablet, stranger: Tablet) -> None:
    op = anna.record("consultation", "register", {"question": "？"}, site=stranger.site)
    assert judged(anna, op) == ("refused", "no_posting")


def test_work_after_a_posting_ended_is_held_and_work_before_counts(county: County) -> None:
    gone = Tablet(county, villages()[0], posted=False)
    gone.post(gone.site, "village", to_on=20261020)
    before = gone.record("consultation", "register", {"question": "？"}, effective_at=T0 - 8 * DAY)
    after = gone.consult()
    assert judged(gone, after) == ("held", "posting_ended")
    assert ruled(county, before) == ("admitted", "")


def test_a_posting_that_has_not_begun_gives_no_right(county: County) -> None:
    early = Tablet(county, villages()[0], posted=False)
    early.post(early.site, "village", from_on=20261101)
    assert judged(early, early.consult()) == ("refused", "no_posting")


def test_what_the_role_may_not_do_is_refused(anna: Tablet) -> None:
    op = anna.entrust()
    anna.send()
    taking = anna.record("proxy", "receive", {}, on=op.skeleton.record)
    assert judged(anna, taking) == ("refused", "not_permitted")


def test_what_the_role_may_only_propose_is_held(clerk: Tablet) -> None:
    op = clerk.receive()
    closed = clerk.record("case", "close_on_spot", {}, on=op.skeleton.record)
    assert judged(clerk, closed) == ("admitted", "")
    wrong = clerk.record("case", "correct_record", {"phone": "13800000009"}, on=op.skeleton.record)
    assert judged(clerk, wrong) == ("held", "only_propose")


def test_a_decision_needs_a_grant_that_runs_and_covers_the_item(county: County) -> None:
    site = township_of(villages()[0])
    clerk = Tablet(county, site, role="clerk")
    officer = Tablet(county, site, role="department")
    case = clerk.receive(item="BM-MZ-001").skeleton.record
    clerk.sync()
    for power, items, to_on, want in (
        ("seal", "", None, "refused"),
        ("decide", "BM-XX-999", None, "refused"),
        ("decide", "", 20200102, "held"),
        ("decide", "BM-MZ-001", None, "admitted"),
    ):
        row = Grant(county.entropy(16), officer.author, power, "", items, BEGUN_ON, to_on, None)
        with county.ledger.write() as tx:
            tx.put_grant(row)
        officer.pull()
        op = officer.record("case", "decide", {"outcome": "granted"}, on=case)
        assert judged(officer, op)[0] == want


def test_another_village_may_not_touch_a_record_even_when_all_of_it_was_written_over(
    anna: Tablet, stranger: Tablet
) -> None:
    record = anna.consult("一").skeleton.record
    anna.record("consultation", "answer", {"answer": "好"}, on=record)
    anna.amend(record, question="二")  # no value of the first act stands any more
    anna.send()
    op = stranger.record("consultation", "amend", {"question": "三"}, record=record,
                         parents=anna.fold(record).heads)  # fmt: skip
    assert judged(stranger, op) == ("refused", "not_permitted")
    assert folded(anna.county, record).fields["question"] == "二"


def test_the_machinery_of_the_county_is_closed_to_devices(anna: Tablet) -> None:
    for kind in sorted(kinds.KINDS):
        if kinds.KINDS[kind].county_only:
            op = anna.record(kind, kinds.KINDS[kind].default_act, {})
            assert judged(anna, op) == ("refused", "county_only"), kind


def test_a_record_keeps_its_kind(anna: Tablet) -> None:
    matter = anna.entrust()
    anna.send()
    record = matter.skeleton.record
    early = at(T0 - YEARS)
    other = anna.record("consultation", "register", {"question": "？"}, record=record, clock=early)
    assert judged(anna, other) == ("refused", "other_kind")
    signed = anna._write("session", "open", {}, record=record, session=None, clock=early)
    assert judged(anna, signed) == ("refused", "other_kind")
    assert folded(anna.county, record).kind == "proxy"


# ---- devices


def test_a_suspended_device_s_work_is_held_and_counts_again_afterwards(anna: Tablet) -> None:
    anna.set_state("suspended")
    op = anna.consult()
    assert judged(anna, op) == ("held", "device_suspended")
    anna.set_state("active")
    again = anna.consult()  # in the session that was held: what a person judges, all of it
    assert judged(anna, again) == ("held", "device_suspended")
    anna.open_session()
    assert judged(anna, anna.consult()) == ("admitted", "")


def test_a_revoked_device_s_backlog_counts_up_to_its_cut(anna: Tablet) -> None:
    before = anna.consult()
    anna.send()
    late = anna.consult()
    with anna.county.ledger.write() as tx:
        stream = tx.stream(anna.stream)
        assert stream is not None
        tx.put_stream(stream._replace(cut_seq=3))
    anna.set_state("revoked")
    after = anna.consult()
    assert judged(anna, after) == ("held", "stream_cut")
    assert ruled(anna.county, late) == ruled(anna.county, before) == ("admitted", "")


def test_a_revoked_device_that_was_never_heard_of_is_held(anna: Tablet) -> None:
    anna.set_state("revoked")
    assert judged(anna, anna.consult()) == ("held", "device_revoked")
