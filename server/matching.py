"""Possible double filings (两头受理): the rule, over blind keys.

Two records are offered to a person as a pair when they are about the same item, within ten days,
not linked as proxy and case, and either carry an equal identity number, or an equal name with the
same village or phone where at least one side has no verified number. Two different verified numbers
outrank a name. A pair is offered, never merged by itself; what a person decided about it stands in
the pair's own record, and outranks every rule for these two records (不是同一件: the same name is
two people). A pair that no rule offers any more is withdrawn, so that the list follows from the
ledger alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from server.card import read_card
from server.county import Editions, day_number
from server.questions import place
from server.storage import Tx
from server.storage.rows import MatchKey, PairRow
from shared import ids
from shared.canonical import Value
from shared.civil import civil_date
from shared.ids import pair_id, record_text
from shared.record import Record

KINDS = frozenset({"proxy", "case"})
PAIR = "pair"
DAYS = 10
OPEN, SAME, DIFFERENT, LINKED = "open", "same", "different", "linked"
WITHDRAWN = "withdrawn"
"""No rule offers the pair any more (a name was corrected), and nobody has decided it."""
DECIDED = {"同一件": SAME, "不是同一件": DIFFERENT}
"""State of a pair's record → what the list of pairs says."""
MERGED = "已并入"
NAME_SITE = "name_site"
NUMBER, _VERIFIED, _NAME_PHONE = "id", "verified", "name_phone"
_RULES = {
    NUMBER: "证件号码相同",
    NAME_SITE: "姓名和所在村相同",
    _NAME_PHONE: "姓名和电话相同",
}
_SURE = frozenset({"read", "seen"})


@dataclass(frozen=True)
class Matter:
    """A proxy or case as the rules see it."""

    record: bytes
    keys: Sequence[MatchKey]
    links: frozenset[str]
    """The records it names as its proxy or case, or as the one it was merged into."""

    @cached_property
    def is_sure(self) -> bool:
        """Whether its number was verified."""
        return any(key.kind == _VERIFIED for key in self.keys)


def match(
    tx: Tx, editions: Editions, found: Sequence[tuple[Record, str]],
    stood: Collection[bytes] | None = None,
) -> None:  # fmt: skip
    """Enter keys and pairs of records that were just folded, each with the site that made it.

    `stood`: those that may have keys already; None for all.
    """
    matters = [
        matter_of(tx, editions, record, site) for record, site in found if record.kind in KINDS
    ]
    if matters:
        earlier = [one.record for one in matters if stood is None or one.record in stood]
        tx.put_match_keys({one.record: one.keys for one in matters}, earlier)
        at = {
            record.id: max(effect.effective_at for effect in record.history)
            for record, _ in found
            if record.history
        }
        _offer(tx, matters, earlier, at)
    for record, _ in found:
        if record.kind == PAIR:
            _decide(tx, record)


def matter_of(tx: Tx, editions: Editions, record: Record, site: str) -> Matter:
    """Return what the rules see of a folded record; `site` is where it was registered."""
    return Matter(record.id, _keys_of(tx, editions, record, site), _links(record.fields))


def _keys_of(tx: Tx, editions: Editions, record: Record, site: str) -> list[MatchKey]:
    """The blind keys of a proxy or case. A merged one keeps them: it has to be told apart too."""
    fields = record.fields
    item, name = fields.get("item"), fields.get("person_name")
    if not isinstance(item, str) or not record.history:
        return []
    on = civil_date(record.history[0].effective_at)
    texts: list[tuple[str, str]] = []
    number = fields.get("id_no")
    if isinstance(number, str) and number:
        texts.append((NUMBER, number))
        if _is_verified(record):
            texts.append((_VERIFIED, number))
    if isinstance(name, str) and name:
        phone = fields.get("phone")
        texts.append((NAME_SITE, f"{name}\0{_village(editions, fields, site, on)}"))
        if isinstance(phone, str):
            texts.append((_NAME_PHONE, f"{name}\0{phone}"))
    day = day_number(on)
    return [MatchKey(record.id, kind, tx.blind(kind, text), item, day) for kind, text in texts]


def _village(editions: Editions, fields: Mapping[str, Value], site: str, on: date) -> str:
    """The site of the village the person lives in, else the site that registered.

    Regions are codes, which move; a code that is no site's stands for itself.
    """
    region = fields.get("address_region")
    if not isinstance(region, str) or not region:
        return site
    return place(editions, region, on) or region


def offered(tx: Tx, matters: Sequence[Matter]) -> dict[bytes, PairRow]:
    """Return the pairs that these make with any in the database, each by its surest rule."""
    found: dict[bytes, PairRow] = {}
    equal: dict[bytes, list[MatchKey]] = {}
    for other in tx.matches({key.blind for one in matters for key in one.keys}):
        equal.setdefault(other.blind, []).append(other)
    doubled = {blind for blind, others in equal.items() if len(others) > 1}
    for rule in _RULES:
        for matter in matters:
            for key in matter.keys:
                if key.kind == rule and key.blind in doubled:
                    for other in _candidates(tx, matter, key, equal[key.blind]):
                        row = _pair(key, other)
                        found.setdefault(row.pair, row)
    return found


