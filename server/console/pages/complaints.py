"""投诉台: the list of complaints, and the desk of one with what may be done about it now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from server import complaint_acts, complaints, unsealing
from server.complaint_acts import Choice, Offer
from server.complaint_steps import BY_KEY, STEPS, Step
from server.complaints import STAGES, Asked, Case, Due
from server.console.names import Names, record_text
from server.console.pages.records import clock_of, history_of, idle_of, paper_line
from server.console.web import Site, Visit, route
from server.papers import papers_of
from server.recusal import MISFITS
from server.veil import personal_fields
from shared import ids, lifecycle
from shared.deadlines import Term, Warning
from shared.fields import Field, FieldType
from shared.kinds import KINDS
from shared.rights import ROLE_LABELS

DUE: tuple[tuple[Due, str], ...] = (("late", "已超期"), ("soon", "下一个工作日前到期"))
SHAPES = {Warning.NONE: "", Warning.BLUE: "○", Warning.YELLOW: "△", Warning.RED: "◆"}
LEVELS = {Warning.NONE: "", Warning.BLUE: "时限过半", Warning.YELLOW: "即将到期",
          Warning.RED: "已超期"}  # fmt: skip
SAID = ("target_kind", "target_name", "target", "target_site", "anonymity", "person_name", "phone",
        "address_text", "channel", "item", "remark")  # fmt: skip
HANDLED = ("triage_result", "transfer_to", "handler", "complex", "finding", "reply", "satisfied",
           "call_back_tries", "joined_to")  # fmt: skip
DONE = {"released": "放行答复", "returned": "退回答复"} | {one.key: one.label for one in STEPS}
REASONS: dict[str, tuple[str, ...]] = {
    "accept": ("属于受理范围，材料清楚。",),
    "assign": ("请查清事实，按期报送办理情况。",),
    "call_back": ("已电话回访投诉人。", "三次联系不上。"),
    "close": ("投诉人已知悉结果，办结。", "匿名投诉，已公示结果，办结。"),
    "": ("分办投诉", "了解办理情况", "回复投诉人"),
}
WORDS = {
    "handler": "承办人", "complex": "按复杂投诉办理（十五个工作日）", "handler_notes": "办理情况",
    "target": "被投诉人的姓名或编号",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tab:
    """A stage of the list with how many wait in it."""

    address: str
    label: str
    count: int | None
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Input:
    """One field of a step's form; `kind` is a branch of the template."""

    name: str
    label: str
    kind: str
    choices: tuple[tuple[str, str], ...] = ()
    required: bool = False
    value: str = ""


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of the list, of one complaint, of opening it and of its steps."""
    return [
        route(site, "/complaints", show_list),
        route(site, "/complaints/unseal", unseal, post=True),
        route(site, "/complaints/{record}", show),
        route(site, "/complaints/{record}/open", open_one, post=True),
        route(site, "/complaints/{record}/take", take, post=True),
        route(site, "/complaints/{record}/release", release, post=True),
    ]


def show_list(visit: Visit) -> Response:
    """The list; a department's people begin with what they handle."""
    desk, person, query = visit.site.desk, visit.who, visit.query
    names = Names(visit)
    asked = Asked(
        state=query.get("state", ""), stage=query.get("stage", ""), site=query.get("site", ""),
        due=cast(Due, query.get("due", "") if query.get("due") in dict(DUE) else ""),
        mine=query.get("mine") == "1" or (person.role == "department" and not query),
    )  # fmt: skip
    before = ids.parse_record(query["before"]) if query.get("before") else None
    found = complaints.list_complaints(desk, person, asked, before=before)
    more = ""
    if found.before is not None:
        kept = {name: value for name, value in query.items() if name != "before" and value}
        more = "/complaints?" + urlencode({**kept, "before": record_text(found.before)})
    return visit.page(
        "complaints.html", lines=found.lines, more=more, tabs=_tabs(visit, asked), asked=asked,
        states=lifecycle.states_of(complaints.KIND), due=DUE, shapes=SHAPES, levels=LEVELS,
        townships=[one for one in names.sites.sites if one.level == "township"],
        record_text=record_text, target_word=_target_word, names=names,
        waiting=unsealing.waiting(desk, person), opened=query.get("opened", ""),
    )  # fmt: skip


