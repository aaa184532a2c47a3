"""Working on a draft: begun from the edition that stands, changed item by item or as a table.

Every change names the revision it was made on, so that two people at one draft never overwrite each
other silently. What is proposed is not changed any more until it comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import msgspec

from server.accounts import Person
from server.county import County
from server.editions import rights
from server.editions.content import Content, Edition, begins_on, dated, read_content
from server.editions.listing import Published, difference, published
from server.load import read_items
from server.storage import Tx
from server.storage.desk_rows import EditionDraft
from shared import ids
from shared.calendar_diff import CalendarDifference, with_days
from shared.calendars import FREE, WORKED, CalendarEdition, YearTable
from shared.catalogue import CatalogueEdition, Item
from shared.catalogue_diff import Difference, DoesNotFit, apply, compare
from shared.errors import Misuse, Refused
from shared.item_rows import ITEM_COLUMNS, read_item
from shared.rows import Fault

DRAFT, PROPOSED = "draft", "proposed"
STATES = {DRAFT: "草稿", PROPOSED: "待批准"}
DOCUMENT_MAX, DOC_NO_MAX = 200, 100
YEARS_MAX = 12
_HEADINGS = {column.name: column.heading for column in ITEM_COLUMNS}


class UnknownDraft(Refused):
    """No draft of this id, or not for this person."""


class NotOpen(Refused):
    """The draft is proposed: it is not changed until it comes back."""


class ChangedMeanwhile(Refused):
    """Somebody changed the draft after this page was opened."""


class BaseMoved(Refused):
    """Another edition was published after this draft began."""


class UnknownCode(Refused):
    """The draft has no item of this code, or has it already."""


class ItemRefused(Misuse):
    """A form of an item has faults; `faults` names each."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(faults)
        told = [f"「{_HEADINGS[fault.column]}」{fault.sentence}" for fault in faults]
        super().__init__("\n".join([f"有 {len(faults)} 处需要更正，没有保存：", *told]))


class WrongHead(Misuse):
    """Name, document number or dates of an edition that cannot be."""


class WrongYear(Misuse):
    """Days or a year that this calendar cannot take."""


@dataclass(frozen=True, slots=True)
class Opened:
    """One draft as a person sees it; `base` None where its base is published no more."""

    row: EditionDraft
    content: Content
    base: Published | None
    latest: Published
    changes: Difference | CalendarDifference
    may_edit: bool
    may_approve: bool

    @property
    def is_behind(self) -> bool:
        """Whether another edition was published after this draft began."""
        return self.row.base != self.latest.operation

    @property
    def state(self) -> str:
        """The word of its state."""
        return STATES[self.row.state]


def begin(county: County, person: Person, kind: str) -> bytes:
    """Begin a draft from the edition published last and return its id; raise NotAllowed."""
    rights.require_draft(person, kind)

    def step(tx: Tx) -> bytes:
        latest = published(county, tx, kind)[0]
        effective = max(county.today(), latest.effective_on)
        edition = dated(
            latest.edition, number=latest.number + 1, document=latest.document,
            published_on=county.today(), effective_on=effective,
        )  # fmt: skip
        draft = ids.uuid7(county.now(), county.entropy(10))
        content = Content(edition, "", (person.author,))
        tx.put_draft(
            EditionDraft(
                draft, kind, DRAFT, latest.operation, content.to_bytes(), person.author,
                county.now(), 1, None, "",
            )
        )  # fmt: skip
        return draft

    return county.ledger.writing(step)


def listed(county: County, tx: Tx, person: Person) -> list[EditionDraft]:
    """Return the drafts, newest first; none for those whom drafts do not concern."""
    return tx.drafts() if rights.sees_drafts(person) else []


def opened(county: County, person: Person, draft: bytes) -> Opened:
    """Return one draft; raise UnknownDraft."""
    with county.ledger.read() as tx:
        return open_in(county, tx, person, _row(tx, person, draft))


def open_in(county: County, tx: Tx, person: Person, row: EditionDraft) -> Opened:
    """Return a draft as this person sees it."""
    content = read_content(row)
    everything = published(county, tx, row.kind)
    base = next((one for one in everything if one.operation == row.base), None)
    changes = difference(base.edition if base else everything[0].edition, content.edition)
    return Opened(
        row, content, base, everything[0], changes,
        may_edit=row.state == DRAFT and rights.may_draft(person, row.kind),
        may_approve=row.state == PROPOSED
        and rights.may_approve(person, row.kind, content).allowed,
    )  # fmt: skip


