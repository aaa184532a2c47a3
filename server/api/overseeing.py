"""The endpoints of tablets, their invitations, and the audit log."""

from __future__ import annotations

from datetime import date

from server import device_desk, invitations
from server.api import people_shapes as s
from server.api.call import DAY, Call, Endpoint, Parameter, WrongParameter, date_of, integer_of
from server.api.messages import Ended
from server.device_desk import Second
from server.device_holding import holding_of
from server.staff_log import LogFilter, log_page
from shared.operation import Operation

LOG_MAX = 500


def _invitations(call: Call) -> list[s.Invitation]:
    return [
        s.Invitation(
            one.invitation.hex(), one.site, one.role, one.name, one.made_by, one.expires_at
        )
        for one in invitations.still_out(call.desk, call.person)
    ]


def _invite(call: Call) -> s.SentInvitation:
    asked = call.body_as(s.NewInvitation)
    sent = invitations.send(call.desk, call.person, asked.site, asked.name, head=asked.head)
    made = sent.invited
    return s.SentInvitation(
        made.code, sent.qr_text, sent.address, made.site.id, made.role, made.expires_at
    )


def _call_off(call: Call) -> Ended:
    invitations.call_off(call.desk, call.person, call.path["invitation"])
    return Ended()


def _device(call: Call) -> s.DeviceWhole:
    device = call.path["device"]
    found = device_desk.device_page(call.desk, call.person, device)
    holding, row = holding_of(call.desk, call.person, device), found.device
    return s.DeviceWhole(
        row.device.hex(), row.short_code, row.name, row.site, row.state, row.last_seen_at,
        row.app_version, holding.received, holding.spooled, holding.open_matters, holding.recent,
        [s.AgentLine(one.agent, one.name, one.state) for one in found.agents],
        [_act(one) for one in found.history],
        [door.act for door in found.doors if door.decision.allowed or door.takes_two],
    )  # fmt: skip


def _decide(call: Call) -> s.DeviceState:
    asked = call.body_as(s.DecideDevice)
    second = Second(asked.second_name, asked.second_password, call.address, asked.second_code)
    row = device_desk.decide(
        call.desk, call.person, call.path["device"], asked.act, asked.reason, second,
        digits=asked.digits,
    )  # fmt: skip
    return s.DeviceState(row.device.hex(), row.state)


def _audit(call: Call) -> list[s.AuditLine]:
    query = call.query
    which = LogFilter(
        query.get("who", ""), query.get("what", ""), query.get("about", ""),
        _date(call, "from"), _date(call, "to"),
    )  # fmt: skip
    try:
        before = bytes.fromhex(query.get("before", "")) or None
    except ValueError as error:
        raise WrongParameter("参数 before 应为上一页最后一条的 entry。") from error
    limit = integer_of(query.get("limit"), 50, LOG_MAX)
    found = log_page(call.desk, call.person, which, before=before, limit=limit)
    return [
        s.AuditLine(one.entry.hex(), one.at, one.person, one.what, one.about, one.detail)
        for one in found.entries
    ]


def _date(call: Call, name: str) -> date | None:
    return date_of(call.query, name) if call.query.get(name) else None


def _act(done: Operation) -> s.DeviceAct:
    reason = done.data.get("reason")
    skeleton = done.skeleton
    return s.DeviceAct(
        skeleton.act, skeleton.effective_at, skeleton.author,
        reason if isinstance(reason, str) else "",
    )  # fmt: skip


LOG = (
    Parameter("who", "工作人员编号"),
    Parameter("what", "操作，如 log_in、reveal、reset_password"),
    Parameter("about", "对象：记录编号、设备短码、人员编号"),
    Parameter("from", "起始日期（含）", schema=DAY),
    Parameter("to", "截止日期（含）", schema=DAY),
    Parameter("before", "上一页最后一条的 entry"),
    Parameter("limit", "条数，1 到 500，缺省 50", schema={"type": "integer"}),
)

ENDPOINTS = (
    Endpoint("GET", "/devices/invitations", "还没用的注册码", list[s.Invitation], _invitations),
    Endpoint(
        "POST", "/devices/invitations", "发注册码", s.SentInvitation, _invite, s.NewInvitation
    ),
    Endpoint("POST", "/devices/invitations/{invitation}/end", "作废注册码", Ended, _call_off),
    Endpoint("GET", "/devices/{device}", "一台设备", s.DeviceWhole, _device),
    Endpoint(
        "POST", "/devices/{device}/decide", "批准、停用或撤销设备", s.DeviceState, _decide,
        s.DecideDevice,
    ),
    Endpoint("GET", "/audit", "操作日志", list[s.AuditLine], _audit, parameters=LOG),
)  # fmt: skip
