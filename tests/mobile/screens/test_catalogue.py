"""The English words are complete, and what is compiled is what is written."""

from __future__ import annotations

import string

from mobile import i18n
from tests.mobile.screens import make_catalogue as made


def test_every_text_has_its_english() -> None:
    known = {message.id: message.string for message in made.read() if message.id}
    assert [text for text in made.msgids() if not known.get(text)] == []
    assert sorted(known) == made.msgids(), "run python -m tests.mobile.screens.make_catalogue"


def test_the_compiled_file_is_up_to_date() -> None:
    assert made.MO.read_bytes() == made.compiled(made.read())


def test_translations_name_the_same_places() -> None:
    for message in made.read():
        if message.id:
            assert _places(str(message.id)) == _places(str(message.string)), message.id


def test_chinese_needs_no_catalogue() -> None:
    i18n.choose("en")
    assert i18n._("已存本机") == "Saved here"
    i18n.choose("zh")
    assert i18n._("已存本机") == "已存本机"
    assert i18n._("") == ""


def _places(text: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name}