def save_head(
    county: County, person: Person, draft: bytes, revision: int, *,
    document: str, doc_no: str, effective_on: date,
) -> None:  # fmt: skip
    """Write name, document number and first day; raise WrongHead and as `change`."""
    name, number = " ".join(document.split()), " ".join(doc_no.split())
    if not 0 < len(name) <= DOCUMENT_MAX or len(number) > DOC_NO_MAX:
        raise WrongHead(f"名称要填写，最多 {DOCUMENT_MAX} 字；文号最多 {DOC_NO_MAX} 字。")

    def made(content: Content) -> Content:
        edition = content.edition
        head = dated(
            edition, number=edition.number, document=name, published_on=edition.published_on,
            effective_on=effective_on,
        )  # fmt: skip
        return replace(content, edition=head, doc_no=number)

    change(county, person, draft, revision, made)


def save_item(
    county: County, person: Person, draft: bytes, revision: int, code: str,
    cells: Mapping[str, str],
) -> Item:  # fmt: skip
    """Write one item from the cells of a form; `code` '' adds one. Return the item.

    Raises ItemRefused with every fault, UnknownCode, InvalidEdition for a circle, and as `change`.
    """
    item, faults = read_item(cells)
    if item is None:
        raise ItemRefused(faults)

    def made(content: Content) -> Content:
        items = list(content.catalogue.items)
        codes = [one.code for one in items]
        if code and code not in codes:
            raise UnknownCode(f"草稿里没有事项 {code}，请从列表中选择。")
        if item.code != code and item.code in codes:
            raise UnknownCode(f"编码 {item.code} 已有事项使用，请换一个编码。")
        if code:
            items[codes.index(code)] = item
        else:
            items.append(item)
        return _with_items(content, items)

    change(county, person, draft, revision, made)
    return item


def drop_item(county: County, person: Person, draft: bytes, revision: int, code: str) -> None:
    """Cancel an item: leave it out of the edition; raise UnknownCode and as `change`."""

    def made(content: Content) -> Content:
        items = [one for one in content.catalogue.items if one.code != code]
        if len(items) == len(content.catalogue.items):
            raise UnknownCode(f"草稿里没有事项 {code}，可能已经取消，请刷新页面。")
        return _with_items(content, items)

    change(county, person, draft, revision, made)


def take_table(county: County, person: Person, draft: bytes, revision: int, path: Path) -> int:
    """Put the items of a spreadsheet in place of all items; return how many there are.

    All rows or none: raises LoadRefused with every fault, InvalidEdition, and as `change`.
    """
    items = read_items(path)
    change(county, person, draft, revision, lambda content: _with_items(content, list(items)))
    return len(items)


def set_days(
    county: County, person: Person, draft: bytes, revision: int, first: date, last: date, *,
    worked: bool,
) -> None:  # fmt: skip
    """Make a span of days free or worked (both inclusive); raise WrongYear and as `change`."""
    if last < first or first.year != last.year:
        raise WrongYear("起止日期要在同一年里，止不早于起；跨年的假期请分两次填写。")

    def made(content: Content) -> Content:
        calendar = content.calendar
        if first.year not in calendar.years:
            raise WrongYear(f"日历里还没有 {first.year} 年，请先添加这一年。")
        days = with_days(calendar, first, last, worked=worked)
        return _with_year(content, first.year, days, calendar.years[first.year].provisional)

    change(county, person, draft, revision, made)


def set_year(
    county: County, person: Person, draft: bytes, revision: int, year: int, *, provisional: bool
) -> None:
    """Mark a year provisional or certain; a year that is not there is added, Monday to Friday.

    Raises WrongYear and as `change`.
    """

    def made(content: Content) -> Content:
        years = content.calendar.years
        if year in years:
            return _with_year(content, year, years[year].days, provisional)
        if year not in {min(years) - 1, max(years) + 1} or len(years) >= YEARS_MAX:
            raise WrongYear(f"只能接着已有的年份添加，最多 {YEARS_MAX} 年，请核对年份。")
        return _with_year(content, year, plain_year(year), True)

    change(county, person, draft, revision, made)


def plain_year(year: int) -> str:
    """Return a year in which Monday to Friday are worked: what is known before the notice."""
    length = date(year, 12, 31).timetuple().tm_yday
    first = date(year, 1, 1).weekday()
    return "".join(WORKED if (first + place) % 7 < 5 else FREE for place in range(length))


