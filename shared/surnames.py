"""Surnames whose reading as a surname is not the character's common one.

A second reading is one that some families keep (覃 qín / tán).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SURNAME_READINGS: Mapping[str, str] = MappingProxyType(
    {
        "单": "shan",
        "仇": "qiu",
        "解": "xie",
        "曾": "zeng",
        "查": "zha",
        "区": "ou",
        "缪": "miao",
        "乐": "yue le",
        "覃": "qin tan",
        "朴": "piao",
        "翟": "zhai di",
        "召": "shao",
        "折": "she",
        "繁": "po",
        "秘": "bi",
        "种": "chong",
        "重": "chong",
        "晁": "chao",
        "祭": "zhai",
        "员": "yun",
        "郗": "xi chi",
        "隗": "wei kui",
        "谌": "chen shen",
        "幺": "yao",
        "么": "yao",
        "乜": "nie",
        "佴": "nai",
        "逄": "pang",
        "呙": "guo",
        "车": "che",
        "盛": "sheng",
        "沈": "shen",
        "石": "shi",
        "宿": "su",
        "柏": "bai",
        "贾": "jia",
        "尹": "yin",
        "褚": "chu",
        "卜": "bu",
        "句": "gou",
        "都": "du",
        "洗": "xian",
        "冼": "xian",
        "行": "xing",
        "盖": "ge gai",
        "牟": "mou mu",
        "费": "fei bi",
        "薄": "bo",
        "角": "jue",
        "燕": "yan",
        "六": "lu",
        "黑": "he hei",
        "尉": "wei",
        "纪": "ji",
        "撒": "sa",
        "臧": "zang",
        "莘": "shen xin",
        "郇": "xun huan",
        "万俟": "mo qi",
        "尉迟": "yu chi",
        "单于": "chan yu",
        "长孙": "zhang sun",
        "澹台": "tan tai",
    }
)
"""One character: the syllables one may type for it. Two characters: one syllable for each."""
