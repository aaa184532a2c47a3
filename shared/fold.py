"""Fold: the one function by which tablet and county turn operations into a record.

A pure function of a *set* of operations and the verdicts in force: order of arrival, repetition and
machine make no difference. It reads no clock, no posting, no catalogue; what those have to say was
said once, in the verdict. See docs/decisions/0002-fold.md.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shared import canonical, clock, kinds, lifecycle
from shared.canonical import Value
from shared.operation import VERSION, Operation
from shared.record import (
    STATE,
    Candidate,
    Conflict,
    Downgrade,
    Effect,
    Record,
    Standing,
    WithoutEffect,
)
from shared.verdict import Status, Verdict, in_force

EVIDENCE = {"stated": 0, "photo": 1, "seen": 2, "read": 3}
"""How sure a value is, weakest first: said, on a photo, original seen, read by a card reader."""

SETTLE = "settle"
PURGE = "purge"
DECLARE_LOST = "declare_lost"
AMEND = "amend"
STEWARD_ACTS = frozenset({SETTLE, PURGE, DECLARE_LOST, "confirm_held"})
"""Acts that every kind of record knows, in any state, beside those of its life cycle."""

_REGISTER_OF = {
    (kind.name, field): register
    for kind in kinds.KINDS.values()
    for register in kind.registers.values()
    for field in register.fields
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation to fold, with the verdict in force for it."""

    operation: Operation
    verdict: Verdict | None
    provisional_rank: int | None = None
    """Set on a tablet for its own operations that are unjudged or held: they fold on top."""


class EmptyFold(ValueError):
    """A record is folded from at least one operation, and all of them name that record."""


class _Node:
    """An operation in its record's graph while folding."""

    __slots__ = (
        "ancestors", "bit", "clock", "cut_off", "data", "effective_at", "op", "provisional",
        "purged_fields", "rank", "reason", "standing",
    )  # fmt: skip

    def __init__(self, entry: Entry) -> None:
        verdict, op = entry.verdict, entry.operation
        self.op = op
        self.ancestors = 0
        self.cut_off = False
        self.bit = 0
        self.reason = ""
        self.data: Mapping[str, Value] = op.data if op.skeleton.version <= VERSION else {}
        self.purged_fields: tuple[str, ...] | None = None
        self.standing: Standing | None = None
        admitted = verdict is not None and verdict.status is Status.ADMITTED
        refused = verdict is not None and verdict.status is Status.REFUSED
        self.provisional = entry.provisional_rank is not None and not admitted and not refused
        if verdict is None or self.provisional:
            self.clock = op.skeleton.clock
            self.effective_at = op.skeleton.effective_at
            self.rank = entry.provisional_rank or 0
            if not self.provisional:
                self.standing = Standing.UNJUDGED
            return
        self.clock = clock.capped(op.skeleton.clock, verdict.cap_ms)
        self.effective_at = verdict.effective_at
        self.rank = verdict.rank
        self.reason = verdict.reason
        if not admitted:
            self.standing = Standing.REFUSED if refused else Standing.HELD

    @property
    def order(self) -> tuple[int, bytes]:
        return (self.clock, self.op.id)


def fold(entries: Iterable[Entry]) -> Record:
    """Return the record of these operations; raise EmptyFold for none, or those of two records."""
    nodes = _gather(entries)
    ordered = _topological(nodes)
    _mark_standing(ordered, nodes)
    kind = next((n.op.skeleton.kind for n in ordered if n.standing is None), None)
    kind = kind or ordered[0].op.skeleton.kind
    state_writers, history = _walk(kind, ordered)
    effective = [node for node in ordered if node.standing is None]
    registers = _registers(kind, effective)
    downgrades = _downgrades(registers)
    live = {name: _live(writes) for name, writes in registers.items()}
    if state_writers:
        live[STATE] = _live(state_writers)
    conflicts = tuple(
        Conflict(name, values) for name, values in sorted(live.items()) if len(values) > 1
    )
    state = live[STATE][0].value if STATE in live else None
    return Record(
        id=ordered[0].op.skeleton.record,
        kind=kind,
        state=state if isinstance(state, str) else None,
        registers=live,
        heads=_heads(ordered),
        conflicts=conflicts,
        without_effect=tuple(
            WithoutEffect(n.op.id, n.standing, n.reason) for n in ordered if n.standing is not None
        ),
        downgrades=downgrades,
        history=history,
        fields=_flat(kind, live),
    )


