"""A county's own sites, staff and items from three spreadsheets: every row checked, all or none.

`read_county` only reads. It returns a whole county or raises LoadRefused with every fault found, so
nothing can be half loaded; making editions, postings and accounts of it is the caller's one
transaction.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Generic, TypeVar

from server.spreadsheet import Table, Unreadable, read_table
from server.staff_rows import STAFF_COLUMNS, StaffRow, read_staff, role_doubt
from shared.catalogue import CatalogueEdition, Item, require_chains
from shared.editions import InvalidEdition
from shared.errors import Refused
from shared.item_rows import ITEM_COLUMNS, read_item
from shared.regions import level_of
from shared.rights import Role
from shared.rows import Column, Fault
from shared.site_rows import SITE_COLUMNS, SiteRow, read_site, site_edition
from shared.sites import SiteEdition, SiteKind

T = TypeVar("T")
Reading = Callable[[Mapping[str, str]], tuple[T | None, list[Fault]]]
SHOWN_MAX = 50


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault or doubt. `row` counts from 1 as in the sheet, 0 where the whole file is meant."""

    file: str
    row: int
    column: str
    sentence: str

    def __str__(self) -> str:
        place = f"第 {self.row} 行" if self.row else ""
        column = f"「{self.column}」" if self.column else ""
        return f"{self.file} {place}{column}：{self.sentence}"


class LoadRefused(Refused):
    """The tables have faults; nothing was taken over. `problems` holds every one of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        shown = [str(problem) for problem in self.problems[:SHOWN_MAX]]
        if len(self.problems) > SHOWN_MAX:
            shown.append(f"……还有 {len(self.problems) - SHOWN_MAX} 处。")
        head = f"表中有 {len(self.problems)} 处需要更正，一行也没有装入；请改好后整份再装。"
        super().__init__("\n".join([head, *shown]))


@dataclass(frozen=True, slots=True)
class CountyData:
    """A whole county, checked. `doubts` are odd but loaded; show them to whoever loads."""

    county: str
    sites: tuple[SiteRow, ...]
    staff: tuple[StaffRow, ...]
    items: tuple[Item, ...]
    doubts: tuple[Problem, ...] = ()

    def site_edition(
        self,
        *,
        number: int,
        document: str,
        published_on: date,
        valid_from: date,
        previous: SiteEdition | None = None,
    ) -> SiteEdition:
        """Return the site edition; with `previous` known sites keep their ids."""
        return site_edition(
            self.sites,
            number=number,
            document=document,
            published_on=published_on,
            valid_from=valid_from,
            previous=previous,
        )

    def catalogue_edition(
        self, *, number: int, document: str, published_on: date, effective_on: date
    ) -> CatalogueEdition:
        """Return the catalogue edition."""
        return CatalogueEdition(
            number=number,
            document=document,
            published_on=published_on,
            effective_on=effective_on,
            items=self.items,
        )


def read_county(sites: Path, staff: Path, items: Path) -> CountyData:
    """Return the county in three tables (.xlsx or .csv); raise LoadRefused with every fault."""
    site_sheet = _read(sites, SITE_COLUMNS, read_site)
    staff_sheet = _read(staff, STAFF_COLUMNS, read_staff)
    item_sheet = _read(items, ITEM_COLUMNS, read_item)
    _check_sites(site_sheet)
    _check_staff(staff_sheet, site_sheet)
    _check_items(item_sheet)
    sheets = (site_sheet, staff_sheet, item_sheet)
    problems = [problem for sheet in sheets for problem in sheet.problems]
    if problems:
        raise LoadRefused(problems)
    return CountyData(
        county=site_sheet.values[0].code12[:6],
        sites=site_sheet.values,
        staff=staff_sheet.values,
        items=item_sheet.values,
        doubts=tuple(doubt for sheet in sheets for doubt in sheet.doubts),
    )


def read_items(path: Path) -> tuple[Item, ...]:
    """Return the items of one table (.xlsx or .csv); raise LoadRefused with every fault."""
    sheet = _read(path, ITEM_COLUMNS, read_item)
    _check_items(sheet)
    if sheet.problems:
        raise LoadRefused(sheet.problems)
    return sheet.values


class _Sheet(Generic[T]):
    """One table while it is checked: its good rows with their numbers, faults and doubts."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self.file = path.name
        self.headings = {column.name: column.heading for column in columns}
        self.rows: list[tuple[int, T]] = []
        self.problems: list[Problem] = []
        self.doubts: list[Problem] = []
        self.whole = True

    @property
    def values(self) -> tuple[T, ...]:
        return tuple(value for _, value in self.rows)

    def problem(self, row: int, column: str, sentence: str) -> None:
        self.problems.append(self._at(row, column, sentence))

    def doubt(self, row: int, column: str, sentence: str) -> None:
        self.doubts.append(self._at(row, column, sentence))

    def _at(self, row: int, column: str, sentence: str) -> Problem:
        return Problem(self.file, row, self.headings.get(column, column), sentence)


