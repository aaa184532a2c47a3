"""A draft of an edition: its paper, its items or days, its difference, its way to publication."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.api.app import status_of
from server.console.form_files import WrongUpload, upload_of
from server.console.names import Names
from server.console.web import Site, Visit, WrongForm, route
from server.county import CALENDAR, CATALOGUE
from server.editions import approving, drafts
from server.editions.content import Edition, begins_on
from server.editions.drafts import ItemRefused, Opened
from server.editions.sheets import Year, calendar_sheet, catalogue_sheet, years_of
from server.editions.table import MEDIA_TYPE, catalogue_xlsx
from shared import ids
from shared.calendar_diff import CalendarDifference
from shared.calendars import CalendarEdition
from shared.catalogue import Item, ItemKind, TaskType
from shared.catalogue_diff import Difference
from shared.deadlines import Unit
from shared.errors import BianminError
from shared.item_rows import ITEM_COLUMNS, words_of

FORM: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("事项", ("code", "name", "department", "task_type", "kind", "legal_basis")),
    ("时限", ("statutory_workdays", "promised_workdays", "unit")),
    ("收费", ("fee_yuan", "fee_basis", "fee_from", "fee_to")),
    ("材料", ("materials", "deferrable", "material_rules")),
    ("地点和程序", ("accept_at", "village_proxy", "in_person_steps", "special_procedures",
                "tacit_approval", "relative_declaration", "suspended")),
    ("沿革和编码", ("replaces", "parent", "catalog_code", "task_code", "handle_item_code",
                "task_version")),
)  # fmt: skip
"""The columns of an item in the groups of its form."""
LONG = {"materials", "deferrable", "material_rules", "legal_basis", "in_person_steps", "replaces"}
"""Columns written in a box of several lines; each line is one part."""
NEEDED = {"code", "name", "department", "kind", "statutory_workdays", "promised_workdays"}
YES_NO = ("是", "否")
CHOICES: dict[str, tuple[str, ...]] = {
    "kind": tuple(one.value for one in ItemKind),
    "task_type": tuple(one.value for one in TaskType),
    "unit": tuple(one.value for one in Unit),
    "village_proxy": YES_NO, "tacit_approval": YES_NO, "relative_declaration": YES_NO,
    "suspended": YES_NO,
}  # fmt: skip
HINTS = {
    "promised_workdays": "即办件填 0。",
    "materials": "每行一件。",
    "deferrable": "每行一件：材料名称=可后补的工作日数。",
    "material_rules": "每行一件：材料名称=原件、2份、部门、共享、复用90天、情形：……",
    "accept_at": "县、乡镇、村，可几个，用分号隔开。",
    "special_procedures": "可以停钟的程序，如 公示；鉴定。",
    "replaces": "每行一个旧编码；几个旧编码是合并，几件写同一个是拆分。",
    "parent": "主项的编码，没有就空着。",
    "fee_from": "如 2026-07-01；空着不限。",
    "fee_to": "空着不限。",
    "fee_yuan": "不收费填 0。",
}
WORDS = (
    *drafts.STATES.values(), *(group for group, _ in FORM), *HINTS.values(), *YES_NO,
    *CHOICES["kind"], *CHOICES["task_type"], *CHOICES["unit"],
    "事项目录", "工作日历",
)  # fmt: skip
NEW = {column.name: "" for column in ITEM_COLUMNS} | {
    "kind": ItemKind.PROMISED.value, "village_proxy": "是", "fee_yuan": "0", "accept_at": "乡镇",
    "task_type": TaskType.SERVICE.value, "unit": Unit.WORKDAY.value, "tacit_approval": "否",
    "relative_declaration": "否", "suspended": "否",
}  # fmt: skip
ONE = "/editions/drafts/{draft}"


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of drafts."""
    acts: dict[str, Callable[[Visit], Response]] = {
        "head": save_head, "item": save_item, "drop": drop_item, "days": set_days,
        "year": set_year, "propose": propose, "withdraw": withdraw, "approve": approve,
        "reject": reject, "discard": discard, "rebase": rebase,
    }  # fmt: skip
    return [
        route(site, "/editions/drafts", begin, post=True),
        route(site, ONE, show),
        route(site, f"{ONE}/item", show_item),
        route(site, f"{ONE}/table.xlsx", table),
        route(site, f"{ONE}/table", take_table, post=True, file=True),
        *(route(site, f"{ONE}/{name}", act, post=True) for name, act in acts.items()),
    ]


def begin(visit: Visit) -> Response:
    """Begin a draft from the edition published last."""
    kind = {"catalogue": CATALOGUE, "calendar": CALENDAR}.get(visit.field("kind"))
    if kind is None:
        raise WrongForm("请选择起草事项目录还是工作日历。")
    draft = drafts.begin(visit.site.county, visit.who, kind)
    return visit.go(f"/editions/drafts/{ids.record_text(draft)}")


