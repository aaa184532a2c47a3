"""Identity numbers: synthetic ones of the demonstration prefix 5199xx only."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.identity import IdVerdict, age_on, canonical_id, check_character, check_id

TODAY = date(2026, 11, 23)


def number(birth: str = "19480315", region: str = "519901", serial: str = "003") -> str:
    first17 = region + birth + serial
    return first17 + check_character(first17)


def test_the_published_example_of_the_standard() -> None:
    # GB 11643-1999, annex: 11010519491231002 has the check character X.
    assert check_character("11010519491231002") == "X"
    assert check_character("44052418800101001") == "4"


def test_a_valid_number_gives_birth_and_sex() -> None:
    check = check_id(number(serial="003"), TODAY)
    assert check.verdict is IdVerdict.VALID
    assert check.birth_on == date(1948, 3, 15)
    assert check.sex == "male"
    assert check_id(number(serial="004"), TODAY).sex == "female"


@pytest.mark.parametrize("year", range(1930, 1983))
def test_old_people_of_every_year_are_accepted(year: int) -> None:
    assert check_id(number(birth=f"{year}0101"), TODAY).verdict is IdVerdict.VALID


@pytest.mark.parametrize(
    ("birth", "verdict"),
    [
        ("19000101", IdVerdict.VALID),
        ("18991231", IdVerdict.INVALID),
        ("20261123", IdVerdict.VALID),
        ("20261124", IdVerdict.INVALID),
        ("20991231", IdVerdict.INVALID),
        ("19480230", IdVerdict.INVALID),
        ("20240229", IdVerdict.VALID),
        ("20230229", IdVerdict.INVALID),
        ("19481301", IdVerdict.INVALID),
    ],
)
def test_the_date_is_real_and_not_in_the_future(birth: str, verdict: IdVerdict) -> None:
    check = check_id(number(birth=birth), TODAY)
    assert check.verdict is verdict
    assert bool(check.problem) == (verdict is IdVerdict.INVALID)


def test_without_a_trusted_date_the_future_is_not_judged() -> None:
    assert check_id(number(birth="20991231"), None).verdict is IdVerdict.VALID


def test_spaces_full_width_digits_and_small_x_are_forgiven() -> None:
    plain = next(n for n in (number(serial=f"{i:03}") for i in range(200)) if n.endswith("X"))
    wide = "".join(chr(ord(c) + 0xFEE0) for c in plain)
    for typed in (f" {plain[:6]} {plain[6:14]} {plain[14:].lower()} ", wide):
        assert check_id(typed, TODAY).number == plain
        assert check_id(typed, TODAY).verdict is IdVerdict.VALID


def test_a_wrong_digit_is_found_at_every_place() -> None:
    good = number()
    for place in range(18):
        other = "0" if good[place] != "0" else "1"
        wrong = good[:place] + other + good[place + 1 :]
        assert check_id(wrong, TODAY).verdict is not IdVerdict.VALID, place


def test_an_unknown_region_warns_and_does_not_refuse() -> None:
    check = check_id(number(region="990101"[1:] + "0"), TODAY)
    assert check.number[0] == "9"
    assert check.verdict is IdVerdict.OTHER_KIND
    strange = check_id(number(region="700101"), TODAY)
    assert strange.verdict is IdVerdict.VALID
    assert strange.warnings


@pytest.mark.parametrize("region", ["810000", "820000", "830000"])
def test_residence_permits_are_numbers_like_others(region: str) -> None:
    check = check_id(number(region=region), TODAY)
    assert check.verdict is IdVerdict.VALID
    assert check.warnings == ()


def test_demo_numbers_say_so() -> None:
    assert "示范" in check_id(number(), TODAY).warnings[0]


def test_fifteen_digits_are_the_old_card() -> None:
    check = check_id("519901480315003", TODAY)
    assert check.verdict is IdVerdict.OLD15
    assert check.birth_on == date(1948, 3, 15)
    assert check.sex == "male"
    assert "18位" in check.warnings[0]
    assert check_id("519901481315003", TODAY).verdict is IdVerdict.INVALID


@pytest.mark.parametrize("typed", ["", "123", "X" * 18, "٥" * 18, number()[:-1], number() + "0"])
def test_other_things_are_invalid_with_a_next_step(typed: str) -> None:
    check = check_id(typed, TODAY)
    assert check.verdict is IdVerdict.INVALID
    assert check.problem.endswith("。")


@given(st.text(max_size=40))
def test_any_text_gives_an_answer(typed: str) -> None:
    check = check_id(typed, TODAY)
    assert check.number == canonical_id(typed)
    assert (check.problem != "") == (check.verdict is IdVerdict.INVALID)


def test_age() -> None:
    assert age_on(date(1948, 3, 15), date(2026, 3, 14)) == 77
    assert age_on(date(1948, 3, 15), date(2026, 3, 15)) == 78
    assert age_on(date(2012, 2, 29), date(2026, 2, 28)) == 13
    assert age_on(date(2012, 2, 29), date(2026, 3, 1)) == 14
