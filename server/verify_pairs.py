"""Whether blind keys and pairs follow from the ledger, for `server.verify`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from server import matching
from server.county import Editions
from server.matching import DECIDED, KINDS, NAME_SITE, OPEN, PAIR, Matter
from server.storage import Tx
from server.storage.rows import MatchKey, PairRow
from shared.record import Record


def faults(tx: Tx, editions: Editions, found: Sequence[tuple[Record, str]]) -> Iterator[str]:
    """Compare keys and pairs of folded records, each with the site that made it."""
    standing = tx.match_keys_on([record.id for record, _ in found])
    matters: list[Matter] = []
    for record, site in found:
        keys = standing[record.id]
        if record.kind not in KINDS:
            expected: Sequence[MatchKey] = []
        else:
            matter = matching.matter_of(tx, editions, record, site)
            expected = matter.keys
            matters.append(Matter(record.id, keys, matter.links))
        if _told(record, keys) != _told(record, expected):
            yield f"记录 {record.id.hex()[:12]} 的比对键与台账不符"
        if record.kind == PAIR and not _is_as_decided(tx, record):
            yield f"疑似重复 {record.id.hex()[:12]} 的判断与台账不符"
    yield from _pairs(tx, matters)


def _told(record: Record, keys: Sequence[MatchKey]) -> list[MatchKey]:
    """The keys as they compare: what site a region belongs to follows editions, which change."""
    if record.fields.get("address_region"):
        keys = [one._replace(blind=b"") if one.kind == NAME_SITE else one for one in keys]
    return sorted(keys)


def _is_as_decided(tx: Tx, record: Record) -> bool:
    named, row = matching.decided(record), tx.pair(record.id)
    if named is None:
        return row is None or row.state not in DECIDED.values()
    return row is not None and row._replace(found_at=named.found_at) == named


def _pairs(tx: Tx, matters: Sequence[Matter]) -> Iterator[str]:
    offered = matching.offered(tx, matters)
    rows = {row.pair: row for row in tx.pairs_among([one.record for one in matters])}
    decisions = tx.records([one for one, row in rows.items() if row.state in DECIDED.values()])
    for pair, row in rows.items():
        if row.state in DECIDED.values():
            decision = decisions.get(pair)
            if decision is None or DECIDED.get(decision.state or "") != row.state:
                yield f"疑似重复 {pair.hex()[:12]} 没有人判断过"
        elif (row.state == OPEN) != (pair in offered):
            yield f"疑似重复 {pair.hex()[:12]} 与台账不符"
    for pair, row in offered.items():
        if not _is_listed(rows.get(pair), row):
            yield f"疑似重复 {pair.hex()[:12]} 不在列表中"


def _is_listed(row: PairRow | None, offered: PairRow) -> bool:
    if row is None:
        return False
    return row.state != OPEN or row._replace(found_at=0) == offered
