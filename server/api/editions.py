"""The endpoints of 目录与日历: editions, differences, drafts, decisions, refunds, recounts."""

from __future__ import annotations

from datetime import date
from typing import Literal

from server.api.call import RECORD, Call, Endpoint, Parameter, WrongParameter
from server.api.edition_messages import (
    ChangeEntry,
    ChangeGroup,
    ChangeLine,
    Days,
    DaySpan,
    DifferenceSheet,
    DraftLine,
    DraftWhole,
    DueLine,
    EditionLine,
    Head,
    ItemCells,
    ItemDrop,
    Kind,
    NewDraft,
    OfRevision,
    RecountLine,
    Refund,
    RefundLine,
    Rejection,
    YearMark,
    YearWord,
)
from server.api.messages import Done
from server.county import CALENDAR, CATALOGUE
from server.editions import approving, drafts, listing, recounting, refunds
from server.editions.content import begins_on
from server.editions.listing import Published
from server.editions.sheets import calendar_sheet, catalogue_sheet
from shared import ids
from shared.calendar_diff import CalendarDifference
from shared.catalogue_diff import Difference
from shared.item_rows import words_of

KINDS: dict[str, str] = {"catalogue": CATALOGUE, "calendar": CALENDAR}
WORDS: dict[str, Kind] = {CATALOGUE: "catalogue", CALENDAR: "calendar"}


def _editions(call: Call) -> list[EditionLine]:
    county = call.desk.county
    with county.ledger.read() as tx:
        return [_line(one) for kind in listing.BOTH for one in listing.published(county, tx, kind)]


def _difference(call: Call) -> DifferenceSheet:
    county, kind = call.desk.county, KINDS.get(call.query.get("kind", ""))
    if kind is None:
        raise WrongParameter("参数 kind 应为 catalogue 或 calendar。")
    with county.ledger.read() as tx:
        old, new = (
            listing.edition_numbered(county, tx, kind, _integer(call, name))
            for name in ("from", "to")
        )
    return _sheet(listing.difference(old.edition, new.edition))


def _drafts(call: Call) -> list[DraftLine]:
    county = call.desk.county
    with county.ledger.read() as tx:
        rows = drafts.listed(county, tx, call.person)
        return [_draft_line(drafts.open_in(county, tx, call.person, row)) for row in rows]


def _begin(call: Call) -> DraftLine:
    asked = call.body_as(NewDraft)
    draft = drafts.begin(call.desk.county, call.person, KINDS[asked.kind])
    return _draft_line(drafts.opened(call.desk.county, call.person, draft))


def _draft(call: Call) -> DraftWhole:
    seen = drafts.opened(call.desk.county, call.person, _id(call))
    is_catalogue = seen.row.kind == CATALOGUE
    items = seen.content.catalogue.items if is_catalogue else ()
    return DraftWhole(_draft_line(seen), _sheet(seen.changes), [words_of(item) for item in items])


def _head(call: Call) -> DraftLine:
    asked = call.body_as(Head)
    drafts.save_head(
        call.desk.county, call.person, _id(call), asked.revision, document=asked.document,
        doc_no=asked.doc_no, effective_on=_date(asked.effective_on),
    )  # fmt: skip
    return _again(call)


def _item(call: Call) -> DraftLine:
    asked = call.body_as(ItemCells)
    drafts.save_item(
        call.desk.county, call.person, _id(call), asked.revision, asked.code, asked.cells
    )
    return _again(call)


def _drop(call: Call) -> DraftLine:
    asked = call.body_as(ItemDrop)
    drafts.drop_item(call.desk.county, call.person, _id(call), asked.revision, asked.code)
    return _again(call)


def _days(call: Call) -> DraftLine:
    asked = call.body_as(Days)
    drafts.set_days(
        call.desk.county, call.person, _id(call), asked.revision, _date(asked.first),
        _date(asked.last), worked=asked.worked,
    )  # fmt: skip
    return _again(call)


