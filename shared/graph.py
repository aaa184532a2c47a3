"""The graph of a record's operations: parents first, who counts, who waits, whose data is gone.

First half of fold. Everything here follows from the set of entries alone.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from shared import clock
from shared.canonical import Value
from shared.errors import BianminError
from shared.operation import VERSION, Operation
from shared.record import Standing
from shared.verdict import Status, Verdict, in_force

PURGE = "purge"
DECLARE_LOST = "declare_lost"
SETTLE = "settle"
FREED = "conflict_settled"
"""Reason of a verdict that admits an act which had waited for a conflict to be settled."""

_ADMITTED, _REFUSED = Status.ADMITTED, Status.REFUSED  # an enum looks its members up each time


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation to fold, with the verdict in force for it."""

    operation: Operation
    verdict: Verdict | None
    provisional_rank: int | None = None
    """Set on a tablet for its own operations that are unjudged or held: they fold on top."""


class EmptyFold(BianminError):
    """A record is folded from at least one operation, and all of them name that record."""


class Node:
    """An operation in its record's graph while folding."""

    __slots__ = (
        "ancestors", "bit", "clock", "cut_off", "data", "effective_at", "judged", "op", "parents",
        "provisional", "purged_fields", "rank", "reason", "standing",
    )  # fmt: skip

    def __init__(self, entry: Entry) -> None:
        verdict, op = entry.verdict, entry.operation
        skeleton = op.skeleton
        self.op = op
        self.parents = skeleton.parents
        self.ancestors = self.bit = 0
        self.cut_off = False
        self.reason = ""
        self.data: Mapping[str, Value] = op.data if skeleton.version <= VERSION else {}
        self.purged_fields: tuple[str, ...] | None = None
        self.standing: Standing | None = None
        status = None if verdict is None else verdict.status
        settled = status is _ADMITTED or status is _REFUSED
        self.provisional = entry.provisional_rank is not None and not settled
        self.judged = (0, 0) if verdict is None else verdict.order
        if verdict is None or self.provisional:
            self.clock = skeleton.clock
            self.effective_at = skeleton.effective_at
            self.rank = entry.provisional_rank or 0
            if not self.provisional:
                self.standing = Standing.UNJUDGED
            return
        self.clock = clock.capped(skeleton.clock, verdict.cap_ms)
        self.effective_at = verdict.effective_at
        self.rank = verdict.rank
        self.reason = verdict.reason
        if status is not _ADMITTED:
            self.standing = Standing.REFUSED if status is _REFUSED else Standing.HELD

    @property
    def order(self) -> tuple[int, bytes]:
        return (self.clock, self.op.id)


def build(entries: Iterable[Entry]) -> list[Node]:
    """Return the nodes of one record in fold order, standing and ancestors set; raise EmptyFold."""
    nodes = _gather(entries)
    if len(nodes) == 1:
        (only,) = nodes.values()
        if not only.parents:  # as nearly always: nothing comes before it, nothing is named by it
            only.bit = 1
            _set_aside(only, parent_missing=False)
            return [only]
    ordered = _topological(nodes)
    if any(node.reason == FREED for node in ordered):
        ordered = _after_settling(ordered, nodes)
    _mark_standing(ordered, nodes)
    return ordered


def _gather(entries: Iterable[Entry]) -> dict[bytes, Node]:
    merged: dict[bytes, Entry] = {}
    for entry in entries:
        known = merged.get(entry.operation.id)
        merged[entry.operation.id] = entry if known is None else _merge(known, entry)
    if len({entry.operation.skeleton.record for entry in merged.values()}) != 1:
        raise EmptyFold("一次只能合并同一条记录的操作，请核对记录编号。")
    return {op_id: Node(entry) for op_id, entry in merged.items()}


def _merge(one: Entry, other: Entry) -> Entry:
    return Entry(
        one.operation if one.operation.has_data else other.operation,
        in_force(one.verdict, other.verdict),
        _greatest(one.provisional_rank, other.provisional_rank),
    )


def _greatest(one: int | None, other: int | None) -> int | None:
    return max((rank for rank in (one, other) if rank is not None), default=None)


def _topological(nodes: Mapping[bytes, Node]) -> list[Node]:
    """Parents first; among those that are free, by (capped clock, id). Sets the ancestor masks.

    Parents are named by hash, so there is no cycle. An operation's position is its bit.
    """
    missing_parents = {
        op_id: sum(parent in nodes for parent in node.parents) for op_id, node in nodes.items()
    }
    children: dict[bytes, list[Node]] = {}
    for node in nodes.values():
        for parent in node.parents:
            children.setdefault(parent, []).append(node)
    free = [node.order for op_id, node in nodes.items() if not missing_parents[op_id]]
    heapq.heapify(free)
    ordered: list[Node] = []
    while free:
        node = nodes[heapq.heappop(free)[1]]
        node.bit = 1 << len(ordered)
        node.ancestors = 0
        for parent in node.parents:
            if parent in nodes:
                node.ancestors |= nodes[parent].ancestors | nodes[parent].bit
        ordered.append(node)
        for child in children.get(node.op.id, ()):
            missing_parents[child.op.id] -= 1
            if not missing_parents[child.op.id]:
                heapq.heappush(free, child.order)
    return ordered


