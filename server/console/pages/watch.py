"""电子监察: the board, the lists behind its figures, one matter, and asking after what is late."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from server import dunning, watch
from server.console.names import Names, record_text
from server.console.web import Site, Visit, WrongForm, route
from server.dunning import ask, story_of
from server.sight import COUNTY_ROLES
from server.silence import BACKLOG_DAYS, SILENT_DAYS
from server.storage.watched import Tally
from server.watch import GROUPS, LEVELS, MEANINGS, STATE_WORDS, Cut, board, listed
from server.watching import KINDS, TERMS, level_of
from shared import ids
from shared.deadlines import Warning
from shared.dunning import ANSWER, SUPERVISE, URGE
from shared.kinds import KINDS as ALL_KINDS
from shared.lifecycle import act_label

WORST = 10
LINES = 50
SHAPES = {
    Warning.NONE: "", Warning.BLUE: "○", Warning.YELLOW: "△", Warning.RED: "◆", Warning.BLACK: "■",
}  # fmt: skip
UNNAMED = {
    "township": "县级", "department": "未列部门", "site": "未列站点", "agent": "还没有承办人",
}  # fmt: skip
_PICK = "pick-"
_CUTS = tuple(one.name for one in fields(Cut))


@dataclass(frozen=True, slots=True)
class Line:
    """One place on the board: its name, its counts, and the address of the list behind them."""

    name: str
    tally: Tally
    path: str


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of supervision."""
    return [
        route(site, "/watch", show),
        route(site, "/watch/list", show_list),
        route(site, "/watch/ask", ask_many, post=True),
        route(site, "/watch/{record}", show_one),
        route(site, "/watch/{record}/ask", ask_one, post=True),
        route(site, "/watch/{record}/answer", answer, post=True),
    ]


