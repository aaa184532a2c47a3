"""Who may draft, propose, approve and give back: asked of the one permission table, here alone."""

from __future__ import annotations

from server import sight
from server.accounts import Person
from server.county import CATALOGUE, County, day_number
from server.editions.content import Content, Edition
from server.storage import Tx
from shared.catalogue import CatalogueEdition
from shared.catalogue_diff import compare
from shared.permissions import Capability, Decision, Question, may


def may_draft(person: Person, kind: str) -> bool:
    """Whether the person may work on drafts of a kind at all, for menus and buttons."""
    return _drafting(person, own_items=kind == CATALOGUE).allowed


def require_draft(person: Person, kind: str) -> None:
    """Raise NotAllowed unless the person may work on drafts of a kind."""
    _require(_drafting(person, own_items=kind == CATALOGUE))


def require_touched(
    county: County, tx: Tx, person: Person, before: Edition, after: Edition
) -> None:
    """Raise NotAllowed where the change touches items that are not the person's to draft.

    A department drafts its own items; the county administrator drafts all.
    """
    if _drafting(person).allowed:
        return
    own = {row.department for row in tx.postings_on(person.author, day_number(county.today()))} - {
        ""
    }
    if isinstance(before, CatalogueEdition) and isinstance(after, CatalogueEdition):
        touched = {item.department for item in compare(before, after).touched}
        _require(_drafting(person, own_items=bool(own) and touched <= own))
        return
    _require(_drafting(person))


def may_approve(person: Person, kind: str, content: Content) -> Decision:
    """Return what the table says to this person deciding on a proposal.

    The one place where the second person is told from the first: nobody decides on what their own
    hands made, whether they proposed it, changed it or uploaded it.
    """
    second = person.author not in content.hands
    return may(Question(role=person.role, kind=kind, act="publish", second_person=second))


def require_approve(person: Person, kind: str, content: Content) -> None:
    """Raise NotAllowed unless the person may decide on a proposal."""
    _require(may_approve(person, kind, content))


def sees_drafts(person: Person) -> bool:
    """Whether drafts concern this person: who drafts them, and the supervision that watches."""
    oversees = may(Question(role=person.role, capability=Capability.PUBLISH_EDITION)).mode == "view"
    return may_draft(person, CATALOGUE) or oversees or _decides(person)


def _decides(person: Person) -> bool:
    question = Question(
        role=person.role, capability=Capability.PUBLISH_CATALOGUE, second_person=True
    )
    return may(question).allowed


def _drafting(person: Person, *, own_items: bool = False) -> Decision:
    return may(
        Question(role=person.role, capability=Capability.DRAFT_CATALOGUE, own_items=own_items)
    )


def _require(decision: Decision) -> None:
    if not decision.allowed:
        raise sight.NotAllowed(decision.reason)
