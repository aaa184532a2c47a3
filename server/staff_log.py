"""The audit log as staff meet it: reads and acts, by person, sort, period and object; as a file.

Who sees whose entries is the row `READ_AUDIT` of the permission table. Taking the log away as a
file is a read like others: it is written down first.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date

from server.accounts import Person
from server.county import Editions
from server.desk import Desk
from server.sight import COUNTY_ROLES
from server.storage import Tx
from server.storage.rows import AuditEntry, Staff
from shared.civil import end_of_day, minute, start_of_day
from shared.errors import Misuse
from shared.ids import InvalidId, parse_record, record_text
from shared.permissions import Capability, Question, may

LOG_PAGE = 50
FILE_ROWS_MAX = 50_000
HIDDEN_DETAIL = "******"
EXPORTED = "export_audit"
_CHUNK = 1000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
HEAD = ("时间", "人员", "操作", "对象", "说明")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class WrongPeriod(Misuse):
    """A period whose end lies before its beginning."""


class TooMuch(Misuse):
    """More entries than a file holds."""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which entries; '' and None for all. Days are inclusive, at UTC+8."""

    who: str = ""
    """The id of a member of staff."""
    what: str = ""
    about: str = ""
    from_on: date | None = None
    to_on: date | None = None

    def __post_init__(self) -> None:
        """Refuse a period that cannot be meant."""
        if self.from_on and self.to_on and self.to_on < self.from_on:
            raise WrongPeriod("截止日期早于起始日期，请更正。")


@dataclass(frozen=True, slots=True)
class LogPage:
    """A page of the audit log, newest first; `more` is the entry after which the next begins."""

    entries: list[AuditEntry]
    people: list[Staff]
    """Whose entries this person may see, for the filter."""
    more: bytes | None


@dataclass(frozen=True, slots=True)
class _Sight:
    """Whose entries somebody sees; `authors` None for all of them."""

    people: list[Staff]
    authors: Collection[str] | None


def log_page(
    desk: Desk, person: Person, which: LogFilter, *, before: bytes | None = None,
    limit: int = LOG_PAGE,
) -> LogPage:  # fmt: skip
    """Return audit entries: all, one's township's, or one's own.

    An administrator sees that a complaint was looked at and by whom, not what was said about it.
    """
    with desk.county.ledger.read() as tx:
        seen = _sight(tx, desk, person, which.who)
        found = _entries(tx, seen, which, before, limit + 1)
        shown = _veiled(tx, person, found[:limit])
    return LogPage(shown, seen.people, shown[-1].entry if len(found) > limit else None)


def log_lines(desk: Desk, person: Person, which: LogFilter) -> list[AuditEntry]:
    """Return every entry of a filter for a file; the taking is written down.

    Raises TooMuch beyond 50,000 entries.
    """
    asked = " ".join(
        f"{name}={value}" for name in ("who", "what", "about", "from_on", "to_on")
        if (value := getattr(which, name))
    )  # fmt: skip
    desk.accounts.note(person, EXPORTED, person.author, asked)
    found: list[AuditEntry] = []
    with desk.county.ledger.read() as tx:
        seen, before = _sight(tx, desk, person, which.who), None
        while page := _entries(tx, seen, which, before, _CHUNK):
            found += _veiled(tx, person, page)
            before = page[-1].entry
            if len(found) > FILE_ROWS_MAX:
                raise TooMuch(f"超过 {FILE_ROWS_MAX} 条，请缩短时段后分几次导出。")
    return found


Words = Callable[[AuditEntry], tuple[str, str, str]]
"""Person, act and object of an entry in the reader's words."""


def as_csv(entries: Collection[AuditEntry], words: Words) -> bytes:
    """Return entries as CSV with a mark, as spreadsheets in China open it; nothing is a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEAD)
    writer.writerows([[_harmless(cell) for cell in row] for row in _rows(entries, words)])
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(entries: Collection[AuditEntry], words: Words) -> bytes:
    """Return entries as a spreadsheet; every cell is text."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_urls": False})
    sheet = book.add_worksheet("操作日志")
    for column, (title, width) in enumerate(zip(HEAD, (18, 14, 20, 30, 60), strict=True)):
        sheet.write_string(0, column, title, book.add_format({"bold": True, "bottom": 1}))
        sheet.set_column(column, column, width)
    for number, row in enumerate(_rows(entries, words), 1):
        for column, cell in enumerate(row):
            sheet.write_string(number, column, cell)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(entries), 1), len(HEAD) - 1)
    book.close()
    return out.getvalue()


def _rows(entries: Collection[AuditEntry], words: Words) -> Iterator[list[str]]:
    for entry in entries:
        yield [minute(entry.at), *words(entry), entry.detail]


def _harmless(cell: str) -> str:
    """Text that a spreadsheet would compute gets an apostrophe in front (OWASP, CSV injection)."""
    return "'" + cell if cell.startswith(_FORMULA) else cell


def _sight(tx: Tx, desk: Desk, person: Person, who: str) -> _Sight:
    editions = desk.county.editions(tx)
    everybody = tx.staff_list()
    people = [one for one in everybody if _may_read(person, editions, one)]
    is_whole = len(people) == len(everybody) and person.role in COUNTY_ROLES
    if who:
        return _Sight(people, [f"staff:{one.staff}" for one in people if one.staff == who])
    return _Sight(people, None if is_whole else [f"staff:{one.staff}" for one in people])


def _entries(
    tx: Tx, seen: _Sight, which: LogFilter, before: bytes | None, limit: int
) -> list[AuditEntry]:  # fmt: skip
    return tx.audit_entries(
        people=seen.authors, what=which.what or None, about=_about(which.about),
        since=start_of_day(which.from_on) if which.from_on else None,
        until=end_of_day(which.to_on) if which.to_on else None, before=before, limit=limit,
    )  # fmt: skip


def _about(text: str) -> str | None:
    """An object as the log writes it: a record's id in its usual form, else what was typed."""
    typed = text.strip()
    try:
        return record_text(parse_record(typed))
    except InvalidId:
        return typed or None


def _veiled(tx: Tx, person: Person, entries: list[AuditEntry]) -> list[AuditEntry]:
    veiled = _complaints(tx, person, entries)
    return [
        _without_detail(one) if one.about in veiled and one.person != person.author else one
        for one in entries
    ]


def _without_detail(entry: AuditEntry) -> AuditEntry:
    """Return the entry without what was said."""
    return entry._replace(detail=HIDDEN_DETAIL if entry.detail else "")


def _may_read(person: Person, editions: Editions, other: Staff) -> bool:
    township = editions.township_of(person.site)
    question = Question(
        role=person.role, capability=Capability.READ_AUDIT, is_own=other.staff == person.staff,
        same_township=bool(township) and editions.township_of(other.site) == township,
    )  # fmt: skip
    return may(question).allowed


def _complaints(tx: Tx, person: Person, entries: Collection[AuditEntry]) -> set[str]:
    """Which records of these entries are complaints whose content this person may not read."""
    question = Question(role=person.role, capability=Capability.READ_AUDIT, is_own=True,
                        same_township=True)  # fmt: skip
    if may(replace(question, complaint_content=True)).allowed:
        return set()
    found = {}
    for entry in entries:
        try:
            found[parse_record(entry.about)] = entry.about
        except InvalidId:
            continue  # about a name or a device
    rows = tx.records(found)
    return {text for record, text in found.items()
            if record in rows and rows[record].kind.startswith("complaint")}  # fmt: skip
