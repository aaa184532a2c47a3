"""Recounting a run from what lies on disk: the tablets' logs against the county's ledger.

Nothing here asks the program that made the run how it went. It opens each tablet's store with its
PIN and the county's ledger with its keys, and compares ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mobile.tablet import Locked, Machine
from server.opening import close_county, open_county
from shared import session
from shared.operation import restore
from shared.verdict import Status
from sync import sealed

_MACHINERY = (session.KIND, sealed.KIND)


@dataclass(frozen=True, slots=True)
class Recount:
    """What the tablets recorded and what of it the county holds."""

    recorded: int
    merged: int
    lost: int
    duplicated: int


def own_operations(home: Path, pin: str) -> set[bytes]:
    """Return the ids of the acts a tablet's own log holds, sessions and sealed acts left out."""
    tablet = Locked(home, Machine.real()).unlock(pin)
    try:
        rows = tablet.store.rows(
            "SELECT skeleton, salt, data FROM operations WHERE own IS NOT NULL", ()
        )
        operations = [restore(*row) for row in rows]
    finally:
        tablet.lock()
    return {one.id for one in operations if one.skeleton.kind not in _MACHINERY}


def recount(tablets: Mapping[str, Path], county: Path, pin: str) -> Recount:
    """Compare the logs of these tablets with the ledger of the county at `county`."""
    recorded: set[bytes] = set()
    for home in tablets.values():
        recorded |= own_operations(home, pin)
    opened = open_county(county)
    try:
        with opened.ledger.read() as tx:
            judged = tx.entries(sorted(recorded))
            in_ledger = [
                stored.id
                for record in tx.all_record_ids()
                for stored in (entry.operation for entry in tx.operations_of([record])[record])
                if stored.id in recorded
            ]
    finally:
        close_county(opened)
    merged = [
        one
        for one, entry in judged.items()
        if entry.verdict is not None and entry.verdict.status is Status.ADMITTED
    ]
    return Recount(
        recorded=len(recorded),
        merged=len(merged),
        lost=len(recorded - set(in_ledger)),
        duplicated=len(in_ledger) - len(set(in_ledger)),
    )
