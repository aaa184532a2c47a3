"""DOMAIN.md §3.4 written down a second time, by hand, from the document and not from the code.

A cell is alternatives with ` | ` between them, the strongest first; each is a mode (do, propose,
view) and the conditions it takes. `—` is nothing at all. The tests read this and ask `may`.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from shared.rights import Capability as Cap
from shared.rights import Role

ROLES = (
    Role.VILLAGE, Role.CLERK, Role.HEAD, Role.DEPARTMENT, Role.SUPERVISOR, Role.ADMINISTRATOR,
    Role.CITIZEN,
)  # fmt: skip

RELATIONS: dict[str, dict[str, bool]] = {
    "own site": {"same_site": True, "same_township": True},
    "own township": {"same_site": False, "same_township": True},
    "other": {"same_site": False, "same_township": False},
}

CONDITIONS = {
    "own site": "same_site",
    "own township": "same_township",
    "item of the site": "item_at_site",
    "own department": "own_department",
    "own items": "own_items",
    "village item": "village_instant",
    "instant item": "instant_item",
    "grant": "has_grant",
    "own": "is_own",
    "handler": "is_handler",
    "open case": "open_case",
    "reason": "reason_given",
    "named check": "named_check",
    "while entering": "entering",
    "head approved": "head_approved",
    "second person": "second_person",
    "inside the township": "township_internal",
    "published": "published",
    "metadata": "metadata_only",
    "sealed": "sealed",
    "nothing unsynced": "!unsynced",
    "not on a person": "!person_target",
    "never about self": "!about_self",
    "no complaint content": "!complaint_content",
}

# Columns: village agent, township window, township head, department, supervisor, administrator,
# citizen. Where the document says "view" of a citizen it means what is the citizen's own.
MATRIX: dict[Cap, tuple[str, ...]] = {
    # register consultation / appointment
    Cap.REGISTER: (
        "do own site", "do own site", "do own township", "—", "view", "view", "do",
    ),
    # take entrustment, collect materials
    Cap.TAKE_ENTRUSTMENT: ("do own site", "do own site", "—", "—", "view", "—", "do own"),
    # receive / accept / refuse / correct
    Cap.ADMIT_CASE: (
        "do own site + village item", "do own site + item of the site", "do own township",
        "do own department", "view", "—", "view own",
    ),
    # decide
    Cap.DECIDE: (
        "—", "do own site + instant item", "—", "do own department + grant", "view", "—", "—",
    ),
    # extend / suspend
    Cap.PROLONG: (
        "—", "propose own site", "propose own township",
        "do own department + head approved | propose own department", "view", "—", "—",
    ),
    # withdraw
    Cap.WITHDRAW: ("do own site", "do own site", "—", "—", "view", "—", "do own"),
    # see full ID number / bank account
    Cap.SEE_FULL_NUMBER: (
        "view own site + while entering", "view handler + open case + reason",
        "view handler + open case + reason", "view handler", "view named check", "—", "view own",
    ),
    # see complaints on others' conduct; red line 2: never the person complained about
    Cap.SEE_CONDUCT_COMPLAINT: (
        "—", "view own site + not on a person + never about self",
        "view own township + never about self", "view handler + never about self",
        "view never about self", "view metadata", "view own",
    ),
    # … and registering one: sealed where it is about a person
    Cap.REGISTER_COMPLAINT: (
        "do own site + not on a person | do own site + sealed",
        "do own site + not on a person | do own site + sealed",
        "do own township + not on a person | do own township + sealed", "—", "do",
        "do not on a person | do sealed", "do not on a person | do sealed",
    ),
    # decide duplicates / same person
    Cap.DECIDE_PAIR: (
        "propose own site", "propose own site",
        "do own township + inside the township | propose own township", "—", "view", "do", "—",
    ),
    # reassign agent, end posting
    Cap.REASSIGN: ("—", "—", "do own township", "—", "—", "do", "—"),
    # enrol / revoke device: four eyes for revoke + wipe of unsynced data
    Cap.ENROL_DEVICE: ("—", "—", "propose own township", "—", "—", "do", "—"),
    Cap.SUSPEND_DEVICE: ("—", "—", "propose own township", "—", "—", "do", "—"),
    Cap.REVOKE_DEVICE: (
        "—", "—", "propose own township", "—", "—", "do second person | do nothing unsynced", "—",
    ),
    # publish catalogue edition: drafts of own items; a second person signs
    Cap.DRAFT_CATALOGUE: ("—", "—", "—", "do own items", "—", "do", "—"),
    Cap.PUBLISH_CATALOGUE: ("—", "—", "—", "—", "—", "do second person", "—"),
    # close / publish month
    Cap.SIGN_MONTH: ("—", "—", "do own township", "—", "—", "—", "—"),
    Cap.PUBLISH_MONTH: ("—", "—", "—", "—", "do", "—", "—"),
    Cap.READ_MONTH: ("view", "view", "view", "view", "view", "view", "view published"),
    # read audit log
    Cap.READ_AUDIT: (
        "view own", "view own", "view own township", "view own", "view",
        "view no complaint content", "view own",
    ),
    # the postings and grants behind all this: the county's administrator, the head proposes
    Cap.APPOINT: ("—", "—", "propose own township", "—", "view", "do", "—"),
}  # fmt: skip


class Cell(NamedTuple):
    """One question: who, what, in which relation, with which further facts, and the answer."""

    capability: Cap
    role: Role
    relation: str
    facts: dict[str, bool]
    mode: str


def cells() -> list[Cell]:
    """Return every row × role × relation × combination of the facts the row speaks of."""
    found: list[Cell] = []
    for capability, row in MATRIX.items():
        assert len(row) == len(ROLES), capability
        names = sorted({fact.lstrip("!") for text in row for _, facts in _parsed(text)
                        for fact in facts} - {"same_site", "same_township"})  # fmt: skip
        for role, text in zip(ROLES, row, strict=True):
            for relation, where in RELATIONS.items():
                for values in product((False, True), repeat=len(names)):
                    facts = dict(zip(names, values, strict=True)) | where
                    found.append(Cell(capability, role, relation, facts, _mode(text, facts)))
    return found


def _mode(text: str, facts: dict[str, bool]) -> str:
    for mode, needed in _parsed(text):
        if all(facts[one.lstrip("!")] != one.startswith("!") for one in needed):
            return mode
    return "no"


def _parsed(text: str) -> list[tuple[str, list[str]]]:
    if text == "—":
        return []
    alternatives = []
    for one in text.split(" | "):
        mode, _, rest = one.partition(" ")
        alternatives.append((mode, [CONDITIONS[word] for word in rest.split(" + ") if word]))
    return alternatives
