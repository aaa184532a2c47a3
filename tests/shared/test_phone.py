"""Telephone numbers as villagers give them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.phone import PhoneVerdict, check_phone


@pytest.mark.parametrize(
    ("typed", "number", "verdict"),
    [
        ("13800008000", "13800008000", PhoneVerdict.MOBILE),
        ("+86 138-0000-8000", "13800008000", PhoneVerdict.MOBILE),
        ("0086 13800008000", "13800008000", PhoneVerdict.MOBILE),
        ("１３８００００８０００", "13800008000", PhoneVerdict.MOBILE),
        ("0813-7201234", "0813-7201234", PhoneVerdict.LANDLINE),
        ("08137201234", "0813-7201234", PhoneVerdict.LANDLINE),
        ("(0813) 7201234", "0813-7201234", PhoneVerdict.LANDLINE),
        ("+86 010 62001234", "010-62001234", PhoneVerdict.LANDLINE),
        ("02862001234", "028-62001234", PhoneVerdict.LANDLINE),
        ("7201234", "7201234", PhoneVerdict.LOCAL),
        ("62001234", "62001234", PhoneVerdict.LOCAL),
    ],
)
def test_good_numbers_have_one_form(typed: str, number: str, verdict: PhoneVerdict) -> None:
    check = check_phone(typed)
    assert (check.number, check.verdict, check.problem) == (number, verdict, "")
    assert bool(check.warning) == (verdict is PhoneVerdict.LOCAL)
    assert check_phone(check.number) == check


@pytest.mark.parametrize(
    "typed",
    ["", "10086", "12345", "12800008000", "1380000800", "138000080000", "abc", "٠٨١٣٧٢٠١٢٣٤"],
)
def test_bad_numbers_say_what_to_do(typed: str) -> None:
    check = check_phone(typed)
    assert check.verdict is PhoneVerdict.INVALID
    assert "可以不填" in check.problem


@given(st.text(max_size=40))
def test_any_text_gives_an_answer(typed: str) -> None:
    check = check_phone(typed)
    assert (check.problem != "") == (check.verdict is PhoneVerdict.INVALID)
