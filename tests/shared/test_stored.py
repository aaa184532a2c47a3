"""What is known to be in its stored form must be exactly what a full check gives back unchanged."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from enum import StrEnum

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.work import matters
from shared import canonical
from shared.canonical import Value
from shared.fields import Field, FieldType
from shared.identity import IdVerdict, check_character, check_id, is_valid
from shared.kinds import KINDS, kind_of
from shared.stored import check_of
from shared.validation import validate
from shared.values import INSTANT_MAX, InvalidField, clean_id_no, clean_value, is_plain

T = FieldType
TEXT = Field("x", "甲", T.TEXT, max_length=12)
LINES = Field("x", "甲", T.LONG_TEXT, max_length=12)
NUMBER = Field("x", "甲", T.ID_NO, max_length=30)
COLUMNS = (
    replace(TEXT, name="a", required=frozenset({"row"})),
    Field("b", "乙", T.INTEGER, high=9),
)
FIELDS = [
    TEXT,  # the first ones are of no table: with odd limits
    LINES,
    replace(NUMBER, max_length=17),
    Field("x", "甲", T.ITEM, max_length=12),
    Field("x", "甲", T.LIST, max_length=12, max_items=3),
    Field("x", "甲", T.TABLE, columns=COLUMNS, max_items=2),
    Field("x", "甲", T.CHOICE, choices=(("a  b", "c"), (" d", "e"), ("c", "f"), ("g", "g"))),
    Field("x", "甲", T.DATE, max_length=9),
    Field("x", "甲", T.PHONE, max_length=10),
    Field("x", "甲", T.SITE, max_length=3),
    Field("x", "甲", T.PERSON_NAME, max_length=2),
    Field("x", "甲", T.INTEGER, low=2, high=3),
    *(field for kind in KINDS.values() for field in kind.fields.values()),
]


class Word(StrEnum):
    """A text, but not exactly one: it must never get into data."""

    AGED = "aged"
    NAME = "王芳"
    DAY = "2026-01-31"
    DOOR = "door"


# Blanks, controls, marks that combine, ideographs and letters that normalise, and plain ones.
ALPHABET = st.sampled_from(
    " \n\r\t\u3000\u200b\u0301\u1100\u1161\uf900\x07·é甲王芳李aAZ019.-_:/年\ud800"
)
TEXTS = st.text(ALPHABET, max_size=14) | st.text(max_size=14)
LENGTHS = st.sampled_from([11, 12, 13, 50, 51, 200, 201]).map("甲".__mul__)
NEAR: dict[FieldType, st.SearchStrategy[object]] = {
    T.DATE: st.dates().map(str)
    | st.from_regex(r"20[0-3][0-9]-[0-3][0-9]-[0-3][0-9]", fullmatch=True)
    | st.sampled_from(
        ["2026-W01-1", "20260131", "2026-031", "2026-01-3", "２０２６-01-31", Word.DAY]
    ),
    T.PHONE: st.from_regex(r"(\+86|0)?1[0-9]{9,11}", fullmatch=True)
    | st.from_regex(r"[0-9-]{7,13}", fullmatch=True),
    T.SITE: st.from_regex(r"[0-9A-Za-z._ -]{1,5}", fullmatch=True) | st.sampled_from(["a" * 65]),
    T.REFERENCE: st.uuids().map(str)
    | st.uuids().map(lambda one: str(one).upper())
    | st.from_regex(r"[0-9a-zA-Z_.: -]{1,5}", fullmatch=True)
    | st.sampled_from(["a" * 128, "a" * 129]),
    T.PERSON_NAME: st.text("王芳李婠㐀鿿\uf900·・. ", min_size=1, max_size=4) | LENGTHS,
    T.INSTANT: st.sampled_from([-1, 0, INSTANT_MAX, INSTANT_MAX + 1]),
}
SCALARS = st.none() | st.booleans() | st.floats() | st.sampled_from(Word) | TEXTS | LENGTHS


def values_of(field: Field) -> st.SearchStrategy[object]:
    """Values of which many are stored just so, and many are nearly."""
    if field.columns:
        cells = {column.name: values_of(column) for column in field.columns}
        rows = st.fixed_dictionaries({}, optional=cells) | st.just({"z": 1})
        return st.lists(rows, max_size=3) | SCALARS
    limits = st.sampled_from([field.low - 1, field.low, field.high, field.high + 1])
    words = st.sampled_from([word for pair in field.choices for word in pair] or ["aged"])
    near = NEAR.get(field.type, words | limits)
    one = near | near | near | SCALARS
    return one | st.lists(words, max_size=5) | st.lists(one, max_size=3)


def outcome(clean: Callable[[object], Value], raw: object) -> str:
    """The value with its exact types, or the error."""
    try:
        return repr(_typed(clean(raw)))
    except InvalidField as error:
        return repr((error.field, error.label, str(error)))


def _typed(value: Value) -> object:
    if isinstance(value, list):
        return (list, [_typed(one) for one in value])
    if isinstance(value, dict):
        return (dict, [(type(key), key, _typed(one)) for key, one in value.items()])
    return (type(value), str(value) if isinstance(value, str) else value)


@pytest.mark.parametrize("of", T)
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_check_says_what_clean_value_says(of: FieldType, data: st.DataObject) -> None:
    field = data.draw(st.sampled_from([field for field in FIELDS if field.type is of]), "field")
    raw = data.draw(values_of(field), "raw")
    check = check_of(field)
    told = outcome(check.value, raw)
    assert told == outcome(check.clean, raw) == outcome(lambda one: clean_value(field, one), raw)
    if isinstance(raw, list):
        assert outcome(check.value, raw) == told, "the given list was left alone"


@pytest.mark.parametrize(
    ("of", "raw"),
    [
        (T.TEXT, "共和村委会14组186号"),
        (T.LONG_TEXT, "一 行"),
        (T.ITEM, "BM-YB-001"),
        (T.DATE, "1948-03-15"),
        (T.INTEGER, 0),
        (T.MONEY_FEN, 100),
        (T.INSTANT, 1_785_000_000_000),
        (T.BOOLEAN, False),
        (T.SITE, "510322100209"),
        (T.REFERENCE, "0193a5b0-0000-7000-8000-000000000001"),
        (T.PHONE, "13800008000"),
        (T.PERSON_NAME, "李婠"),
        (T.CHOICE, "aged"),
    ],
)
def test_stored_values_are_known_at_a_glance(of: FieldType, raw: Value) -> None:
    check = check_of(Field("x", "甲", of, choices=(("aged", "高龄"),)))
    assert type(raw) is check.kind
    assert check.is_stored(raw)


@pytest.mark.parametrize(
    ("of", "raw"),
    [
        (T.TEXT, ""),
        (T.TEXT, "甲" * 13),
        (T.TEXT, "e\u0301"),
        (T.TEXT, "a  b"),
        (T.TEXT, " a"),
        (T.LONG_TEXT, "一\n二"),
        (T.ITEM, "BM YB"),
        (T.DATE, "2026-W01-1"),
        (T.DATE, "2026-1-31"),
        (T.INTEGER, 1),
        (T.INTEGER, 10),
        (T.INTEGER, True),
        (T.MONEY_FEN, 3.0),
        (T.INSTANT, INSTANT_MAX + 1),
        (T.INSTANT, -1),
        (T.BOOLEAN, 1),
        (T.SITE, "a.b"),
        (T.REFERENCE, "0193A5B0-0000-7000-8000-000000000001"),
        (T.PHONE, "12000000000"),
        (T.PHONE, "138000080001"),
        (T.PERSON_NAME, "\uf900"),
        (T.PERSON_NAME, "王" * 13),
        (T.PERSON_NAME, "王 芳"),
        (T.CHOICE, "高龄"),
        (T.CHOICE, Word.AGED),
        (T.LIST, ["aged"] * 4),
        (T.LIST, ["aged", Word.AGED]),
    ],
)
def test_values_that_are_nearly_stored_are_left_to_the_full_check(
    of: FieldType, raw: object
) -> None:
    choices = (("aged", "高龄"),)
    most = 200 if of in {T.SITE, T.REFERENCE} else 12
    field = Field("x", "甲", of, choices=choices, max_length=most, max_items=3, low=2, high=9)
    check = check_of(field)
    assert type(raw) is not check.kind or not check.is_stored(raw)
    assert outcome(check.value, raw) == outcome(lambda one: clean_value(field, one), raw)


def test_what_comes_back_is_never_the_list_that_was_given() -> None:
    flags = ["aged"]
    rows = [{"name": "户口簿"}]
    out = validate("proxy", "amend", {"care_flags": flags, "materials": rows})
    flags.append("deaf")
    rows[0]["name"] = "x"
    assert (out["care_flags"], out["materials"]) == (["aged"], [{"name": "户口簿"}])


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.booleans())
@example("一\n二", True)
@example("a\u200b b", False)
@example("a  b", False)
def test_plain_texts_are_those_that_nothing_is_done_to(text: str, keep_lines: bool) -> None:
    """Against the full normalisation, written the slow way."""
    field = replace(LINES if keep_lines else TEXT, max_length=200)
    if any(unicodedata.category(c) == "Cs" for c in text):
        assert not is_plain(text)
        return
    slow = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    slow = slow if keep_lines else " ".join(slow.split())
    slow = "".join(c for c in slow if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf"})
    assert clean_value(field, text) == (slow.strip() or None)
    if is_plain(text):
        assert slow.strip() == text


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Resident numbers, most with the right last character and a possible birth."""
    birth = draw(st.dates(date(1895, 1, 1), date(2030, 1, 1)).map("{:%Y%m%d}".format))
    birth = draw(st.sampled_from([birth] * 4 + ["19490229", "00000101"]))
    first = draw(st.from_regex(r"[1-9][0-9]{5}", fullmatch=True))
    whole = first + birth + draw(st.from_regex(r"[0-9]{3}", fullmatch=True))
    whole += draw(st.just(check_character(whole)) | st.sampled_from("0123456789Xx"))
    return draw(st.sampled_from([whole, whole, whole, whole[:17], whole + " ", f"１{whole[1:]}"]))


