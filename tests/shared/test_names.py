"""Names: one stored form, found by two characters or by initials."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import names
from shared.names import (
    INITIALS_MAX,
    PINYIN_MAX,
    canonical_name,
    matches,
    query_grams,
    readings_of,
    search_keys,
)
from shared.surnames import SURNAME_READINGS
from tests.tools.make_readings import make_table
from tests.tools.make_readings import readings_of as plain_readings

EXT_I = "\U0002ebf0"


@pytest.mark.parametrize("dot", list("·‧•・･．∙⋅"))
def test_every_dot_becomes_one(dot: str) -> None:
    assert canonical_name(f"买买提 {dot} 吐尔逊").text == "买买提·吐尔逊"


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("阿.里", "阿·里"),
        ("J. Smith", "J. Smith"),
        (" 王  芳 ", "王芳"),
        ("王\u200b芳\ufeff", "王芳"),
        ("\uf92c平", "郎平"),
        ("Anna   Li", "Anna Li"),
        (f"韦{EXT_I}", f"韦{EXT_I}"),
        ("\U000f1234", "\U000f1234"),
    ],
)
def test_the_stored_form(typed: str, text: str) -> None:
    name = canonical_name(typed)
    assert name.text == text
    assert name.original == typed


@given(st.text(max_size=30))
def test_the_stored_form_is_stable(typed: str) -> None:
    once = canonical_name(typed).text
    assert canonical_name(once).text == once


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("欧阳小明", "欧阳"),
        ("欧阳小明", "小明"),
        ("欧阳小明", "明"),
        ("欧阳小明", "oyxm"),
        ("欧阳小明", "OY"),
        ("单小芳", "sxf"),
        ("单小芳", "dxf"),
        ("曾明", "zm"),
        ("区明", "om"),
        ("仇明", "qm"),
        ("万俟明", "mqm"),
        ("尉迟明", "ycm"),
        ("买买提·吐尔逊", "提吐"),
        ("买买提·吐尔逊", "买提·吐"),
        ("韦㻛", "㻛"),
        (f"韦{EXT_I}", EXT_I),
        ("Anna Li", "annali"),
        ("王芳", "wangfang"),
        ("王芳", "WangF"),
        ("单小芳", "shanxiaofang"),
        ("单小芳", "danxiao"),
        ("曾明", "zengming"),
        ("乐明", "yueming"),
        ("乐明", "leming"),
        ("欧阳小明", "ouyangxiao"),
        ("万俟明", "moqiming"),
        ("吕绿", "lvlv"),
        ("吕绿", "lulu"),
        ("Victor", "vict"),
    ],
)
def test_a_name_is_found(name: str, query: str) -> None:
    assert matches(query, search_keys(name))


@pytest.mark.parametrize("query", ["", " ", "阳明", "xm", "zz", "王", "xiaoming", "yang", "ouming"])
def test_and_not_by_anything(query: str) -> None:
    assert not matches(query, search_keys("欧阳小明"))


def test_grams_find_two_characters() -> None:
    keys = search_keys("欧阳小明")
    assert set(query_grams("阳小")) <= set(keys.grams)
    assert set(query_grams("明")) <= set(keys.grams)
    assert not set(query_grams("阳明")) <= set(keys.grams)
    assert query_grams("欧阳小") == ("欧阳", "阳小")
    assert query_grams("") == ()


def test_the_surname_reading_leads() -> None:
    assert search_keys("单明").initials[0] == "sm"
    assert search_keys("解明").initials[0] == "xm"
    assert search_keys("王明").initials[0] == "wm"
    assert search_keys("单于明").initials == ("cym",)


@given(st.text(max_size=30))
def test_keys_of_any_text_are_bounded(text: str) -> None:
    keys = search_keys(text)
    assert len(keys.initials) <= INITIALS_MAX
    assert len(set(keys.initials)) == len(keys.initials)
    assert len(keys.pinyin) <= PINYIN_MAX
    spellings = keys.initials + keys.pinyin
    assert all("a" <= letter <= "z" for key in spellings for letter in key)
    assert len(keys.grams) <= 2 * len(text)
    assert not keys.raw or matches(keys.raw, keys)


@pytest.mark.parametrize("word", list(SURNAME_READINGS))
def test_the_surname_table_is_in_shape(word: str) -> None:
    syllables = SURNAME_READINGS[word].split()
    assert len(word) == 1 or len(syllables) == 2
    assert set("".join(syllables)) <= set("abcdefghijklmnopqrstuvwxyz")
    spelled = "".join(syllables[: len(word)])
    assert search_keys(word + "明").pinyin[0] == spelled + "ming"
    assert matches(
        "".join(one[0] for one in syllables[: len(word)]) + "m", search_keys(word + "明")
    )


def test_rare_characters_are_known() -> None:
    for character in "䶮㛃𬍛𬭎𫖯𨧀":
        assert readings_of(character), character
    assert readings_of("A") == ()


def test_a_character_without_reading_is_left_out_of_the_initials() -> None:
    assert readings_of("㻛") == ()
    assert search_keys("韦㻛明").initials[0] == "wm"


def test_readings_lose_their_tones() -> None:
    assert plain_readings("dān,chán,shàn") == "dan chan shan"
    assert plain_readings("ǹg,ń") == "ng n"
    assert plain_readings("lǜ,lù") == "lu"
    assert plain_readings("ê̄") == "e"


def test_the_packaged_table_is_the_generated_one() -> None:
    packaged = Path(names.__file__).parent / "data" / "readings.txt"
    assert packaged.read_text(encoding="utf-8") == make_table()


def test_the_keys_of_a_name_are_small() -> None:
    assert search_keys("王芳").line.split()[:2] == ["wf", "yf"]
    assert "wangfang" in search_keys("王芳").line.split()
    assert len(search_keys("欧阳小明").line) < 100
