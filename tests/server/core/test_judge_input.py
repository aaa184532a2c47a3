"""Judging what no form would ever send: wild clocks, newer versions, signed garbage."""

from __future__ import annotations

from typing import Any, cast

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.county import County
from server.verify import verify
from shared import kinds, lifecycle, operation
from shared.canonical import Value
from shared.clock import Quality, at
from shared.operation import MalformedOperation, Operation
from sync.envelope import seal_envelope
from tests.server.core.world import (
    CODE,
    DAY,
    T0,
    Mould,
    Tablet,
    folded,
    judged,
    judgement,
    ruled,
    villages,
)

YEARS = 3652 * DAY


# ---- clocks


@pytest.mark.parametrize("off", [-10 * YEARS // 10, -10 * YEARS, YEARS, 10 * YEARS, 3600_000])
@pytest.mark.parametrize("quality", list(Quality))
def test_no_clock_is_ever_refused(anna: Tablet, off: int, quality: Quality) -> None:
    op = anna.record("consultation", "register", {"question": "？"}, quality=quality,
                     clock=at(T0 + off), effective_at=T0 + off)  # fmt: skip
    status, reason = judged(anna, op)
    # Ten years back nobody served here yet: the posting is asked, never the clock.
    assert status == "admitted" or reason == "no_posting"


@pytest.mark.parametrize("effective_at", [-(2**47), -1, 0, 2**47])
def test_no_effective_time_stops_an_envelope(anna: Tablet, effective_at: int) -> None:
    op = anna.record("consultation", "register", {"question": "？"}, effective_at=effective_at)
    good = anna.consult()
    assert judged(anna, good) == ("admitted", "")
    assert 0 <= judgement(anna.county, op).effective_at <= anna.county.now() + DAY


def test_a_good_clock_is_believed_up_to_a_day_ahead(anna: Tablet) -> None:
    past = anna.record("consultation", "register", {"question": "？"}, effective_at=T0 - 30 * DAY)
    ahead = anna.record("consultation", "register", {"question": "？"}, effective_at=T0 + 9 * DAY)
    received_at = T0 + 1000
    anna.take(anna.seal(), received_at)
    assert judgement(anna.county, past).effective_at == T0 - 30 * DAY
    assert judgement(anna.county, ahead).effective_at == received_at + DAY
    assert judgement(anna.county, ahead).cap_ms == received_at + DAY


@pytest.mark.parametrize("quality", [Quality.UNKNOWN, Quality.BOUNDED])
def test_a_doubtful_clock_is_moved_between_the_last_anchor_and_the_receipt(
    anna: Tablet, quality: Quality
) -> None:
    anchor, received_at = T0 + DAY, T0 + 3 * DAY
    anna.consult()
    anna.take(anna.seal(), anchor)
    said: dict[str, Value] = {"question": "？"}
    ops = [
        anna.record("consultation", "register", said, quality=quality, effective_at=instant)
        for instant in (T0 - 900 * DAY, T0 + 2 * DAY, T0 + 900 * DAY)
    ]
    anna.take(anna.seal(3), received_at)
    believed = [judgement(anna.county, op).effective_at for op in ops]
    assert believed == [anchor, T0 + 2 * DAY, received_at]


def test_before_the_first_contact_the_enrolment_is_the_anchor(anna: Tablet) -> None:
    op = anna.record("consultation", "register", {"question": "？"}, quality=Quality.UNKNOWN,
                     effective_at=T0 - 4000 * DAY)  # fmt: skip
    anna.send()
    assert judgement(anna.county, op).effective_at == T0


# ---- what this version does not know


def _newer(tablet: Tablet, kind: str = "consultation", data: bytes = b"\xc1") -> Operation:
    """A validly chained operation of version 2, with data this version cannot read."""
    words = tablet._write("consultation", "register", {"question": "？"}, session=tablet.session)
    tablet.log.pop()
    tablet.heads.pop()
    made = words.skeleton
    assert words.salt is not None
    known = msgspec.structs.astuple(made)[1:-1]
    skeleton = [2, *known, operation.data_hash(words.salt, data), "new"]
    skeleton[7] = kind
    if kind == "sealed":
        skeleton[3], skeleton[4], skeleton[5] = "", "", None
    raw = msgspec.msgpack.encode(skeleton)
    op = operation.restore(raw, words.salt, data)
    tablet.append(op)
    return op


@pytest.mark.parametrize("kind", ["consultation", "session", "sealed", "hologram"])
def test_a_newer_version_is_held_untouched(anna: Tablet, kind: str) -> None:
    anna.open_session()
    op = _newer(anna, kind)
    good = anna.consult()
    if kind == "session":
        anna.session = op.id
        assert judged(anna, anna.consult()) == ("held", "newer_version")
        good = anna.open_session()
    assert judged(anna, good) == ("admitted", "")
    assert ruled(anna.county, op) == ("held", "newer_version")
    with anna.county.ledger.read() as tx:
        assert tx.stored([op.id])[op.id].data == b"\xc1"


def test_an_unknown_kind_is_held(anna: Tablet) -> None:
    assert judged(anna, anna.record("hologram", "show", {})) == ("held", "unknown_kind")


# ---- garbage

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_scalar = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=30)
_garbage = st.recursive(
    _scalar | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=6,
)
_device_kinds = sorted(name for name, kind in kinds.KINDS.items() if not kind.county_only)


@st.composite
def _acts(draw: st.DrawFn) -> tuple[str, str, dict[str, Value]]:
    """A kind, one of its acts (or any word), and garbage in its very fields."""
    kind = draw(st.sampled_from(_device_kinds))
    known = [*lifecycle.acts_of(kind), "settle", "purge", "declare_lost", "confirm_held", "seal"]
    act = draw(st.sampled_from(known) | st.from_regex(r"[a-z]{1,8}", fullmatch=True))
    names = st.sampled_from([*kinds.KINDS[kind].fields, "evidence"]) | _text
    return kind, act, draw(st.dictionaries(names, _garbage, max_size=6))


@settings(max_examples=40, deadline=None)
@given(acts=st.lists(_acts(), min_size=1, max_size=6), data=st.data())
def test_validly_signed_garbage_in_every_field_stops_nothing(
    mould: Mould, acts: list[tuple[str, str, dict[str, Value]]], data: st.DataObject
) -> None:
    with mould.cast() as county:
        tablet, other = Tablet(county, villages()[0]), Tablet(county, villages()[0])
        tablet.open_session()
        made: list[Operation] = []
        for kind, act, fields in acts:
            words = _context(tablet, made, data)
            made.append(tablet._write(kind, act, fields, **words))
        tablet.session = None
        good = tablet.consult()
        taken = tablet.send()
        assert (taken.refusal, taken.fresh) == (None, len(tablet.log))
        assert ruled(county, good) == ("admitted", "")
        assert verify(county).violations == ()
        for replica in (tablet, other):
            replica.pull()
            for record in replica.records():
                assert replica.folded(record).digest() == folded(county, record).digest()
        told = {op.skeleton.record for op in made if op.skeleton.kind != "sealed"}
        assert told <= tablet.records()


_odd = st.sampled_from(
    ["\0", "a\0b", "\x1f", "\x7f", "\x85", "\ufffe", "\u202e", "'; --", "😀", "{}", "%s"]
)
_edge = st.sampled_from([2**63 - 1, -(2**63), 2**31, 2**53, True, b"\0" * 40])
_odd_value: st.SearchStrategy[Any] = (
    _odd | _edge | st.lists(_odd, max_size=2) | st.dictionaries(_odd, _odd, max_size=1)
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_what_no_database_expects_in_every_field_stops_nothing(
    both: County, data: st.DataObject
) -> None:
    """PostgreSQL stores no NUL in text: what a device signs must not bring the core down there."""
    tablet = Tablet(both, villages()[0])
    tablet.open_session()
    for kind in data.draw(st.lists(st.sampled_from(_device_kinds), min_size=1, max_size=4)):
        table = kinds.KINDS[kind]
        act = data.draw(st.sampled_from(sorted({table.default_act, *lifecycle.acts_of(kind)})))
        names = data.draw(st.lists(st.sampled_from(sorted(table.fields)) | _odd, max_size=8))
        fields: dict[str, Value] = {name: cast("Value", data.draw(_odd_value)) for name in names}
        words = {"session": tablet.session, "site": data.draw(st.sampled_from(["", "s9", "😀"]))}
        tablet._write(kind, act, fields, **words)
    tablet.session = None
    good = tablet.consult()
    taken = tablet.send()
    assert (taken.refusal, taken.fresh) == (None, len(tablet.log))
    assert ruled(both, good) == ("admitted", "")


@pytest.mark.parametrize("field", ["author", "site"])
@pytest.mark.parametrize("name", ["s\0001", "agent:\x1b[31m", "\x7f", "s\n", "\x85"])
def test_names_hold_no_control_characters(both: County, field: str, name: str) -> None:
    """No tablet ever wrote one; PostgreSQL would not store it, and the device would be stuck."""
    tablet = Tablet(both, villages()[0])
    made = tablet.consult()
    skeleton = msgspec.structs.replace(made.skeleton, **{field: name})
    raw = operation.encode_skeleton(skeleton)
    with pytest.raises(MalformedOperation):
        operation.restore(raw, made.salt, made.data_bytes)
    lying = Operation(operation.operation_id(raw), skeleton, raw, made.salt, made.data_bytes)
    head = tablet.heads[0]
    session_op = tablet.log[0]
    sealed = seal_envelope(
        [session_op, lying], None, county=CODE, device_key=tablet.signing, head_before=head,
        clock=1, recipient_public=both.keys.current_recipient(both.now()).public,
    )  # fmt: skip
    taken = tablet.take(sealed)
    assert taken.refusal is not None
    assert taken.refusal.code == "malformed"
    assert tablet.send().refusal is None


def _context(tablet: Tablet, made: list[Operation], data: st.DataObject) -> dict[str, Any]:
    """The rest of a skeleton: right, or another record, other parents, author and site."""
    words: dict[str, Any] = {"session": tablet.session}
    is_elsewhere: bool = data.draw(st.booleans())
    if made and is_elsewhere:
        target = made[data.draw(st.integers(0, len(made) - 1))]
        words["record"] = target.skeleton.record
        count: int = data.draw(st.integers(0, 2))
        words["parents"] = [target.id, b"p" * 32][:count]
    if data.draw(st.integers(0, 3)) == 0:
        words["author"] = data.draw(st.sampled_from(["", "citizen", "system", "staff:X"]))
    if data.draw(st.integers(0, 3)) == 0:
        words["site"] = data.draw(st.sampled_from(["", "*", "s0001", "s0002", "s9999"]))
    return words


@pytest.mark.parametrize("kind", _device_kinds)
def test_a_known_act_with_a_field_of_the_wrong_form_is_refused(anna: Tablet, kind: str) -> None:
    table = kinds.KINDS[kind]
    if kind in ("session", "sealed"):
        return
    op = anna.record(kind, table.default_act, {next(iter(table.fields)): {"x": [1, b"\0"]}})
    assert judged(anna, op) == ("refused", "invalid_field")


def test_an_act_whose_data_was_left_out_waits_for_it(anna: Tablet) -> None:
    op = anna.consult()
    anna.log[-1] = op.without_data()
    assert judged(anna, op) == ("held", "data_missing")
