"""The use cases of bulletin and yearly table: console, JSON API and command line ask here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import quote, urlsplit

from server import sight
from server.accounts import Person
from server.bulletin.content import month_words
from server.bulletin.excel import bulletin_xlsx
from server.bulletin.gather import DRAFT, bulletin_of
from server.bulletin.pdf import bulletin_pdf
from server.bulletin.word import DOCX, bulletin_docx
from server.bulletin.year import YearTable, year_table
from server.bulletin.year_files import year_pdf, year_xlsx
from server.county import County
from server.report_files import PDF, XLSX
from shared.errors import Misuse
from shared.permissions import Capability

BULLETIN_FORMS = ("pdf", "docx", "xlsx")
YEAR_FORMS = ("pdf", "xlsx")
MEDIA = {"pdf": PDF, "docx": DOCX, "xlsx": XLSX}
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class UnknownForm(Misuse):
    """A file format a bulletin is not printed in."""


@dataclass(frozen=True, slots=True)
class PrintedFile:
    """A file to hand out: its name for people, its plain name for old programs."""

    title: str
    plain: str
    media_type: str
    content: bytes

    @property
    def disposition(self) -> str:
        """The header that names the download (RFC 6266)."""
        return f"attachment; filename=\"{self.plain}\"; filename*=UTF-8''{quote(self.title)}"


def bulletin_file(
    county: County, person: Person | None, month: date, form: str, *, draft: bool = False,
    base: str | None = None,
) -> PrintedFile:  # fmt: skip
    """Return a month's bulletin as pdf, docx or xlsx.

    `person`: None for the machine itself. `base`: where the console is, for the links of a
    workbook; None: where the county is known to be. Raises UnknownForm, NotAllowed, NotClosed,
    MonthBeforeBooks, NoChineseFont.
    """
    _require(county, person, form, BULLETIN_FORMS)
    told = bulletin_of(county, month, draft=draft)
    if form == "pdf":
        content = bulletin_pdf(told)
    elif form == "docx":
        content = bulletin_docx(told)
    else:
        content = bulletin_xlsx(told, console_of(county) if base is None else base)
    mark = f"（{DRAFT}）" if told.is_draft else ""
    return PrintedFile(
        f"{told.masthead}{month_words(month)}{mark}.{form}",
        f"bulletin-{month:%Y-%m}{'-draft' if told.is_draft else ''}.{form}", MEDIA[form], content,
    )  # fmt: skip


def year_of(county: County, person: Person | None, year: int, through: int) -> YearTable:
    """Return the table of a year's closed months; raise NotAllowed."""
    _require(county, person, "", ("",))
    return year_table(county, year, through)


def year_file(
    county: County, person: Person | None, year: int, through: int, form: str
) -> PrintedFile:  # fmt: skip
    """Return the yearly table as pdf or xlsx; raise UnknownForm, NotAllowed, NoChineseFont."""
    _require(county, person, form, YEAR_FORMS)
    table = year_table(county, year, through)
    content = year_pdf(table) if form == "pdf" else year_xlsx(table)
    plain = f"year-{year}-{through:02d}.{form}"
    return PrintedFile(f"{table.title}.{form}", plain, MEDIA[form], content)


def console_of(county: County) -> str:
    """Return where the console is as far as the county knows; '' where it knows this machine only:
    such a link would lead nowhere on another desk."""
    url = county.home.config.url.rstrip("/")
    return "" if urlsplit(url).hostname in _LOOPBACK else url


def _require(county: County, person: Person | None, form: str, forms: tuple[str, ...]) -> None:
    if form not in forms:
        raise UnknownForm(f"没有这种格式，请从 {'、'.join(forms)} 中选一种。")
    if person is None:
        return
    with county.ledger.read() as tx:
        editions = county.editions(tx)
    decision = sight.over_site(person, editions, Capability.READ_MONTH, person.site)
    if not decision.allowed:
        raise sight.NotAllowed(decision.reason)
