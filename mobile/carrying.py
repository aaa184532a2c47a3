"""Bundles: the same sealed envelopes in one file, by USB stick or any chat app, and the reply."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from mobile import files, handback, lane
from mobile.inbox import Inbox, catch_up
from mobile.replies import FOREIGN, NotOurCounty, Outcome, keep_stored
from mobile.streams import Stream
from mobile.synchronise import Synced
from mobile.tablet import Locked, Tablet
from shared.errors import Refused
from sync import bundle
from sync.bundle import Bundle, Direction, MalformedBundle, Part, PartKind
from sync.card import MalformedCard
from sync.keys import BadSignature
from sync.messages import Failure, MalformedMessage

_ROOM = 64 << 10
"""Left for cursor and frame of the file."""


class NotAReply(Refused):
    """A bundle of the wrong direction, or a file that cannot be read."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written. `left` envelopes did not fit into one file, `damaged` ones stay here."""

    operations: int
    envelopes: int
    left: int
    size: int
    damaged: int = 0


def export(locked: Locked, path: Path, tablet: Tablet | None) -> Exported:
    """Write what is pending to one file of at most 20 MB; raise NotSaved.

    With an unlocked tablet the latest work is frozen first, and news are asked for.
    """
    if tablet is not None:
        catch_up(tablet, Outcome())
        tablet.freezer.freeze()
    card = locked.card
    county_ms = None if tablet is None else tablet.county_ms()
    pending = locked.outbox.contents(locked.outbox.pending(card.front_public, county_ms))
    parts = [Part(PartKind.ENVELOPE, raw) for raw in pending.values()]
    chosen = bundle.fit(parts, bundle.SIZE_MAX - _ROOM)
    envelopes = [part.content for part in chosen]
    if tablet is not None:
        envelopes += map(tablet.freezer.asking, _asking(tablet))
        cursor = tablet.intake.cursor()
    else:
        cursor = locked.home.summary().cursor
    used = sum(len(envelope) for envelope in envelopes)
    pieces = [] if tablet is None else _attachment_parts(tablet, bundle.SIZE_MAX - _ROOM - used)
    with files.disk_errors():
        size = bundle.write_up(path, envelopes, cursor, pieces)
    if tablet is not None:
        lane.carried(tablet, (piece.content for piece in pieces))
    operations = sum(one.work for one in islice(pending, len(chosen)))
    damaged = len(locked.outbox.damaged())
    return Exported(operations, len(chosen), len(parts) - len(chosen), size, damaged)


def _asking(tablet: Tablet) -> list[Stream]:
    """The streams to ask about: that of the acts, and what a restored county has to be asked."""
    acts = tablet.log.stream()
    others = handback.unasked(tablet.store, tablet.intake.epoch())
    return [acts, *(one for one in others if one.id != acts.id)]


def _attachment_parts(tablet: Tablet, room: int) -> list[Part]:
    """Return the attachments' parts that the county may lack, as many as `room` holds."""
    found = (Part(PartKind.ATTACHMENT_PART, raw) for raw in lane.pieces(tablet))
    return bundle.fit(found, room)


def take_in(locked: Locked, path: Path, tablet: Tablet | None) -> Synced:
    """Apply the county's reply in a file. A damaged file gives its valid part, then the error.

    Without an unlocked tablet pages wait raw. Raises NotAReply, MalformedBundle.
    """
    damage: MalformedBundle | None = None
    try:
        reply = bundle.read(path)
    except OSError as error:
        raise NotAReply(f"读不到文件「{path.name[:60]}」，请检查路径后再试。") from error
    except MalformedBundle as error:
        if error.prefix is None:
            raise
        reply, damage = error.prefix, error
    if reply.direction is not Direction.DOWN:
        raise NotAReply("这是上送的数据包，不是县里的回复包，请重新选择。")
    outcome = Outcome()
    for raw in reply.all(PartKind.CARD):  # first: it says who signs the rest
        _take_card(tablet or locked, raw, outcome)
    if tablet is not None:
        _apply(tablet, reply, outcome)
    else:
        _keep(locked, reply, outcome)
    if damage is not None:
        raise damage
    pending = tablet.status().pending if tablet is not None else locked.status().pending
    return Synced(
        outcome.pushed, outcome.pulled, pending, notices=(*outcome.notices, *_failures(reply))
    )


def _take_card(holder: Tablet | Locked, raw: bytes, outcome: Outcome) -> None:
    try:
        holder.take_card(raw)
    except (MalformedCard, BadSignature):
        outcome.note(FOREIGN)


def _apply(tablet: Tablet, reply: Bundle, outcome: Outcome) -> None:
    replies = catch_up(tablet, outcome)
    for raw in reply.all(PartKind.ACKNOWLEDGEMENT):
        kept = lane.read_kept(tablet, raw)
        if kept is not None:
            lane.keep(tablet, kept)
        else:
            replies.acknowledgement(raw, outcome)
    for raw in reply.all(PartKind.PAGE):
        try:
            replies.page(raw, outcome, live=False)
        except NotOurCounty as error:
            outcome.note(str(error))
    tablet.keep_summary(_latest(outcome.delivered_at, tablet.locked))


def _keep(locked: Locked, reply: Bundle, outcome: Outcome) -> None:
    card = locked.card
    for raw in reply.all(PartKind.ACKNOWLEDGEMENT):
        outcome.pushed += keep_stored(locked.outbox, raw, card, outcome)
    inbox = Inbox(locked.home.inbox)
    for raw in reply.all(PartKind.PAGE):
        inbox.keep(raw)


def _latest(delivered_at: int | None, locked: Locked) -> int | None:
    return max(filter(None, (delivered_at, locked.home.summary().last_delivered_at)), default=None)


def _failures(reply: Bundle) -> Iterable[str]:
    for raw in reply.all(PartKind.FAILURE):
        try:
            yield Failure.decode(raw).sentence
        except MalformedMessage:
            yield "县里的回复中有一条说明无法读取，请联系县里。"
