"""Registers: which writes are still uncovered, which of them is shown, what was downgraded.

Second half of fold. Fields that belong together are one register, written whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from shared import canonical, kinds
from shared.canonical import Value
from shared.graph import SETTLE, Node
from shared.record import STATE, Candidate, Downgrade

CONFIRM_DOWNGRADE = "confirm_downgrade"
EVIDENCE = {"stated": 0, "photo": 1, "seen": 2, "read": 3}
"""How sure a value is, weakest first: said, on a photo, original seen, read by a card reader."""

_REGISTER_OF = {
    (kind.name, field): register
    for kind in kinds.KINDS.values()
    for register in kind.registers.values()
    for field in register.fields
}


class Write:
    """One write to a register."""

    __slots__ = ("evidence", "node", "purged", "value")

    def __init__(self, node: Node, value: Value, evidence: str, *, purged: bool = False) -> None:
        self.node = node
        self.value = value
        self.evidence = evidence
        self.purged = purged

    @property
    def precedence(self) -> tuple[int, int, int, bytes]:
        """Better evidence, then higher rank, later clock, greater id: the greatest is shown."""
        return (EVIDENCE[self.evidence], self.node.rank, self.node.clock, self.node.op.id)


def settled(node: Node) -> Mapping[str, Value]:
    """Return the registers a settle chooses values for, by public name."""
    values = node.data.get("values")
    return values if isinstance(values, dict) else {}


def all_writes(kind: str, effective: Sequence[Node]) -> dict[str, list[Write]]:
    """Public register name → all writes to it, in fold order."""
    registers: dict[str, list[Write]] = {}
    for node in effective:
        evidence = node.data.get("evidence")
        levels = evidence if isinstance(evidence, dict) else None
        is_settle = node.op.skeleton.act == SETTLE
        written = settled(node) if is_settle else node.data
        for register in _touched(kind, written):
            value = _value(register, written, is_settle=is_settle)
            write = Write(node, value, _evidence(register, levels) if levels else "stated")
            registers.setdefault(register.public_name, []).append(write)
        for register in _touched(kind, node.purged_fields or ()):
            write = Write(node, None, "stated", purged=True)
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
    given = [str(levels[name]) for name in register.fields if _is_level(levels.get(name))]
    return max(given, key=lambda level: EVIDENCE[level], default="stated")


def _is_level(level: Value) -> bool:
    return isinstance(level, str) and level in EVIDENCE


def uncovered(writes: Sequence[Write]) -> list[Write]:
    """Return the writes that no other one descends from."""
    covered = 0
    for write in writes:
        covered |= write.node.ancestors
    return [write for write in writes if not write.node.bit & covered]


def live(writes: Sequence[Write]) -> tuple[Candidate, ...]:
    """The different uncovered values, the shown one first; of equal values the best stands."""
    if len(writes) == 1:
        return (_candidate(writes[0]),)
    best_first = sorted(uncovered(writes), key=lambda write: write.precedence, reverse=True)
    distinct: dict[bytes, Write] = {}
    for write in best_first:
        distinct.setdefault(canonical.encode_known([write.value, write.purged]), write)
    return tuple(_candidate(write) for write in distinct.values())


def _candidate(write: Write) -> Candidate:
    node, skeleton = write.node, write.node.op.skeleton
    return Candidate(
        operation=node.op.id, value=write.value, evidence=write.evidence, rank=node.rank,
        clock=node.clock, effective_at=node.effective_at, quality=skeleton.quality,
        author=skeleton.author, site=skeleton.site, stream=skeleton.stream,
        provisional=node.provisional, purged=write.purged,
    )  # fmt: skip


def downgrades(
    registers: Mapping[str, Sequence[Write]], kind: str, effective: Sequence[Node]
) -> tuple[Downgrade, ...]:
    """Uncovered writes over better evidence that nobody has confirmed: by settling before the
    write, or by `confirm_downgrade` after it."""
    found: list[Downgrade] = []
    for name, writes in sorted(registers.items()):
        if len(writes) < 2 or all(write.evidence == "stated" for write in writes):
            continue
        confirmed = _confirmed(kind, name, effective)
        for write in uncovered(writes):
            is_plain = write.node.op.skeleton.act != SETTLE and not write.purged
            if is_plain and not write.node.bit & confirmed:
                found.extend(_covered_better(name, write, writes))
    return tuple(found)


def _confirmed(kind: str, name: str, effective: Sequence[Node]) -> int:
    """What the people saw who confirmed that less certain values of this register stand."""
    fields = set(_REGISTER_OF[kind, name].fields)
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
        better = EVIDENCE[other.evidence] > EVIDENCE[write.evidence]
        if better and not other.node.bit & settled_away and other.value != write.value:
            yield Downgrade(name, write.node.op.id, other.node.op.id)


def shown(kind: str, effective: Sequence[Node]) -> dict[str, Value]:
    """The values that these nodes alone show."""
    return flat(kind, {name: live(found) for name, found in all_writes(kind, effective).items()})


def flat(kind: str, live: Mapping[str, tuple[Candidate, ...]]) -> dict[str, Value]:
    """Return the shown values, composite registers spread into their fields."""
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
