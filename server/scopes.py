"""Who sees what: the scopes of the feed, and those a device may read.

A scope is a site's id, `*` (everybody), or `=` with a device's id: the device's own, where it hears
of work that no site it serves may see (refused at a strange site, arrived after a posting ended).
"""

from __future__ import annotations

from datetime import date

from server.county import day_number
from server.storage import Tx
from server.storage.rows import Device

EVERYBODY = "*"
_OWN = "="


def own_scope(device: bytes) -> str:
    """Return the scope in which a device hears of its own work alone."""
    return _OWN + device.hex()


def is_own_scope(scope: str) -> bool:
    """Whether a scope belongs to one device."""
    return scope.startswith(_OWN)


def scopes_of(tx: Tx, device: Device, on: date) -> set[str]:
    """Return the scopes a device reads on a day: its site, its agents' sites, everybody's, its own.

    A posting that has ended, or not begun, opens nothing.
    """
    day = day_number(on)
    sites = {
        posting.site
        for agent in tx.agents(device=device.device)
        if agent.state == "active"
        for posting in tx.postings_on(f"agent:{agent.agent}", day)
    }
    return {device.site, EVERYBODY, own_scope(device.device)} | sites
