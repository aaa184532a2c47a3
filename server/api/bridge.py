"""The endpoints of the bridge to the province: how it stands, files out, answers in, codes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from server.api.call import Call, Endpoint, WrongParameter
from server.bridge import desk
from server.bridge.answers import FORMAT as ANSWER_FORMAT
from server.bridge.batch import batch_text
from server.bridge.making import BATCH_CASES
from server.bridge.mapping import Line
from shared import ids


class BridgeBatchLine(msgspec.Struct, frozen=True):
    """One file for the province; accepted and rejected count answered rows."""

    batch: str
    made_at: int
    written: bool
    cases: int
    rows: int
    accepted: int
    rejected: int
    person: str


class BridgeGap(msgspec.Struct, frozen=True):
    """A code without mapping (section `data`: what records lack) and the cases that wait."""

    section: str
    code: str
    meaning: str
    cases: int


class BridgeReason(msgspec.Struct, frozen=True):
    """Why the province sent a row of a table back."""

    table: str
    reason: str


class BridgeRejection(msgspec.Struct, frozen=True):
    """A case with rows that the province sent back."""

    record: str
    batch: str
    project_no: str
    rows: list[BridgeReason]


class BridgeState(msgspec.Struct, frozen=True):
    """How the bridge stands. `changes`: entries of the ledger nobody has looked at yet."""

    recipient: str
    changes: int
    recheck: bool
    counts: dict[str, int]
    mapping_edition: int
    """0: the proposals that came with the program."""
    batches: list[BridgeBatchLine]
    missing: list[BridgeGap]
    rejections: list[BridgeRejection]


class BridgeExport(msgspec.Struct, frozen=True):
    """`since`: last (only differences), all, or a day from which everything is told again."""

    since: str = "last"
    format: Literal["xlsx", "json"] = "json"
    cases_max: Annotated[int, Meta(ge=1, le=BATCH_CASES)] = 500


class BridgeAgain(msgspec.Struct, frozen=True):
    """A batch to be given out once more, byte by byte."""

    batch: str
    format: Literal["xlsx", "json"] = "json"


class BridgeFile(msgspec.Struct, frozen=True):
    """A batch as a file; `batch` null: nothing differs. It holds personal data."""

    batch: str | None
    name: str
    content: bytes
    again: bool
    more: bool


class BridgeAnswerRow(msgspec.Struct, frozen=True):
    """What the province says of one row."""

    row_guid: str
    answer: Literal["accepted", "rejected"]
    reason: str = ""
    platform_no: str = ""


class BridgeAnswer(msgspec.Struct, frozen=True):
    """An answer to a batch, or a part of one."""

    county: str
    batch: str
    rows: list[BridgeAnswerRow]


class BridgeAnswered(msgspec.Struct, frozen=True):
    """What became of the rows of an answer."""

    batch: str
    accepted: int
    rejected: int
    known: int
    outdated: int
    numbers: int


class BridgeCode(msgspec.Struct, frozen=True):
    """One line of the table of codes; an empty `code` means: not mapped."""

    section: str
    local: str
    code: str
    label: str = ""
    source: str = ""


class BridgeCodes(msgspec.Struct, frozen=True):
    """Lines to replace; the others stay."""

    codes: list[BridgeCode]


class BridgeEdition(msgspec.Struct, frozen=True):
    """The edition of the table of codes that holds now."""

    edition: int


class BridgeResend(msgspec.Struct, frozen=True):
    """A case of which the province sent rows back, to be told again unchanged."""

    record: str


class BridgeDone(msgspec.Struct, frozen=True):
    """Done."""

    done: bool = True


def _state(call: Call) -> BridgeState:
    county = call.desk.county
    found = desk.overview(county, call.person)
    return BridgeState(
        recipient=found.recipient, changes=found.changes, recheck=found.is_recheck,
        counts=found.counts, mapping_edition=found.codes.number,
        batches=[
            BridgeBatchLine(
                batch_text(county.code, one.batch), one.made_at, one.written_at is not None,
                one.cases, one.rows, one.accepted, one.rejected, one.person,
            )
            for one in found.batches
        ],
        missing=[BridgeGap(one.section, one.local, one.meaning, one.cases) for one in found.gaps],
        rejections=[
            BridgeRejection(
                ids.record_text(one.record), batch_text(county.code, one.batch), one.project_no,
                [BridgeReason(*row) for row in one.rows],
            )
            for one in found.rejections
        ],
    )  # fmt: skip


def _export(call: Call) -> BridgeFile:
    asked = call.body_as(BridgeExport)
    county = call.desk.county
    made, name, content = desk.export_bytes(
        county, call.person, _since(asked.since), f".{asked.format}", cases_max=asked.cases_max
    )
    number = batch_text(county.code, made.batch.batch) if made.batch is not None else None
    return BridgeFile(number, name, content, made.is_again, made.is_full)


def _again(call: Call) -> BridgeFile:
    asked = call.body_as(BridgeAgain)
    county = call.desk.county
    batch, name, content = desk.again_bytes(county, call.person, asked.batch, f".{asked.format}")
    return BridgeFile(batch_text(county.code, batch.batch), name, content, True, False)


def _answer(call: Call) -> BridgeAnswered:
    asked = call.body_as(BridgeAnswer)
    told = {"format": ANSWER_FORMAT, **msgspec.to_builtins(asked)}
    raw = msgspec.json.encode(told)
    done = desk.answer_bytes(call.desk.county, call.person, "answer.json", raw)
    return BridgeAnswered(
        done.batch, done.accepted, done.rejected, done.known, done.outdated, done.numbers
    )


def _codes(call: Call) -> list[BridgeCode]:
    lines = desk.mapping_lines(call.desk.county, call.person)
    return [BridgeCode(one.section, one.local, one.code, one.label, one.source) for one in lines]


def _change_codes(call: Call) -> BridgeEdition:
    lines = [
        Line(one.section, one.local, one.label, one.code.strip(), one.source)
        for one in call.body_as(BridgeCodes).codes
    ]
    return BridgeEdition(desk.change_codes(call.desk.county, call.person, lines).number)


def _resend(call: Call) -> BridgeDone:
    record = ids.parse_record(call.body_as(BridgeResend).record)
    desk.resend(call.desk.county, call.person, record)
    return BridgeDone()


def _since(text: str) -> date | str:
    if text in ("last", "all"):
        return text
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise WrongParameter("since 应为 last、all 或日期，例如 2026-10-31。") from error


ENDPOINTS = (
    Endpoint("GET", "/bridge", "省平台对接情况", BridgeState, _state),
    Endpoint(
        "POST", "/bridge/batches", "导出下一批（含个人信息，记入日志）", BridgeFile, _export,
        BridgeExport,
    ),
    Endpoint(
        "POST", "/bridge/batches/again", "原样重发一批（含个人信息，记入日志）", BridgeFile, _again,
        BridgeAgain,
    ),
    Endpoint(
        "POST", "/bridge/answers", "装入省平台的回执", BridgeAnswered, _answer, BridgeAnswer
    ),
    Endpoint("POST", "/bridge/resend", "退回的办件再报一次", BridgeDone, _resend, BridgeResend),
    Endpoint("GET", "/bridge/codes", "代码对照表", list[BridgeCode], _codes),
    Endpoint(
        "POST", "/bridge/codes", "改代码对照表的若干行", BridgeEdition, _change_codes, BridgeCodes
    ),
)  # fmt: skip
