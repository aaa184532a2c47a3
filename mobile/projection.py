"""What lists and search read: one row a record, folded from its operations.

A projection can be dropped and rebuilt from the log at any time. The county folds with the same
function; only a tablet's own unjudged and held operations lie on top of it here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from mobile.database import Store
from mobile.log import Held, held
from shared import kinds, lifecycle, numbered
from shared.canonical import Value
from shared.dunning import ASKING, Dunning, dunning_of, waits
from shared.fold import STEWARD_ACTS, Entry, fold
from shared.names import search_keys
from shared.operation import VERSION, Operation
from shared.papers import ATTACHMENT, owner_of
from shared.record import Record
from shared.verdict import Status

MACHINERY = frozenset({"session", "sealed", "verdict", numbered.KIND})
"""Kinds that nobody sees as a record, and that no count of work includes."""
TITLE_LENGTH = 40
NOT_SHOWN = "尚未入账，内容暂不显示"
_TITLE_FIELDS = ("item_name", "item", "question", "content", "slot", "title", "level")
_WORD_FIELDS = ("item", "item_name", "question", "slot")
_AT_ONCE = 500
"""Records whose rows are stored together."""

_SAVE = """INSERT OR REPLACE INTO records(record, kind, state, delivery, title, updated, conflicts,
                                          name, initials, words, slip, phone)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_SAVE_ATTACHED = "INSERT OR REPLACE INTO attached(record, of_record) VALUES (?, ?)"
_SAVE_NUMBER = """INSERT OR REPLACE INTO numbers(operation, of_record, kind, number, epoch,
                                                 county_seq)
                  VALUES (?, ?, ?, ?, ?, ?)"""
_SAVE_ASKED = "INSERT OR REPLACE INTO asked(record, act, by_on, reason) VALUES (?, ?, ?, ?)"
_FORGET_ASKED = "DELETE FROM asked WHERE record = ?"
_NUMBERS = """SELECT kind, number FROM numbers WHERE of_record = ?
              ORDER BY kind, epoch, county_seq"""


class Outline(NamedTuple):
    """What of a folded record the projection shows."""

    record: bytes
    kind: str
    state: str | None
    updated: int
    """Unix ms of the last effect."""
    conflicts: int
    fields: Mapping[str, Value]
    owner: bytes | None = None
    """The record an attachment belongs to."""
    asked: Dunning | None = None
    """What the county asks after it and nobody has answered."""


def outline(entries: Sequence[Entry]) -> Outline:
    """Fold one record; most have one operation, and its outline stands in that one."""
    lone = _lone(entries[0]) if len(entries) == 1 else None
    if lone is not None:
        return lone
    record = fold(entries)
    updated = max((effect.effective_at for effect in record.history), default=0)
    return Outline(
        record.id, record.kind, record.state, updated, len(record.conflicts), record.fields,
        owner_of(record), asked_of(record, entries),
    )  # fmt: skip


def asked_of(record: Record, entries: Iterable[Entry]) -> Dunning | None:
    """Return what the county asks after a record, as long as an answer is owed."""
    if not any(effect.act in ASKING for effect in record.history):
        return None
    found = dunning_of(record, {one.operation.id: one.operation for one in entries})
    return found if waits(record, found) else None


def project(store: Store, found: Held) -> Outline:
    """Fold one record and store its row; return what it shows."""
    shown = outline(found.entries)
    if shown.kind in MACHINERY or shown.owner is not None:
        _store(store, [(shown, found)])
    else:  # what an agent waits for
        store.execute(_SAVE, _row(shown, found.delivery))
        _store_asked(store, [(shown, found)])
    return shown


def project_all(store: Store, found: Iterable[Held]) -> int:
    """Fold these records and store their rows; returns how many."""
    count = 0
    waiting: list[tuple[Outline, Held]] = []
    for one in found:
        waiting.append((outline(one.entries), one))
        count += 1
        if len(waiting) == _AT_ONCE:
            _store(store, waiting)
            waiting = []
    _store(store, waiting)
    return count


def project_again(
    store: Store,
    records: Iterable[bytes],
    rank: int,
    arrived: Mapping[bytes, Operation] | None = None,
) -> int:
    """Fold these records again from the log (`arrived`: see `held`); returns how many."""
    return project_all(store, (held(store, record, rank, arrived) for record in records))


def rebuild(store: Store, rank: int) -> int:
    """Drop the projection and make it anew from the log; returns how many records were folded."""
    with store.write():
        store.execute("DELETE FROM records")
        store.execute("DELETE FROM attached")
        store.execute("DELETE FROM numbers")
        store.execute("DELETE FROM asked")
        found = store.rows("SELECT DISTINCT record FROM operations ORDER BY record")
        return project_again(store, (bytes(row[0]) for row in found), rank)


