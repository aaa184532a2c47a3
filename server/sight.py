"""What a member of staff may see and decide, asked of the one permission table (DOMAIN.md §3.4).

Red line 2 of DOMAIN.md §4: a complaint about a person is never shown to that person's site. Whom it
is about is often found out late, so the place somebody works at opens none of them: its handler and
the county's supervisors see one, an administrator sees its outline, everybody else sees nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from server.accounts import Person
from server.county import Editions
from server.veil import COMPLAINANT, Veil
from shared.canonical import Value
from shared.errors import Refused
from shared.kinds import SEALED_TARGETS
from shared.permissions import Capability, Decision, Question, may
from shared.rights import Role

COUNTY_ROLES = frozenset({"supervisor", "administrator"})
SECRET = frozenset({"secret", "anonymous"})
"""Ways of signing a complaint (`anonymity`) that name the complainant to the supervisor alone."""


class NotAllowed(Refused):
    """The permission table says no; the sentence says who can."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The record a question is about."""

    kind: str
    state: str | None
    site: str
    township: str
    fields: Mapping[str, Value]

    @property
    def is_conduct(self) -> bool:
        """A complaint about a person's conduct."""
        return self.kind == "complaint" and self.fields.get("target_kind") in SEALED_TARGETS


@dataclass(frozen=True, slots=True)
class Sight:
    """How much of one record a person sees. `content`: more than number, state and dates.

    `sealed`: it is a complaint about a person, of which every field is hidden until it is opened.
    """

    seen: bool
    content: bool
    full_numbers: bool
    reason: str = ""
    sealed: bool = False
    hidden: frozenset[str] = frozenset()
    """Fields that this person is never shown."""

    def veil(self, revealed: bool) -> Veil:
        """Return the masks over the record's fields, with or without a logged reveal."""
        return Veil(
            personal=revealed, numbers=revealed and self.full_numbers,
            sealed=self.sealed and not revealed, hidden=self.hidden,
        )  # fmt: skip


def sight_of(person: Person, editions: Editions, subject: Subject, *, reason: str = "") -> Sight:
    """Return what `person` may see; `reason` is the one given for revealing, '' for none."""
    question = _question(person, editions, subject)
    viewing = may(replace(question, capability=Capability.VIEW_RECORD))
    if not viewing.allowed:
        conduct = Capability.SEE_CONDUCT_COMPLAINT
        outline = may(replace(question, capability=conduct, metadata_only=True))
        return Sight(subject.is_conduct and outline.allowed, False, False, viewing.reason)
    given = bool(reason)
    numbers = may(
        replace(
            question, capability=Capability.SEE_FULL_NUMBER, open_case=True, reason_given=given,
            named_check=given,
        )
    )  # fmt: skip
    hidden = COMPLAINANT if _is_kept_from(person, subject) else frozenset()
    return Sight(True, True, numbers.allowed, numbers.reason, subject.is_conduct, hidden)


def _is_kept_from(person: Person, subject: Subject) -> bool:
    """Whether the complainant asked not to be named to those who look into the complaint."""
    is_secret = subject.fields.get("anonymity") in SECRET
    return subject.kind == "complaint" and is_secret and person.role != Role.SUPERVISOR


def sees_complaints(person: Person) -> bool:
    """Return whether the complaints desk concerns this person, for the menu."""
    return person.role != Role.VILLAGE


def may_act(person: Person, editions: Editions, subject: Subject, act: str) -> Decision:
    """Return what the table says to an act of this person on this record."""
    return may(replace(_question(person, editions, subject), kind=subject.kind, act=act))


def may_use(
    person: Person, editions: Editions, subject: Subject, capability: Capability
) -> bool:  # fmt: skip
    """Return whether the person may use a capability on this record."""
    return may(replace(_question(person, editions, subject), capability=capability)).allowed


def require_act(person: Person, editions: Editions, subject: Subject, act: str) -> None:
    """Raise NotAllowed unless the person may do this act on this record."""
    decision = may_act(person, editions, subject, act)
    if not decision.allowed:
        raise NotAllowed(decision.reason)


def require_settle(person: Person, editions: Editions, subject: Subject) -> None:
    """Raise NotAllowed unless the person may settle a conflict of this record."""
    _require(replace(_question(person, editions, subject), capability=Capability.SETTLE))


def require_judge(person: Person, editions: Editions, subject: Subject, act: str) -> None:
    """Raise NotAllowed unless the person may decide a held operation, an `act`, of this record."""
    is_reply = (subject.kind, act) == ("complaint", "reply")
    capability = Capability.RELEASE_REPLY if is_reply else Capability.CONFIRM_HELD
    _require(replace(_question(person, editions, subject), capability=capability))


def require_pair(person: Person, editions: Editions, one: Subject, other: Subject) -> None:
    """Raise NotAllowed unless the person may decide whether two records are one matter."""
    first, second = (_question(person, editions, subject) for subject in (one, other))
    _require(
        Question(
            role=person.role, capability=Capability.DECIDE_PAIR,
            township_internal=first.same_township and second.same_township,
            same_site=first.same_site or second.same_site,
            same_township=first.same_township or second.same_township,
        )
    )  # fmt: skip


def over_site(
    person: Person, editions: Editions, capability: Capability, site: str, *,
    second_person: bool = False, unsynced: bool = False,
) -> Decision:  # fmt: skip
    """Return whether the person may use a capability over what belongs to a site (device, staff).

    A decision that is not allowed may still say `propose` or `view`.
    """
    township = editions.township_of(person.site)
    return may(
        Question(
            role=person.role, capability=capability, same_site=site == person.site,
            same_township=bool(township) and editions.township_of(site) == township,
            second_person=second_person, unsynced=unsynced,
        )
    )  # fmt: skip


def township_only(person: Person, editions: Editions) -> str | None:
    """Return the one township this person's lists show; None for the county's own people."""
    return None if person.role in COUNTY_ROLES else editions.township_of(person.site)


def _require(question: Question) -> None:
    decision = may(question)
    if not decision.allowed:
        raise NotAllowed(decision.reason)


def _question(person: Person, editions: Editions, subject: Subject) -> Question:
    fields, names = subject.fields, {person.staff, person.author}
    township = editions.township_of(person.site)
    is_conduct = subject.is_conduct
    return Question(
        role=person.role,
        same_site=not is_conduct and person.site in {subject.site, fields.get("holder_site")},
        same_township=not is_conduct and bool(township) and township == subject.township,
        is_handler=not names.isdisjoint({fields.get("holder"), fields.get("handler")}),
        # People are complained about by name: the id is known once somebody has found out.
        about_self=not {*names, person.name}.isdisjoint(
            {fields.get("target"), fields.get("target_name")}
        ),
        person_target=is_conduct,
    )
