"""退费任务: money taken after an edition had cancelled or lowered the fee (DOMAIN.md S61).

A tablet that was offline charges what its old edition says. The case keeps its edition; the money
that the edition in force on that day did not allow goes back. A task is no row: it is a charge that
still stands, seen beside the editions, so nothing can be lost or done twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from server import acting, sight
from server.accounts import Person
from server.acting import Wanted
from server.card import read_card
from server.county import CATALOGUE, County, Editions, day_number
from server.editions.listing import Published, published
from server.storage import Tx
from server.storage.rows import RecordRow
from shared.canonical import Value
from shared.catalogue import CatalogueEdition
from shared.catalogue_diff import compare
from shared.errors import Refused
from shared.fold import fold
from shared.ids import InvalidId, parse_record
from shared.operation import Operation
from shared.permissions import Capability
from shared.record import Record

STANDING, GIVEN_BACK = "已收", "已退"
CANCELLED, LOWERED = "收费已取消", "收费已降低"
ACT = "refund"


class NotToRefund(Refused):
    """The charge was given back already, or the edition of its day allows it."""


@dataclass(frozen=True, slots=True)
class Task:
    """One charge to give back (or given back); amounts in 分.

    `site` took it, `matter` is the case or proxy it was taken for, `on` the day it was taken.
    """

    charge: bytes
    matter: bytes
    matter_kind: str
    site: str
    person_name: str
    item: str
    item_name: str
    amount_fen: int
    allowed_fen: int
    back_fen: int
    on: date
    edition: Published
    why: str
    may_refund: bool

    @property
    def document(self) -> str:
        """The paper that cancelled or lowered the fee."""
        return self.edition.doc_no or self.edition.document


def tasks(county: County, person: Person, *, done: bool = False) -> list[Task]:
    """Return the charges to give back, or with `done` those given back, the newest first.

    Township people see their own township's.
    """
    with county.ledger.read() as tx:
        editions = county.editions(tx)
        found = _found(county, tx, [GIVEN_BACK if done else STANDING])
        township = sight.township_only(person, editions)
        return [
            _task(person, editions, one)
            for one in found
            if township is None or one.row.township == township
        ]


def count(county: County, tx: Tx) -> int:
    """Return how many charges wait to be given back in the whole county."""
    return len(_found(county, tx, [STANDING]))


def refund(
    county: County, person: Person, charge: bytes, reason: str, shown: Sequence[bytes] | None = None
) -> Operation:
    """Say that the money was given back; the act reaches the tablets that know the charge.

    Raises NotToRefund, and as `acting.perform`.
    """
    with county.ledger.read() as tx:
        one = _one(county, tx, charge)
        heads = _heads(tx, charge) if shown is None else tuple(shown)

    def check(tx: Tx, editions: Editions, record: Record, data: Mapping[str, Value]) -> None:
        still = _one(county, tx, charge)
        if still.back_fen != data.get("refunded_fen"):
            raise NotToRefund("应退金额刚刚变了，请刷新页面后再办。")

    data = {"refunded_fen": one.back_fen}
    return acting.perform(county, person, Wanted(charge, ACT, data, reason, heads), check)


# ---- what the books say


@dataclass(frozen=True, slots=True)
class _Found:
    row: RecordRow
    matter: RecordRow
    card: Mapping[str, Value]
    on: date
    allowed_fen: int
    edition: Published

    @property
    def amount_fen(self) -> int:
        amount = self.card.get("amount_fen")
        return amount if isinstance(amount, int) else 0

    @property
    def back_fen(self) -> int:
        given = self.card.get("refunded_fen")
        if self.row.state == GIVEN_BACK and isinstance(given, int):
            return given
        return self.amount_fen - self.allowed_fen


def _one(county: County, tx: Tx, charge: bytes) -> _Found:
    for one in _found(county, tx, [STANDING]):
        if one.row.record == charge:
            return one
    raise NotToRefund("这笔收费已经退还，或按当日的目录不用退，请刷新页面。")


def _heads(tx: Tx, charge: bytes) -> tuple[bytes, ...]:
    entries = tx.operations_of([charge])[charge]
    return fold(entries).heads if entries else ()


def _found(county: County, tx: Tx, states: Sequence[str]) -> list[_Found]:
    editions = [
        one for one in published(county, tx, CATALOGUE) if one.effective_on <= county.today()
    ]
    lowered = _lowered(editions)
    if not lowered:
        return []
    since = min(min(days) for days in lowered.values())
    days = {one: (on, mark) for one, on, mark in tx.charges_since(day_number(since), states)}
    told = _told(tx, {record: mark for record, (_, mark) in days.items()})
    items = tx.items_of({one.of for one in told.values() if one.of})
    suspects = {
        record: one for record, one in told.items()
        if items.get(one.of) in lowered and not one.practice
        and _back(editions, lowered, items[one.of], _date(days[record][0]), one.amount_fen)
    }  # fmt: skip
    rows, matters = tx.records(list(suspects)), tx.records({one.of for one in suspects.values()})
    found: list[_Found] = []
    for record, one in suspects.items():
        on, matter = _date(days[record][0]), matters[one.of]
        standing = _standing(editions, on)
        assert standing is not None
        allowed = _allowed(standing, matter.item, on)
        card = read_card(rows[record].folded)
        found.append(_Found(rows[record], matter, card, on, allowed, standing))
    return sorted(found, key=lambda one: (one.on, one.row.record), reverse=True)


class _Charge(NamedTuple):
    """What a charge says that tasks ask; `of` b'' where it names no record."""

    of: bytes
    amount_fen: int
    practice: bool


_KNOWN: dict[bytes, _Charge] = {}
"""What charges say, by the digest of the folded record: equal digests, equal charges. Opening all
of a year's charges for every look would take a second; nothing in here names a person."""
_KNOWN_MAX = 200_000


