"""/q 进度查询: a slip number and its query code show the state of one matter, and nothing else."""

from __future__ import annotations

import hmac

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.card import read_card
from server.console.names import Names
from server.console.web import Site, Visit, client_of, route
from server.finding import row_by_number
from server.storage.rows import RecordRow
from server.throttle import Throttle, TooManyTries
from shared.errors import Refused
from shared.slips import InvalidSlipNumber, clean

TRIES = 5
ADDRESS_TRIES = 30
WAIT_MS = 15 * 60 * 1000
PUBLIC_KINDS = frozenset({"consultation", "proxy", "case", "appointment"})


class NothingFound(Refused):
    """Number and code do not belong together; which of the two is wrong is not told."""


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of the public query; wrong tries count per number and per address."""
    limits = Limits()

    def ask(visit: Visit) -> Response:
        return _ask(visit, limits)

    return [
        route(site, "/q", show, public=True),
        route(site, "/q", ask, post=True, public=True),
    ]


class Limits:
    """Five wrong codes for a number, thirty from an address, then a wait."""

    def __init__(self) -> None:
        self.numbers = Throttle(TRIES, WAIT_MS)
        self.addresses = Throttle(ADDRESS_TRIES, WAIT_MS)


def show(visit: Visit) -> Response:
    """The empty form."""
    return visit.page("progress.html", number="", problem="", found=None)


def _ask(visit: Visit, limits: Limits) -> Response:
    number, code = visit.form.get("number", "").strip(), visit.form.get("code", "").strip()
    try:
        row = _find(visit, limits, number, code)
    except TooManyTries as error:
        return visit.page(
            "progress.html", status=429, number=number, problem=str(error), found=None
        )
    except (InvalidSlipNumber, NothingFound) as error:
        return visit.page(
            "progress.html", status=404, number=number, problem=str(error), found=None
        )
    return visit.page("progress.html", number=number, problem="", found=row, names=Names(visit))


def _find(visit: Visit, limits: Limits, number: str, code: str) -> RecordRow:
    now, address = visit.site.county.now(), client_of(visit)
    limits.addresses.require(address, now)
    with visit.site.county.ledger.read() as tx:
        row = row_by_number(tx, number)
    # Whichever of its numbers a matter is asked for by, its tries count together.
    slip = row.slip if row is not None and row.slip else clean(number)
    limits.numbers.require(slip, now)
    expected = str(read_card(row.folded).get("query_code") or "") if row else ""
    known = row is not None and row.kind in PUBLIC_KINDS and expected != ""
    if not hmac.compare_digest(expected.encode(), code.encode()) or not known or row is None:
        limits.addresses.note(address, now)
        limits.numbers.note(slip, now)
        raise NothingFound("没有查到：请核对凭证上的号码和查询码，或向登记站点电话查询。")
    return row
