"""The work everything is measured on: seeded matters of about 900 bytes as JSON, and updates.

Half consultations, a third proxies, the rest complaints about things (those about persons would be
sealed). A matter has 25 fields once the tablet has copied its catalogue item and given its slip,
with words drawn by Zipf's law: what is drawn is about 80 bytes of entropy a matter, 16 an update,
and no coder gets below that. Persons are made up: numbers begin with 5199xx, which is no place.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from shared.identity import check_character
from shared.kind_table.common import CARE_FLAGS, CHANNELS, MATERIAL_FORMS, SERVICE_MODES
from shared.sample import sample_catalogue, sample_sites

SEED = 20261
SURNAMES = "赵钱孙李周吴郑王冯陈卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜谢邹喻柏水窦章云苏潘葛"
GIVEN = "安邦彩春德恩芳桂海继建洁康兰明宁平庆蓉绍淑天文希秀雅永玉志忠卓祖伟娜静丽强军杰涛超霞"
PAPERS = ("身份证", "户口簿", "银行卡", "委托书", "诊断证明", "费用清单", "承包合同", "收入证明")
RELATIONS = ("子女", "配偶", "侄辈", "邻居", "村干部")
_WEIGHTS = (50, 35, 15)


class Matter(NamedTuple):
    """A new record as an agent types it."""

    kind: str
    data: dict[str, object]


def matters(count: int, seed: int = SEED) -> Iterator[Matter]:
    """Yield `count` matters; the same seed gives the same ones."""
    draw = random.Random(seed)
    makers = (_consultation, _proxy, _complaint)
    for _ in range(count):
        yield draw.choices(makers, _WEIGHTS)[0](draw)


def updates(count: int, seed: int = SEED) -> Iterator[dict[str, object]]:
    """Yield the data of `count` amendments of three fields."""
    draw = random.Random(f"updates {seed}")
    for _ in range(count):
        yield {
            "remark": text(draw, draw.randrange(4, 12)),
            "phone": _phone(draw),
            "channel": draw.choice(CHANNELS)[0],
        }


def text(draw: random.Random, count: int) -> str:
    """Return a sentence of `count` words, common ones more often, now and then a number."""
    words, weights = _vocabulary()
    out: list[str] = []
    for at, word in enumerate(draw.choices(words, cum_weights=weights, k=count), start=1):
        out.append(word)
        if draw.random() < 0.08:
            out.append(str(draw.randrange(2, 10_000)))
        if at % 6 == 0 and at < count:
            out.append("，")
    return "".join(out) + "。"


def json_bytes(data: object) -> int:
    """Return the size of the data as compact JSON in UTF-8."""
    return len(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())


def _consultation(draw: random.Random) -> Matter:
    common = {"service_mode": draw.choice(SERVICE_MODES)[0], "question": _body(draw)}
    return Matter("consultation", {**_person(draw), **_item(draw), **common, **_rest(draw)})


def _proxy(draw: random.Random) -> Matter:
    common = {
        "relation": draw.choice(RELATIONS),
        "route": draw.choice("abc"),
        "materials": [
            {"name": name, "form": draw.choice(MATERIAL_FORMS)[0], "count": draw.randrange(1, 4)}
            for name in draw.sample(PAPERS, draw.randrange(1, 4))
        ],
        "remark": text(draw, draw.randrange(12, 28)),
    }
    return Matter("proxy", {**_rest(draw), **_person(draw), **_item(draw), **common})


def _complaint(draw: random.Random) -> Matter:
    common = {
        "target_kind": draw.choice(("site", "item", "equipment")),
        "anonymity": draw.choice(("named", "secret")),
        "content": _body(draw),
    }
    return Matter("complaint", {**common, **_person(draw), **_item(draw), **_rest(draw)})


def _person(draw: random.Random) -> dict[str, object]:
    year, month, day = draw.randrange(1932, 2005), draw.randrange(1, 13), draw.randrange(1, 29)
    order = draw.randrange(1000)
    first = f"5199{draw.randrange(100):02d}{year}{month:02d}{day:02d}{order:03d}"
    village = draw.choice(_villages())
    return {
        "person_name": draw.choice(SURNAMES) + "".join(draw.choices(GIVEN, k=draw.choice((1, 2)))),
        "id_type": "111",
        "id_no": first + check_character(first),
        "id_assurance": draw.choice(("read", "seen", "photo")),
        "phone": _phone(draw),
        "sex": "male" if order % 2 else "female",
        "birth_on": f"{year}-{month:02d}-{day:02d}",
        "address_text": f"{village[1]}{draw.randrange(1, 15)}组{draw.randrange(1, 200)}号",
        "address_region": village[0],
        "care_flags": draw.sample([code for code, _ in CARE_FLAGS], draw.randrange(3)),
    }


def _item(draw: random.Random) -> dict[str, object]:
    return {"item": draw.choice(sample_catalogue().items).code}


def _rest(draw: random.Random) -> dict[str, object]:
    return {"channel": draw.choice(CHANNELS)[0], "remark": text(draw, 4)}


def _body(draw: random.Random) -> str:
    return text(draw, draw.randrange(23, 48))


def _phone(draw: random.Random) -> str:
    return f"1{draw.choice(('38', '39', '50', '87', '77', '56'))}{draw.randrange(10**8):08d}"


@cache
def _vocabulary() -> tuple[list[str], list[float]]:
    """The words in a fixed order, and their cumulated weights."""
    words = (Path(__file__).parent / "words.txt").read_text(encoding="utf-8").split()
    random.Random(7).shuffle(words)
    weights: list[float] = []
    total = 0.0
    for rank in range(len(words)):
        total += 1 / (rank + 8) ** 0.8
        weights.append(total)
    return words, weights


@cache
def _villages() -> list[tuple[str, str]]:
    """Villages of one township: region code and name."""
    return [
        (site.codes[0].code12, site.name)
        for site in sample_sites().sites
        if site.codes and site.codes[0].code12.startswith("510322100") and site.parent is not None
    ]
