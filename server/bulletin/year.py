"""年度考核表: the closed months of a year side by side, their sums, and the townships (S28, S67).

Made from the frozen sheets alone. A month that is not closed has no figures here; what corrected a
closed one is known from the sheets that followed it (`server.months.circumstances`) and stands
beside the sums. No score is given: the counts are, and the place by cases accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from server.bulletin.content import places
from server.county import County, Editions
from server.metrics.definitions import BY_KEY
from server.months.closing import begun
from server.months.sheets import Count, Sheet, Sum, frozen
from server.storage import Tx
from shared.errors import Misuse

YEAR_KEYS = ("M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8")
"""Figures that add up over months: counts, and rates by their counts."""
TOWN_KEYS = YEAR_KEYS[:-1]
MATRIX_KEYS = ("M1", "M2", "M3", "M6", "M7")
"""Counts shown township by month."""
MATTERS = ("M1", "M6", "M2", "M7", "M8")
"""What was begun: a closed case is the same matter, not another."""
REQUIRED = ("M1", "M2", "M3", "M4", "M6", "M7")
"""Where the townships have to add up to the county (a complaint may concern two)."""
EARLIEST, LATEST = 2000, 2099


class WrongYear(Misuse):
    """A year or month that cannot be asked for."""


@dataclass(frozen=True, slots=True)
class Column:
    """One month: how its sheet stands ('' where it was not closed), its fingerprint."""

    month: date
    state: str
    digest: str


@dataclass(frozen=True, slots=True)
class YearRow:
    """One figure of the county: by month (None: not closed), their sum, the sum as corrected."""

    key: str
    label: str
    cells: tuple[Count | None, ...]
    total: Count
    corrected: Count


@dataclass(frozen=True, slots=True)
class YearTown:
    """One township: sums by figure, by month, and its place by cases accepted (0: none)."""

    site: str
    title: str
    place: int
    totals: Mapping[str, Count]
    cells: Mapping[str, tuple[Count | None, ...]]


@dataclass(frozen=True, slots=True)
class YearTable:
    """January to `through` of a year."""

    county: str
    office: str
    year: int
    through: int
    columns: tuple[Column, ...]
    rows: tuple[YearRow, ...]
    towns: tuple[YearTown, ...]
    sums: tuple[Sum, ...]

    @property
    def title(self) -> str:
        """What the table is called."""
        span = f"1—{self.through}月" if self.through > 1 else "1月"
        return f"{self.county}{self.year}年{span}便民服务工作考核表"

    @property
    def matters(self) -> int:
        """Everything registered: consultations, cases, proxies, complaints, each once."""
        totals = {row.key: row.total.numerator for row in self.rows}
        return sum(totals[key] for key in MATTERS)

    @property
    def missing(self) -> tuple[date, ...]:
        """The months without a frozen sheet."""
        return tuple(one.month for one in self.columns if not one.state)

    @property
    def is_corrected(self) -> bool:
        """Whether anything came late."""
        return any(row.total != row.corrected for row in self.rows)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader has to know of the sums."""
        matters = f"登记事项合计{self.matters}件，为咨询、受理、代办、投诉之和；"
        matters += "办结是同一件事的结果，不另计。代办转为办件的，两处各计一次，不是群众人次。"
        found = [matters]
        if self.missing:
            said = "、".join(f"{one.month}月" for one in self.missing)
            found.append(f"{said}没有月结，合计不含这些月份。")
        if self.is_corrected:
            found.append("更正后为其后各月月结时已记下的更正；月结数字本身不改。")
        wrong = [one for one in self.sums if not one.agrees]
        if wrong:
            said = "；".join(
                f"{one.label}全县{one.county}、乡镇之和{one.townships}" for one in wrong
            )
            found.append(f"各乡镇之和与全县不符：{said}。")
        elif self.sums:
            found.append("各乡镇之和与全县相符。")
        found.append("名次只按乡镇受理件数在县内排列；投诉只列全县合计。")
        return tuple(found)


def parse_year(text: str) -> int:
    """Return a year; raise WrongYear."""
    if not (text.isascii() and text.isdecimal() and EARLIEST <= int(text[:6]) <= LATEST):
        raise WrongYear("年份请写成 2026 的样子。")
    return int(text)


def parse_through(text: str | None, year: int, today: date) -> int:
    """Return the last month of the table: what was asked for, else the last that is over."""
    if text is None or text == "":
        return 12 if year < today.year else max(today.month - 1, 1) if year == today.year else 1
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:3]) <= 12):
        raise WrongYear("截止月份请写 1 到 12。")
    return int(text)