def _candidates(
    tx: Tx, matter: Matter, key: MatchKey, equal: Sequence[MatchKey]
) -> Iterator[MatchKey]:
    for other in equal:
        if other.record == key.record or other.item != key.item:
            continue
        if not are_near(key, other):
            continue
        # Where both sides have a verified number, numbers decide and names say nothing.
        if key.kind != NUMBER and matter.is_sure and tx.match_keys_of(other.record, _VERIFIED):
            continue
        if not _linked(tx, matter, other.record):
            yield other


def are_near(one: MatchKey, other: MatchKey) -> bool:
    """Whether two records began within the days of a double filing."""
    return _days_apart(one.effective_on, other.effective_on) <= DAYS


def _pair(key: MatchKey, other: MatchKey) -> PairRow:
    days = _days_apart(key.effective_on, other.effective_on)
    one, two = sorted((key.record, other.record))
    reason = f"{_RULES[key.kind]}、事项相同，相隔 {days} 天"
    return PairRow(pair_id(one, two), one, two, reason, OPEN, 0)


def _offer(
    tx: Tx, matters: Sequence[Matter], earlier: Collection[bytes], at: Mapping[bytes, int]
) -> None:
    """Enter new pairs; let what is known and undecided follow the rules; `at`: found when."""
    found = offered(tx, matters)
    known = {row.pair: row for row in tx.pairs_among(earlier)}
    tx.add_pairs(
        [
            row._replace(found_at=max(at.get(row.one, 0), at.get(row.other, 0)))
            for row in found.values()
            if row.pair not in known
        ]
    )
    mine = {one.record: one for one in matters}
    for row in known.values():
        if row.state not in DECIDED.values():
            now = _undecided(tx, mine, row, found.get(row.pair))
            if now != row:
                tx.put_pair(now)


def _undecided(tx: Tx, mine: Mapping[bytes, Matter], row: PairRow, now: PairRow | None) -> PairRow:
    """The row of a pair that nobody decided, as the rules (`now`) have it."""
    if now is not None:
        return row._replace(state=OPEN, reason=now.reason)
    halves = ((row.one, row.other), (row.other, row.one))
    linked = any(one in mine and _linked(tx, mine[one], other) for one, other in halves)
    return row._replace(state=LINKED if linked else WITHDRAWN)


def _decide(tx: Tx, record: Record) -> None:
    """What a person decided stands in the pair's record; the list of pairs follows it.

    It is written down as the decision names it: no key may find the pair any more.
    """
    known, named = tx.pair(record.id), decided(record)
    if named is not None:
        tx.put_pair(named if known is None else named._replace(found_at=known.found_at))
    elif known is not None:  # the decision was voided: the rules speak again
        halves = [_standing(tx, one) for one in (known.one, known.other)]
        rule = offered(tx, halves).get(known.pair)
        tx.put_pair(_undecided(tx, {one.record: one for one in halves}, known, rule))


def _standing(tx: Tx, record: bytes) -> Matter:
    row = tx.record(record)
    links = frozenset[str]() if row is None else _links(read_card(row.folded))
    return Matter(record, tx.match_keys_on([record])[record], links)


def decided(record: Record) -> PairRow | None:
    """Return the pair as its decision names it; None where nobody has decided."""
    state = DECIDED.get(record.state or "")
    named, rule = record.fields.get("records"), record.fields.get("rule")
    match named:
        case [str(first), str(second)] if state is not None:
            one, two = sorted((ids.parse_record(first), ids.parse_record(second)))
        case _:
            return None
    at = record.history[0].effective_at
    return PairRow(record.id, one, two, str(rule or ""), state, at)


def _is_verified(record: Record) -> bool:
    if record.fields.get("id_assurance") in _SURE:
        return True
    person = record.registers.get("person_name", ())
    return bool(person) and person[0].evidence in _SURE


def _linked(tx: Tx, matter: Matter, other: bytes) -> bool:
    if record_text(other) in matter.links:
        return True
    row = tx.record(other)
    return row is not None and record_text(matter.record) in _links(read_card(row.folded))


def _links(fields: Mapping[str, Value]) -> frozenset[str]:
    named = (fields.get(name) for name in ("proxy", "case", "merged_into"))
    return frozenset(text for text in named if isinstance(text, str))


def _days_apart(one: int, other: int) -> int:
    return abs((_date(one) - _date(other)).days)


def _date(day: int) -> date:
    return date(day // 10_000, day // 100 % 100, day % 100)
