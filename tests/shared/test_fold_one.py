"""Records of one operation, as nearly all are, take the short way through fold: it has to lead to
the same place as the long one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.canonical import Value
from shared.fold import Entry, fold
from shared.kind_table.common import PERSON
from shared.kinds import KINDS
from shared.record import Candidate, Record
from shared.registers import EVIDENCE
from shared.verdict import Status
from tests.shared.history import admitted, make, verdict

PLAIN: st.SearchStrategy[Value] = st.none() | st.text(max_size=3) | st.integers(0, 9)
VALUES: st.SearchStrategy[Value] = (
    PLAIN | st.lists(PLAIN, max_size=2) | st.dictionaries(st.text(max_size=2), PLAIN)
)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """One operation that begins a record, with or without data, verdict and rank of its own."""
    kind = KINDS[draw(st.sampled_from(["proxy", "case", "consultation", "complaint", "rating"]))]
    likely = st.sampled_from([*PERSON.fields, "phone", "item"])
    names = likely | st.sampled_from([*kind.fields, "values", "state", "x"])
    data: dict[str, Value] = {**draw(st.dictionaries(names, VALUES, max_size=8))}
    levels: st.SearchStrategy[Value] = st.sampled_from([*EVIDENCE, "sure", None])
    data["evidence"] = draw(VALUES | st.dictionaries(likely | st.just("x"), levels, max_size=4))
    act = draw(st.sampled_from([kind.default_act] * 6 + ["amend", "settle", "purge", "unheard_of"]))
    op = make(act, data, kind=kind.name)
    ruled = draw(st.none() | st.sampled_from([Status.ADMITTED] * 5 + [Status.HELD, Status.REFUSED]))
    rank = draw(st.sampled_from([None, None, 3]))
    op = op.without_data() if draw(st.integers(0, 9)) == 0 else op
    return Entry(op, None if ruled is None else verdict(ruled, rank=2), rank)


@given(entries())
def test_an_act_beside_it_that_says_nothing_changes_nothing(entry: Entry) -> None:
    """Two operations take the long way: graph, masks, and every register weighed."""
    silent = make("amend", {}, kind=entry.operation.skeleton.kind, parents=[entry.operation], at=9)
    alone, beside = fold([entry]), fold([entry, *admitted(silent)])
    assert [*alone.registers.items()] == [*beside.registers.items()]
    assert [*alone.fields.items()] == [*beside.fields.items()]
    assert alone.state == beside.state
    assert (alone.conflicts, alone.downgrades) == (beside.conflicts, beside.downgrades) == ((), ())
    assert alone.heads == (entry.operation.id,)
    mine = entry.operation.id
    assert alone.history == tuple(one for one in beside.history if one.operation == mine)
    idle = tuple(one for one in beside.without_effect if one.operation == mine)
    assert alone.without_effect == idle


@given(entries())
def test_registers_hold_what_the_act_said(entry: Entry) -> None:
    """Against the kind's table itself, written the slow way."""
    record, op = fold([entry]), entry.operation
    kind, skeleton = KINDS[op.skeleton.kind], op.skeleton
    fields: dict[str, Value] = {}
    expected = {}
    for register in kind.registers.values() if record.history else ():
        if any(name in op.data for name in register.fields):
            whole: Value = {name: op.data.get(name) for name in register.fields}
            expected[register.public_name] = Candidate(
                operation=op.id,
                value=whole if register.composite else op.data[register.public_name],
                evidence=_evidence(register.fields, op.data),
                rank=2 if entry.verdict and not _is_on_top(entry) else entry.provisional_rank or 0,
                clock=skeleton.clock,
                effective_at=skeleton.effective_at,
                quality=skeleton.quality,
                author=skeleton.author,
                site=skeleton.site,
                stream=skeleton.stream,
                provisional=_is_on_top(entry),
            )
            said = {name: op.data.get(name) for name in register.fields}
            fields |= {name: value for name, value in said.items() if value is not None}
    found = {name: values for name, values in record.registers.items() if name != "state"}
    assert found == {name: (one,) for name, one in expected.items()}
    assert record.fields == fields


def _is_on_top(entry: Entry) -> bool:
    is_judged = entry.verdict is not None and entry.verdict.status is not Status.HELD
    return entry.provisional_rank is not None and not is_judged


def _evidence(fields: tuple[str, ...], data: dict[str, Value]) -> str:
    levels = data.get("evidence")
    given = [levels.get(name) for name in fields] if isinstance(levels, dict) else []
    known = [level for level in given if isinstance(level, str) and level in EVIDENCE]
    return max(known, key=lambda level: EVIDENCE[level], default="stated")


def test_of_several_levels_for_one_register_the_best_counts() -> None:
    for levels in ({"id_no": "read", "person_name": "photo"}, {"id_no": "seen", "id_type": "read"}):
        start = make("entrust", {"person_name": "李婠", "evidence": {**levels}})
        assert fold(admitted(start)).registers["person_name"][0].evidence == "read"


def test_one_effective_act_that_was_purged_takes_the_long_way() -> None:
    """The purge follows nothing and is not allowed, but what it erased is gone on every replica."""
    start = make("entrust", {"person_name": "李婠", "phone": "1"})
    named: dict[str, Value] = {"id": start.id.hex(), "fields": ["phone"], "kept": {"phone": "2"}}
    purge = make("purge", {"operations": [named], "reason": "到期"}, device=9, at=1)
    record = fold(admitted(start, purge))
    assert [one.act for one in record.history] == ["entrust"]
    assert {(value.value, value.purged) for value in record.registers["phone"]} == {
        ("2", False),
        (None, True),
    }


def test_digests_never_change() -> None:
    """A replica of today compares itself with one of last year."""
    assert _digest(_whole()) == WHOLE
    assert _digest(_disputed()) == DISPUTED


def _whole() -> Record:
    data: dict[str, Value] = {
        "person_name": "李婠", "id_type": "111", "item": "BM-YB-001", "statutory_days": 30,
        "phone": "13800008000", "care_flags": ["aged"], "remark": None, "practice": True,
        "materials": [{"name": "户口簿", "count": 1}], "evidence": {"person_name": "seen"},
    }  # fmt: skip
    return fold(admitted(make("entrust", data)))


def _disputed() -> Record:
    start = make("entrust", {"person_name": "李婠", "phone": "1", "evidence": {"phone": "seen"}})
    one = make("amend", {"phone": "2"}, parents=[start], seq=2, at=1)
    two = make("amend", {"phone": "3"}, parents=[start], device=2, at=2)
    held = make("amend", {"remark": "x"}, parents=[start], device=3, at=3)
    return fold([*admitted(start, one, two), Entry(held, verdict(Status.HELD))])


WHOLE = "c36a2281be852a37bf3465ebbea4a2ee63215f45c1764f13caadc1e6f8a51d6f"
DISPUTED = "46516886fbd2f81ffdedb28c7856fd72a93afed0f2381d89049353568dc833b1"


def _digest(record: Record) -> str:
    return record.digest().hex()
