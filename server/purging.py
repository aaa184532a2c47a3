"""What an admitted purge (清除个人信息) erases at the county: data and salt of what it names.

Skeletons, ids, chains and judgements stay, so everything still verifies; fold ignores the data of
what a purge names, present or not, so records come out the same before and after. Named work that
arrives later is stored without its data. Attachments' files are not erased here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from shared import kinds, session
from shared.canonical import Value
from shared.fold import Entry
from shared.graph import DECLARE_LOST, PURGE, as_list
from shared.operation import VERSION, Operation
from shared.verdict import Status

_NAMING = frozenset({PURGE, DECLARE_LOST})
"""Acts whose data fold itself goes by: what they name would come back without it."""


def erased(entries: Collection[Entry]) -> Iterator[bytes]:
    """Return those of a record's operations whose data is held and has to go."""
    named = {one for entry in entries if _purges(entry) for one in _named(entry.operation)}
    for entry in entries:
        operation = entry.operation
        if operation.id in named and operation.has_data and _is_erasable(operation):
            yield operation.id


def _purges(entry: Entry) -> bool:
    skeleton = entry.operation.skeleton
    if skeleton.act != PURGE or skeleton.version > VERSION or not entry.operation.has_data:
        return False
    return entry.verdict is not None and entry.verdict.status is Status.ADMITTED


def _is_erasable(operation: Operation) -> bool:
    """The county's own books (verdicts, editions, devices) and sessions prove other people's work
    and hold nothing of citizens'."""
    skeleton = operation.skeleton
    table = kinds.KINDS.get(skeleton.kind)
    is_of_citizens = table is None or not (table.county_only or table.name == session.KIND)
    return is_of_citizens and skeleton.act not in _NAMING


def _named(purge: Operation) -> Iterator[bytes]:
    for one in as_list(purge.data.get("operations")):
        name: Value = one.get("id") if isinstance(one, dict) else one
        try:
            yield bytes.fromhex(name) if isinstance(name, str) else b""
        except ValueError:
            continue
