"""The exchange with the county: one round trip carries the batch up and the first page down.

Seal → post → stored acknowledgement → page → apply → more. A batch adapts to the line by bytes: it
doubles when it went fast and is cut smaller when the line broke. Text goes first; attachments
follow on a lane of their own. Only signed acknowledgements count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from mobile import tables
from mobile.freezing import SMALLEST_BYTES, STANDARD_BYTES
from mobile.inbox import Inbox, catch_up
from mobile.lane import Lane, Sent, never_connected
from mobile.outbox import Frozen
from mobile.replies import NotOurCounty, Outcome, Replies, keep_stored
from mobile.tablet import Locked, Tablet
from sync.card import open_card
from sync.exchange import Exchange, Unreachable
from sync.messages import ENVELOPES_MAX, Refusal, SyncRequest, SyncResponse

BATCH_BYTES_MAX = 4 << 20
PAGE_BYTES = 256 << 10
PAGE_BYTES_MAX = 2 << 20
PAGE_BYTES_MIN = 16 << 10
FAST_MS = 2_000
"""An exchange that took less lets the next one carry twice as much."""
VERDICT_TRIES = 40
VERDICT_WAIT_S = 0.25
_BUDGET = "line budget"
_SEAL_AGAIN = frozenset({"seal_again", "malformed"})


@dataclass(slots=True)
class Synced:
    """What an exchange did. Counts are operations of people; bytes with HTTP headers."""

    pushed: int = 0
    pulled: int = 0
    pending: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    round_trips: int = 0
    attachments_left: int = 0
    """Attachments of this tablet that the county has not signed for yet."""
    notices: tuple[str, ...] = ()


class Synchroniser:
    """Exchanges with the county for an unlocked tablet."""

    def __init__(self, tablet: Tablet, exchange: Exchange, sleep: Callable[[float], None]) -> None:
        self._tablet = tablet
        self._exchange = exchange
        self._sleep = sleep
        self._outcome = Outcome()
        self._synced = Synced()
        self._replies = Replies(tablet)
        self._resealed: set[str] = set()
        self._sent: set[str] = set()
        self._page_bytes = PAGE_BYTES
        kept = tables.meta(tablet.store, _BUDGET)
        self._budget = int(kept) if kept else STANDARD_BYTES

    def run(self) -> Synced:
        """Exchange until nothing is left on either side; raise Unreachable, NotTheCounty,
        CountyRefused. What was acknowledged before an error stays acknowledged."""
        tablet = self._tablet
        self._replies = catch_up(tablet, self._outcome)
        tablet.freezer.freeze()
        try:
            self._exchange_all()
            self._note_lane(Lane(tablet, self._exchange, self._sleep).upload())
        finally:
            self._finish()
        return self._synced

    def _exchange_all(self) -> None:
        """A backlog goes up without waiting for the core; the first answer and the last one bring
        news: whether the county can open what it gets, and what became of it."""
        tablet, outcome = self._tablet, self._outcome
        waits = opened = 0
        asks = True
        while True:
            pending = self._pending()
            chosen = self._choose(pending)
            asks = asks or len(chosen) == len(pending)
            response = self._send(chosen, self._page_bytes if asks else 0)
            if response is None:
                continue  # the line broke: cut smaller, try again
            self._apply(response, chosen)
            if outcome.more or (outcome.moved and self._pending()):
                asks = outcome.more
                continue
            if not asks:
                asks = True
                continue
            if self._is_judged() or response.page is None or waits == VERDICT_TRIES:
                return
            if tablet.freezer.freeze():
                continue  # a county that was restored asks for what it had confirmed before
            waits = waits + 1 if self._opened_seq() <= opened else 0  # a backlog takes its time
            opened = self._opened_seq()
            self._sleep(VERDICT_WAIT_S)

    def _note_lane(self, sent: Sent) -> None:
        """Trouble with attachments is told, and fails no exchange: the text has arrived."""
        self._synced.attachments_left = sent.left
        if sent.problem:
            self._outcome.note(sent.problem)

    def _pending(self) -> list[Frozen]:
        return still_pending(self._tablet.locked, self._sent)

    def _choose(self, waiting: list[Frozen]) -> list[Frozen]:
        """Choose envelopes for one request, the acts' stream first, up to the line's budget."""
        acts = self._tablet.log.stream().id[:8].hex()
        pending = sorted(waiting, key=lambda one: (one.stream != acts, one.seq_from))
        chosen: list[Frozen] = []
        size = 0
        for one in pending:
            if chosen and size + one.size > self._budget:
                break
            size += one.size
            chosen.append(one)
        most = ENVELOPES_MAX - self._asks_first(chosen)
        return chosen[:most]

    def _send(self, chosen: list[Frozen], page_bytes: int) -> SyncResponse | None:
        tablet = self._tablet
        envelopes = [one.read() for one in chosen]
        if self._asks_first(chosen):
            envelopes.insert(0, tablet.freezer.asking(tablet.log.stream()))
        request = SyncRequest(envelopes, tablet.intake.cursor(), page_bytes)
        begun = tablet.locked.machine.clock.steady_ms()
        self._synced.round_trips += 1
        try:
            exchanged = self._exchange.sync(request)
        except Unreachable as error:
            self._shrink(chosen, error)
            return None
        self._sent |= {one.path.name for one in chosen}
        self._synced.bytes_up += exchanged.bytes_up
        self._synced.bytes_down += exchanged.bytes_down
        if tablet.locked.machine.clock.steady_ms() - begun < FAST_MS:
            self._budget = min(self._budget * 2, BATCH_BYTES_MAX)
            self._page_bytes = min(self._page_bytes * 2, PAGE_BYTES_MAX)
        return exchanged.response

    def _shrink(self, chosen: list[Frozen], error: Unreachable) -> None:
        """The line broke under way: ask for less. Raise `error` where there is no less, or where
        no connection came about at all."""
        size = sum(one.size for one in chosen)
        least = size <= SMALLEST_BYTES and self._page_bytes <= PAGE_BYTES_MIN
        if least or never_connected(error):
            raise error
        self._budget = max(min(self._budget, size) // 4, SMALLEST_BYTES)
        self._page_bytes = max(self._page_bytes // 8, PAGE_BYTES_MIN)
        for one in chosen:
            if one.size > self._budget * 2:
                self._tablet.freezer.seal_again(one, self._budget)

    def _apply(self, response: SyncResponse, chosen: list[Frozen]) -> None:
        outcome = self._outcome
        outcome.stored, outcome.more = 0, False
        with self._tablet.store.write():
            for raw in response.acknowledgements:
                self._replies.acknowledgement(raw, outcome)
        if response.page is not None:
            try:
                self._replies.page(response.page, outcome, live=True)
            except NotOurCounty as error:
                outcome.note(str(error))
        outcome.moved = bool(outcome.stored)
        for refusal in response.refusals:
            self._refused(refusal, chosen)

    def _asks_first(self, chosen: list[Frozen]) -> bool:
        """Whether an empty envelope of the stream of acts leads: the page tells its verdicts."""
        return not chosen or chosen[0].stream != self._tablet.log.stream().id[:8].hex()

    def _refused(self, refusal: Refusal, chosen: list[Frozen]) -> None:
        """Advice: an envelope the county cannot open is sealed anew, once; the rest is reported."""
        index = refusal.index - self._asks_first(chosen)
        one = chosen[index] if 0 <= index < len(chosen) else None
        if one is not None and refusal.code in _SEAL_AGAIN and one.path.name not in self._resealed:
            self._resealed.add(one.path.name)
            refresh_card(self._tablet, self._exchange)
            self._tablet.freezer.seal_again(one)
            self._outcome.moved = True
            return
        self._outcome.note(refusal.sentence)

    def _is_judged(self) -> bool:
        return self._opened_seq() >= self._tablet.log.stream().seq

    def _opened_seq(self) -> int:
        """How far the core has opened the stream of acts, as far as it told."""
        stream = self._tablet.log.stream()
        return self._outcome.opened.get(stream.id, stream.opened_seq)

    def _finish(self) -> None:
        tablet, outcome = self._tablet, self._outcome
        with tablet.store.write():
            tables.keep_meta(tablet.store, _BUDGET, b"%d" % self._budget)
        last = tablet.locked.home.summary().last_delivered_at
        tablet.keep_summary(max(filter(None, (last, outcome.delivered_at)), default=None))
        self._synced.pushed, self._synced.pulled = outcome.pushed, outcome.pulled
        self._synced.pending = tablet.status().pending
        tablet.refresh_catalogue()
        self._synced.notices = tuple(outcome.notices)


def deliver(locked: Locked, exchange: Exchange) -> Synced:
    """Send the frozen outbox without a PIN; the reply's page waits raw for the next unlock."""
    synced, outcome = Synced(), Outcome()
    inbox = Inbox(locked.home.inbox)
    card = locked.card
    sent: set[str] = set()
    while batch := _first(still_pending(locked, sent)):
        page_bytes = PAGE_BYTES if inbox.is_empty else 0  # one page may wait, not the same twice
        cursor = locked.home.summary().cursor
        request = SyncRequest([one.read() for one in batch], cursor, page_bytes)
        exchanged = exchange.sync(request)
        sent |= {one.path.name for one in batch}
        synced.round_trips += 1
        synced.bytes_up += exchanged.bytes_up
        synced.bytes_down += exchanged.bytes_down
        before = outcome.stored
        for raw in exchanged.response.acknowledgements:
            synced.pushed += keep_stored(locked.outbox, raw, card, outcome)
        if exchanged.response.page is not None:
            inbox.keep(exchanged.response.page)
        for refusal in exchanged.response.refusals:
            outcome.note(refusal.sentence)
        if outcome.stored == before:
            break
    if outcome.delivered_at is not None:
        summary = locked.home.summary()
        locked.home.keep_summary(
            msgspec.structs.replace(summary, last_delivered_at=outcome.delivered_at)
        )
    synced.pending = locked.status().pending
    synced.notices = tuple(outcome.notices)
    return synced