def numbers_of(store: Store, record: bytes) -> tuple[tuple[str, str], ...]:
    """Return a record's official numbers (kind, number): of each kind the first stands."""
    return tuple((kind, number) for kind, number in store.rows(_NUMBERS, (record,)))


def title_of(fields: Mapping[str, Value]) -> str:
    """Return a short line for lists."""
    for name in _TITLE_FIELDS:
        value = fields.get(name)
        if value not in {None, ""} and not isinstance(value, (list, dict)):
            return " ".join(str(value).split())[:TITLE_LENGTH]
    return ""


def _lone(entry: Entry) -> Outline | None:
    """What fold makes of a lone first act; None where there is more to it."""
    operation, verdict = entry.operation, entry.verdict
    skeleton = operation.skeleton
    kind, act = skeleton.kind, skeleton.act
    admitted = verdict is not None and verdict.status is Status.ADMITTED
    refused = verdict is not None and verdict.status is Status.REFUSED
    counts = admitted or (entry.provisional_rank is not None and not refused)
    is_plain = kind in kinds.KINDS and kind != ATTACHMENT and act not in STEWARD_ACTS
    is_first = not skeleton.parents and operation.has_data and skeleton.version <= VERSION
    if not (counts and is_plain and is_first):
        return None
    data, version = operation.data, skeleton.version
    if lifecycle.entry_condition(kind, act, version=version) is not None:
        return None
    if not lifecycle.may_follow(kind, None, act, data, version=version):
        return None
    state = None
    if lifecycle.is_state_act(kind, act, version=version):
        state = lifecycle.next_state(kind, None, act, data, version=version)
    known = kinds.KINDS[kind].by_field
    fields = {name: value for name, value in data.items() if value is not None and name in known}
    updated = verdict.effective_at if verdict and admitted else skeleton.effective_at
    return Outline(skeleton.record, kind, state, updated, 0, fields)


def _store(store: Store, rows: Sequence[tuple[Outline, Held]]) -> None:
    shown = [_row(one, found.delivery) for one, found in rows if one.kind not in MACHINERY]
    if shown:
        store.execute_many(_SAVE, shown)
    _store_asked(store, rows)
    owned = [(one.record, one.owner) for one, _ in rows if one.owner is not None]
    if owned:
        store.execute_many(_SAVE_ATTACHED, owned)
    given = [number for _, found in rows for number in _numbers(found.entries)]
    if given:
        store.execute_many(_SAVE_NUMBER, given)


def _store_asked(store: Store, rows: Sequence[tuple[Outline, Held]]) -> None:
    """Keep what is asked; where more than one act tells of a record, it may have been answered."""
    over = [(one.record,) for one, found in rows if one.asked is None and len(found.entries) > 1]
    if over:
        store.execute_many(_FORGET_ASKED, over)
    asked = [
        (one.record, one.asked.act, one.asked.by_on.isoformat() if one.asked.by_on else "",
         one.asked.reason)
        for one, _ in rows if one.asked is not None
    ]  # fmt: skip
    if asked:
        store.execute_many(_SAVE_ASKED, asked)


def _numbers(entries: Iterable[Entry]) -> Iterator[tuple[object, ...]]:
    for entry in entries:
        verdict, given = entry.verdict, numbered.numbered(entry.operation)
        if given is not None and verdict is not None and verdict.status is Status.ADMITTED:
            yield (entry.operation.id, *given, *verdict.order)


def _row(shown: Outline, delivery: str) -> tuple[object, ...]:
    fields = shown.fields
    name = _text(fields, "person_name")
    keys = search_keys(name) if name else None
    return (
        shown.record, shown.kind, shown.state, delivery, _title(shown), shown.updated,
        shown.conflicts, keys.raw.lower() if keys else "",
        keys.line if keys else "",
        " ".join(_text(fields, word) for word in _WORD_FIELDS).lower(),
        _text(fields, "slip"), _text(fields, "phone"),
    )  # fmt: skip


def _title(shown: Outline) -> str:
    """Others' work that waits for a decision, or was refused, came without its content."""
    if shown.state is None and not shown.fields:
        return NOT_SHOWN
    return title_of(shown.fields)


def _text(fields: Mapping[str, Value], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def is_listed(kind: str) -> bool:
    """Whether `agent list` shows this kind."""
    return kind in kinds.LISTED
