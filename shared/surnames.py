"""Surnames whose reading as a surname is not the character's common one: their initials.

Only readings that change the initial are of use here. A second letter is a reading that some
families keep (覃 qín / tán).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SURNAME_INITIALS: Mapping[str, str] = MappingProxyType(
    {
        "单": "s",
        "仇": "q",
        "解": "x",
        "曾": "z",
        "查": "z",
        "区": "o",
        "缪": "m",
        "乐": "yl",
        "覃": "qt",
        "朴": "p",
        "翟": "zd",
        "召": "s",
        "折": "s",
        "繁": "p",
        "秘": "b",
        "种": "c",
        "重": "c",
        "晁": "c",
        "祭": "z",
        "员": "y",
        "郗": "xc",
        "隗": "wk",
        "谌": "cs",
        "幺": "y",
        "么": "y",
        "乜": "n",
        "佴": "n",
        "逄": "p",
        "呙": "g",
        "车": "c",
        "盛": "s",
        "沈": "s",
        "石": "s",
        "宿": "s",
        "柏": "b",
        "贾": "j",
        "尹": "y",
        "褚": "c",
        "卜": "b",
        "句": "g",
        "都": "d",
        "洗": "x",
        "冼": "x",
        "行": "x",
        "万俟": "mq",
        "尉迟": "yc",
        "单于": "cy",
        "长孙": "zs",
        "澹台": "tt",
    }
)
"""One character: the letters one may type for it. Two characters: one letter for each."""
