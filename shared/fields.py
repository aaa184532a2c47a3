"""What a field, a register and a record kind are. The tables themselves: `shared.kind_table`.

A *field* is one thing a person fills in. Fields that only make sense together (name and identity
number, item and version) are one *register*: fold never puts half of one value beside half of
another. A field marked `note` belongs to the act that carries it (the reason of a refusal) and to
the history, not to the record: it has no register and two of them never conflict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class FieldType(StrEnum):
    """How a value is written, checked and shown. Wire forms: see `shared.validation`."""

    TEXT = "text"  # one line
    LONG_TEXT = "long_text"  # several lines
    DATE = "date"  # "YYYY-MM-DD" at UTC+8; with `partial` also "YYYY-MM" and "YYYY"
    INSTANT = "instant"  # int, milliseconds since the epoch, UTC
    INTEGER = "integer"  # int within low..high
    MONEY_FEN = "money_fen"  # int, 分
    BOOLEAN = "boolean"
    CHOICE = "choice"  # code of one of `choices`
    LIST = "list"  # list of texts, or of codes where `choices` is given
    REFERENCE = "reference"  # id of another record or operation
    ITEM = "item"  # code of a catalogue item
    SITE = "site"  # site id or 12-digit region code
    PHONE = "phone"
    ID_NO = "id_no"
    PERSON_NAME = "person_name"
    TABLE = "table"  # list of rows; a row is a dict over `columns`
    MAP = "map"  # free mapping of names to values (settle, figures)
    OPERATIONS = "operations"  # list of operation ids (hex), or of {"id", "fields", "kept"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record kind; form, validator, console column and export all read this.

    `pd` is the personal-data class 0–4 of DOMAIN §3.1, `required` the acts at which a value must
    be given, `max_length` characters of a text or of each text in a list, `max_items` rows.
    """

    name: str
    label: str
    type: FieldType
    pd: int = 0
    choices: tuple[tuple[str, str], ...] = ()
    max_length: int = 200
    required: frozenset[str] = frozenset()
    help: str = ""
    note: bool = False
    low: int = 0
    high: int = 2**63 - 1
    max_items: int = 100
    columns: tuple[Field, ...] = ()
    partial: bool = False

    def choice_label(self, code: str) -> str:
        """The Chinese word of a choice, or the code itself when the table does not know it."""
        return dict(self.choices).get(code, code)


@dataclass(frozen=True, slots=True)
class Register:
    """Fields that are written, compared and settled together, in declared order."""

    name: str
    fields: tuple[str, ...]

    @property
    def public_name(self) -> str:
        """The name commands and conflicts use: the first field's."""
        return self.fields[0]

    @property
    def composite(self) -> bool:
        """True where a value is an object over several fields."""
        return len(self.fields) > 1


GIVEN = "*given"
"""As the value of a condition: any value at all."""


@dataclass(frozen=True, slots=True)
class Condition:
    """At `act`, a `field` that holds `value` (or any, for GIVEN) asks for every one of `needs`."""

    act: str
    field: str
    value: str
    needs: tuple[str, ...]

    def applies(self, act: str, data: Mapping[str, object]) -> bool:
        """Whether an act with these data has to carry `needs`."""
        value = data.get(self.field)
        is_met = value not in (None, "", []) if self.value == GIVEN else value == self.value
        return act == self.act and is_met

    def words(self, field: Field) -> str:
        """When the needs arise, for a sentence; `field` is the declaration of `self.field`."""
        if self.value == GIVEN:
            return f"填了“{field.label}”时"
        return f"在“{field.choice_label(self.value)}”时"


@dataclass(frozen=True, slots=True)
class Kind:
    """One record kind. Build it with `make_kind`, which derives the registers.

    `listed`: shown by `bianmin agent list`. `companion_of`: the kind whose restricted part this
    is. `county_only`: written by the county's own stream (or by the machinery) alone.
    `either`: (act, fields) pairs of which at least one field must be given. `conditions`: fields
    that a certain value of another field asks for.
    """

    name: str
    label: str
    fields: Mapping[str, Field]
    registers: Mapping[str, Register]
    by_field: Mapping[str, Register]
    creating_acts: frozenset[str]
    default_act: str
    listed: bool = False
    companion_of: str = ""
    county_only: bool = False
    either: tuple[tuple[str, tuple[str, ...]], ...] = ()
    conditions: tuple[Condition, ...] = ()

    def register_of(self, field: str) -> Register | None:
        """The register a field lives in; None for notes and for fields the table does not know."""
        return self.by_field.get(field)

    def required_at(self, act: str) -> tuple[Field, ...]:
        """Fields that the act must carry."""
        return tuple(f for f in self.fields.values() if act in f.required)


def make_kind(
    name: str,
    label: str,
    fields: tuple[Field, ...],
    *,
    default_act: str,
    creating_acts: frozenset[str] = frozenset(),
    registers: tuple[Register, ...] = (),
    listed: bool = False,
    companion_of: str = "",
    county_only: bool = False,
    either: tuple[tuple[str, tuple[str, ...]], ...] = (),
    conditions: tuple[Condition, ...] = (),
) -> Kind:
    """A kind whose declared composite registers come first; every other field has its own.

    Composite registers that name no field of this kind are left out, so that one list of
    composites serves every table.
    """
    by_name = {f.name: f for f in fields}
    if len(by_name) != len(fields):
        raise ValueError(f"kind {name}: a field is declared twice")
    out: dict[str, Register] = {}
    taken: set[str] = set()
    for register in registers:
        present = tuple(f for f in register.fields if f in by_name)
        if len(present) > 1 or (present and present[0] == register.fields[0]):
            out[register.name] = Register(register.name, present)
            taken.update(present)
    for field in fields:
        if field.name not in taken and not field.note:
            if field.name in out:
                raise ValueError(f"kind {name}: register and field share the name {field.name}")
            out[field.name] = Register(field.name, (field.name,))
    return Kind(
        name=name,
        label=label,
        fields=MappingProxyType(by_name),
        registers=MappingProxyType(out),
        by_field=MappingProxyType({f: r for r in out.values() for f in r.fields}),
        creating_acts=creating_acts | {default_act},
        default_act=default_act,
        listed=listed,
        companion_of=companion_of,
        county_only=county_only,
        either=either,
        conditions=conditions,
    )
