"""The front page of 目录与日历: what holds, what is at work, what is left to do."""

from __future__ import annotations

from dataclasses import dataclass

from server.accounts import Person
from server.county import County
from server.editions import recounting, refunds, rights
from server.editions.content import KINDS
from server.editions.drafts import PROPOSED, Opened, listed, open_in
from server.editions.listing import BOTH, IN_FORCE, Published, published
from server.editions.recounting import Progress
from server.storage import Tx


@dataclass(frozen=True, slots=True)
class KindView:
    """One kind of edition: the published ones, the drafts this person may see."""

    kind: str
    label: str
    editions: tuple[Published, ...]
    drafts: tuple[Opened, ...]
    may_draft: bool

    @property
    def current(self) -> Published:
        """The edition in force today."""
        return next((one for one in self.editions if one.state == IN_FORCE), self.editions[-1])


@dataclass(frozen=True, slots=True)
class Overview:
    """Both kinds, and what is left: refunds of this person's sites, due dates to count."""

    kinds: tuple[KindView, ...]
    refunds: int
    recount: Progress | None

    @property
    def waiting(self) -> int:
        """How many proposals wait for a second person."""
        return sum(1 for kind in self.kinds for draft in kind.drafts if draft.row.state == PROPOSED)


def overview(county: County, person: Person) -> Overview:
    """Return what the front page shows this person."""
    waiting = len(refunds.tasks(county, person))
    with county.ledger.read() as tx:
        rows = [open_in(county, tx, person, row) for row in listed(county, tx, person)]
        kinds = tuple(
            KindView(
                kind, KINDS[kind], tuple(published(county, tx, kind)),
                tuple(one for one in rows if one.row.kind == kind),
                rights.may_draft(person, kind),
            )
            for kind in BOTH
        )  # fmt: skip
        return Overview(kinds, waiting, _recount(county, tx))


def _recount(county: County, tx: Tx) -> Progress | None:
    rows = tx.recounts()
    return recounting.progress(county, tx, rows[0].recount) if rows else None
