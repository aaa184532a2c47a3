"""The published editions as people read them: who made and approved them, from when they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from server.county import CALENDAR, CATALOGUE, County, day_number
from server.editions.content import KINDS, Edition, UnknownKind, begins_on, edition_of
from server.storage import Tx
from server.storage.rows import Edition as EditionRow
from shared import canonical
from shared.calendar_diff import CalendarDifference, compare_calendars
from shared.calendars import CalendarEdition
from shared.canonical import Value
from shared.catalogue import CatalogueEdition
from shared.catalogue_diff import Difference, compare
from shared.errors import Refused
from shared.operation import DATA_BYTES_MAX, Operation

IN_FORCE, AHEAD, PAST = "现行", "待生效", "已被替代"


class UnknownEdition(Refused):
    """No published edition of this number."""


@dataclass(frozen=True, slots=True)
class Published:
    """One published edition. `state`: IN_FORCE, AHEAD or PAST; `made_at` Unix ms."""

    kind: str
    number: int
    operation: bytes
    document: str
    doc_no: str
    effective_on: date
    published_on: date
    made_by: str
    second_signer: str
    made_at: int
    state: str
    edition: Edition

    @property
    def label(self) -> str:
        """The word of its kind."""
        return KINDS[self.kind]


def published(county: County, tx: Tx, kind: str) -> list[Published]:
    """Return every edition of a kind, the latest first; raise UnknownKind."""
    if kind not in KINDS:
        raise UnknownKind("只有事项目录和工作日历两种版本，请从列表进入。")
    rows = [row for row in tx.all_editions(kind) if row.operation is not None]
    current = tx.edition_on(kind, day_number(county.today()))
    found = tx.operations([row.operation for row in rows if row.operation])
    return [_read(county, row, current, found[row.operation]) for row in rows if row.operation]


def edition_numbered(county: County, tx: Tx, kind: str, number: int) -> Published:
    """Return one published edition; raise UnknownKind, UnknownEdition."""
    for one in published(county, tx, kind):
        if one.number == number:
            return one
    raise UnknownEdition(f"没有第 {number} 版{KINDS[kind]}，请从列表中选择。")


def difference(old: Edition, new: Edition) -> Difference | CalendarDifference:
    """Return what `new` changes against `old`, both of one kind."""
    if isinstance(old, CatalogueEdition) and isinstance(new, CatalogueEdition):
        return compare(old, new)
    assert isinstance(old, CalendarEdition)
    assert isinstance(new, CalendarEdition)
    return compare_calendars(old, new)


def _read(
    county: County, row: EditionRow, current: EditionRow | None, done: Operation
) -> Published:
    edition, doc_no, second_signer = _parsed(row.kind, done.data_bytes or b"")
    begun = begins_on(edition)
    state = AHEAD if begun > county.today() else PAST
    if current is not None and current.operation == row.operation:
        state = IN_FORCE
    return Published(
        row.kind, row.number, done.id, edition.document, doc_no, begun,
        edition.published_on, done.skeleton.author, second_signer,
        done.skeleton.effective_at, state, edition,
    )  # fmt: skip


@lru_cache(maxsize=128)
def _parsed(kind: str, data: bytes) -> tuple[Edition, str, str]:
    """Edition, document number and second signer of a publication: bytes never change."""
    plain = canonical.decode(data, DATA_BYTES_MAX)
    assert isinstance(plain, dict)
    edition = edition_of(kind, plain.get("content"))
    return edition, _text(plain, "doc_no"), _text(plain, "second_signer")


def _text(plain: Mapping[str, Value], name: str) -> str:
    value = plain.get(name)
    return value if isinstance(value, str) else ""


BOTH = (CATALOGUE, CALENDAR)
"""The kinds in the order of the page."""
