"""目录与日历: editions that hold and held, their differences, refunds, dates counted anew."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.console.names import Names
from server.console.pages import edition_drafts
from server.console.web import Site, Visit, WrongForm, route
from server.county import CALENDAR, CATALOGUE
from server.editions import listing, recounting, refunds, sheets
from server.editions.overview import overview
from server.editions.sheets import years_of
from server.editions.table import MEDIA_TYPE, catalogue_xlsx
from server.veil import MASKED
from shared import ids
from shared.catalogue import CatalogueEdition
from shared.catalogue_diff import Group
from shared.item_rows import ITEM_COLUMNS, words_of, yuan

KIND_WORDS = {"catalogue": CATALOGUE, "calendar": CALENDAR}
"""How a kind is named in an address."""
PATHS = {kind: word for word, kind in KIND_WORDS.items()}
REASONS = ("收费已取消，退还群众", "按新版目录退还差额", "群众已签收退款")
WORDS = (
    listing.IN_FORCE, listing.AHEAD, listing.PAST, refunds.CANCELLED, refunds.LOWERED,
    *(group.value for group in Group), *sheets.YEAR_WORDS, sheets.WORKED, sheets.FREE,
    sheets.SUMMARY, sheets.MAKE_UP, sheets.DAY_OFF, *REASONS,
    *edition_drafts.WORDS, *(column.heading for column in ITEM_COLUMNS),
)  # fmt: skip
"""What Python hands to the templates, for the catalogues."""
CHANGES_PAGE = 200


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of this area."""
    return [
        route(site, "/editions", show),
        route(site, "/editions/compare", show_difference),
        route(site, "/editions/refunds", show_refunds),
        route(site, "/editions/refunds", give_back, post=True),
        route(site, "/editions/recounts", go_on, post=True),
        route(site, "/editions/recounts/{recount}", show_recount),
        *edition_drafts.routes(site),
        route(site, "/editions/{kind}/{number}", show_one),
        route(site, "/editions/{kind}/{number}/table.xlsx", table),
    ]


def show(visit: Visit) -> Response:
    """Everything at a glance."""
    return visit.page(
        "editions.html",
        seen=overview(visit.site.county, visit.who),
        paths=PATHS,
        text=ids.record_text,
        names=Names(visit),
        done=visit.query.get("done", ""),
    )


def show_one(visit: Visit) -> Response:
    """One published edition, whole."""
    one = _published(visit, visit.request.path_params["kind"], visit.request.path_params["number"])
    wanted = visit.query.get("q", "").strip()
    is_catalogue = isinstance(one.edition, CatalogueEdition)
    rows = []
    if isinstance(one.edition, CatalogueEdition):
        found = [words_of(item) for item in one.edition.items]
        rows = [row for row in found if wanted in f"{row['code']} {row['name']}{row['department']}"]
    return visit.page(
        "editions_one.html",
        one=one,
        address=f"/editions/{PATHS[one.kind]}/{one.number}",
        rows=rows,
        is_catalogue=is_catalogue,
        years=[]
        if isinstance(one.edition, CatalogueEdition)
        else years_of(one.edition, wanted=visit.query.get("year", "")),
        marks=edition_drafts.year_marks(one.edition),
        wanted=wanted,
        names=Names(visit),
    )


def table(visit: Visit) -> Response:
    """A catalogue edition as a spreadsheet."""
    one = _published(visit, visit.request.path_params["kind"], visit.request.path_params["number"])
    if not isinstance(one.edition, CatalogueEdition):
        raise WrongForm("工作日历没有表格，请在页面上查看或打印。")
    return spreadsheet(one.edition, one.number)


def spreadsheet(edition: CatalogueEdition, number: int) -> Response:
    """Return a catalogue as a download."""
    name = f'attachment; filename="items-{number}.xlsx"'
    return Response(
        catalogue_xlsx(edition), headers={"content-disposition": name}, media_type=MEDIA_TYPE
    )


