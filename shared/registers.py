"""Registers: which writes are still uncovered, which of them is shown, what was downgraded.

Second half of fold. Fields that belong together are one register, written whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from shared import canonical, kinds
from shared.canonical import Value
from shared.graph import SETTLE, Node
from shared.record import STATE, Candidate, Conflict, Downgrade

CONFIRM_DOWNGRADE = "confirm_downgrade"
EVIDENCE = {"stated": 0, "photo": 1, "seen": 2, "read": 3}
"""How sure a value is, weakest first: said, on a photo, original seen, read by a card reader."""


@dataclass(frozen=True, slots=True, eq=False)  # there is one of each: identity is quickly compared
class _Place:
    """A register as fold meets it at every write.

    `name` is the public one, `empty` the value of a composite register without any of its fields.
    """

    name: str
    fields: tuple[str, ...]
    composite: bool
    empty: dict[str, Value]


def _places(kind: kinds.Kind) -> dict[str, _Place]:
    out: dict[str, _Place] = {}
    for register in kind.registers.values():
        fields = register.fields
        place = _Place(register.public_name, fields, register.composite, dict.fromkeys(fields))
        out.update(dict.fromkeys(fields, place))
    return out


_PLACES: Mapping[str, Mapping[str, _Place]] = {
    kind.name: _places(kind) for kind in kinds.KINDS.values()
}
"""Kind → field → its register."""


class Write(msgspec.Struct, gc=False):
    """One write to a register: where it stands in the graph, and what is shown where it is live."""

    node: Node
    candidate: Candidate

    @property
    def precedence(self) -> tuple[int, int, int, bytes]:
        """Better evidence, then higher rank, later clock, greater id: the greatest is shown."""
        mine = self.candidate
        return (EVIDENCE[mine.evidence], mine.rank, mine.clock, mine.operation)


def settled(node: Node) -> Mapping[str, Value]:
    """Return the registers a settle chooses values for, by public name."""
    values = node.data.get("values")
    return values if isinstance(values, dict) else {}


class Weighed(NamedTuple):
    """What the effective operations say: live values by public register name (state included),
    those with two or more, and the downgrades."""

    live: Mapping[str, tuple[Candidate, ...]]
    conflicts: tuple[Conflict, ...]
    downgrades: tuple[Downgrade, ...]


def weigh(kind: str, effective: Sequence[Node], state_writers: Sequence[Write]) -> Weighed:
    """Return the live values of every register, conflicts and downgrades."""
    if len(effective) == 1 and effective[0].purged_fields is None:  # as nearly always
        found = written(kind, effective[0])
        if state_writers:
            found[STATE] = (state_writers[0].candidate,)
        return Weighed(found, (), ())
    writes = all_writes(kind, effective)
    found = {name: live(those) for name, those in writes.items()}
    if state_writers:
        found[STATE] = live(state_writers)
    disputed = sorted(name for name, values in found.items() if len(values) > 1)
    conflicts = tuple(Conflict(name, found[name]) for name in disputed)
    return Weighed(found, conflicts, downgrades(writes, kind, effective))


def all_writes(kind: str, effective: Iterable[Node]) -> dict[str, list[Write]]:
    """Public register name → all writes to it, in fold order."""
    places = _PLACES.get(kind, {})
    registers: dict[str, list[Write]] = {}
    for node in effective:
        for name, (candidate,) in written(kind, node).items():
            registers.setdefault(name, []).append(Write(node, candidate))
        for place in _touched(places, node.purged_fields or ()):
            erased = Write(node, candidate_of(node, None, purged=True))
            registers.setdefault(place.name, []).append(erased)
    return registers


def written(kind: str, node: Node) -> dict[str, tuple[Candidate, ...]]:
    """Public register name → the one value that this node's data write to it."""
    places = _PLACES.get(kind, {})
    is_settle = node.op.skeleton.act == SETTLE
    values = _settled_values(places, node) if is_settle else _values(places, node.data)
    levels = _levels(places, node.data.get("evidence"))
    # An act writes to a dozen registers: what is the same in all of them is looked up once.
    op, skeleton, rank, clock = node.op.id, node.op.skeleton, node.rank, node.clock
    effective_at, quality, author = node.effective_at, skeleton.quality, skeleton.author
    site, stream, provisional = skeleton.site, skeleton.stream, node.provisional
    return {
        name: (Candidate(
            op, value, levels.get(name, "stated"), rank, clock, effective_at, quality, author, site,
            stream, provisional,
        ),)
        for name, value in values.items()
    }  # fmt: skip


def _values(places: Mapping[str, _Place], data: Mapping[str, Value]) -> dict[str, Value]:
    """The value of each register that the fields belong to, by public name.

    A composite register is written whole: what the act leaves out is empty, never older.
    """
    out: dict[str, Value] = {}
    wholes: dict[str, dict[str, Value]] = {}
    for field, value in data.items():
        place = places.get(field)
        if place is None:
            continue
        if not place.composite:
            out[field] = value
            continue
        whole = wholes.get(place.name)
        if whole is None:
            out[place.name] = wholes[place.name] = whole = place.empty.copy()
        whole[field] = value
    return out


