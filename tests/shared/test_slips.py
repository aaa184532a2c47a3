"""Slip numbers can be read over the phone, and a wrong character is found."""

from __future__ import annotations

from datetime import date
from itertools import pairwise, product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.errors import Misuse
from shared.slips import (
    LETTERS,
    InvalidSlipNumber,
    NumbersUsedUp,
    check_character,
    make,
    parse,
    parse_project_number,
    project_number,
    project_prefix,
    query_code,
    require_template,
    sealed_query_code,
    short_code,
)

ALL = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
TODAY = date(2026, 11, 23)
short_codes = st.text(LETTERS, min_size=4, max_size=4)
dates = st.dates(date(2020, 1, 1), date(2051, 12, 31))
sequences = st.integers(1, 999_999)
site_codes = st.from_regex(r"[1-9][0-9]{11}", fullmatch=True)


def test_the_example_of_the_design_but_with_its_right_check_character() -> None:
    assert str(make("K7Q2", TODAY, 17)) == "K7Q2-G1123-017-6"


def test_the_check_character_is_the_one_of_the_standard() -> None:
    # The worked example of the Global Release Identifier (IFPI), which uses it.
    assert check_character("A12425GABC1234002") == "M"


def test_thirty_two_letters_none_of_which_is_taken_for_another() -> None:
    assert len(set(LETTERS)) == 32
    assert not set(LETTERS) & set("IO01")


@given(short_codes, dates, sequences)
def test_a_number_is_read_back(code: str, on: date, sequence: int) -> None:
    number = parse(str(make(code, on, sequence)))
    assert number == make(code, on, sequence)
    assert number.made_on(near=on) == on


def test_the_thousandth_slip_of_a_day_has_four_digits() -> None:
    assert str(make("K7Q2", TODAY, 999)).split("-")[2] == "999"
    assert str(make("K7Q2", TODAY, 1000)).split("-")[2] == "1000"
    assert parse(str(make("K7Q2", TODAY, 1000))).sequence == 1000


@pytest.mark.parametrize("sequence", [0, -1, 1_000_000])
def test_a_counter_without_numbers_says_what_to_do(sequence: int) -> None:
    with pytest.raises(NumbersUsedUp, match="换一台设备"):
        make("K7Q2", TODAY, sequence)


@pytest.mark.parametrize("code", ["K7Q", "K7Q22", "K1Q2", "k7q2", "", "K7O2"])
def test_what_is_no_short_code_makes_no_number(code: str) -> None:
    with pytest.raises(Misuse, match="设备短码"):
        make(code, TODAY, 1)


@pytest.mark.parametrize(
    "text",
    [
        "k7q2-g1123-017-6",
        " K7Q2 G1123 017 6 ",
        "K7Q2G11230176",
        "Ｋ７Ｑ２－Ｇ１１２３－０１７－６",
        "K7Q2—G1123—017—6",
        "K7Q2-GII23-OI7-6",
        "K7Q2-GLL23-0L7-6",
    ],
)
def test_the_way_people_write_it_does_not_matter(text: str) -> None:
    assert parse(text) == make("K7Q2", TODAY, 17)


@pytest.mark.parametrize(
    "text",
    ["", "K7Q2", "K7Q2-G1123-17-6", "K7Q2-G1123-0017-6", "受理号", "K7Q2-G1123-017-6-1", "6" * 99],
)
def test_what_is_no_number_is_answered_with_how_one_looks(text: str) -> None:
    with pytest.raises(InvalidSlipNumber, match="K7Q2-G1123-017-6"):
        parse(text)


def with_check(whole: str) -> str:
    return whole + check_character(whole)


@pytest.mark.parametrize("whole", ["K7Q2G1332017", "K7Q2G0229017", "K7Q2G0000017", "K7Q2G1123000"])
def test_a_day_that_never_was_and_slip_zero_are_refused_although_the_check_fits(whole: str) -> None:
    with pytest.raises(InvalidSlipNumber, match="逐位核对"):
        parse(with_check(whole))


def test_the_leap_day_is_a_day() -> None:
    assert parse(str(make("K7Q2", date(2028, 2, 29), 1))).made_on(TODAY) == date(1996, 2, 29)
    assert parse(str(make("K7Q2", date(2028, 2, 29), 1))).made_on(date(2028, 3, 1)).year == 2028


def test_a_year_letter_is_the_latest_year_it_can_be() -> None:
    number = make("K7Q2", TODAY, 17)
    assert number.made_on(near=date(2025, 12, 31)) == TODAY
    assert number.made_on(near=date(2056, 1, 1)) == TODAY
    assert number.made_on(near=date(2058, 1, 1)) == date(2058, 11, 23)


@given(short_codes, dates, sequences, st.data())
def test_any_single_wrong_character_is_found(
    code: str, on: date, sequence: int, data: st.DataObject
) -> None:
    right = make(code, on, sequence)
    printed = str(right).replace("-", "")
    place = data.draw(st.integers(0, len(printed) - 1))
    wrong = data.draw(st.sampled_from(ALL).filter(lambda each: each != printed[place]))
    typed = printed[:place] + wrong + printed[place + 1 :]
    try:
        assert parse(typed) == right, "a look-alike may be repaired, nothing else"
    except InvalidSlipNumber:
        return
    assert (printed[place], wrong) in {("0", "O"), ("1", "I"), ("1", "L")}


