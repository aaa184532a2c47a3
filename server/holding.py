"""Who held a matter when (DOMAIN.md S38): every breach names who held it at that moment.

A holder changes by taking over: receiving, accepting, acknowledging, being named by a reassignment.
Forwarding names a receiver and changes nothing until that receiver acknowledges (§3.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from shared.canonical import Value
from shared.operation import Operation
from shared.record import Record

_TAKING = {
    "case": frozenset({"receive", "accept", "close_on_spot", "acknowledge"}),
    "proxy": frozenset({"entrust", "receive", "receive_with_difference"}),
    "complaint": frozenset[str](),
}
_BACK_TO_VILLAGE = frozenset({"refuse", "result_out"})
"""Acts on a proxy after which its agent holds it again."""
_FREED = frozenset({"triage", "object", "reassign", "reopen", "continue_on_own_motion"})
"""Acts on a complaint after which nobody has been named yet."""
_NAMES_AHEAD = "forward"


class Holding(NamedTuple):
    """From when (Unix ms) who held a matter, and where; `holder` '' where no person is named."""

    since: int
    holder: str
    site: str


def holdings(record: Record, operations: Mapping[bytes, Operation]) -> list[Holding]:
    """Return who held the record, in order of its acts; `operations` are its own, by id."""
    found: list[Holding] = []
    agent: Holding | None = None
    for effect in record.history:
        operation = operations[effect.operation]
        held = _after(record.kind, found[-1] if found else None, operation)
        if record.kind == "proxy" and effect.act in _BACK_TO_VILLAGE and agent is not None:
            held = agent
        if held is not None:
            found.append(held._replace(since=effect.effective_at))
            if effect.act in ("entrust", "reassign"):
                agent = held
    return found


def holder_at(found: Sequence[Holding], at: int) -> Holding:
    """Return who held it at `at` (Unix ms): the last who had taken it by then, else the first."""
    before = [one for one in reversed(found) if one.since <= at]  # of equals the later act
    return max(before, key=lambda one: one.since, default=found[0]) if found else _NOBODY


_NOBODY = Holding(0, "", "")


def _after(kind: str, last: Holding | None, operation: Operation) -> Holding | None:
    """Who holds it after this act; None where that stays as it was."""
    skeleton, data = operation.skeleton, operation.data
    if kind == "complaint":
        return _complaint(last, operation)
    named, where = _text(data.get("holder")), _text(data.get("holder_site"))
    if skeleton.act in _TAKING.get(kind, ()):
        return Holding(0, named or skeleton.author, where or skeleton.site)
    if skeleton.act == _NAMES_AHEAD or not (named or where) or last is None:
        return None
    return Holding(0, named or ("" if where else last.holder), where or last.site)


def _complaint(last: Holding | None, operation: Operation) -> Holding | None:
    skeleton = operation.skeleton
    site = last.site if last is not None else skeleton.site
    handler = _text(operation.data.get("handler"))
    if handler:
        return Holding(0, handler, site)
    if last is None or skeleton.act in _FREED:
        return Holding(0, "", site)
    return None


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""
