"""All record kinds of the product, as data. Form, validator, console and export read this.

One field added to a table in `shared.kind_table` shows up everywhere at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from shared.errors import BianminError
from shared.fields import Field, FieldType, Kind, Register
from shared.kind_table.common import EVIDENCE_KEY, EVIDENCE_LEVELS
from shared.kind_table.county import COUNTY
from shared.kind_table.matters import MATTERS, SEALED_TARGETS
from shared.kind_table.papers import PAPERS

__all__ = [
    "EVIDENCE_KEY",
    "EVIDENCE_LEVELS",
    "KINDS",
    "LISTED",
    "SEALED_TARGETS",
    "Field",
    "FieldType",
    "Kind",
    "Register",
    "UnknownKind",
    "kind_of",
]


class UnknownKind(BianminError):
    """A record kind that no table of this version declares."""


KINDS: Mapping[str, Kind] = MappingProxyType(
    {kind.name: kind for kind in (*MATTERS, *PAPERS, *COUNTY)}
)

LISTED: tuple[str, ...] = tuple(kind.name for kind in KINDS.values() if kind.listed)
"""Kinds that lists show: consultation, proxy, case, complaint, appointment, rating."""


def kind_of(name: str) -> Kind:
    """The kind of this name; raises UnknownKind."""
    kind = KINDS.get(name)
    if kind is None:
        shown = name[:40]
        raise UnknownKind(f"没有“{shown}”这种记录，请从业务类型中选择，或升级程序后再试。")
    return kind
