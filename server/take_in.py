"""Taking in what a front or a bundle brings: envelopes in order, acknowledgements, one page."""

from __future__ import annotations

from collections.abc import Sequence

from server.county import County
from server.handover import OPENED, UNOPENABLE, WAITING, HandedOver, HandOver, Outcome
from server.ingest import Taken, opened_of, take_envelopes
from server.pages import page_for
from server.storage import ACTS
from sync.acknowledgement import Opened, sign_opened

_WAITS = frozenset({"gap", "unknown_device"})


def take_in(county: County, message: HandOver) -> HandedOver:
    """Open, judge and land these envelopes of one device."""
    taken = take_envelopes(county, [(one.raw, one.received_at) for one in message.envelopes])
    opened = {one.stream: one.opened for one in taken if one.opened is not None}
    page = None
    if message.page_bytes_max > 0:
        page = _page(county, message, opened)
    return HandedOver(
        outcomes=[_outcome(one) for one in taken],
        acknowledgements=[sign_opened(one, county.keys.core) for one in opened.values()],
        backed_up=[(one.stream, one.backed_up_through) for one in opened.values()],
        page=page,
    )


def _outcome(taken: Taken) -> Outcome:
    if taken.refusal is None:
        return Outcome(OPENED)
    return Outcome(WAITING if taken.refusal.code in _WAITS else UNOPENABLE, taken.refusal)


def _page(county: County, message: HandOver, opened: dict[bytes, Opened]) -> bytes | None:
    """The page for the device's stream of acts; a sealed stream is never told anything."""
    stream, at = _asking(county, message.device, [message.stream, *opened])
    return page_for(
        county, message.device, stream, message.cursor, message.page_bytes_max,
        opened.get(stream, at),
    )  # fmt: skip


def _asking(county: County, device: bytes, streams: Sequence[bytes]) -> tuple[bytes, Opened | None]:
    """The first of these streams that carries acts, and how far the ledger has it."""
    with county.ledger.read() as tx:
        for one in streams:
            found = tx.stream(one)
            if found is not None and found.device == device and found.purpose == ACTS:
                return one, opened_of(tx, county, found)
    return streams[0], None