def _year(call: Call) -> DraftLine:
    asked = call.body_as(YearMark)
    drafts.set_year(
        call.desk.county, call.person, _id(call), asked.revision, asked.year,
        provisional=asked.provisional,
    )  # fmt: skip
    return _again(call)


def _rebase(call: Call) -> DraftLine:
    asked = call.body_as(OfRevision)
    drafts.move_onto_latest(call.desk.county, call.person, _id(call), asked.revision)
    return _again(call)


def _propose(call: Call) -> Done:
    asked = call.body_as(OfRevision)
    done = approving.propose(call.desk.county, call.person, _id(call), asked.revision)
    return Done(done.id.hex())


def _approve(call: Call) -> Done:
    return Done(approving.approve_and_count(call.desk.county, call.person, _id(call)).id.hex())


def _reject(call: Call) -> Done:
    asked = call.body_as(Rejection)
    return Done(approving.reject(call.desk.county, call.person, _id(call), asked.reason).id.hex())


def _withdraw(call: Call) -> Done:
    return Done(approving.withdraw(call.desk.county, call.person, _id(call)).id.hex())


def _refunds(call: Call) -> list[RefundLine]:
    found = refunds.tasks(call.desk.county, call.person, done=call.flag("done"))
    return [
        RefundLine(
            ids.record_text(one.charge), ids.record_text(one.matter), one.site, one.item,
            one.amount_fen, one.allowed_fen, one.back_fen, one.on.isoformat(), one.edition.number,
            one.why,
        )
        for one in found
    ]  # fmt: skip


def _refund(call: Call) -> Done:
    asked = call.body_as(Refund)
    done = refunds.refund(
        call.desk.county, call.person, ids.parse_record(asked.charge), asked.reason
    )
    return Done(done.id.hex())


def _recounts(call: Call) -> list[RecountLine]:
    with call.desk.county.ledger.read() as tx:
        found = [recounting.progress(call.desk.county, tx, row.recount) for row in tx.recounts()]
    return [
        RecountLine(
            one.recount.recount.hex(), one.recount.looked, one.recount.changed, one.recount.later,
            one.ahead, one.is_done,
        )
        for one in found
        if one is not None
    ]  # fmt: skip


def _changes(call: Call) -> list[DueLine]:
    recount = ids.parse_operation(call.query.get("recount", ""))
    after = call.query.get("after")
    with call.desk.county.ledger.read() as tx:
        found = tx.due_changes(recount, after=ids.parse_record(after) if after else b"")
    seen = {row.record for row in call.desk.rows(call.person, [one.record for one in found])}
    return [
        DueLine(
            ids.record_text(one.record), _iso(one.before_on), _iso(one.after_on),
            bool(one.provisional),
        )
        for one in found
        if one.record in seen
    ]  # fmt: skip


def _line(one: Published) -> EditionLine:
    states: dict[str, Literal["in_force", "ahead", "past"]] = {
        listing.IN_FORCE: "in_force", listing.AHEAD: "ahead", listing.PAST: "past",
    }  # fmt: skip
    return EditionLine(
        WORDS[one.kind], one.number, one.document, one.doc_no, one.effective_on.isoformat(),
        one.published_on.isoformat(), one.made_by, one.second_signer, one.made_at,
        states[one.state], one.operation.hex(),
    )  # fmt: skip


def _draft_line(seen: drafts.Opened) -> DraftLine:
    row, edition = seen.row, seen.content.edition
    return DraftLine(
        ids.record_text(row.draft), WORDS[row.kind],
        "proposed" if row.state == drafts.PROPOSED else "draft",
        edition.document, seen.content.doc_no, begins_on(edition).isoformat(), row.made_by,
        row.changed_at, row.revision, row.note, seen.is_behind,
    )  # fmt: skip


