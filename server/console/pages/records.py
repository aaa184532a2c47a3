"""记录: the list with its filters, and one record with everything that happened to it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.attached import Listed
from server.card import read_card
from server.console.names import Names, masked_name, record_text
from server.console.web import Site, Visit, route
from server.desk import Seen
from server.handing_out import handed_out
from server.papers import open_paper, papers_of
from server.storage import RecordFilter
from server.storage.rows import RecordRow
from server.veil import personal_fields
from shared import clock, ids, lifecycle, reasons
from shared.canonical import Value
from shared.kinds import KINDS, LISTED
from shared.operation import Operation
from shared.record import STATE, Candidate
from shared.slips import InvalidSlipNumber

PAGE = 30
HIDDEN_FIELDS = frozenset({"slip", "query_code", "item_name", "item_edition", "practice"})


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the list."""

    row: RecordRow
    id: str
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class FieldLine:
    """One field of a record with its source."""

    label: str
    value: str
    side: Candidate
    is_disputed: bool


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One attachment; `id` is empty while it cannot be opened."""

    id: str
    name: str
    media_type: str
    size: str
    state: str


@dataclass(frozen=True, slots=True)
class ActLine:
    """One operation in the history, with or without effect."""

    operation: Operation
    state: str
    status: str
    reason: str
    said: str


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of the list and of one record."""
    return [
        route(site, "/records", show_list),
        route(site, "/records/{record}", show),
        route(site, "/records/{record}/reveal", reveal, post=True),
        route(site, "/records/{record}/attachments", open_attachment, post=True),
    ]


def show_list(visit: Visit) -> Response:
    """The list, newest first."""
    query, desk = visit.query, visit.site.desk
    names = Names(visit)
    slip = query.get("slip", "").strip()
    problem = ""
    rows: list[RecordRow] = []
    if slip:
        try:
            found = desk.by_number(visit.who, slip)
            rows = [found] if found else []
        except InvalidSlipNumber as error:
            problem = str(error)
    else:
        before = ids.parse_record(query["before"]) if query.get("before") else None
        rows = desk.lines(visit.who, _filter(visit), before=before, limit=PAGE)
    more = ""
    if len(rows) == PAGE:
        kept = {name: value for name, value in query.items() if name != "before" and value}
        more = "/records?" + urlencode({**kept, "before": record_text(rows[-1].record)})
    return visit.page(
        "records.html",
        lines=[line_of(row, names) for row in rows],
        more=more,
        problem=problem,
        kinds=[(kind, KINDS[kind].label) for kind in LISTED],
        states=_states(query.get("kind", "")),
        townships=[one for one in names.sites.sites if one.level == "township"],
        chosen={
            name: query.get(name, "") for name in ("kind", "state", "township", "only", "slip")
        },
        names=names,
    )


def line_of(row: RecordRow, names: Names) -> Line:
    """Return a record's row of a list: whose matter, about what."""
    card = read_card(row.folded)
    title = names.item(row.item) if row.item else str(card.get("question") or "")
    if row.kind == "complaint":  # neither who complained nor what about
        return Line(row, record_text(row.record), "", "")
    return Line(row, record_text(row.record), masked_name(row.kind, card), title)


def show(visit: Visit) -> Response:
    """One record, masked; a complaint is shown at its own desk."""
    seen = visit.site.desk.record(visit.who, _record(visit))
    if seen.row.kind == "complaint":
        return visit.go(f"/complaints/{record_text(seen.record.id)}")
    return _page(visit, seen)


def reveal(visit: Visit) -> Response:
    """The same record with its personal data; the look is written down."""
    reason = visit.field("reason")
    seen = visit.site.desk.record(visit.who, _record(visit), reveal=True, reason=reason)
    return _page(visit, seen)


def open_attachment(visit: Visit) -> Response:
    """One attachment of the record, as a picture or to be saved; the look is written down."""
    paper = ids.parse_record(visit.field("attachment"))
    found = open_paper(visit.site.desk, visit.who, _record(visit), paper, visit.field("reason"))
    return handed_out(found.content, found.paper.file_name)


