"""The lane of attachments: behind the text, part by part, and whatever breaks goes on next time.

An attachment counts as sent only with the front's signed word that it keeps the whole (`Kept`) in
the county's present epoch. What a relay says without that signature is a hint where to go on: if
all parts went and no word came, everything is sent once more. Trouble on this lane never holds the
text; it is told in a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import requests
import urllib3.exceptions

from mobile import attachments, files, tables
from mobile.intake import EPOCH
from mobile.tablet import Tablet
from shared.papers import Paper
from sync import attachment
from sync.attachment import Kept, MalformedAttachment, open_kept
from sync.exchange import (
    CountyRefused,
    Exchange,
    NotTheCounty,
    Unreachable,
    WrongContent,
    delay_ms,
)
from sync.keys import BadSignature

TRIES = 5
"""Broken lines in a row, without a byte more, before this is left to the next time."""
_PARTIAL = ".part"
_DOES_NOT_FIT = "digest"
_ENDS_THE_LANE = frozenset({"not_admitted", "full", "unavailable"})
"""Refusals that every other attachment would meet as well."""
_WAITING = """SELECT a.name, a.parts, a.parts_sent FROM attachments a
              LEFT JOIN operations o ON o.record = a.record AND o.id = a.operation
              WHERE a.kept IS NULL OR a.kept < ? ORDER BY o.position, a.name"""


class Waiting(NamedTuple):
    """An attachment that the county has not signed for; `sent` parts went, as far as is known."""

    name: str
    parts: int
    sent: int


class Piece(NamedTuple):
    """A signed part; `number` counts from 1."""

    name: str
    number: int
    raw: bytes


@dataclass(slots=True)
class Sent:
    """What the lane did: parts that went, attachments that wait still, and what was in the way."""

    parts: int = 0
    left: int = 0
    problem: str = ""


class Lane:
    """Carries the attachments of an unlocked tablet."""

    def __init__(self, tablet: Tablet, exchange: Exchange, sleep: Callable[[float], None]) -> None:
        """`sleep` takes seconds."""
        self._tablet = tablet
        self._exchange = exchange
        self._sleep = sleep
        self._broken = 0

    def upload(self) -> Sent:
        """Send what the county has not signed for; a broken line goes on where it stopped.

        What the county refuses of one attachment is told, and holds up no other.
        """
        sent = Sent()
        for one in waiting(self._tablet):
            try:
                self._send(one, sent)
            except CountyRefused as error:
                sent.problem = error.sentence
                if error.code in _ENDS_THE_LANE:
                    break
            except (Unreachable, NotTheCounty) as error:
                sent.problem = str(error)
                break
        sent.left = len(waiting(self._tablet))
        return sent

    def fetch(self, paper: Paper) -> None:
        """Get an attachment from the county, unless it is here; only its ciphertext is kept.

        What arrived before the line broke stays and the next call goes on there. Raises
        Unreachable, NotTheCounty, CountyRefused, NotSaved.
        """
        path = attachments.path_of(self._tablet, paper)
        partial = path.with_name(path.name + _PARTIAL)
        while not path.is_file():
            have = partial.read_bytes() if partial.exists() else b""
            try:
                cipher = self._exchange.get(paper.name, have)
            except WrongContent:
                files.remove(partial)
                raise
            except Unreachable as error:
                if len(error.received) > len(have):
                    files.write(partial, error.received)
                    self._broken = 0
                self._wait(error)
                continue
            files.write(path, cipher)
            files.remove(partial)

    def _send(self, one: Waiting, sent: Sent) -> None:
        """Send what is missing, and if no word came for it, everything once more."""
        cipher = _cipher(self._tablet, one.name)
        if cipher is None:
            sent.problem = "本机有一个附件的文件缺失或损坏，请重新拍摄添加。"
            return
        first = min(one.sent, one.parts - 1)
        while True:
            if self._send_from(one, cipher, first, sent) or first == 0:
                return
            first = 0

    def _send_from(self, one: Waiting, cipher: bytes, first: int, sent: Sent) -> bool:
        """Send parts from `first` on; return whether the county signed for the attachment."""
        for piece in _pieces(self._tablet, one.name, cipher, first):
            answer = self._put(piece)
            sent.parts += 1
            if self._is_kept(answer, one.name):
                return True
            self._note(one.name, piece.number)
        self._note(one.name, 0)
        if first == 0:
            sent.problem = "县级还没有签收附件，下次同步会再送。"
        return False

    def _put(self, piece: Piece) -> bytes:
        while True:
            try:
                answer = self._exchange.put_part(piece.raw)
            except Unreachable as error:
                self._wait(error)
                continue
            except CountyRefused as error:
                if error.code == _DOES_NOT_FIT:  # what lies there: from the start
                    self._note(piece.name, 0)
                raise
            self._broken = 0
            return answer

    def _is_kept(self, answer: bytes, name: str) -> bool:
        kept = read_kept(self._tablet, answer) if answer else None
        return kept is not None and kept.name == name and keep(self._tablet, kept)

    def _note(self, name: str, sent: int) -> None:
        with self._tablet.store.write():
            self._tablet.store.execute(
                "UPDATE attachments SET parts_sent = ? WHERE name = ?", (sent, name)
            )

    def _wait(self, error: Unreachable) -> None:
        """Wait before another try, longer each time; raise `error` where it is no use."""
        self._broken += 1
        if self._broken >= TRIES or never_connected(error):
            raise error
        if self._broken > 1:  # a line that broke under way once is tried again at once
            random = self._tablet.locked.machine.entropy(1)[0] / 256
            self._sleep(delay_ms(self._broken - 1, random) / 1000)


def waiting(tablet: Tablet) -> list[Waiting]:
    """Return the attachments that the county has not signed for, in the order they were made."""
    epoch = int(tables.meta(tablet.store, EPOCH) or b"0")
    rows = tablet.store.rows(_WAITING, (epoch,))
    return [Waiting(*row) for row in rows]


def pieces(tablet: Tablet) -> Iterator[bytes]:
    """Yield the signed parts the county may lack, for a bundle; tell `carried` which went in.

    What no bundle carried yet comes first, so that a large one, or one the county has not signed
    for, holds up no other.
    """
    for one in sorted(waiting(tablet), key=lambda one: one.sent >= one.parts):
        cipher = _cipher(tablet, one.name)
        if cipher is not None:
            first = one.sent if one.sent < one.parts else 0
            for piece in _pieces(tablet, one.name, cipher, first):
                yield piece.raw


def carried(tablet: Tablet, raws: Iterable[bytes]) -> None:
    """Note that a bundle carries these parts: the next one goes on behind them.

    A hint, like an unsigned answer: where no word of the county comes, everything goes once more.
    """
    headers = [attachment.parse_part(raw).header for raw in raws]
    with tablet.store.write():
        for header in headers:
            tablet.store.execute(
                "UPDATE attachments SET parts_sent = ? WHERE name = ?",
                (header.part + 1, header.name),
            )


def read_kept(tablet: Tablet, raw: bytes) -> Kept | None:
    """Return the front's word if it is this county's; None for anything else."""
    try:
        kept = open_kept(raw, tablet.card.front_public)
    except (MalformedAttachment, BadSignature):
        return None
    return kept if kept.county == tablet.card.county else None


def keep(tablet: Tablet, kept: Kept) -> bool:
    """Note that the county keeps an attachment; False for a word of an epoch that is past."""
    epoch = int(tables.meta(tablet.store, EPOCH) or b"0")
    if kept.epoch < epoch:
        return False
    with tablet.store.write():
        tablet.store.execute(
            "UPDATE attachments SET kept = ?, parts_sent = parts WHERE name = ?",
            (kept.epoch, kept.name),
        )
    return True


def never_connected(error: Unreachable) -> bool:
    """Whether no connection came about: then a smaller batch, or another try now, is no help."""
    cause = error.__cause__
    reason = getattr(cause.args[0], "reason", None) if cause and cause.args else None
    return isinstance(cause, requests.ConnectTimeout) or isinstance(
        reason, (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
    )


def _cipher(tablet: Tablet, name: str) -> bytes | None:
    """Return the stored ciphertext; None where the file is gone or is not what its name says."""
    try:
        cipher = (tablet.locked.home.attachments / name).read_bytes()
    except OSError:
        return None
    return cipher if attachment.name_of(cipher) == name else None


def _pieces(tablet: Tablet, name: str, cipher: bytes, first: int) -> Iterator[Piece]:
    signed = attachment.sign_parts(cipher, tablet.card.county, tablet.device_key, first)
    for number, raw in enumerate(signed, start=first + 1):
        yield Piece(name, number, raw)
