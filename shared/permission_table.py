"""The permission table of DOMAIN §3.4 as data, cell by cell.

A cell is a list of clauses, the strongest first; an empty cell is 「—」: no. What §3.4 leaves to
the "who" column of §3.3 (complaints, proxies on their way, hand-out …) has rows of its own here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

from shared.rights import Capability as C
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
_TABLE: dict[C, Mapping[Role, Cell]] = {
    C.REGISTER: _row(_SITE, _SITE, _TOWN, NOBODY, view(), view(), do()),
    C.TAKE_ENTRUSTMENT: _row(_SITE, _SITE, NOBODY, NOBODY, view(), NOBODY, do("is_own")),
    C.ADMIT_CASE: _row(
        do("same_site village_instant"),
        do("same_site item_at_site"),
        _TOWN,
        _DEPT,
        view(),
        NOBODY,
        _OWN_VIEW,
    ),
    C.DECIDE: _row(
        NOBODY,
        do("same_site instant_item"),
        NOBODY,
        do("own_department has_grant"),
        view(),
        NOBODY,
        NOBODY,
    ),
    C.PROLONG: _row(
        NOBODY,
        propose("same_site"),
        propose("same_township"),
        do("own_department head_approved") + propose("own_department"),
        view(),
        NOBODY,
        NOBODY,
    ),
    C.WITHDRAW: _row(_SITE, _SITE, NOBODY, NOBODY, view(), NOBODY, do("is_own")),
    C.SEE_FULL_NUMBER: _row(
        view("same_site entering"),
        view("is_handler open_case reason_given"),
        view("is_handler open_case reason_given"),
        view("is_handler"),
        view("named_check"),
        NOBODY,
        _OWN_VIEW,
    ),
    C.SEE_CONDUCT_COMPLAINT: _row(
        NOBODY,
        view("same_site -person_target -about_self"),
        view("same_township -about_self"),
        view("is_handler -about_self"),
        view("-about_self"),
        view("metadata_only"),
        _OWN_VIEW,
    ),
    C.DECIDE_PAIR: _row(
        propose("same_site"),
        propose("same_site"),
        do("same_township township_internal") + propose("same_township"),
        NOBODY,
        view(),
        do(),
        NOBODY,
    ),
    C.REASSIGN: _row(NOBODY, NOBODY, _TOWN, NOBODY, NOBODY, do(), NOBODY),
    C.ENROL_DEVICE: _row(NOBODY, NOBODY, propose("same_township"), NOBODY, NOBODY, do(), NOBODY),
    C.REVOKE_DEVICE: _row(
        NOBODY,
        NOBODY,
        propose("same_township"),
        NOBODY,
        NOBODY,
        do("second_person") + do("-unsynced"),
        NOBODY,
    ),
    C.PUBLISH_CATALOGUE: _row(
        NOBODY, NOBODY, NOBODY, propose("own_items"), NOBODY, do("second_person"), NOBODY
    ),
    C.SIGN_MONTH: _row(NOBODY, NOBODY, _TOWN, NOBODY, do(), NOBODY, NOBODY),
    C.PUBLISH_MONTH: _row(NOBODY, NOBODY, NOBODY, NOBODY, do(), NOBODY, NOBODY),
    C.READ_MONTH: _row(view(), view(), view(), view(), view(), view(), view("published")),
    C.READ_AUDIT: _row(
        _OWN_VIEW,
        _OWN_VIEW,
        view("same_township"),
        _OWN_VIEW,
        view(),
        view("-complaint_content"),
        _OWN_VIEW,
    ),
    C.OPEN_SESSION: _row(_SITE, _SITE, _TOWN, _DEPT, do(), do(), NOBODY),
    C.ANSWER_CONSULTATION: _row(_SITE, _SITE, _TOWN, _DEPT, view(), view(), NOBODY),
    C.RECEIVE_PROXY: _row(NOBODY, _TOWN, _TOWN, _DEPT, view(), NOBODY, _OWN_VIEW),
    C.PROCESS_CASE: _row(
        NOBODY,
        do("same_site item_at_site"),
        _TOWN,
        _DEPT,
        view(),
        NOBODY,
        _OWN_VIEW,
    ),
    C.CLOSE_ON_SPOT: _row(
        do("same_site village_instant"),
        do("same_site instant_item"),
        do("same_township instant_item"),
        NOBODY,
        view(),
        NOBODY,
        _OWN_VIEW,
    ),
    C.HAND_OUT: _row(_SITE, _SITE, _TOWN, NOBODY, view(), NOBODY, _OWN_VIEW),
    C.CALL_BACK: _row(NOBODY, _TOWN, _TOWN, NOBODY, do(), NOBODY, NOBODY),
    C.COLLECT_CHARGE: _row(_SITE, _SITE, _TOWN, NOBODY, view(), NOBODY, _OWN_VIEW),
    C.REGISTER_COMPLAINT: _row(
        do("same_site -person_target") + do("same_site sealed"),
        do("same_site -person_target") + do("same_site sealed"),
        do("same_township -person_target") + do("same_township sealed"),
        NOBODY,
        do(),
        do("-person_target") + do("sealed"),
        do("-person_target") + do("sealed"),
    ),
    C.TRIAGE_COMPLAINT: _row(
        NOBODY,
        do("same_site -person_target -about_self"),
        do("same_township -person_target -about_self"),
        NOBODY,
        do("-about_self"),
        NOBODY,
        NOBODY,
    ),
    C.RUN_COMPLAINT: _row(NOBODY, NOBODY, NOBODY, NOBODY, do("-about_self"), NOBODY, _OWN_VIEW),
    C.WORK_COMPLAINT: _row(
        NOBODY,
        do("is_handler -about_self"),
        do("is_handler -about_self"),
        do("is_handler -about_self"),
        do("is_handler -about_self") + view("-about_self"),
        NOBODY,
        NOBODY,
    ),
    C.REPLY_COMPLAINT: _row(
        NOBODY,
        propose("is_handler -about_self"),
        propose("is_handler -about_self"),
        propose("is_handler -about_self"),
        do("-about_self"),
        NOBODY,
        _OWN_VIEW,
    ),
    C.RATE: _row(NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, do("is_own")),
    C.CHECK_RATING: _row(
        NOBODY,
        NOBODY,
        do("same_township -about_self"),
        NOBODY,
        do("-about_self"),
        NOBODY,
        NOBODY,
    ),
    C.DECIDE_BRANCH: _row(
        NOBODY, NOBODY, NOBODY, do("own_department has_grant"), view(), NOBODY, _OWN_VIEW
    ),
    C.AMEND: _row(
        do("same_site -person_target"),
        do("same_site -person_target") + do("is_handler -person_target"),
        do("same_township -person_target"),
        do("own_department -person_target") + do("is_handler -person_target"),
        view(),
        NOBODY,
        NOBODY,
    ),
    C.CORRECT_RECORD: _row(
        NOBODY,
        propose("same_site"),
        propose("same_township"),
        propose("own_department"),
        view(),
        do(),
        NOBODY,
    ),
    C.SETTLE: _row(
        propose("same_site"),
        do("same_township -person_target"),
        do("same_township -person_target"),
        do("is_handler -about_self"),
        do("person_target -about_self") + view(),
        do("-person_target"),
        NOBODY,
    ),
    C.VOID: _row(
        do("same_site second_person -person_target"),
        do("same_township second_person -person_target"),
        do("same_township second_person -person_target"),
        do("own_department second_person -person_target"),
        do("second_person -about_self"),
        do("second_person"),
        NOBODY,
    ),
    C.CONFIRM_HELD: _row(
        NOBODY, NOBODY, do("same_township -about_self"), NOBODY, view(), do(), NOBODY
    ),
    C.PURGE: _row(NOBODY, NOBODY, NOBODY, NOBODY, view(), do("second_person"), NOBODY),
    C.APPOINT: _row(NOBODY, NOBODY, propose("same_township"), NOBODY, view(), do(), NOBODY),
    C.PUBLISH_EDITION: _row(NOBODY, NOBODY, NOBODY, NOBODY, view(), do(), NOBODY),
    C.VIEW_RECORD: _row(
        view("same_site -person_target"),
        view("same_site -person_target") + view("same_township -person_target"),
        view("same_township -about_self"),
        view("own_department -person_target") + view("is_handler -about_self"),
        view("-about_self"),
        view("-person_target"),
        _OWN_VIEW,
    ),
    C.SYSTEM_ONLY: _row(NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY),
}

PERMISSIONS: Mapping[C, Mapping[Role, Cell]] = MappingProxyType(_TABLE)


def _of(capability: C, words: str) -> dict[str, C]:
    return dict.fromkeys(words.split(), capability)


COMMON_ACTS: Mapping[str, C] = MappingProxyType(
    {
        **_of(C.AMEND, "amend attach confirm_downgrade"),
        **_of(C.CONFIRM_HELD, "confirm_held declare_lost"),
        "correct_record": C.CORRECT_RECORD,
        "settle": C.SETTLE,
        "void": C.VOID,
        "purge": C.PURGE,
    }
)
"""Acts that mean the same in every kind."""

ACTS: Mapping[str, Mapping[str, C]] = MappingProxyType(
    {
        "consultation": {
            "register": C.REGISTER,
            **_of(C.ANSWER_CONSULTATION, "answer refer convert"),
        },
        "proxy": {
            **_of(C.TAKE_ENTRUSTMENT, "entrust check hand_over finish_errand"),
            **_of(
                C.RECEIVE_PROXY,
                "receive receive_with_difference refuse link_case mirror result_out",
            ),
            "deliver": C.HAND_OUT,
            "rate": C.RATE,
            "call_back": C.CALL_BACK,
            "withdraw": C.WITHDRAW,
            "reassign": C.REASSIGN,
            **_of(C.DECIDE_PAIR, "merge absorb"),
        },
        "case": {
            **_of(C.ADMIT_CASE, "receive accept refuse request_correction"),
            **_of(C.HAND_OUT, "resubmit hand_out"),
            **_of(C.PROCESS_CASE, "lapse forward acknowledge send_back resume close"),
            **_of(C.PROLONG, "suspend extend"),
            "deem_accepted": C.SYSTEM_ONLY,
            "decide": C.DECIDE,
            "withdraw": C.WITHDRAW,
            "close_on_spot": C.CLOSE_ON_SPOT,
            "reassign": C.REASSIGN,
            **_of(C.DECIDE_PAIR, "merge absorb"),
        },
        "complaint": {
            "register": C.REGISTER_COMPLAINT,
            "triage": C.TRIAGE_COMPLAINT,
            **_of(
                C.RUN_COMPLAINT,
                "assign extend call_back close reopen continue_on_own_motion join",
            ),
            **_of(C.WORK_COMPLAINT, "object reassign investigate ask"),
            "reply": C.REPLY_COMPLAINT,
            "withdraw": C.WITHDRAW,
        },
        "appointment": _of(C.REGISTER, "register confirm arrive miss reschedule cancel"),
        "rating": {
            "invite": C.REGISTER,
            **_of(C.RATE, "rate rate_again"),
            **_of(C.CHECK_RATING, "open_check call_back rectify uphold_appeal"),
            **_of(C.SYSTEM_ONLY, "amend attach"),
        },
        "person": {"register": C.REGISTER},
        "person_companion": {"register": C.REGISTER},
        "case_companion": {"register": C.PROCESS_CASE},
        "complaint_companion": {"register": C.WORK_COMPLAINT, "amend": C.WORK_COMPLAINT},
        "visit": _of(C.REGISTER, "register finish"),
        "entrustment": {"entrust": C.TAKE_ENTRUSTMENT, "revoke": C.WITHDRAW},
        "custody": {
            "hand_over": C.TAKE_ENTRUSTMENT,
            **_of(C.AMEND, "acknowledge receive_with_difference refuse"),
        },
        "notice": {"give": C.REGISTER},
        "charge": _of(C.COLLECT_CHARGE, "collect refund"),
        "branch": {
            **_of(C.PROCESS_CASE, "open start resubmit"),
            **_of(C.DECIDE_BRANCH, "agree disagree request_correction"),
            "deem_agreed": C.SYSTEM_ONLY,
            "withdraw": C.WITHDRAW,
        },
        "attachment": _of(C.AMEND, "add replace"),
        "session": _of(C.OPEN_SESSION, "open open_citizen close"),
        "sealed": {"seal": C.SYSTEM_ONLY},
        "verdict": {"judge": C.SYSTEM_ONLY},
        "number": {"assign": C.SYSTEM_ONLY},
        "pair": {"suspect": C.SYSTEM_ONLY, "decide": C.DECIDE_PAIR},
        "posting": {"appoint": C.APPOINT, "end": C.REASSIGN},
        "grant": _of(C.APPOINT, "give end"),
        "device": {
            **_of(C.ENROL_DEVICE, "enrol approve amend"),
            **_of(C.REVOKE_DEVICE, "suspend report_lost cut revoke"),
        },
        "month_close": {
            "freeze": C.SYSTEM_ONLY,
            "sign": C.SIGN_MONTH,
            "publish": C.PUBLISH_MONTH,
        },
        "catalogue_edition": _of(C.PUBLISH_CATALOGUE, "draft publish"),
        "calendar_edition": _of(C.PUBLISH_EDITION, "draft publish"),
        "site_edition": _of(C.PUBLISH_EDITION, "draft publish"),
    }
)
