"""Possible double filings (两头受理): the rule, over blind keys.

Two records are offered to a person as a pair when they are about the same item, within ten days,
not linked as proxy and case, and either carry an equal identity number, or an equal name with the same
village or phone where at least one side has no verified number. Two different verified numbers
outrank a name. A pair is offered, never merged by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from server.card import read_card
from server.county import day_number
from server.storage import Tx
from server.storage.rows import MatchKey, PairRow
from shared.civil import civil_date
from shared.ids import pair_id, record_text
from shared.record import Record

KINDS = frozenset({"proxy", "case"})
DAYS = 10
OPEN, SAME, DIFFERENT, LINKED = "open", "same", "different", "linked"
_NUMBER, _VERIFIED, _NAME_SITE, _NAME_PHONE = "id", "verified", "name_site", "name_phone"
_RULES = {
    _NUMBER: "证件号码相同",
    _NAME_SITE: "姓名和所在村相同",
    _NAME_PHONE: "姓名和电话相同",
}
_SURE = frozenset({"read", "seen"})


def keys_of(tx: Tx, record: Record, site: str) -> list[MatchKey]:
    """Return the blind keys of a proxy or case; `site` is where it was registered."""
    fields = record.fields
    item, name = fields.get("item"), fields.get("person_name")
    if record.kind not in KINDS or not isinstance(item, str) or record.state == "已并入":
        return []
    texts: list[tuple[str, str]] = []
    number = fields.get("id_no")
    if isinstance(number, str) and number:
        texts.append((_NUMBER, number))
        if _is_verified(record):
            texts.append((_VERIFIED, number))
    if isinstance(name, str) and name:
        village = fields.get("address_region") or site
        texts.append((_NAME_SITE, f"{name}\0{village}"))
        if fields.get("phone"):
            texts.append((_NAME_PHONE, f"{name}\0{fields['phone']}"))
    on = day_number(civil_date(record.history[0].effective_at))
    return [MatchKey(record.id, kind, tx.blind(kind, text), item, on) for kind, text in texts]


def find_pairs(tx: Tx, record: Record, keys: Sequence[MatchKey]) -> list[PairRow]:
    """Return the pairs these keys make with records that are in the database already."""
    found: dict[bytes, PairRow] = {}
    verified = {key.blind for key in keys if key.kind == _VERIFIED}
    for key in keys:
        if key.kind not in _RULES:
            continue
        for other in tx.matches(key.kind, [key.blind]):
            days = _days_apart(key.effective_on, other.effective_on)
            if other.record == record.id or other.item != key.item or days > DAYS:
                continue
            if key.kind != _NUMBER and _outranked(tx, verified, other.record):
                continue
            if _linked(tx, record, other.record):
                continue
            pair = pair_id(record.id, other.record)
            one, two = sorted((record.id, other.record))
            reason = f"{_RULES[key.kind]}、事项相同，相隔 {days} 天"
            at = max(e.effective_at for e in record.history)
            found.setdefault(pair, PairRow(pair, one, two, reason, OPEN, at))
    return list(found.values())


def _is_verified(record: Record) -> bool:
    if record.fields.get("id_assurance") in _SURE:
        return True
    person = record.registers.get("person_name", ())
    return bool(person) and person[0].evidence in _SURE


def _outranked(tx: Tx, verified: set[bytes], other: bytes) -> bool:
    """Whether both sides have verified numbers: then numbers decide, and names say nothing."""
    return bool(verified) and bool(tx.match_keys_of(other, _VERIFIED))


def _linked(tx: Tx, record: Record, other: bytes) -> bool:
    mine = {record.fields.get("proxy"), record.fields.get("case"), record.fields.get("merged_into")}
    if record_text(other) in mine:
        return True
    row = tx.record(other)
    card = read_card(row.folded) if row is not None else {}
    return record_text(record.id) in {card.get("proxy"), card.get("case"), card.get("merged_into")}


def _days_apart(one: int, other: int) -> int:
    return abs((_date(one) - _date(other)).days)


def _date(day: int) -> date:
    return date(day // 10_000, day // 100 % 100, day % 100)
