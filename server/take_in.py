"""Taking in what a front or a bundle brings: envelopes in order, acknowledgements, one page."""

from __future__ import annotations

from collections.abc import Sequence

from server.county import County
from server.handover import OPENED, UNOPENABLE, WAITING, HandedOver, HandOver, Outcome
from server.ingest import Taken, opened_of, take_envelopes
from server.pages import page_for
from server.storage import ACTS
from server.storage.rows import Stream
from shared import chain
from sync.acknowledgement import Opened, sign_opened

SEEN_EVERY_MS = 60_000
_WAITS = frozenset({"gap", "unknown_device"})


def take_in(county: County, message: HandOver) -> HandedOver:
    """Open, judge and land these envelopes of one device."""
    taken = take_envelopes(county, [(one.raw, one.received_at) for one in message.envelopes])
    opened = {one.stream: one.opened for one in taken if one.opened is not None}
    missing = [one.stream for one in taken if one.opened is None and _is_gap(one)]
    opened |= _standing(county, message.device, [*message.others, *missing])
    page = None
    if message.page_bytes_max > 0:
        _note_visit(county, message.device)
        page = _page(county, message, opened)
    return HandedOver(
        outcomes=[_outcome(one) for one in taken],
        acknowledgements=[sign_opened(one, county.keys.core) for one in opened.values()],
        backed_up=[(one.stream, one.backed_up_through) for one in opened.values()],
        page=page,
    )


def _note_visit(county: County, device: bytes) -> None:
    """A tablet that only asks was seen too; to the minute is enough for whoever looks for it."""
    now = county.now()
    with county.ledger.read() as tx:
        row = tx.device(device)
    if row is not None and now - (row.last_seen_at or 0) > SEEN_EVERY_MS:
        county.ledger.writing(lambda tx: tx.seen_device(device, now))


def _outcome(taken: Taken) -> Outcome:
    if taken.refusal is None:
        return Outcome(OPENED)
    return Outcome(WAITING if taken.refusal.code in _WAITS else UNOPENABLE, taken.refusal)


def _is_gap(taken: Taken) -> bool:
    return taken.refusal is not None and taken.refusal.code == "gap"


def _page(county: County, message: HandOver, opened: dict[bytes, Opened]) -> bytes | None:
    """The page tells the verdicts of one stream of acts, and how far the county has that."""
    asked = [message.stream, *opened]
    standing = _standing(county, message.device, asked)
    stream = _acts(county, [one for one in asked if one in standing]) or message.stream
    return page_for(
        county, message.device, stream, message.cursor, message.page_bytes_max,
        standing.get(stream),
    )  # fmt: skip


def _acts(county: County, streams: Sequence[bytes]) -> bytes | None:
    """The first of these streams that carries acts; one the ledger lacks may be one of them."""
    with county.ledger.read() as tx:
        found = {one: tx.stream(one) for one in streams}
    known = [one for one, row in found.items() if row is not None and row.purpose == ACTS]
    unknown = [one for one, row in found.items() if row is None]
    return next(iter(known + unknown), None)


def _standing(county: County, device: bytes, streams: Sequence[bytes]) -> dict[bytes, Opened]:
    """How far the ledger has these streams of a device; what belongs to another is left out.

    A stream that the ledger lacks is whose who signs for it, and stands at its beginning: so a
    device sees what a county lost that was restored from a backup, down to its first operation.
    """
    standing: dict[bytes, Opened] = {}
    with county.ledger.read() as tx:
        for one in dict.fromkeys(streams):
            row = tx.stream(one) or _unbegun(county, device, one)
            if row.device == device:
                standing[one] = opened_of(tx, county, row)
    return standing


def _unbegun(county: County, device: bytes, stream: bytes) -> Stream:
    return Stream(stream, 0, device, ACTS, 0, chain.genesis(county.code, stream), 0, 0, None)