def _gather(entries: Iterable[Entry]) -> dict[bytes, _Node]:
    merged: dict[bytes, Entry] = {}
    for entry in entries:
        known = merged.get(entry.operation.id)
        merged[entry.operation.id] = entry if known is None else _merge(known, entry)
    if len({entry.operation.skeleton.record for entry in merged.values()}) != 1:
        raise EmptyFold("fold takes the operations of exactly one record")
    return {op_id: _Node(entry) for op_id, entry in merged.items()}


def _merge(one: Entry, other: Entry) -> Entry:
    return Entry(
        one.operation if one.operation.has_data else other.operation,
        in_force(one.verdict, other.verdict),
        _greatest(one.provisional_rank, other.provisional_rank),
    )


def _greatest(one: int | None, other: int | None) -> int | None:
    return max((rank for rank in (one, other) if rank is not None), default=None)


def _topological(nodes: Mapping[bytes, _Node]) -> list[_Node]:
    """Parents first; among those that are free, by (capped clock, id). Sets the ancestor masks.

    Parents are named by hash, so there is no cycle. An operation's position is its bit.
    """
    if len(nodes) == 1:
        (only,) = nodes.values()
        only.bit = 1
        return [only]
    missing_parents = {
        op_id: sum(parent in nodes for parent in node.op.skeleton.parents)
        for op_id, node in nodes.items()
    }
    children: dict[bytes, list[_Node]] = {}
    for node in nodes.values():
        for parent in node.op.skeleton.parents:
            children.setdefault(parent, []).append(node)
    free = [node.order for op_id, node in nodes.items() if not missing_parents[op_id]]
    heapq.heapify(free)
    ordered: list[_Node] = []
    while free:
        node = nodes[heapq.heappop(free)[1]]
        node.bit = 1 << len(ordered)
        for parent in node.op.skeleton.parents:
            if parent in nodes:
                node.ancestors |= nodes[parent].ancestors | nodes[parent].bit
        ordered.append(node)
        for child in children.get(node.op.id, ()):
            missing_parents[child.op.id] -= 1
            if not missing_parents[child.op.id]:
                heapq.heappush(free, child.order)
    return ordered


def _mark_standing(ordered: Sequence[_Node], nodes: Mapping[bytes, _Node]) -> None:
    """Apply purges and losses declared by admitted operations, then mark who waits."""
    lost: set[bytes] = set()
    for node in ordered:
        if node.standing is not None or node.provisional:
            continue
        if node.op.skeleton.act == DECLARE_LOST:
            lost.update(_id(name) for name in _list(node.data.get("operations")))
        elif node.op.skeleton.act == PURGE:
            _apply_purge(node, nodes)
    for node in ordered:
        parents = node.op.skeleton.parents
        missing = [parent for parent in parents if parent not in nodes]
        node.cut_off = bool(missing) or any(nodes[parent].cut_off for parent in parents)
        if node.standing is not None:
            continue
        if node.op.skeleton.version > VERSION:
            node.standing, node.reason = Standing.UNKNOWN, "newer_version"
        elif any(parent not in lost for parent in missing):
            node.standing, node.reason = Standing.WAITING, "parent_missing"
        elif not node.op.has_data and node.purged_fields is None:
            node.standing, node.reason = Standing.WAITING, "data_missing"


def _apply_purge(purge: _Node, nodes: Mapping[bytes, _Node]) -> None:
    """Ignore the data that a purge names, present or not: every replica then folds the same.

    A purge says which fields each operation had written, so that an erased value still covers what
    it covered, and keeps the few impersonal values that the life cycle decides by.
    """
    for named in _list(purge.data.get("operations")):
        if not isinstance(named, dict):
            continue
        node = nodes.get(_id(named.get("id")))
        if node is None:
            continue
        kept = named.get("kept")
        node.data = kept if isinstance(kept, dict) else {}
        fields = _list(named.get("fields"))
        node.purged_fields = tuple(name for name in fields if isinstance(name, str))


