"""Unlocking by tapping the pad: the right PIN, a wrong one, and the way back out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mobile.tablet import Locked
from sync.keys import SigningKey
from tests.mobile.kit import PIN
from tests.mobile.screens.conftest import Open

if TYPE_CHECKING:
    from tests.mobile.screens.hand import Hand

ENTER = 13


def test_the_pad_opens_the_list(home: Locked, open_window: Open) -> None:
    hand = open_window(home)
    assert hand.sees("测试员甲")
    assert hand.sees("富顺县")
    hand.shot("unlock")
    hand.unlock(PIN)
    assert hand.sees("这里还没有记录")
    assert hand.sees("已存本机 0 件，待送达 0 件")
    hand.shot("records-empty")


def test_a_wrong_pin_is_said_and_the_next_try_counts(home: Locked, open_window: Open) -> None:
    hand = open_window(home)
    for digit in "1111":
        hand.tap(digit)
    hand.tap("⌫")
    hand.tap("进入")
    hand.wait(lambda: hand.sees("PIN 不对"))
    hand.shot("unlock-wrong")
    hand.unlock(PIN)
    assert hand.sees("登记咨询")


def test_a_pc_types_the_pin(home: Locked, open_window: Open) -> None:
    hand = open_window(home)
    hand.write(PIN)
    hand.press(ENTER)
    hand.wait(lambda: hand.sees("登记咨询"))
    hand.rest()


def test_each_agent_has_an_own_pin(home: Locked, open_window: Open) -> None:
    keyring, entropy = home.keyring, home.machine.entropy
    keys = keyring.unlock(home.slot(), PIN, home.machine.clock.now_ms())
    for name in ("测试员乙", "测试员丙"):
        key = entropy(32)
        slot = keyring.add("135790", name, keys.data_key, key, SigningKey(key).public)
        keyring.describe(
            slot, agent="BCDEFGH" + "JK"[name == "测试员丙"], site="s0101", role="village"
        )
    hand = open_window(home)
    hand.tap("测试员丙")
    hand.shot("unlock-three")
    hand.unlock("135790")
    assert hand.sees("测试员丙")
    hand.tap("锁定")
    hand.wait(lambda: hand.sees("谁在使用"))
    hand.rest()
    hand.unlock("135790")  # the last one is chosen already


def test_locking_closes_the_store_and_freezes(home: Locked, hand: Hand) -> None:
    hand.tap("登记咨询")
    hand.rest()
    hand.tap_field("咨询内容")
    hand.write("几时开门？")
    hand.tap("保存")
    hand.wait(lambda: hand.sees("抄好了"))
    hand.tap("抄好了")
    hand.rest()
    hand.tap("锁定")
    hand.wait(lambda: hand.sees("谁在使用"))
    assert sum(one.work for one in home.outbox.all()) == 1


def test_locking_on_a_full_disk_says_that_the_records_are_saved(home: Locked, hand: Hand) -> None:
    hand.tap("登记咨询")
    hand.rest()
    hand.tap_field("咨询内容")
    hand.write("几时开门？")
    hand.tap("保存")
    hand.wait(lambda: hand.sees("抄好了"))
    hand.tap("抄好了")
    hand.rest()
    home.home.outbox.rmdir()  # nothing can be written there
    hand.tap("锁定")
    hand.wait(lambda: hand.sees("谁在使用"))
    hand.wait(lambda: hand.sees("记录已存本机；待送数据暂时封不了"))
    assert not hand.sees("未保存")
    home.home.outbox.mkdir()
    hand.unlock(PIN)
    assert hand.sees("几时开门")
