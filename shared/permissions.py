"""Who may do what: one question, one answer, over the table of DOMAIN §3.4.

The facts of a question (same site, has a grant …) are found by the caller as of the act's trusted
effective time; this module only reads the table. `system` authors are the county itself and never
ask here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from shared.act_table import ACTS, COMMON_ACTS
from shared.errors import BianminError
from shared.permission_table import PERMISSIONS
from shared.rights import (
    CAPABILITY_LABELS,
    FORBIDS,
    NEEDS,
    RANK,
    READING,
    ROLE_LABELS,
    Capability,
    Clause,
    Mode,
    Role,
)

__all__ = [
    "RANK",
    "Capability",
    "Decision",
    "Mode",
    "Question",
    "Role",
    "UnknownRole",
    "capability_of",
    "may",
    "rank_of",
]


class UnknownRole(BianminError):
    """A role word that the table does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May `role` use `capability` (or do `act` on `kind`), given these facts?

    same_site: the acting site registered or now holds the record, or the act was referred to it.
    same_township: that site lies in the acting site's township. item_at_site: the site is listed in
    the item's places. is_handler: the person holds it now (for papers: is their named receiver).
    is_receiver: the case was forwarded to this person, site or department; unaddressed: to nobody
    by name. held_here: the case lies with the acting site. is_own: the person's own record, case or
    log. about_self: the record is about the person asking.
    second_person: somebody other than the first actor confirms. sealed: the complaint is sealed at
    entry. Every fact is False unless told.
    """

    role: Role | str
    capability: Capability | None = None
    kind: str = ""
    act: str = ""
    same_site: bool = False
    same_township: bool = False
    item_at_site: bool = False
    own_department: bool = False
    own_items: bool = False
    village_instant: bool = False
    instant_item: bool = False
    has_grant: bool = False
    is_own: bool = False
    about_self: bool = False
    is_handler: bool = False
    is_receiver: bool = False
    unaddressed: bool = False
    held_here: bool = False
    open_case: bool = False
    reason_given: bool = False
    named_check: bool = False
    entering: bool = False
    head_approved: bool = False
    second_person: bool = False
    unsynced: bool = False
    township_internal: bool = False
    published: bool = False
    metadata_only: bool = False
    person_target: bool = False
    complaint_content: bool = False
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """`allowed`: the act itself (or, for a reading, the view) may happen now.

    `mode` says what the role may do instead: `propose`, `view`, or `no`. `reason` is one sentence
    in Chinese, also when it is allowed.
    """

    allowed: bool
    mode: Mode
    reason: str


def capability_of(kind: str, act: str) -> Capability:
    """The row an act belongs to; what the table does not know is SYSTEM_ONLY, so nobody may."""
    own = ACTS.get(kind)
    if own is None:
        return Capability.SYSTEM_ONLY
    return own.get(act) or COMMON_ACTS.get(act) or Capability.SYSTEM_ONLY


def rank_of(role: Role | str) -> int:
    """The rank of a role: village 1, clerk 2, head 3, department 4, county 5; citizen 0."""
    return RANK[_role(role)]


@lru_cache(maxsize=4096)
def may(question: Question) -> Decision:
    """The one function of the permission table. Raises UnknownRole for a word it does not know."""
    role = _role(question.role)
    capability = question.capability or capability_of(question.kind, question.act)
    clauses = PERMISSIONS[capability][role]
    for clause in clauses:
        if not _obstacles(clause, question):
            return _granted(role, capability, clause.mode)
    return Decision(False, "no", _refusal(role, capability, clauses, question))


def _role(word: Role | str) -> Role:
    try:
        return Role(word)
    except ValueError as error:
        raise UnknownRole(f"没有“{str(word)[:20]}”这种岗位，请在任职登记中核对。") from error


def _obstacles(clause: Clause, question: Question) -> list[str]:
    missing = [NEEDS[fact] for fact in clause.needs if not getattr(question, fact)]
    return missing + [FORBIDS[fact] for fact in clause.forbids if getattr(question, fact)]


def _granted(role: Role, capability: Capability, mode: Mode) -> Decision:
    who, what = ROLE_LABELS[role], CAPABILITY_LABELS[capability]
    if mode == "do":
        return Decision(True, mode, f"{who}可以{what}。")
    if mode == "view" and capability in READING:
        return Decision(True, mode, f"{who}可以{what}。")
    if mode == "propose":
        return Decision(False, mode, f"{who}可以提出“{what}”，{_who_can(capability)}。")
    return Decision(False, mode, f"{who}只能查看，{_who_can(capability)}。")


def _refusal(
    role: Role, capability: Capability, clauses: tuple[Clause, ...], question: Question
) -> str:
    if not clauses:
        who, what = ROLE_LABELS[role], CAPABILITY_LABELS[capability]
        return f"{who}没有“{what}”的权限，{_who_can(capability)}。"
    nearest = min((_obstacles(clause, question) for clause in clauses), key=len)
    return nearest[0] + "。"


def _who_can(capability: Capability) -> str:
    strongest = {"view"} if capability in READING else {"do"}
    able = [
        ROLE_LABELS[role]
        for role, cell in PERMISSIONS[capability].items()
        if role is not Role.CITIZEN and any(clause.mode in strongest for clause in cell)
    ]
    if able:
        return f"请交由{'、'.join(able)}办理"
    if capability is Capability.RATE:
        return "请由群众本人在评价界面操作"
    return "这一步由系统完成"
