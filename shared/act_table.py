"""Which row of the permission table an act belongs to, kind by kind."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from shared.rights import Capability as Cap


def _of(capability: Cap, words: str) -> dict[str, Cap]:
    return dict.fromkeys(words.split(), capability)


_DUNNING: dict[str, Cap] = {
    **_of(Cap.DUN, "urge supervise"),
    "answer_supervision": Cap.ANSWER_DUNNING,
}

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
                "receive receive_with_difference refuse link_case result_out",
            ),
            "mirror": Cap.SYSTEM_ONLY,
            "deliver": Cap.HAND_OUT,
            "rate": Cap.RATE,
            "call_back": Cap.CALL_BACK,
            "withdraw": Cap.WITHDRAW,
            "reassign": Cap.REASSIGN,
            **_of(Cap.DECIDE_PAIR, "merge absorb"),
            **_DUNNING,
        },
        "case": {
            **_of(Cap.ADMIT_CASE, "receive accept refuse request_correction"),
            **_of(Cap.HAND_OUT, "resubmit hand_out"),
            **_of(Cap.PROCESS_CASE, "lapse forward close"),
            "acknowledge": Cap.ACKNOWLEDGE_CASE,
            **_of(Cap.RETURN_CASE, "send_back resume"),
            **_of(Cap.PROLONG, "suspend extend"),
            "deem_accepted": Cap.SYSTEM_ONLY,
            "decide": Cap.DECIDE,
            "withdraw": Cap.WITHDRAW,
            "close_on_spot": Cap.CLOSE_ON_SPOT,
            "reassign": Cap.REASSIGN,
            **_of(Cap.DECIDE_PAIR, "merge absorb"),
            **_DUNNING,
        },
        "complaint": {
            "register": Cap.REGISTER_COMPLAINT,
            "triage": Cap.TRIAGE_COMPLAINT,
            **_of(
                Cap.RUN_COMPLAINT,
                "assign extend call_back close reopen continue_on_own_motion join",
            ),
            **_of(Cap.WORK_COMPLAINT, "object investigate ask"),
            "reassign": Cap.REASSIGN_COMPLAINT,
            "reply": Cap.REPLY_COMPLAINT,
            "amend": Cap.AMEND_COMPLAINT,
            "withdraw": Cap.WITHDRAW_COMPLAINT,
            **_DUNNING,
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
        "charge": {"collect": Cap.COLLECT_CHARGE, "refund": Cap.REFUND_CHARGE},
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
            **_of(Cap.SUSPEND_DEVICE, "suspend report_lost"),
            **_of(Cap.REVOKE_DEVICE, "cut revoke"),
        },
        "month_close": {
            "freeze": Cap.SYSTEM_ONLY,
            "sign": Cap.SIGN_MONTH,
            "publish": Cap.PUBLISH_MONTH,
        },
        "catalogue_edition": {"draft": Cap.DRAFT_CATALOGUE, "publish": Cap.PUBLISH_CATALOGUE},
        "bridge_edition": _of(Cap.EXCHANGE, "draft publish"),
        "calendar_edition": {"draft": Cap.DRAFT_CATALOGUE, "publish": Cap.PUBLISH_EDITION},
        "site_edition": {"draft": Cap.DRAFT_CATALOGUE, "publish": Cap.PUBLISH_EDITION},
    }
)
