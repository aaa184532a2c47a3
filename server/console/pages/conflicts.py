"""冲突: both sides of a field beside each other; a person chooses and says why."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.api import messages, shapes
from server.console.names import Names
from server.console.web import Site, Visit, route
from server.desk import UnknownConflict
from shared import ids

SHOWN = 30
REASONS = (
    "已电话与本人核实",
    "以读卡信息为准",
    "以原件为准",
    "以最近一次登记为准",
    "以乡镇窗口核实为准",
)


@dataclass(frozen=True, slots=True)
class Open:
    """A conflict with what the page says beside it."""

    conflict: messages.Conflict
    slip: str
    heads: str
    lines: list[list[tuple[str, str]]]


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of the list and of settling."""
    return [
        route(site, "/conflicts", show),
        route(site, "/conflicts/reveal", reveal, post=True),
        route(site, "/conflicts/settle", settle, post=True),
    ]


def show(visit: Visit) -> Response:
    """The open conflicts, the oldest first."""
    return _page(visit, visit.site.desk.conflicts(visit.who), revealed=False)


def reveal(visit: Visit) -> Response:
    """The same with personal data; the look is written down."""
    return _page(visit, visit.site.desk.conflicts(visit.who, reveal=True), revealed=True)


def settle(visit: Visit) -> Response:
    """Settle one conflict with the side that was chosen."""
    asked = messages.Settle(
        record=visit.field("record"),
        field=visit.field("field"),
        reason=visit.field("reason"),
        operation=visit.field("operation"),
        heads=visit.field("heads").split(),
    )
    try:
        visit.site.desk.settle(visit.who, asked)
    except UnknownConflict:
        return visit.go("/conflicts?done=late")
    return visit.go("/conflicts?done=settled")


def _page(visit: Visit, found: list[messages.Conflict], *, revealed: bool) -> Response:
    names = Names(visit)
    shown = found[:SHOWN]
    rows = visit.site.desk.rows(visit.who, [ids.parse_record(one.record) for one in shown])
    slips = {ids.record_text(row.record): row.slip for row in rows}
    heads = _heads(visit, shown)
    return visit.page(
        "conflicts.html",
        found=[
            Open(one, slips.get(one.record, ""), heads.get(one.record, ""),
                 [names.sides(one, side.value) for side in one.values])
            for one in shown
        ],
        total=len(found),
        revealed=revealed,
        reasons=REASONS,
        done=visit.query.get("done", ""),
        names=names,
    )  # fmt: skip


def _heads(visit: Visit, found: list[messages.Conflict]) -> dict[str, str]:
    """The heads the person is being shown: a decision covers these and nothing that comes later."""
    heads = {}
    with visit.site.county.ledger.read() as tx:
        for text in {one.record for one in found}:
            record = shapes.read_record(tx, ids.parse_record(text))
            if record is not None:
                heads[text] = " ".join(head.hex() for head in record.heads)
    return heads