def _after_settling(ordered: list[Node], nodes: Mapping[bytes, Node]) -> list[Node]:
    """Let acts that waited for a conflict follow the settle that freed them.

    While they waited, work passed through them, and the person who settled was shown them as heads.
    Taken literally the settle would come after them and bury what they do once they count; so its
    parents, and those of work between, pass through them here, and they descend from the settle.
    """
    freed = [node for node in ordered if node.reason == FREED and node.standing is None]
    known = {node.op.id: node.parents for node in ordered}
    for settle in [node for node in ordered if node.op.skeleton.act == SETTLE]:
        mine = {
            node.op.id: node
            for node in freed
            if node.bit & settle.ancestors and settle.judged < node.judged
        }
        for node in ordered:
            before = node.bit & (settle.ancestors | settle.bit)
            if node.op.id in mine:  # freed acts keep their order among each other
                earlier = (op_id for op_id, one in mine.items() if one.bit & node.ancestors)
                node.parents = (*node.parents, settle.op.id, *earlier)
            elif before and any(parent in mine for parent in node.parents):
                node.parents = _past(node.parents, mine, known)
    again = _topological(nodes)
    if len(again) == len(ordered):
        return again
    for node in ordered:  # a tangle of several settles: as it was written
        node.parents = known[node.op.id]
    return _topological(nodes)


def _past(
    parents: Iterable[bytes], freed: Collection[bytes], known: Mapping[bytes, tuple[bytes, ...]]
) -> tuple[bytes, ...]:
    """The parents with each freed one replaced by its own."""
    out: dict[bytes, None] = {}
    waiting = list(parents)
    while waiting:
        one = waiting.pop(0)
        if one in freed:
            waiting += known[one]
        else:
            out[one] = None
    return tuple(out)


def _mark_standing(ordered: Sequence[Node], nodes: Mapping[bytes, Node]) -> None:
    """Apply purges and losses declared by admitted operations, then mark who waits."""
    lost: set[bytes] = set()
    for node in ordered:
        if node.standing is not None or node.provisional:
            continue
        if node.op.skeleton.act == DECLARE_LOST:
            lost.update(_named(node))
        elif node.op.skeleton.act == PURGE:
            _apply_purge(node, nodes)
    for node in ordered:
        parents = node.parents
        missing = [parent for parent in parents if parent not in nodes]
        node.cut_off = bool(missing) or any(nodes[parent].cut_off for parent in parents)
        _set_aside(node, parent_missing=not lost.issuperset(missing))


def _set_aside(node: Node, *, parent_missing: bool) -> None:
    """Mark a node that waits, or that only a newer version understands."""
    if node.standing is not None:
        return
    if node.op.skeleton.version > VERSION:
        node.standing, node.reason = Standing.UNKNOWN, "newer_version"
    elif parent_missing:
        node.standing, node.reason = Standing.WAITING, "parent_missing"
    elif not node.op.has_data and node.purged_fields is None:
        node.standing, node.reason = Standing.WAITING, "data_missing"


def _apply_purge(purge: Node, nodes: Mapping[bytes, Node]) -> None:
    """Ignore the data that a purge names, present or not: every replica then folds the same.

    A purge says which fields each operation had written, so that an erased value still covers what
    it covered, and keeps the few impersonal values that the life cycle decides by.
    """
    for op_id, named in _named(purge).items():
        node = nodes.get(op_id)
        if node is None:
            continue
        kept = named.get("kept")
        node.data = kept if isinstance(kept, dict) else {}
        fields = as_list(named.get("fields"))
        node.purged_fields = tuple(name for name in fields if isinstance(name, str))


def _named(node: Node) -> dict[bytes, Mapping[str, Value]]:
    """The operations that an act names, by id: a plain id, or an object with the id and more."""
    found: dict[bytes, Mapping[str, Value]] = {}
    for named in as_list(node.data.get("operations")):
        entry: Mapping[str, Value] = named if isinstance(named, dict) else {"id": named}
        found[_id(entry.get("id"))] = entry
    return found


def heads(ordered: Sequence[Node]) -> tuple[bytes, ...]:
    """Return the ids that no other node descends from, in their order."""
    if len(ordered) == 1:
        return (ordered[0].op.id,)
    covered = 0
    for node in ordered:
        covered |= node.ancestors
    return tuple(sorted(node.op.id for node in ordered if not node.bit & covered))


def as_list(value: Value) -> list[Value]:
    """Return a list of data as it is, anything else as an empty one."""
    return value if isinstance(value, list) else []


def _id(value: Value) -> bytes:
    """The operation id that a text in data names; empty, which names nothing, for anything else."""
    try:
        return bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        return b""
