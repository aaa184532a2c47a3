"""The shape of a life-cycle table: steps, their ends, and the cycle that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

SAME = "="  # the act keeps the state it finds
NEW = ""  # the record does not exist yet
OPEN = "*open"  # every state that is not an end
ANY = "*any"  # every state of the kind


@dataclass(frozen=True, slots=True)
class When:
    """The act takes effect only where `field` of the record holds one of `values`.

    A field without a value stops nothing: it was left out, or erased, and erasing what somebody
    said never undoes what was done.
    """

    field: str
    values: tuple[str | int, ...]

    def holds(self, fields: Mapping[str, object]) -> bool:
        """Whether these values of a record let the act take effect."""
        value = fields.get(self.field)
        return value is None or any(
            type(value) is type(wanted) and value == wanted for wanted in self.values
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One row of DOMAIN §3.3: from any of `sources` the act leads to `target`.

    With `by`, the value of that data field chooses among `ends`; `given` is the end for any
    value that is there at all; `target` is then the end without a value ("" = a value is needed).
    `once`: without effect where the act took effect before, among its own ancestors. `when`: what
    the record has to say, there too.
    """

    act: str
    label: str
    sources: tuple[str, ...]
    target: str = ""
    by: str = ""
    ends: tuple[tuple[str | bool, str], ...] = ()
    given: str = ""
    irreversible: bool = False
    once: bool = False
    when: When | None = None

    def end_for(self, data: Mapping[str, object]) -> str | None:
        """The end these data lead to; SAME for a step that keeps the state; None = not allowed."""
        if not self.by or data.get(self.by) in (None, "", []):
            return self.target or None
        if self.given:
            return self.given
        value = data[self.by]
        for wanted, end in self.ends:
            if type(value) is type(wanted) and value == wanted:
                return end
        return None


@dataclass(frozen=True, slots=True)
class Cycle:
    """The whole life of a kind: states in the order of life, ends, and steps with their sources."""

    kind: str
    states: tuple[str, ...]
    ends: frozenset[str]
    steps: tuple[Step, ...]
    by_act: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)


def make_cycle(kind: str, states: str, ends: str, steps: tuple[Step, ...]) -> Cycle:
    """Build a cycle from space-separated words; OPEN and ANY become the states they stand for."""
    words = tuple(states.split())
    ended = frozenset(ends.split())
    open_states = tuple(s for s in words if s not in ended)

    def spread(sources: tuple[str, ...]) -> tuple[str, ...]:
        out: list[str] = []
        for source in sources:
            out += {OPEN: open_states, ANY: words}.get(source, (source,))
        return tuple(dict.fromkeys(out))

    full = tuple(replace(step, sources=spread(step.sources)) for step in steps)
    for step in full:
        reached = {step.target, step.given, *(end for _, end in step.ends)} - {"", SAME}
        unknown = (reached | set(step.sources)) - set(words) - {NEW}
        if unknown:
            raise ValueError(f"{kind}.{step.act}: unknown states {sorted(unknown)}")
    grouped: dict[str, list[Step]] = {}
    for step in full:
        grouped.setdefault(step.act, []).append(step)
    frozen = MappingProxyType({act: tuple(found) for act, found in grouped.items()})
    return Cycle(kind, words, ended, full, frozen)
