"""The exchange with the county: one round trip carries the batch up and the first page down.

Seal → post → stored acknowledgement → page → apply → more. A batch adapts to the line by bytes: it
doubles when it went fast and is cut smaller when the line broke. Text goes first; attachments
follow on a lane of their own. Only signed acknowledgements count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import NamedTuple

import msgspec

from mobile import handback, tables
from mobile.ahead import Line
from mobile.freezing import SMALLEST_BYTES, STANDARD_BYTES
from mobile.inbox import Inbox, catch_up
from mobile.lane import Lane, Sent, never_connected
from mobile.outbox import DAMAGED, Frozen
from mobile.replies import NotOurCounty, Outcome, Replies, keep_stored
from mobile.streams import Stream
from mobile.tablet import Locked, Tablet
from sync.exchange import CountyRefused, Exchange, Unreachable, delay_ms
from sync.messages import ENVELOPES_MAX, Refusal, SyncRequest, SyncResponse
from sync.page import Page

BATCH_BYTES_MAX = 4 << 20
PAGE_BYTES = 256 << 10
PAGE_BYTES_MAX = 2 << 20
PAGE_BYTES_MIN = 16 << 10
FAST_MS = 2_000
"""An exchange that took less lets the next one carry twice as much."""
ASKED_MAX = 8
"""Streams asked about in one request, beside that of the acts."""
VERDICT_TRIES = 40
VERDICT_WAIT_S = 0.25
BROKEN_TRIES = 3
"""Broken lines in a row, none under noticeably less than the one before, that end an exchange."""
CARD_EVERY_MS = 24 * 60 * 60 * 1000
_BUDGET = "line budget"
_CARD_ASKED = "card asked at"
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


class _Question(NamedTuple):
    """One request, the streams whose empty envelopes lead in it, and how large a page it wants."""

    request: SyncRequest
    asking: list[Stream]
    page_bytes: int


class Synchroniser:
    """Exchanges with the county for an unlocked tablet."""

    def __init__(self, tablet: Tablet, exchange: Exchange, sleep: Callable[[float], None]) -> None:
        self._tablet = tablet
        self._exchange = exchange
        self._line = Line(exchange, tablet.locked.machine.clock.steady_ms)
        self._ahead: _Question | None = None
        """What was asked already, while the last page was applied."""
        self._sleep = sleep
        self._outcome = Outcome()
        self._synced = Synced()
        self._replies = Replies(tablet)
        self._resealed: set[str] = set()
        self._sent: set[str] = set()
        self._asked: set[bytes] = set()
        self._led = 0
        """How many empty envelopes led the last request."""
        self._page_bytes = PAGE_BYTES
        self._broken: list[int] = []
        """What was asked each time the line broke since the last answer: bytes up and down."""
        kept = tables.meta(tablet.store, _BUDGET)
        self._budget = int(kept) if kept else STANDARD_BYTES

    def run(self) -> Synced:
        """Exchange until nothing is left on either side; raise Unreachable, NotTheCounty,
        CountyRefused. What was acknowledged before an error stays acknowledged."""
        tablet = self._tablet
        self._replies = catch_up(tablet, self._outcome)
        tablet.freezer.freeze()
        try:
            self._renew_card()
            self._exchange_all()
            self._note_lane(Lane(tablet, self._exchange, self._sleep).upload())
        finally:
            self._line.close()
            self._finish()
        return self._synced

    def _renew_card(self) -> None:
        """A card whose last key has run out is asked for anew, once a day at most."""
        store, card = self._tablet.store, self._tablet.card
        now = self._tablet.locked.machine.clock.now_ms()
        asked = int(tables.meta(store, _CARD_ASKED) or b"0")
        if now < card.recipient_at(now).valid_to or 0 <= now - asked < CARD_EVERY_MS:
            return
        try:
            refresh_card(self._tablet, self._exchange)
        except CountyRefused as error:
            self._outcome.note(str(error))
        with store.write():
            tables.keep_meta(store, _CARD_ASKED, b"%d" % now)

    def _exchange_all(self) -> None:
        """A backlog goes up without waiting for the core; the first answer and the last one bring
        news: whether the county can open what it gets, and what became of it."""
        outcome = self._outcome
        waits = opened = 0
        asks = True
        while True:
            pending = [] if self._ahead else self._pending()
            chosen = self._choose(pending)
            asks = asks or len(chosen) == len(pending)
            response = self._send(chosen, self._page_bytes if asks else 0)
            if response is None:
                continue  # the line broke: cut smaller, try again
            self._apply(response, chosen)
            if self._hands_back():
                asks = True
                continue
            if outcome.more or (outcome.moved and self._pending()):
                asks = outcome.more
                continue
            if not asks:
                asks = True
                continue
            if self._is_judged() or response.page is None or waits == VERDICT_TRIES:
                return
            waits = waits + 1 if self._opened_seq() <= opened else 0  # a backlog takes its time
            opened = self._opened_seq()
            self._sleep(VERDICT_WAIT_S)

    def _note_lane(self, sent: Sent) -> None:
        """Trouble with attachments is told, and fails no exchange: the text has arrived."""
        self._synced.attachments_left = sent.left
        if sent.problem:
            self._outcome.note(sent.problem)

    def _pending(self) -> list[Frozen]:
        return still_pending(self._tablet.locked, self._sent, self._tablet.county_ms())

    def _choose(self, waiting: list[Frozen]) -> dict[Frozen, bytes]:
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
        most = ENVELOPES_MAX - len(self._asking(chosen))
        return self._tablet.locked.outbox.contents(chosen[:most])

    def _send(self, chosen: Mapping[Frozen, bytes], page_bytes: int) -> SyncResponse | None:
        ahead, self._ahead = self._ahead, None
        question = ahead or self._question(chosen, self._tablet.intake.cursor(), page_bytes)
        self._synced.round_trips += 1
        try:
            answered = self._line.answer() if ahead else self._line.ask(question.request)
        except Unreachable as error:
            self._shrink(chosen, question.page_bytes, error)
            return None
        self._broken.clear()
        self._sent |= {one.path.name for one in chosen}
        self._led = len(question.asking)
        if question.page_bytes:
            self._asked |= {stream.id for stream in question.asking}
        self._synced.bytes_up += answered.exchanged.bytes_up
        self._synced.bytes_down += answered.exchanged.bytes_down
        if answered.elapsed_ms < FAST_MS:
            self._budget = min(self._budget * 2, BATCH_BYTES_MAX)
            self._page_bytes = min(self._page_bytes * 2, PAGE_BYTES_MAX)
        return answered.exchanged.response

    def _question(
        self, chosen: Mapping[Frozen, bytes], cursor: bytes, page_bytes: int
    ) -> _Question:
        asking = self._asking(chosen)
        envelopes = [*map(self._tablet.freezer.asking, asking), *chosen.values()]
        return _Question(SyncRequest(envelopes, cursor, page_bytes), asking, page_bytes)

    def _ask_ahead(self, page: Page) -> None:
        """Ask for the page after this one, unless there is work to send along."""
        if page.more and page.answers(self._tablet.intake.cursor()) and not self._pending():
            self._ahead = self._question({}, page.cursor, self._page_bytes)
            self._line.begin(self._ahead.request)

    def _shrink(self, chosen: Mapping[Frozen, bytes], page_bytes: int, error: Unreachable) -> None:
        """The line broke under way: wait, then ask for less. Raise `error` where asking for less
        was no help or is impossible, and where no connection came about at all."""
        size = sum(one.size for one in chosen)
        self._broken.append(size + page_bytes)
        tries = _tries(self._broken)
        if tries >= BROKEN_TRIES or never_connected(error):
            raise error
        if chosen:
            self._budget = max(min(self._budget, size) // 4, SMALLEST_BYTES)
        self._page_bytes = max(self._page_bytes // 8, PAGE_BYTES_MIN)
        for one in chosen:
            if one.size > self._budget and one.seq_to > one.seq_from:
                self._tablet.freezer.seal_again(one, self._budget)
        random = self._tablet.locked.machine.entropy(1)[0] / 256
        self._sleep(delay_ms(tries, random) / 1000)

    def _apply(self, response: SyncResponse, chosen: Mapping[Frozen, bytes]) -> None:
        outcome = self._outcome
        outcome.stored, outcome.more = 0, False
        with self._tablet.store.write():
            for raw in response.acknowledgements:
                self._replies.acknowledgement(raw, outcome)
        if response.page is not None:
            try:
                page = self._replies.open(response.page)
            except NotOurCounty as error:
                outcome.note(str(error))
            else:
                if not response.refusals:
                    self._ask_ahead(page)
                self._replies.take(page, outcome, live=True)
        outcome.moved = bool(outcome.stored)
        for refusal in response.refusals:
            self._refused(refusal, chosen)

    def _hands_back(self) -> bool:
        """A county that was restored is asked about every stream and gets again what it lost."""
        restored, self._outcome.restored = self._outcome.restored, False
        if restored:
            self._tablet.freezer.freeze()
        return restored or bool(self._unasked())

    def _unasked(self) -> list[Stream]:
        """The streams that the county's present epoch has told nothing of, each asked once."""
        found = handback.unasked(self._tablet.store, self._tablet.intake.epoch())
        return [one for one in found if one.id not in self._asked][:ASKED_MAX]

    def _asking(self, chosen: Iterable[Frozen]) -> list[Stream]:
        """The streams whose empty envelopes lead. The acts' first: the page tells its verdicts."""
        acts, first = self._tablet.log.stream(), next(iter(chosen), None)
        others = self._unasked()
        if first is not None and first.stream == acts.id[:8].hex() and not others:
            return []
        return [acts, *(one for one in others if one.id != acts.id)]

    def _refused(self, refusal: Refusal, chosen: Iterable[Frozen]) -> None:
        """Advice: an envelope the county cannot open is sealed anew, once; the rest is reported."""
        index = refusal.index - self._led
        one = next(islice(chosen, index, None), None) if index >= 0 else None
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
    if locked.outbox.damaged():
        outcome.note(DAMAGED)
    while batch := locked.outbox.contents(_first(still_pending(locked, sent))):
        page_bytes = PAGE_BYTES if inbox.is_empty else 0  # one page may wait, not the same twice
        cursor = locked.home.summary().cursor
        request = SyncRequest(list(batch.values()), cursor, page_bytes)
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
    tablet.take_card(exchange.card(tablet.locked.device.fingerprint))


