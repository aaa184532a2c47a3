"""Make a preset dictionary, sync/data/dictionary-N of codec N. Run once; it never changes.

    python -m tests.tools.make_dictionary NUMBER

It holds what a small batch would otherwise have to spell out: words of the trade in UTF-16 (as the
wide section writes them), then kinds, acts, fields and fixed values as the control section writes
them. Deflate reaches back most cheaply to what is nearest, so the commonest come last. A better
dictionary gets the next number, and readers keep every one there ever was.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from shared import lifecycle
from shared.kinds import EVIDENCE_LEVELS, KINDS
from shared.sample import sample_catalogue

TARGET = Path(__file__).parents[2] / "sync" / "data"
WORDS = Path(__file__).parent / "trade_words.txt"
SIZE_MAX = 32 << 10

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
SURNAMES += "苏卢蒋蔡贾丁魏薛叶"
GIVEN = "伟芳秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂华玉珍凤海燕建国春梅文清志德福贵生"
GIVEN += "荣光树根银花菊香莲美琴云"
MARKS = "，。；：、？！（）「」《》“”…—·"

FIXED = "agent: staff: citizen system s0001 510322 county village township yes no true false read"
FIXED += " seen photo stated 1 2 3 11 13 15 18 19 20 2024- 2025- 2026- -01-"
FIXED += " -02- -03- -04- -05- -06- -07- -08- -09- -10- -11- -12- BM-YB- BM-MZ- BM-RS- BM-"


def wide_words() -> str:
    """Return the words of the trade, each once, the commonest last."""
    labels = [field.label for kind in KINDS.values() for field in kind.fields.values()]
    states = [state for kind in KINDS for state in lifecycle.states_of(kind)]
    groups = [[item.name for item in sample_catalogue().items], labels, states]
    groups += [WORDS.read_text(encoding="utf-8").split()]
    words = dict.fromkeys(word for group in groups for word in group)
    return SURNAMES + GIVEN + "".join(words) + MARKS


def control_words() -> bytes:
    """Return kinds, acts, fields and fixed values as MessagePack text."""
    acts = [act for kind in KINDS for act in lifecycle.acts_of(kind)]
    fields = [name for kind in KINDS.values() for name in kind.fields]
    words = dict.fromkeys([*FIXED.split(), *acts, *KINDS, *fields, *EVIDENCE_LEVELS, "evidence"])
    return b"".join(map(msgspec.msgpack.encode, words))


def main() -> None:
    """Write the dictionary; refuse to touch one that is there."""
    dictionary = wide_words().encode("utf-16-be") + control_words()
    if len(dictionary) > SIZE_MAX:
        raise SystemExit(f"{len(dictionary)} bytes, more than {SIZE_MAX}")
    target = TARGET / f"dictionary-{int(sys.argv[1])}"
    with target.open("xb") as file:
        file.write(dictionary)


if __name__ == "__main__":
    main()