def _read(path: Path, columns: Sequence[Column], reading: Reading[T]) -> _Sheet[T]:
    sheet: _Sheet[T] = _Sheet(path, columns)
    try:
        table = read_table(path)
    except Unreadable as error:
        sheet.whole = False
        sheet.problem(0, "", str(error))
        return sheet
    places = _places(table, columns, sheet)
    if sheet.problems:
        sheet.whole = False
        return sheet
    for number, line in table.rows:
        cells = {name: line[place] for name, place in places.items() if place < len(line)}
        value, faults = reading(cells)
        for fault in faults:
            sheet.problem(number, fault.column, fault.sentence)
        if value is not None:
            sheet.rows.append((number, value))
    if not table.rows:
        sheet.problem(0, "", "只有表头，没有一行数据，请填写后再试。")
    sheet.whole = not sheet.problems
    return sheet


def _places(table: Table, columns: Sequence[Column], sheet: _Sheet[T]) -> dict[str, int]:
    """Return where each column stands, found by its Chinese heading or its name in code."""
    known = {_folded(column.heading): column.name for column in columns}
    known |= {column.name: column.name for column in columns}
    places: dict[str, int] = {}
    for place, heading in enumerate(table.header):
        name = known.get(_folded(heading))
        if name is None:
            if heading:
                sheet.problem(1, heading, "没有这一列，请照模板的表头填写或删去这一列。")
        elif name in places:
            sheet.problem(1, heading, "这一列出现了两次，请只留一列。")
        else:
            places[name] = place
    for column in columns:
        if column.required and column.name not in places:
            sheet.problem(1, column.name, "缺少这一列，请照模板补上。")
    return places


def _folded(heading: str) -> str:
    return "".join(unicodedata.normalize("NFKC", heading).split()).lower()


def _owners(sheet: _Sheet[SiteRow]) -> dict[str, tuple[int, SiteRow]]:
    """Return which row answers for each code; rows for the same site twice are problems."""
    owners: dict[str, tuple[int, SiteRow]] = {}
    firsts: dict[tuple[str, bool, str], int] = {}
    for number, row in sheet.rows:
        if row.doubt:
            sheet.doubt(number, "code12", row.doubt)
        # The code of a closed site may have gone to another one.
        first = firsts.setdefault((row.code12, row.closed, row.name if row.shared else ""), number)
        if first != number:
            sheet.problem(number, "code12", f"与第 {first} 行的站点重复，请只留一行。")
        elif not row.shared and not row.closed:
            owners[row.code12] = (number, row)
    return owners


