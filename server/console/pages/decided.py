"""最近处理: what was decided, and deciding it again; 按规则处理: many entries by one rule."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.console.names import Names
from server.console.pages.todo import COMPARED, REASONS, half
from server.console.web import Site, Visit, route
from server.todo import decided, deciding, rules
from server.todo.decided import Decided
from server.todo.entries import HELD, KINDS, PAIR, STATES
from server.todo.rules import Picked

CHOSEN = {
    "same": "同一件", "different": "不是同一件", "admitted": "采纳", "refused": "不采纳",
}  # fmt: skip
"""What was decided, in words."""


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of recent decisions and of the rules."""
    return [
        route(site, "/todo/done", show),
        route(site, "/todo/again", again, post=True),
        route(site, "/todo/rules", propose),
        route(site, "/todo/apply", apply, post=True),
    ]


def show(visit: Visit) -> Response:
    """What was decided, the newest first; `at` is the decision that is about to be made again."""
    names = Names(visit)
    page = decided.recent(visit.site.desk, visit.who, visit.query.get("before", ""))
    at = visit.query.get("at", "")
    opened = decided.one(visit.site.desk, visit.who, at) if at else None
    conflict = halves = None
    if opened is not None and opened.kind == PAIR:
        rows = visit.site.desk.rows(visit.who, opened.records)
        halves = [half(visit, row, names) for row in rows]
    elif opened is not None and opened.kind != HELD:
        conflict = decided.sides_of(visit.site.desk, visit.who, opened)
    return visit.page(
        "decided.html",
        found=page.decisions,
        before=page.before,
        opened=opened,
        conflict=conflict,
        lines=[names.sides(conflict, side.value) for side in conflict.values] if conflict else [],
        halves=halves or [],
        reasons=REASONS.get(opened.kind, ()) if opened else (),
        compared=COMPARED,
        kinds=KINDS,
        chosen=lambda one: _chosen(visit, names, one),
        done=visit.query.get("done", ""),
        names=names,
    )


def again(visit: Visit) -> Response:
    """Decide what was decided before, anew."""
    deciding.decide(
        visit.site.desk, visit.who, visit.field("key"), visit.field("choice"),
        visit.field("reason"), again=True,
    )  # fmt: skip
    return visit.go("/todo/done?done=again")


def propose(visit: Visit) -> Response:
    """What a rule answers, each with a tick to agree to it."""
    rule = rules.rule_of(visit.query.get("rule", rules.RULES[0].key))
    names = Names(visit)
    found = rules.proposals(visit.site.desk, visit.who, rule)
    return visit.page(
        "rules.html",
        rules=rules.RULES,
        rule=rule,
        found=found,
        lines=lambda one, value: names.sides(one.conflict, value),
        decided=visit.query.get("decided", ""),
        left=visit.query.get("left", "0"),
        names=names,
    )


def apply(visit: Visit) -> Response:
    """Decide the entries that were ticked."""
    rule = rules.rule_of(visit.field("rule"))
    picked = []
    for name, value in visit.form.items():
        words = value.split()
        if name.startswith("pick.") and len(words) > 1:
            picked.append(Picked(words[0], words[1], tuple(words[2:])))
    outcome = rules.apply(visit.site.desk, visit.who, picked, visit.field("reason"))
    return visit.go("/todo/rules?" + urlencode(
        {"rule": rule.key, "decided": outcome.decided, "left": outcome.left}))  # fmt: skip


def _chosen(visit: Visit, names: Names, one: Decided) -> str:
    """What was decided, masked as on every list."""
    if isinstance(one.chosen, str) and one.kind in (PAIR, HELD):
        return visit.say(CHOSEN.get(one.chosen, one.chosen))
    if one.kind == STATES:
        return visit.say(str(one.chosen))
    return names.masked(one.what, one.register, one.chosen)