class _Write:
    """One write to a register."""

    __slots__ = ("evidence", "node", "purged", "value")

    def __init__(self, node: _Node, value: Value, evidence: str, *, purged: bool = False) -> None:
        self.node = node
        self.value = value
        self.evidence = evidence
        self.purged = purged

    @property
    def precedence(self) -> tuple[int, int, int, bytes]:
        return (EVIDENCE[self.evidence], self.node.rank, self.node.clock, self.node.op.id)


def _walk(kind: str, ordered: Sequence[_Node]) -> tuple[list[_Write], tuple[Effect, ...]]:
    """Walk the life cycle in topological order; mark what is not allowed or not known."""
    writers: list[_Write] = []
    history: list[Effect] = []
    waiting = 0
    for node in ordered:
        if node.standing is Standing.WAITING:
            waiting |= node.bit
        if node.standing is not None:
            continue
        skeleton = node.op.skeleton
        before = _state_before(node, writers)
        after = _state_after(kind, node, before)
        if skeleton.kind != kind:
            node.standing, node.reason = Standing.NOT_ALLOWED, "other_kind"
        elif not _is_known(kind, node):
            node.standing, node.reason = Standing.UNKNOWN, "unknown_act"
        elif not _is_allowed(kind, node, before):
            late = node.ancestors & waiting  # the act may be right once the parent is here
            node.standing = Standing.WAITING if late else Standing.NOT_ALLOWED
            node.reason = "parent_missing" if late else "state"
        if node.standing is not None:
            continue
        if after is not None and _writes_state(kind, node):
            writers.append(_Write(node, after, "stated"))
        history.append(Effect(node.op.id, skeleton.act, before, after, node.effective_at))
    return writers, tuple(history)


def _state_before(node: _Node, writers: Sequence[_Write]) -> str | None:
    """The state shown at the node's own ancestors.

    Where a lost parent cut the node off from its record's beginning, the state reached so far in
    fold order stands in: else declaring the parent lost would free nothing but new records.
    """
    before = [write for write in writers if write.node.bit & node.ancestors]
    if not before and node.cut_off:
        before = list(writers)
    if not before:
        return None
    live = _uncovered(before)
    shown = max(live, key=lambda write: write.precedence).value
    return shown if isinstance(shown, str) else None


def _state_after(kind: str, node: _Node, before: str | None) -> str | None:
    skeleton = node.op.skeleton
    if skeleton.act == SETTLE:
        chosen = _settled(node).get(STATE)
        return chosen if isinstance(chosen, str) else before
    if lifecycle.is_state_act(kind, skeleton.act, version=skeleton.version):
        return lifecycle.next_state(kind, before, skeleton.act, node.data, version=skeleton.version)
    return before


def _writes_state(kind: str, node: _Node) -> bool:
    skeleton = node.op.skeleton
    if skeleton.act == SETTLE:
        return STATE in _settled(node)
    return lifecycle.is_state_act(kind, skeleton.act, version=skeleton.version)


def _is_known(kind: str, node: _Node) -> bool:
    skeleton = node.op.skeleton
    return skeleton.act in STEWARD_ACTS or lifecycle.is_known_act(
        kind, skeleton.act, version=skeleton.version
    )


def _is_allowed(kind: str, node: _Node, before: str | None) -> bool:
    skeleton = node.op.skeleton
    if skeleton.act in STEWARD_ACTS:
        return before is not None
    return lifecycle.may_follow(kind, before, skeleton.act, node.data, version=skeleton.version)


def _settled(node: _Node) -> Mapping[str, Value]:
    values = node.data.get("values")
    return values if isinstance(values, dict) else {}


def _registers(kind: str, effective: Sequence[_Node]) -> dict[str, list[_Write]]:
    """Public register name → all writes to it, in fold order."""
    registers: dict[str, list[_Write]] = {}
    for node in effective:
        evidence = node.data.get("evidence")
        levels = evidence if isinstance(evidence, dict) else {}
        is_settle = node.op.skeleton.act == SETTLE
        written = _settled(node) if is_settle else node.data
        for register in _touched(kind, written):
            value = _value(register, written, is_settle=is_settle)
            write = _Write(node, value, _evidence(register, levels))
            registers.setdefault(register.public_name, []).append(write)
        for register in _touched(kind, node.purged_fields or ()):
            write = _Write(node, None, "stated", purged=True)
            registers.setdefault(register.public_name, []).append(write)
    return registers


