"""待处理: the list on the left, the entry that is open beside it; decided by mouse or keyboard."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.api import messages
from server.console.names import Names
from server.console.pages.records import Line, line_of
from server.console.web import Site, Visit, route
from server.desk import UnknownConflict
from server.metrics.standing import NAMES
from server.reconcile import NothingToSettle
from server.storage.rows import RecordRow
from server.todo import advice, deciding, foresight
from server.todo.advice import Advice
from server.todo.claims import Claim
from server.todo.entries import (
    ALARMS,
    FIELD,
    FORK,
    HELD,
    KINDS,
    PAIR,
    STATES,
    Entry,
    entries,
    entry_of,
)
from server.todo.foresight import Outlook
from server.todo.namesakes import Namesake, namesakes_of
from shared.operation import Operation
from shared.record import Candidate

SHOWN = 60
BRANCH_SHOWN = 100
COMPARED = ("person_name", "id_no", "phone", "item", "address_text", "birth_on")
REASONS = {
    FIELD: ("已电话与本人核实", "以读卡信息为准", "以原件为准", "以最近一次登记为准",
            "以乡镇窗口核实为准"),
    PAIR: ("同一人同一事项，村里和窗口各登记一次", "重复点按", "同名不同人", "夫妻分别申请",
           "不同年度"),
    HELD: ("已与经办人核实", "任职情况已核实", "已补齐手续", "重复操作", "经办人无此权限"),
}  # fmt: skip
REASONS |= {STATES: REASONS[FIELD], FORK: REASONS[HELD]}
"""What people choose from when they say why."""


@dataclass(frozen=True, slots=True)
class Half:
    """One of two records that may be one matter."""

    line: Line
    fields: dict[str, str]
    said: Candidate | None
    """Who registered the person, when by which clock, and how sure."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The entry that is open, with what its kind shows; the rest stays empty."""

    entry: Entry
    advice: Advice = advice.NONE
    heads: str = ""
    conflict: messages.Conflict | None = None
    lines: list[list[tuple[str, str]]] = field(default_factory=list)
    halves: list[Half] = field(default_factory=list)
    namesakes: list[Namesake] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    outlook: dict[str, Outlook] = field(default_factory=dict)
    """What each choice does to the figures; empty where none can."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """The usual reasons."""
        return REASONS.get(self.entry.kind, ())


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
        deciding.decide(
            visit.site.desk, visit.who, key, visit.field("choice"), visit.field("reason"),
            visit.form.get("heads", "").split() or None,
        )  # fmt: skip
    except (UnknownConflict, NothingToSettle):
        done = "late"
    visit.site.desk.claims.release(key, visit.who.staff)
    return visit.go("/todo?" + urlencode({"kind": kind, "at": visit.form.get("next", ""),
                                          "done": done}))  # fmt: skip


def _page(visit: Visit, kind: str, at: str, *, revealed: bool) -> Response:
    everything = entries(visit.site.desk, visit.who)
    counts = {one: sum(entry.kind == one for entry in everything) for one in KINDS}
    wanted = [entry for entry in everything if kind not in KINDS or entry.kind == kind]
    place = next((n for n, entry in enumerate(wanted) if entry.key == at), None)
    is_alone = place is None and at.startswith(HELD)  # one operation of a branch
    alone = entry_of(visit.site.desk, visit.who, at) if is_alone else None
    first = max(0, min((place or 0) - SHOWN // 2, len(wanted) - SHOWN))
    names = Names(visit)
    opened = alone or (wanted[place or 0] if wanted else None)
    return visit.page(
        "todo.html",
        entries=wanted[first : first + SHOWN],
        total=len(wanted),
        everything=len(everything),
        counts=counts,
        kinds=KINDS,
        alarms=ALARMS,
        figures=NAMES,
        chosen=kind if kind in KINDS else "",
        opened=_opened(visit, opened, names, revealed) if opened else None,
        claim=_claim(visit, opened) if opened else None,
        after=_after(visit, wanted, place or 0),
        compared=COMPARED,
        revealed=revealed,
        done=visit.query.get("done", ""),
        names=names,
    )


def _claim(visit: Visit, entry: Entry) -> Claim | None:
    """Who else has the entry open; nobody decides an alarm."""
    if entry.kind in ALARMS:
        return None
    person, now = visit.who, visit.site.county.now()
    return visit.site.desk.claims.claim(entry.key, person.staff, person.name, now)


def _after(visit: Visit, wanted: list[Entry], place: int) -> str:
    """The next entry that no colleague has open: two people share a list without a word."""
    ahead = [one.key for one in wanted[place + 1 : place + 1 + SHOWN]]
    now = visit.site.county.now()
    taken = visit.site.desk.claims.of_others(ahead, visit.who.staff, now)
    return next((key for key in ahead if key not in taken), "")


def _opened(visit: Visit, entry: Entry, names: Names, revealed: bool) -> Opened:
    desk, outlook = visit.site.desk, foresight.outlook_of(visit.site.county, entry)
    if entry.kind in (FIELD, STATES):
        found, heads = deciding.conflict_of(desk, visit.who, entry, reveal=revealed)
        lines = [names.sides(found, side.value) for side in found.values]
        proposed = advice.advice_on_conflict(found)
        return Opened(entry, proposed, " ".join(heads), found, lines, outlook=outlook)
    if entry.kind == PAIR:
        pair = deciding.halves_of(desk, entry)
        halves = [half(visit, one, names, revealed=revealed) for one in desk.rows(visit.who, pair)]
        return Opened(
            entry, advice.advice_on_pair(entry), halves=halves, outlook=outlook,
            namesakes=namesakes_of(desk, visit.who, pair),
        )  # fmt: skip
    if entry.kind in (HELD, FORK):
        waiting = deciding.waiting_of(desk, entry)[:BRANCH_SHOWN]
        return Opened(entry, operations=waiting, outlook=outlook)
    return Opened(entry)


def half(visit: Visit, row: RecordRow, names: Names, *, revealed: bool = False) -> Half:
    """Return one of two records; a reveal is written down."""
    seen = visit.site.desk.record(visit.who, row.record, reveal=revealed)
    fields = {
        name: names.value(
            row.kind, name, seen.veil.field(row.kind, name, seen.record.fields.get(name))
        )
        for name in COMPARED
    }
    said = next(iter(seen.record.registers.get("person_name", ())), None)
    return Half(line_of(row, names), fields, said)
