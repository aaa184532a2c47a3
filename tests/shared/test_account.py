"""Numbers of bank accounts: a wrong check digit is told, and never refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.account import luhn_warning


@pytest.mark.parametrize(
    "typed",
    [
        "4532015112830366",
        "4532 0151 1283 0366",
        "4532-0151-1283-0366",
        "４５３２０１５１１２８３０３６６",
    ],
)
def test_a_right_check_digit_is_not_mentioned(typed: str) -> None:
    assert luhn_warning(typed) == ""


@pytest.mark.parametrize("typed", ["4532015112830367", "4532015112830636", "6222"])
def test_a_wrong_check_digit_is_told(typed: str) -> None:
    assert "核对" in luhn_warning(typed)


@pytest.mark.parametrize("typed", ["", "  ", "自贡农商行 88"])
def test_what_is_no_number_is_not_checked(typed: str) -> None:
    """Old passbooks have letters and numbers of their own: the person's word stands."""
    assert luhn_warning(typed) == ""


@given(st.from_regex(r"[0-9]{12,19}", fullmatch=True))
def test_one_of_ten_last_digits_fits(digits: str) -> None:
    assert sum(not luhn_warning(digits + str(last)) for last in range(10)) == 1


@given(st.text(max_size=40))
def test_any_text_gives_an_answer(typed: str) -> None:
    assert isinstance(luhn_warning(typed), str)
