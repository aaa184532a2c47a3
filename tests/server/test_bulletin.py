"""The bulletin says what was frozen, in words and in three files (STORIES.md C2, S67, S71)."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from server.bulletin import words
from server.bulletin.content import TOWN_KEYS, places
from server.bulletin.desk import UnknownForm, bulletin_file
from server.bulletin.gather import bulletin_of
from server.bulletin.paper import sections
from server.metrics.definitions import BY_KEY
from server.months import closing
from server.months.sheets import Count, Sheet
from shared.civil import start_of_day
from tests.server.test_months import NOON, OCTOBER, World, _person, _sign_all

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
FORMS = ("pdf", "docx", "xlsx")
NAMES = ("测试甲", "窗口", "抽屉", "村站", "AGENT", "STAFF")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "county")
    for number in range(7):
        made.case(made.window, date(2026, 10, 9), date(2026, 10, 29 if number == 0 else 14))
    asked = made.village.act("consultation", "register", {"question": "测试甲问"}, at=_at(12))
    made.village.act(
        "consultation", "answer", {"answer": "已答"}, record=asked.skeleton.record,
        parents=[asked.id], at=_at(12) + 1,
    )  # fmt: skip
    case = made.window.act("case", "receive", {"person_name": "测试甲", "item": "BM-YB-004"},
                           at=_at(13))  # fmt: skip
    made.window.act(
        "rating", "rate", {"case": case.skeleton.record.hex(), "level": 1}, at=_at(14),
        author="citizen",
    )  # fmt: skip
    yield made
    made.county.ledger.engine.dispose()


def _at(day: int) -> int:
    return start_of_day(date(2026, 10, day)) + NOON


def _publish(world: World) -> None:
    world.go(date(2026, 11, 2))
    closing.freeze(world.county, OCTOBER, world.supervisor)
    _sign_all(world)
    closing.publish(world.county, world.supervisor, OCTOBER, "县务会审定")


def _file(world: World, form: str, month: date = OCTOBER, *, draft: bool = False) -> bytes:
    return bulletin_file(world.county, world.supervisor, month, form, draft=draft).content


def _sheets(content: bytes) -> dict[str, list[list[object]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {
        name: [list(row) for row in book.get_sheet_by_name(name).to_python()]
        for name in book.sheet_names
    }


def _text(content: bytes) -> str:
    paper = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(one.text for one in paper.paragraphs), *cells])


def _shown(sheet: Sheet, key: str) -> object:
    """What a workbook holds for a figure."""
    count = sheet.counts[key]
    if not BY_KEY[key].is_rate:
        return float(count.numerator)
    return count.numerator / count.denominator if count.denominator else "—"


def test_workbook_and_document_hold_the_frozen_figures(world: World) -> None:
    _publish(world)
    whole, parts = world.sheets()
    book = _sheets(_file(world, "xlsx"))
    assert list(book) == ["通报", "全县", "各乡镇", "逾期", "投诉", "更正", "签字与指纹", "口径"]
    lines = {row[1]: row for row in book["全县"][3:]}
    for key in TOWN_KEYS:
        line, count = lines[BY_KEY[key].label], whole.counts[key]
        assert line[2] == _shown(whole, key)
        assert line[3:5] == [count.numerator, "" if count.denominator is None else
                             count.denominator]  # fmt: skip
    assert lines["乡镇受理"][2] == 7
    assert lines["按时办结率"][2] == 6 / 7
    towns = {row[0]: row for row in book["各乡镇"][3:]}
    columns = dict(zip(TOWN_KEYS, (1, 2, 4, 5, 8, 11, 12), strict=True))
    for sheet in (*parts, whole):
        line = towns["全县" if not sheet.site else sheet.title]
        assert [line[at] for at in columns.values()] == [_shown(sheet, key) for key in columns]
    assert towns[parts[0].title][3] == 1
    assert towns[parts[1].title][3] == "—"
    assert [row[4] for row in book["逾期"][3:4]] == ["逾期办结"]
    assert [row[4] for row in book["签字与指纹"][3:4]] == [whole.digest]

    paper = docx.Document(io.BytesIO(_file(world, "docx")))
    table = paper.tables[1]
    assert len(table.rows) == len(parts) + 2
    first, last = ([cell.text for cell in table.rows[at].cells] for at in (1, -1))
    assert first[1:] == ["0", "7", "1", "7", "85.71%\n6/7", "0.00%\n0/1", "1", "0"]
    assert last[1:] == ["0", "7", "", "7", "85.71%\n6/7", "0.00%\n0/1", "1", "0"]
    assert "tblHeader" in table.rows[0]._tr.xml
    assert [
        one.text for one in paper.paragraphs if one.style and one.style.name == "Heading 1"
    ] == [part.heading for part in sections(bulletin_of(world.county, OCTOBER))]
    text = _text(_file(world, "docx"))
    for said in ("关于2026年10月便民服务工作情况的通报", "〔2026〕第10期", "受理办件7件，办结7件",
                 "按时办结6件，逾期办结1件，按时办结率85.71%（6/7）", "满意率0.00%（0/1）",
                 "没有接待村级服务方面的投诉", "各乡镇均已签字确认"):  # fmt: skip
        assert said in text


def test_the_same_month_is_the_same_bytes_whatever_happens_later(world: World) -> None:
    world.go(date(2026, 11, 2))
    closing.freeze(world.county, OCTOBER, world.supervisor)
    closing.publish(world.county, world.supervisor, OCTOBER, "按期公布", unsigned=True)
    before = [_file(world, form) for form in FORMS]
    world.go(date(2026, 11, 9))
    _sign_all(world)  # after it went out: no matter of the paper
    for number in range(3):
        world.case(world.drawer, date(2026, 10, 9), date(2026, 10, 29 if number else 14))
    world.go(date(2026, 12, 9))
    closing.freeze(world.county, NOVEMBER)
    assert [_file(world, form) for form in FORMS] == before
    assert "未签字：" in _text(before[1])
    assert before[0].startswith(b"%PDF-")


def test_nobody_is_named(world: World) -> None:
    world.village.act(
        "complaint", "register",
        {"target_kind": "agent", "target_name": "抽屉", "content": "收钱", "person_name": "测试甲"},
        at=_at(15),
    )  # fmt: skip
    _publish(world)
    told = bulletin_of(world.county, OCTOBER)
    book = _sheets(_file(world, "xlsx"))
    everything = repr(told) + repr(sections(told)) + _text(_file(world, "docx")) + repr(book)
    # The agent at the window is called as the window is, and a definition speaks of that.
    found = re.sub("窗口渠道", "", everything)
    assert [name for name in NAMES if name in found] == []
    assert "投诉" not in repr(book["各乡镇"][2:])


def test_a_month_without_work_says_so_in_words(world: World) -> None:
    world.go(date(2026, 12, 2))
    closing.freeze(world.county, NOVEMBER)
    text = _text(_file(world, "docx", NOVEMBER))
    for said in ("2026年11月，全县没有登记便民服务业务", "不计按时办结率", "本月没有逾期办结的办件",
                 "没有接待村级服务方面的投诉"):  # fmt: skip
        assert said in text
    rows = {row[1]: row for row in _sheets(_file(world, "xlsx", NOVEMBER))["全县"][3:]}
    assert (rows["按时办结率"][2], rows["满意率"][2]) == ("—", "—")


def test_a_month_that_is_not_frozen_has_a_draft_alone(world: World) -> None:
    world.go(date(2026, 11, 2))
    for form in FORMS:
        with pytest.raises(closing.NotClosed, match="还没有月结"):
            _file(world, form)
    draft = _file(world, "docx", draft=True)
    header = docx.Document(io.BytesIO(draft)).sections[0].header
    assert "草稿" in header.paragraphs[0].text
    assert "textpath" in header.paragraphs[0]._p.xml
    assert "不得引用" in _text(draft)
    made = bulletin_file(world.county, world.supervisor, OCTOBER, "pdf", draft=True)
    assert made.title == "富顺县便民服务月通报2026年10月（草稿）.pdf"
    with pytest.raises(closing.NotClosed, match="还没有开始"):
        _file(world, "pdf", DECEMBER, draft=True)
    with pytest.raises(closing.MonthBeforeBooks):
        _file(world, "pdf", date(2026, 9, 1), draft=True)
    with pytest.raises(UnknownForm, match="pdf、docx、xlsx"):
        _file(world, "doc")


def test_what_corrected_an_earlier_month_is_told_once(world: World) -> None:
    _publish(world)
    world.go(date(2026, 12, 4))  # the day of the next freeze: it must not be told by both
    for number in range(31):
        world.case(world.drawer, date(2026, 10, 9), date(2026, 10, 29 if number < 2 else 14))
    for month, on in ((NOVEMBER, date(2026, 12, 4)), (DECEMBER, date(2027, 1, 4))):
        world.go(on)
        closing.freeze(world.county, month)
    told = bulletin_of(world.county, NOVEMBER)
    lines = {one.label: one for one in told.late}
    rate = lines["按时办结率"]
    assert (rate.month, rate.on, rate.before, rate.after, rate.records, rate.by_network) == (
        "2026-10", "2026-12-04", "85.71%\n6/7", "92.11%\n35/38", 31, 31,
    )  # fmt: skip
    assert (lines["乡镇受理"].before, lines["乡镇受理"].after) == ("7", "38")
    assert {one.month for one in told.late} == {"2026-10"}
    after = bulletin_of(world.county, DECEMBER)
    assert after.late == ()
    assert "没有更正" in after.late_note
    assert told.has_before
    row = next(row for group in told.groups for row in group.rows if row.key == "M2")
    assert (row.text, row.before, row.change) == ("0", "7", "−7")


def test_who_reads_months_gets_the_file_and_the_links_of_a_known_console(world: World) -> None:
    _publish(world)
    clerk = _person("clerk", world.town)
    made = bulletin_file(world.county, clerk, OCTOBER, "xlsx", base="https://county.example")
    assert made.plain == "bulletin-2026-10.xlsx"
    assert "filename*=UTF-8''%E5%AF%8C" in made.disposition
    with zipfile.ZipFile(io.BytesIO(made.content)) as book:
        links = b"".join(book.read(one) for one in book.namelist() if one.endswith(".rels"))
    assert b"https://county.example/report/M2?from=2026-10-01&amp;to=2026-10-31" in links
    assert b"https://county.example/records/" in links
    with zipfile.ZipFile(io.BytesIO(_file(world, "xlsx"))) as book:
        assert not any(b"/report/M2" in book.read(one) for one in book.namelist())


@given(st.lists(st.integers(0, 40), max_size=30))
def test_places_follow_the_counts(accepted: list[int]) -> None:
    found = places(accepted)
    for count, place in zip(accepted, found, strict=True):
        assert place == (sorted(accepted, reverse=True).index(count) + 1 if count else 0)


@st.composite
def _rate(draw: st.DrawFn) -> Count:
    below = draw(st.integers(0, 200_000))
    return Count(draw(st.integers(0, below)), below, "", "")


@given(_rate(), _rate(), st.integers(0, 3))
def test_no_sentence_rounds_a_failure_away(closed: Count, rated: Count, waiting: int) -> None:
    both = Count(closed.numerator, (closed.denominator or 0) + waiting, "", "")
    counts = {"M2": Count(1, None, "", ""), "M4": closed, "M4_open": both, "M5": rated}
    text = "".join(words.summary(OCTOBER, counts, None, {}))
    perfect = closed.numerator == closed.denominator and not waiting
    if not perfect or rated.numerator != rated.denominator:
        assert "100.00%" not in text
    if not closed.denominator:
        assert "不计按时办结率" in text
        assert f"（{closed.numerator}/0）" not in text
    if not rated.denominator:
        assert "不计满意率" in text
    for shown in re.findall(r"[0-9.]+%", text):
        assert re.search(rf"{re.escape(shown)}（[0-9]+/[1-9][0-9]*）", text)
