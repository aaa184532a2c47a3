"""What a month's sheet says beside the figures: flow of cases, overdue cases, silent tablets.

It is gathered when the month is frozen and stands in the signed operation, so that the bulletin of
a closed month says the same whenever it is printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from server.county import Editions
from server.metrics.facts import ACCEPTING, MERGED, VOIDED
from server.metrics.figure import Figure
from server.report import as_number
from server.schema import judgements, records
from server.silence import is_silent
from server.storage import Tx
from shared import ids
from shared.canonical import Value
from shared.fold import Entry, fold
from shared.regions import Level
from shared.verdict import Status

NAMED_MAX = 200
"""Overdue cases named one by one; the count beside them is whole."""
FLOW = ("carried", "received", "accepted", "refused", "pending")
_ENDING = frozenset({"refuse", "withdraw", "lapse"})
_j, _r = judgements.c, records.c


def flow_of(tx: Tx, editions: Editions, from_on: date, to_on: date) -> dict[str, Value]:
    """Return the reconciliation of applications (DOMAIN.md M15), cases of townships alone.

    carried (received earlier, still undecided when the period began) + received = accepted +
    refused (or withdrawn before acceptance) + pending at its end.
    """
    first, last = as_number(from_on), as_number(to_on)
    found = dict.fromkeys(FLOW, 0)
    for received, decided, accepted in _cases(tx, editions, last):
        if decided is not None and decided < first:
            continue
        found["carried" if received < first else "received"] += 1
        if decided is None:
            found["pending"] += 1
        else:
            found["accepted" if accepted else "refused"] += 1
    return {**found}


def _cases(tx: Tx, editions: Editions, last: int) -> list[tuple[int, int | None, bool]]:
    """(received on, decided on or None, accepted) of each case that came in until `last`."""
    towns = {site.id for site in editions.sites.sites if site.level is Level.TOWNSHIP}
    statement = (
        select(_j.record, _j.act, _j.site, _j.effective_on)
        .join_from(judgements, records, (_r.county == _j.county) & (_r.record == _j.record))
        .where(
            _j.county == tx.county, _r.county == tx.county, _j.kind == "case",
            _j.act.in_(("receive", *ACCEPTING, *_ENDING)), _j.effective_on <= last,
            _j.status == Status.ADMITTED.value, _j.state_after != "",
            _r.state.not_in((VOIDED, MERGED)),
        )
        .order_by(_j.effective_on, _j.effective_at, _j.operation)
    )  # fmt: skip
    begun: dict[bytes, int] = {}
    decided: dict[bytes, tuple[int, bool]] = {}
    for record, act, site, on in tx.connection.execute(statement):
        if record not in begun:
            if site not in towns:
                continue
            begun[record] = on
        if act != "receive" and record not in decided:
            decided[record] = (on, act in ACCEPTING)
    return [(on, *decided.get(record, (None, False))) for record, on in begun.items()]


def overdue_of(tx: Tx, closed: Figure, with_open: Figure) -> list[Value]:
    """Return [slip or number, due date, holder, site, closed late] of every late case, by due date.

    `closed` is M4 (its others closed late), `with_open` M4_open (its others are open besides).
    """
    late = set(closed.others)
    rows = tx.records(list(with_open.others)[:NAMED_MAX])
    told = tx.operations_of(list(rows))
    found: list[tuple[int, list[Value]]] = []
    for record, row in rows.items():
        fields = fold(told[record]).fields
        holder = str(fields.get("holder") or _last_author(told[record]))
        site = str(fields.get("holder_site") or row.site)
        name = row.slip or ids.record_text(record)
        due = row.due_on or 0
        found.append((due, [name, due, holder, site, record in late, ids.record_text(record)]))
    return [line for _, line in sorted(found, key=lambda one: (one[0], str(one[1][0])))]


def _last_author(entries: Sequence[Entry]) -> str:
    """Who acted last: where nobody was named as holder, the case lies with them."""
    acts = [entry.operation.skeleton for entry in entries]
    return str(max(acts, key=lambda one: one.clock).author) if acts else ""


def silent_of(tx: Tx, now: int) -> list[Value]:
    """Return [short code, site, last contact (Unix ms)] of tablets in use that went silent."""
    silent = [one for one in tx.devices() if is_silent(one, now)]
    silent.sort(key=lambda one: one.last_seen_at or one.enrolled_at)
    return [[one.short_code, one.site, one.last_seen_at or one.enrolled_at] for one in silent]
