"""Requests and responses of /api/v1 as types: parsing, answers and the OpenAPI document use these.

The shapes of conflicts, pairs, held, devices, report and settle are those of the command line
(DESIGN.md §8). Instants (`at`, `*_at`) are Unix milliseconds, dates (`*_on`) YYYY-MM-DD at UTC+8.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Reason = Annotated[str, Meta(min_length=1, max_length=2000, description="理由，记入操作")]
OperationId = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="操作编号，64 位十六进制")]
RecordId = Annotated[
    str,
    Meta(
        pattern="^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$",
        description="记录编号 (UUID)",
    ),
]


class LogIn(msgspec.Struct, forbid_unknown_fields=True):
    """Name and password of a member of staff."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Annotated[str, Meta(min_length=1, max_length=200)]


class Token(msgspec.Struct):
    """A bearer token; send it as `Authorization: Bearer …`."""

    token: str
    expires_at: int
    must_change: bool


class Problem(msgspec.Struct):
    """Every error: a code for programs, one sentence for people."""

    error: str
    sentence: str


class ConflictValue(msgspec.Struct):
    """One side of a conflict: what, by whom, on which device, when, and how sure."""

    value: Any
    agent: str
    device: str
    at: int
    clock_quality: str
    evidence: str
    operation: OperationId
    author: str
    """The agent or member of staff with the word for which: `agent:…`, `staff:…`."""


class Conflict(msgspec.Struct):
    """Two or more values of one register that no later act covers; `shown` is the one displayed."""

    record: RecordId
    kind: str
    field: str
    values: list[ConflictValue]
    shown: Any


class Pair(msgspec.Struct):
    """Two records that may be one matter, and why."""

    id: RecordId
    records: list[RecordId]
    reason: str


class Held(msgspec.Struct):
    """An operation that waits for a decision."""

    operation: OperationId
    device: str
    reason: str
    record: RecordId
    kind: str
    act: str


class Device(msgspec.Struct):
    """A tablet and how far its stream has come."""

    device: str
    site: str
    state: str
    last_seen_at: int | None
    seq: int
    name: str
    short_code: str


class RecordLine(msgspec.Struct):
    """A record as lists show it; no personal data."""

    record: RecordId
    kind: str
    state: str | None
    site: str
    item: str
    slip_number: str
    registered_on: str | None
    due_on: str | None
    closed_on: str | None
    conflicts: int
    held: int


class HistoryLine(msgspec.Struct):
    """One operation that took effect."""

    operation: OperationId
    act: str
    state_before: str | None
    state_after: str | None
    effective_at: int
    agent: str
    site: str


class IdleLine(msgspec.Struct):
    """One operation without effect, and why."""

    operation: OperationId
    status: str
    reason: str


class Number(msgspec.Struct):
    """An official number of the county, `project` for 办件编号; the first of a kind stands."""

    kind: str
    number: str


class Record(msgspec.Struct):
    """A folded record. Personal data is masked unless `reveal=true`, which is written down."""

    record: RecordId
    kind: str
    state: str | None
    site: str
    slip_number: str
    fields: dict[str, Any]
    conflicts: list[Conflict]
    history: list[HistoryLine]
    without_effect: list[IdleLine]
    revealed: bool
    numbers: list[Number] = []


class Attachment(msgspec.Struct):
    """An attachment of a record. `arrived` false: it is still on its way, or was erased."""

    attachment: RecordId
    file_name: str
    media_type: str
    bytes: int
    arrived: bool


class OpenAttachment(msgspec.Struct, forbid_unknown_fields=True):
    """Which attachment to open, and why; the look is written down."""

    attachment: RecordId
    reason: Reason


class AttachmentContent(msgspec.Struct):
    """An opened attachment. `media_type` is what its bytes show; `content` is base64."""

    file_name: str
    media_type: str
    content: bytes


class Settle(msgspec.Struct, forbid_unknown_fields=True):
    """A decision on one conflict: the `value`, or the `operation` that wrote the chosen side.

    `heads`: those the person was shown, default those of now. `again`: decide although nothing is
    open (undo); without it a second person who was slower gets 409.
    """

    record: RecordId
    field: Annotated[str, Meta(min_length=1, max_length=48)]
    reason: Reason
    value: Any = msgspec.UNSET
    operation: OperationId | None = None
    heads: list[OperationId] | None = None
    again: bool = False


class SettlePair(msgspec.Struct, forbid_unknown_fields=True):
    """A decision on a possible double filing; `again`: on one that was decided before."""

    pair: RecordId
    value: Literal["same", "different"]
    reason: Reason
    again: bool = False


class Judge(msgspec.Struct, forbid_unknown_fields=True):
    """A decision on a held operation; `again`: on one that was refused, or decided before."""

    operation: OperationId
    decision: Literal["admit", "refuse"]
    reason: Reason
    again: bool = False


class Done(msgspec.Struct):
    """The county's operation that carries the decision."""

    operation: OperationId


class Metric(msgspec.Struct):
    """A figure: a count (denominator null) or a rate 0..1, null over nothing."""

    value: int | float | None
    numerator: int
    denominator: int | None
    received: int | msgspec.UnsetType = msgspec.UNSET
    closed: int | msgspec.UnsetType = msgspec.UNSET
    upheld: int | msgspec.UnsetType = msgspec.UNSET


class Report(msgspec.Struct, rename={"from_on": "from", "to_on": "to"}):
    """The figures of a period; both dates are inclusive, at UTC+8. `site` null: the county."""

    from_on: str
    to_on: str
    site: str | None
    metrics: dict[str, Metric]


class NewPassword(msgspec.Struct, forbid_unknown_fields=True):
    """The old and the new password of the person who is logged in."""

    old: Annotated[str, Meta(min_length=1, max_length=200)]
    new: Annotated[str, Meta(min_length=1, max_length=200)]


class Ended(msgspec.Struct):
    """What was asked for is done and there is nothing more to say."""

    done: bool = True
