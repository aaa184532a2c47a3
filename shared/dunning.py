"""催办 and 督办 as a record tells them: what the county asked last, by when, and what came back.

Both machines read it from the folded history, so that the board and the tablet say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from shared import lifecycle
from shared.operation import Operation
from shared.record import Record

URGE, SUPERVISE, ANSWER = "urge", "supervise", "answer_supervision"
ASKING = frozenset({URGE, SUPERVISE})


class Dunning(NamedTuple):
    """The last time the county asked after a record. Instants in Unix ms."""

    act: str
    """`urge` or `supervise`."""
    asked_at: int
    by_on: date | None
    """The last day to answer; None for one that cannot be read."""
    reason: str
    author: str
    answered_at: int | None = None
    answer: str = ""
    answered_by: str = ""

    @property
    def is_open(self) -> bool:
        """Whether nobody has answered yet."""
        return self.answered_at is None

    @property
    def label(self) -> str:
        """催办 or 督办."""
        return lifecycle.act_label("case", self.act)


def dunning_of(record: Record, operations: Mapping[bytes, Operation]) -> Dunning | None:
    """Return how the county asked after a record last; None where it never did.

    `operations` are those of the record, by id. An answer counts for what was asked before it.
    """
    last: Dunning | None = None
    for effect in record.history:
        operation = operations[effect.operation]
        data, author = operation.data, operation.skeleton.author
        if effect.act in ASKING:
            last = Dunning(
                effect.act, effect.effective_at, _day(data.get("answer_by_on")),
                _text(data.get("reason")), author,
            )  # fmt: skip
        elif effect.act == ANSWER and last is not None:
            last = last._replace(
                answered_at=effect.effective_at, answered_by=author,
                answer=_text(data.get("supervision_answer")),
            )  # fmt: skip
    return last


def waits(record: Record, dunning: Dunning | None) -> bool:
    """Whether the holder still owes an answer: asked, not answered, the matter not at its end."""
    is_over = lifecycle.is_end(record.kind, record.state)
    return dunning is not None and dunning.is_open and not is_over


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(_text(value))
    except ValueError:
        return None
