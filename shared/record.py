"""The folded record: what a set of operations says, conflicts and ineffective acts included."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from shared import canonical
from shared.canonical import Value

STATE = "state"
"""The public name of the state register in conflicts and settle."""

_DIGEST_TAG = b"bianmin.record.1\0"


class Standing(StrEnum):
    """Why an operation has no effect on its record."""

    HELD = "held"
    REFUSED = "refused"
    UNJUDGED = "unjudged"
    WAITING = "waiting"
    """待补齐: a parent, or the data, has not arrived."""
    NOT_ALLOWED = "not_allowed"
    """The act is not allowed from the state of its own ancestors."""
    UNKNOWN = "unknown"
    """Written by a newer version: carried untouched, takes effect after the upgrade."""


class WithoutEffect(msgspec.Struct, frozen=True, gc=False):
    """An operation that stays visible without effect, and why."""

    operation: bytes
    status: Standing
    reason: str = ""


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """One value of a register that no descendant covers."""

    operation: bytes
    value: Value
    """A plain value, or an object of all its fields for a composite register; None if purged."""
    evidence: str
    rank: int
    clock: int
    effective_at: int
    quality: int
    author: str
    site: str
    stream: bytes
    provisional: bool
    purged: bool = False


class Conflict(msgspec.Struct, frozen=True, gc=False):
    """A register with two or more different uncovered values. `values[0]` is the one shown."""

    register: str
    values: tuple[Candidate, ...]

    @property
    def shown(self) -> Candidate:
        """The value with better evidence, then higher rank, later clock, greater id."""
        return self.values[0]


class Downgrade(msgspec.Struct, frozen=True, gc=False):
    """降级: a write that covers a value of better evidence, until a person confirms it."""

    register: str
    operation: bytes
    covered: bytes


class Effect(msgspec.Struct, frozen=True, gc=False):
    """An operation that took effect, with the state its ancestors gave and the state after it."""

    operation: bytes
    act: str
    state_before: str | None
    state_after: str | None
    effective_at: int


class Record(msgspec.Struct, frozen=True):
    """A pure function of a set of operations and their verdicts."""

    id: bytes
    kind: str
    state: str | None
    registers: Mapping[str, tuple[Candidate, ...]]
    """Public register name → uncovered values, the shown one first (state included)."""
    heads: tuple[bytes, ...]
    conflicts: tuple[Conflict, ...]
    without_effect: tuple[WithoutEffect, ...]
    downgrades: tuple[Downgrade, ...]
    history: tuple[Effect, ...]
    fields: Mapping[str, Value] = msgspec.field(default_factory=dict)
    """Shown values, flat."""

    @property
    def purged(self) -> tuple[str, ...]:
        """Registers whose shown value was erased: screens say 已清除."""
        return tuple(name for name, values in self.registers.items() if values[0].purged)

    def digest(self) -> bytes:
        """Return 32 bytes that are equal on every machine that holds the same judged operations."""
        registers: list[Value] = []
        for name in sorted(self.registers):
            told: list[Value] = []
            for c in self.registers[name]:
                row: list[Value] = [c.operation, c.value, c.evidence, c.rank, c.clock]
                told.append(row)
            registers.append([name, told])
        value: list[Value] = [
            self.id, self.kind, self.state, registers, list(self.heads),
            [[w.operation, w.status.value, w.reason] for w in self.without_effect],
            [[d.register, d.operation, d.covered] for d in self.downgrades],
            [[e.operation, e.state_before, e.state_after, e.effective_at] for e in self.history],
        ]  # fmt: skip
        # Values were decoded from canonical bytes; nested here, they may be deeper than one allows.
        return hashlib.sha256(_DIGEST_TAG + canonical.encode_known(value)).digest()
