"""Attachments as staff meet them: who may see the list, who may open one, every look written down.

Whoever sees a record's content sees which papers it has. A photo of a card shows a whole number, so
opening one takes the right to see whole numbers, and a reason.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.accounts import Person
from server.attached import Listed, Opened, attachments_of, open_attachment
from server.desk import Desk, UnknownRecord
from server.sight import NotAllowed
from server.veil import Veil
from shared.errors import Misuse
from shared.ids import record_text

OPENED = "open_attachment"
"""The word of the audit log."""
_ANY_REASON = "?"


class ReasonMissing(Misuse):
    """An attachment is opened for a reason."""


@dataclass(frozen=True, slots=True)
class Papers:
    """The attachments of one record as one person sees them."""

    listed: list[Listed]
    may_open: bool
    """With a reason given."""
    why_not: str
    veil: Veil


def papers_of(desk: Desk, person: Person, record: bytes) -> Papers:
    """Return the attachments of a record; none where its content is not seen. UnknownRecord."""
    seen = desk.record(person, record, reason=_ANY_REASON)
    listed: list[Listed] = []
    if seen.sight.content:
        with desk.county.ledger.read() as tx:
            listed = attachments_of(tx, desk.county, record)
    return Papers(listed, seen.sight.full_numbers, seen.sight.reason, seen.veil)


def open_paper(desk: Desk, person: Person, record: bytes, paper: bytes, reason: str) -> Opened:
    """Return one attachment of a record; the look is written down.

    Raises ReasonMissing, UnknownRecord, NotAllowed, AttachmentMissing, PaperUnusable.
    """
    if not reason.strip():
        raise ReasonMissing("请写明查看附件的理由，查看会被记录。")
    papers = papers_of(desk, person, record)
    if not papers.may_open:
        raise NotAllowed(papers.why_not)
    if paper not in {one.record for one in papers.listed}:
        raise UnknownRecord("这条记录没有这个附件，请刷新页面后重新选择。")
    opened = open_attachment(desk.county, paper)
    detail = f"{record_text(paper)} {reason.strip()}"
    desk.accounts.note(person, OPENED, record_text(record), detail)
    return opened