def _check_sites(sheet: _Sheet[SiteRow]) -> None:
    owners = _owners(sheet)
    if not sheet.whole:
        return  # a faulty row may be the very centre or parent that others seem to lack
    _supply_centre(sheet)
    centres = [row for row in sheet.values if row.kind is SiteKind.COUNTY]
    if len(centres) != 1:
        sentence = f"应有且只有一行县中心（区划代码末六位为 0），现有 {len(centres)} 行，请更正。"
        sheet.problem(0, "code12", sentence)
        return
    owners[centres[0].code12] = (0, centres[0])
    for number, row in sheet.rows:
        if row.code12[:6] != centres[0].code12[:6]:
            sheet.problem(number, "code12", f"不属于本县（{centres[0].code12[:6]}），请更正。")
        elif row.kind is not SiteKind.COUNTY and not row.closed:
            _check_parent(sheet, number, row, owners)
        for code12 in row.successors:
            if code12 not in owners:
                sheet.doubt(number, "successors", f"继任代码 {code12} 不在表中，请核对。")


def _supply_centre(sheet: _Sheet[SiteRow]) -> None:
    """The statistics bureau's tables leave the county out: its code is known, its name not."""
    prefixes = {row.code12[:6] for row in sheet.values}
    if len(prefixes) == 1 and all(row.kind is not SiteKind.COUNTY for row in sheet.values):
        code12 = prefixes.pop() + "000000"
        sheet.rows.insert(0, (0, SiteRow(code12, "本县", "县", "", SiteKind.COUNTY)))
        sentence = f"表中没有县中心，已按 {code12} 补上，名称暂为“本县”；要用县名请补一行再装。"
        sheet.doubt(0, "code12", sentence)


def _check_parent(
    sheet: _Sheet[SiteRow], number: int, row: SiteRow, owners: Mapping[str, tuple[int, SiteRow]]
) -> None:
    held = owners.get(row.parent12)
    if held is None:
        sheet.problem(number, "parent12", f"上级 {row.parent12} 不在表中，请补上或更正。")
        return
    parent = held[1].kind
    fits = (
        parent is SiteKind.TOWNSHIP
        if row.kind is SiteKind.VILLAGE
        else parent is SiteKind.COUNTY or row.kind is SiteKind.ENTERPRISE
    )
    if not fits or parent is SiteKind.VILLAGE:
        sentence = f"{row.kind}的上级不能是{parent}（{row.parent12}），请更正。"
        sheet.problem(number, "parent12", sentence)


def _check_staff(sheet: _Sheet[StaffRow], sites: _Sheet[SiteRow]) -> None:
    codes = {row.code12 for row in sites.values if not row.closed}
    people: dict[str, tuple[int, StaffRow]] = {}
    postings: dict[tuple[str, str, Role], int] = {}
    for number, row in sheet.rows:
        if row.code12 in codes:
            doubt = role_doubt(row.role, level_of(row.code12))
            if doubt:
                sheet.problem(number, "role", doubt)
        elif sites.whole:
            sheet.problem(number, "code12", f"站点表里没有 {row.code12}，请更正。")
        first, person = people.setdefault(row.staff_no, (number, row))
        if (person.name, person.phone) != (row.name, row.phone):
            sentence = f"工号与第 {first} 行相同而姓名或电话不同，请更正。"
            sheet.problem(number, "staff_no", sentence)
        same = postings.setdefault((row.staff_no, row.code12, row.role), number)
        if same != number:
            sheet.problem(number, "staff_no", f"与第 {same} 行是同一任职，请只留一行。")
    if sheet.whole and not any(row.role is Role.ADMINISTRATOR for row in sheet.values):
        sheet.doubt(0, "role", "没有管理员，装入后请用 bianmin county staff add 添加。")
    for number, row in sheet.rows:
        if row.name == STAFF_COLUMNS[0].example:
            sheet.doubt(number, "name", "这是模板的示例行，正式使用前请换成真实人员。")


def _check_items(sheet: _Sheet[Item]) -> None:
    firsts: dict[str, int] = {}
    for number, item in sheet.rows:
        first = firsts.setdefault(item.code, number)
        if first != number:
            sheet.problem(number, "code", f"与第 {first} 行的编码重复，请更正。")
    if sheet.whole and not sheet.problems:
        try:
            require_chains(sheet.values)
        except InvalidEdition as error:
            sheet.problem(0, "", str(error))
