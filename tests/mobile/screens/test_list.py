"""The list: masked names, search, the three honest words, a record opened, the exchange."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
import pytest

from mobile.tablet import Locked
from shared.identity import check_character
from shared.masks import mask_id_no
from tests.mobile.county import County, Serving
from tests.mobile.kit import PIN, introduce
from tests.mobile.screens.conftest import Open

if TYPE_CHECKING:
    from tests.mobile.screens.hand import Hand

ESCAPE = 27
NUMBER = "51990119480315221" + check_character("51990119480315221")
"""Nobody's: there is no prefecture 5199."""


@pytest.fixture
def full(home: Locked) -> Locked:
    tablet = home.unlock(PIN)
    record = tablet.desk.record
    record("proxy", {"person_name": "欧阳小明", "item": "BM-YB-005", "phone": "13800138001"})
    record("consultation", {"question": "孩子上户口要带什么？"})
    record("proxy", {"person_name": "王芳", "item": "BM-YB-002", "id_no": NUMBER})
    tablet.lock()
    return home


@pytest.fixture
def county(full: Locked) -> Iterator[County]:
    county = County()
    tablet = full.unlock(PIN)
    introduce(tablet, county)
    tablet.lock()
    with Serving(county) as serving:
        full.home.keep_device(msgspec.structs.replace(full.device, server=serving.url))
        yield county


def opened(locked: Locked, open_window: Open) -> Hand:
    hand = open_window(locked)
    hand.unlock(PIN)
    return hand


def test_names_are_masked_until_asked_for(full: Locked, open_window: Open) -> None:
    hand = opened(full, open_window)
    assert [row[0][:3] for row in hand.rows()] == ["王*　", "孩子上", "欧**"]
    assert not hand.sees("王芳")
    hand.tap(hand.rows()[0][0])
    hand.rest()
    assert hand.sees(mask_id_no(NUMBER))
    hand.shot("record")
    hand.tap("显示完整姓名和号码")
    assert hand.sees(NUMBER)
    assert hand.sees("王芳")
    hand.key(ESCAPE)
    assert not hand.sees("王芳")


@pytest.mark.parametrize(("query", "found"), [("oyxm", "欧**明"), ("王", "王*"), ("户口", "孩子")])
def test_search(full: Locked, open_window: Open, query: str, found: str) -> None:
    hand = opened(full, open_window)
    hand.tap_entry()
    hand.write(query)
    hand.wait(lambda: len(hand.rows()) == 1, "one row")
    assert hand.rows()[0][0].startswith(found)


def test_a_search_in_vain_says_so(full: Locked, open_window: Open) -> None:
    hand = opened(full, open_window)
    hand.tap_entry()
    hand.write("没有这个人")
    hand.wait(lambda: hand.sees("没有找到。"))
    hand.shot("search-in-vain")


def test_no_county_in_reach_is_said_and_harms_nothing(full: Locked, open_window: Open) -> None:
    hand = opened(full, open_window)
    assert hand.app.stage.said == ""  # the quiet try after unlocking says nothing
    hand.tap("同步")
    hand.rest()
    assert hand.sees("现在连不上县里")
    assert hand.sees("已存本机 3 件，待送达 3 件")


def test_the_front_alone_makes_it_delivered(
    full: Locked, county: County, open_window: Open
) -> None:
    county.manners.core_down = True
    hand = opened(full, open_window)
    assert hand.sees("已存本机 3 件，待送达 0 件")
    assert {row[3] for row in hand.rows()} == {"已送达县级"}
    assert hand.sees("上次送达")


def test_the_exchange_ends_in_the_ledger(full: Locked, county: County, open_window: Open) -> None:
    hand = opened(full, open_window)  # an exchange of its own follows the unlocking
    assert {row[3] for row in hand.rows()} == {"县级已入账"}
    assert len([one for one in county.operations if one.skeleton.kind == "proxy"]) == 2
    hand.tap("登记咨询")
    hand.rest()
    hand.tap_field("咨询内容")
    hand.write("几时开门？")
    hand.tap("保存")
    hand.wait(lambda: hand.sees("抄好了"))
    hand.tap("抄好了")
    hand.rest()
    assert hand.rows()[0][3] == "已存本机"
    hand.tap("同步")
    hand.rest()
    assert hand.sees("送达 1 件")
    assert hand.rows()[0][3] == "县级已入账"
    hand.shot("records-merged")


def test_saving_does_not_wait_for_the_line(full: Locked, open_window: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as dumb:  # takes the call and never answers
        url = f"http://127.0.0.1:{dumb.getsockname()[1]}"
        full.home.keep_device(msgspec.structs.replace(full.device, server=url))
        hand = open_window(full)
        for digit in PIN:
            hand.tap(digit)
        hand.tap("进入")
        hand.wait(lambda: hand.sees("正在同步"), "the quiet exchange")
        hand.shot("syncing")
        hand.tap("登记咨询")
        hand.tap_field("咨询内容")
        hand.write("几点下班？")
        hand.tap("保存")
        hand.wait(lambda: hand.sees("抄好了"), "the slip while the line is busy")
        assert hand.app.backstage.line.under_way == 1
    hand.rest()
