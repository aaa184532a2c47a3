"""What the endpoints of 目录与日历 take and give, as JSON."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from server.api.messages import OperationId, Reason, RecordId

Kind = Literal["catalogue", "calendar"]
Revision = Annotated[int, Meta(ge=1)]
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class EditionLine(msgspec.Struct):
    """A published edition. `state`: in_force, ahead or past."""

    kind: Kind
    number: int
    document: str
    doc_no: str
    effective_on: str
    published_on: str
    made_by: str
    second_signer: str
    at: int
    state: Literal["in_force", "ahead", "past"]
    operation: OperationId


class ChangeLine(msgspec.Struct):
    """One cell that changed, in the words of the table; '' where there was or is nothing."""

    heading: str
    before: str
    after: str


class ChangeEntry(msgspec.Struct):
    """One item with its changes, or a family of items: `before` went over into `after`."""

    code: str
    name: str
    lines: list[ChangeLine]
    before: list[str]
    after: list[str]


class ChangeGroup(msgspec.Struct):
    """A group of the difference sheet."""

    group: str
    entries: list[ChangeEntry]


class DaySpan(msgspec.Struct):
    """Days in a row that change alike."""

    first: str
    last: str
    before: str
    after: str


class YearWord(msgspec.Struct):
    """What changes about a whole year."""

    year: int
    change: str


class DifferenceSheet(msgspec.Struct):
    """What one edition changes against another: groups of items, or days and years."""

    groups: list[ChangeGroup]
    days: list[DaySpan]
    years: list[YearWord]


class DraftLine(msgspec.Struct):
    """A draft; `revision` goes with every change. `behind`: a newer edition was published."""

    draft: RecordId
    kind: Kind
    state: Literal["draft", "proposed"]
    document: str
    doc_no: str
    effective_on: str
    made_by: str
    changed_at: int
    revision: int
    note: str
    behind: bool


class DraftWhole(msgspec.Struct):
    """A draft with its difference to its base and, of a catalogue, its items as table cells."""

    line: DraftLine
    difference: DifferenceSheet
    items: list[dict[str, str]]


class NewDraft(msgspec.Struct, forbid_unknown_fields=True):
    """Which kind of edition to begin."""

    kind: Kind


class Head(msgspec.Struct, forbid_unknown_fields=True):
    """Name, document number and first day of an edition."""

    revision: Revision
    document: Annotated[str, Meta(min_length=1, max_length=200)]
    doc_no: Annotated[str, Meta(max_length=100)]
    effective_on: Day


class ItemCells(msgspec.Struct, forbid_unknown_fields=True):
    """An item as cells by column name; `code` the item to change, '' to add one."""

    revision: Revision
    cells: dict[str, str]
    code: str = ""


class ItemDrop(msgspec.Struct, forbid_unknown_fields=True):
    """The item to cancel."""

    revision: Revision
    code: str


class Days(msgspec.Struct, forbid_unknown_fields=True):
    """A span of days (inclusive) to make free or worked."""

    revision: Revision
    first: Day
    last: Day
    worked: bool


class YearMark(msgspec.Struct, forbid_unknown_fields=True):
    """A year to mark provisional or certain, or to add."""

    revision: Revision
    year: int
    provisional: bool


class OfRevision(msgspec.Struct, forbid_unknown_fields=True):
    """The revision that the person was shown."""

    revision: Revision


class Rejection(msgspec.Struct, forbid_unknown_fields=True):
    """Why a proposal goes back."""

    reason: Reason


class RefundLine(msgspec.Struct):
    """A charge to give back, or given back; amounts in 分. No names: the record has them."""

    charge: RecordId
    matter: RecordId
    site: str
    item: str
    amount_fen: int
    allowed_fen: int
    back_fen: int
    on: str
    edition: int
    why: str


class Refund(msgspec.Struct, forbid_unknown_fields=True):
    """A charge that was given back, and a word about it."""

    charge: RecordId
    reason: Reason


class RecountLine(msgspec.Struct):
    """Due dates counted anew after a calendar edition; `ahead` open cases are still to do."""

    recount: OperationId
    looked: int
    changed: int
    later: int
    ahead: int
    done: bool


class DueLine(msgspec.Struct):
    """The due date of one case before and after."""

    record: RecordId
    before: str | None
    after: str | None
    provisional: bool
