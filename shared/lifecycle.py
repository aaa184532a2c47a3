"""Life cycles: which act leads from which state to which (DOMAIN §3.3), as pure look-ups.

The tables lie in `shared.cycle_table`, one per rules version, append-only: an operation is judged
by the table of its own version for ever. States are the Chinese words people see; they are wire
values. `None` as a state means that the record does not exist yet.

For fold: an act with `is_state_act` writes the state register with `next_state`; every other act
leaves it alone, and `may_follow` says for any act, state-changing or not, whether it is allowed
from the state of its own ancestors. `is_once` and `entry_condition` name what else those ancestors
have to allow: that the act has not been done yet, and a value of the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from shared.cycle_table import TABLES
from shared.cycle_table.step import SAME, Cycle, Step, When

RULES_VERSION = 1

VOIDED = "作废"


def _cycle(kind: str, version: int) -> Cycle | None:
    return TABLES[version].get(kind) if version in TABLES else None


@lru_cache(maxsize=4096)  # bounded: act words come from the network
def _steps(kind: str, act: str, version: int) -> tuple[Step, ...]:
    cycle = _cycle(kind, version)
    return cycle.by_act.get(act, ()) if cycle is not None else ()


@lru_cache(maxsize=4096)  # bounded: act words come from the network
def is_state_act(kind: str, act: str, *, version: int = RULES_VERSION) -> bool:
    """True when the act writes the state register (an act that keeps the state does not)."""
    return any(step.target != SAME for step in _steps(kind, act, version))


def is_known_act(kind: str, act: str, *, version: int = RULES_VERSION) -> bool:
    """True when the kind's table declares the act at all."""
    return bool(_steps(kind, act, version))


def next_state(
    kind: str,
    state: str | None,
    act: str,
    data: Mapping[str, object],
    *,
    version: int = RULES_VERSION,
) -> str | None:
    """The state the act leads to, or None when it is not allowed from `state`.

    An act that keeps the state answers `state` itself. Where the end depends on a data value
    (check, triage, convert …) a missing or unknown value gives the step's default or None.
    """
    for step in _steps(kind, act, version):
        if (state or "") in step.sources:
            target = step.end_for(data)
            return state if target == SAME else target
    return None


def may_follow(
    kind: str,
    state: str | None,
    act: str,
    data: Mapping[str, object],
    *,
    version: int = RULES_VERSION,
) -> bool:
    """True when the act may be done on a record in `state`, whether it changes the state or not."""
    for step in _steps(kind, act, version):
        if (state or "") in step.sources:
            return step.end_for(data) is not None
    return False


def is_end(kind: str, state: str | None, *, version: int = RULES_VERSION) -> bool:
    """True when no ordinary act leaves the state; fields change only by `correct_record` then."""
    cycle = _cycle(kind, version)
    return cycle is not None and state in cycle.ends


@lru_cache(maxsize=4096)  # bounded: act words come from the network
def is_irreversible(kind: str, act: str, *, version: int = RULES_VERSION) -> bool:
    """True for acts that are held while a conflict of their record is open (decide, deliver …)."""
    return any(step.irreversible for step in _steps(kind, act, version))


@lru_cache(maxsize=4096)  # bounded: act words come from the network
def is_once(kind: str, act: str, *, version: int = RULES_VERSION) -> bool:
    """True for acts that take effect at most once among an operation's ancestors (reopen …)."""
    return any(step.once for step in _steps(kind, act, version))


@lru_cache(maxsize=4096)  # bounded: act words come from the network
def entry_condition(kind: str, act: str, *, version: int = RULES_VERSION) -> When | None:
    """What the record's fields have to say for the act to take effect, or None."""
    return next((step.when for step in _steps(kind, act, version) if step.when is not None), None)


def allowed_acts(kind: str, state: str | None, *, version: int = RULES_VERSION) -> tuple[str, ...]:
    """Acts that the table allows from `state`, in table order, each once."""
    cycle = _cycle(kind, version)
    if cycle is None:
        return ()
    found = (step.act for step in cycle.steps if (state or "") in step.sources)
    return tuple(dict.fromkeys(found))


def act_label(kind: str, act: str, *, version: int = RULES_VERSION) -> str:
    """The Chinese word of an act; the act itself when the table does not know it."""
    steps = _steps(kind, act, version)
    return steps[0].label if steps else act


def states_of(kind: str, *, version: int = RULES_VERSION) -> tuple[str, ...]:
    """Every state of a kind in the order of its life; empty for kinds without a life cycle."""
    cycle = _cycle(kind, version)
    return cycle.states if cycle is not None else ()


def acts_of(kind: str, *, version: int = RULES_VERSION) -> tuple[str, ...]:
    """Every act the kind's table declares."""
    cycle = _cycle(kind, version)
    return tuple(cycle.by_act) if cycle is not None else ()


def deciding_field(kind: str, act: str, *, version: int = RULES_VERSION) -> str | None:
    """The data field whose value decides the end of the act, or None."""
    for step in _steps(kind, act, version):
        if step.by:
            return step.by
    return None
