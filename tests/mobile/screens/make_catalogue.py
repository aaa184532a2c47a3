"""Bring the English words of the window up to date.

    python -m tests.mobile.screens.make_catalogue

reads every `_("…")` and `marked("…")` of the window and the words that `shared` declares, merges
them into `mobile/locale/en/LC_MESSAGES/tablet.po` and compiles the `.mo` beside it. What has no
translation yet stands in the .po with an empty one, and the test of the catalogue fails.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import mobile
from mobile.screens.forms import TOWNSHIP_KINDS
from shared.fields import Kind
from shared.kinds import kind_of
from shared.lifecycle import act_label, acts_of, states_of
from shared.rights import ROLE_LABELS

ROOM = Path(mobile.__file__).parent
PO = ROOM / "locale" / "en" / "LC_MESSAGES" / "tablet.po"
MO = PO.with_suffix(".mo")
_IN_KV = re.compile(r"""_\("([^"]+)"\)""")
_KEYWORDS = {"_": None, "marked": None}
CATALOGUE_WORDS = ("示范目录", "容缺", "情形")
"""Words that an edition brings and the window shows beside its own."""


def written() -> Iterator[str]:
    """Every text marked in the window's sources."""
    for path in sorted([*ROOM.glob("kit/*.py"), *ROOM.glob("screens/*.py")]):
        for found in extract_from_file("python", path, keywords=_KEYWORDS):
            assert isinstance(found[1], str)
            yield found[1]
    for path in sorted(ROOM.glob("screens/*.kv")):
        yield from _IN_KV.findall(path.read_text(encoding="utf-8"))


def declared() -> Iterator[str]:
    """Every word of the declared kinds that the window may show."""
    for name in (*TOWNSHIP_KINDS, "rating"):
        kind = kind_of(name)
        yield kind.label
        yield from _fields(kind)
        yield from states_of(name)
        yield from (act_label(name, act) for act in acts_of(name))
    yield from ROLE_LABELS.values()
    yield from CATALOGUE_WORDS


def _fields(kind: Kind) -> Iterator[str]:
    for field in kind.fields.values():
        yield field.label
        yield from (word for _code, word in field.choices)
        if field.help:
            yield field.help


def msgids() -> list[str]:
    """All texts, each once, in a steady order."""
    return sorted({*written(), *declared()})


def read() -> Catalog:
    """Return the English words as committed."""
    with PO.open("rb") as file:
        return read_po(file, locale="en")


def compiled(catalogue: Catalog) -> bytes:
    """Return the bytes of the .mo."""
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def merged(old: Catalog) -> Catalog:
    """Return the present texts with the translations there are."""
    new = Catalog(locale="en", project="bianmin", domain="tablet", fuzzy=False, charset="utf-8")
    new.creation_date = old.creation_date
    new.revision_date = old.revision_date
    for text in msgids():
        known = old.get(text)
        new.add(text, known.string if known is not None else "")
    return new


if __name__ == "__main__":
    catalogue = merged(read() if PO.exists() else Catalog(locale="en"))
    with PO.open("wb") as file:
        write_po(file, catalogue, width=100, omit_header=False)
    MO.write_bytes(compiled(catalogue))
    for message in catalogue:
        if message.id and not message.string:
            print(message.id)  # noqa: T201  (a tool run by hand)
