"""待处理: the list on the left, the entry that is open beside it; decided by mouse or keyboard."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from server import todo
from server.api import messages
from server.console.names import Names
from server.console.pages import conflicts, held, pairs
from server.console.web import Site, Visit, route
from server.desk import UnknownConflict
from server.reconcile import NothingToSettle
from shared import ids
from shared.operation import Operation

SHOWN = 60


@dataclass(frozen=True, slots=True)
class Opened:
    """The entry that is open, with what its kind shows; the rest stays empty."""

    entry: todo.Entry
    advice: todo.Advice
    reasons: tuple[str, ...]
    heads: str = ""
    conflict: messages.Conflict | None = None
    lines: list[list[tuple[str, str]]] = field(default_factory=list)
    halves: list[pairs.Half] = field(default_factory=list)
    operation: Operation | None = None


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of the list, of revealing and of deciding."""
    return [
        route(site, "/todo", show),
        route(site, "/todo/reveal", reveal, post=True),
        route(site, "/todo/decide", decide, post=True),
    ]


def show(visit: Visit) -> Response:
    """The list, and the entry `at` (default: the first) beside it."""
    return _page(visit, visit.query.get("kind", ""), visit.query.get("at", ""), revealed=False)


def reveal(visit: Visit) -> Response:
    """The same entry with personal data; the look is written down."""
    return _page(visit, visit.form.get("kind", ""), visit.field("key"), revealed=True)


def decide(visit: Visit) -> Response:
    """Decide the entry that is open and go on to the next."""
    kind, key = visit.form.get("kind", ""), visit.field("key")
    done = "settled"
    try:
        todo.decide(
            visit.site.desk, visit.who, key, visit.field("choice"), visit.field("reason"),
            visit.form.get("heads", "").split() or None,
        )  # fmt: skip
    except (UnknownConflict, NothingToSettle):
        done = "late"
    return visit.go("/todo?" + urlencode({"kind": kind, "at": visit.form.get("next", ""),
                                          "done": done}))  # fmt: skip


def _page(visit: Visit, kind: str, at: str, *, revealed: bool) -> Response:
    everything = todo.entries(visit.site.desk, visit.who)
    counts = {one: sum(entry.kind == one for entry in everything) for one in todo.KINDS}
    wanted = [entry for entry in everything if kind not in todo.KINDS or entry.kind == kind]
    place = next((n for n, entry in enumerate(wanted) if entry.key == at), 0)
    first = max(0, min(place - SHOWN // 2, len(wanted) - SHOWN))
    names = Names(visit)
    after = wanted[place + 1] if place + 1 < len(wanted) else None
    return visit.page(
        "todo.html",
        entries=wanted[first : first + SHOWN],
        total=len(wanted),
        everything=len(everything),
        counts=counts,
        kinds=todo.KINDS,
        chosen=kind if kind in todo.KINDS else "",
        opened=_opened(visit, wanted[place], names, revealed) if wanted else None,
        after=after.key if after else "",
        compared=pairs.COMPARED,
        revealed=revealed,
        done=visit.query.get("done", ""),
        names=names,
    )


def _opened(visit: Visit, entry: todo.Entry, names: Names, revealed: bool) -> Opened:
    desk, none = visit.site.desk, todo.Advice("", "")
    if entry.kind in (todo.FIELD, todo.STATES):
        found, heads = todo.conflict_of(desk, visit.who, entry, reveal=revealed)
        lines = [names.sides(found, side.value) for side in found.values]
        return Opened(
            entry, todo.advice_on_conflict(found), conflicts.REASONS, " ".join(heads), found, lines
        )
    if entry.kind == todo.PAIR:
        with visit.site.county.ledger.read() as tx:
            row = tx.pair(ids.parse_record(entry.key.partition(".")[2]))
        rows = desk.rows(visit.who, [row.one, row.other]) if row else []
        halves = [pairs.half(visit, one, names, revealed=revealed) for one in rows]
        return Opened(entry, todo.advice_on_pair(entry), pairs.REASONS, halves=halves)
    if entry.kind == todo.HELD:
        with visit.site.county.ledger.read() as tx:
            operation = tx.operation(bytes.fromhex(entry.key.partition(".")[2]))
        return Opened(entry, none, held.REASONS, operation=operation)
    return Opened(entry, none, ())