def _touched(kind: str, fields: Iterable[str]) -> Iterable[kinds.Register]:
    """The registers that these fields belong to, each once."""
    found = (_REGISTER_OF.get((kind, field)) for field in fields)
    return {register.name: register for register in found if register is not None}.values()


def _value(register: kinds.Register, written: Mapping[str, Value], *, is_settle: bool) -> Value:
    """A composite register is written whole: what the act leaves out is empty, never older."""
    if not register.composite:
        return written[register.fields[0]]
    source = written.get(register.public_name) if is_settle else written
    if not isinstance(source, Mapping):
        source = {register.public_name: source}
    return {name: source.get(name) for name in register.fields}


def _evidence(register: kinds.Register, levels: Mapping[str, Value]) -> str:
    given = [level for name in register.fields if isinstance(level := levels.get(name), str)]
    return max(given, key=lambda level: EVIDENCE.get(level, -1), default="stated")


def _uncovered(writes: Sequence[_Write]) -> list[_Write]:
    covered = 0
    for write in writes:
        covered |= write.node.ancestors
    return [write for write in writes if not write.node.bit & covered]


def _live(writes: Sequence[_Write]) -> tuple[Candidate, ...]:
    """The different uncovered values, the shown one first; of equal values the best stands."""
    if len(writes) == 1:
        return (_candidate(writes[0]),)
    best_first = sorted(_uncovered(writes), key=lambda write: write.precedence, reverse=True)
    distinct: dict[bytes, _Write] = {}
    for write in best_first:
        distinct.setdefault(canonical.encode([write.value, write.purged]), write)
    return tuple(_candidate(write) for write in distinct.values())


def _candidate(write: _Write) -> Candidate:
    node, skeleton = write.node, write.node.op.skeleton
    return Candidate(
        operation=node.op.id, value=write.value, evidence=write.evidence, rank=node.rank,
        clock=node.clock, effective_at=node.effective_at, quality=skeleton.quality,
        author=skeleton.author, site=skeleton.site, stream=skeleton.stream,
        provisional=node.provisional, purged=write.purged,
    )  # fmt: skip


def _downgrades(registers: Mapping[str, Sequence[_Write]]) -> tuple[Downgrade, ...]:
    """Uncovered writes over better evidence that nobody has confirmed by settling."""
    found: list[Downgrade] = []
    for name, writes in sorted(registers.items()):
        if len(writes) < 2 or all(write.evidence == "stated" for write in writes):
            continue
        for write in _uncovered(writes):
            if write.node.op.skeleton.act != SETTLE and not write.purged:
                found.extend(_covered_better(name, write, writes))
    return tuple(found)


def _covered_better(name: str, write: _Write, writes: Sequence[_Write]) -> Iterable[Downgrade]:
    confirmed = 0
    before = [other for other in writes if other.node.bit & write.node.ancestors]
    for other in before:
        if other.node.op.skeleton.act == SETTLE:
            confirmed |= other.node.ancestors | other.node.bit
    for other in before:
        better = EVIDENCE[other.evidence] > EVIDENCE[write.evidence]
        if better and not other.node.bit & confirmed and other.value != write.value:
            yield Downgrade(name, write.node.op.id, other.node.op.id)


def _heads(ordered: Sequence[_Node]) -> tuple[bytes, ...]:
    covered = 0
    for node in ordered:
        covered |= node.ancestors
    return tuple(sorted(node.op.id for node in ordered if not node.bit & covered))


def _flat(kind: str, live: Mapping[str, tuple[Candidate, ...]]) -> dict[str, Value]:
    fields: dict[str, Value] = {}
    for name, values in live.items():
        if name == STATE:
            continue
        shown = values[0].value
        register = _REGISTER_OF[kind, name]
        if register.composite and isinstance(shown, dict):
            fields.update({key: item for key, item in shown.items() if item is not None})
        elif shown is not None:
            fields[name] = shown
    return fields


def _list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []


def _id(value: Value) -> bytes:
    """The operation id that a text in data names; empty, which names nothing, for anything else."""
    try:
        return bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        return b""
