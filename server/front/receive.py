"""One sync, from request to response: gate, spool with acknowledgement, hand-over, answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter

from server.front.core_link import CoreDown
from server.front.deliver import Deliverer, Delivery
from server.front.gate import (
    Admitted,
    NotAdmitted,
    WrongCounty,
    admit,
    require_one_device,
)
from server.front.spool import Incoming, Known, Spool, digest_of
from server.handover import UNOPENABLE
from sync.acknowledgement import Stored, sign_stored
from sync.envelope import Envelope
from sync.frame import Malformed
from sync.keys import SigningKey
from sync.messages import ENVELOPES_MAX, Refusal, SyncRequest, SyncResponse

SEAL_AGAIN = "seal_again"
NOT_ADMITTED = "not_admitted"
WRONG_COUNTY = "wrong_county"
DEVICE_STATE = "device_state"
"""No refusal of the envelope: advice for the person."""


class Counts:
    """What the front counts for /metrics."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.stored = Counter(
            "bianmin_front_envelopes_stored", "Envelopes stored", registry=registry
        )
        self.bytes = Counter("bianmin_front_bytes_stored", "Bytes stored", registry=registry)
        self.refused = Counter(
            "bianmin_front_envelopes_refused", "Envelopes refused", ["code"], registry=registry
        )
        self.syncs = Counter(
            "bianmin_front_syncs", "Syncs answered with and without the core", ["core"],
            registry=registry,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Receiver:
    """Answers `POST /v1/sync`. Runs in the thread pool."""

    county: int
    key: SigningKey
    spool: Spool
    deliverer: Deliverer
    now: Callable[[], int]
    counts: Counts
    core_wait_s: float

    def sync(self, raw: bytes) -> SyncResponse:
        """Return the answer to a request; everything it acknowledges is on the disk.

        Raises NotAdmitted (nothing in it bears a valid signature), WrongDevice, OverQuota,
        DatabaseFull.
        """
        request = _decode(raw)
        admitted, refusals = self._admit(request.envelopes)
        if not admitted:
            raise NotAdmitted
        device = require_one_device([one for _, one in admitted])
        filled = [(index, one) for index, one in admitted if not one.envelope.empty]
        known = self.spool.store([self._incoming(one) for _, one in filled])
        self.counts.stored.inc(len(filled))
        self.counts.bytes.inc(sum(len(one.envelope.raw) for _, one in filled))
        delivery = self._deliver(device, _asked(admitted), request)
        refusals += _sealed_again(filled, known, delivery) + _told(admitted)
        return SyncResponse(
            [one.stored for one in known] + (delivery.answer.acknowledgements if delivery else []),
            delivery.answer.page if delivery else None,
            refusals,
        )

    def _admit(self, envelopes: list[bytes]) -> tuple[list[tuple[int, Admitted]], list[Refusal]]:
        admitted: list[tuple[int, Admitted]] = []
        refusals: list[Refusal] = []
        for index, raw in enumerate(envelopes):
            try:
                admitted.append((index, admit(raw, self.county, self.deliverer.device)))
            except NotAdmitted as error:
                refusals.append(Refusal(index, NOT_ADMITTED, str(error)))
            except WrongCounty as error:
                refusals.append(Refusal(index, WRONG_COUNTY, str(error)))
        for refusal in refusals:
            self.counts.refused.labels(refusal.code).inc()
        return admitted, refusals

    def _incoming(self, admitted: Admitted) -> Incoming:
        envelope, received_at = admitted.envelope, self.now()
        header = envelope.header
        return Incoming(
            raw=envelope.raw,
            device=header.device,
            stream=header.stream,
            seq_from=header.seq_from,
            seq_to=header.seq_to,
            received_at=received_at,
            marked=admitted.marked,
            stored=self._acknowledge(envelope, received_at),
        )

    def _acknowledge(self, envelope: Envelope, received_at: int) -> bytes:
        header = envelope.header
        stored = Stored(
            self.county,
            self.deliverer.epoch,
            header.stream,
            header.seq_from,
            header.seq_to,
            header.head_after,
            received_at,
        )
        return sign_stored(stored, self.key)

    def _deliver(self, device: bytes, asked: list[bytes], request: SyncRequest) -> Delivery | None:
        """Hand over and wait for the core; a device that wants no page has more to send first, and
        the core opens what is stored meanwhile."""
        if request.page_bytes_max == 0:
            self.deliverer.wake()
            return None
        try:
            delivery = self.deliverer.deliver(
                device, asked, request.cursor, request.page_bytes_max, self.core_wait_s
            )
        except CoreDown:
            self.counts.syncs.labels("down").inc()
            return None
        self.counts.syncs.labels("up").inc()
        return delivery


def _decode(raw: bytes) -> SyncRequest:
    try:
        request = SyncRequest.decode(raw)
    except Malformed as error:
        raise NotAdmitted from error
    if len(request.envelopes) > ENVELOPES_MAX:
        raise NotAdmitted
    return request


def _asked(admitted: list[tuple[int, Admitted]]) -> list[bytes]:
    """The streams asked about: those of the empty envelopes, else that of the first one.

    The first of them is the one whose verdicts the page tells.
    """
    asking = [one.envelope for _, one in admitted if one.envelope.empty]
    return [one.header.stream for one in asking or [admitted[0][1].envelope]]


_STATES = {
    "waiting": "县里还没有批准本机，记录照常保存和送出，批准后入账。",
    "suspended": "本机已被县里暂停，记录照常保存和送出，等县里审定后入账；请联系县里。",
    "lost": "本机已挂失，记录照常保存和送出，等县里审定后入账；请联系县里。",
    "cut": "本机的流水出现分叉，之后的记录照常保存和送出，等县里审定后入账；请联系县里。",
    "revoked": "本机已被县里注销，记录照常保存和送出，等县里审定后入账；请联系县里。",
}


def _told(admitted: list[tuple[int, Admitted]]) -> list[Refusal]:
    """What the device should know of itself where it is not in use; everything is stored."""
    index, first = admitted[0]
    sentence = _STATES.get(first.marked, "")
    return [Refusal(index, DEVICE_STATE, sentence)] if sentence else []


def _sealed_again(
    filled: list[tuple[int, Admitted]], known: list[Known], delivery: Delivery | None
) -> list[Refusal]:
    """A refusal for each envelope that the core cannot open, now or since an earlier sync."""
    refusals = []
    outcomes = delivery.outcomes if delivery else {}
    for (index, admitted), before in zip(filled, known, strict=True):
        outcome = outcomes.get(digest_of(admitted.envelope.raw))
        if outcome is not None and outcome.state == UNOPENABLE and outcome.refusal is not None:
            refusals.append(Refusal(index, SEAL_AGAIN, outcome.refusal.sentence))
        elif before.refusal:
            refusals.append(Refusal(index, SEAL_AGAIN, before.refusal))
    return refusals
