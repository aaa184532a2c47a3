"""Telephone numbers as villagers give them."""

from __future__ import annotations

import re

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
        ("0813-1234567", "0813-1234567", PhoneVerdict.LANDLINE),
        ("0813 12345678", "0813-12345678", PhoneVerdict.LANDLINE),
        ("028-12345678", "028-12345678", PhoneVerdict.LANDLINE),
        ("010-0234567", "010-0234567", PhoneVerdict.LANDLINE),
        ("0281-12345678", "0281-12345678", PhoneVerdict.LANDLINE),
        ("081-1234567", "081-1234567", PhoneVerdict.LANDLINE),
        ("0 13800008000", "13800008000", PhoneVerdict.MOBILE),
        ("1234567", "1234567", PhoneVerdict.LOCAL),
        ("02345678", "02345678", PhoneVerdict.LOCAL),
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
    [
        "",
        "10086",
        "12345",
        "123456",
        "123456789",
        "12800008000",
        "1380000800",
        "138000080000",
        "081312345",
        "0813123456789",
        "abc",
        "٠٨١٣٧٢٠١٢٣٤",
    ],
)
def test_bad_numbers_say_what_to_do(typed: str) -> None:
    check = check_phone(typed)
    assert check.verdict is PhoneVerdict.INVALID
    assert "可以不填" in check.problem


_ASKED = re.compile(r"1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8}|[0-9]{7,8}")


@given(st.from_regex(r"0?[0-9]{2,3}-?[0-9]{6,9}|1[0-9]{10}", fullmatch=True))
def test_what_the_design_asks_for_and_nothing_else(typed: str) -> None:
    """`1[3-9]\\d{9}`, `0\\d{2,3}-?\\d{7,8}`, 7-8 digits; a hyphen elsewhere is noise."""
    is_asked = bool(_ASKED.fullmatch(typed) or _ASKED.fullmatch(typed.replace("-", "")))
    check = check_phone(typed)
    assert is_asked == (check.verdict is not PhoneVerdict.INVALID)
    assert check_phone(check.number) == check


@given(st.text(max_size=40))
def test_any_text_gives_an_answer(typed: str) -> None:
    check = check_phone(typed)
    assert (check.problem != "") == (check.verdict is PhoneVerdict.INVALID)
