"""What a month's sheet says beside the figures: flow of cases, overdue cases, silent tablets, what
earlier months were corrected by, and how the places were called.

It is gathered when the month is frozen and stands in the signed operation, so that the bulletin of
a closed month says the same whenever it is printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select

from server.county import County, Editions
from server.metrics.facts import ACCEPTING, MERGED, VOIDED
from server.metrics.figure import Figure
from server.months.corrections import corrections
from server.months.sheets import Sheet, frozen, last_day, report_of, townships
from server.report import Report, as_number
from server.schema import judgements, records
from server.silence import is_silent
from server.storage import Tx
from shared import ids
from shared.canonical import Value
from shared.civil import civil_date
from shared.fold import Entry, fold
from shared.regions import Level
from shared.verdict import Status

NAMED_MAX = 200
"""Overdue cases named one by one; the count beside them is whole."""
LOOKED_BACK = 3
"""Earlier months whose corrections a sheet tells; later ones stay with their own month."""
FLOW = ("carried", "received", "accepted", "refused", "pending")
_ENDING = frozenset({"refuse", "withdraw", "lapse"})
_j, _r = judgements.c, records.c


def gathered(
    tx: Tx, county: County, editions: Editions, month: date, report: Report, now: int
) -> dict[str, Value]:
    """Return everything beside the county's figures of a month, by name."""
    closed, with_open = report.figures["M4"], report.figures["M4_open"]
    overdue, silent = overdue_of(tx, closed, with_open), silent_of(tx, now)
    sites = {str(one[3]) for one in overdue if isinstance(one, list)}
    sites |= {str(one[1]) for one in silent if isinstance(one, list)}
    return {
        "flow": flow_of(tx, editions, month, last_day(month)),
        "overdue": overdue,
        "silent": silent,
        "late": late_of(tx, county, editions, month),
        "named": names_of(county, editions, sites),
    }


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


def late_of(tx: Tx, county: County, editions: Editions, month: date) -> list[Value]:
    """Return what corrected the LOOKED_BACK months before `month` since the last sheet told it.

    Each line: [month, figure, arrived on, counts before, counts after, records, of them held up by
    the network]; counts are [numerator, denominator or None].
    """
    found: list[Value] = []
    told: list[Value] = []
    since, before = date.min, month
    for back in range(LOOKED_BACK):
        before = (before - timedelta(days=1)).replace(day=1)
        whole, _ = frozen(tx, county, before, editions)
        if whole is None:
            continue
        if back == 0:
            since, told = civil_date(whole.counted_at), _told(whole)
        report = report_of(tx, county, editions, before, last_day(before))
        for line in corrections(tx, whole, report).lines:
            one: list[Value] = [
                f"{before:%Y-%m}", line.key, line.on.isoformat() if line.on else "",
                [line.before.numerator, line.before.denominator],
                [line.after.numerator, line.after.denominator],
                len(line.records), line.by_network,
            ]  # fmt: skip
            if (line.on is None or line.on >= since) and one not in told:
                found.append(one)
    return found


def _told(sheet: Sheet) -> list[Value]:
    late = sheet.more.get("late")
    return late if isinstance(late, list) else []


def names_of(county: County, editions: Editions, sites: set[str]) -> dict[str, Value]:
    """Return what the county, its centre and these sites are called on the day of the freeze."""
    known = {site.id: site for site in editions.sites.sites}
    named = {site: known[site].title for site in sorted(sites) if site in known}
    named |= {site.id: site.title for site in townships(editions)}
    return {"county": county.home.config.name, "office": known[editions.centre].title, **named}
