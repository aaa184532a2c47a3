"""Registering by tapping and typing, as an agent does: saved on the tablet, seen in the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mobile.tablet import Locked
from shared.fields import Kind
from shared.kinds import kind_of
from tests.mobile.kit import PIN

if TYPE_CHECKING:
    from tests.mobile.screens.hand import Hand

ESCAPE = 27


def start(hand: Hand, tile: str) -> None:
    hand.tap(tile)
    hand.rest()


def save(hand: Hand) -> None:
    hand.tap("保存")
    hand.wait(lambda: hand.sees("抄好了"), "the slip")


def pick_item(hand: Hand, label: str, query: str, name: str) -> None:
    hand.tap_field(label)
    hand.tap_entry()
    hand.write(query)
    hand.tap(name)


def test_a_consultation_with_rare_characters(home: Locked, hand: Hand) -> None:
    start(hand, "登记咨询")
    hand.tap_field("咨询内容")
    hand.write("医保断缴一年，再交有等待期吗？")
    hand.tap_field("姓名")
    hand.write("𠮷婠")
    hand.shot("consultation")
    save(hand)
    assert hand.sees("K7Q2-")
    hand.shot("slip")
    hand.tap("抄好了")
    hand.rest()
    (row,) = hand.rows()
    assert row[0] == "𠮷*　医保断缴一年，再交有等待期吗？"
    assert "已存本机" in row
    assert "已登记" in row
    assert hand.sees("已存本机 1 件，待送达 1 件")
    hand.shot("records-one")
    hand.tap("锁定")
    hand.wait(lambda: hand.sees("谁在使用"))
    tablet = home.unlock(PIN)
    (listed,) = tablet.desk.records()
    assert tablet.desk.show(listed.record).record.fields["person_name"] == "𠮷婠"
    tablet.lock()


def test_wrong_fields_are_told_in_one_sentence_each(hand: Hand) -> None:
    start(hand, "登记代办")
    hand.tap_field("电话")
    hand.write("138001")
    hand.tap("保存")
    assert hand.error_of("电话").startswith("电话号码不对，请核对；手机11位")
    assert hand.error_of("姓名") == "请填写“姓名”。"
    assert hand.error_of("代办什么事项") == "请填写“代办什么事项”。"
    hand.shot("proxy-errors")
    hand.tap_field("电话")
    hand.write("8000")
    assert hand.error_of("电话") == ""


def test_a_proxy_with_its_item_and_papers(home: Locked, hand: Hand) -> None:
    start(hand, "登记代办")
    hand.tap_field("姓名")
    hand.write("欧阳小明")
    pick_item(hand, "代办什么事项", "mzmtb", "门诊慢特病待遇认定申请")
    assert hand.sees("要带的材料")
    assert hand.sees("办理时限：15 个工作日")
    hand.shot("proxy-item")
    save(hand)
    hand.tap("抄好了")
    hand.rest()
    assert hand.rows()[0][0] == "欧**明　门诊慢特病待遇认定申请"


def test_two_quick_taps_save_once(hand: Hand) -> None:
    start(hand, "登记咨询")
    hand.tap_field("咨询内容")
    hand.write("低保怎么申请？")
    hand.tap_twice("保存")
    hand.wait(lambda: hand.sees("抄好了"))
    hand.rest()
    hand.tap("抄好了")
    hand.rest()
    assert len(hand.rows()) == 1


def test_an_appointment_by_day_and_hour(hand: Hand) -> None:
    start(hand, "登记预约")
    hand.tap_field("姓名")
    hand.write("王芳")
    pick_item(hand, "预约办什么事项", "待遇申领", "城乡居民基本养老保险待遇申领")
    hand.tap_field("预约时段")
    hand.tap("7月28日 星期二")
    hand.tap("09:30")
    hand.shot("slot")
    hand.tap("选好了")
    save(hand)
    hand.tap("抄好了")
    hand.rest()
    assert hand.rows()[0][0].startswith("王*　")


def test_what_was_typed_is_there_again(hand: Hand) -> None:
    start(hand, "登记代办")
    hand.tap_field("姓名")
    hand.write("李建国")
    pick_item(hand, "代办什么事项", "cxjmjbylbxcbdj", "城乡居民基本养老保险参保登记")
    hand.key(ESCAPE)
    hand.rest()
    start(hand, "登记代办")
    assert hand.sees("已恢复上次没有写完的内容。")
    assert hand.sees("李建国")
    assert hand.sees("城乡居民基本养老保险参保登记")
    save(hand)
    hand.tap("再登记一件")
    hand.rest()
    assert not hand.sees("李建国")


def test_a_sealed_complaint_leaves_its_code_alone(home: Locked, hand: Hand) -> None:
    start(hand, "登记投诉")
    hand.shot("complaint-targets")
    hand.tap("工作人员")
    hand.rest()
    assert hand.sees("密封投诉")
    hand.tap_field("投诉内容")
    hand.write("办事要先请吃饭。")
    hand.shot("complaint-sealed")
    hand.tap("密封并提交")
    hand.wait(lambda: hand.sees("已密封并存好"))
    hand.shot("complaint-code")
    assert not hand.sees("凭证号")
    hand.tap("抄好了")
    hand.rest()
    assert hand.rows() == []
    hand.tap("锁定")
    hand.wait(lambda: hand.sees("谁在使用"))
    tablet = home.unlock(PIN)
    assert tablet.store.rows("SELECT * FROM drafts") == []
    tablet.lock()


def test_an_open_complaint_asks_for_its_site(hand: Hand) -> None:
    start(hand, "登记投诉")
    hand.tap("站点")
    hand.rest()
    hand.tap_field("哪个站点")
    hand.tap_entry()
    hand.write("华利")
    hand.tap("华利村便民服务站")
    hand.tap_field("投诉内容")
    hand.write("上午没有人。")
    save(hand)
    hand.tap("抄好了")
    hand.rest()
    assert hand.rows()[0][0] == "上午没有人。"


@pytest.mark.parametrize(("kind", "tile"), [("consultation", "登记咨询"), ("proxy", "登记代办")])
def test_every_declared_question_is_under_more(hand: Hand, kind: str, tile: str) -> None:
    table: Kind = kind_of(kind)
    start(hand, tile)
    hand.tap("更多（可以不填）")
    hand.shot(f"{kind}-more")
    for name in ("id_no", "birth_on", "care_flags", "channel"):
        assert hand.sees(table.fields[name].label)