def show(visit: Visit) -> Response:
    """One draft."""
    return _page(visit)


def show_item(visit: Visit) -> Response:
    """The form of one item; without a code, of a new one."""
    seen, code = _opened(visit), visit.query.get("code", "")
    if not code:
        return _item_page(visit, seen, "", NEW)
    item = seen.content.catalogue.by_code.get(code) if _is_catalogue(seen) else None
    if item is None:
        raise drafts.UnknownCode("草稿里没有这个事项，请从列表中选择。")
    return _item_page(visit, seen, code, _in_lines(item))


def table(visit: Visit) -> Response:
    """The draft as a spreadsheet, to be filled in and brought back."""
    seen = _opened(visit)
    if not _is_catalogue(seen):
        raise WrongForm("工作日历没有表格，请在页面上按日期修改。")
    name = f'attachment; filename="items-draft-{seen.content.edition.number}.xlsx"'
    return Response(
        catalogue_xlsx(seen.content.catalogue), headers={"content-disposition": name},
        media_type=MEDIA_TYPE,
    )  # fmt: skip


def take_table(visit: Visit) -> Response:
    """Put an uploaded table in place of all items."""

    def act() -> None:
        upload = upload_of(visit.request)
        suffix = Path(upload.name).suffix.lower()
        if suffix not in (".xlsx", ".csv"):
            raise WrongUpload("只收 xlsx 或 csv 表，请用表格软件另存后再传。")
        with TemporaryDirectory(dir=visit.site.county.home.run) as folder:
            path = Path(folder) / f"上传的表{suffix}"
            path.write_bytes(upload.content)
            drafts.take_table(visit.site.county, visit.who, _draft(visit), _revision(visit), path)

    return _doing(visit, act, "table")


def save_head(visit: Visit) -> Response:
    """Write name, document number, first day."""

    def act() -> None:
        drafts.save_head(
            visit.site.county, visit.who, _draft(visit), _revision(visit),
            document=visit.form.get("document", ""), doc_no=visit.form.get("doc_no", ""),
            effective_on=_day(visit, "effective_on"),
        )  # fmt: skip

    return _doing(visit, act, "saved")


def save_item(visit: Visit) -> Response:
    """Write one item; a form with faults comes back as it was typed."""
    code = visit.form.get("old", "")
    cells = {column.name: visit.form.get(column.name, "") for column in ITEM_COLUMNS}
    try:
        drafts.save_item(visit.site.county, visit.who, _draft(visit), _revision(visit), code, cells)
    except BianminError as error:
        faults = error.faults if isinstance(error, ItemRefused) else ()
        return _item_page(
            visit, _opened(visit), code, cells, status=status_of(error), problem=str(error),
            faults={fault.column: fault.sentence for fault in faults},
        )  # fmt: skip
    return _back(visit, "saved")


def drop_item(visit: Visit) -> Response:
    """Cancel an item."""
    code = visit.field("code")
    return _doing(
        visit,
        lambda: drafts.drop_item(
            visit.site.county, visit.who, _draft(visit), _revision(visit), code
        ),
        "dropped",
    )


def set_days(visit: Visit) -> Response:
    """Make a span of days free or worked."""

    def act() -> None:
        first = _day(visit, "first")
        last = _day(visit, "last") if visit.form.get("last", "").strip() else first
        drafts.set_days(
            visit.site.county, visit.who, _draft(visit), _revision(visit), first, last,
            worked=visit.field("worked") == "1",
        )  # fmt: skip

    return _doing(visit, act, "saved")


def set_year(visit: Visit) -> Response:
    """Mark a year provisional or certain, or add one."""
    year = visit.field("year")
    if not (year.isascii() and year.isdigit() and len(year) == 4):
        raise WrongForm("年份请写四位数字，如 2027。")
    return _doing(
        visit,
        lambda: drafts.set_year(
            visit.site.county, visit.who, _draft(visit), _revision(visit), int(year),
            provisional=visit.form.get("provisional") == "1",
        ),
        "saved",
    )  # fmt: skip


def propose(visit: Visit) -> Response:
    """Hand the draft to a second person."""
    return _doing(
        visit,
        lambda: approving.propose(visit.site.county, visit.who, _draft(visit), _revision(visit)),
        "proposed",
    )


def withdraw(visit: Visit) -> Response:
    """Take one's proposal back."""
    return _doing(
        visit, lambda: approving.withdraw(visit.site.county, visit.who, _draft(visit)), "withdrawn"
    )


def approve(visit: Visit) -> Response:
    """Publish it as the second person; due dates begin to be counted at once."""
    try:
        approving.approve_and_count(visit.site.county, visit.who, _draft(visit))
    except BianminError as error:
        return _page(visit, status=status_of(error), problem=str(error))
    return visit.go("/editions?done=published")