def _told(tx: Tx, marks: Mapping[bytes, bytes]) -> dict[bytes, _Charge]:
    if len(_KNOWN) > _KNOWN_MAX:
        _KNOWN.clear()
    unknown = [record for record, mark in marks.items() if mark not in _KNOWN]
    for record, row in tx.records(unknown).items():
        card = read_card(row.folded)
        amount = card.get("amount_fen")
        _KNOWN[marks[record]] = _Charge(
            _of(card) or b"", amount if isinstance(amount, int) else 0, bool(card.get("practice"))
        )
    return {record: _KNOWN[mark] for record, mark in marks.items() if mark in _KNOWN}


def _back(
    editions: Sequence[Published], lowered: Mapping[str, set[date]], code: str, on: date, fen: int
) -> bool:
    """Whether the edition of that day allows less than was taken, and an earlier one allowed it."""
    standing = _standing(editions, on)
    if standing is None or not any(day <= on for day in lowered[code]):
        return False
    return fen > _allowed(standing, code, on)


def _lowered(editions: Sequence[Published]) -> dict[str, set[date]]:
    """Item code → the days from which an edition allows less for it than the one before."""
    ordered = sorted(editions, key=lambda one: (one.effective_on, one.number))
    found: dict[str, set[date]] = {}
    for before, after in pairwise(ordered):
        assert isinstance(before.edition, CatalogueEdition)
        assert isinstance(after.edition, CatalogueEdition)
        changes = compare(before.edition, after.edition)
        less = [
            one.before.code
            for one in changes.changed
            if one.after.fee_on(after.effective_on) < one.before.fee_on(after.effective_on)
        ]
        less += [item.code for item in changes.removed if item.fee_on(after.effective_on) > 0]
        for code in less:
            found.setdefault(code, set()).add(after.effective_on)
    for one in ordered:
        assert isinstance(one.edition, CatalogueEdition)
        for item in one.edition.items:
            if item.fee.amount_fen and item.fee.valid_to is not None:
                found.setdefault(item.code, set()).add(item.fee.valid_to + timedelta(days=1))
    return found


def _standing(editions: Sequence[Published], on: date) -> Published | None:
    begun = [one for one in editions if one.effective_on <= on]
    return max(begun, key=lambda one: (one.effective_on, one.number), default=None)


def _allowed(standing: Published, code: str, on: date) -> int:
    assert isinstance(standing.edition, CatalogueEdition)
    item = standing.edition.by_code.get(code)
    return 0 if item is None else item.fee_on(on)


def _of(card: Mapping[str, Value]) -> bytes | None:
    of = card.get("of")
    try:
        return parse_record(of) if isinstance(of, str) else None
    except InvalidId:
        return None


def _date(number: int) -> date:
    return date(number // 10_000, number // 100 % 100, number % 100)


def _task(person: Person, editions: Editions, one: _Found) -> Task:
    matter = read_card(one.matter.folded)
    name, title = matter.get("person_name"), matter.get("item_name")
    return Task(
        charge=one.row.record, matter=one.matter.record, matter_kind=one.matter.kind,
        site=one.row.site, person_name=name if isinstance(name, str) else "",
        item=one.matter.item, item_name=title if isinstance(title, str) else one.matter.item,
        amount_fen=one.amount_fen, allowed_fen=one.allowed_fen, back_fen=one.back_fen, on=one.on,
        edition=one.edition, why=LOWERED if one.allowed_fen else CANCELLED,
        may_refund=one.row.state == STANDING
        and sight.over_site(person, editions, Capability.REFUND_CHARGE, one.row.site).allowed,
    )  # fmt: skip
