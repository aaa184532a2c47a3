"""Masks: enough to recognise, not enough to know."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.masks import mask_account, mask_id_no, mask_name, mask_phone


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("", ""),
        ("王", "*"),
        ("王芳", "王*"),
        ("王小芳", "王*芳"),
        ("欧阳小明", "欧**明"),
        ("韦㻛", "韦*"),
        ("𬍛\U0002ebf0明", "𬍛*明"),
    ],
)
def test_names(name: str, shown: str) -> None:
    assert mask_name(name) == shown


def test_numbers_of_the_paper() -> None:
    assert mask_id_no("51990119480315009X") == "519***********009X"
    assert mask_id_no("519901480315003") == "519********5003"
    assert mask_id_no("E1234567") == "******67"
    assert mask_phone("13800008000") == "138****8000"
    assert mask_phone("0813-7201234") == "0813-***1234"
    assert mask_phone("7201234") == "***1234"
    assert mask_account("6222000000001234") == "************1234"


@pytest.mark.parametrize("mask", [mask_id_no, mask_phone, mask_account, mask_name])
@given(text=st.text(min_size=1, max_size=30))
def test_length_stays_and_something_is_always_hidden(mask: Callable[[str], str], text: str) -> None:
    shown = mask(text)
    assert len(shown) == len(text)
    assert "*" in shown
