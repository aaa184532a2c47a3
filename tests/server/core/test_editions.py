"""Editions made by one person and published by another: drafts, proposals, decisions, crossings."""

from __future__ import annotations

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from server.county import CALENDAR, CATALOGUE, County
from server.editions import approving, drafts
from server.editions.listing import AHEAD, IN_FORCE, PAST, published
from server.load import LoadRefused
from server.sight import NotAllowed
from server.storage import Ledger, Tx
from server.storage.rows import Posting
from shared import ids
from shared.catalogue import Fee, Item
from shared.catalogue_diff import DoesNotFit
from shared.editions import InvalidEdition
from shared.fold import fold
from shared.item_rows import cells_of
from tests.server.core.editing import DOC_NO, TODAY, Office
from tests.server.core.world import CODE

ONE, OTHER = "BM-MZ-001", "BM-RS-007"


@pytest.fixture
def office(county: County) -> Office:
    return Office(county)


def states(office: Office, kind: str = CATALOGUE) -> list[tuple[int, str]]:
    with office.county.ledger.read() as tx:
        return [(one.number, one.state) for one in published(office.county, tx, kind)]


def test_an_edition_is_published_by_a_second_person_and_names_both(office: Office) -> None:
    draft = office.draft()
    office.rename(draft, ONE, "高龄津贴（新）")
    office.head(draft)
    proposal = office.propose(draft)
    with pytest.raises(NotAllowed, match="另一位有权限"):
        approving.approve(office.county, office.maker, draft)
    assert states(office) == [(1, IN_FORCE)]
    done = approving.approve(office.county, office.second, draft)
    assert done.skeleton.act == "publish"
    assert done.skeleton.author == office.maker.author
    assert done.data["second_signer"] == office.second.author
    assert done.data["doc_no"] == DOC_NO
    assert done.skeleton.parents == (proposal.id,)
    assert done.skeleton.record == proposal.skeleton.record
    assert "content" not in proposal.data, "a proposal must not be read as an edition"
    assert states(office) == [(2, IN_FORCE), (1, PAST)]
    assert office.catalogue().by_code[ONE].name == "高龄津贴（新）"
    with office.county.ledger.read() as tx:
        assert tx.drafts() == []
        assert (
            fold(tx.operations_of([done.skeleton.record])[done.skeleton.record]).state == "已公布"
        )
        assert tx.scopes_of([done.skeleton.record])[done.skeleton.record] == {"*"}


def test_whoever_laid_hands_on_a_draft_does_not_approve_it(office: Office) -> None:
    """An administrator changes another's draft: the proposer is not the only maker."""
    draft = office.draft()
    office.change_items(
        draft, lambda one: msgspec.structs.replace(one, legal_basis="新依据"), office.second
    )
    office.head(draft)
    office.propose(draft)
    for person in (office.maker, office.second):
        with pytest.raises(NotAllowed, match="第二个人"):
            approving.approve(office.county, person, draft)
        with pytest.raises(NotAllowed, match="第二个人"):
            approving.reject(office.county, person, draft, "不同意")
    third = office.person("丙管理员")
    assert approving.approve(office.county, third, draft).data["second_signer"] == third.author


@pytest.mark.parametrize("role", ["supervisor", "clerk", "head", "department"])
def test_nobody_but_an_administrator_approves(office: Office, role: str) -> None:
    draft = office.draft()
    office.rename(draft, ONE, "改名")
    office.head(draft)
    office.propose(draft)
    with pytest.raises(NotAllowed):
        approving.approve(office.county, office.person("丁某", role), draft)
    assert states(office) == [(1, IN_FORCE)]


