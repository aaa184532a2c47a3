"""Deciding what waits: each kind of entry has its use case; here stands which."""

from __future__ import annotations

from typing import Literal, cast

from server.accounts import Person
from server.api import messages, shapes
from server.desk import Desk, UnknownConflict
from server.todo.entries import FIELD, FORK, HELD, PAIR, STATES, Entry, branch_of
from shared import ids
from shared.errors import Misuse
from shared.operation import Operation

OF_OPERATIONS = (HELD, FORK)
"""Kinds of entries that are about operations which wait."""


class NoChoice(Misuse):
    """A decision that names none of the sides of its entry."""


def decide(
    desk: Desk, person: Person, key: str, choice: str, reason: str,
    heads: list[str] | None = None, *, again: bool = False,
) -> Operation:  # fmt: skip
    """Decide one entry: `choice` is an operation, same or different, admit or refuse.

    `again`: it was decided before and is decided anew. Raises NoChoice, and what the use case of
    the entry's kind raises.
    """
    kind, _, rest = key.partition(".")
    if kind in (FIELD, STATES):
        record, _, register = rest.partition(".")
        settle = messages.Settle(
            record, register, reason, operation=choice, heads=heads, again=again
        )
        return desk.settle(person, settle)
    if kind == PAIR and choice in ("same", "different"):
        same = cast(Literal["same", "different"], choice)
        return desk.settle_pair(person, messages.SettlePair(rest, same, reason, again))
    if kind == HELD and choice in ("admit", "refuse"):
        decision = cast(Literal["admit", "refuse"], choice)
        return desk.judge(person, messages.Judge(rest, decision, reason, again))
    if kind == FORK and choice in ("admit", "refuse"):
        with desk.county.ledger.read() as tx:
            waiting = [one.operation for one in branch_of(tx, _device(rest))]
        if not waiting:
            raise UnknownConflict("这个分支已经由他人处理，请刷新列表。")
        return desk.judge_all(person, waiting, choice == "admit", reason)
    raise NoChoice("请从列表中打开一项，选定一边，再决定。")


def _device(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise NoChoice("设备编号有误，请从列表中打开一项。") from error


def conflict_of(
    desk: Desk, person: Person, entry: Entry, *, reveal: bool
) -> tuple[messages.Conflict, list[str]]:
    """Return one conflict with the heads it is shown at; a reveal is written down.

    Raises UnknownConflict where somebody was quicker.
    """
    seen = desk.record(person, entry.record, reveal=reveal, reason="")
    found = next((one for one in seen.record.conflicts if one.register == entry.register), None)
    if found is None or not seen.sight.content:
        raise UnknownConflict("这个冲突已经由他人裁定，或不存在，请刷新列表。")
    with desk.county.ledger.read() as tx:
        shown = shapes.conflict(seen.record, found, shapes.Streams(tx), seen.veil)
    return shown, [head.hex() for head in seen.record.heads]


def halves_of(desk: Desk, entry: Entry) -> list[bytes]:
    """Return the two records of a pair."""
    with desk.county.ledger.read() as tx:
        row = tx.pair(ids.parse_record(entry.key.partition(".")[2]))
    return [row.one, row.other] if row is not None else []


def waiting_of(desk: Desk, entry: Entry) -> list[Operation]:
    """Return the held operation of an entry, or those of a whole branch in their order."""
    named = _device(entry.key.partition(".")[2])
    with desk.county.ledger.read() as tx:
        waiting = [named]
        if entry.kind == FORK:
            waiting = [one.operation for one in branch_of(tx, named)]
        found = tx.operations(waiting)
    return [found[one] for one in waiting if one in found]