def year_table(county: County, year: int, through: int) -> YearTable:
    """Return the table of January to `through`."""
    months = [date(year, month, 1) for month in range(1, through + 1)]
    with county.ledger.read() as tx:
        editions = county.editions(tx)
        found = {one: frozen(tx, county, one, editions) for one in _kept(tx, county, months)}
        told = _told(tx, county, editions, months[-1], found)
        office = editions.sites.by_id(editions.centre).title
    wholes = [found[one][0] if one in found else None for one in months]
    columns = tuple(
        Column(month, sheet.state if sheet else "", sheet.digest if sheet else "")
        for month, sheet in zip(months, wholes, strict=True)
    )
    rows = tuple(_row(key, months, wholes, told) for key in YEAR_KEYS)
    towns = _towns(months, {month: parts for month, (_, parts) in found.items()})
    return YearTable(
        county.home.config.name, office, year, through, columns, rows, towns, _sums(rows, towns)
    )


def plus(counts: Iterable[Count | None]) -> Count:
    """Return the sum of counts, of rates in both their counts."""
    held = [one for one in counts if one is not None]
    below = [one.denominator for one in held if one.denominator is not None]
    return Count(sum(one.numerator for one in held), sum(below) if below else None, "", "")


def _kept(tx: Tx, county: County, months: Sequence[date]) -> list[date]:
    """The months with books that are over."""
    first, this = begun(tx), county.today().replace(day=1)
    return [one for one in months if first <= one < this]


def _told(
    tx: Tx, county: County, editions: Editions, last: date,
    found: Mapping[date, tuple[Sheet | None, list[Sheet]]],
) -> dict[tuple[str, str], Count]:  # fmt: skip
    """What each (month, figure) was corrected to, by the last sheet that told of it."""
    later = [date(last.year + (last.month + n - 1) // 12, (last.month + n - 1) % 12 + 1, 1)
             for n in range(1, 4)]  # fmt: skip
    sheets = [whole for whole, _ in found.values()]
    sheets += [frozen(tx, county, one, editions)[0] for one in _kept(tx, county, later)]
    corrected: dict[tuple[str, str], Count] = {}
    for sheet in sheets:
        lines = sheet.more.get("late") if sheet else None
        for line in lines if isinstance(lines, list) else []:
            assert isinstance(line, list)
            after = line[4]
            if isinstance(after, list) and isinstance(after[0], int):
                below = after[1] if isinstance(after[1], int) else None
                corrected[str(line[0]), str(line[1])] = Count(after[0], below, "", "")
    return corrected


def _row(
    key: str, months: Sequence[date], wholes: Sequence[Sheet | None],
    told: Mapping[tuple[str, str], Count],
) -> YearRow:  # fmt: skip
    cells = tuple(one.counts.get(key) if one else None for one in wholes)
    corrected = [
        told.get((f"{month:%Y-%m}", key), cell) if cell is not None else None
        for month, cell in zip(months, cells, strict=True)
    ]
    return YearRow(key, BY_KEY[key].label, cells, _empty(key, cells), _empty(key, corrected))


def _empty(key: str, cells: Sequence[Count | None]) -> Count:
    """The sum; of a rate without any month, zero of zero rather than a count."""
    total = plus(cells)
    if BY_KEY[key].is_rate and total.denominator is None:
        return Count(0, 0, "", "")
    return total


def _towns(
    months: Sequence[date], parts: Mapping[date, Sequence[Sheet]]
) -> tuple[YearTown, ...]:  # fmt: skip
    titles: dict[str, str] = {}
    by_site: dict[str, dict[date, Sheet]] = {}
    for month, sheets in parts.items():
        for sheet in sheets:
            titles[sheet.site] = sheet.title
            by_site.setdefault(sheet.site, {})[month] = sheet
    cells = {
        site: {
            key: tuple(held[one].counts.get(key) if one in held else None for one in months)
            for key in TOWN_KEYS
        }
        for site, held in by_site.items()
    }
    totals = {
        site: {key: _empty(key, counts) for key, counts in keys.items()}
        for site, keys in cells.items()
    }
    order = places([totals[site]["M2"].numerator for site in cells])
    return tuple(
        YearTown(site, titles[site], place, totals[site], cells[site])
        for site, place in zip(cells, order, strict=True)
    )


def _sums(rows: Sequence[YearRow], towns: Sequence[YearTown]) -> tuple[Sum, ...]:
    """The county's sums beside the townships'; a rate is compared in both its counts."""
    if not towns:
        return ()
    found: list[Sum] = []
    for row in rows:
        if row.key not in REQUIRED:
            continue
        theirs = plus(town.totals[row.key] for town in towns)
        if row.total.denominator is None:
            found.append(Sum(row.key, row.label, row.total.numerator, theirs.numerator, True))
            continue
        for word, own, sum_ in (
            ("分子", row.total.numerator, theirs.numerator),
            ("分母", row.total.denominator, theirs.denominator or 0),
        ):
            found.append(Sum(row.key, f"{row.label}·{word}", own, sum_, True))
    return tuple(found)
