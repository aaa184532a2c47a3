"""Fold: the one function by which tablet and county turn operations into a record.

A pure function of a *set* of operations and the verdicts in force: order of arrival, repetition and
machine make no difference. It reads no clock, no posting, no catalogue; what those have to say was
said once, in the verdict. See docs/decisions/0002-fold.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared import graph, lifecycle, registers
from shared.graph import DECLARE_LOST, PURGE, SETTLE, EmptyFold, Entry, Node
from shared.record import STATE, Effect, Record, Standing, WithoutEffect
from shared.registers import Write

__all__ = ["EmptyFold", "Entry", "fold"]

STEWARD_ACTS = frozenset({SETTLE, PURGE, DECLARE_LOST, "confirm_held"})
"""Acts that every kind of record knows, in any state, beside those of its life cycle."""


def fold(entries: Iterable[Entry]) -> Record:
    """Return the record of these operations; raise EmptyFold for none, or those of two records."""
    ordered = graph.build(entries)
    kind = next((n.op.skeleton.kind for n in ordered if n.standing is None), None)
    kind = kind or ordered[0].op.skeleton.kind
    state_writers, history = _walk(kind, ordered)
    effective = [node for node in ordered if node.standing is None]
    found = registers.weigh(kind, effective, state_writers)
    state = found.live[STATE][0].value if STATE in found.live else None
    return Record(
        id=ordered[0].op.skeleton.record,
        kind=kind,
        state=state if isinstance(state, str) else None,
        registers=found.live,
        heads=graph.heads(ordered),
        conflicts=found.conflicts,
        without_effect=tuple(
            WithoutEffect(n.op.id, n.standing, n.reason) for n in ordered if n.standing is not None
        ),
        downgrades=found.downgrades,
        history=history,
        fields=registers.flat(kind, found.live),
    )


def _walk(kind: str, ordered: Sequence[Node]) -> tuple[list[Write], tuple[Effect, ...]]:
    """Walk the life cycle in topological order; mark what is not allowed or not known."""
    writers: list[Write] = []
    history: list[Effect] = []
    effective: list[Node] = []
    waiting = 0
    for node in ordered:
        if node.standing is Standing.WAITING:
            waiting |= node.bit
        if node.standing is not None:
            continue
        skeleton = node.op.skeleton
        before = _state_before(node, writers)
        assumed = before or _assumed_state(kind, node)
        writes_state = _writes_state(kind, node)
        after = _state_after(kind, node, assumed) if writes_state else before
        if skeleton.kind != kind:
            node.standing, node.reason = Standing.NOT_ALLOWED, "other_kind"
        elif not _is_known(kind, node):
            node.standing, node.reason = Standing.UNKNOWN, "unknown_act"
        elif reason := _objection(kind, node, assumed, writers, effective):
            late = node.ancestors & waiting  # the act may be right once the parent is here
            node.standing = Standing.WAITING if late else Standing.NOT_ALLOWED
            node.reason = "parent_missing" if late else reason
        if node.standing is not None:
            continue
        if after is not None and writes_state:
            writers.append(Write(node, registers.candidate_of(node, after)))
        effective.append(node)
        history.append(Effect(node.op.id, skeleton.act, before, after, node.effective_at))
    return writers, tuple(history)


def _state_before(node: Node, writers: Sequence[Write]) -> str | None:
    """The state shown at the node's own ancestors.

    Where a lost parent cut the node off from its record's beginning, the state reached so far in
    fold order stands in: else declaring the parent lost would free nothing but new records.
    """
    if not writers:
        return None
    before = [write for write in writers if write.node.bit & node.ancestors]
    if not before and node.cut_off:
        before = list(writers)
    if not before:
        return None
    live = registers.uncovered(before)
    shown = max(live, key=lambda write: write.precedence).candidate.value
    return shown if isinstance(shown, str) else None


def _assumed_state(kind: str, node: Node) -> str | None:
    """What the record must have been, where its very beginning is lost; None anywhere else."""
    if not node.cut_off:
        return None
    act, version = node.op.skeleton.act, node.op.skeleton.version
    states = lifecycle.states_of(kind, version=version)
    return next(
        (one for one in states if lifecycle.may_follow(kind, one, act, node.data, version=version)),
        None,
    )


def _state_after(kind: str, node: Node, before: str | None) -> str | None:
    skeleton = node.op.skeleton
    if skeleton.act == SETTLE:
        chosen = registers.settled(node).get(STATE)
        return chosen if isinstance(chosen, str) else before
    return lifecycle.next_state(kind, before, skeleton.act, node.data, version=skeleton.version)


def _writes_state(kind: str, node: Node) -> bool:
    skeleton = node.op.skeleton
    if skeleton.act == SETTLE:
        return STATE in registers.settled(node)
    return lifecycle.is_state_act(kind, skeleton.act, version=skeleton.version)


def _is_known(kind: str, node: Node) -> bool:
    skeleton = node.op.skeleton
    return skeleton.act in STEWARD_ACTS or lifecycle.is_known_act(
        kind, skeleton.act, version=skeleton.version
    )


def _objection(
    kind: str, node: Node, before: str | None, writers: Sequence[Write], effective: Sequence[Node]
) -> str:
    """Why the node's own ancestors do not allow it, as a reason code; "" where they do."""
    if not _is_allowed(kind, node, before, writers):
        return "state"
    act, version = node.op.skeleton.act, node.op.skeleton.version
    once = lifecycle.is_once(kind, act, version=version)
    rule = lifecycle.entry_condition(kind, act, version=version)
    if not once and rule is None:
        return ""
    earlier = [one for one in effective if one.bit & node.ancestors]
    if once and any(one.op.skeleton.act == act for one in earlier):
        return "once"
    return "" if rule is None or rule.holds(registers.shown(kind, earlier)) else "value"


def _is_allowed(kind: str, node: Node, before: str | None, writers: Sequence[Write]) -> bool:
    skeleton = node.op.skeleton
    if skeleton.act == SETTLE and not _is_choice(node, writers):
        return False
    if skeleton.act in STEWARD_ACTS:
        return before is not None
    return lifecycle.may_follow(kind, before, skeleton.act, node.data, version=skeleton.version)


def _is_choice(node: Node, writers: Sequence[Write]) -> bool:
    """Whether a settle leaves the state alone or chooses one that the record was in: settling
    decides between acts of the life cycle and is no way around it."""
    settled = registers.settled(node)
    if STATE not in settled:
        return True
    been = [write for write in writers if write.node.bit & node.ancestors or node.cut_off]
    return any(write.candidate.value == settled[STATE] for write in been)
