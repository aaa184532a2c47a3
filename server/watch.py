"""电子监察: what runs out in the county, counted by place and listed, the most urgent first.

Everything is read from the clocks of open matters (`server.watching`): a page asks the same few
statements however many matters are open. A breach counts where, and at whom, it happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from server import sight
from server.accounts import READ, Person
from server.card import read_card
from server.county import County, Editions
from server.desk import Desk
from server.months.closing import begun
from server.months.sheets import frozen, months_between
from server.sight import COUNTY_ROLES
from server.silence import Health, health_of
from server.storage import Tx
from server.storage.rows import RecordRow, WatchedRow
from server.storage.watched import STATES, Tally, Wanted
from server.veil import MASKED
from server.watching import FORWARD, KINDS, level_of
from shared.deadlines import Warning
from shared.errors import Misuse

LEVELS = (Warning.BLUE, Warning.YELLOW, Warning.RED, Warning.BLACK)
MEANINGS = {
    Warning.NONE: "正常", Warning.BLUE: "时限过半", Warning.YELLOW: "即将到期",
    Warning.RED: "超过承诺期限", Warning.BLACK: "超过法定期限",
}  # fmt: skip
GROUPS: Mapping[str, str] = {
    "township": "乡镇", "department": "部门", "site": "站点窗口", "agent": "经办人"
}  # fmt: skip
_COLUMNS = {"township": "township", "department": "item", "site": "site", "agent": "holder"}
STATE_WORDS: Mapping[str, str] = {
    "late": "已超期", "fresh": "已超期、还没有催办", "asked": "已催办督办、还没有答复",
    "urged": "已催办、还没有答复", "supervised": "已督办、还没有答复", "paused": "停表",
}  # fmt: skip
PAGE = 50
_COMPLAINTS_MAX = 2000
_MONTHS_BACK = 12
LACKING = "等群众补齐材料"


class UnknownCut(Misuse):
    """A grouping, kind, colour or state that the board does not know."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Which part of the board; '' leaves a thing open. `level` is '' or 0 to 4."""

    kind: str = ""
    township: str = ""
    department: str | None = None
    site: str | None = None
    agent: str | None = None
    level: str = ""
    state: str = ""

    def __post_init__(self) -> None:
        if self.kind not in ("", *KINDS) or self.state not in ("", *STATES):
            raise UnknownCut("没有这一种筛选，请从电子监察页面的链接打开。")
        if self.level not in ("", "0", "1", "2", "3", "4"):
            raise UnknownCut("预警级别只有 0 到 4，请从电子监察页面的链接打开。")

    @property
    def is_whole(self) -> bool:
        """Whether nothing is cut away."""
        return self == Cut()


@dataclass(frozen=True, slots=True)
class Board:
    """How many clocks each place has, the most pressed place first, and all of them together."""

    by: str
    lines: Sequence[Tally]
    total: Tally
    clean_months: Mapping[str, int]
    """Township → months in a row without anything late, as the last closed month says."""
    clean_month: date | None