def step(remainder: int, value: int) -> int:
    return ((remainder + value) % 36 or 36) * 2 % 37


def test_the_standard_itself_misses_36_swaps_of_22680_and_each_is_of_alphabet_neighbours() -> None:
    missed = [
        (remainder, one, other)
        for remainder, one, other in product(range(1, 37), range(36), range(36))
        if one < other and step(step(remainder, one), other) == step(step(remainder, other), one)
    ]
    assert len(missed) == 36
    assert all(other - one in {1, 35} for _, one, other in missed)
    assert len({remainder for remainder, _, _ in missed}) == 36


@given(short_codes, dates, sequences)
@example("K7Q2", TODAY, 17)
def test_a_swap_of_neighbours_is_found_unless_they_are_neighbours_in_the_alphabet(
    code: str, on: date, sequence: int
) -> None:
    printed = str(make(code, on, sequence)).replace("-", "")
    for place, (one, other) in enumerate(pairwise(printed)):
        if (ALL.index(one) - ALL.index(other)) % 36 in {0, 1, 35}:
            continue
        with pytest.raises(InvalidSlipNumber):
            parse(printed[:place] + other + one + printed[place + 2 :])


# --- the official number ----------------------------------------------------------------------


def test_an_official_number_has_24_digits_and_says_where_and_when() -> None:
    number = project_number("510322100000", TODAY, 1)
    assert number[:-1] == "510322100000" + "261123" + "00001"
    assert len(number) == 24
    assert parse_project_number(f" {number[:12]} {number[12:]} ") == number


@given(site_codes, dates, st.integers(1, 99_999))
def test_any_wrong_digit_and_any_swap_in_an_official_number_is_found(
    code: str, on: date, sequence: int
) -> None:
    number = project_number(code, on, sequence)
    assert parse_project_number(number) == number
    wrong = [
        number[:place] + digit + number[place + 1 :]
        for place in range(24)
        for digit in "0123456789"
        if digit != number[place]
    ]
    swapped = [
        number[:place] + other + one + number[place + 2 :]
        for place, (one, other) in enumerate(pairwise(number))
        if one != other
    ]
    for typed in wrong + swapped:
        with pytest.raises(InvalidSlipNumber, match="24 位"):
            parse_project_number(typed)


@pytest.mark.parametrize("sequence", [0, 100_000])
def test_a_site_without_numbers_left_says_so(sequence: int) -> None:
    with pytest.raises(NumbersUsedUp):
        project_number("510322100000", TODAY, sequence)


@pytest.mark.parametrize("code", ["51032210000", "5103221000000", "51032210000x", "０" * 12, ""])
def test_what_is_no_site_code_makes_no_official_number(code: str) -> None:
    with pytest.raises(Misuse, match="区划代码"):
        project_number(code, TODAY, 1)


# --- query codes ------------------------------------------------------------------------------


def test_a_query_code_has_six_digits_and_leading_zeros_stay() -> None:
    assert query_code(bytes(8)) == "000000"
    assert query_code((1_234_567).to_bytes(8, "big")) == "234567"


@given(st.binary(min_size=8, max_size=16))
def test_codes_are_of_their_form_whatever_the_dice_say(random: bytes) -> None:
    assert len(query_code(random)) == 6
    assert query_code(random).isdigit()
    assert len(sealed_query_code(random)) == 12
    assert set(sealed_query_code(random) + short_code(random)) <= set(LETTERS)


def test_every_bit_of_the_dice_counts_in_a_sealed_query_code() -> None:
    codes = {sealed_query_code((1 << bit).to_bytes(8, "big")) for bit in range(60)}
    assert len(codes) == 60


@pytest.mark.parametrize("draw", [query_code, sealed_query_code, short_code])
def test_too_little_randomness_is_an_error_of_the_program(draw: object) -> None:
    assert callable(draw)
    with pytest.raises(ValueError, match="8 bytes"):
        draw(bytes(7))


@pytest.mark.parametrize(
    ("template", "number"),
    [
        ("{site}{day}{sequence}", "51032210000026112300007"),
        ("FS-{day}-{site}-{sequence}{check}", "FS-261123-510322100000-000072"),
        ("{site}-{day}{sequence}-{check}X", "510322100000-26112300007-2X"),
    ],
)
def test_a_county_may_have_a_form_of_its_own(template: str, number: str) -> None:
    found = project_number("510322100000", date(2026, 11, 23), 7, template)
    assert found == number
    assert found.startswith(project_prefix("510322100000", date(2026, 11, 23), template) + "00007")


@pytest.mark.parametrize(
    "template",
    [
        "", "{site}{day}", "{sequence}{site}{day}", "{site}{sequence}{day}", "{site}{site}{day}",
        "{site}{day}{sequence}{sequence}", "{site}{day}{check}{sequence}",
        "{site!r}{day}{sequence}",
        "{site}{day}{sequence} ", "办{site}{day}{sequence}", "{site}{day}{sequence}{other}",
        "{site}{day}{sequence}" + "0" * 28, "{site}{day}{sequence}{check}\n",
    ],
)  # fmt: skip
def test_a_form_that_makes_no_number_is_refused(template: str) -> None:
    with pytest.raises(Misuse, match="不能作办件编号的格式"):
        require_template(template)