def unseal(visit: Visit) -> Response:
    """Open what arrived sealed with the key that its holder brings."""
    key, reason = visit.field("key"), visit.form.get("reason", "")
    opened = unsealing.unseal(visit.site.desk, visit.who, key, reason)
    return visit.go(f"/complaints?opened={opened}")


def show(visit: Visit) -> Response:
    """One complaint, masked; a sealed one as its outline."""
    return _page(visit, complaints.look(visit.site.desk, visit.who, _record(visit)))


def open_one(visit: Visit) -> Response:
    """The same complaint with what it says and whom it names; the look is written down first."""
    reason = visit.field("reason")
    return _page(
        visit, complaints.open_complaint(visit.site.desk, visit.who, _record(visit), reason)
    )


def take(visit: Visit) -> Response:
    """Take one step."""
    record, form = _record(visit), visit.form
    step = BY_KEY.get(visit.field("step"))
    values = {} if step is None else {n: _typed(n, form[n]) for n in step.fields if form.get(n)}
    asked = complaint_acts.Asked(
        record, form["step"], values, form.get("reason", ""), _heads(visit)
    )
    complaint_acts.take(visit.site.desk, visit.who, asked)
    return visit.go(f"/complaints/{record_text(record)}?done={asked.step}")


def release(visit: Visit) -> Response:
    """Release a proposed reply, or send it back."""
    record, admit = _record(visit), visit.field("decision") == "admit"
    complaint_acts.release(
        visit.site.desk, visit.who, record, ids.parse_operation(visit.field("operation")),
        admit=admit, reason=visit.form.get("reason", ""), shown=_heads(visit),
    )  # fmt: skip
    return visit.go(f"/complaints/{record_text(record)}?done={'released' if admit else 'returned'}")


def _page(visit: Visit, case: Case) -> Response:
    desk, names, seen = visit.site.desk, Names(visit), case.seen
    offered = complaint_acts.offer(desk, visit.who, case)
    with desk.county.ledger.read() as tx:
        effects = [one.operation for one in seen.record.history]
        idle = [one.operation for one in seen.record.without_effect]
        known = tx.operations([*effects, *idle])
    papers = papers_of(desk, visit.who, seen.record.id) if case.is_open_to else None
    return visit.page(
        "complaint.html", case=case, seen=seen, row=seen.row, line=case.line,
        id=record_text(seen.record.id), said=_values(case, names, SAID),
        masked=personal_fields(complaints.KIND, seen.record.fields),
        content=_content(case), handled=_values(case, names, HANDLED),
        history=history_of(seen, known), idle=idle_of(seen, known), clock_word=clock_of,
        offered=offered, forms=_forms(visit, offered, case, names), reasons=REASONS,
        papers=papers, paper_lines=[paper_line(one, seen) for one in papers.listed] if papers
        else [], shapes=SHAPES, levels=LEVELS, done=DONE.get(visit.query.get("done", ""), ""),
        heads=" ".join(head.hex() for head in seen.record.heads), names=names,
        finding=lambda code: names.value(complaints.KIND, "finding", code),
        target_word=_target_word,
    )  # fmt: skip


def _values(case: Case, names: Names, wanted: tuple[str, ...]) -> list[tuple[str, str]]:
    """The shown values of these fields, with their labels."""
    if not case.seen.sight.content:
        return []
    fields, lines = case.seen.record.fields, []
    for name in wanted:
        value = fields.get(name)
        if value in (None, "", []) or (case.seen.veil.sealed and name not in _OUTLINE):
            continue
        shown = case.seen.veil.field(complaints.KIND, name, value)
        text = names.person(str(shown)) if name == "handler" else ""
        label = names.field(complaints.KIND, name)
        lines.append((label, text or names.value(complaints.KIND, name, shown)))
    return lines


_OUTLINE = frozenset({"target_kind", "anonymity", "channel", "triage_result", "transfer_to",
                      "handler", "complex"})  # fmt: skip


def _content(case: Case) -> str:
    value = case.seen.record.fields.get("content")
    return value if case.is_open_to and isinstance(value, str) else ""


