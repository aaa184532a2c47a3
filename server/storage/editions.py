"""Editions at work and what follows from one: drafts, recounts of due dates, charges to look at."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import func, select

from server.schema import due_changes, edition_drafts, editions, judgements, records, recounts
from server.storage.access import Access
from server.storage.desk_rows import DueChange, EditionDraft, Recount
from server.storage.rows import (
    Edition,
)

_PLACE = "edition_drafts"
_d = edition_drafts.c
_e = editions.c
_r = records.c
_j = judgements.c

WATCHED = ("case", "complaint", "proxy")
"""Kinds with limits in working days: another calendar moves them."""


class EditionsRoom(Access):
    """The rows behind 目录与日历."""

    # ---- published

    def all_editions(self, kind: str) -> list[Edition]:
        """Return every edition of a kind, the latest number first."""
        statement = self._select(editions).where(_e.kind == kind)
        return self._rows(Edition, statement.order_by(_e.number.desc()))

    def lock_editions(self, kind: str) -> list[Edition]:
        """Return the editions of a kind, latest first; until the end nobody else publishes one.

        Two approvals wait for each other on the rows of what is published already. What the first
        one adds is seen only by a statement that begins after the wait, hence the second look.
        """
        if not self._is_sqlite:
            held = select(_e.number).where(_e.county == self.county, _e.kind == kind)
            self.connection.execute(held.order_by(_e.number).with_for_update())
        return self.all_editions(kind)

    # ---- drafts

    def put_draft(self, row: EditionDraft) -> None:
        """Write a draft; `content` is sealed on the way in."""
        sealed = row._replace(content=self.seal(_PLACE, row.draft, row.content))
        self._upsert(edition_drafts, [sealed])

    def draft(self, draft: bytes, *, locked: bool = False) -> EditionDraft | None:
        """Return one draft; `locked`: nobody else writes it until the end."""
        statement = self._select(edition_drafts).where(_d.draft == draft)
        if locked and not self._is_sqlite:
            statement = statement.with_for_update()
        found = self._row(EditionDraft, statement)
        return found and found._replace(content=self.open(_PLACE, found.draft, found.content))

    def drafts(self) -> list[EditionDraft]:
        """Return all drafts, the last one begun first."""
        found = self._rows(EditionDraft, self._select(edition_drafts).order_by(_d.draft.desc()))
        return [row._replace(content=self.open(_PLACE, row.draft, row.content)) for row in found]

    def drop_draft(self, draft: bytes) -> None:
        """Remove a draft: it was published, or its maker gave it up."""
        self.connection.execute(self._delete(edition_drafts).where(_d.draft == draft))

    # ---- recounts

    def put_recount(self, row: Recount) -> None:
        """Write how far a recount is."""
        self._upsert(recounts, [row])

    def recount(self, recount: bytes, *, locked: bool = False) -> Recount | None:
        """Return one recount by the operation of its calendar edition."""
        statement = self._select(recounts).where(recounts.c.recount == recount)
        if locked and not self._is_sqlite:
            statement = statement.with_for_update()
        return self._row(Recount, statement)

    def recounts(self) -> list[Recount]:
        """Return all recounts, the latest begun first."""
        statement = self._select(recounts).order_by(recounts.c.begun_at.desc())
        return self._rows(Recount, statement)

    def add_due_changes(self, rows: Iterable[DueChange]) -> None:
        """Note due dates that a recount changed."""
        self._insert(due_changes, rows)

    def due_changes(
        self, recount: bytes, *, after: bytes = b"", limit: int = 200
    ) -> list[DueChange]:
        """Return the next changes of a recount in order of the records."""
        c = due_changes.c
        statement = self._select(due_changes).where(c.recount == recount, c.record > after)
        return self._rows(DueChange, statement.order_by(c.record).limit(limit))

    def open_matters(self, after: bytes, limit: int, *, closed_since: int) -> list[bytes]:
        """Return the next matters that are open, or were closed on a day or later."""
        statement = (
            select(_r.record)
            .where(_r.county == self.county, _r.record > after, _r.kind.in_(WATCHED))
            .where(_r.closed_on.is_(None) | (_r.closed_on >= closed_since))
            .order_by(_r.record)
            .limit(limit)
        )
        return list(self.connection.execute(statement).scalars())

    def count_open_matters(self, after: bytes = b"") -> int:
        """Return how many open matters lie after a record id: what a recount has still ahead."""
        return self._count(
            records, _r.record > after, _r.kind.in_(WATCHED), _r.closed_on.is_(None)
        )  # fmt: skip

    # ---- charges

    def charges_since(self, on: int, states: Collection[str]) -> list[tuple[bytes, int, bytes]]:
        """Return (record, day, digest) of charges collected on a day or later, in these states.

        The day is looked up by index, and nothing is opened: the digest says whether what somebody
        knows of a charge still holds.
        """
        statement = (
            select(_j.record, func.min(_j.effective_on), func.min(_r.digest))
            .join(records, (_r.county == _j.county) & (_r.record == _j.record))
            .where(_j.county == self.county, _j.kind == "charge", _j.act == "collect")
            .where(_j.effective_on >= on, _j.status == "admitted")
            .where(self._among(_r.state, states))
            .group_by(_j.record)
            .order_by(_j.record.desc())
        )
        return [(row[0], row[1], row[2]) for row in self.connection.execute(statement)]

    def items_of(self, ids: Collection[bytes]) -> dict[bytes, str]:
        """Return the item codes of records by id, without opening them."""
        return dict(self._found([_r.record, _r.item], _r.record, ids))
