"""Bundles: the same sealed envelopes in one file, by USB stick or any chat app, and the reply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mobile import files, lane
from mobile.inbox import Inbox, catch_up
from mobile.replies import NotOurCounty, Outcome, keep_stored
from mobile.synchronise import Synced
from mobile.tablet import Locked, Tablet
from shared.errors import Refused
from sync import bundle
from sync.bundle import Bundle, Direction, MalformedBundle, Part, PartKind
from sync.messages import Failure, MalformedMessage

_ROOM = 64 << 10
"""Left for cursor and frame of the file."""


class NotAReply(Refused):
    """A bundle of the wrong direction, or a file that cannot be read."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written. `left` envelopes did not fit into one file."""

    operations: int
    envelopes: int
    left: int
    size: int


def export(locked: Locked, path: Path, tablet: Tablet | None) -> Exported:
    """Write what is pending to one file of at most 20 MB; raise NotSaved.

    With an unlocked tablet the latest work is frozen first, and news are asked for.
    """
    if tablet is not None:
        catch_up(tablet, Outcome())
        tablet.freezer.freeze()
    card = locked.card
    pending = locked.outbox.pending(locked.machine.clock.now_ms(), card.front_public)
    parts = [Part(PartKind.ENVELOPE, one.read()) for one in pending]
    chosen = bundle.fit(parts, bundle.SIZE_MAX - _ROOM)
    envelopes = [part.content for part in chosen]
    if tablet is not None:
        envelopes.append(tablet.freezer.asking(tablet.log.stream()))
        cursor = tablet.intake.cursor()
    else:
        cursor = locked.home.summary().cursor
    used = sum(len(envelope) for envelope in envelopes)
    pieces = () if tablet is None else _attachment_parts(tablet)
    with files.disk_errors():
        size = bundle.write_up(
            path, envelopes, cursor, bundle.fit(pieces, bundle.SIZE_MAX - _ROOM - used)
        )
    operations = sum(one.work for one in pending[: len(chosen)])
    return Exported(operations, len(chosen), len(parts) - len(chosen), size)


def _attachment_parts(tablet: Tablet) -> Iterator[Part]:
    """Yield the attachments' parts that the county may lack; sent twice they cost nothing."""
    for raw in lane.pieces(tablet):
        yield Part(PartKind.ATTACHMENT_PART, raw)


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
