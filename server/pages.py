"""Pages of the feed, sealed to the device that asks.

A device reads the scopes of its agents' postings and of everybody (`*`), from a cursor on. Its own
operations come as ranges of verdicts; refused and held work of others as bare skeletons.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from server.county import County
from server.landing import EVERYBODY
from server.storage import Tx
from server.storage.rows import Device, FeedRow
from shared import session
from shared.fold import Entry
from shared.verdict import Status, Verdict
from sync import sealed
from sync.acknowledgement import Opened
from sync.page import Page, PageEntry, Received, collapse, cursor_mark, seal_page

ENTRIES_MAX = 1000
_FIXED_BYTES = 64
"""About what an entry costs beside its data, before compression."""
_PRIVATE_KINDS = frozenset({session.KIND, sealed.KIND})


class Cursor(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Where a device is in its feed; opaque to the device."""

    county: int
    epoch: int
    position: Annotated[int, Meta(ge=0)]
    scopes: bytes
    """Hash of the scope set: another set begins anew, and the tablet deduplicates."""


_decoder = msgspec.msgpack.Decoder(Cursor)


def page_for(
    county: County, device_id: bytes, stream: bytes, cursor: bytes, bytes_max: int,
    opened: Opened | None,
) -> bytes:  # fmt: skip
    """Return the next page for a known device, sealed to it; raise KeyError for an unknown one."""
    with county.ledger.read() as tx:
        device = tx.device(device_id)
        if device is None:
            raise KeyError(device_id)
        page = _page(tx, county, device, stream, cursor, bytes_max, opened)
    return seal_page(page, device.sealing_public, county.keys.core)


def scopes_of(tx: Tx, device: Device) -> set[str]:
    """Return the scopes a device may read: its site, its agents' sites, everybody's."""
    agents = {f"agent:{agent.agent}" for agent in tx.agents(device=device.device)}
    sites = {posting.site for agent in agents for posting in tx.postings(person=agent)}
    return {device.site, EVERYBODY} | sites


def _page(
    tx: Tx,
    county: County,
    device: Device,
    stream: bytes,
    cursor: bytes,
    bytes_max: int,
    opened: Opened | None,
) -> Page:
    scopes = scopes_of(tx, device)
    mark = cursor_mark("\0".join(sorted(scopes)).encode())
    epoch = tx.county_head().epoch
    start = _position(cursor, county.code, epoch, mark)
    readable = device.state == "active"
    rows = tx.feed_page(scopes, start, ENTRIES_MAX + 1) if readable and bytes_max else []
    entries = tx.entries({row.operation for row in rows})
    taken, following = _fill(rows, entries, stream, start, bytes_max)
    end = Cursor(county.code, epoch, following, mark)
    return Page(
        county=county.code, epoch=epoch, device=device.device, since=cursor_mark(cursor),
        cursor=msgspec.msgpack.encode(end), more=following < rows[-1].position if rows else False,
        issued_at=county.now(), opened=opened, entries=taken,
    )  # fmt: skip


def _position(cursor: bytes, county: int, epoch: int, mark: bytes) -> int:
    """Return where to read on. What does not fit (other epoch, other scopes) begins anew."""
    try:
        asked = _decoder.decode(cursor)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 0
    fits = (asked.county, asked.epoch, asked.scopes) == (county, epoch, mark)
    return asked.position if fits else 0


def _fill(
    rows: Sequence[FeedRow],
    entries: dict[bytes, Entry],
    stream: bytes,
    start: int,
    bytes_max: int,
) -> tuple[list[PageEntry], int]:
    """Fill a page up to about `bytes_max`, at least one entry; return it and where it ends."""
    received: list[PageEntry] = []
    own: dict[int, tuple[int, Verdict]] = {}
    seen: set[bytes] = set()
    size, position = 0, start
    for row in rows[:ENTRIES_MAX]:
        entry = entries[row.operation]
        skeleton = entry.operation.skeleton
        if size > bytes_max:
            break
        position = row.position
        if row.operation in seen or entry.verdict is None:
            continue  # several scopes, or a verdict given again: the one in force goes out once
        seen.add(row.operation)
        if skeleton.stream == stream:
            own[skeleton.seq] = (skeleton.effective_at, entry.verdict)
            size += 2
        elif skeleton.kind not in _PRIVATE_KINDS:
            received.append(_received(entry, entry.verdict))
            size += _FIXED_BYTES + len(entry.operation.data_bytes or b"") // 3
    runs = collapse((seq, *own[seq]) for seq in sorted(own))
    return [*received, *runs], position


def _received(entry: Entry, verdict: Verdict) -> Received:
    if verdict.status is Status.ADMITTED:
        return Received(entry.operation, verdict)
    return Received(entry.operation.without_data(), verdict)
