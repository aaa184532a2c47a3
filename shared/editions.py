"""What calendar, catalogue and site editions share: their plain form and its hash.

An edition travels as the data of an operation, so its form is append-only: a new field comes with a
default, a default never changes, and a field at its default is left out. Then an old edition keeps
its hash under newer programs; a reader of a *newer* edition hashes the data as received
(`edition_hash`), never its own re-reading of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, TypeVar

import msgspec

from shared.canonical import Value, encode
from shared.errors import BianminError

T = TypeVar("T")


class InvalidEdition(BianminError):
    """Edition data that is incomplete, contradictory or of another form."""


def to_plain(edition: msgspec.Struct) -> dict[str, Value]:
    """Return `edition` as text, integers, lists and maps; dates as YYYY-MM-DD, keys as text.

    Equal editions have equal plain forms: a default is recognised by value, however it came there.
    """
    return {
        name: _plain(getattr(edition, name))
        for name, default in _defaults(type(edition))
        if default is msgspec.NODEFAULT or getattr(edition, name) != default
    }


def from_plain(data: Any, kind: type[T], label: str) -> T:
    """Return plain `data` as a `kind`; unknown fields are passed over; raise InvalidEdition.

    `label` names the edition in the sentence a person reads, e.g. 工作日历.
    """
    try:
        return msgspec.convert(data, kind, str_keys=True)
    except msgspec.ValidationError as error:
        place = str(error).rpartition("`")[0].rpartition("`")[2] or "$"
        raise InvalidEdition(f"{label}的内容不完整或有误（位置 {place}），请重新同步。") from error


def edition_hash(data: dict[str, Value]) -> bytes:
    """Return the SHA-256 over the canonical bytes of plain edition data (32 bytes)."""
    return hashlib.sha256(encode(data)).digest()


@cache
def _defaults(kind: type[msgspec.Struct]) -> tuple[tuple[str, object], ...]:
    return tuple((info.encode_name, info.default) for info in msgspec.structs.fields(kind))


def _plain(value: Any) -> Value:
    if isinstance(value, msgspec.Struct):
        return to_plain(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, str):
        return str(value)  # of an enumeration, its text
    plain: Value = value
    return plain
