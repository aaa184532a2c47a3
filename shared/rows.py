"""Rows of a table kept by a person, read cell by cell: a fault is noted and the reading goes on.

Used for the sample county's tables and for a county's own (`bianmin county load`), so both obey the
same rules.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TypeVar

T = TypeVar("T")

_SEPARATORS = str.maketrans({"；": ";", "\n": ";"})
FLAGS = {"是": True, "否": False, "yes": True, "no": False, "1": True, "0": False}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in code and CSV, its Chinese heading, an example for the template."""

    name: str
    heading: str
    example: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one cell, as a sentence for whoever keeps the table."""

    column: str
    sentence: str


@dataclass(slots=True)
class RowReader:
    """Reads one row; `faults` holds what was wrong, and a faulty cell reads as its default."""

    cells: Mapping[str, str]
    faults: list[Fault] = field(default_factory=list)

    def fail(self, column: str, sentence: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(column, sentence))

    def text(self, column: str, *, longest: int = 200, required: bool = False) -> str:
        """Return the cell in NFC without space around it."""
        text = unicodedata.normalize("NFC", self.cells.get(column, "")).strip()
        if not text and required:
            self.fail(column, "不能为空，请填写。")
        if len(text) > longest:
            self.fail(column, f"有 {len(text)} 个字，最多 {longest} 个，请缩短。")
            return ""
        if any(unicodedata.category(each) in {"Cc", "Cs"} for each in text if each != "\n"):
            self.fail(column, "含有看不见的控制字符，请重新输入这一格。")
            return ""
        return text

    def word(self, column: str, *, required: bool = False) -> str:
        """Return a code or number as one half-width word: NFKC, no inner space."""
        text = self.text(column, required=required, longest=60)
        return "".join(unicodedata.normalize("NFKC", text).split())

    def whole(self, column: str, *, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`."""
        word = self.word(column, required=True)
        if word.isascii() and word.isdigit() and len(word) <= 9 and low <= int(word) <= high:
            return int(word)
        if word:
            self.fail(column, f"「{word}」应为 {low} 到 {high} 的整数，请更正。")
        return low

    def fen(self, column: str) -> int:
        """Return an amount in 元 as 分; empty is 0."""
        word = self.word(column) or "0"
        try:
            fen = Decimal(word) * 100
        except InvalidOperation:
            fen = Decimal(-1)
        if fen.is_finite() and 0 <= fen <= 100_000_000 and fen == fen.to_integral_value():
            return int(fen)
        self.fail(column, f"「{word}」应为金额（元，最多两位小数），请更正。")
        return 0

    def choice(self, column: str, choices: Mapping[str, T], default: T | None = None) -> T:
        """Return what the cell's word stands for; an empty cell is `default`, if there is one."""
        word = self.word(column, required=default is None)
        if not word and default is not None:
            return default
        if word in choices:
            return choices[word]
        if word:
            self.fail(column, f"「{word}」应为以下之一：{'、'.join(choices)}。")
        return next(iter(choices.values())) if default is None else default

    def flag(self, column: str, *, default: bool) -> bool:
        """Return a yes or no."""
        return self.choice(column, FLAGS, default)

    def several(self, column: str, *, longest: int = 100) -> tuple[str, ...]:
        """Return the parts of a cell between `;`, `；` or line ends, without repetition."""
        text = self.text(column, longest=2000).translate(_SEPARATORS)
        parts = [part.strip() for part in text.split(";") if part.strip()]
        for part in parts:
            if len(part) > longest:
                self.fail(column, f"「{part[:20]}…」超过 {longest} 个字，请缩短。")
            if parts.count(part) > 1:
                self.fail(column, f"「{part}」重复，请只保留一个。")
                break
        return tuple(parts)

    def day(self, column: str) -> date | None:
        """Return a date, 2026-11-23 or with 年月日, points or strokes; an empty cell is None."""
        word = self.word(column)
        if not word:
            return None
        parts = word.rstrip("日").translate(str.maketrans("年月/.", "----")).split("-")
        if len(parts) == 3 and all(part.isascii() and part.isdigit() for part in parts):
            try:
                return date(*(int(part) for part in parts))
            except (ValueError, OverflowError):
                pass
        self.fail(column, f"「{word}」不是日期，请写成 2026-11-23。")
        return None
