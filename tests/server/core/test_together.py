"""Envelopes of one request share a transaction, and none of them pays for another."""

from __future__ import annotations

from server.county import County
from server.ingest import take_envelopes
from tests.server.core.world import Tablet, ruled


def test_a_whole_request_is_taken_in_once(county: County, anna: Tablet) -> None:
    for number in range(24):
        anna.consult(f"第{number}问")
    at = county.now()
    envelopes = [(anna.seal(seq, seq), at) for seq in range(1, len(anna.log) + 1)]
    taken = take_envelopes(county, envelopes)
    assert all(one.refusal is None and one.fresh == 1 for one in taken)
    again = take_envelopes(county, envelopes)
    assert {one.fresh for one in again} == {0}


def test_one_bad_envelope_keeps_back_only_itself(county: County, anna: Tablet) -> None:
    anna.consult()
    first, at = anna.seal(), county.now()
    begun = len(anna.log)
    anna.consult()
    second = anna.seal(begun + 1)
    bad = first[:-1] + bytes([first[-1] ^ 1])
    taken = take_envelopes(county, [(raw, at) for raw in (first, bad, b"garbage", second)])
    codes = [one.refusal.code if one.refusal else None for one in taken]
    assert codes == [None, "signature", "malformed", None]
    assert taken[0].fresh
    assert taken[3].fresh


def test_a_session_stays_open_from_envelope_to_envelope_and_ends_once(
    county: County, anna: Tablet
) -> None:
    first, second = anna.consult(), anna.consult()
    of_first = anna.session
    anna.open_session()
    third = anna.consult()
    stale = anna.record("consultation", "register", {"question": "何时办好？"}, session=of_first)
    fourth = anna.consult()
    at = county.now()
    taken = take_envelopes(county, [(anna.seal(n, n), at) for n in range(1, len(anna.log) + 1)])
    assert all(one.fresh == 1 for one in taken)
    assert {ruled(county, op) for op in (first, second, third, fourth)} == {("admitted", "")}
    assert ruled(county, stale) == ("refused", "no_session")
