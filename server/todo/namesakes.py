"""同名: others of the same name and village about the same days, beside a possible double filing.

Who decides whether two records are one matter should know that a third person of that name was
there too (STORIES.md B2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.accounts import Person
from server.desk import Desk
from server.matching import NAME_SITE, NUMBER, are_near
from server.storage.rows import MatchKey, RecordRow

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Namesake:
    """A record of somebody of the same name; `is_other` where the number says: another person."""

    row: RecordRow
    is_other: bool


def namesakes_of(desk: Desk, person: Person, halves: Sequence[bytes]) -> list[Namesake]:
    """Return records of the same name and village near the two, the nearest ids first."""
    with desk.county.ledger.read() as tx:
        keys = tx.match_keys_on(halves)
        named = [key for half in halves for key in keys[half] if key.kind == NAME_SITE]
        near = {
            other.record
            for other in tx.matches({key.blind for key in named})
            if other.record not in halves and any(are_near(other, key) for key in named)
        }
        numbers = {key.blind for half in halves for key in keys[half] if key.kind == NUMBER}
        theirs = tx.match_keys_on(sorted(near)[:SHOWN])
    return [
        Namesake(row, _differs(theirs[row.record], numbers))
        for row in desk.rows(person, theirs)
    ]  # fmt: skip


def _differs(keys: Sequence[MatchKey], numbers: set[bytes]) -> bool:
    own = {key.blind for key in keys if key.kind == NUMBER}
    return bool(own) and bool(numbers) and own.isdisjoint(numbers)
