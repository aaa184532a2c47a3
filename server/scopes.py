"""Who sees what: the scopes of the feed, and those a device may read.

A scope is a site's id, `*` (everybody), or `=` with a device's id: the device's own, where it hears
of work that no site it serves may see (refused at a strange site, arrived after a posting ended).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from server.county import day_number
from server.storage import Tx
from server.storage.rows import Agent, Device, Posting

EVERYBODY = "*"
_OWN = "="


def own_scope(device: bytes) -> str:
    """Return the scope in which a device hears of its own work alone."""
    return _OWN + device.hex()


def is_own_scope(scope: str) -> bool:
    """Whether a scope belongs to one device."""
    return scope.startswith(_OWN)


@dataclass(frozen=True, slots=True)
class Roster:
    """A device, the agents enrolled on it, and where these serve or served."""

    device: Device
    agents: Sequence[Agent]
    postings: Sequence[Posting]

    @property
    def people(self) -> set[str]:
        """The author texts of these agents."""
        return {person_of(agent) for agent in self.agents}

    def scopes(self, on: date) -> set[str]:
        """Return what the device reads on a day: its site, its agents' sites, everybody's, its own.

        A posting that has ended, or not begun, opens nothing.
        """
        day = day_number(on)
        active = {person_of(agent) for agent in self.agents if agent.state == "active"}
        sites = {
            one.site
            for one in self.postings
            if one.person in active
            and one.from_on <= day
            and (one.to_on is None or day <= one.to_on)
        }
        return {self.device.site, EVERYBODY, own_scope(self.device.device)} | sites


def roster_of(tx: Tx, device: Device) -> Roster:
    """Read a device's agents and their postings."""
    agents = tx.agents(device=device.device)
    return Roster(device, agents, tx.postings_of({person_of(agent) for agent in agents}))


def person_of(agent: Agent) -> str:
    """Return the author text of an agent."""
    return f"agent:{agent.agent}"
