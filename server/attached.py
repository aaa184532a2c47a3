"""Attachments at the county: the operation says name and key, the front's store has the file.

Who may see a matter sees that it has papers; to open one takes the right to see whole numbers, for
a photo of a card shows one. Every look is written down before it happens.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.county import County
from server.front.attachments import AttachmentMissing, AttachmentStore
from server.storage import Tx
from shared.fold import fold
from shared.papers import Paper, PaperUnusable, paper_of
from sync.attachment import MalformedAttachment, decrypt


@dataclass(frozen=True, slots=True)
class Listed:
    """An attachment in the list of its record. `paper` None: erased, or it cannot be used."""

    record: bytes
    paper: Paper | None
    is_here: bool
    """The whole ciphertext lies at the county."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A plain attachment, checked against its operation. Never trust `paper.media_type` further."""

    content: bytes
    paper: Paper


def attachments_of(tx: Tx, county: County, owner: bytes) -> list[Listed]:
    """Return the attachments of a record, the earliest first."""
    records = [row.record for row in tx.attached_to([owner])]
    entries = tx.operations_of(records)
    store = AttachmentStore(county.home.attachments)
    found = []
    for record in records:
        try:
            paper = paper_of(fold(entries[record]))
        except PaperUnusable:
            found.append(Listed(record, None, False))
        else:
            found.append(Listed(record, paper, store.has(paper.name)))
    return found


def open_attachment(county: County, record: bytes) -> Opened:
    """Return the attachment of this record; raise AttachmentMissing or PaperUnusable."""
    with county.ledger.read() as tx:
        entries = tx.operations_of([record])[record]
    if not entries:
        raise PaperUnusable("没有这个附件，请从记录页面中打开。")
    paper = paper_of(fold(entries))
    cipher = AttachmentStore(county.home.attachments).get(paper.name)
    try:
        content = decrypt(cipher, paper.key)
    except MalformedAttachment as error:
        raise PaperUnusable("附件无法打开，可能已损坏，请让窗口重新拍摄上传。") from error
    return Opened(paper.require(content), paper)


__all__ = ["AttachmentMissing", "Listed", "Opened", "attachments_of", "open_attachment"]
