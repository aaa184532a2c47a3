"""What a tablet holds, as far as the county can know: asked when one is lost (STORIES.md C3).

The county knows what it sent there and what it got from there. What the tablet recorded since then
it cannot know; how many sealed complaints there are it does not say to anybody.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from server.accounts import Person
from server.county import Editions
from server.desk import Desk
from server.device_desk import seen_device
from server.front.spool import Spool
from server.staff_handover import KINDS
from server.storage import ACTS, Tx
from server.storage.rows import Agent, Device
from shared.civil import DAY_MS
from shared.kinds import LISTED

KEPT_DAYS = 30
"""A tablet forgets what is closed after that long (STORIES.md D1)."""
SPOOLED_MAX = 64


@dataclass(frozen=True, slots=True)
class Holding:
    """Counts over the sites whose records the tablet reads."""

    sites: list[str]
    open_matters: int
    recent: int
    """Registered there in the last 30 days, whatever became of them."""
    received: int
    """How many of its operations the county has, by its own count (acts alone)."""
    spooled: int
    """Envelopes of it that lie at the front and are not opened; 64 stands for that or more."""
    agents: list[Agent]


def holding_of(desk: Desk, person: Person, device: str) -> Holding:
    """Return what a tablet holds; raise NoSuchDevice."""
    with desk.county.ledger.read() as tx:
        editions = desk.county.editions(tx)
        row = seen_device(tx, person, editions, device)
        sites = _sites(editions, row)
        since = desk.county.now() - KEPT_DAYS * DAY_MS
        received = max(
            (one.seq for one in tx.streams(device=row.device)
             if one.purpose == ACTS and not one.branch), default=0,
        )  # fmt: skip
        return Holding(
            sites, tx.count_open(sites, KINDS),
            sum(len(tx.registered_at(site, since, LISTED)) for site in sites), received,
            _spooled(desk, row), _agents(tx, row),
        )  # fmt: skip


def _sites(editions: Editions, row: Device) -> list[str]:
    """The site of the tablet, and those beneath it: what is done there it reads as well."""
    under = {one.id for one in editions.sites.sites if editions.township_of(one.id) == row.site}
    return sorted({row.site} | under)


def _agents(tx: Tx, row: Device) -> list[Agent]:
    return [one for one in tx.agents(device=row.device) if one.state != "removed"]


def _spooled(desk: Desk, row: Device) -> int:
    county = desk.county
    if not county.home.spool.exists():
        return 0
    with closing(Spool(county.home.spool, county.keys.spool)) as spool:
        return len(spool.unopened(row.device, limit=SPOOLED_MAX))
