"""What must hold of fold for every history: order, repetition and grouping make no difference."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.canonical import Value
from shared.fold import Entry, fold
from shared.verdict import Status
from tests.shared.history import RECORD, Replica, make, verdict

ACTS: tuple[tuple[str, dict[str, Value]], ...] = (
    ("amend", {"phone": "1"}),
    ("amend", {"phone": "2", "evidence": {"phone": "seen"}}),
    ("amend", {"remark": "x"}),
    ("amend", {"person_name": "王五", "id_no": "5"}),
    ("check", {"check_result": "complete"}),
    ("check", {"check_result": "missing"}),
    ("hand_over", {}),
    ("receive", {}),
    ("withdraw", {}),
    ("settle", {"values": {"phone": "2"}, "reason": "r"}),
    ("deliver", {"delivered_to": "甲"}),
    ("unheard_of", {"phone": "3"}),
)
STATUSES = (Status.ADMITTED,) * 8 + (Status.HELD, Status.REFUSED)


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    """Entries of one record by up to four devices that exchange now and then."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    devices = [Replica(number) for number in range(1, 5)]
    start = Entry(make("entrust", {"person_name": "李四", "item": "A"}), verdict())
    entries = [start]
    for device in devices:
        device.see([start])
    for at in range(1, draw(st.integers(1, 14))):
        device = chance.choice(devices)
        if chance.random() < 0.35:
            device.see([e for e in entries if chance.random() < 0.8])
        act, data = chance.choice(ACTS)
        made = device.act(act, data, at=chance.randrange(at * 5), rank=chance.randint(1, 5))
        judged = Entry(
            made.operation,
            made.verdict._replace(status=chance.choice(STATUSES)) if made.verdict else None,
        )
        device.see([judged])
        entries.append(judged)
    if chance.random() < 0.3:  # a parent that never came
        entries.remove(chance.choice(entries[1:] or entries)) if len(entries) > 1 else None
    return entries


@given(histories(), st.randoms(use_true_random=False))
def test_order_and_repetition_leave_no_trace(entries: list[Entry], chance: random.Random) -> None:
    expected = fold(entries).digest()
    shuffled = [*entries, *chance.choices(entries, k=3)]
    chance.shuffle(shuffled)
    assert fold(shuffled).digest() == expected


@given(histories(), st.integers(0, 2**32))
@settings(max_examples=60)
def test_replicas_that_hold_the_same_set_agree(entries: list[Entry], seed: int) -> None:
    """Two replicas take the entries in other orders and parts; once equal, equal for ever."""
    chance = random.Random(seed)
    one, two = Replica(8), Replica(9)
    for replica in (one, two):
        order = chance.sample(entries, len(entries))
        cut = chance.randrange(len(order) + 1)
        replica.see(order[:cut])
        replica.see(order)
    assert one.record == two.record


@given(histories())
def test_conflicts_are_exactly_the_concurrent_different_values(entries: list[Entry]) -> None:
    """Against the definition itself, written the slow way."""
    record = fold(entries)
    by_id = {entry.operation.id: entry.operation for entry in entries}
    idle = {item.operation for item in record.without_effect}

    def ancestors(op_id: bytes) -> set[bytes]:
        found: set[bytes] = set()
        todo = [op_id]
        while todo:
            for parent in by_id[todo.pop()].skeleton.parents:
                if parent in by_id and parent not in found:
                    found.add(parent)
                    todo.append(parent)
        return found

    writers = {}
    for op in by_id.values():
        values = op.data.get("values") if op.skeleton.act == "settle" else op.data
        if op.id not in idle and isinstance(values, dict) and "phone" in values:
            writers[op.id] = values["phone"]
    covered = {found for op_id in writers for found in ancestors(op_id)}
    live = {value for op_id, value in writers.items() if op_id not in covered}
    shown = {c.value for c in record.registers["phone"]} if "phone" in record.registers else set()
    assert shown == live
    assert (len(live) > 1) == any(c.register == "phone" for c in record.conflicts)


GARBAGE: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
NAMES = st.sampled_from(["values", "evidence", "operations", "phone", "person_name", "state", "x"])


@given(
    st.sampled_from(["amend", "settle", "purge", "declare_lost", "check", "entrust", "void"]),
    st.dictionaries(NAMES, GARBAGE),
)
def test_validly_signed_garbage_never_breaks_the_fold(act: str, data: dict[str, Value]) -> None:
    """Only reachable through a core that admitted it; even then every replica folds the same."""
    start = Entry(make("entrust", {"person_name": "李四", "item": "A"}), verdict())
    odd = Entry(make(act, data, parents=[start.operation], device=2, at=5), verdict())
    assert fold([start, odd]).digest() == fold([odd, start]).digest()


@given(histories())
def test_nothing_disappears(entries: list[Entry]) -> None:
    record = fold(entries)
    told = {e.operation for e in record.history} | {w.operation for w in record.without_effect}
    assert told == {entry.operation.id for entry in entries}
    assert record.id == RECORD
