"""按规则处理: entries for which a rule gives the answer, decided together after a look at each.

A rule proposes and a person decides: every entry is an operation of its own with its reason, made
on the heads that were shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from server.accounts import Person
from server.api import messages
from server.desk import Desk, UnknownConflict
from server.todo import advice
from server.todo.deciding import NoChoice, conflict_of, decide
from server.todo.entries import FIELD, PAIR, Entry, entries
from shared.errors import Misuse, Refused

SHOWN = 40
LOOKED_AT = 400
"""Conflicts read for one list; the next ones come when these are decided."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its name, what it says, the kind of entries it is for, the reason it gives."""

    key: str
    label: str
    text: str
    kind: str
    reason: str


RULES: tuple[Rule, ...] = (
    Rule("read", "读卡优先", "一边是读卡登记，另一边不是：取读卡的一边。", FIELD,
         advice.SURE["read"]),
    Rule("seen", "原件优先", "一边查看过原件，另一边只是口述：取查看过原件的一边。", FIELD,
         advice.SURE["seen"]),
    Rule("number", "同号同事项", "证件号码相同、事项相同、日期相近：判为同一件。", PAIR,
         advice.SAME_NUMBER),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proposal:
    """An entry that a rule answers. `heads` are what the answer is based on."""

    entry: Entry
    choice: str
    heads: tuple[str, ...] = ()
    conflict: messages.Conflict | None = None


@dataclass(frozen=True, slots=True)
class Picked:
    """A proposal that a person agreed to."""

    key: str
    choice: str
    heads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many were decided; the others a colleague had decided, or need a look of their own."""

    decided: int
    left: int


def rule_of(key: str) -> Rule:
    """Return a rule; raise NoChoice."""
    found = next((one for one in RULES if one.key == key), None)
    if found is None:
        raise NoChoice("没有这条规则，请从列表中选择。")
    return found


def proposals(desk: Desk, person: Person, rule: Rule) -> list[Proposal]:
    """Return what the rule answers, the oldest first, at most SHOWN."""
    waiting = [one for one in entries(desk, person) if one.kind == rule.kind]
    answered: Callable[[Sequence[Entry]], Iterator[Proposal]] = (
        _pairs if rule.kind == PAIR else lambda found: _conflicts(desk, person, found, rule)
    )
    return list(islice(answered(waiting[:LOOKED_AT]), SHOWN))


def apply(
    desk: Desk, person: Person, picked: Sequence[Picked], reason: str
) -> Outcome:  # fmt: skip
    """Decide these entries one by one with the same reason; raises NoChoice."""
    if not picked:
        raise NoChoice("请至少勾选一项，再按规则处理。")
    left = 0
    for one in picked[:SHOWN]:
        try:
            decide(desk, person, one.key, one.choice, reason, list(one.heads) or None)
        except (Refused, Misuse):  # it stays in the list, and its own page says why
            left += 1
    return Outcome(len(picked[:SHOWN]) - left, left)


def _pairs(found: Sequence[Entry]) -> Iterator[Proposal]:
    for entry in found:
        proposed = advice.advice_on_pair(entry)
        if proposed.choice:
            yield Proposal(entry, proposed.choice)


def _conflicts(
    desk: Desk, person: Person, found: Sequence[Entry], rule: Rule
) -> Iterator[Proposal]:
    for entry in found:
        try:
            conflict, heads = conflict_of(desk, person, entry, reveal=False)
        except UnknownConflict:
            continue
        proposed = advice.advice_on_conflict(conflict)
        if proposed.reason == rule.reason:
            yield Proposal(entry, proposed.choice, tuple(heads), conflict)
