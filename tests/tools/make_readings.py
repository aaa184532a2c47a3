"""Write `shared/data/readings.txt`: every Han character with all its readings, without tones.

    python -m tests.tools.make_readings shared/data/readings.txt

Source: the readings of pypinyin (MIT), itself from pinyin-data (MIT) after the Unihan database.
Each line is the readings with a space between them, a tab, and all characters that have exactly
these; the first is the commonest. "ü" is written u, since people type nü as nv and as nu. Rerun
after an update of pypinyin; a test compares the two.
"""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

from pypinyin.constants import PINYIN_DICT


def readings_of(marked: str) -> str:
    """The plain syllables of comma-separated readings, each once, in order."""
    syllables: dict[str, None] = {}
    for reading in marked.split(","):
        letters = unicodedata.normalize("NFD", reading).lower()
        syllables["".join(c for c in letters if "a" <= c <= "z")] = None
    return " ".join(one for one in syllables if one)


def make_table() -> str:
    """The whole file as text."""
    groups: dict[str, list[str]] = {}
    for code in sorted(PINYIN_DICT):
        readings = readings_of(PINYIN_DICT[code])
        if readings:
            groups.setdefault(readings, []).append(chr(code))
    return "".join(f"{readings}\t{''.join(groups[readings])}\n" for readings in sorted(groups))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(make_table(), encoding="utf-8")
