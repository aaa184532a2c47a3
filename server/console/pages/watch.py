"""电子监察: the deadline board of townships and levels, and the cases behind each figure."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.console.names import Names
from server.console.web import Site, Visit, route
from server.watch import LEVELS, board
from shared.deadlines import Warning

WORST = 20
PAGE = 200
SHAPES = {
    Warning.BLUE: "○", Warning.YELLOW: "△", Warning.RED: "◆", Warning.BLACK: "■",
}  # fmt: skip
MEANINGS = {
    Warning.BLUE: "时限过半", Warning.YELLOW: "即将到期", Warning.RED: "超过承诺期限",
    Warning.BLACK: "超过法定期限",
}  # fmt: skip


def routes(site: Site) -> list[BaseRoute]:
    """Return the route of the board."""
    return [route(site, "/watch", show)]


def show(visit: Visit) -> Response:
    """The board; `township` and `level` in the address cut the list below it."""
    found = board(visit.site.desk, visit.who)
    township, asked = visit.query.get("township", ""), visit.query.get("level", "")
    chosen = [
        one
        for one in found.cases
        if (not township or one.row.township == township)
        and (not asked or str(int(one.level)) == asked)
    ]
    is_cut = bool(township or asked)
    shown = chosen[: PAGE if is_cut else WORST]
    return visit.page(
        "watch.html", board=found, cases=shown, total=len(chosen), is_cut=is_cut,
        levels=LEVELS, shapes=SHAPES, meanings=MEANINGS, names=Names(visit),
    )  # fmt: skip
