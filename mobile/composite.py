"""Completing what an agent typed: registers are written whole, items carry their numbers."""

from __future__ import annotations

from collections.abc import Mapping

from shared.canonical import Value
from shared.catalogue import CatalogueEdition, ItemKind
from shared.deadlines import Unit
from shared.identity import IdVerdict, check_id
from shared.kinds import Kind
from shared.persons import RESIDENT, born_and_sex

_UNITS = {Unit.WORKDAY: "workday"}
_IDENTITY = ("person_name", "id_type", "id_no")
_NO_FILL = frozenset({"settle"})
"""A settle names whole values itself."""


class Catalogue:
    """An edition beside its hash, which takes too long to compute for every act."""

    def __init__(self, edition: CatalogueEdition) -> None:
        self.edition = edition
        self.hash = edition.content_hash().hex()


def with_item(
    table: Kind, data: Mapping[str, object], catalogue: Catalogue | None
) -> dict[str, object]:
    """Copy name, version, limits and the edition's hash of a named item into the data.

    An item the edition does not know is left as typed: the county judges it. What the author gives
    wins over what the catalogue says.
    """
    out = dict(data)
    code = data.get("item")
    if catalogue is None or "item_edition" not in table.fields or not isinstance(code, str):
        return out
    item = catalogue.edition.by_code.get(code.strip())
    if item is None:
        return out
    copied: dict[str, object] = {
        "item_name": item.name,
        "item_version": item.task_version,
        "item_edition": catalogue.hash,
        "item_kind": "instant" if item.kind is ItemKind.INSTANT else "promise",
        "statutory_days": item.statutory_days,
        "promised_days": item.promised_days,
        "days_unit": _UNITS.get(item.unit, "day"),
    }
    return {**copied, **out}


def filled(
    table: Kind, act: str, data: Mapping[str, object], shown: Mapping[str, Value]
) -> dict[str, object]:
    """Complete composite registers: a write to one field stores them all, the rest as shown now."""
    out = dict(data)
    if act in _NO_FILL:
        return out
    for register in table.registers.values():
        if register.composite and any(name in data for name in register.fields):
            for name in register.fields:
                if name not in out and shown.get(name) is not None:
                    out[name] = shown[name]
    if any(name in data for name in _IDENTITY) and "id_assurance" not in data:
        _unverified(out, data, shown)
    return out


def _unverified(
    out: dict[str, object], data: Mapping[str, object], shown: Mapping[str, Value]
) -> None:
    """Another name or number than the one that was verified is what somebody said."""
    changed = any(name in data and data[name] != shown.get(name) for name in _IDENTITY)
    if changed and out.get("id_assurance") not in (None, "none"):
        out["id_assurance"] = "stated"


def with_birth(table: Kind, data: Mapping[str, object]) -> dict[str, object]:
    """Copy birth date and sex from a resident's number where the author gives none."""
    out, number = dict(data), data.get("id_no")
    if "birth_on" in out and "sex" in out:
        return out
    is_resident = "birth_on" in table.fields and data.get("id_type") in RESIDENT
    if is_resident and isinstance(number, str):
        check = check_id(number, today=None)
        if check.verdict is IdVerdict.VALID:
            born, sex = born_and_sex(check.number)
            out = {"birth_on": born, "sex": sex} | out
    return out
