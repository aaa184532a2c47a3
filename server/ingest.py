"""Taking in envelopes: each is taken in whole or refused, repeatable without harm.

Whatever was lost, repeated, re-cut or delayed on the way, each operation enters the ledger once:
the stream's row is locked, the chain decides what is new, the same envelope answers the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from server.county import County
from server.sitting import OPENED, Refuse, Sitting, opened_of
from server.storage import Tx
from server.storage.rows import Envelope
from sync import envelope as envelopes
from sync.acknowledgement import Opened
from sync.envelope import MalformedEnvelope
from sync.messages import Refusal

UNOPENABLE = "unopenable"
GROUP_MAX = 10
"""Envelopes that share a transaction: about a thousand operations, a fifth of a second."""
_SENTENCES = {
    "malformed": "信封已损坏或被改动，请重新同步。",
    "other_county": "信封属于别的县，请检查平板注册的县。",
    "unknown_device": "设备未登记，请联系县中心重新注册。",
    "signature": "签名不符，请重新同步；仍不行请联系县中心。",
    "seal_again": "县级收件密钥已更换，平板会自动重新封装。",
    "gap": "前面的信封还没到，到齐后自动入账。",
    "other_stream": "数据流属于另一台设备，请联系县中心。",
}

__all__ = ["OPENED", "UNOPENABLE", "Taken", "opened_of", "take_envelope", "take_envelopes"]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an envelope."""

    device: bytes
    stream: bytes
    opened: Opened | None
    """How far the stream is opened now; None where the envelope names no stream of its device."""
    fresh: int = 0
    """Operations that were new."""
    refusal: Refusal | None = None


def take_envelope(county: County, raw: bytes, received_at: int) -> Taken:
    """Take in one envelope; a refusal says why, and the front keeps the envelope all the same."""
    try:
        parsed = envelopes.parse(raw)
    except MalformedEnvelope as error:
        return Taken(b"", b"", None, refusal=Refusal(0, "malformed", str(error)))
    header = parsed.header
    try:
        return _seat(county, [(parsed, received_at)])[0]
    except Refuse as refused:
        code = str(refused)
        opened = _refused(county, parsed, received_at, code)
        return Taken(
            header.device, header.stream, opened, refusal=Refusal(0, code, _SENTENCES[code])
        )


def take_envelopes(county: County, arrived: Sequence[tuple[bytes, int]]) -> list[Taken]:
    """Take in envelopes of one request, given as (bytes, received at), in their order.

    Those that can all be taken share a sitting; where one cannot, each of its group is taken or
    refused by itself.
    """
    taken: list[Taken] = []
    for start in range(0, len(arrived), GROUP_MAX):
        group = arrived[start : start + GROUP_MAX]
        taken += _together(county, group) or [take_envelope(county, *one) for one in group]
    return taken


def _together(county: County, group: Sequence[tuple[bytes, int]]) -> list[Taken] | None:
    """Take a group in one sitting; None, with nothing written, where one is refused."""
    if len(group) == 1:
        return None
    try:
        return _seat(county, [(envelopes.parse(raw), received_at) for raw, received_at in group])
    except (MalformedEnvelope, Refuse):
        return None


def _seat(county: County, group: Sequence[tuple[envelopes.Envelope, int]]) -> list[Taken]:
    """Take all of these in one transaction; raise Refuse, with nothing written, for any."""

    def step(tx: Tx) -> list[Taken]:
        sitting = Sitting(tx, county)
        seated = [sitting.take(*one) for one in group]
        sitting.close()
        last = {one.stream.stream: one.stream for one in seated}
        opened = {stream: opened_of(tx, county, row) for stream, row in last.items()}
        return [
            Taken(one.device, one.stream.stream, opened[one.stream.stream], one.fresh)
            for one in seated
        ]

    return county.ledger.writing(step)


def _refused(
    county: County, parsed: envelopes.Envelope, received_at: int, code: str
) -> Opened | None:  # fmt: skip
    """Keep a trace of an envelope the core could not open; say how far its stream is."""
    header = parsed.header

    def trace(tx: Tx) -> None:
        tx.put_envelope(
            Envelope(
                hashlib.sha256(parsed.raw).digest(), header.stream, header.seq_from, header.seq_to,
                header.head_after, received_at, UNOPENABLE, None, parsed.frame.header,
                parsed.frame.body_hash, parsed.frame.signature,
            )
        )  # fmt: skip

    if code in ("seal_again", "malformed"):
        county.ledger.writing(trace)
    with county.ledger.read() as tx:
        stream = tx.stream(header.stream)
        own = stream is not None and stream.device == header.device
        return opened_of(tx, county, stream) if stream is not None and own else None
