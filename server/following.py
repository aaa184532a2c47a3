"""Attachments and numbers follow their record: who may see a matter sees its papers too.

A matter that is routed to another site takes its attachments and its official number along, those
that came before and those that come later. Nothing flows back: an attachment opens no matter to
anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from server import projecting
from server.scopes import EVERYBODY, is_own_scope
from server.storage import Tx
from server.storage.rows import FeedEntry, NumberRow
from shared.fold import Entry
from shared.ids import InvalidId, parse_record
from shared.numbered import numbered
from shared.operation import Operation
from shared.papers import ATTACHMENT
from shared.verdict import Status

Scopes = dict[bytes, set[str]]


def owners_named(operations: Iterable[Operation]) -> set[bytes]:
    """Return the records that arriving attachments say they belong to."""
    found = set()
    for operation in operations:
        of = operation.data.get("of") if operation.skeleton.kind == ATTACHMENT else None
        if isinstance(of, str):
            try:
                found.add(parse_record(of))
            except InvalidId:
                continue  # validation has its say; nothing is followed
    return found


def numbers_in(landed: Iterable[Mapping[bytes, Entry]]) -> list[tuple[bytes, NumberRow]]:
    """Return (record of the number, its row) of the number operations among landed entries."""
    found = []
    for entry in (entry for entries in landed for entry in entries.values()):
        verdict, given = entry.verdict, numbered(entry.operation)
        if given is not None and verdict is not None and verdict.status is Status.ADMITTED:
            one, order = entry.operation, verdict.order
            row = NumberRow(given.kind, given.number, given.of, one.id, *order)
            found.append((one.skeleton.record, row))
    return found


def follow_owners(tx: Tx, owners: Mapping[bytes, bytes], known: Scopes, new: Scopes) -> None:
    """Add to `new` what fresh attachments and numbers (record → owner) gain from their owners.

    `known` and `new` tell all of the records of this transaction; only others are looked up.
    """
    places = {**known, **tx.scopes_of(set(owners.values()) - new.keys())}
    for record, owner in owners.items():
        gained = _sites(places.get(owner, set()) | new.get(owner, set()))
        new[record] |= gained - known.get(record, set())


def take_along(tx: Tx, new: Scopes) -> tuple[list[tuple[bytes, str]], list[FeedEntry]]:
    """Return routes and feed entries of what stood before and whose owners moved on."""
    moved = {record: sites for record, scopes in new.items() if (sites := _sites(scopes))}
    beside = [*tx.attached_to(moved.keys()), *tx.number_records(moved.keys())]
    papers = [row for row in beside if row.record not in new]
    if not papers:
        return [], []
    known = tx.scopes_of([row.record for row in papers])
    entries = tx.operations_of([row.record for row in papers])
    routes: list[tuple[bytes, str]] = []
    feed: list[FeedEntry] = []
    for row in papers:
        for scope in sorted(moved[row.owner] - known[row.record]):
            routes.append((row.record, scope))
            feed += [projecting.feed_entry(scope, entry) for entry in entries[row.record]]
    return routes, feed


def _sites(scopes: set[str]) -> set[str]:
    """A device's own scope tells of its own work alone, and everybody's is for editions."""
    return {scope for scope in scopes if scope != EVERYBODY and not is_own_scope(scope)}