def reject(visit: Visit) -> Response:
    """Send it back with a reason."""
    reason = visit.form.get("reason", "")
    return _doing(
        visit,
        lambda: approving.reject(visit.site.county, visit.who, _draft(visit), reason),
        "rejected",
    )


def discard(visit: Visit) -> Response:
    """Give the draft up."""
    drafts.discard(visit.site.county, visit.who, _draft(visit))
    return visit.go("/editions?done=discarded")


def rebase(visit: Visit) -> Response:
    """Bring the draft onto the edition that came out meanwhile."""
    return _doing(
        visit,
        lambda: drafts.move_onto_latest(
            visit.site.county, visit.who, _draft(visit), _revision(visit)
        ),
        "rebased",
    )


# ---- pages


def sheet_values(changes: Difference | CalendarDifference) -> dict[str, Any]:
    """Return what the template of a sheet needs of a difference."""
    if isinstance(changes, CalendarDifference):
        return {"sheet": [], "days": calendar_sheet(changes), "is_same": changes.is_empty}
    sheet = catalogue_sheet(changes)
    return {"sheet": sheet, "days": None, "is_same": not sheet}


def _doing(visit: Visit, act: Callable[[], object], done: str) -> Response:
    """Do it and show the draft again; a refusal stands on the page of the draft."""
    try:
        act()
    except BianminError as error:
        return _page(visit, status=status_of(error), problem=str(error))
    return _back(visit, done)


def _back(visit: Visit, done: str) -> Response:
    return visit.go(f"/editions/drafts/{ids.record_text(_draft(visit))}?done={done}")


def _page(visit: Visit, *, status: int = 200, problem: str = "") -> Response:
    seen, wanted = _opened(visit), visit.query.get("q", "").strip()
    is_catalogue = _is_catalogue(seen)
    items = seen.content.catalogue.items if is_catalogue else ()
    rows = [row for item in items if wanted in _searched(row := words_of(item))]
    return visit.page(
        "editions_draft.html",
        status=status,
        seen=seen,
        head=seen.content.edition,
        begins=begins_on(seen.content.edition),
        draft=ids.record_text(seen.row.draft),
        is_catalogue=is_catalogue,
        rows=rows,
        total=len(items),
        wanted=wanted,
        years=_years(seen, visit.query.get("year", "")),
        marks=year_marks(seen.content.edition),
        this_year=visit.site.county.today().year,
        problem=problem,
        done=visit.query.get("done", ""),
        is_maker=seen.row.made_by == visit.who.author,
        names=Names(visit),
        **sheet_values(seen.changes),
    )


def year_marks(edition: Edition) -> list[tuple[int, bool]]:
    """Return the years of a calendar, latest first, and whether each is provisional."""
    if not isinstance(edition, CalendarEdition):
        return []
    return [(year, edition.years[year].provisional) for year in sorted(edition.years, reverse=True)]


def _years(seen: Opened, wanted: str) -> list[Year]:
    edition = seen.content.edition
    if not isinstance(edition, CalendarEdition):
        return []
    base = (seen.base or seen.latest).edition
    return years_of(edition, base if isinstance(base, CalendarEdition) else None, wanted)


def _item_page(
    visit: Visit, seen: Opened, code: str, cells: dict[str, str], *, status: int = 200,
    problem: str = "", faults: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    return visit.page(
        "editions_item.html",
        status=status,
        seen=seen,
        draft=ids.record_text(seen.row.draft),
        code=code,
        cells=cells,
        form=FORM,
        headings={column.name: column.heading for column in ITEM_COLUMNS},
        needed=NEEDED,
        long=LONG,
        choices=CHOICES,
        hints=HINTS,
        problem=problem,
        faults=faults or {},
    )


def _in_lines(item: Item) -> dict[str, str]:
    words = words_of(item)
    return {
        name: text.replace(";", "\n") if name in LONG - {"legal_basis"} else text
        for name, text in words.items()
    }


def _searched(row: dict[str, str]) -> str:
    return f"{row['code']} {row['name']}{row['department']}"


def _is_catalogue(seen: Opened) -> bool:
    return seen.row.kind == CATALOGUE


def _opened(visit: Visit) -> Opened:
    return drafts.opened(visit.site.county, visit.who, _draft(visit))


def _draft(visit: Visit) -> bytes:
    return ids.parse_record(visit.request.path_params["draft"])


def _revision(visit: Visit) -> int:
    text = visit.field("revision")
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise WrongForm("表单已经过期，请刷新页面重新填写。")
    return int(text)


def _day(visit: Visit, name: str) -> date:
    try:
        return date.fromisoformat(visit.field(name))
    except ValueError as error:
        raise WrongForm("日期请写成 2026-07-01 的样子。") from error
