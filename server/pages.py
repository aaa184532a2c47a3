"""Pages of the feed, sealed to the device that asks.

A device reads the scopes of its agents' postings and of everybody (`*`), from a cursor on. Its own
operations come as ranges of verdicts; refused and held work of others as bare skeletons.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

import msgspec
from msgspec import Meta

from server.county import County
from server.log import log
from server.scopes import is_own_scope, own_scope, roster_of
from server.storage import Tx
from server.storage.rows import Device, FeedRow
from shared import session
from shared.fold import Entry
from shared.operation import VERSION, Operation
from shared.verdict import Status, Verdict
from sync import sealed
from sync.acknowledgement import Opened
from sync.page import Page, PageEntry, Received, collapse, cursor_mark, seal_page

ACTIVE = "active"
ENTRIES_MAX = 1000
_FIXED_BYTES, _OWN_BYTES, _SHRINKS_BY = 64, 2, 3
"""About what an entry costs beside its data, what one of the own stream does, how data shrinks."""
_PLAIN_BYTES_MAX = 2 << 20
"""Before compression, so that a page of noise fits into its envelope too."""
_PRIVATE_KINDS = frozenset({session.KIND, sealed.KIND})


class Cursor(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Where a device is in its feed; opaque to the device."""

    county: int
    epoch: int
    position: Annotated[int, Meta(ge=0, le=2**62)]
    scopes: bytes
    """Hash of the scope set: another set begins anew, and the tablet deduplicates."""
    last: bytes
    """Mark of the entry at `position`, empty at 0. Entries never change and leave no gap, so the
    same one there means the same ones before it."""


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


def _page(
    tx: Tx,
    county: County,
    device: Device,
    stream: bytes,
    cursor: bytes,
    bytes_max: int,
    opened: Opened | None,
) -> Page:
    # What is not in use reads nothing but what became of its own work.
    scopes = roster_of(tx, device).scopes(county.today())
    if device.state != ACTIVE:
        scopes = {own_scope(device.device)}
    mark = cursor_mark("\0".join(sorted(scopes)).encode())
    epoch = tx.county_head().epoch
    start, rows = _continued(tx, device, scopes, _read(cursor, county.code, epoch, mark))
    entries = tx.entries({row.operation for row in rows})
    streams = tx.streams(device=device.device)
    is_forked = any(one.branch for one in streams if one.stream == stream)
    filling = _Filling(None if is_forked else stream, {one.stream for one in streams}, bytes_max)
    end, last = start, rows[-1].position if rows else 0
    for row in rows[:ENTRIES_MAX]:
        if filling.is_full:
            break
        filling.add(row, entries[row.operation])
        end = _at(start, row)
    return Page(
        county=county.code, epoch=epoch, device=device.device, since=cursor_mark(cursor),
        cursor=msgspec.msgpack.encode(end), more=end.position < last,
        issued_at=county.now(), opened=opened, entries=filling.entries(),
    )  # fmt: skip


def _read(cursor: bytes, county: int, epoch: int, mark: bytes) -> Cursor:
    """Return where to read on. What does not fit (other epoch, other scopes) begins anew."""
    anew = Cursor(county, epoch, 0, mark, b"")
    try:
        asked = _decoder.decode(cursor)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return anew
    return asked if (asked.county, asked.epoch, asked.scopes) == (county, epoch, mark) else anew


def _continued(
    tx: Tx, device: Device, scopes: Collection[str], asked: Cursor
) -> tuple[Cursor, list[FeedRow]]:
    """Return where the page starts and what follows, the entry that the cursor stands on left out.

    A cursor beyond the end, or on another entry, is of a database that this one is not any more.
    """
    if not asked.position:
        return asked, tx.feed_page(scopes, 0, ENTRIES_MAX + 1)
    rows = tx.feed_page(scopes, asked.position - 1, ENTRIES_MAX + 2)
    if rows and _at(asked, rows[0]) == asked:
        return asked, rows[1:]
    log.error(
        "平板 %s 收到过的下发（第 %d 条）不在本县库中：数据库可能被换成了旧的一份。"
        "请停用并用 bianmin county restore 恢复，各平板才会把之后的记录交回；这台已从头下发。",
        device.short_code, asked.position,
    )  # fmt: skip
    anew = msgspec.structs.replace(asked, position=0, last=b"")
    return anew, tx.feed_page(scopes, 0, ENTRIES_MAX + 1)


def _at(cursor: Cursor, row: FeedRow) -> Cursor:
    """The cursor moved to an entry."""
    entry = msgspec.msgpack.encode((row.position, row.operation, row.epoch, row.county_seq))
    return msgspec.structs.replace(cursor, position=row.position, last=cursor_mark(entry)[:8])


class _Filling:
    """The entries of one page, at least one, up to about `bytes_max` on the wire."""

    def __init__(self, stream: bytes | None, mine: Collection[bytes], bytes_max: int) -> None:
        """`stream`: whose verdicts go out as ranges of seq. None where two branches share them."""
        self._stream, self._mine, self._bytes_max = stream, mine, bytes_max
        self._received: list[Received] = []
        self._own: dict[int, tuple[int, Verdict]] = {}
        self._seen: set[bytes] = set()
        self._size = self._plain = 0

    @property
    def is_full(self) -> bool:
        return self._size > self._bytes_max or self._plain > _PLAIN_BYTES_MAX

    def add(self, row: FeedRow, entry: Entry) -> None:
        """Take an entry of the feed, if the device is to have it and has not had it on this page.

        It may stand in several scopes, or there may be a later verdict: the one in force goes out
        once.
        """
        operation, verdict = entry.operation, entry.verdict
        skeleton = operation.skeleton
        is_mine = skeleton.stream in self._mine
        is_private = skeleton.kind in _PRIVATE_KINDS or is_own_scope(row.scope)
        if operation.id in self._seen or verdict is None or (is_private and not is_mine):
            return
        self._seen.add(operation.id)
        if skeleton.stream == self._stream:
            self._own[skeleton.seq] = (skeleton.effective_at, verdict)
            self._size += _OWN_BYTES
        else:
            bare = verdict.status is not Status.ADMITTED
            self._received.append(
                Received(operation.without_data() if bare else _decoded(operation), verdict)
            )
            data = 0 if bare else len(operation.data_bytes or b"")
            self._size += _FIXED_BYTES + data // _SHRINKS_BY
            self._plain += _FIXED_BYTES + data

    def entries(self) -> list[PageEntry]:
        """Return received operations, then the ranges of own ones."""
        runs = collapse((seq, *self._own[seq]) for seq in sorted(self._own))
        return [*self._received, *runs]


def _decoded(operation: Operation) -> Operation:
    """The operation with its data decoded: the ledger took in none that was not canonical."""
    if operation.data_bytes is None or operation.skeleton.version > VERSION:
        return operation
    data = msgspec.msgpack.decode(operation.data_bytes)
    return Operation(
        operation.id, operation.skeleton, operation.skeleton_bytes, operation.salt,
        operation.data_bytes, [data],
    )  # fmt: skip
