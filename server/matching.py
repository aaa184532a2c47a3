"""Possible double filings (两头受理): the rule, over blind keys.

Two records are offered to a person as a pair when they are about the same item, within ten days,
not linked as proxy and case, and either carry an equal identity number, or an equal name with the
same village or phone where at least one side has no verified number. Two different verified numbers
outrank a name. A pair is offered, never merged by itself; what a person decided about it stands in
the pair's own record.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

from server.card import read_card
from server.county import day_number
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
_DECIDED = {"同一件": SAME, "不是同一件": DIFFERENT}
_NUMBER, _VERIFIED, _NAME_SITE, _NAME_PHONE = "id", "verified", "name_site", "name_phone"
_RULES = {
    _NUMBER: "证件号码相同",
    _NAME_SITE: "姓名和所在村相同",
    _NAME_PHONE: "姓名和电话相同",
}
_SURE = frozenset({"read", "seen"})
_MERGED = "已并入"


def match(
    tx: Tx, found: Sequence[tuple[Record, str]], stood: Collection[bytes] | None = None
) -> None:
    """Enter keys and pairs of records that were just folded, each with the site that made it.

    `stood`: those that may have keys already; None for all.
    """
    matters = [
        (record, keys_of(tx, record, site))
        for record, site in found
        if record.kind in KINDS and record.history
    ]
    if matters:
        earlier = [record.id for record, _ in matters if stood is None or record.id in stood]
        tx.put_match_keys({record.id: keys for record, keys in matters}, earlier)
        tx.add_pairs(_pairs(tx, matters))
        _let_go(tx, [record for record, _ in matters])
    for record, _ in found:
        if record.kind == PAIR:
            _decide(tx, record)


def keys_of(tx: Tx, record: Record, site: str) -> list[MatchKey]:
    """Return the blind keys of a proxy or case; `site` is where it was registered."""
    fields = record.fields
    item, name = fields.get("item"), fields.get("person_name")
    if not isinstance(item, str) or record.state == _MERGED:
        return []
    texts: list[tuple[str, str]] = []
    number = fields.get("id_no")
    if isinstance(number, str) and number:
        texts.append((_NUMBER, number))
        if _is_verified(record):
            texts.append((_VERIFIED, number))
    if isinstance(name, str) and name:
        village, phone = fields.get("address_region"), fields.get("phone")
        texts.append((_NAME_SITE, f"{name}\0{village if isinstance(village, str) else site}"))
        if isinstance(phone, str):
            texts.append((_NAME_PHONE, f"{name}\0{phone}"))
    on = day_number(civil_date(record.history[0].effective_at))
    return [MatchKey(record.id, kind, tx.blind(kind, text), item, on) for kind, text in texts]


def _pairs(tx: Tx, matters: Sequence[tuple[Record, list[MatchKey]]]) -> list[PairRow]:
    """The pairs that these records make with any in the database, the surest rule first."""
    found: dict[bytes, PairRow] = {}
    equal: dict[bytes, list[MatchKey]] = {}
    for other in tx.matches({key.blind for _, keys in matters for key in keys}):
        equal.setdefault(other.blind, []).append(other)
    doubled = {blind for blind, others in equal.items() if len(others) > 1}
    for rule in _RULES:
        for record, keys in matters:
            for key in keys:
                if key.kind == rule and key.blind in doubled:
                    is_sure = any(one.kind == _VERIFIED for one in keys)
                    for other in _candidates(tx, record, key, equal[key.blind], is_sure):
                        row = _pair(record, key, other)
                        found.setdefault(row.pair, row)
    return list(found.values())


def _candidates(
    tx: Tx, record: Record, key: MatchKey, equal: Sequence[MatchKey], is_sure: bool
) -> Iterator[MatchKey]:
    for other in equal:
        if other.record == key.record or other.item != key.item:
            continue
        if _days_apart(key.effective_on, other.effective_on) > DAYS:
            continue
        # Where both sides have a verified number, numbers decide and names say nothing.
        if key.kind != _NUMBER and is_sure and tx.match_keys_of(other.record, _VERIFIED):
            continue
        if not _linked(tx, record, other.record):
            yield other


def _pair(record: Record, key: MatchKey, other: MatchKey) -> PairRow:
    days = _days_apart(key.effective_on, other.effective_on)
    one, two = sorted((key.record, other.record))
    reason = f"{_RULES[key.kind]}、事项相同，相隔 {days} 天"
    at = max(effect.effective_at for effect in record.history)
    return PairRow(pair_id(one, two), one, two, reason, OPEN, at)


def _let_go(tx: Tx, records: Sequence[Record]) -> None:
    """A pair that was linked as proxy and case after it was offered is no question any more."""
    for record in records:
        if _links(record.fields):
            for row in tx.pairs_of(record.id):
                other = row.other if row.one == record.id else row.one
                if row.state == OPEN and _linked(tx, record, other):
                    tx.put_pair(row._replace(state=LINKED))


def _decide(tx: Tx, record: Record) -> None:
    """What a person decided stands in the pair's record; the list of pairs follows it."""
    state = _DECIDED.get(record.state or "", OPEN)
    row = tx.pair(record.id) or _named(record)
    if row is not None:
        tx.put_pair(row._replace(state=state))


def _named(record: Record) -> PairRow | None:
    """The pair as its decision names it (rebuild: after a merger no key finds it any more)."""
    named, rule = record.fields.get("records"), record.fields.get("rule")
    match named:
        case [str(first), str(second)]:
            one, two = sorted((ids.parse_record(first), ids.parse_record(second)))
        case _:
            return None
    at = record.history[0].effective_at
    return PairRow(record.id, one, two, str(rule or ""), OPEN, at)


def _is_verified(record: Record) -> bool:
    if record.fields.get("id_assurance") in _SURE:
        return True
    person = record.registers.get("person_name", ())
    return bool(person) and person[0].evidence in _SURE


def _linked(tx: Tx, record: Record, other: bytes) -> bool:
    if record_text(other) in _links(record.fields):
        return True
    row = tx.record(other)
    return row is not None and record_text(record.id) in _links(read_card(row.folded))


def _links(fields: Mapping[str, Value]) -> set[str]:
    named = (fields.get(name) for name in ("proxy", "case", "merged_into"))
    return {text for text in named if isinstance(text, str)}


def _days_apart(one: int, other: int) -> int:
    return abs((_date(one) - _date(other)).days)


def _date(day: int) -> date:
    return date(day // 10_000, day // 100 % 100, day % 100)
