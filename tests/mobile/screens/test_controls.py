"""What a control tells beside its field: looked at again, and saved all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mobile.screens.forms import Question
from mobile.tablet import Locked
from shared.kinds import kind_of

if TYPE_CHECKING:
    from tests.mobile.screens.conftest import Open


@pytest.mark.parametrize(
    ("kind", "name", "typed", "word"),
    [
        ("case_companion", "account", "4532015112830367", "银行卡"),
        ("case_companion", "account", "4532015112830366", ""),
        ("case_companion", "bank_name", "4532015112830367", ""),
        ("case", "phone", "1234567", "区号"),
        ("case", "phone", "0813-1234567", ""),
    ],
)
def test_a_warning_is_told_and_stops_nothing(
    open_window: Open, home: Locked, kind: str, name: str, typed: str, word: str
) -> None:
    open_window(home)
    from mobile.screens.controls import control_of

    asked = Question(kind_of(kind).fields[name], "问", needed=False, advice="", hint="")
    control = control_of(asked, pick=None, name_of=lambda _q, text: text, on_change=lambda: None)
    control.write(typed)
    assert control.check()
    assert control.widget.error == ""
    assert bool(control.widget.advice) == bool(word)
    assert word in control.widget.advice