def follow(locked: Locked, exchange: Exchange, server: str) -> None:
    """Note a county's new address once it has proved to be the same county.

    Raises NotTheCounty for another fingerprint, Unreachable.
    """
    locked.take_card(exchange.card(locked.device.fingerprint))
    locked.home.keep_device(msgspec.structs.replace(locked.device, server=server))


def still_pending(locked: Locked, sent: set[str], county_ms: int | None = None) -> list[Frozen]:
    """Return what has to be sent, each envelope until its first acknowledgement in this run.

    The front answers a repeated envelope with its first acknowledgement, however old that is.
    """
    pending = locked.outbox.pending(locked.card.front_public, county_ms)
    return [one for one in pending if one.path.name not in sent or not one.acknowledgement.exists()]


def _tries(broken: list[int]) -> int:
    """How often the line broke in a row without being asked for noticeably less."""
    tries = 1
    for before, after in pairwise(broken):
        tries = 1 if after * 4 < before * 3 else tries + 1
    return tries


def _first(pending: list[Frozen]) -> list[Frozen]:
    chosen: list[Frozen] = []
    for one in pending:
        full = sum(c.size for c in chosen) + one.size > STANDARD_BYTES
        if chosen and (full or len(chosen) == ENVELOPES_MAX):
            break
        chosen.append(one)
    return chosen
