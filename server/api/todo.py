"""The endpoints of 待处理: the list, one entry, deciding, what was decided, rules."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from server.api import messages, shapes
from server.api.call import Call, Endpoint, Page, Parameter, WrongParameter
from server.api.messages import Done, OperationId, Reason, RecordId
from server.desk import UnknownConflict
from server.todo import advice, decided, deciding, foresight, rules
from server.todo.entries import FIELD, KINDS, PAIR, STATES, Entry, entries, entry_of
from server.veil import MASKED
from shared import ids

Key = Annotated[str, Meta(min_length=3, max_length=200, description="待处理项的编号")]


class TodoLine(msgspec.Struct, frozen=True):
    """What waits. `record` is null for a tablet, whose id is then `what`."""

    key: Key
    kind: str
    record: RecordId | None
    what: str
    field: str
    site: str
    since: int
    reason: str
    slip: str


class Change(msgspec.Struct, frozen=True):
    """A figure of a month (YYYY-MM) at a site that a choice would change by so much."""

    figure: str
    month: str
    site: str
    by: int


class Outlook(msgspec.Struct, frozen=True):
    """What one choice leads to; `obstacle` says why it cannot be made."""

    choice: str
    changes: list[Change]
    obstacle: str


class TodoEntry(msgspec.Struct, frozen=True):
    """An entry with both sides, what is proposed and why, and what each choice leads to.

    `heads` go back with the decision. `records` are the halves of a pair, `operations` what waits.
    """

    line: TodoLine
    proposed: str
    because: str
    outlook: list[Outlook]
    heads: list[OperationId]
    conflict: messages.Conflict | None
    records: list[RecordId]
    operations: list[OperationId]


class Decide(msgspec.Struct, forbid_unknown_fields=True):
    """A decision: `choice` is an operation, same or different, admit or refuse."""

    key: Key
    choice: str
    reason: Reason
    heads: list[OperationId] | None = None
    again: bool = False


class Decision(msgspec.Struct, frozen=True):
    """What was decided; `key` decides it again, '' where that cannot be."""

    operation: OperationId
    at: int
    author: str
    kind: str
    key: str
    records: list[RecordId]
    field: str
    chosen: Any
    reason: str
    operations: int


class Proposal(msgspec.Struct, frozen=True):
    """An entry that a rule answers."""

    key: Key
    choice: str
    heads: list[OperationId]


class Apply(msgspec.Struct, forbid_unknown_fields=True):
    """The proposals that a person agrees to, with one reason."""

    picked: list[Proposal]
    reason: Reason


class Applied(msgspec.Struct, frozen=True):
    """How many were decided, and how many are left for a look of their own."""

    decided: int
    left: int


def _list(call: Call) -> list[TodoLine]:
    kind = call.query.get("kind", "")
    if kind and kind not in KINDS:
        raise WrongParameter(f"参数 kind 应为 {'、'.join(KINDS)} 之一。")
    return [_line(one) for one in entries(call.desk, call.person) if kind in ("", one.kind)]


def _entry(call: Call) -> TodoEntry:
    entry = entry_of(call.desk, call.person, call.query.get("key", ""))
    if entry is None:
        raise UnknownConflict("这一项已经处理，或不存在，请刷新列表。")
    conflict, heads, proposed = None, list[str](), advice.NONE
    records: list[bytes] = []
    if entry.kind in (FIELD, STATES):
        conflict, heads = deciding.conflict_of(
            call.desk, call.person, entry, reveal=call.flag("reveal")
        )
        proposed = advice.advice_on_conflict(conflict)
    elif entry.kind == PAIR:
        proposed, records = advice.advice_on_pair(entry), deciding.halves_of(call.desk, entry)
    waiting = deciding.waiting_of(call.desk, entry) if entry.kind in deciding.OF_OPERATIONS else []
    outlook = foresight.outlook_of(call.desk.county, entry)
    return TodoEntry(
        _line(entry), proposed.choice, proposed.reason,
        [_outlook(choice, one) for choice, one in outlook.items()], heads, conflict,
        [ids.record_text(one) for one in records], [one.id.hex() for one in waiting],
    )  # fmt: skip


def _decide(call: Call) -> Done:
    asked = call.body_as(Decide)
    done = deciding.decide(
        call.desk, call.person, asked.key, asked.choice, asked.reason, asked.heads,
        again=asked.again,
    )  # fmt: skip
    return Done(done.id.hex())


def _decided(call: Call) -> Page:
    found = decided.recent(call.desk, call.person, call.query.get("before", ""))
    return Page([_decision(one) for one in found.decisions], found.before or None)


def _rules(call: Call) -> list[Proposal]:
    rule = rules.rule_of(call.query.get("rule", ""))
    return [
        Proposal(one.entry.key, one.choice, list(one.heads))
        for one in rules.proposals(call.desk, call.person, rule)
    ]


def _apply(call: Call) -> Applied:
    asked = call.body_as(Apply)
    picked = [rules.Picked(one.key, one.choice, tuple(one.heads)) for one in asked.picked]
    done = rules.apply(call.desk, call.person, picked, asked.reason)
    return Applied(done.decided, done.left)


def _line(one: Entry) -> TodoLine:
    record = ids.record_text(one.record) if one.record else None
    reason = one.reason % one.values if one.values else one.reason
    return TodoLine(
        one.key, one.kind, record, one.what, one.register, one.site, one.since, reason, one.slip
    )


def _outlook(choice: str, one: foresight.Outlook) -> Outlook:
    changes = [
        Change(
            change.place.key, f"{change.place.month // 100}-{change.place.month % 100:02d}",
            change.place.site, change.by,
        )
        for change in one.changes
    ]  # fmt: skip
    return Outlook(choice, changes, one.obstacle)


def _decision(one: decided.Decided) -> Decision:
    chosen = MASKED.register(one.what, one.register, one.chosen) if one.register else one.chosen
    return Decision(
        one.operation, one.at, one.author, one.kind, one.key,
        [ids.record_text(record) for record in one.records], one.register, shapes.plain(chosen),
        one.reason, one.count,
    )  # fmt: skip


ENDPOINTS = (
    Endpoint(
        "GET", "/todo", "待处理", list[TodoLine], _list,
        parameters=(Parameter("kind", f"类别：{'、'.join(KINDS)}；缺省为全部"),),
    ),
    Endpoint(
        "GET", "/todo/entry", "待处理的一项：两边、建议、对统计的影响", TodoEntry, _entry,
        parameters=(
            Parameter("key", "编号", required=True),
            Parameter("reveal", "true：显示未隐去的个人信息，查看会被记录"),
        ),
    ),
    Endpoint("POST", "/todo/decide", "决定一项，或改判（again）", Done, _decide, Decide),
    Endpoint(
        "GET", "/todo/decided", "最近处理", list[Decision], _decided,
        parameters=(Parameter("before", "从这里继续（见 Link 响应头）"),),
    ),
    Endpoint(
        "GET", "/todo/rules", "一条规则能回答的", list[Proposal], _rules,
        parameters=(Parameter("rule", "规则：read、seen、number", required=True),),
    ),
    Endpoint("POST", "/todo/rules", "按规则处理", Applied, _apply, Apply),
)  # fmt: skip
