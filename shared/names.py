"""Personal names: one stored form, and the keys by which a name is found.

NFC turns compatibility ideographs into the unified ones; the many dots of transcribed names become
"·". The string as it was typed is kept beside it. Everything counts characters: a rare character of
a supplementary plane is one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import combinations, islice, product
from types import MappingProxyType

from shared.surnames import SURNAME_READINGS

DOT = "·"
INITIALS_MAX = 16
"""At most so many spellings by initials are kept for one name."""
PINYIN_MAX = 6
"""At most so many spellings in full: they are longer, and whoever types them knows the name."""
READINGS_MAX = 3
"""Rarer readings of a character than these are not worth a key."""

_HAN = "\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_DOTS = re.compile(r"\s*[\u00b7\u0387\u2022\u2027\u2219\u22c5\u30fb\uff0e\uff65\u2e31]\s*")
_ASCII_DOT = re.compile(rf"(?<=[{_HAN}])\s*\.\s*(?=[{_HAN}])")
_SPACE = re.compile(r"\s+")
_HAN_GAP = re.compile(rf"(?<=[{_HAN}]) (?=[{_HAN}])")
_QUERY_NOISE = re.compile(r"[\s·]+")
_LETTERS = re.compile(r"[a-z]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Name:
    """`text` is stored and compared, `original` is what was typed."""

    text: str
    original: str


@dataclass(frozen=True, slots=True)
class SearchKeys:
    """How a name is found: by any run of its characters, or by pinyin from its start.

    `raw`: the name without dots and spaces. `grams`: its single characters and pairs, for an index
    that cannot look inside words. `initials`: the likely spellings by first letters, best first;
    `pinyin`: those in full.
    """

    raw: str
    grams: tuple[str, ...]
    initials: tuple[str, ...]
    pinyin: tuple[str, ...]

    @property
    def line(self) -> str:
        """All spellings in one text, each after a space: `% wangf%` looks for a start."""
        return "".join(f" {spelled(key)}" for key in dict.fromkeys(self.initials + self.pinyin))


def canonical_name(typed: str) -> Name:
    """The stored form of a name: NFC, dots unified, no invisible characters, no stray spaces."""
    text = unicodedata.normalize("NFC", typed)
    text = _SPACE.sub(" ", "".join(c for c in text if c.isspace() or _is_visible(c))).strip()
    text = _ASCII_DOT.sub(DOT, _DOTS.sub(DOT, text))
    return Name(_HAN_GAP.sub("", text).strip(), typed)


def search_keys(name: str) -> SearchKeys:
    """The keys to store beside a name."""
    raw = _bare(canonical_name(name).text)
    singles = tuple(dict.fromkeys(raw))
    pairs = tuple(dict.fromkeys(raw[i : i + 2] for i in range(len(raw) - 1)))
    choices = _choices(raw)
    initials = [tuple(dict.fromkeys(one[0] for one in readings)) for readings in choices]
    return SearchKeys(
        raw,
        singles + pairs,
        tuple(islice(_by_likelihood(initials), INITIALS_MAX)),
        tuple(islice(_by_likelihood(choices), PINYIN_MAX)),
    )


def spelled(letters: str) -> str:
    """Pinyin as keys hold it: ü is typed as v or as u."""
    return letters.lower().replace("v", "u")


def query_grams(query: str) -> tuple[str, ...]:
    """The grams a query asks for: all of them must be among a name's grams."""
    raw = _bare(canonical_name(query).text)
    return (raw,) if len(raw) == 1 else tuple(raw[i : i + 2] for i in range(len(raw) - 1))


def matches(query: str, keys: SearchKeys) -> bool:
    """True when the query is a run of the name's characters or the start of its pinyin."""
    raw = _bare(canonical_name(query).text)
    if not raw:
        return False
    letters = raw.lower()
    if _LETTERS.fullmatch(letters) and f" {spelled(letters)}" in keys.line:
        return True
    return letters in keys.raw.lower()


def readings_of(character: str) -> tuple[str, ...]:
    """All readings of one character without tones, commonest first; empty when unknown."""
    return tuple(_table().get(character, "").split())


def _is_visible(character: str) -> bool:
    # Unassigned (Cn) stays: Extension I is newer than the Unicode tables of Python 3.11 and 3.12.
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs"}


def _bare(text: str) -> str:
    return _QUERY_NOISE.sub("", text)


def _choices(raw: str) -> list[tuple[str, ...]]:
    """The readings of each character; a surname is read as one first."""
    choices: list[tuple[str, ...]] = []
    compound = SURNAME_READINGS.get(raw[:2], "") if len(raw) > 2 else ""
    if compound:
        choices += [(syllable,) for syllable in compound.split()]
    elif raw:
        surname = SURNAME_READINGS.get(raw[0], "").split()
        choices.append(tuple(dict.fromkeys([*surname, *_readings(raw[0])])))
    choices += [_readings(c) for c in raw[len(choices) :]]
    return [choice for choice in choices if choice]


def _by_likelihood(choices: Sequence[Sequence[str]]) -> Iterator[str]:
    """Spellings with no uncommon reading first, then those with one, then with two."""
    if not choices:
        return
    best = [choice[0] for choice in choices]
    for deviations in range(3):
        for places in combinations(range(len(choices)), deviations):
            for letters in product(*(choices[place][1:READINGS_MAX] for place in places)):
                spelled = list(best)
                for place, letter in zip(places, letters, strict=True):
                    spelled[place] = letter
                yield "".join(spelled)


def _readings(character: str) -> tuple[str, ...]:
    folded = character.lower()
    return (folded,) if _LETTERS.fullmatch(folded) else readings_of(character)


@cache
def _table() -> Mapping[str, str]:
    text = resources.files("shared").joinpath("data/readings.txt").read_text(encoding="utf-8")
    table: dict[str, str] = {}
    for line in text.splitlines():
        readings, _, characters = line.partition("\t")
        table.update(dict.fromkeys(characters, readings))
    return MappingProxyType(table)