def _sheet(changes: Difference | CalendarDifference) -> DifferenceSheet:
    if isinstance(changes, CalendarDifference):
        sheet = calendar_sheet(changes)
        spans = [
            DaySpan(one.first.isoformat(), one.last.isoformat(), one.before, one.after)
            for one in sheet.spans
        ]
        return DifferenceSheet([], spans, [YearWord(*one) for one in sheet.years])
    groups = [
        ChangeGroup(
            section.group,
            [
                ChangeEntry(
                    one.code, one.name,
                    [ChangeLine(line.heading, line.before, line.after) for line in one.lines],
                    list(one.before), list(one.after),
                )
                for one in section.entries
            ],
        )
        for section in catalogue_sheet(changes)
    ]  # fmt: skip
    return DifferenceSheet(groups, [], [])


def _again(call: Call) -> DraftLine:
    return _draft_line(drafts.opened(call.desk.county, call.person, _id(call)))


def _id(call: Call) -> bytes:
    return ids.parse_record(call.path["draft"])


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise WrongParameter("日期应为真实的日子，例如 2026-07-01。") from error


def _integer(call: Call, name: str) -> int:
    text = call.query.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise WrongParameter(f"参数 {name} 应为版次，例如 2。")
    return int(text)


def _iso(number: int | None) -> str | None:
    if number is None:
        return None
    return f"{number // 10_000:04d}-{number // 100 % 100:02d}-{number % 100:02d}"


DRAFT = "/editions/drafts/{draft}"
PAIR = (
    Parameter("kind", "catalogue 或 calendar", True),
    Parameter("from", "原来的版次", True),
    Parameter("to", "现在的版次", True),
)
OF_RECOUNT = (
    Parameter("recount", "日历版的操作编号", True),
    Parameter("after", "从这条记录之后继续", schema=RECORD),
)
GIVEN = (Parameter("done", "true：列已退的", schema={"type": "boolean"}),)
ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("GET", "/editions", "事项目录和工作日历的各版", list[EditionLine], _editions),
    Endpoint(
        "GET", "/editions/difference", "两版的变动表", DifferenceSheet, _difference,
        parameters=PAIR,
    ),
    Endpoint("GET", "/editions/drafts", "草稿", list[DraftLine], _drafts),
    Endpoint("POST", "/editions/drafts", "起草新版", DraftLine, _begin, NewDraft),
    Endpoint("GET", DRAFT, "一份草稿", DraftWhole, _draft),
    Endpoint("POST", f"{DRAFT}/head", "写名称、文号、生效日期", DraftLine, _head, Head),
    Endpoint("POST", f"{DRAFT}/item", "改或增一个事项", DraftLine, _item, ItemCells),
    Endpoint("POST", f"{DRAFT}/drop", "取消一个事项", DraftLine, _drop, ItemDrop),
    Endpoint("POST", f"{DRAFT}/days", "改放假和上班", DraftLine, _days, Days),
    Endpoint("POST", f"{DRAFT}/year", "年份暂定与否、添加年份", DraftLine, _year, YearMark),
    Endpoint("POST", f"{DRAFT}/rebase", "更新到最近公布的一版", DraftLine, _rebase, OfRevision),
    Endpoint("POST", f"{DRAFT}/propose", "提交批准", Done, _propose, OfRevision),
    Endpoint("POST", f"{DRAFT}/withdraw", "撤回自己的提交", Done, _withdraw),
    Endpoint("POST", f"{DRAFT}/approve", "批准并公布，须另一人", Done, _approve),
    Endpoint("POST", f"{DRAFT}/reject", "退回", Done, _reject, Rejection),
    Endpoint(
        "GET", "/editions/refunds", "退费任务", list[RefundLine], _refunds, parameters=GIVEN
    ),
    Endpoint("POST", "/editions/refunds", "记为已退", Done, _refund, Refund),
    Endpoint("GET", "/editions/recounts", "到期日重算", list[RecountLine], _recounts),
    Endpoint(
        "GET", "/editions/recounts/changes", "改变的到期日", list[DueLine], _changes,
        parameters=OF_RECOUNT,
    ),
)  # fmt: skip
