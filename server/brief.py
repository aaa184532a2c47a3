"""What one operation is judged on: the bench, the brief, and what was looked up beyond the record.

Plain data, so that judging stays a pure function; `server.court` gathers it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from server.county import Editions
from server.storage.rows import Agent, Grant, Posting
from shared.canonical import Value
from shared.catalogue import Item
from shared.fold import Entry
from shared.operation import Operation, Skeleton
from shared.record import Record


@dataclass(frozen=True, slots=True)
class Bench:
    """What the core knows while it judges one envelope."""

    county: int
    editions: Editions
    received_at: int
    anchor_at: int
    """The last instant known to lie before these acts: the stream's last receipt, the enrolment."""
    device_state: str
    cut_seq: int | None
    agents: Sequence[Agent]
    """Those enrolled on the device that wrote the stream."""


class Found(NamedTuple):
    """What only few acts need to know, looked up for those."""

    owner_item: str = ""
    """Item code of the record that this one belongs to (`of`), for a department's acts."""
    other_township: str = ""
    """Township of the other record of a merger; '' where it is unknown."""
    head_approved: bool = False
    """`approved_by` names a head of the acting township, and not the person who acts."""
    listed: Item | None = None
    """The record's item as the edition lists it that the record names (else today's)."""
    is_recused: bool = False
    """The handler a complaint is given to is its target, or below or beside the target."""


NOTHING_FOUND = Found()


@dataclass(frozen=True, slots=True)
class Brief:
    """One operation with what it is judged against."""

    operation: Operation
    head_before: bytes
    """The stream's head before the operation (a session's opening signs it)."""
    record: Record | None
    """As folded from everything the county holds, the same envelope's earlier acts included."""
    founder: Skeleton | None
    """The act that made the record, None for a new one."""
    session: Entry | None
    """The judged opening that the operation names, if it is the one open in its stream."""
    postings: Sequence[Posting] = ()
    """Of the operation's author; of the agent who opened it, in a citizen's session."""
    grants: Sequence[Grant] = ()
    found: Found = NOTHING_FOUND

    @property
    def fields(self) -> Mapping[str, Value]:
        """What the record says; for a new one, what the act that makes it says."""
        if self.record is None or self.founder is None:
            return self.operation.data
        return self.record.fields