def _forms(
    visit: Visit, offered: Offer, case: Case, names: Names
) -> list[tuple[Step, list[Input]]]:  # fmt: skip
    kind = KINDS[complaints.KIND]
    found = []
    for step in offered.steps:
        inputs = []
        for name in step.fields:
            if name == "target" and not case.seen.sight.sealed:
                continue  # what was told in the open is about no person
            declared = (KINDS[complaints.COMPANION] if name == "handler_notes" else kind).fields
            inputs.append(_input(visit, declared[name], step, offered.handlers, case, names))
        found.append((step, inputs))
    return found


def _input(
    visit: Visit, declared: Field, step: Step, handlers: object, case: Case, names: Names
) -> Input:
    name, label = declared.name, visit.say(WORDS.get(declared.name, declared.label))
    required = step.act in declared.required or name in {"transfer_to", "handler_notes"}
    choices = tuple((code, visit.say(word)) for code, word in declared.choices)
    if name == "handler":
        people = cast("list[Choice]", handlers)
        choices = tuple((one.author, _choice_text(visit, one, names)) for one in people)
        return Input(name, label, "select", choices, required)
    if name == "target_site":
        choices = tuple((one.id, one.title) for one in names.sites.sites if one.level != "village")
        return Input(name, label, "select", choices)
    if choices:
        return Input(name, label, "radio", choices, required)
    if name == "satisfied":
        yes_no = (("true", visit.say("满意")), ("false", visit.say("不满意")))
        return Input(name, label, "radio", yes_no)
    if declared.type is FieldType.BOOLEAN:
        return Input(name, label, "check")
    if declared.type is FieldType.INTEGER:
        return Input(name, label, "number")
    if declared.type is FieldType.LONG_TEXT:
        return Input(name, label, "long", (), required, case.note if name != "reply" else "")
    return Input(name, label, "text", (), required)


def _choice_text(visit: Visit, one: Choice, names: Names) -> str:
    role = visit.say(dict(ROLE_LABELS).get(one.role, one.role))  # type: ignore[call-overload]
    return f"{names.site(one.site)} · {one.name}（{role}）"


def words() -> set[str]:
    """Return every word that this page hands to its templates, for the catalogues."""
    kinds = (KINDS[complaints.KIND], KINDS[complaints.COMPANION])
    declared = [kind.fields[n] for kind in kinds for n in (*SAID, *HANDLED) if n in kind.fields]
    found = {"全部", "由我承办", "已超期", "满意", "不满意", complaint_acts.OWN_CAUSE}
    found |= {one.label for one in declared} | set(WORDS.values()) | set(DONE.values())
    found |= {word for one in declared for _, word in one.choices}
    found |= {label for _, label, _ in STAGES} | {label for _, label in DUE}
    found |= set(LEVELS.values()) | {text for texts in REASONS.values() for text in texts}
    found |= {text for one in STEPS for text in (one.label, one.said, one.hint) if text}
    found |= {Term[name].value for name in ("TRIAGE", "REPLY", "REPLY_COMPLEX")}
    return (found | set(ROLE_LABELS.values()) | set(MISFITS)) - {""}


def _tabs(visit: Visit, asked: Asked) -> list[Tab]:
    found = complaints.counts(visit.site.desk, visit.who)
    is_all = not (asked.stage or asked.due or asked.mine)
    tabs = [Tab("/complaints?stage=", "全部", None, is_all)]
    if visit.who.role != "department":
        tabs += [
            Tab(f"/complaints?stage={code}", label, found[code], asked.stage == code)
            for code, label, _ in STAGES
        ]
        tabs.append(Tab("/complaints?due=late", "已超期", found["late"], asked.due == "late"))
    tabs.append(Tab("/complaints?mine=1", "由我承办", found["mine"], asked.mine))
    return tabs


def _target_word(code: str) -> str:
    return KINDS[complaints.KIND].fields["target_kind"].choice_label(code) if code else "—"


def _typed(name: str, text: str) -> object:
    """A form's text as the field's type; what is of no such form is left to the validator."""
    declared = KINDS[complaints.KIND].fields.get(name)
    if declared is not None and declared.type is FieldType.BOOLEAN:
        return {"true": True, "false": False}.get(text, text)
    if declared is not None and declared.type is FieldType.INTEGER and text.isdecimal():
        return int(text[:9])
    return text


def _heads(visit: Visit) -> tuple[bytes, ...]:
    return tuple(ids.parse_operation(one) for one in visit.field("heads").split())


def _record(visit: Visit) -> bytes:
    return ids.parse_record(visit.request.path_params["record"])
