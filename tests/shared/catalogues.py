"""Hypothesis strategies: items, fees, papers and whole editions as a county may write them."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any

from hypothesis import strategies as st

from shared.catalogue import (
    SPECIAL_PROCEDURES,
    CatalogueEdition,
    Fee,
    Form,
    Item,
    ItemKind,
    Material,
    Need,
    Source,
    TaskType,
)
from shared.deadlines import Unit
from shared.editions import InvalidEdition
from shared.sites import SiteKind

CODES = tuple(f"BM-{letter}" for letter in "ABCDEF")
_DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


def words(longest: int = 12, least: int = 0) -> st.SearchStrategy[str]:
    """Text as a cell may hold it: NFC, no separators of cells, no space around it."""
    letters = st.characters(exclude_categories=("Cc", "Cs", "Cn"), exclude_characters=";；")
    text = st.text(letters, min_size=least, max_size=longest)
    return text.map(lambda one: unicodedata.normalize("NFC", one).strip()).filter(
        lambda one: least <= len(one) <= longest
    )


@st.composite
def materials(draw: st.DrawFn) -> Material:
    """A paper whose need, delay and case fit together."""
    need = draw(st.sampled_from(Need))
    return Material(
        name=draw(words(least=1).filter(lambda one: "=" not in one and "＝" not in one)),
        need=need,
        form=draw(st.sampled_from(Form)),
        copies=draw(st.integers(1, 20)),
        source=draw(st.sampled_from(Source)),
        when=draw(words().filter(lambda one: "情形" not in one and "＝" not in one))
        if need is Need.CONDITIONAL
        else "",
        later_days=draw(st.integers(1, 99)) if need is Need.DEFERRABLE else 0,
        reuse_days=draw(st.none() | st.integers(0, 9999)),
    )


@st.composite
def fees(draw: st.DrawFn) -> Fee:
    """A fee with or without its days."""
    begun, ended = draw(st.none() | _DAYS), draw(st.none() | _DAYS)
    if begun is not None and ended is not None and ended < begun:
        begun, ended = ended, begun
    return Fee(
        amount_fen=draw(st.integers(0, 100_000)), basis=draw(words()), valid_from=begun,
        valid_to=ended,
    )  # fmt: skip


@st.composite
def items(draw: st.DrawFn, code: str = "") -> Item:
    """Any item, every field drawn."""
    kind = draw(st.sampled_from(ItemKind))
    promised = 0 if kind is ItemKind.INSTANT else draw(st.integers(1, 60))
    places = draw(st.sets(st.sampled_from(SiteKind), min_size=1))
    several = st.lists(words(least=1), max_size=3, unique=True).map(tuple)
    library = st.from_regex(r"[0-9A-Z]{0,12}", fullmatch=True)
    fields: dict[str, Any] = {
        "code": code or draw(st.sampled_from(CODES)),
        "name": draw(words(least=1)),
        "department": draw(words(least=1)),
        "kind": kind,
        "promised_days": promised,
        "statutory_days": promised + draw(st.integers(0, 60)),
        "unit": draw(st.sampled_from(Unit)),
        "task_type": draw(st.sampled_from(TaskType)),
        "accept_at": tuple(one for one in SiteKind if one in places),
        "village_proxy": draw(st.booleans()),
        "in_person_steps": draw(several),
        "special_procedures": tuple(
            draw(st.lists(st.sampled_from(SPECIAL_PROCEDURES), max_size=3, unique=True))
        ),
        "materials": tuple(draw(st.lists(materials(), max_size=3, unique_by=lambda one: one.name))),
        "fee": draw(fees()),
        "legal_basis": draw(words(40)),
        "tacit_approval": draw(st.booleans()),
        "relative_declaration": draw(st.booleans()),
        "suspended": draw(st.booleans()),
        "catalog_code": draw(library),
        "task_code": draw(library),
        "handle_item_code": draw(library),
        "task_version": draw(st.integers(1, 1000)),
        "replaces": tuple(draw(st.lists(st.sampled_from(CODES), max_size=2, unique=True))),
    }
    return Item(**fields)


def _edition(number: int, found: list[Item]) -> CatalogueEdition | None:
    try:
        return CatalogueEdition(
            number=number, document=f"第{number}号", published_on=date(2026, 1, number),
            effective_on=date(2026, 2, number), items=tuple(found),
        )  # fmt: skip
    except InvalidEdition:
        return None  # a circle: not an edition anybody can publish


@st.composite
def edition_pairs(draw: st.DrawFn) -> tuple[CatalogueEdition, CatalogueEdition]:
    """Two editions that share some items as they are."""
    pool = {code: draw(items(code)) for code in CODES}
    made: list[CatalogueEdition] = []
    for number in (1, 2):
        codes = draw(st.lists(st.sampled_from(CODES), unique=True))
        keep = draw(st.booleans())
        found = [pool[code] if keep or draw(st.booleans()) else draw(items(code)) for code in codes]
        edition = _edition(number, found)
        made.append(edition or CatalogueEdition(
            number=number, document="", published_on=date(2026, 1, 1),
            effective_on=date(2026, 1, 1), items=(),
        ))  # fmt: skip
    return made[0], made[1]