def show(visit: Visit) -> Response:
    """The board; `by` groups it, `kind` and `township` cut it, `page` goes on in long ones."""
    by, desk = visit.query.get("by", "township"), visit.site.desk
    cut = Cut(kind=visit.query.get("kind", ""), township=visit.query.get("township", ""))
    found = board(desk, visit.who, by, cut)
    names, page = Names(visit), _page(visit)
    lines = [
        Line(_named(visit, names, by, one.key), one, _path(_inside(cut, by, one.key)))
        for one in found.lines[(page - 1) * LINES : page * LINES]
    ]
    month = visit.site.county.today().replace(day=1)
    return visit.page(
        "watch.html",
        board=found, lines=lines, cut=cut, groups=GROUPS, names=names, page=page,
        pages=max(1, -(-len(found.lines) // LINES)), whole=_path(cut), address=_path,
        again=lambda **more: _board(cut, by, **more), narrowed=lambda **more: replace(cut, **more),
        worst=watch.worst(desk, visit.who, cut, WORST), unwell=watch.unwell(desk, visit.who),
        silent_days=SILENT_DAYS, backlog_days=BACKLOG_DAYS, kinds=_kinds(visit),
        period=f"from={month}&to={visit.site.county.today()}"
        + (f"&site={cut.township}" if cut.township else ""),
        **_words(),
    )  # fmt: skip


def show_list(visit: Visit) -> Response:
    """The clocks behind a figure, to be asked after one by one or together."""
    cut, page = _cut(visit), _page(visit)
    found = listed(visit.site.desk, visit.who, cut, page)
    names = Names(visit)
    kept = {name: value for name, value in _query(cut).items() if name in ("department", "site",
            "agent", "township")}  # fmt: skip
    return visit.page(
        "watch_list.html",
        listed=found, cut=cut, names=names, kinds=_kinds(visit), kept=kept,
        where=_where(visit, names, cut), all_picked=visit.query.get("pick") == "all",
        address=lambda **more: _path(cut, **more), cut_query=urlencode(_query(cut)),
        days=dunning.DAYS, reasons=dunning.REASONS, may_ask=_may_ask(visit),
        unpicked=_path(cut, page=page), **_words(),
    )  # fmt: skip


def ask_many(visit: Visit) -> Response:
    """Ask after the ticked rows with one reason, and say what became of each."""
    picked = [ids.parse_record(one[len(_PICK) :]) for one in visit.form if one.startswith(_PICK)]
    act = visit.field("act")
    done = ask(visit.site.desk, visit.who, act, picked, visit.field("reason"), _days(visit))
    rows = visit.site.desk.rows(visit.who, [record for record, _ in done.skipped])
    return visit.page(
        "watch_asked.html", done=done, act=act, rows={row.record: row for row in rows},
        names=Names(visit), back="/watch/list?" + visit.form.get("query", ""),
        record_text=record_text,
    )  # fmt: skip


def show_one(visit: Visit) -> Response:
    """One matter: its clock, who held it when, what was asked and answered."""
    return _one(visit, "")


def ask_one(visit: Visit) -> Response:
    """Ask after one matter."""
    record, act = _record(visit), visit.field("act")
    done = ask(visit.site.desk, visit.who, act, [record], visit.field("reason"), _days(visit))
    if done.skipped:
        return _one(visit, done.skipped[0][1])
    return visit.go(f"/watch/{record_text(record)}")


def answer(visit: Visit) -> Response:
    """Answer what was asked."""
    record = _record(visit)
    dunning.answer(visit.site.desk, visit.who, record, visit.field("answer"))
    return visit.go(f"/watch/{record_text(record)}")


def _one(visit: Visit, problem: str) -> Response:
    record = _record(visit)
    story = story_of(visit.site.desk, visit.who, record)
    now = visit.site.county.now()
    breached = story.clock is not None and story.clock.red_at is not None
    return visit.page(
        "watch_one.html",
        story=story, id=record_text(record), names=Names(visit), problem=problem,
        level=level_of(story.clock, now) if story.clock is not None else Warning.NONE,
        red_at=story.clock.red_at if breached and story.clock is not None else None,
        days=dunning.DAYS, reasons=dunning.REASONS, acts=(URGE, SUPERVISE), answer_act=ANSWER,
        **_words(),
    )  # fmt: skip


def _words() -> dict[str, Any]:
    return {
        "levels": LEVELS, "every_level": (Warning.NONE, *LEVELS), "shapes": SHAPES,
        "meanings": MEANINGS, "terms": TERMS, "states": STATE_WORDS, "text_of": record_text,
        "level_named": lambda number: Warning(int(number)),
        "label": lambda dunned: act_label("case", SUPERVISE if dunned == 2 else URGE),
    }  # fmt: skip


def _kinds(visit: Visit) -> list[tuple[str, str]]:
    """What the board can be cut to: complaints are for the county's own people."""
    shown = KINDS if visit.who.role in COUNTY_ROLES else KINDS[:2]
    return [(kind, ALL_KINDS[kind].label) for kind in shown]


def _may_ask(visit: Visit) -> bool:
    return visit.who.role in COUNTY_ROLES


def _inside(cut: Cut, by: str, key: str) -> Cut:
    return replace(cut, **{by: key})


def _query(cut: Cut) -> dict[str, str]:
    """A cut as query parameters; a place that is named '' is a place too."""
    given = {name: getattr(cut, name) for name in _CUTS}
    empty = {"kind", "township", "level", "state"}
    return {
        name: value for name, value in given.items() if value is not None
        and not (value == "" and name in empty)
    }  # fmt: skip


def _path(cut: Cut, **more: object) -> str:
    query = {**_query(cut), **{name: str(value) for name, value in more.items()}}
    return "/watch/list" + ("?" + urlencode(query) if query else "")


def _board(cut: Cut, grouped: str, **more: object) -> str:
    query = {"by": grouped, "kind": cut.kind, "township": cut.township}
    query |= {name: str(value) for name, value in more.items()}
    return "/watch?" + urlencode({name: value for name, value in query.items() if value})


def _cut(visit: Visit) -> Cut:
    return Cut(**{name: visit.query[name] for name in _CUTS if name in visit.query})


def _named(visit: Visit, names: Names, by: str, key: str) -> str:
    if not key:
        return visit.say(UNNAMED[by])
    if by == "department":
        return key
    return names.person(key) if by == "agent" else names.site(key)


def _where(visit: Visit, names: Names, cut: Cut) -> list[str]:
    """The places a list is cut to, in words."""
    return [
        _named(visit, names, by, getattr(cut, by))
        for by in GROUPS
        if getattr(cut, by) is not None and (by != "township" or cut.township)
    ]


def _page(visit: Visit) -> int:
    text = visit.query.get("page", "1")
    return int(text) if text.isdecimal() and int(text[:5]) >= 1 else 1


def _days(visit: Visit) -> int:
    text = visit.field("days")
    if not text.isdecimal():
        raise WrongForm("答复期限请从列出的工作日中选择。")
    return int(text[:3])


def _record(visit: Visit) -> bytes:
    return ids.parse_record(visit.request.path_params["record"])