@settings(max_examples=200, deadline=None)
@given(numbers() | TEXTS)
def test_a_valid_number_is_one_that_the_full_check_calls_valid(number: str) -> None:
    check = check_id(number, None)
    assert is_valid(number) == (check.verdict is IdVerdict.VALID and check.number == number)
    told = outcome(lambda raw: clean_id_no(NUMBER, raw, "111"), number)
    assert (told == repr((str, number))) == is_valid(number)


def test_a_valid_number_still_has_to_fit_its_field_and_document() -> None:
    number = "51990119480315003" + check_character("51990119480315003")
    short = replace(NUMBER, max_length=17)
    with pytest.raises(InvalidField, match="最多17个字"):
        clean_id_no(short, number, "111")
    with pytest.raises(InvalidField, match="无证件"):
        clean_id_no(NUMBER, number, "999")


def test_what_was_validated_comes_back_as_it_is() -> None:
    """What the county does with each operation that a tablet sends."""
    for kind, data in matters(300):
        act = kind_of(kind).default_act
        once = validate(kind, act, data)
        assert validate(kind, act, once) == once


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("remark", Word.NAME),
        ("person_name", Word.NAME),
        ("care_flags", [Word.AGED]),
        ("birth_on", Word.DAY),
        ("materials", [{"name": Word.NAME}]),
        ("channel", Word.DOOR),
    ],
)
def test_words_of_other_types_become_plain_text(name: str, raw: object) -> None:
    out = validate("proxy", "amend", {name: raw})
    assert _typed(out) == _typed(_plain(out))


def test_names_of_other_types_become_plain_text() -> None:
    class Key(StrEnum):
        REMARK = "remark"

    assert [type(name) for name in validate("proxy", "amend", {Key.REMARK: "x"})] == [str]


def _plain(value: Value) -> Value:
    """The same value by way of its bytes."""
    return canonical.decode(canonical.encode(value), 1 << 20)