def show_difference(visit: Visit) -> Response:
    """Two published editions side by side; without numbers, the last two."""
    word = visit.query.get("kind", "catalogue")
    kind = _kind(word)
    with visit.site.county.ledger.read() as tx:
        found = listing.published(visit.site.county, tx, kind)
    new = _named(found, visit.query.get("to", ""), found[0])
    old = _named(found, visit.query.get("from", ""), _before(found, new))
    changes = listing.difference(old.edition, new.edition)
    return visit.page(
        "editions_compare.html", old=old, new=new, found=found, word=word,
        names=Names(visit), **edition_drafts.sheet_values(changes),
    )  # fmt: skip


def show_refunds(visit: Visit) -> Response:
    """What is to be given back, and what was."""
    county = visit.site.county
    waiting = refunds.tasks(county, visit.who)
    return visit.page(
        "editions_refunds.html",
        waiting=waiting,
        given=refunds.tasks(county, visit.who, done=True),
        total=sum(task.back_fen for task in waiting),
        yuan=yuan,
        text=ids.record_text,
        mask=lambda task: MASKED.field(task.matter_kind, "person_name", task.person_name) or "—",
        reasons=REASONS,
        names=Names(visit),
        done=visit.query.get("done") == "1",
    )


def give_back(visit: Visit) -> Response:
    """Note that a charge was given back."""
    charge = ids.parse_record(visit.field("charge"))
    refunds.refund(visit.site.county, visit.who, charge, visit.form.get("reason", ""))
    return visit.go("/editions/refunds?done=1")


def show_recount(visit: Visit) -> Response:
    """How many due dates a calendar moved, which, and from when to when."""
    recount = ids.parse_operation(visit.request.path_params["recount"])
    county = visit.site.county
    after = visit.query.get("after")
    with county.ledger.read() as tx:
        progress = recounting.progress(county, tx, recount)
        if progress is None:
            raise listing.UnknownEdition("这一版日历还没有重算到期日，请从列表进入。")
        edition = next(
            one for one in listing.published(county, tx, CALENDAR) if one.operation == recount
        )
        changes = tx.due_changes(
            recount, after=ids.parse_record(after) if after else b"", limit=CHANGES_PAGE
        )
    rows = {row.record: row for row in visit.site.desk.rows(visit.who, [c.record for c in changes])}
    return visit.page(
        "editions_recount.html",
        progress=progress,
        edition=edition,
        changes=[(one, rows[one.record]) for one in changes if one.record in rows],
        hidden=sum(1 for one in changes if one.record not in rows),
        more=ids.record_text(changes[-1].record) if len(changes) == CHANGES_PAGE else "",
        is_later=recounting.is_later,
        text=ids.record_text,
        names=Names(visit),
    )


def go_on(visit: Visit) -> Response:
    """Count a few batches more at once, without waiting for the hour."""
    recount = visit.field("recount")
    recounting.run(visit.site.county, batches=recounting.BATCHES_AT_ONCE)
    return visit.go(f"/editions/recounts/{recount}")


def _kind(word: str) -> str:
    if word not in KIND_WORDS:
        raise listing.UnknownEdition("只有事项目录和工作日历两种版本，请从列表进入。")
    return KIND_WORDS[word]


def _published(visit: Visit, word: str, number: str) -> listing.Published:
    with visit.site.county.ledger.read() as tx:
        return listing.edition_numbered(visit.site.county, tx, _kind(word), _number(number))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _named(
    found: list[listing.Published], text: str, default: listing.Published
) -> listing.Published:
    if not text:
        return default
    for one in found:
        if one.number == _number(text):
            return one
    raise listing.UnknownEdition(f"没有第 {text[:9]} 版，请从列表中选择。")


def _before(found: list[listing.Published], new: listing.Published) -> listing.Published:
    """The edition before one; itself where there is none."""
    place = found.index(new)
    return found[min(place + 1, len(found) - 1)]
