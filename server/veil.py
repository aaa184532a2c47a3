"""Masks over folded fields: which values a screen or an answer shows only in part.

Names and numbers are masked by their field type; class 3 and above is hidden whole. The masks
themselves are `shared.masks`; revealing is a decision of `server.sight` and is written down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shared import masks
from shared.canonical import Value
from shared.fields import Field, FieldType, Kind
from shared.kinds import KINDS

PERSONAL = 2
SENSITIVE = 3
HIDDEN = "******"

_BY_TYPE: dict[FieldType, Callable[[str], str]] = {
    FieldType.PERSON_NAME: masks.mask_name,
    FieldType.ID_NO: masks.mask_id_no,
    FieldType.PHONE: masks.mask_phone,
}
_NAMES = frozenset(
    {"agent_name", "contact_name", "delivered_to", "given_to", "handed_to", "paid_by",
     "phone_owner", "target_name", "witness"}
)  # fmt: skip
"""Plain text fields that hold somebody's name."""


_OUTLINE = frozenset(
    {"target_kind", "triage_result", "transfer_to", "handler", "channel", "anonymity"}
)  # fmt: skip
"""What a sealed complaint shows before it is opened, beside fields that tell of nobody."""
COMPLAINANT = frozenset(
    {"person_name", "id_type", "id_no", "id_assurance", "person_record", "phone", "phone_owner",
     "sex", "birth_on", "address_text", "address_region", "care_flags"}
)  # fmt: skip
"""Who complained: hidden from a handler where 保密 was asked for."""


class Veil:
    """How much of a record's fields is shown: everything, all but numbers, or names masked too."""

    def __init__(
        self, *, personal: bool = False, numbers: bool = False, sealed: bool = False,
        hidden: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        self.personal = personal
        """Whether class 2 (names, phones) is shown in full."""
        self.numbers = numbers
        """Whether class 3 and above (identity number, account) is shown in full."""
        self.sealed = sealed
        """Whether this is a sealed complaint that nobody has opened for this look."""
        self.hidden = hidden
        """Fields that are shown to this person in no case."""

    def field(self, kind: str, name: str, value: Value) -> Value:
        """Return what is shown of one field's value."""
        declared = _field(kind, name)
        if value is None or declared is None:
            return value
        if name in self.hidden or (self.sealed and declared.pd > 0 and name not in _OUTLINE):
            return HIDDEN
        if self._open(declared):
            return value
        mask = masks.mask_name if name in _NAMES else _BY_TYPE.get(declared.type)
        if name == "account":
            mask = masks.mask_account
        if mask is not None and isinstance(value, str):
            return mask(value)
        return HIDDEN if declared.pd >= SENSITIVE else value

    def fields(self, kind: str, values: Mapping[str, Value]) -> dict[str, Value]:
        """Return what is shown of a record's flat fields."""
        return {name: self.field(kind, name, value) for name, value in values.items()}

    def register(self, kind: str, public_name: str, value: Value) -> Value:
        """Return what is shown of a register's value: plain, or an object of its fields."""
        if isinstance(value, dict):
            return {name: self.field(kind, name, one) for name, one in value.items()}
        return self.field(kind, public_name, value)

    def _open(self, declared: Field) -> bool:
        if declared.pd >= SENSITIVE:
            return self.numbers
        return self.personal or declared.pd < PERSONAL


MASKED = Veil()
PLAIN = Veil(personal=True, numbers=True)


def is_masked(value: Value) -> bool:
    """Return whether a value carries a mask: such a value is never written into a record."""
    if isinstance(value, dict):
        return any(is_masked(one) for one in value.values())
    return isinstance(value, str) and "*" in value


def personal_fields(kind: str, names: Mapping[str, Value]) -> list[str]:
    """Return those of a record's fields that a veil would touch, for the audit log."""
    found = []
    for name, value in names.items():
        if value is not None and MASKED.field(kind, name, value) != value:
            found.append(name)
    return sorted(found)


def _field(kind: str, name: str) -> Field | None:
    declared: Kind | None = KINDS.get(kind)
    return declared.fields.get(name) if declared else None