@dataclass(frozen=True, slots=True)
class Watched:
    """One clock as a list shows it; `name` is masked, '' where it is not to be seen."""

    row: WatchedRow
    record: RecordRow
    level: Warning
    name: str
    paused_for: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of clocks; `total` counts all pages."""

    items: Sequence[Watched]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PAGE))


def board(desk: Desk, person: Person, by: str = "township", cut: Cut | None = None) -> Board:
    """Return the counts that the person may see; raise UnknownCut."""
    if by not in GROUPS:
        raise UnknownCut("可以按乡镇、部门、站点窗口或经办人查看，请从页面的链接打开。")
    county, cut = desk.county, cut or Cut()
    with county.ledger.read() as tx:
        editions = county.editions(tx)
        which = wanted(desk, tx, person, editions, cut)
        lines = tx.tally_watched(_COLUMNS[by], county.now(), which)
        if by == "department":
            lines = _by_department(lines, editions)
        month, clean = _clean_months(tx, county, editions) if by == "township" else (None, {})
    lines.sort(key=lambda one: (-one.black, -one.red, -one.yellow, -one.blue, -one.all, one.key))
    return Board(by, lines, _sum("", lines), clean, month)


def listed(desk: Desk, person: Person, cut: Cut, page: int = 1) -> Listed:
    """Return one page of the clocks behind a count; the look is written down."""
    county, now = desk.county, desk.county.now()
    with county.ledger.read() as tx:
        editions = county.editions(tx)
        which = wanted(desk, tx, person, editions, cut)
        total = tx.count_watched(now, which)
        rows = tx.list_watched(now, which, offset=(page - 1) * PAGE, limit=PAGE)
        found = _shown(desk, tx, person, editions, rows)
    desk.accounts.note(person, READ, "watch", _said(cut))
    return Listed(found, total, page)


def worst(desk: Desk, person: Person, cut: Cut, count: int) -> list[Watched]:
    """Return the most urgent clocks that are at least blue."""
    county, now = desk.county, desk.county.now()
    with county.ledger.read() as tx:
        editions = county.editions(tx)
        which = wanted(desk, tx, person, editions, cut)
        rows = tx.list_watched(now, which, limit=count)
        found = _shown(desk, tx, person, editions, rows)
    return [one for one in found if one.level is not Warning.NONE]


def unwell(desk: Desk, person: Person) -> list[Health]:
    """Return the tablets in use that somebody has to ask after, the longest silent first."""
    county = desk.county
    with county.ledger.read() as tx:
        editions = county.editions(tx)
        township = sight.township_only(person, editions)
        found = health_of(tx, tx.devices(), county.now())
    return sorted(
        (
            one
            for one in found
            if not one.is_well and township in (None, editions.township_of(one.device.site))
        ),
        key=lambda one: one.device.last_seen_at or 0,
    )


def wanted(desk: Desk, tx: Tx, person: Person, editions: Editions, cut: Cut) -> Wanted:
    """Return the cut as the storage knows it, bounded by what the person may see.

    Complaints stand on the board of the county's own people alone: a number would tell others that
    one runs against them. What somebody of the county may not see is not counted for them either.
    """
    is_county = person.role in COUNTY_ROLES
    allowed = KINDS if is_county else tuple(one for one in KINDS if one != "complaint")
    which = Wanted(
        kinds=[one for one in allowed if cut.kind in ("", one)],
        townships=[cut.township] if cut.township else None,
        items=None if cut.department is None else _items_of(editions, cut.department),
        site=cut.site, holder=cut.agent, level=int(cut.level) if cut.level else None,
        state=cut.state, hidden=_hidden(desk, tx, person, editions) if is_county else (),
    )  # fmt: skip
    if is_county:
        return which
    township = editions.township_of(person.site)
    if person.role == "department":
        return which._replace(holders=[person.author, person.staff])
    if cut.township not in ("", township):
        return which._replace(kinds=[])
    if person.role == "village":
        return which._replace(townships=[township], site=person.site)
    return which._replace(townships=[township])


def _hidden(desk: Desk, tx: Tx, person: Person, editions: Editions) -> list[bytes]:
    """The complaints that somebody of the county may not see: those about themselves."""
    open_ones = tx.list_watched(0, Wanted(kinds=["complaint"]), limit=_COMPLAINTS_MAX)
    rows = tx.records([one.record for one in open_ones])
    seen = {one.record for one in desk.seen_rows(tx, person, editions, rows.values())}
    return sorted(rows.keys() - seen)


def _shown(
    desk: Desk, tx: Tx, person: Person, editions: Editions, rows: Sequence[WatchedRow]
) -> list[Watched]:
    now = desk.county.now()
    records = tx.records([one.record for one in rows])
    seen = {one.record for one in desk.seen_rows(tx, person, editions, records.values())}
    return [
        _watched(one, records[one.record], level_of(one, now)) for one in rows if one.record in seen
    ]


def _watched(row: WatchedRow, record: RecordRow, level: Warning) -> Watched:
    card = read_card(record.folded)
    name: object = ""
    if row.kind != "complaint":  # who complained is nobody's business here
        name = MASKED.field(row.kind, "person_name", card.get("person_name"))
    why = LACKING if row.term == FORWARD else str(card.get("procedure") or "")
    paused = why if row.paused_on is not None else ""
    return Watched(row, record, level, name if isinstance(name, str) else "", paused)


def department_of(editions: Editions, item: str) -> str:
    """Return the department that the catalogue names for an item; '' where it names none."""
    found = editions.catalogue.by_code.get(item)
    return found.department if found is not None else ""


def _items_of(editions: Editions, department: str) -> list[str]:
    """The items of a department; for '' what belongs to none (complaints without an item)."""
    codes = [
        code for code, one in editions.catalogue.by_code.items() if one.department == department
    ]
    return codes if department else ["", *codes]


def _by_department(lines: Iterable[Tally], editions: Editions) -> list[Tally]:
    found: dict[str, list[Tally]] = {}
    for line in lines:
        found.setdefault(department_of(editions, line.key), []).append(line)
    return [_sum(department, parts) for department, parts in found.items()]


def _sum(key: str, lines: Iterable[Tally]) -> Tally:
    counts = [line[1:] for line in lines]
    return Tally(key, *(sum(one) for one in zip(*counts, strict=True))) if counts else _nothing(key)


def _nothing(key: str) -> Tally:
    return Tally(key, 0, 0, 0, 0, 0, 0, 0, 0)


def _clean_months(
    tx: Tx, county: County, editions: Editions
) -> tuple[date | None, Mapping[str, int]]:
    """M24 of every township as the last closed month froze it; the month None where none is."""
    months = months_between(begun(tx), county.today().replace(day=1))[-_MONTHS_BACK:]
    for month in reversed(months[:-1]):
        whole, parts = frozen(tx, county, month, editions)
        if whole is not None:
            told = {part.site: part.counts.get("M24") for part in parts}
            return month, {site: one.numerator for site, one in told.items() if one is not None}
    return None, {}


def _said(cut: Cut) -> str:
    parts = (cut.kind, cut.township, cut.department, cut.site, cut.agent, cut.level, cut.state)
    return " ".join(one for one in parts if one)