def test_a_rejection_brings_the_draft_back_with_its_reason(office: Office) -> None:
    draft = office.draft()
    office.rename(draft, ONE, "改名")
    office.head(draft)
    proposal = office.propose(draft)
    with pytest.raises(drafts.NotOpen):
        office.rename(draft, ONE, "再改")
    with pytest.raises(approving.NoReason):
        approving.reject(office.county, office.second, draft, "  ")
    voided = approving.reject(office.county, office.second, draft, "依据不全")
    assert (voided.skeleton.act, voided.data["reason"]) == ("void", "依据不全")
    assert voided.skeleton.author == office.second.author
    seen = drafts.opened(office.county, office.maker, draft)
    assert (seen.state, seen.row.note, seen.may_edit) == ("草稿", "依据不全", True)
    with pytest.raises(approving.NotProposed):
        approving.approve(office.county, office.second, draft)
    office.rename(draft, ONE, "再改")
    again = office.propose(draft)
    assert again.skeleton.record != proposal.skeleton.record
    approving.approve(office.county, office.second, draft)
    with office.county.ledger.read() as tx:
        record = proposal.skeleton.record
        assert fold(tx.operations_of([record])[record]).state == "作废"
        assert tx.scopes_of([record])[record] == set(), "no tablet hears of a rejected proposal"


def test_a_maker_takes_a_proposal_back(office: Office) -> None:
    draft = office.draft()
    office.rename(draft, ONE, "改名")
    office.head(draft)
    office.propose(draft)
    with pytest.raises(approving.NotProposed):
        approving.withdraw(office.county, office.second, draft)
    approving.withdraw(office.county, office.maker, draft)
    assert drafts.opened(office.county, office.maker, draft).may_edit


def test_of_two_drafts_on_one_base_the_second_is_told(office: Office) -> None:
    first, second = office.draft(), office.draft()
    office.rename(first, ONE, "甲改")
    office.rename(second, OTHER, "乙改")
    for draft in (first, second):
        office.head(draft)
        office.propose(draft)
    approving.approve(office.county, office.second, first)
    with pytest.raises(drafts.BaseMoved, match="第 2 版"):
        approving.approve(office.county, office.second, second)
    with pytest.raises(drafts.UnknownDraft):
        approving.approve(office.county, office.second, first)
    approving.reject(office.county, office.second, second, "请先更新到新版")
    with pytest.raises(drafts.BaseMoved):
        office.propose(second)
    drafts.move_onto_latest(office.county, office.maker, second, office.revision(second))
    office.propose(second)
    approving.approve(office.county, office.second, second)
    names = office.catalogue().by_code
    assert (names[ONE].name, names[OTHER].name) == ("甲改", "乙改")
    assert states(office) == [(3, IN_FORCE), (2, PAST), (1, PAST)]


def test_two_approvals_at_once_leave_one_edition(both: County) -> None:
    """Two administrators press the button in the same moment, on drafts of one base."""
    office = Office(both)
    found = [office.draft(), office.draft()]
    for draft, code in zip(found, (ONE, OTHER), strict=True):
        office.rename(draft, code, f"改名{code}")
        office.head(draft)
        office.propose(draft)
    start = threading.Barrier(2)

    def press(draft: bytes) -> str:
        start.wait()
        try:
            approving.approve(both, office.second, draft)
        except drafts.BaseMoved:
            return "told"
        return "published"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, found)) == ["published", "told"]
    assert states(office) == [(2, IN_FORCE), (1, PAST)]


def test_drafts_that_changed_the_same_item_are_not_brought_together(office: Office) -> None:
    first, second = office.draft(), office.draft()
    office.rename(first, ONE, "甲改")
    office.rename(second, ONE, "乙改")
    office.publish(first)
    with pytest.raises(DoesNotFit, match=ONE):
        drafts.move_onto_latest(office.county, office.maker, second, office.revision(second))


def test_two_people_at_one_draft_never_overwrite_each_other(office: Office) -> None:
    draft = office.draft()
    old = office.revision(draft)
    office.rename(draft, ONE, "先改")
    cells = cells_of(office.catalogue().by_code[ONE])
    with pytest.raises(drafts.ChangedMeanwhile):
        drafts.save_item(office.county, office.second, draft, old, ONE, cells)
    with pytest.raises(drafts.ChangedMeanwhile):
        approving.propose(office.county, office.maker, draft, old)