def discard(county: County, person: Person, draft: bytes) -> None:
    """Give a draft up; raise NotAllowed, UnknownDraft, NotOpen."""

    def step(tx: Tx) -> None:
        row = _row(tx, person, draft, locked=True)
        rights.require_draft(person, row.kind)
        _require_open(row)
        content = read_content(row)
        base = next(one for one in published(county, tx, row.kind) if one.operation == row.base)
        rights.require_touched(county, tx, person, base.edition, content.edition)
        tx.drop_draft(draft)

    county.ledger.writing(step)


def move_onto_latest(county: County, person: Person, draft: bytes, revision: int) -> None:
    """Bring the draft's changes onto the edition that came out meanwhile.

    Raises DoesNotFit where both changed the same items, NotOpen, ChangedMeanwhile.
    """

    def step(tx: Tx) -> None:
        row = _writable(tx, person, draft, revision)
        content = read_content(row)
        seen = open_in(county, tx, person, row)
        if not seen.is_behind:
            return
        moved = replace(content, edition=_moved(seen))
        row = row._replace(base=seen.latest.operation)
        _put(tx, county, row, moved.by(person.author))

    county.ledger.writing(step)


def change(
    county: County, person: Person, draft: bytes, revision: int, made: Callable[[Content], Content]
) -> None:
    """Write what `made` makes of the draft's content.

    Raises NotAllowed, UnknownDraft, NotOpen, ChangedMeanwhile, and what `made` raises.
    """

    def step(tx: Tx) -> None:
        row = _writable(tx, person, draft, revision)
        before = read_content(row)
        after = made(before)
        rights.require_touched(county, tx, person, before.edition, after.edition)
        _put(tx, county, row, after.by(person.author))

    county.ledger.writing(step)


def _moved(seen: Opened) -> Edition:
    """The draft's own changes, made on the latest edition, under the draft's head."""
    mine, latest = seen.content.edition, seen.latest.edition
    assert seen.base is not None
    if isinstance(mine, CatalogueEdition):
        assert isinstance(latest, CatalogueEdition)
        assert isinstance(seen.base.edition, CatalogueEdition)
        moved: Edition = apply(compare(seen.base.edition, mine), latest)
    else:
        assert isinstance(latest, CalendarEdition)
        assert isinstance(seen.base.edition, CalendarEdition)
        moved = _calendar_moved(seen.base.edition, mine, latest)
    return dated(
        moved, number=seen.latest.number + 1, document=mine.document,
        published_on=mine.published_on,
        effective_on=max(begins_on(mine), seen.latest.effective_on),
    )  # fmt: skip


def _calendar_moved(
    base: CalendarEdition, mine: CalendarEdition, latest: CalendarEdition
) -> CalendarEdition:
    """Years changed on one side only; DoesNotFit where both changed one year differently."""
    years = dict(latest.years)
    for year, table in mine.years.items():
        if table == base.years.get(year):
            continue
        if latest.years.get(year) not in (base.years.get(year), table):
            raise DoesNotFit(f"两边都改了 {year} 年，请人工核对后重新起草。")
        years[year] = table
    return msgspec.structs.replace(latest, years={one: years[one] for one in sorted(years)})


def _writable(tx: Tx, person: Person, draft: bytes, revision: int) -> EditionDraft:
    row = _row(tx, person, draft, locked=True)
    rights.require_draft(person, row.kind)
    _require_open(row)
    if row.revision != revision:
        raise ChangedMeanwhile("这份草稿刚刚由他人改过，请刷新页面，看过之后再改。")
    return row


def _row(tx: Tx, person: Person, draft: bytes, *, locked: bool = False) -> EditionDraft:
    row = tx.draft(draft, locked=locked)
    if row is None or not rights.sees_drafts(person):
        raise UnknownDraft("没有这份草稿，可能已经公布或放弃，请从列表中选择。")
    return row


def _require_open(row: EditionDraft) -> None:
    if row.state != DRAFT:
        raise NotOpen("草稿已提交批准，不能再改；要改请先撤回。")


def _put(tx: Tx, county: County, row: EditionDraft, content: Content) -> None:
    tx.put_draft(
        row._replace(content=content.to_bytes(), changed_at=county.now(), revision=row.revision + 1)
    )


def _with_items(content: Content, items: list[Item]) -> Content:
    return replace(content, edition=msgspec.structs.replace(content.catalogue, items=tuple(items)))


def _with_year(content: Content, year: int, days: str, provisional: bool) -> Content:
    years = {**content.calendar.years, year: YearTable(days, provisional)}
    ordered = {one: years[one] for one in sorted(years)}
    return replace(content, edition=msgspec.structs.replace(content.calendar, years=ordered))
