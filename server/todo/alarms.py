"""Tablets that somebody should look after: a clock that is not to be believed, numbers missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from server.county import County
from server.front.spool import Spool
from server.storage import Tx
from shared.civil import DAY_MS, InstantOutOfRange, minute
from shared.operation import Operation

JUMP_MS = 60 * 60 * 1000
"""What a clock may be off before somebody has to see to it."""
GAP_MS = DAY_MS
"""Envelopes overtake each other on the way; after a day something is missing."""

WRONG_CLOCK = (
    "平板上的时间是 %(said)s，县里 %(received)s 收到；时间只按可信的范围记，请校准这台平板的时钟。"
)
MISSING = (
    "第 %(first)s 到 %(last)s 号操作一直没有送到，后面的在县里等候；"
    "请让这台平板联网同步一次，已丢失或清空的请到“设备”里处理。"
)


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is wrong with a tablet, since when (Unix ms), `text` % `values` says so."""

    kind: str
    device: str
    since: int
    text: str
    values: Mapping[str, object]


def wrong_clocks(tx: Tx) -> list[Alarm]:
    """Return the tablets whose last session knew no time that could be believed.

    A fresh tablet that has not met the county yet does not know how good its clock is, and no harm
    done: only a time that the county did not believe counts. It goes with the next good session.
    """
    newest = tx.last_sessions()
    judged = tx.judgements_of(list(newest.values()))
    doubtful = {
        one: found
        for one, found in tx.operations(list(newest.values())).items()
        if abs(found.skeleton.effective_at - judged[one].effective_at) > JUMP_MS
    }
    owners = tx.devices_of(doubtful)
    received = tx.stored(doubtful)
    return [
        Alarm(
            "clock", owners[one].hex(), received[one].received_at,
            WRONG_CLOCK,
            {"said": _said(found), "received": minute(received[one].received_at)},
        )
        for one, found in doubtful.items()
        if one in owners
    ]  # fmt: skip


def gaps(county: County, tx: Tx) -> list[Alarm]:
    """Return the streams of which later envelopes lie here while earlier ones never came."""
    if not county.home.spool.exists():
        return []
    spool = Spool(county.home.spool, county.keys.spool)
    try:
        waiting = spool.waiting_streams()
    finally:
        spool.close()
    found: list[Alarm] = []
    for one in waiting:
        stream = tx.stream(one.stream)
        first = (stream.seq if stream else 0) + 1
        if one.seq_from > first and county.now() - one.received_at > GAP_MS:
            values = {"first": first, "last": one.seq_from - 1}
            found.append(Alarm("gap", one.device.hex(), one.received_at, MISSING, values))
    return found


def _said(opening: Operation) -> str:
    try:
        return minute(opening.skeleton.effective_at)
    except InstantOutOfRange:
        return "—"
