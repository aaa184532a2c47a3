"""Looking through the ledger by position: which cases were touched, and what they say now.

Everything that becomes visible at the county does so through an operation of the county's own
stream: its own acts, and verdicts that name what they judge. So a position in that stream is a
position in the ledger, in the order of commits and without a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from server import verdicts
from server.bridge.mapping import Resolver, in_force
from server.bridge.saying import Case, Said, Words, first_level, say
from server.card import read_card
from server.county import County, Editions
from server.rebuild import county_streams
from server.storage import Tx
from server.storage.rows import StoredOperation
from shared import operation as operations
from shared.fold import fold
from shared.ids import InvalidId, parse_record
from shared.numbered import PROJECT

CHUNK = 200
"""Operations of the county's stream looked at in one transaction."""
CASES_MAX = 500
"""Cases folded in one transaction; one verdict may name more, and is looked at in parts."""
OWNED = frozenset({"rating", "number"})

Position = tuple[int, int]


@dataclass(slots=True)
class Touched:
    """Cases touched up to a position: case → the last position at which it was; and ratings."""

    through: Position
    cases: dict[bytes, Position] = field(default_factory=dict)
    ratings: dict[bytes, set[bytes]] = field(default_factory=dict)


class Found(NamedTuple):
    """A case as the ledger has it now, and what is to be said of it."""

    record: bytes
    project_no: str
    said: Said
    ratings: list[bytes]


def head_of(tx: Tx) -> Position:
    """Return the position at which the ledger stands."""
    head = tx.county_head()
    return head.epoch, head.county_seq


def touched_after(tx: Tx, after: Position, limit: int = CHUNK) -> Touched | None:
    """Return what the next operations of the county's stream touched; None at the end."""
    for epoch, stream in county_streams(tx):
        if epoch < after[0]:
            continue
        seq = after[1] if epoch == after[0] else 0
        if rows := tx.stream_operations(stream, after_seq=seq, limit=limit):
            return _touched(tx, epoch, rows)
    return None


def _touched(tx: Tx, epoch: int, rows: Sequence[StoredOperation]) -> Touched:
    found = Touched((epoch, rows[-1].seq))
    beside: dict[bytes, Position] = {}
    for row in rows:
        at = (epoch, row.seq)
        for record, kind in _places(tx, row):
            if kind == "case":
                found.cases[record] = at
            elif kind in OWNED:
                beside[record] = at
    for record, owner, kind in _owners(tx, beside):
        found.cases[owner] = max(beside[record], found.cases.get(owner, (0, 0)))
        if kind == "rating":
            found.ratings.setdefault(owner, set()).add(record)
    return found


def _places(tx: Tx, row: StoredOperation) -> Iterable[tuple[bytes, str]]:
    if row.kind != verdicts.KIND:
        return [(row.record, row.kind)]
    match operations.restore(row.skeleton, row.salt, row.data).data:
        case {"operations": list(named)}:
            return tx.places_of([one for one in named if isinstance(one, bytes)])
        case {"stream": bytes(stream), "from": int(first), "to": int(last)}:
            return tx.places_between(stream, first, last)
        case _:
            raise verdicts.MalformedVerdict("台账中的裁定无法读取，请升级程序或从备份恢复。")


def _owners(tx: Tx, records: Iterable[bytes]) -> Iterator[tuple[bytes, bytes, str]]:
    for record, row in tx.records(list(records)).items():
        of = read_card(row.folded).get("of")
        try:
            if isinstance(of, str):
                yield record, parse_record(of), row.kind
        except InvalidId:
            continue  # validation has its say; nothing follows it


@dataclass
class Looker:
    """Folds cases and says them; names, codes and editions are read once for a transaction."""

    tx: Tx
    editions: Editions
    words: Words

    @classmethod
    def of(cls, tx: Tx, county: County) -> Looker:
        """Return one with what is in force now."""
        editions = county.editions(tx)
        names = {f"agent:{row.agent}": row.name for row in tx.agents() if row.name}
        names |= {f"staff:{row.staff}": row.name for row in tx.staff_list()}
        names |= {"system": "系统"}
        resolver = Resolver(in_force(tx, county), editions)
        return cls(tx, editions, Words(resolver, editions.calendar, names))

    def look(self, ratings: dict[bytes, list[bytes]]) -> Iterator[Found]:
        """Yield what is to be said of these cases (case → its ratings) as they stand now."""
        entries = self.tx.operations_of(list(ratings))
        beside = sorted({one for some in ratings.values() for one in some})
        rated = {one: fold(some) for one, some in self.tx.operations_of(beside).items() if some}
        numbers = self.tx.numbers_by(PROJECT, list(ratings))
        for record, known in ratings.items():
            folded = fold(entries[record]) if entries[record] else None
            if folded is None or folded.kind != "case":
                continue  # a number or a rating of something else
            level = first_level([rated[one] for one in known if one in rated])
            by_id = {entry.operation.id: entry for entry in entries[record]}
            case = Case(folded, by_id, numbers.get(record, ""), level)
            yield Found(record, case.project_no, say(case, self.words), known)