def test_an_edition_begins_today_or_later_and_not_before_the_last(office: Office) -> None:
    draft = office.draft()
    office.rename(draft, ONE, "改名")
    with pytest.raises(approving.NotReady, match="文号"):
        office.propose(draft)
    office.head(draft, TODAY - timedelta(days=1))
    with pytest.raises(approving.NotReady, match="已经过去"):
        office.propose(draft)
    later = TODAY + timedelta(days=10)
    office.publish(draft, later)
    assert states(office) == [(2, AHEAD), (1, IN_FORCE)]
    assert office.catalogue().number == 1, "until its day the old edition holds"
    next_one = office.draft()
    office.rename(next_one, OTHER, "改名")
    office.head(next_one, TODAY)
    with pytest.raises(approving.NotReady, match="上一版的生效日期"):
        office.propose(next_one)
    office.head(next_one, later)
    office.propose(next_one)
    office.pass_days(12)
    with pytest.raises(approving.NotReady, match="生效日期已经过去"):
        approving.approve(office.county, office.second, next_one)
    assert office.catalogue().number == 2


def test_a_draft_without_a_change_is_not_proposed(office: Office) -> None:
    draft = office.draft()
    office.head(draft)
    with pytest.raises(approving.NothingChanged):
        office.propose(draft)


def test_a_department_drafts_its_own_items_only(office: Office) -> None:
    person = office.person("民政首席", "department")
    department = office.catalogue().by_code[ONE].department
    foreign = next(one for one in office.catalogue().items if one.department != department)

    def serve(tx: Tx) -> None:
        record = ids.uuid7(office.county.now(), bytes(10))
        tx.put_posting(
            Posting(
                record, person.author, office.editions.centre, "department", 20260101, None, None,
                department,
            )
        )  # fmt: skip

    office.county.ledger.writing(serve)
    draft = office.draft(person=person)

    def save(item: Item) -> None:
        changed = msgspec.structs.replace(item, legal_basis="新依据")
        revision = office.revision(draft)
        drafts.save_item(office.county, person, draft, revision, item.code, cells_of(changed))

    save(office.catalogue().by_code[ONE])
    with pytest.raises(NotAllowed, match="本部门的事项"):
        save(foreign)
    with pytest.raises(NotAllowed):
        drafts.drop_item(office.county, person, draft, office.revision(draft), foreign.code)
    with pytest.raises(NotAllowed):
        office.draft(CALENDAR, person)
    with pytest.raises(NotAllowed):
        office.draft(person=office.person("督查", "supervisor"))


def test_a_table_is_taken_whole_or_not_at_all(office: Office, tmp_path: Path) -> None:
    draft = office.draft()
    path = tmp_path / "items.csv"
    good = "BM-X-1,事项一,县民政局,即办件,5,0,是,0,身份证,某法"
    heads = (
        "事项编码,事项名称,主管部门,办件类型,法定时限,承诺时限,可否村代办,收费（元）,材料,设定依据"
    )
    path.write_text(f"{heads}\n{good}\n{good}\nBM-X-2,,县民政局,承诺件,5,9,是,x,,\n", "utf-8")
    with pytest.raises(LoadRefused) as refused:
        drafts.take_table(office.county, office.maker, draft, 1, path)
    said = str(refused.value)
    assert "第 4 行「事项名称」：不能为空" in said
    assert "第 4 行「收费（元）」" in said
    assert "第 3 行「事项编码」：与第 2 行的编码重复" in said
    assert len(drafts.opened(office.county, office.maker, draft).content.catalogue.items) == 60
    path.write_text(
        f"{heads},主项编码\n{good},BM-X-2\nBM-X-2,事项二,县民政局,即办件,5,0,是,0,,,BM-X-1\n",
        "utf-8",
    )
    with pytest.raises(LoadRefused, match="事项BM-X-1 → BM-X-2 → BM-X-1的主项或并入关系"):
        drafts.take_table(office.county, office.maker, draft, 1, path)
    path.write_text(f"{heads}\n{good}\n", "utf-8")
    assert drafts.take_table(office.county, office.maker, draft, 1, path) == 1
    assert len(drafts.opened(office.county, office.maker, draft).content.catalogue.items) == 1


