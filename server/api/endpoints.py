"""The endpoints of the backbone: session, conflicts, pairs, held work, devices, records."""

from __future__ import annotations

from server.api import messages, shapes
from server.api.call import (
    DAY,
    FLAG,
    RECORD,
    Call,
    Endpoint,
    Page,
    Parameter,
    integer_of,
    words_of,
)
from server.handing_out import type_of
from server.own_account import change_password
from server.papers import open_paper, papers_of
from server.storage import RecordFilter
from shared import ids


def _log_in(call: Call) -> messages.Token:
    asked = call.body_as(messages.LogIn)
    found = call.accounts.log_in(
        asked.name, asked.password, call.address, code=asked.code,
        place=f"{call.address} · API",
    )  # fmt: skip
    return messages.Token(found.token, found.expires_at, found.person.must_change)


def _log_out(call: Call) -> messages.Ended:
    call.accounts.log_out(call.person)
    return messages.Ended()


def _change_password(call: Call) -> messages.Ended:
    asked = call.body_as(messages.NewPassword)
    change_password(call.accounts, call.person, asked.old, asked.new)
    return messages.Ended()


def _conflicts(call: Call) -> list[messages.Conflict]:
    return call.desk.conflicts(call.person, reveal=call.flag("reveal"))


def _pairs(call: Call) -> list[messages.Pair]:
    return call.desk.pairs(call.person)


def _held(call: Call) -> list[messages.Held]:
    return call.desk.held(call.person)


def _devices(call: Call) -> list[messages.Device]:
    return call.desk.devices(call.person)


def _records(call: Call) -> Page:
    query = call.query
    slip = query.get("slip")
    if slip:
        row = call.desk.by_slip(call.person, slip.strip().upper())
        return Page([shapes.line(row)] if row else [], None)
    limit = integer_of(query.get("limit"), 50, 200)
    which = RecordFilter(
        kinds=words_of(query.get("kind")),
        states=words_of(query.get("state")),
        sites=words_of(query.get("site")),
        item=query.get("item") or None,
        with_conflicts=call.flag("conflicts"),
    )
    before = ids.parse_record(query["before"]) if "before" in query else None
    rows = call.desk.lines(call.person, which, before=before, limit=limit)
    more = ids.record_text(rows[-1].record) if len(rows) == limit else None
    return Page([shapes.line(row) for row in rows], more)


def _record(call: Call) -> messages.Record:
    seen = call.desk.record(
        call.person, ids.parse_record(call.path["record"]), reveal=call.flag("reveal"),
        reason=call.query.get("reason", "")[:200],
    )  # fmt: skip
    return call.desk.whole(seen)


def _attachments(call: Call) -> list[messages.Attachment]:
    papers = papers_of(call.desk, call.person, ids.parse_record(call.path["record"]))
    return [shapes.attachment(one, papers.veil) for one in papers.listed]


def _open_attachment(call: Call) -> messages.AttachmentContent:
    asked = call.body_as(messages.OpenAttachment)
    found = open_paper(
        call.desk, call.person, ids.parse_record(call.path["record"]),
        ids.parse_record(asked.attachment), asked.reason,
    )  # fmt: skip
    return messages.AttachmentContent(found.paper.file_name, type_of(found.content), found.content)


def _settle(call: Call) -> messages.Done:
    return _done(call.desk.settle(call.person, call.body_as(messages.Settle)).id)


def _settle_pair(call: Call) -> messages.Done:
    return _done(call.desk.settle_pair(call.person, call.body_as(messages.SettlePair)).id)


def _judge(call: Call) -> messages.Done:
    return _done(call.desk.judge(call.person, call.body_as(messages.Judge)).id)


def _done(operation: bytes) -> messages.Done:
    return messages.Done(operation.hex())


REVEAL = Parameter("reveal", "true：显示未隐去的个人信息，查看会被记录", schema=FLAG)
PERIOD = (
    Parameter("from", "起始日期（含），YYYY-MM-DD", True, DAY),
    Parameter("to", "截止日期（含），YYYY-MM-DD", True, DAY),
    Parameter("site", "站点编号或 12 位区划代码，含其下级；缺省为全县"),
    Parameter("item", "事项编码；缺省为全部事项"),
    Parameter("channel", "渠道：window、phone、online、door；缺省为全部渠道"),
)
LIMIT = {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}
LIST = (
    Parameter("kind", "业务类型，多个用逗号隔开"),
    Parameter("state", "状态，多个用逗号隔开"),
    Parameter("site", "登记站点编号，多个用逗号隔开"),
    Parameter("item", "事项编码"),
    Parameter("slip", "临时受理号；给出时其他条件不用"),
    Parameter("conflicts", "true：只列有冲突的记录", schema=FLAG),
    Parameter("before", "从这条记录之后继续（见 Link 响应头）", schema=RECORD),
    Parameter("limit", "条数，1 到 200，缺省 50", schema=LIMIT),
)

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("POST", "/session", "登录", messages.Token, _log_in, messages.LogIn, is_public=True),
    Endpoint("DELETE", "/session", "退出登录", messages.Ended, _log_out),
    Endpoint(
        "POST", "/password", "修改密码", messages.Ended, _change_password, messages.NewPassword
    ),
    Endpoint(
        "GET", "/conflicts", "未裁定的冲突", list[messages.Conflict], _conflicts,
        parameters=(REVEAL,),
    ),
    Endpoint(
        "POST", "/conflicts/settle", "裁定冲突", messages.Done, _settle, messages.Settle
    ),
    Endpoint("GET", "/pairs", "未判断的疑似重复", list[messages.Pair], _pairs),
    Endpoint(
        "POST", "/pairs/settle", "判断疑似重复", messages.Done, _settle_pair, messages.SettlePair
    ),
    Endpoint("GET", "/held", "待审的操作", list[messages.Held], _held),
    Endpoint("POST", "/held/judge", "审定待审的操作", messages.Done, _judge, messages.Judge),
    Endpoint("GET", "/devices", "设备", list[messages.Device], _devices),
    Endpoint(
        "GET", "/records", "记录列表", list[messages.RecordLine], _records, parameters=LIST
    ),
    Endpoint(
        "GET", "/records/{record}", "一条记录", messages.Record, _record,
        parameters=(REVEAL, Parameter("reason", "查看完整号码的理由或检查立项")),
    ),
    Endpoint(
        "GET", "/records/{record}/attachments", "一条记录的附件", list[messages.Attachment],
        _attachments,
    ),
    Endpoint(
        "POST", "/records/{record}/attachments", "打开一个附件，查看会被记录",
        messages.AttachmentContent, _open_attachment, messages.OpenAttachment,
    ),
)  # fmt: skip
