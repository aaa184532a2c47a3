"""The permission table of DOMAIN §3.4 as data, cell by cell.

A cell is a list of clauses, the strongest first; an empty cell is 「—」: no. What §3.4 leaves to
the "who" column of §3.3 (complaints, proxies on their way, hand-out …) has rows of its own here.
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
    Cap.PUBLISH_CATALOGUE: _row(
        NOBODY, NOBODY, NOBODY, propose("own_items"), NOBODY, do("second_person"), NOBODY
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
    Cap.CLOSE_ON_SPOT: _row(
        do("same_site village_instant"),
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
        NOBODY, NOBODY, do("same_township -about_self"), NOBODY, view(), do(), NOBODY
    ),
    Cap.PURGE: _row(NOBODY, NOBODY, NOBODY, NOBODY, view(), do("second_person"), NOBODY),
    Cap.APPOINT: _row(NOBODY, NOBODY, propose("same_township"), NOBODY, view(), do(), NOBODY),
    Cap.PUBLISH_EDITION: _row(NOBODY, NOBODY, NOBODY, NOBODY, view(), do(), NOBODY),
    Cap.VIEW_RECORD: _row(
        view("same_site -person_target"),
        view("same_site -person_target") + view("same_township -person_target"),
        view("same_township -about_self"),
        view("own_department -person_target") + view("is_handler -about_self"),
        view("-about_self"),
        view("-person_target"),
        _OWN_VIEW,
    ),
    Cap.SYSTEM_ONLY: _row(NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY),
}

PERMISSIONS: Mapping[Cap, Mapping[Role, Cell]] = MappingProxyType(_TABLE)


def _of(capability: Cap, words: str) -> dict[str, Cap]:
    return dict.fromkeys(words.split(), capability)


COMMON_ACTS: Mapping[str, Cap] = MappingProxyType(
    {
        **_of(Cap.AMEND, "amend attach confirm_downgrade"),
        **_of(Cap.CONFIRM_HELD, "confirm_held declare_lost"),
        "correct_record": Cap.CORRECT_RECORD,
        "settle": Cap.SETTLE,
        "void": Cap.VOID,
        "purge": Cap.PURGE,
    }
)
"""Acts that mean the same in every kind."""

ACTS: Mapping[str, Mapping[str, Cap]] = MappingProxyType(
    {
        "consultation": {
            "register": Cap.REGISTER,
            **_of(Cap.ANSWER_CONSULTATION, "answer refer convert"),
        },
        "proxy": {
            **_of(Cap.TAKE_ENTRUSTMENT, "entrust check hand_over finish_errand"),
            **_of(
                Cap.RECEIVE_PROXY,
                "receive receive_with_difference refuse link_case mirror result_out",
            ),
            "deliver": Cap.HAND_OUT,
            "rate": Cap.RATE,
            "call_back": Cap.CALL_BACK,
            "withdraw": Cap.WITHDRAW,
            "reassign": Cap.REASSIGN,
            **_of(Cap.DECIDE_PAIR, "merge absorb"),
        },
        "case": {
            **_of(Cap.ADMIT_CASE, "receive accept refuse request_correction"),
            **_of(Cap.HAND_OUT, "resubmit hand_out"),
            **_of(Cap.PROCESS_CASE, "lapse forward acknowledge send_back resume close"),
            **_of(Cap.PROLONG, "suspend extend"),
            "deem_accepted": Cap.SYSTEM_ONLY,
            "decide": Cap.DECIDE,
            "withdraw": Cap.WITHDRAW,
            "close_on_spot": Cap.CLOSE_ON_SPOT,
            "reassign": Cap.REASSIGN,
            **_of(Cap.DECIDE_PAIR, "merge absorb"),
        },
        "complaint": {
            "register": Cap.REGISTER_COMPLAINT,
            "triage": Cap.TRIAGE_COMPLAINT,
            **_of(
                Cap.RUN_COMPLAINT,
                "assign extend call_back close reopen continue_on_own_motion join",
            ),
            **_of(Cap.WORK_COMPLAINT, "object reassign investigate ask"),
            "reply": Cap.REPLY_COMPLAINT,
            "withdraw": Cap.WITHDRAW,
        },
        "appointment": _of(Cap.REGISTER, "register confirm arrive miss reschedule cancel"),
        "rating": {
            "invite": Cap.REGISTER,
            **_of(Cap.RATE, "rate rate_again"),
            **_of(Cap.CHECK_RATING, "open_check call_back rectify uphold_appeal"),
            **_of(Cap.SYSTEM_ONLY, "amend attach"),
        },
        "person": {"register": Cap.REGISTER},
        "person_companion": {"register": Cap.REGISTER},
        "case_companion": {"register": Cap.PROCESS_CASE},
        "complaint_companion": {"register": Cap.WORK_COMPLAINT, "amend": Cap.WORK_COMPLAINT},
        "visit": _of(Cap.REGISTER, "register finish"),
        "entrustment": {"entrust": Cap.TAKE_ENTRUSTMENT, "revoke": Cap.WITHDRAW},
        "custody": _of(Cap.KEEP_ORIGINALS, "hand_over acknowledge receive_with_difference refuse"),
        "notice": {"give": Cap.AMEND},
        "charge": _of(Cap.COLLECT_CHARGE, "collect refund"),
        "branch": {
            **_of(Cap.PROCESS_CASE, "open start resubmit"),
            **_of(Cap.DECIDE_BRANCH, "agree disagree request_correction"),
            "deem_agreed": Cap.SYSTEM_ONLY,
            "withdraw": Cap.WITHDRAW,
        },
        "attachment": _of(Cap.AMEND, "add replace"),
        "session": _of(Cap.OPEN_SESSION, "open open_citizen close"),
        "sealed": {"seal": Cap.SYSTEM_ONLY},
        "verdict": {"judge": Cap.SYSTEM_ONLY},
        "number": {"assign": Cap.SYSTEM_ONLY},
        "pair": {"suspect": Cap.SYSTEM_ONLY, "decide": Cap.DECIDE_PAIR},
        "posting": {"appoint": Cap.APPOINT, "end": Cap.REASSIGN},
        "grant": _of(Cap.APPOINT, "give end"),
        "device": {
            **_of(Cap.ENROL_DEVICE, "enrol approve amend"),
            **_of(Cap.REVOKE_DEVICE, "suspend report_lost cut revoke"),
        },
        "month_close": {
            "freeze": Cap.SYSTEM_ONLY,
            "sign": Cap.SIGN_MONTH,
            "publish": Cap.PUBLISH_MONTH,
        },
        "catalogue_edition": _of(Cap.PUBLISH_CATALOGUE, "draft publish"),
        "calendar_edition": _of(Cap.PUBLISH_EDITION, "draft publish"),
        "site_edition": _of(Cap.PUBLISH_EDITION, "draft publish"),
    }
)
