"""疑似重复: two records side by side; a person says whether they are one matter, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.api import messages
from server.console.names import Names
from server.console.pages.records import Line, line_of
from server.console.web import Site, Visit, WrongForm, route
from server.desk import UnknownConflict
from server.storage.rows import RecordRow
from shared import ids

SHOWN = 20
COMPARED = ("person_name", "id_no", "phone", "item", "address_text", "birth_on")
REASONS = (
    "同一人同一事项，村里和窗口各登记一次",
    "重复点按",
    "同名不同人",
    "夫妻分别申请",
    "不同年度",
)


@dataclass(frozen=True, slots=True)
class Half:
    """One of the two records."""

    line: Line
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Both:
    """A pair with its two halves."""

    pair: messages.Pair
    halves: list[Half]


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of the list and of deciding."""
    return [route(site, "/pairs", show), route(site, "/pairs/settle", settle, post=True)]


def show(visit: Visit) -> Response:
    """The undecided pairs, the oldest first."""
    names = Names(visit)
    found = visit.site.desk.pairs(visit.who)
    both = []
    for pair in found[:SHOWN]:
        rows = visit.site.desk.rows(visit.who, [ids.parse_record(one) for one in pair.records])
        both.append(Both(pair, [half(visit, row, names) for row in rows]))
    return visit.page(
        "pairs.html",
        found=both,
        total=len(found),
        compared=COMPARED,
        reasons=REASONS,
        done=visit.query.get("done", ""),
        names=names,
    )


def settle(visit: Visit) -> Response:
    """Decide one pair."""
    value = visit.field("value")
    if value not in {"same", "different"}:
        raise WrongForm("请选择“同一件”或“不是同一件”。")
    asked = messages.SettlePair(
        visit.field("pair"), cast(Literal["same", "different"], value), visit.field("reason")
    )
    try:
        visit.site.desk.settle_pair(visit.who, asked)
    except UnknownConflict:
        return visit.go("/pairs?done=late")
    return visit.go("/pairs?done=settled")


def half(visit: Visit, row: RecordRow, names: Names, *, revealed: bool = False) -> Half:
    """Return one of the two records; a reveal is written down."""
    seen = visit.site.desk.record(visit.who, row.record, reveal=revealed)
    fields = {
        name: names.value(
            row.kind, name, seen.veil.field(row.kind, name, seen.record.fields.get(name))
        )
        for name in COMPARED
    }
    return Half(line_of(row, names), fields)
