"""Dark, large and English: every screen built, pictured, and every target large enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mobile.tablet import Locked
from tests.mobile.kit import PIN
from tests.mobile.screens.conftest import Open

if TYPE_CHECKING:
    from tests.mobile.screens.hand import Hand

ESCAPE = 27
LOOKS = [("standard", ()), ("dark", ("夜间",)), ("large", ("大字",)), ("largest", ("特大字",))]


def visit(hand: Hand, name: str) -> None:
    """Go through the screens; at each take a picture and measure what can be tapped."""
    hand.check_targets()
    hand.shot(f"{name}-records")
    for tile in ("登记咨询", "登记代办", "登记预约"):
        hand.tap(tile)
        hand.rest()
        hand.check_targets()
        hand.shot(f"{name}-{tile}")
        hand.key(ESCAPE)
        hand.rest()
    hand.tap("登记投诉")
    hand.check_targets()
    hand.shot(f"{name}-登记投诉")
    hand.key(ESCAPE)
    hand.rest()
    hand.tap("锁定")
    hand.wait(lambda: hand.sees("谁在使用"))
    hand.rest()
    hand.check_targets()
    hand.unlock(PIN)
    hand.tap("锁定")
    hand.wait(lambda: hand.sees("谁在使用"))
    hand.rest()
    hand.shot(f"{name}-unlock")


@pytest.mark.parametrize(("name", "choices"), LOOKS)
def test_every_look(home: Locked, open_window: Open, name: str, choices: tuple[str, ...]) -> None:
    tablet = home.unlock(PIN)
    for count in range(8):
        tablet.desk.record(
            "consultation", {"question": f"第 {count} 个问题", "person_name": "李四"}
        )
    tablet.lock()
    hand = open_window(home)
    hand.check_targets()
    hand.unlock(PIN)
    for choice in choices:
        hand.tap("设置")
        hand.check_targets()
        hand.tap(choice)
        hand.rest()
        hand.key(ESCAPE)
    visit(hand, name)


def test_a_look_is_kept(home: Locked, open_window: Open, hand: Hand) -> None:
    hand.tap("设置")
    hand.tap("夜间")
    hand.rest()
    hand.close()
    again = open_window(home)
    from mobile.kit.look import look
    from mobile.kit.palette import DARK

    assert look.palette is DARK
    again.shot("dark-unlock")


def test_english(hand: Hand) -> None:
    hand.tap("设置")
    hand.tap("English")
    hand.rest()
    hand.key(ESCAPE)
    hand.tap("Consultation")
    hand.rest()
    hand.tap("Save")
    hand.tap_field("Question")
    hand.write("何时开门？")
    hand.shot("english-form")
    hand.tap("Save")
    hand.wait(lambda: hand.sees("Saved here: Consultation"))
    hand.tap("Copied")
    hand.rest()
    hand.shot("english-records")
    assert "Saved here" in hand.rows()[0]
    assert hand.sees("1 saved here, 1 to deliver")
