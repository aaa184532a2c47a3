"""待审: operations that wait for a person, with the reason; admit or refuse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.api import messages
from server.console.names import Names
from server.console.web import Site, Visit, WrongForm, route
from server.reconcile import NothingToSettle
from shared import ids
from shared.operation import Operation

SHOWN = 30
REASONS = ("已与经办人核实", "任职情况已核实", "已补齐手续", "重复操作", "经办人无此权限")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One held operation with the operation itself."""

    held: messages.Held
    operation: Operation


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of the list and of judging."""
    return [route(site, "/held", show), route(site, "/held/judge", judge, post=True)]


def show(visit: Visit) -> Response:
    """What is held."""
    found = visit.site.desk.held(visit.who)
    shown = found[:SHOWN]
    with visit.site.county.ledger.read() as tx:
        operations = tx.operations([ids.parse_operation(one.operation) for one in shown])
    return visit.page(
        "held.html",
        found=[
            Waiting(one, operations[ids.parse_operation(one.operation)])
            for one in shown
            if ids.parse_operation(one.operation) in operations
        ],
        total=len(found),
        reasons=REASONS,
        done=visit.query.get("done", ""),
        names=Names(visit),
    )


def judge(visit: Visit) -> Response:
    """Decide one operation."""
    decision = visit.field("decision")
    if decision not in {"admit", "refuse"}:
        raise WrongForm("请选择“采纳”或“不采纳”。")
    asked = messages.Judge(
        visit.field("operation"), cast(Literal["admit", "refuse"], decision), visit.field("reason")
    )
    try:
        visit.site.desk.judge(visit.who, asked)
    except NothingToSettle:
        return visit.go("/held?done=late")
    return visit.go("/held?done=settled")
