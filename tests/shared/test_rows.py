"""Reading rows of a table: headings, numbers, yes and no."""

from __future__ import annotations

from datetime import date

import pytest

from shared.rows import Fault, RowReader


def row(cell: str) -> RowReader:
    return RowReader({"c": cell})


def test_text_is_nfc_without_space_around_it() -> None:
    assert row(" 郎\ufa2e ").text("c") == "郎郞"
    assert RowReader({}).text("c") == ""


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [("", "不能为空"), ("  ", "不能为空"), ("甲" * 11, "最多 10 个"), ("甲\x00", "控制字符")],
)
def test_bad_text_is_noted(cell: str, sentence: str) -> None:
    reader = row(cell)
    reader.text("c", longest=10, required=True)
    assert [fault.column for fault in reader.faults] == ["c"]
    assert sentence in reader.faults[0].sentence


def test_a_rare_character_beyond_the_basic_plane_is_one_character() -> None:
    reader = row("𬍛" * 10)
    assert reader.text("c", longest=10) == "𬍛" * 10
    assert reader.faults == []


@pytest.mark.parametrize("cell", ["5", " 5 ", "５", "05"])
def test_whole_numbers(cell: str) -> None:
    assert row(cell).whole("c", low=0, high=9) == 5


@pytest.mark.parametrize("cell", ["", "10", "-1", "1.5", "五", "٣", "9" * 30])
def test_what_is_no_whole_number_is_noted(cell: str) -> None:
    reader = row(cell)
    assert reader.whole("c", low=0, high=9) == 0
    assert len(reader.faults) == 1


@pytest.mark.parametrize(
    ("cell", "fen"), [("", 0), ("0", 0), ("20", 2000), ("20.0", 2000), ("0.01", 1), ("２０", 2000)]
)
def test_amounts_are_whole_fen(cell: str, fen: int) -> None:
    assert row(cell).fen("c") == fen


@pytest.mark.parametrize("cell", ["0.001", "-1", "20元", "NaN", "Infinity", "1e99"])
def test_what_is_no_amount_is_noted(cell: str) -> None:
    reader = row(cell)
    assert reader.fen("c") == 0
    assert "金额" in reader.faults[0].sentence


def test_a_choice_names_the_words_it_takes() -> None:
    reader = row("丙")
    reader.choice("c", {"甲": 1, "乙": 2})
    assert reader.faults == [Fault("c", "「丙」应为以下之一：甲、乙。")]
    assert row("乙").choice("c", {"甲": 1, "乙": 2}) == 2
    assert row("").choice("c", {"甲": 1}, 9) == 9
    missing = row("")
    missing.choice("c", {"甲": 1})
    assert len(missing.faults) == 1


@pytest.mark.parametrize(
    ("cell", "flag"), [("是", True), ("yes", True), ("否", False), ("no", False), ("", True)]
)
def test_flags(cell: str, flag: bool) -> None:
    assert row(cell).flag("c", default=True) == flag


def test_several_parts_stand_between_either_semicolon_or_lines() -> None:
    assert row("甲;乙；丙\n丁;;").several("c") == ("甲", "乙", "丙", "丁")
    assert row("").several("c") == ()
    twice = row("甲;甲")
    twice.several("c")
    assert "重复" in twice.faults[0].sentence
    long = row("甲" * 101)
    long.several("c")
    assert "100" in long.faults[0].sentence


@pytest.mark.parametrize(
    "cell", ["2026-11-03", "2026/11/3", "2026.11.03", "2026年11月3日", "２０２６-11-3"]
)
def test_dates_the_ways_people_write_them(cell: str) -> None:
    assert row(cell).day("c") == date(2026, 11, 3)


@pytest.mark.parametrize("cell", ["2026-13-01", "11/3/2026", "46000", "明天", "2026-11", "0-1-1"])
def test_what_is_no_date_is_noted(cell: str) -> None:
    reader = row(cell)
    assert reader.day("c") is None
    assert "2026-11-23" in reader.faults[0].sentence
    assert row("").day("c") is None
