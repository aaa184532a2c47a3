"""The province's answer: which rows it took, which it sent back and why, its own numbers.

A file is checked whole before anything of it is taken, and taken again it changes nothing. What it
says of a row counts only for the batch in which that row was told last.

    {"format": "bianmin-bridge-answer/1", "county": "510322", "batch": "510322-01-000017",
     "count": 2, "rows": [{"row_guid": …, "answer": "accepted" | "rejected", "reason": …,
     "platform_no": …}, …]}

As a spreadsheet: one line a row, headings cd_batch, row_guid, answer, reason, platform_no (or their
Chinese names).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from server.bridge.batch import (
    ACCEPTED,
    REJECTED,
    CaseTold,
    Told,
    batch_text,
    parse_batch,
    read_piece,
    read_told,
    state_of,
)
from server.bridge.making import pieces_of
from server.bridge.tables import parse_row_key
from server.county import County
from server.landing import Landing
from server.spreadsheet import Unreadable, read_table
from server.steward import SYSTEM, Draft, write
from server.storage import Tx
from server.storage.desk_rows import BridgeBatch, BridgeCase
from shared import numbered
from shared.errors import Refused
from shared.ids import record_text

FORMAT = "bianmin-bridge-answer/1"
BYTES_MAX = 40 << 20
ROWS_MAX = 200_000
NUMBER_MAX = 50
REASON_MAX = 500
COLUMNS = {
    "cd_batch": "cd_batch", "批次号": "cd_batch", "row_guid": "row_guid",
    "记录唯一标识": "row_guid", "answer": "answer", "处理结果": "answer", "reason": "reason",
    "原因": "reason", "platform_no": "platform_no", "省平台办件号": "platform_no",
}  # fmt: skip
WORDS = {
    "accepted": ACCEPTED, "接收": ACCEPTED, "成功": ACCEPTED, "通过": ACCEPTED,
    "rejected": REJECTED, "退回": REJECTED, "失败": REJECTED, "不通过": REJECTED,
}  # fmt: skip
_PART = 500


class WrongAnswer(Refused):
    """A file that is no answer to a batch of this county; nothing was changed."""


class AnswerRow(NamedTuple):
    """What the province says of one row."""

    record: bytes
    suffix: str
    answer: int
    reason: str
    platform_no: str


@dataclass(slots=True)
class Answered:
    """What became of an answer; counts are rows."""

    batch: str
    accepted: int = 0
    rejected: int = 0
    known: int = 0
    """Said before, in the same words."""
    outdated: int = 0
    """About a telling that a later batch has replaced."""
    numbers: int = 0
    """Numbers of the province that became aliases."""


@dataclass(frozen=True, slots=True)
class _Answer:
    batch: str
    rows: list[AnswerRow] = field(default_factory=list)


def take_answer(county: County, path: Path, author: str = SYSTEM) -> Answered:
    """Take the province's answer; raise WrongAnswer, WrongBatch, Unreadable: nothing changed.

    `author`: who brought it. Numbers become operations of the county in its name.
    """
    answer = read_answer(county, path)
    with county.ledger.read() as tx:
        batch = _require_batch(tx, county, answer)
    by_case: dict[bytes, list[AnswerRow]] = {}
    for row in answer.rows:
        by_case.setdefault(row.record, []).append(row)
    with county.ledger.read() as tx:
        _require_known_rows(tx, batch, by_case)
        _require_own_numbers(tx, by_case)
    done = Answered(batch_text(county.code, batch.batch))
    cases = sorted(by_case)
    for first in range(0, len(cases), _PART):
        part = {one: by_case[one] for one in cases[first : first + _PART]}
        told = county.ledger.writing(partial(_take, county, batch.batch, part, author))
        for name in ("accepted", "rejected", "known", "outdated", "numbers"):
            setattr(done, name, getattr(done, name) + getattr(told, name))
    return done


# ---- reading


class _JsonRow(msgspec.Struct):
    row_guid: str
    answer: str
    reason: str = ""
    platform_no: str = ""


class _JsonAnswer(msgspec.Struct):
    format: str
    county: str
    batch: str
    rows: list[_JsonRow]
    count: int | None = None


def read_answer(county: County, path: Path) -> _Answer:
    """Return the answer in a file; raise WrongAnswer, Unreadable."""
    told = _from_json(county, path) if path.suffix.lower() == ".json" else _from_table(path)
    if not told[1]:
        raise WrongAnswer("回执里没有一行，没有作任何改动；请向省平台重新下载。")
    rows, seen = [], set()
    for number, row in told[1]:
        where = f"第 {number} 行"
        key = parse_row_key(row.row_guid.strip())
        answer = WORDS.get(row.answer.strip().lower())
        if key is None:
            raise WrongAnswer(f"回执{where}的记录唯一标识不是本县报送的，没有作任何改动。")
        if answer is None:
            raise WrongAnswer(f"回执{where}的处理结果应为“接收”或“退回”，没有作任何改动。")
        if key in seen:
            raise WrongAnswer(f"回执{where}的记录重复出现，没有作任何改动；请向省平台核实。")
        seen.add(key)
        reason = " ".join(row.reason.split())[:REASON_MAX]
        if answer == REJECTED and not reason:
            reason = "省平台没有写明原因"
        reason = reason if answer == REJECTED else ""
        rows.append(AnswerRow(*key, answer, reason, _number(row, where)))
    return _Answer(told[0], rows)


def tidy(number: str) -> str:
    """Return a number of the province as it is kept and looked for."""
    return unicodedata.normalize("NFKC", number).strip().upper()


def _number(row: _JsonRow, where: str) -> str:
    number = tidy(row.platform_no)
    if len(number) > NUMBER_MAX or not number.isprintable():
        raise WrongAnswer(f"回执{where}的省平台办件号超过 {NUMBER_MAX} 个字符，没有作任何改动。")
    return number


def _from_json(county: County, path: Path) -> tuple[str, list[tuple[int, _JsonRow]]]:
    try:
        if path.stat().st_size > BYTES_MAX:
            raise WrongAnswer("回执超过 40 MB，请核对是不是选错了文件。")
        told = msgspec.json.decode(path.read_bytes(), type=_JsonAnswer)
    except OSError as error:
        raise Unreadable(f"打不开文件（{error.strerror}），请核对文件名和位置。") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise WrongAnswer(
            "回执不完整或格式不对，没有作任何改动；请向省平台重新下载后再装。"
        ) from error
    if told.format != FORMAT:
        raise WrongAnswer("这不是省平台的回执文件，没有作任何改动；请核对文件。")
    if told.county != str(county.code):
        raise WrongAnswer(f"这是 {told.county[:12]} 县的回执，不是本县的，没有作任何改动。")
    if told.count is not None and told.count != len(told.rows):
        raise WrongAnswer(
            f"回执应有 {told.count} 行，只有 {len(told.rows)} 行，没有作任何改动；请重新下载。"
        )
    return told.batch, list(enumerate(told.rows, 1))


def _from_table(path: Path) -> tuple[str, list[tuple[int, _JsonRow]]]:
    table = read_table(path, rows_max=ROWS_MAX)
    names = [COLUMNS.get(heading.strip(), "") for heading in table.header]
    missing = {"cd_batch", "row_guid", "answer"} - set(names)
    if missing:
        raise WrongAnswer(
            "回执的表头应有：批次号、记录唯一标识、处理结果、原因、省平台办件号；没有作任何改动。"
        )
    rows, batches = [], set()
    for number, line in table.rows:
        cells = dict(zip(names, line, strict=False))
        batches.add(cells.get("cd_batch", ""))
        told = (cells.get(name, "") for name in ("row_guid", "answer", "reason", "platform_no"))
        rows.append((number, _JsonRow(*told)))
    if len(batches) > 1:
        raise WrongAnswer("回执里有几个批次，请一个批次一个文件；没有作任何改动。")
    return next(iter(batches), ""), rows


# ---- checking


def _require_batch(tx: Tx, county: County, answer: _Answer) -> BridgeBatch:
    epoch = tx.county_head().epoch
    batch = tx.bridge_batch(parse_batch(county.code, epoch, answer.batch))
    if batch is None or batch.closed_at is None:
        raise WrongAnswer(
            f"本县没有报送过批次 {answer.batch[:40]}，没有作任何改动；"
            "如果县库恢复过备份，请重新导出后等新的回执。"
        )
    return batch


def _require_known_rows(tx: Tx, batch: BridgeBatch, by_case: dict[bytes, list[AnswerRow]]) -> None:
    """Every row has to be one that this batch told; erased batches trust what is remembered."""
    told: dict[bytes, set[str]] = {}
    if tx.count_bridge_pieces(batch.batch) == batch.cases:
        for piece in pieces_of(tx, batch.batch):
            if piece.record in by_case:
                told[piece.record] = {row.suffix for row in read_piece(piece.content).rows}
    else:
        for record, case in tx.bridge_cases(list(by_case)).items():
            remembered = read_told(case.told)
            told[record] = {*remembered.rows, *remembered.taken_back}
    unknown = sum(
        row.suffix not in told.get(record, ()) for record, rows in by_case.items() for row in rows
    )
    if unknown:
        raise WrongAnswer(
            f"回执里有 {unknown} 行不在这一批里，没有作任何改动；请核对是不是拿错了批次的回执。"
        )


def _require_own_numbers(tx: Tx, by_case: dict[bytes, list[AnswerRow]]) -> None:
    owners: dict[str, bytes] = {}
    for record, rows in by_case.items():
        for row in rows:
            if row.platform_no and owners.setdefault(row.platform_no, record) != record:
                raise WrongAnswer(
                    f"省平台办件号 {row.platform_no} 在回执里给了两个办件，没有作任何改动；"
                    "请向省平台核实。"
                )
    for number, record in tx.owners_of_numbers(numbered.PLATFORM, list(owners)).items():
        if owners[number] != record:
            raise WrongAnswer(
                f"省平台办件号 {number} 已经是另一个办件的，没有作任何改动；请向省平台核实。"
            )


# ---- taking


def _take(
    county: County, batch: int, part: dict[bytes, list[AnswerRow]], author: str, tx: Tx
) -> Answered:
    tx.take_county_seq(0)
    done = Answered("")
    cases: list[BridgeCase] = []
    for record, case in tx.bridge_cases(list(part)).items():
        told = read_told(case.told)
        for row in part[record]:
            _note(told, batch, row, done)
        missing = case.missing.split("\n") if case.missing else []
        state = state_of(told, missing)
        if told.encode() != case.told or state != case.state:
            cases.append(case._replace(state=state, told=told.encode()))
    tx.put_bridge_cases(cases)
    done.numbers = _alias(tx, county, part, author)
    row_of = tx.bridge_batch(batch)
    assert row_of is not None
    if done.accepted or done.rejected:
        tx.put_bridge_batch(
            row_of._replace(
                accepted=row_of.accepted + done.accepted, rejected=row_of.rejected + done.rejected
            )
        )
    return done


def _note(told: CaseTold, batch: int, row: AnswerRow, done: Answered) -> None:
    place = told.rows if row.suffix in told.rows else told.taken_back
    old = place.get(row.suffix)
    if old is None or old.batch != batch:
        done.outdated += 1
        return
    new = Told(old.digest, batch, row.answer, row.reason)
    if new == old:
        done.known += 1
        return
    place[row.suffix] = new
    done.accepted += row.answer == ACCEPTED
    done.rejected += row.answer == REJECTED


def _alias(
    tx: Tx, county: County, part: dict[bytes, list[AnswerRow]], author: str
) -> int:  # fmt: skip
    """Write the numbers that are new as operations of the county; return how many."""
    wanted = {
        row.platform_no: row.record
        for rows in part.values()
        for row in rows
        if row.platform_no and row.answer == ACCEPTED
    }
    known = tx.owners_of_numbers(numbered.PLATFORM, list(wanted))
    drafts = [
        _draft(record, number, author) for number, record in wanted.items() if number not in known
    ]
    if drafts:
        landing = Landing(tx, county.editions(tx))
        write(tx, county, drafts, landing)
        landing.finish()
    return len(drafts)


def _draft(case: bytes, number: str, author: str) -> Draft:
    return Draft(
        numbered.alias_record(case, number), numbered.KIND, numbered.ACT,
        {"of": record_text(case), "number_kind": numbered.PLATFORM, "number": number},
        author=author,
    )  # fmt: skip


def rejected_rows(told: CaseTold) -> Sequence[tuple[str, str]]:
    """Return (suffix, reason) of the rows of a case that the province sent back."""
    rows = [*told.rows.items(), *told.taken_back.items()]
    return [(suffix, one.reason) for suffix, one in rows if one.answer == REJECTED]
