"""No line starts with a mark that belongs to the line before, and nothing is lost on the way."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from mobile.kit.wrap import NOT_AT_END, NOT_AT_START, wrap

_HAN = "身份证户口簿材料时限群众咨询𠮷婠"
_MARKS = "。，、；：？！）”（“"
_TEXTS = st.text(alphabet=_HAN + _MARKS + "ab12- ", max_size=80)


def width(text: str) -> float:
    """Chinese characters are two wide, others one."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" or c in "“”" else 1 for c in text)


def test_a_mark_takes_the_character_before_it_along() -> None:
    assert wrap("请带身份证。", 10, width) == "请带身份\n证。"
    assert wrap("找王主任（二楼）", 10, width) == "找王主任\n（二楼）"


def test_a_number_stays_whole() -> None:
    assert wrap("电话13800138000请打", 12, width) == "电话\n13800138000\n请打"


def test_line_feeds_stay() -> None:
    assert wrap("一\n\n二", 10, width) == "一\n\n二"


@given(_TEXTS, st.integers(8, 40))
def test_nothing_is_lost_but_spaces_at_breaks(text: str, room: int) -> None:
    assert "".join(wrap(text, room, width).split()) == "".join(text.split())


@given(_TEXTS, st.integers(8, 40))
def test_lines_fit(text: str, room: int) -> None:
    assert all(width(line) <= room for line in wrap(text, room, width).split("\n"))


@given(st.text(alphabet=_HAN, min_size=1), st.lists(st.sampled_from("。，、；）”"), max_size=8))
def test_no_line_starts_with_a_mark(body: str, marks: list[str]) -> None:
    text = "".join(a + b for a, b in zip(body, [*marks, *[""] * len(body)], strict=False))
    for line in wrap(text, 8, width).split("\n"):
        assert line[:1] not in NOT_AT_START
        assert line[-1:] not in NOT_AT_END
