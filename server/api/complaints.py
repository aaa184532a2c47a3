"""The endpoints of the complaints desk: the list, one complaint, opening it, its steps."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from server import complaint_acts, complaints, unsealing
from server.api import messages, shapes
from server.api.call import FLAG, RECORD, Call, Endpoint, Parameter, WrongParameter, integer_of
from server.complaints import Asked, Case, Due, Line
from shared import ids
from shared.rights import ROLE_LABELS, Role

LIST_MAX = 100


class ComplaintLine(msgspec.Struct, frozen=True):
    """A complaint as lists show it: nothing of who complained about whom.

    `level` is 0 (none), 1 蓝, 2 黄 or 3 红; `owed` what is due next, '' for nothing.
    """

    record: messages.RecordId
    state: str | None
    target_kind: str
    sealed: bool
    site: str
    slip_number: str
    handler: str
    registered_on: str | None
    due_on: str | None
    owed: str
    level: int


class ComplaintPage(msgspec.Struct, frozen=True):
    """A page of the list; ask again with `before` for the next one, null at the end."""

    items: list[ComplaintLine]
    next_before: str | None


class StepLine(msgspec.Struct, frozen=True):
    """A step this person may take now, and the fields it takes."""

    step: str
    label: str
    fields: list[str]


class HandlerLine(msgspec.Struct, frozen=True):
    """Somebody who may be given the complaint; recused people are left out."""

    handler: str
    name: str
    role: str
    site: str


class ProposedReply(msgspec.Struct, frozen=True):
    """A reply that waits to be released."""

    operation: messages.OperationId
    author: str
    finding: str
    reply: str


class Complaint(msgspec.Struct, frozen=True):
    """One complaint as this person sees it; of a sealed one the fields once it was opened."""

    complaint: ComplaintLine
    opened: bool
    fields: dict[str, Any]
    history: list[messages.HistoryLine]
    note: str
    replies: list[ProposedReply]
    may_release: bool
    steps: list[StepLine]
    handlers: list[HandlerLine]
    heads: list[messages.OperationId]


class OpenComplaint(msgspec.Struct, forbid_unknown_fields=True):
    """Why the complaint is opened; it is written down before anything is shown."""

    reason: messages.Reason


class TakeStep(msgspec.Struct, forbid_unknown_fields=True):
    """A step, the values of its fields, and the heads of the complaint one has read."""

    step: Annotated[str, Meta(min_length=1, max_length=32)]
    reason: messages.Reason
    heads: list[messages.OperationId]
    values: dict[str, Any] = {}


class ReleaseReply(msgspec.Struct, forbid_unknown_fields=True):
    """Whether a proposed reply goes out."""

    operation: messages.OperationId
    decision: Literal["admit", "refuse"]
    reason: messages.Reason
    heads: list[messages.OperationId]


class SealedWaiting(msgspec.Struct, frozen=True):
    """What waits for the complaint key; `key_here`: it lies here, and nothing waits."""

    key_here: bool
    count: int
    last_opened_at: int | None


class Unseal(msgspec.Struct, forbid_unknown_fields=True):
    """The complaint key in 64 hexadecimal digits, used once and stored nowhere, and the reason."""

    key: Annotated[str, Meta(min_length=64, max_length=200)]
    reason: messages.Reason


class Unsealed(msgspec.Struct, frozen=True):
    """How many complaints were registered."""

    registered: int


def _waiting(call: Call) -> SealedWaiting:
    found = unsealing.waiting(call.desk, call.person)
    key_here = call.desk.county.keys.complaint is not None
    if found is None:
        return SealedWaiting(key_here, 0, None)
    return SealedWaiting(key_here, found.count, found.since or None)


def _unseal(call: Call) -> Unsealed:
    asked = call.body_as(Unseal)
    return Unsealed(unsealing.unseal(call.desk, call.person, asked.key, asked.reason))


def _list(call: Call) -> ComplaintPage:
    query = call.query
    due = query.get("due", "")
    if due not in ("", "late", "soon"):
        raise WrongParameter("参数 due 只能是 late 或 soon。")
    asked = Asked(
        query.get("state", ""), query.get("stage", ""), query.get("site", ""), cast(Due, due),
        call.flag("mine"),
    )  # fmt: skip
    before = ids.parse_record(query["before"]) if "before" in query else None
    limit = integer_of(query.get("limit"), 50, LIST_MAX)
    found = complaints.list_complaints(call.desk, call.person, asked, before=before, limit=limit)
    more = None if found.before is None else ids.record_text(found.before)
    return ComplaintPage([_line(one) for one in found.lines], more)


def _one(call: Call) -> Complaint:
    return _whole(call, complaints.look(call.desk, call.person, _record(call)))


def _open(call: Call) -> Complaint:
    reason = call.body_as(OpenComplaint).reason
    return _whole(call, complaints.open_complaint(call.desk, call.person, _record(call), reason))


def _take(call: Call) -> messages.Done:
    body = call.body_as(TakeStep)
    heads = tuple(ids.parse_operation(one) for one in body.heads)
    asked = complaint_acts.Asked(_record(call), body.step, body.values, body.reason, heads)
    return messages.Done(complaint_acts.take(call.desk, call.person, asked).id.hex())


def _release(call: Call) -> messages.Done:
    body = call.body_as(ReleaseReply)
    done = complaint_acts.release(
        call.desk, call.person, _record(call), ids.parse_operation(body.operation),
        admit=body.decision == "admit", reason=body.reason,
        shown=tuple(ids.parse_operation(one) for one in body.heads),
    )  # fmt: skip
    return messages.Done(done.id.hex())


def _whole(call: Call, case: Case) -> Complaint:
    whole = call.desk.whole(case.seen)
    offered = complaint_acts.offer(call.desk, call.person, case)
    return Complaint(
        complaint=_line(case.line), opened=case.is_open_to,
        fields=whole.fields if case.seen.sight.content else {}, history=whole.history,
        note=case.note,
        replies=[
            ProposedReply(one.operation.id.hex(), one.operation.skeleton.author, one.finding,
                          one.reply)
            for one in case.proposals
        ],
        may_release=offered.may_release,
        steps=[StepLine(one.key, one.label, list(one.fields)) for one in offered.steps],
        handlers=[
            HandlerLine(one.author, one.name, ROLE_LABELS[Role(one.role)], one.site)
            for one in offered.handlers
        ],
        heads=[head.hex() for head in case.seen.record.heads],
    )  # fmt: skip


def _line(line: Line) -> ComplaintLine:
    row = shapes.line(line.row)
    return ComplaintLine(
        row.record, row.state, line.target_kind, line.is_sealed, row.site, row.slip_number,
        line.handler, row.registered_on, row.due_on,
        "" if line.owed is None else line.owed.term.value, int(line.level),
    )  # fmt: skip


def _record(call: Call) -> bytes:
    return ids.parse_record(call.path["record"])


LIMIT = {"type": "integer", "minimum": 1, "maximum": LIST_MAX, "default": 50}
LIST = (
    Parameter("state", "状态，如 已受理"),
    Parameter("stage", "办理阶段：triage、assign、work、call、close"),
    Parameter("site", "登记站点编号；乡镇含其村站"),
    Parameter("due", "期限：late 已超期，soon 下一个工作日前到期"),
    Parameter("mine", "true：只列由本人承办、还没有办结的", schema=FLAG),
    Parameter("before", "从这条记录之后继续", schema=RECORD),
    Parameter("limit", f"条数，1 到 {LIST_MAX}，缺省 50", schema=LIMIT),
)
ENDPOINTS = (
    Endpoint("GET", "/complaints", "投诉列表", ComplaintPage, _list, parameters=LIST),
    Endpoint("GET", "/complaints/{record}", "一件投诉", Complaint, _one),
    Endpoint(
        "POST", "/complaints/{record}/open", "写明理由，开启一件投诉", Complaint, _open,
        OpenComplaint,
    ),
    Endpoint(
        "POST", "/complaints/{record}/steps", "办理一步", messages.Done, _take, TakeStep
    ),
    Endpoint(
        "POST", "/complaints/{record}/release", "放行或退回承办人提出的答复", messages.Done,
        _release, ReleaseReply,
    ),
    Endpoint("GET", "/sealed", "等投诉密钥开启的密封件", SealedWaiting, _waiting),
    Endpoint("POST", "/sealed/open", "用投诉密钥开启密封件", Unsealed, _unseal, Unseal),
)  # fmt: skip
