"""Which values are in their stored form already: what the county checks again came out of a check.

`shared.values.clean_value` says what the stored form is. Here each field gets, once, a test that
knows most stored values at a glance, for whatever it does not know `clean_value` has the word:
a test may answer no to anything, yes only to what `clean_value` would give back unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias, TypeGuard, cast

from shared.canonical import Value
from shared.fields import Field, FieldType
from shared.values import INSTANT_MAX, clean_rows, clean_value, is_plain

Test: TypeAlias = Callable[[Any], object]
"""Given a value of the right type: true where it is known to be stored just so."""


class Check(NamedTuple):
    """A field with all that checking its values takes.

    A value of exactly `kind` that `is_stored` is true of comes back as it is, anything else as
    `clean` says (as `clean_value`; InvalidField).
    """

    kind: type
    is_stored: Callable[[object], TypeGuard[Value]]
    clean: Callable[[object], Value]

    def value(self, raw: object) -> Value:
        """Return the canonical value; None for an emptied field. Raises InvalidField."""
        return raw if type(raw) is self.kind and self.is_stored(raw) else self.clean(raw)


class _Nothing:
    """No value is of this type."""


def check_of(field: Field) -> Check:
    """Return the check of a field; to be made once."""
    kind, test = _known(field)
    is_stored = cast("Callable[[object], TypeGuard[Value]]", test)
    if field.type is FieldType.LIST:
        return Check(kind, is_stored, _list(field))
    if field.type is FieldType.TABLE:
        return Check(kind, is_stored, _table(field))
    return Check(kind, is_stored, partial(clean_value, field))


def _known(field: Field) -> tuple[type, Test]:
    if field.type in _BUILT:
        return _BUILT[field.type](field)
    longest, test = _FIXED.get(field.type, (0, bool))
    return (str, test) if 0 < longest <= field.max_length else (_Nothing, bool)


def _line(field: Field) -> tuple[type, Test]:
    most = field.max_length
    return str, lambda text: 0 < len(text) <= most and is_plain(text)


def _item(field: Field) -> tuple[type, Test]:
    most = field.max_length
    return str, lambda text: 0 < len(text) <= most and " " not in text and is_plain(text)


def _choice(field: Field) -> tuple[type, Test]:
    one = replace(field, type=FieldType.CHOICE)
    _, is_line = _line(field)
    codes = [code for code, _ in field.choices if is_line(code) and clean_value(one, code) == code]
    return str, frozenset(codes).__contains__


def _name(field: Field) -> tuple[type, Test]:
    """Unified ideographs alone: no dots, no blanks, nothing that NFC changes."""
    return str, re.compile(rf"[\u3400-\u4dbf\u4e00-\u9fff]{{1,{field.max_length}}}").fullmatch


def _integer(field: Field) -> tuple[type, Test]:
    return int, range(field.low, field.high + 1).__contains__


def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


_BUILT: Mapping[FieldType, Callable[[Field], tuple[type, Test]]] = MappingProxyType(
    {
        FieldType.TEXT: _line,
        FieldType.LONG_TEXT: _line,
        FieldType.ITEM: _item,
        FieldType.CHOICE: _choice,
        FieldType.PERSON_NAME: _name,
        FieldType.INTEGER: _integer,
        FieldType.MONEY_FEN: _integer,
        FieldType.INSTANT: lambda _: (int, range(INSTANT_MAX + 1).__contains__),
        FieldType.BOOLEAN: lambda _: (bool, (True, False).__contains__),
    }
)
_FIXED: Mapping[FieldType, tuple[int, Test]] = MappingProxyType(
    {
        FieldType.DATE: (10, _is_day),
        FieldType.PHONE: (11, re.compile(r"1[3-9][0-9]{9}", re.ASCII).fullmatch),
        FieldType.SITE: (64, re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}", re.ASCII).fullmatch),
        FieldType.REFERENCE: (128, re.compile(r"[0-9a-z][0-9a-z_.:-]{0,127}", re.ASCII).fullmatch),
    }
)
"""Tests that are the same for every field, each with the longest text it knows."""


def _list(field: Field) -> Callable[[object], Value]:
    _, is_stored = _choice(field) if field.choices else _line(field)

    def clean(raw: object) -> Value:
        if (
            type(raw) is list
            and len(raw) <= field.max_items
            and all(type(one) is str and is_stored(one) for one in raw)
        ):
            return list(dict.fromkeys(raw))
        return clean_value(field, raw)

    return clean


def _table(field: Field) -> Callable[[object], Value]:
    columns = {column.name: check_of(column).value for column in field.columns}
    return lambda raw: None if raw is None else clean_rows(field, columns, raw)
