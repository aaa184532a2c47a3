"""What a draft holds: the edition as it would be published, its document number, whose hands.

Canonical bytes, sealed in the database. An edition at work has the number it will be published
under as far as anybody knows today; the number it gets is drawn when it is approved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import msgspec

from server.county import CALENDAR, CATALOGUE
from server.storage.desk_rows import EditionDraft
from shared import canonical
from shared.calendars import CalendarEdition
from shared.canonical import Value
from shared.catalogue import CatalogueEdition
from shared.errors import BianminError, Misuse

BYTES_MAX = 8 << 20
KINDS = {CATALOGUE: "事项目录", CALENDAR: "工作日历"}
"""The kinds of edition that are made here; sites come by `county load`."""
Edition = CatalogueEdition | CalendarEdition


class DraftUnreadable(BianminError):
    """A draft that this program did not write."""


class UnknownKind(Misuse):
    """A kind of edition that is not made here."""


@dataclass(frozen=True, slots=True)
class Content:
    """A draft, read. `hands`: everybody who changed it (author texts); none of them approves."""

    edition: Edition
    doc_no: str
    hands: tuple[str, ...]

    @property
    def catalogue(self) -> CatalogueEdition:
        """The edition, of a draft that is known to be a catalogue."""
        assert isinstance(self.edition, CatalogueEdition)
        return self.edition

    @property
    def calendar(self) -> CalendarEdition:
        """The edition, of a draft that is known to be a calendar."""
        assert isinstance(self.edition, CalendarEdition)
        return self.edition

    def by(self, author: str) -> Content:
        """Return the content with one more pair of hands."""
        if author in self.hands:
            return self
        return replace(self, hands=(*self.hands, author))

    def to_bytes(self) -> bytes:
        """Return the canonical bytes."""
        plain: dict[str, Value] = {
            "edition": self.edition.to_data(), "doc_no": self.doc_no, "hands": list(self.hands),
        }  # fmt: skip
        return canonical.encode(plain)


def read_content(row: EditionDraft) -> Content:
    """Return what a draft holds; raise DraftUnreadable, InvalidEdition."""
    match canonical.decode(row.content, BYTES_MAX):
        case {"edition": dict(plain), "doc_no": str(doc_no), "hands": list(hands)}:
            return Content(edition_of(row.kind, plain), doc_no, tuple(str(one) for one in hands))
        case _:
            raise DraftUnreadable("这份草稿无法读取，请放弃后重新起草。")


def edition_of(kind: str, plain: object) -> Edition:
    """Return the edition of a plain form; raise InvalidEdition, UnknownKind."""
    if kind == CATALOGUE:
        return CatalogueEdition.from_data(plain)
    if kind == CALENDAR:
        return CalendarEdition.from_data(plain)
    raise UnknownKind("只有事项目录和工作日历在这里起草，请从列表进入。")


def begins_on(edition: Edition) -> date:
    """Return the first day on which an edition holds."""
    if isinstance(edition, CatalogueEdition):
        return edition.effective_on
    return edition.begins_on


def dated(
    edition: Edition, *, number: int, document: str, published_on: date, effective_on: date
) -> Edition:
    """Return the edition with another head."""
    return msgspec.structs.replace(
        edition, number=number, document=document, published_on=published_on,
        effective_on=effective_on,
    )  # fmt: skip
