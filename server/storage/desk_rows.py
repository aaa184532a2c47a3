"""Rows of the county's own desks: what the bridge to the province and the editions keep."""

from __future__ import annotations

from typing import NamedTuple


class EditionDraft(NamedTuple):
    """An edition at work; state: `draft` or `proposed`. `content` is plain here."""

    draft: bytes
    kind: str
    state: str
    base: bytes
    content: bytes
    made_by: str
    changed_at: int
    revision: int
    proposal: bytes | None
    note: str
    """Why it came back, '' where nobody sent it back."""


class Recount(NamedTuple):
    """Due dates counted anew after a calendar edition; `later` of the `changed` moved back."""

    recount: bytes
    begun_at: int
    ended_at: int | None
    after: bytes
    looked: int
    changed: int
    later: int


class DueChange(NamedTuple):
    """The due date of one open case before and after a recount."""

    recount: bytes
    record: bytes
    before_on: int | None
    after_on: int | None
    provisional: int


class BridgeState(NamedTuple):
    """How far the bridge looked through the county's stream (epoch, seq of the last one seen).

    Cases touched up to `force` are told whole once more, unless a batch from `force_batch` on has
    done so. `basis` hashes what rows are made with beside the ledger.
    """

    epoch: int
    seq: int
    force_epoch: int
    force_seq: int
    force_batch: int
    basis: bytes


class BridgeBatch(NamedTuple):
    """A file for the province; accepted and rejected are rows the province answered."""

    batch: int
    made_at: int
    closed_at: int | None
    written_at: int | None
    person: str
    cases: int
    rows: int
    accepted: int
    rejected: int
    digest: bytes


class BridgePiece(NamedTuple):
    """What a batch says of one case; `content` is plain here and sealed in the database."""

    batch: int
    place: int
    record: bytes
    content: bytes


class BridgeCase(NamedTuple):
    """What the province was told of a case; state: sent, accepted, rejected, waiting or none.

    `batch` is the last one that had it (0: none), `through` the position of the ledger it was
    looked at, with what `basis`. `missing`: codes without mapping, one a line. `told` is plain.
    """

    record: bytes
    state: str
    batch: int
    through_epoch: int
    through_seq: int
    basis: bytes
    missing: str
    told: bytes
