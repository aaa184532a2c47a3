"""Official numbers as county operations say them: which record, which kind of number, the number.

The operation is the county's alone. Its record id follows from the record it numbers and the kind
of number, so that everybody finds it without a look-up; the first in the county's order stands,
later ones are aliases.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from shared.ids import InvalidId, parse_record, uuid8
from shared.operation import Operation, Skeleton

KIND, ACT = "number", "assign"
PROJECT = "project"
"""办件编号, the official number of a case."""
PLATFORM = "platform"
"""省平台办件号: what the province calls a case; an alias, never a number of the county's."""
CASE, RECEIVE = "case", "receive"


class Numbered(NamedTuple):
    """What one operation says: this record is called so."""

    of: bytes
    kind: str
    number: str


def record_of(of: bytes, kind: str = PROJECT) -> bytes:
    """Return the id of the record that holds this kind of number of a record."""
    return uuid8(KIND, of, kind.encode())


def alias_record(of: bytes, number: str) -> bytes:
    """Return the id of the record that holds one alias of a record; each alias has its own."""
    return uuid8(KIND, of, PLATFORM.encode(), number.encode())


def records_for(skeletons: Iterable[Skeleton]) -> set[bytes]:
    """Return the ids of the number records that these acts may bring about."""
    return {record_of(one.record) for one in skeletons if one.kind == CASE and one.act == RECEIVE}


def numbered(operation: Operation) -> Numbered | None:
    """Return what an operation numbers; None for any other, or one whose data was erased."""
    skeleton = operation.skeleton
    if skeleton.kind != KIND or skeleton.act != ACT or not operation.has_data:
        return None
    of, kind, number = (operation.data.get(name) for name in ("of", "number_kind", "number"))
    if not (isinstance(of, str) and isinstance(kind, str) and isinstance(number, str) and number):
        return None
    try:
        return Numbered(parse_record(of), kind, number)
    except InvalidId:
        return None