def _page(visit: Visit, seen: Seen) -> Response:
    record, names = seen.record, Names(visit)
    papers = papers_of(visit.site.desk, visit.who, record.id)
    with visit.site.county.ledger.read() as tx:
        known = tx.operations(
            [*(e.operation for e in record.history), *(w.operation for w in record.without_effect)]
        )
        numbers = tx.numbers_of(record.id)
    return visit.page(
        "record.html",
        seen=seen,
        row=seen.row,
        record=record,
        id=record_text(record.id),
        fields=_fields(seen, names) if seen.sight.content else [],
        history=history_of(seen, known),
        idle=idle_of(seen, known),
        numbers=[row.number for row in numbers],
        clock_word=clock_of,
        masked=personal_fields(record.kind, record.fields),
        papers=papers,
        paper_lines=[paper_line(one, seen) for one in papers.listed],
        names=names,
    )


def _fields(seen: Seen, names: Names) -> list[FieldLine]:
    record, lines = seen.record, []
    disputed = {conflict.register for conflict in record.conflicts}
    for register, sides in record.registers.items():
        if register == STATE or not sides:
            continue
        side = sides[0]
        values = side.value if isinstance(side.value, dict) else {register: side.value}
        for name, value in values.items():
            if value in (None, "", []) or name in HIDDEN_FIELDS:
                continue
            shown = seen.veil.field(record.kind, name, value)
            lines.append(
                FieldLine(
                    names.field(record.kind, name), names.value(record.kind, name, shown), side,
                    register in disputed,
                )
            )  # fmt: skip
    return lines


def paper_line(one: Listed, seen: Seen) -> PaperLine:
    """Return an attachment as a page lists it."""
    paper = one.paper
    if paper is None:
        return PaperLine("", "", "", "", "内容已清除或无法打开")
    name = seen.veil.field("attachment", "file_name", paper.file_name)
    state = "已到县级" if one.is_here else "还在路上"
    return PaperLine(
        ids.record_text(one.record) if one.is_here else "", str(name or ""), paper.media_type,
        size_text(paper.size), state,
    )  # fmt: skip


def size_text(size: int) -> str:
    """Return a number of bytes as people read it."""
    if size < 1 << 20:
        return f"{max(size, 1) / 1024:.1f} KB" if size < 10 << 10 else f"{size >> 10} KB"
    return f"{size / (1 << 20):.1f} MB"


def history_of(seen: Seen, known: dict[bytes, Operation]) -> list[ActLine]:
    """Return the acts with effect, in their order; `known` are the operations by id."""
    found = []
    for effect in seen.record.history:
        if effect.operation in known:
            operation = known[effect.operation]
            said = _said(seen, operation) if seen.sight.content else ""
            changed = effect.state_after if effect.state_after != effect.state_before else ""
            found.append(ActLine(operation, changed or "", "", "", said))
    return found


def idle_of(seen: Seen, known: dict[bytes, Operation]) -> list[ActLine]:
    """Return the acts without effect and why they have none."""
    return [
        ActLine(known[one.operation], "", one.status.value, reasons.sentence(one.reason), "")
        for one in seen.record.without_effect
        if one.operation in known
    ]


def _said(seen: Seen, operation: Operation) -> str:
    """The reason an act gave, which belongs to the history and to no field."""
    if seen.veil.sealed:
        return ""
    reason: Value = operation.data.get("reason")
    return reason if isinstance(reason, str) else ""


def _record(visit: Visit) -> bytes:
    return ids.parse_record(visit.request.path_params["record"])


def _filter(visit: Visit) -> RecordFilter:
    query = visit.query
    kind, state, township = (query.get(name, "") for name in ("kind", "state", "township"))
    return RecordFilter(
        kinds=[kind] if kind in LISTED else None,
        states=[state] if state else None,
        townships=[township] if township else None,
        with_conflicts=query.get("only") == "conflicts",
    )


def _states(kind: str) -> list[str]:
    kinds = [kind] if kind in LISTED else LISTED
    return list(dict.fromkeys(state for one in kinds for state in lifecycle.states_of(one)))


def clock_of(operation: Operation) -> str:
    """Return the word for how well the device knew the time."""
    return clock.Quality(operation.skeleton.quality).word
