"""The permission table of DOMAIN §3.4 as data, cell by cell.

A cell is a list of clauses, the strongest first; an empty cell is 「—」: no. What §3.4 leaves to
the "who" column of §3.3 (complaints, proxies on their way, hand-out …) has rows of its own here.
Which row an act belongs to stands in `shared.act_table`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

from shared.rights import Capability as Cap
from shared.rights import Clause, Mode, Role

Cell: TypeAlias = tuple[Clause, ...]

NOBODY: Cell = ()


def _clause(mode: Mode, words: str) -> Clause:
    parts = words.split()
    needs = tuple(p for p in parts if not p.startswith("-"))
    return Clause(mode, needs, tuple(p[1:] for p in parts if p.startswith("-")))


def do(words: str = "") -> Cell:
    """May do it when the words hold: `fact` must be true, `-fact` must be false."""
    return (_clause("do", words),)


def propose(words: str = "") -> Cell:
    """May propose it; somebody else does it."""
    return (_clause("propose", words),)


def view(words: str = "") -> Cell:
    """May see it."""
    return (_clause("view", words),)


def _row(
    village: Cell,
    clerk: Cell,
    head: Cell,
    department: Cell,
    supervisor: Cell,
    administrator: Cell,
    citizen: Cell,
) -> Mapping[Role, Cell]:
    cells = (village, clerk, head, department, supervisor, administrator, citizen)
    return MappingProxyType(dict(zip(Role, cells, strict=True)))


_SITE = do("same_site")
_TOWN = do("same_township")
_OWN_VIEW = view("is_own")
_DEPT = do("own_department")

# Columns: village, clerk, head, department, supervisor, administrator, citizen.
_TABLE: dict[Cap, Mapping[Role, Cell]] = {
    Cap.REGISTER: _row(_SITE, _SITE, _TOWN, NOBODY, view(), view(), do()),
    Cap.TAKE_ENTRUSTMENT: _row(_SITE, _SITE, NOBODY, NOBODY, view(), NOBODY, do("is_own")),
    Cap.ADMIT_CASE: _row(
        do("same_site village_instant"),
        do("same_site item_at_site"),
        _TOWN,
        _DEPT,
        view(),
        NOBODY,
        _OWN_VIEW,
    ),
    Cap.DECIDE: _row(
        NOBODY,
        do("same_site instant_item"),
        NOBODY,
        do("own_department has_grant"),
        view(),
        NOBODY,
        NOBODY,
    ),
    Cap.PROLONG: _row(
        NOBODY,
        propose("same_site"),
        propose("same_township"),
        do("own_department head_approved") + propose("own_department"),
        view(),
        NOBODY,
        NOBODY,
    ),
    Cap.WITHDRAW: _row(_SITE, _SITE, NOBODY, NOBODY, view(), NOBODY, do("is_own")),
    Cap.SEE_FULL_NUMBER: _row(
        view("same_site entering"),
        view("is_handler open_case reason_given"),
        view("is_handler open_case reason_given"),
        view("is_handler"),
        view("named_check"),
        NOBODY,
        _OWN_VIEW,
    ),
    Cap.SEE_CONDUCT_COMPLAINT: _row(
        NOBODY,
        view("same_site -person_target -about_self"),
        view("same_township -about_self"),
        view("is_handler -about_self"),
        view("-about_self"),
        view("metadata_only"),
        _OWN_VIEW,
    ),
    Cap.DECIDE_PAIR: _row(
        propose("same_site"),
        propose("same_site"),
        do("same_township township_internal") + propose("same_township"),
        NOBODY,
        view(),
        do(),
        NOBODY,
    ),
    Cap.REASSIGN: _row(NOBODY, NOBODY, _TOWN, NOBODY, NOBODY, do(), NOBODY),
    Cap.ENROL_DEVICE: _row(NOBODY, NOBODY, propose("same_township"), NOBODY, NOBODY, do(), NOBODY),
    Cap.REVOKE_DEVICE: _row(
        NOBODY,
        NOBODY,
        propose("same_township"),
        NOBODY,
        NOBODY,
        do("second_person") + do("-unsynced"),
        NOBODY,
    ),
    Cap.SUSPEND_DEVICE: _row(
        NOBODY, NOBODY, propose("same_township"), NOBODY, NOBODY, do(), NOBODY
    ),
    Cap.DRAFT_CATALOGUE: _row(NOBODY, NOBODY, NOBODY, do("own_items"), NOBODY, do(), NOBODY),
    Cap.PUBLISH_CATALOGUE: _row(
        NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, do("second_person"), NOBODY
    ),
    Cap.SIGN_MONTH: _row(NOBODY, NOBODY, _TOWN, NOBODY, NOBODY, NOBODY, NOBODY),
    Cap.PUBLISH_MONTH: _row(NOBODY, NOBODY, NOBODY, NOBODY, do(), NOBODY, NOBODY),
    Cap.READ_MONTH: _row(view(), view(), view(), view(), view(), view(), view("published")),
    Cap.READ_AUDIT: _row(
        _OWN_VIEW,
        _OWN_VIEW,
        view("same_township"),
        _OWN_VIEW,
        view(),
        view("-complaint_content"),
        _OWN_VIEW,
    ),
    Cap.OPEN_SESSION: _row(_SITE, _SITE, _TOWN, _DEPT, do(), do(), NOBODY),
    Cap.ANSWER_CONSULTATION: _row(_SITE, _SITE, _TOWN, _DEPT, view(), view(), NOBODY),
    Cap.RECEIVE_PROXY: _row(NOBODY, _TOWN, _TOWN, _DEPT, view(), NOBODY, _OWN_VIEW),
    Cap.PROCESS_CASE: _row(
        NOBODY,
        do("same_site item_at_site"),
        _TOWN,
        _DEPT,
        view(),
        NOBODY,
        _OWN_VIEW,
    ),
    Cap.ACKNOWLEDGE_CASE: _row(
        NOBODY,
        do("is_receiver") + do("unaddressed same_site item_at_site"),
        do("is_receiver") + do("unaddressed same_township"),
        do("is_receiver") + do("unaddressed own_department"),
        view(),
        NOBODY,
        _OWN_VIEW,
    ),
    # §3.3 says 部; a small township that decides 即办件 holds its cases itself.
    Cap.RETURN_CASE: _row(
        NOBODY, do("held_here"), do("held_here"), _DEPT, view(), NOBODY, _OWN_VIEW
    ),
    Cap.CLOSE_ON_SPOT: _row(
        do("same_site village_instant instant_item"),
        do("same_site instant_item"),
        do("same_township instant_item"),
        NOBODY,
        view(),
        NOBODY,
        _OWN_VIEW,
    ),
    Cap.HAND_OUT: _row(_SITE, _SITE, _TOWN, NOBODY, view(), NOBODY, _OWN_VIEW),
    Cap.CALL_BACK: _row(NOBODY, _TOWN, _TOWN, NOBODY, do(), NOBODY, NOBODY),
    Cap.COLLECT_CHARGE: _row(_SITE, _SITE, _TOWN, _DEPT, view(), NOBODY, _OWN_VIEW),
    Cap.KEEP_ORIGINALS: _row(
        do("same_site") + do("is_handler"),
        _TOWN,
        _TOWN,
        do("own_department") + do("is_handler"),
        view(),
        NOBODY,
        _OWN_VIEW,
    ),
    Cap.REGISTER_COMPLAINT: _row(
        do("same_site -person_target") + do("same_site sealed"),
        do("same_site -person_target") + do("same_site sealed"),
        do("same_township -person_target") + do("same_township sealed"),
        NOBODY,
        do(),
        do("-person_target") + do("sealed"),
        do("-person_target") + do("sealed"),
    ),
    Cap.TRIAGE_COMPLAINT: _row(
        NOBODY,
        do("same_site -person_target -about_self"),
        do("same_township -person_target -about_self"),
        NOBODY,
        do("-about_self"),
        NOBODY,
        NOBODY,
    ),
    Cap.RUN_COMPLAINT: _row(NOBODY, NOBODY, NOBODY, NOBODY, do("-about_self"), NOBODY, _OWN_VIEW),
    Cap.WORK_COMPLAINT: _row(
        NOBODY,
        do("is_handler -about_self"),
        do("is_handler -about_self"),
        do("is_handler -about_self"),
        do("is_handler -about_self") + view("-about_self"),
        NOBODY,
        NOBODY,
    ),
    Cap.REPLY_COMPLAINT: _row(
        NOBODY,
        propose("is_handler -about_self"),
        propose("is_handler -about_self"),
        propose("is_handler -about_self"),
        do("-about_self"),
        NOBODY,
        _OWN_VIEW,
    ),
    # §3.3: 「handler, released by 督」: a reply that a tablet may only propose waits for 督.
    Cap.RELEASE_REPLY: _row(NOBODY, NOBODY, NOBODY, NOBODY, do("-about_self"), NOBODY, NOBODY),
    # §3.3 lets the handler hand it back; 督 takes it back from one who turns out to be recused.
    Cap.REASSIGN_COMPLAINT: _row(
        NOBODY,
        do("is_handler -about_self"),
        do("is_handler -about_self"),
        do("is_handler -about_self"),
        do("-about_self"),
        NOBODY,
        NOBODY,
    ),
    # As AMEND; 督 also writes down whom a complaint turned out to be about.
    Cap.AMEND_COMPLAINT: _row(
        do("same_site -person_target"),
        do("same_site -person_target") + do("is_handler -person_target"),
        do("same_township -person_target"),
        do("own_department -person_target") + do("is_handler -person_target"),
        do("-about_self"),
        NOBODY,
        NOBODY,
    ),
    # Where the complaint is about a person, only the complainant withdraws it.
    Cap.WITHDRAW_COMPLAINT: _row(
        do("same_site -person_target"),
        do("same_site -person_target"),
        NOBODY,
        NOBODY,
        view(),
        NOBODY,
        do("is_own"),
    ),
    Cap.RATE: _row(NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, do("is_own")),
    Cap.CHECK_RATING: _row(
        NOBODY,
        NOBODY,
        do("same_township -about_self"),
        NOBODY,
        do("-about_self"),
        NOBODY,
        NOBODY,
    ),
    Cap.DUN: _row(NOBODY, NOBODY, NOBODY, NOBODY, do("-about_self"), do("-person_target"), NOBODY),
    # Who holds the matter answers; the township answers for its villages.
    Cap.ANSWER_DUNNING: _row(
        do("held_here -person_target") + do("is_handler -about_self"),
        do("same_township -person_target")
        + do("held_here -person_target")
        + do("is_handler -about_self"),
        do("same_township -person_target")
        + do("held_here -person_target")
        + do("is_handler -about_self"),
        do("own_department -person_target")
        + do("held_here -person_target")
        + do("is_handler -about_self"),
        view("-about_self"),
        view("-person_target"),
        NOBODY,
    ),
    Cap.DECIDE_BRANCH: _row(
        NOBODY, NOBODY, NOBODY, do("own_department has_grant"), view(), NOBODY, _OWN_VIEW
    ),
    Cap.AMEND: _row(
        do("same_site -person_target"),
        do("same_site -person_target") + do("is_handler -person_target"),
        do("same_township -person_target"),
        do("own_department -person_target") + do("is_handler -person_target"),
        view(),
        NOBODY,
        NOBODY,
    ),
    Cap.CORRECT_RECORD: _row(
        NOBODY,
        propose("same_site"),
        propose("same_township"),
        propose("own_department"),
        view(),
        do(),
        NOBODY,
    ),
    Cap.SETTLE: _row(
        propose("same_site"),
        do("same_township -person_target"),
        do("same_township -person_target"),
        do("is_handler -about_self"),
        do("person_target -about_self") + view(),
        do("-person_target"),
        NOBODY,
    ),
    Cap.VOID: _row(
        do("same_site second_person -person_target"),
        do("same_township second_person -person_target"),
        do("same_township second_person -person_target"),
        do("own_department second_person -person_target"),
        do("second_person -about_self"),
        do("second_person"),
        NOBODY,
    ),
    Cap.CONFIRM_HELD: _row(
        NOBODY,
        NOBODY,
        do("same_township -person_target -about_self"),
        NOBODY,
        do("person_target -about_self") + view(),
        do("-person_target"),
        NOBODY,
    ),
    Cap.PURGE: _row(NOBODY, NOBODY, NOBODY, NOBODY, view(), do("second_person"), NOBODY),
    Cap.APPOINT: _row(NOBODY, NOBODY, propose("same_township"), NOBODY, view(), do(), NOBODY),
    # S12: the data clerk of the county carries files to the province and back; nobody below.
    Cap.EXCHANGE: _row(NOBODY, NOBODY, NOBODY, NOBODY, view(), do(), NOBODY),
    Cap.PUBLISH_EDITION: _row(NOBODY, NOBODY, NOBODY, NOBODY, view(), do("second_person"), NOBODY),
    # Money goes back where it was taken; the county sees to what a cancelled fee left behind.
    Cap.REFUND_CHARGE: _row(_SITE, _SITE, _TOWN, _DEPT, view(), do(), _OWN_VIEW),
    Cap.VIEW_RECORD: _row(
        view("same_site -person_target"),
        view("same_site -person_target") + view("same_township -person_target"),
        view("same_township -person_target -about_self") + view("is_handler -about_self"),
        view("own_department -person_target") + view("is_handler -about_self"),
        view("-about_self"),
        view("-person_target"),
        _OWN_VIEW,
    ),
    Cap.SYSTEM_ONLY: _row(NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY),
}

PERMISSIONS: Mapping[Cap, Mapping[Role, Cell]] = MappingProxyType(_TABLE)