def test_items_are_changed_added_and_cancelled_on_a_form(office: Office) -> None:
    draft = office.draft()
    cells = cells_of(office.catalogue().by_code[ONE])

    def save(named: str, **changed: str) -> Item:
        revision = office.revision(draft)
        return drafts.save_item(
            office.county, office.maker, draft, revision, named, {**cells, **changed}
        )

    assert save(ONE, fee_yuan="5.50").fee == Fee(amount_fen=550)
    with pytest.raises(drafts.ItemRefused) as refused:
        save(ONE, name="", promised_workdays="x")
    assert {fault.column for fault in refused.value.faults} == {"name", "promised_workdays"}
    with pytest.raises(drafts.UnknownCode, match="已有事项使用"):
        save("")
    save("", code="BM-NEW-1", parent=ONE)
    with pytest.raises(InvalidEdition, match="绕成了圈"):
        save(ONE, parent="BM-NEW-1")
    with pytest.raises(InvalidEdition, match="主项BM-MZ-001不在目录里"):
        drafts.drop_item(office.county, office.maker, draft, office.revision(draft), ONE)
    drafts.drop_item(office.county, office.maker, draft, office.revision(draft), OTHER)
    seen = drafts.opened(office.county, office.maker, draft)
    assert {group.value: n for group, n in seen.changes.counts().items()} == {  # type: ignore[union-attr]
        "新增": 1, "取消": 1, "收费改变": 1,
    }  # fmt: skip


def test_a_draft_lies_sealed_in_the_database(office: Office) -> None:
    draft = office.draft()
    office.rename(draft, ONE, "只在草稿里的名字")
    with office.county.ledger.engine.connect() as connection:
        (raw,) = connection.execute(text("SELECT content FROM edition_drafts")).one()
    assert "只在草稿里的名字".encode() not in raw
    # The fixture's file and key, opened again as after a restart.
    again = dataclasses.replace(
        office.county, ledger=Ledger(office.county.ledger.engine, CODE, office.county.keys.data)
    )
    seen = drafts.opened(again, office.maker, draft)
    assert seen.content.catalogue.by_code[ONE].name == "只在草稿里的名字"


def test_a_calendar_is_changed_by_spans_and_years(office: Office) -> None:
    draft = office.draft(CALENDAR)

    def revision() -> int:
        return office.revision(draft)

    with pytest.raises(drafts.WrongYear, match="跨年"):
        drafts.set_days(
            office.county, office.maker, draft, revision(), date(2026, 12, 30), date(2027, 1, 2),
            worked=False,
        )  # fmt: skip
    with pytest.raises(drafts.WrongYear, match="还没有 2028 年"):
        drafts.set_days(
            office.county, office.maker, draft, revision(), date(2028, 1, 1), date(2028, 1, 2),
            worked=False,
        )  # fmt: skip
    with pytest.raises(drafts.WrongYear, match="接着已有"):
        drafts.set_year(office.county, office.maker, draft, revision(), 2030, provisional=True)
    drafts.set_year(office.county, office.maker, draft, revision(), 2028, provisional=True)
    drafts.set_year(office.county, office.maker, draft, revision(), 2027, provisional=False)
    drafts.set_days(
        office.county, office.maker, draft, revision(), date(2027, 3, 6), date(2027, 3, 7),
        worked=True,
    )  # fmt: skip
    done = office.publish(draft)
    with office.county.ledger.read() as tx:
        calendar = office.county.editions(tx).calendar
    assert calendar.is_working_day(date(2027, 3, 6))
    assert calendar.is_provisional(date(2028, 1, 3))
    assert not calendar.is_provisional(date(2027, 1, 4))
    assert not calendar.is_working_day(date(2028, 1, 1))
    assert done.skeleton.kind == CALENDAR
