"""Believing the county's answers: who signed, under which card, and what then happens to them.

A stored acknowledgement is the front's, an opened one and a page are the core's. What does not
verify changes nothing and is reported; a hotel portal's page is neither.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mobile.intake import Taken
from mobile.outbox import Outbox
from mobile.tablet import Tablet
from mobile.timekeeping import anchor_of
from shared.errors import BianminError
from sync.acknowledgement import MalformedAcknowledgement, Opened, Stored, open_opened, open_stored
from sync.card import CountyCard
from sync.keys import BadSignature
from sync.page import MalformedPage, Page, open_page
from sync.suites import CannotOpen

FOREIGN = "收到的回执或数据不是本县签发的，已忽略，内容仍存本机。"
OTHER_HEAD = "收到的送达回执与本机内容不符，已忽略，内容会再次送出。"


class NotOurCounty(BianminError):
    """An answer that this county did not sign."""


@dataclass(slots=True)
class Outcome:
    """What answers have brought so far."""

    pushed: int = 0
    pulled: int = 0
    stored: int = 0
    """Acknowledgements of the front that counted."""
    opened: dict[bytes, int] = field(default_factory=dict)
    """Stream → last operation the core has opened."""
    more: bool = False
    """The last page said that there is more."""
    moved: bool = False
    """The last answer changed what waits in the outbox."""
    restored: bool = False
    """The county lacks work that it had: it has to go out again."""
    delivered_at: int | None = None
    notices: list[str] = field(default_factory=list)

    def note(self, sentence: str) -> None:
        """Report something once."""
        if sentence not in self.notices:
            self.notices.append(sentence)


def read_acknowledgement(raw: bytes, card: CountyCard) -> Stored | Opened:
    """Return a verified acknowledgement of either kind; raise NotOurCounty."""
    try:
        return open_stored(raw, card.front_public)
    except MalformedAcknowledgement:
        pass
    except BadSignature as error:
        raise NotOurCounty(FOREIGN) from error
    try:
        return open_opened(raw, card.core_public)
    except (MalformedAcknowledgement, BadSignature) as error:
        raise NotOurCounty(FOREIGN) from error


def keep_stored(outbox: Outbox, raw: bytes, card: CountyCard, outcome: Outcome) -> int:
    """Keep the front's acknowledgement beside its envelope; return the operations it delivers.

    Needs no key. One that fits no envelope, or fits with another head, is reported and ignored.
    """
    try:
        answer = read_acknowledgement(raw, card)
    except NotOurCounty as error:
        outcome.note(str(error))
        return 0
    if isinstance(answer, Opened):
        return 0
    covered = outbox.acknowledge(raw, card.front_public)
    if not covered:
        outcome.note(OTHER_HEAD)
        return 0
    outcome.stored += 1
    outcome.delivered_at = max(outcome.delivered_at or 0, answer.received_at)
    return sum(one.work for one in covered)


class Replies:
    """Applies answers to an unlocked tablet."""

    def __init__(self, tablet: Tablet) -> None:
        self._tablet = tablet
        self._private = tablet.locked.keyring.sealing_key(tablet.keys.data_key)

    def acknowledgement(self, raw: bytes, outcome: Outcome) -> None:
        """Apply one acknowledgement; what does not verify or fit is reported and ignored."""
        tablet = self._tablet
        try:
            answer = read_acknowledgement(raw, tablet.card)
        except NotOurCounty as error:
            outcome.note(str(error))
            return
        if tablet.intake.is_of_before(answer):
            return
        if isinstance(answer, Opened):
            self._note(tablet.intake.opened(answer), outcome)
            outcome.opened[answer.stream] = answer.seq
            return
        tablet.locked.outbox.acknowledge(raw, tablet.card.front_public)
        delivered = tablet.intake.stored(answer)
        if delivered is None:
            outcome.note(OTHER_HEAD)
            return
        outcome.stored += 1
        outcome.pushed += delivered
        outcome.delivered_at = max(outcome.delivered_at or 0, answer.received_at)

    def page(self, raw: bytes, outcome: Outcome, *, live: bool) -> None:
        """Apply one page, sealed to this device and signed by the core; raise NotOurCounty.

        Only a `live` one, just asked for and just answered, tells what time it is.
        """
        self.take(self.open(raw), outcome, live=live)

    def take(self, page: Page, outcome: Outcome, *, live: bool) -> None:
        """Apply one opened page."""
        tablet = self._tablet
        clock = tablet.locked.machine.clock
        with tablet.store.write():
            taken = tablet.intake.page(page)
            if live and not taken.ignored:
                tablet.intake.keep_anchor(anchor_of(clock, page.issued_at))
        outcome.pulled += taken.pulled
        outcome.more = page.more and not taken.ignored
        if page.opened is not None:
            outcome.opened[page.opened.stream] = page.opened.seq
        self._note(taken, outcome)

    def open(self, raw: bytes) -> Page:
        """Return the page if it is this county's and for this device; raise NotOurCounty."""
        card = self._tablet.card
        try:
            page = open_page(raw, self._private, card.core_public)
        except (MalformedPage, BadSignature, CannotOpen) as error:
            raise NotOurCounty(FOREIGN) from error
        if page.county != card.county or page.device != self._tablet.device_key.id:
            raise NotOurCounty(FOREIGN)
        return page

    def _note(self, taken: Taken, outcome: Outcome) -> None:
        outcome.restored |= taken.restored
        for sentence in (*taken.told, *taken.ignored):
            outcome.note(sentence)