def _settled_values(places: Mapping[str, _Place], node: Node) -> dict[str, Value]:
    """As `_values`; a settle gives a composite register as one value under its public name."""
    chosen = settled(node)
    out: dict[str, Value] = {}
    for place in _touched(places, chosen):
        value = chosen.get(place.name)
        if place.composite:
            parts = value if isinstance(value, Mapping) else {place.name: value}
            value = {name: parts.get(name) for name in place.fields}
        out[place.name] = value
    return out


def candidate_of(node: Node, value: Value, *, purged: bool = False) -> Candidate:
    """A value that a node stands for without evidence: its state, or what a purge erased."""
    skeleton = node.op.skeleton
    return Candidate(
        operation=node.op.id, value=value, evidence="stated", rank=node.rank,
        clock=node.clock, effective_at=node.effective_at, quality=skeleton.quality,
        author=skeleton.author, site=skeleton.site, stream=skeleton.stream,
        provisional=node.provisional, purged=purged,
    )  # fmt: skip


def _touched(places: Mapping[str, _Place], fields: Iterable[str]) -> Iterable[_Place]:
    """The registers that these fields belong to, each once."""
    found = (places.get(field) for field in fields)
    return dict.fromkeys(place for place in found if place is not None)


def _levels(places: Mapping[str, _Place], evidence: Value) -> dict[str, str]:
    """Public register name → the best evidence that an act claims for one of its fields."""
    best: dict[str, str] = {}
    for field, level in evidence.items() if isinstance(evidence, dict) else ():
        place = places.get(field)
        if place is not None and _sureness(level) > EVIDENCE[best.get(place.name, "stated")]:
            best[place.name] = str(level)
    return best


def _sureness(level: Value) -> int:
    return EVIDENCE.get(level, 0) if isinstance(level, str) else 0


def uncovered(writes: Sequence[Write]) -> list[Write]:
    """Return the writes that no other one descends from."""
    covered = 0
    for write in writes:
        covered |= write.node.ancestors
    return [write for write in writes if not write.node.bit & covered]


def live(writes: Sequence[Write]) -> tuple[Candidate, ...]:
    """The different uncovered values, the shown one first; of equal values the best stands."""
    if len(writes) == 1:
        return (writes[0].candidate,)
    best_first = sorted(uncovered(writes), key=lambda write: write.precedence, reverse=True)
    distinct: dict[bytes, Candidate] = {}
    for write in best_first:
        shown = write.candidate
        distinct.setdefault(canonical.encode_known([shown.value, shown.purged]), shown)
    return tuple(distinct.values())


def downgrades(
    registers: Mapping[str, Sequence[Write]], kind: str, effective: Sequence[Node]
) -> tuple[Downgrade, ...]:
    """Uncovered writes over better evidence that nobody has confirmed: by settling before the
    write, or by `confirm_downgrade` after it."""
    found: list[Downgrade] = []
    for name in sorted(name for name, writes in registers.items() if len(writes) > 1):
        writes = registers[name]
        if all(write.candidate.evidence == "stated" for write in writes):
            continue
        confirmed = _confirmed(kind, name, effective)
        for write in uncovered(writes):
            is_plain = write.node.op.skeleton.act != SETTLE and not write.candidate.purged
            if is_plain and not write.node.bit & confirmed:
                found.extend(_covered_better(name, write, writes))
    return tuple(found)


def _confirmed(kind: str, name: str, effective: Sequence[Node]) -> int:
    """What the people saw who confirmed that less certain values of this register stand."""
    fields = set(_PLACES[kind][name].fields)
    seen = 0
    for node in effective:
        if node.op.skeleton.act == CONFIRM_DOWNGRADE:
            named = node.data.get("confirmed_fields")
            if not named or (isinstance(named, list) and not fields.isdisjoint(map(str, named))):
                seen |= node.ancestors
    return seen


def _covered_better(name: str, write: Write, writes: Sequence[Write]) -> Iterable[Downgrade]:
    settled_away = 0
    before = [other for other in writes if other.node.bit & write.node.ancestors]
    for other in before:
        if other.node.op.skeleton.act == SETTLE:
            settled_away |= other.node.ancestors
    for other in before:
        theirs, mine = other.candidate, write.candidate
        better = EVIDENCE[theirs.evidence] > EVIDENCE[mine.evidence]
        if better and not other.node.bit & settled_away and theirs.value != mine.value:
            yield Downgrade(name, write.node.op.id, other.node.op.id)


def shown(kind: str, effective: Sequence[Node]) -> dict[str, Value]:
    """The values that these nodes alone show."""
    return flat(kind, {name: live(found) for name, found in all_writes(kind, effective).items()})


def flat(kind: str, live: Mapping[str, tuple[Candidate, ...]]) -> dict[str, Value]:
    """Return the shown values, composite registers spread into their fields."""
    places = _PLACES.get(kind, {})
    fields: dict[str, Value] = {}
    for name, values in live.items():
        shown = values[0].value
        if isinstance(shown, dict) and name != STATE and places[name].composite:
            fields.update(shown)
        elif name != STATE:
            fields[name] = shown
    return {name: value for name, value in fields.items() if value is not None}
