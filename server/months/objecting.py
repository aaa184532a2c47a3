"""异议: a township objects to a correction line of its month, and the county answers.

A late record lowers a township's figures though its people worked in time and only the network was
late (STORIES.md C2). The head says so on the township's sheet and the county's supervisor answers;
both are acts of the county on the sheet, with their reasons, and neither changes a frozen figure.
A sheet that is open is amended, a published one corrected: acts without fields, told apart by
their code (`server.months.sheets.OBJECTING`).
"""

from __future__ import annotations

from datetime import date

from server import sight, steward
from server.accounts import Person
from server.county import County, Editions
from server.months.corrections import corrections
from server.months.sheets import (
    DISMISSED,
    KIND,
    OBJECTED,
    PUBLISHED,
    UPHELD,
    Sheet,
    frozen,
    last_day,
    record_of,
    report_of,
)
from server.steward import Draft
from server.storage import Tx
from shared.canonical import Value
from shared.errors import Misuse, Refused
from shared.permissions import Capability


class NoSuchLine(Refused):
    """No correction by the network of this figure and day on the township's sheet."""


class AlreadyObjected(Refused):
    """The township objected to this line, or the county answered already."""


class ObjectionReasonMissing(Misuse):
    """An objection and its answer are said with a reason."""


def may_object(person: Person, editions: Editions) -> bool:
    """Whether the person may object on behalf of the township of their own."""
    decision = sight.over_site(person, editions, Capability.SIGN_MONTH, person.site)
    return bool(editions.township_of(person.site)) and decision.allowed


def raise_objection(
    county: County, person: Person, month: date, key: str, on: date, reason: str
) -> None:
    """Object to a correction line of the person's own township.

    Raises NotAllowed, ObjectionReasonMissing, NoSuchLine, AlreadyObjected.
    """
    reason = _said(reason)
    with county.ledger.read() as tx:
        editions = county.editions(tx)
        if not may_object(person, editions):
            raise sight.NotAllowed("异议由乡镇主任代表本乡镇提出，请他登录后提出。")
        site = editions.township_of(person.site)
        sheet = _sheet(tx, county, editions, month, site)
        report = report_of(tx, county, editions, month, last_day(month), site)
        lines = corrections(tx, sheet, report).lines
    if not any((line.key, line.on) == (key, on) and line.by_network for line in lines):
        raise NoSuchLine("本乡镇没有这一天因网络迟到的更正，请从更正表中选一行提出。")

    def step(tx: Tx) -> None:
        one = _sheet(tx, county, editions, month, site, locked=True)
        if any((each.key, each.on) == (key, on.isoformat()) for each in one.objections):
            raise AlreadyObjected("这一行更正已经提过异议，请等县督查答复。")
        _write(tx, county, month, one, f"{OBJECTED}:{key}:{on}", reason, person)

    county.ledger.writing(step)


def answer_objection(
    county: County, person: Person, month: date, site: str, key: str, on: date, reason: str,
    *, upheld: bool,
) -> None:  # fmt: skip
    """Answer a township's objection.

    Raises NotAllowed, ObjectionReasonMissing, NoSuchLine, AlreadyObjected.
    """
    reason = _said(reason)

    def step(tx: Tx) -> None:
        editions = county.editions(tx)
        decision = sight.over_site(person, editions, Capability.PUBLISH_MONTH, editions.centre)
        if not decision.allowed:
            raise sight.NotAllowed(decision.reason)
        sheet = _sheet(tx, county, editions, month, site, locked=True)
        open_ = {(one.key, one.on): one.answer for one in sheet.objections}
        answered = open_.get((key, on.isoformat()))
        if answered is None:
            raise NoSuchLine("没有这条异议，请从更正表中选一条答复。")
        if answered:
            raise AlreadyObjected("这条异议已经答复，不能再答复一次。")
        word = UPHELD if upheld else DISMISSED
        _write(tx, county, month, sheet, f"{word}:{key}:{on}", reason, person)

    county.ledger.writing(step)


def _said(reason: str) -> str:
    if not reason.strip():
        raise ObjectionReasonMissing("请写明理由，它会记在月结表上。")
    return reason.strip()


def _sheet(
    tx: Tx, county: County, editions: Editions, month: date, site: str, *, locked: bool = False
) -> Sheet:
    if locked:
        tx.lock_records([record_of(county.code, month, site)])
    _, parts = frozen(tx, county, month, editions)
    mine = next((one for one in parts if one.site == site), None)
    if mine is None:
        raise NoSuchLine(f"{month:%Y-%m} 还没有月结，月结以后才有更正和异议。")
    return mine


def _write(
    tx: Tx, county: County, month: date, sheet: Sheet, code: str, reason: str, person: Person
) -> None:
    record = record_of(county.code, month, sheet.site)
    entries = tx.operations_of([record])[record]
    heads = {entry.operation.id for entry in entries}
    for entry in entries:
        heads -= set(entry.operation.skeleton.parents)
    act = "correct_record" if sheet.state == PUBLISHED else "amend"
    data: dict[str, Value] = {"reason": reason, "reason_code": code}
    steward.write(
        tx, county,
        [Draft(record, KIND, act, data, tuple(sorted(heads)), person.author, person.site)],
    )  # fmt: skip
