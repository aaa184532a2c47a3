"""Write `shared/data/initials.txt`: every Han character with the initials of all its readings.

    python -m tests.tools.make_initials shared/data/initials.txt

Source: the readings of pypinyin (MIT), itself from pinyin-data (MIT) after the Unihan database.
Each line is the initials, a tab, and all characters that have exactly these; the first initial is
that of the commonest reading. Rerun after an update of pypinyin; a test compares the two.
"""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

from pypinyin.constants import PINYIN_DICT


def initials_of(readings: str) -> str:
    """The first letters of comma-separated readings, each once, in order."""
    letters: dict[str, None] = {}
    for reading in readings.split(","):
        plain = unicodedata.normalize("NFD", reading)
        first = next((c for c in plain.lower() if "a" <= c <= "z"), "")
        if first:
            letters[first] = None
    return "".join(letters)


def make_table() -> str:
    """The whole file as text."""
    groups: dict[str, list[str]] = {}
    for code in sorted(PINYIN_DICT):
        initials = initials_of(PINYIN_DICT[code])
        if initials:
            groups.setdefault(initials, []).append(chr(code))
    return "".join(f"{initials}\t{''.join(groups[initials])}\n" for initials in sorted(groups))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(make_table(), encoding="utf-8")
