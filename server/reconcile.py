"""What people decide at the county: conflicts, pairs, held work. Each decision is an operation.

A decision names its reason and the person, stands in the county's stream, and travels to the
tablets as 「县里已处理：…」. It can be decided again: undo is an act. Rights are the caller's to
ask (`shared.permissions.may`); here stands what a decision does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from server import matching, merging, numbering, steward
from server.county import County
from server.landing import Landing
from server.rejudging import SETTLE, free_held, rule
from server.steward import Draft
from server.storage import Tx
from server.storage.rows import Judgement, PairRow
from server.verdicts import Ruling
from shared import ids, kinds, lifecycle, reasons
from shared.canonical import Value
from shared.errors import Refused
from shared.fold import Entry, fold
from shared.operation import Operation
from shared.permissions import rank_of
from shared.record import STATE, Candidate, Conflict, Record
from shared.validation import validate
from shared.verdict import Status

UNSETTLED = (Status.HELD, Status.REFUSED)
DECIDED_BY_STAFF = "staff_decision"
Step = Callable[[Tx], Operation]
"""A decision, ready to be done in a transaction: for good, or to see what it would lead to."""


class NothingToSettle(Refused):
    """The record, register, pair or operation that was named is not there to be decided."""


@dataclass(frozen=True, slots=True)
class OpenConflict:
    """A conflict with the record it stands in."""

    record: Record
    conflict: Conflict


@dataclass(frozen=True, slots=True)
class HeldOperation:
    """An operation that waits for somebody or something."""

    judgement: Judgement
    stream: bytes
    sentence: str


def conflicts(tx: Tx) -> list[OpenConflict]:
    """Return every open conflict, the oldest first."""
    rows = tx.list_conflicts()
    folded = {
        record: fold(entries)
        for record, entries in tx.operations_of(sorted({row.record for row in rows})).items()
    }
    return [
        OpenConflict(folded[row.record], conflict)
        for row in rows
        for conflict in folded[row.record].conflicts
        if conflict.register == row.register
    ]


def pairs(tx: Tx) -> list[PairRow]:
    """Return the possible double filings nobody has decided yet."""
    return merging.undecided(tx)


def held(tx: Tx) -> list[HeldOperation]:
    """Return the operations that are held, the oldest first."""
    found: list[HeldOperation] = []
    for page in tx.waiting():
        stored = tx.stored([one.operation for one in page])
        found += [
            HeldOperation(one, stored[one.operation].stream, reasons.sentence(one.reason))
            for one in page
        ]
    return found


def settle(
    county: County, record: bytes, register: str, value: Value, reason: str, staff: str, *,
    shown: Sequence[bytes] | None = None,
) -> Operation:  # fmt: skip
    """Choose the value of a register; raise NothingToSettle or InvalidField."""
    return county.ledger.writing(
        settling(county, record, register, value, reason, staff, shown=shown)
    )


def settling(
    county: County, record: bytes, register: str, value: Value, reason: str, staff: str, *,
    shown: Sequence[bytes] | None = None,
) -> Step:  # fmt: skip
    """Return what `settle` does inside a transaction.

    `shown` are the heads the person saw (default: those of now): work that arrived since then stays
    beside the decision as a new conflict. `staff` is the id of the member who decides.
    """

    def step(tx: Tx) -> Operation:
        landing = Landing(tx, county.editions(tx))
        landing.load([record])
        folded = landing.record(record)
        if folded is None or register not in folded.registers:
            raise NothingToSettle("没有这条记录或这个字段，请从冲突列表中重新选择。")
        chosen = _chosen(folded, register, value)
        data: dict[str, Value] = {"values": {register: chosen}, "reason": reason}
        evidence = _evidence(folded.registers[register], chosen)
        if evidence != "stated":
            data["evidence"] = {register: evidence}
        draft = Draft(
            record, folded.kind, "settle", data, parents=tuple(shown or folded.heads),
            author=f"staff:{staff}", site=county.editions(tx).centre,
        )  # fmt: skip
        (done,) = steward.write(tx, county, [draft], landing)
        free_held(tx, county, landing, record)
        landing.finish()
        return done

    return step


def judge(
    county: County, operations: Sequence[bytes], admit: bool, reason: str, staff: str
) -> Operation:  # fmt: skip
    """Admit or refuse held operations; return the one verdict that says so.

    Refused ones and those a person has judged before can be judged again. Raises NothingToSettle.
    """
    return county.ledger.writing(judging(county, operations, admit, reason, staff))


def judging(
    county: County, operations: Sequence[bytes], admit: bool, reason: str, staff: str
) -> Step:
    """Return what `judge` does inside a transaction."""

    def step(tx: Tx) -> Operation:
        known = tx.judgements_of(operations)
        found = [known[one] for one in operations if one in known and _is_open(known[one])]
        if not found or len(found) < len(operations):
            raise NothingToSettle("没有这条待审操作，可能已经处理，请刷新列表。")
        landing = Landing(tx, county.editions(tx))
        landing.load(one.record for one in found)
        status = Status.ADMITTED if admit else Status.REFUSED
        rulings = [
            (
                one.operation,
                Ruling(status, one.rank or _rank(tx, one), DECIDED_BY_STAFF, one.effective_at),
            )
            for one in found
        ]
        done = rule(tx, county, landing, rulings, reason, f"staff:{staff}")
        for record in dict.fromkeys(one.record for one in found):
            free_held(tx, county, landing, record)
        numbering.assign(tx, county, landing)
        landing.finish()
        return done

    return step


def _is_open(judgement: Judgement) -> bool:
    """Whether a person may judge this: what waits, what was refused, what a person judged."""
    return Status(judgement.status) in UNSETTLED or judgement.reason == DECIDED_BY_STAFF


def settle_pair(county: County, pair: bytes, same: bool, reason: str, staff: str) -> Operation:
    """Decide a possible double filing; raises NothingToSettle."""
    return county.ledger.writing(pairing(county, pair, same, reason, staff))


def pairing(county: County, pair: bytes, same: bool, reason: str, staff: str) -> Step:
    """Return what `settle_pair` does inside a transaction.

    `same` merges the later record into the earlier one: one operation on each record, in one
    transaction with the decision; a record that was merged before is followed to the one that
    stands for it. `different` after `same` takes the merger back in the same way.
    """

    def step(tx: Tx) -> Operation:
        row = tx.pair(pair)
        if row is None:
            raise NothingToSettle("没有这一对记录，请从疑似重复列表中重新选择。")
        landing = Landing(tx, county.editions(tx))
        landing.load([pair, row.one, row.other])
        author, centre = f"staff:{staff}", county.editions(tx).centre
        data: dict[str, Value] = {
            "records": [ids.record_text(row.one), ids.record_text(row.other)],
            "rule": row.reason, "value": matching.SAME if same else matching.DIFFERENT,
            "reason": reason,
        }  # fmt: skip
        drafts = [Draft(pair, "pair", "decide", data, _heads(landing, pair), author, centre)]
        if same:
            drafts += _merger(landing, row, reason, author, centre)
        elif row.state == matching.SAME:
            drafts += merging.undone(tx, landing, row, reason, author, centre)
        done = steward.write(tx, county, drafts, landing)
        for draft in drafts[1:]:
            free_held(tx, county, landing, draft.record)
        landing.finish()
        return done[0]

    return step


def sides_open(tx: Tx, record: bytes, register: str) -> tuple[Candidate, ...]:
    """Return the values of an open conflict; () where there is none."""
    conflicts = fold(tx.operations_of([record])[record]).conflicts
    return next((one.values for one in conflicts if one.register == register), ())


def sides_settled(tx: Tx, record: bytes, register: str) -> tuple[Candidate, ...]:
    """Return the values that settles of a register chose from; () where none was ever open."""
    known = {one.operation.id: one for one in tx.operations_of([record])[record]}
    settles = [
        one.operation.skeleton
        for one in known.values()
        if one.operation.skeleton.act == SETTLE and register in _settled(one.operation)
    ]
    for settle in sorted(settles, key=lambda one: one.clock, reverse=True):
        ahead, shown = list(settle.parents), dict[bytes, Entry]()
        while ahead:
            one = ahead.pop()
            if one in known and one not in shown:
                shown[one] = known[one]
                ahead += known[one].operation.skeleton.parents
        conflicts = fold(shown.values()).conflicts if shown else ()
        for conflict in conflicts:
            if conflict.register == register:
                return conflict.values
    return ()


def _settled(operation: Operation) -> Mapping[str, Value]:
    values = operation.data.get("values") if operation.has_data else None
    return values if isinstance(values, dict) else {}


def _merger(
    landing: Landing, row: PairRow, reason: str, author: str, site: str
) -> list[Draft]:  # fmt: skip
    """What makes one matter of two; nothing where earlier mergers have done so already."""
    one, other = (merging.survivor_of(landing, half) for half in (row.one, row.other))
    if one is None or other is None:
        raise NothingToSettle(
            "这些记录互相并入，看不出保留哪一条，请先把其中一对改判为“不是同一件”。"
        )
    if one.id == other.id:
        return []
    survivor, merged = sorted((one, other), key=_registered_at)
    for record, act in ((merged, "merge"), (survivor, "absorb")):
        if not lifecycle.may_follow(record.kind, record.state, act, {}):
            raise NothingToSettle(f"记录现在是“{record.state}”，不能并入，请先核对两条记录。")
    into: dict[str, Value] = {"merged_into": ids.record_text(survivor.id), "reason": reason}
    took: dict[str, Value] = {"absorbed": ids.record_text(merged.id), "reason": reason}
    return [
        Draft(merged.id, merged.kind, "merge", into, merged.heads, author, site),
        Draft(survivor.id, survivor.kind, "absorb", took, survivor.heads, author, site),
    ]


def _registered_at(record: Record) -> tuple[int, bytes]:
    return (record.history[0].effective_at if record.history else 0, record.id)


def _heads(landing: Landing, record: bytes) -> tuple[bytes, ...]:
    folded = landing.record(record)
    return folded.heads if folded is not None else ()


def _chosen(record: Record, register: str, value: Value) -> Value:
    """Return the value as fold compares it; raise InvalidField or NothingToSettle."""
    if register == STATE:
        if value not in {effect.state_after for effect in record.history}:
            raise NothingToSettle("记录没有到过这个状态，请从冲突列表中选择。")
        return value
    field = kinds.kind_of(record.kind).register_of(register)
    assert field is not None
    if not field.composite:
        return validate(record.kind, "amend", {register: value})[register]
    whole = value if isinstance(value, dict) else {register: value}
    given = validate(record.kind, "amend", {k: v for k, v in whole.items() if v is not None})
    return {name: given.get(name) for name in field.fields}


def _evidence(values: Sequence[Candidate], chosen: Value) -> str:
    """A settled value is as sure as the best evidence it was given with."""
    return next((value.evidence for value in values if value.value == chosen), "stated")


def _rank(tx: Tx, judgement: Judgement) -> int:
    roles = [p.role for p in tx.postings(person=judgement.author) if p.site == judgement.site]
    return max((rank_of(role) for role in roles), default=rank_of("village"))