def refresh_card(tablet: Tablet, exchange: Exchange) -> None:
    """Take the county's present card, if it is later than ours; the fingerprint stays the same."""
    device = tablet.locked.device
    raw = exchange.card(device.fingerprint)
    card = open_card(raw, device.fingerprint)
    if card.issued_at >= tablet.card.issued_at:
        tablet.locked.home.keep_device(msgspec.structs.replace(device, card=raw))
        tablet.card = tablet.freezer.card = tablet.desk.card = card


def follow(locked: Locked, exchange: Exchange, server: str) -> None:
    """Note a county's new address once it has proved to be the same county.

    Raises NotTheCounty for another fingerprint, Unreachable.
    """
    device = locked.device
    raw = exchange.card(device.fingerprint)
    locked.home.keep_device(msgspec.structs.replace(device, card=raw, server=server))


def still_pending(locked: Locked, sent: set[str]) -> list[Frozen]:
    """Return what has to be sent, each envelope until its first acknowledgement in this run.

    The front answers a repeated envelope with its first acknowledgement, however old that is.
    """
    now_ms = locked.machine.clock.now_ms()
    pending = locked.outbox.pending(now_ms, locked.card.front_public)
    return [one for one in pending if one.path.name not in sent or not one.acknowledgement.exists()]


def _first(pending: list[Frozen]) -> list[Frozen]:
    chosen: list[Frozen] = []
    for one in pending:
        full = sum(c.size for c in chosen) + one.size > STANDARD_BYTES
        if chosen and (full or len(chosen) == ENVELOPES_MAX):
            break
        chosen.append(one)
    return chosen
