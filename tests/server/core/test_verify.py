"""Verify finds what was tampered with and says so; rebuild heals projections and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pytest
from sqlalchemy import delete, text, update

from server import reconcile
from server.county import County
from server.rebuild import rebuild
from server.schema import metadata
from server.verify import verify
from shared import ids
from tests.server.core import test_sealed
from tests.server.core.world import Mould, Tablet, township_of, villages


def lived_in(county: County) -> None:
    """A county in which a bit of everything has happened."""
    anna, bert = (Tablet(county, villages()[0]) for _ in range(2))
    town = Tablet(county, township_of(anna.site), role="clerk")
    record = anna.entrust("王小二", id_no="519900199001011237").skeleton.record
    for number in range(5):
        anna.consult(f"第{number}问")
    anna.sync()
    for tablet in (bert, town):
        tablet.pull()
    anna.amend(record, phone="13800000002")
    bert.amend(record, phone="13800000003")
    case = town.receive("王小二", id_no="519900199001011237").skeleton.record
    town.receive("王大", phone="13800000009")
    for tablet in (anna, bert, town):
        tablet.send()
    anna.set_state("suspended")
    anna.consult("停用以后")
    anna.send()
    with county.ledger.read() as tx:
        (pair,) = tx.list_pairs()
    assert {pair.one, pair.other} == {record, case}
    reconcile.settle_pair(county, pair.pair, False, "各办各的", "ADMIN")
    town.record("case", "accept", {}, on=case)
    town.send()
    bert.begin_stream()
    test_sealed.drop(bert, test_sealed.SAID)
    bert.send()


@pytest.fixture
def lived(mould: Mould) -> Iterator[County]:
    """A county in which a bit of everything has happened; its books need not agree afterwards."""
    with mould.cast() as county:
        lived_in(county)
        yield county


class Tampering(NamedTuple):
    """Rows changed behind the county's back (`to` None: deleted), and the word that tells of it."""

    table: str
    where: str
    to: dict[str, str] | None
    word: str

    def on(self, county: County) -> None:
        table, engine = metadata.tables[self.table], county.ledger.engine
        statement: Any = delete(table)
        if self.to is not None:
            statement = update(table).values({c: text(sql) for c, sql in self.to.items()})
        with engine.begin() as connection:
            changed = connection.execute(statement.where(text(self.where))).rowcount
        assert changed > 0


def blob(count: int) -> str:
    return f"x'{'00' * count}'"


ONE = "id = (SELECT min(id) FROM operations WHERE {0})"
A_PROXY, A_SESSION, A_VERDICT = map(
    ONE.format, ("kind = 'proxy' AND act = 'entrust'", "kind = 'session'", "kind = 'verdict'")
)
"""Whatever ids chance gives, none of these is the last operation of its stream."""
PROXIES, ALL, ACTS = "kind = 'proxy'", "1 = 1", "purpose = 'acts'"
ANOTHER = "(SELECT min(data) FROM operations WHERE kind = 'case')"
LAST = "seq = (SELECT max(seq) FROM checkpoints)"
GARBLED = "substr({0}, 2)"

LEDGER = {
    "operation bytes": ("operations", A_PROXY, {"skeleton": GARBLED.format("skeleton")}, "损坏"),
    "operation data": ("operations", A_PROXY, {"data": GARBLED.format("data")}, "损坏"),
    "verdict data": ("operations", A_VERDICT, {"data": GARBLED.format("data")}, "损坏"),
    "data of another": ("operations", A_PROXY, {"data": ANOTHER}, "损坏"),
    "data taken away": ("operations", A_PROXY, {"data": "NULL", "salt": "NULL"}, "重算"),
    "salt": ("operations", A_PROXY, {"salt": blob(16)}, "损坏"),
    "operation id": ("operations", A_PROXY, {"id": blob(32)}, "损坏"),
    "id of a skeleton": ("operations", A_PROXY, {"id": blob(32), "data": "NULL"}, "与其编号不符"),
    "act column": ("operations", A_PROXY, {"act": "'deliver'"}, "与其编号不符"),
    "record column": ("operations", A_PROXY, {"record": blob(16)}, "与其编号不符"),
    "missing operation": ("operations", A_PROXY, None, "缺第"),
    "missing session": ("operations", A_SESSION, None, "缺第"),
    "missing verdict": ("operations", A_VERDICT, None, "缺第"),
    "missing last operation": ("operations", "kind = 'sealed'", None, "应有"),
    "stream head": ("streams", ACTS, {"head": blob(32)}, "链头不符"),
    "stream length": ("streams", ACTS, {"seq": "seq + 1"}, "应有"),
    "county head": ("counties", ALL, {"county_head": blob(32)}, "链头不符"),
    "envelope signature": ("envelopes", ALL, {"signature": blob(64)}, "设备签名不符"),
    "envelope body": ("envelopes", ALL, {"body_hash": blob(32)}, "设备签名不符"),
    "envelope header": ("envelopes", ALL, {"header": "x'c1'"}, "抬头无法读取"),
    "envelope range": ("envelopes", ALL, {"seq_to": "seq_to + 1"}, "抬头与登记不符"),
    "missing envelope": ("envelopes", "seq_from = 1", None, "没有设备签名"),
    "checkpoint": ("checkpoints", ALL, {"signature": blob(64)}, "签名不符"),
    "checkpoint head": ("checkpoints", ALL, {"head": blob(32)}, "与台账不符"),
    "last checkpoint": ("checkpoints", LAST, None, "没有检查点"),
    "feed row": ("feed", "position = 5", None, "应当相等"),
    "feed scope": ("feed", "position = 7", {"scope": "'s0999'"}, "没有下发"),
    "feed operation": ("feed", "position = 7", {"operation": blob(32)}, "没有下发"),
}
"""What no rebuild can heal: the county's memory."""

PROJECTIONS = {
    "judgement": ("judgements", PROXIES, {"status": "'refused'", "reason": "'state'"}, "裁定"),
    "effect": ("judgements", PROXIES, {"state_after": "'已送达'"}, "裁定"),
    "judgement's date": ("judgements", ALL, {"effective_on": "20200101"}, "裁定"),
    "missing judgement": ("judgements", "kind = 'consultation'", None, "裁定"),
    "record digest": ("records", PROXIES, {"digest": blob(32)}, "重算"),
    "record state": ("records", PROXIES, {"state": "'已送达'"}, "重算"),
    "record item": ("records", PROXIES, {"item": "'BM-XX-1'"}, "重算"),
    "record date": ("records", PROXIES, {"registered_on": "20200101"}, "重算"),
    "record card": ("records", PROXIES, {"folded": GARBLED.format("folded")}, "未能做完"),
    "missing record": ("records", PROXIES, None, "不在列表中"),
    "clock's colour": ("watched", ALL, {"red_at": "1"}, "期限"),
    "clock's holder": ("watched", ALL, {"breach_holder": "'agent:AAAAAAAA'"}, "期限"),
    "missing clock": ("watched", ALL, None, "期限"),
    "missing conflict": ("conflicts", ALL, None, "冲突列表"),
    "conflict of another field": ("conflicts", ALL, {"register": "'remark'"}, "冲突列表"),
    "conflict's time": ("conflicts", ALL, {"opened_at": "1"}, "冲突列表"),
    "missing route": ("routes", "scope = '*'", None, "下发范围"),
    "foreign route": ("routes", "scope = '*'", {"scope": "'s0999'"}, "下发范围"),
}


def test_a_county_that_lived_has_books_that_agree(lived: County) -> None:
    report = verify(lived)
    assert report.violations == ()
    assert report.ok
    assert report.devices == 3
    assert report.operations > 20


@pytest.mark.parametrize("what", [*LEDGER, *PROJECTIONS])
def test_tampering_is_found_and_said(lived: County, what: str) -> None:
    tampering = Tampering(*{**LEDGER, **PROJECTIONS}[what])
    tampering.on(lived)
    found = verify(lived).violations
    assert any(tampering.word in one for one in found), found


@pytest.mark.parametrize("what", PROJECTIONS)
def test_a_rebuild_heals_projections(lived: County, what: str) -> None:
    Tampering(*PROJECTIONS[what]).on(lived)
    rebuild(lived)
    assert verify(lived).violations == ()


@pytest.mark.parametrize("what", ["stream head", "envelope signature", "feed row", "checkpoint"])
def test_a_rebuild_does_not_hide_what_happened_to_the_ledger(lived: County, what: str) -> None:
    Tampering(*LEDGER[what]).on(lived)
    rebuild(lived)
    assert verify(lived).violations != ()


def _tables(county: County) -> dict[str, list[str]]:
    """Every projection of a county, in an order of its own."""
    with county.ledger.read() as tx:
        every = list(tx.all_record_ids())
        pairs = [row for state in ("open", "same", "different") for row in tx.list_pairs(state)]
        tables: dict[str, Iterable[object]] = {
            "judgements": tx.judgements_on(every).values(),
            "records": tx.records_of(every).values(),
            "conflicts": tx.list_conflicts(),
            "pairs": [row._replace(found_at=0) for row in pairs],
            "routes": [(one, sorted(scopes)) for one, scopes in tx.scopes_of(every).items()],
            "keys": [key for one in every for kind in ("id", "verified", "name_site", "name_phone")
                     for key in tx.match_keys_of(one, kind)],
        }  # fmt: skip
    return {name: sorted(map(repr, rows)) for name, rows in tables.items()}


def test_a_rebuild_gives_what_stood_before(lived: County) -> None:
    before = _tables(lived)
    rebuild(lived)
    after = _tables(lived)
    assert all(before.values())
    for name, rows in before.items():
        assert after[name] == rows, name


def test_a_rebuild_leaves_cursors_where_they_were(lived: County) -> None:
    reader = Tablet(lived, villages()[0])
    reader.pull()
    rebuild(lived)
    assert reader.page().entries == []


def test_rebuild_and_verify_agree_on_both_back_ends(both: County) -> None:
    lived_in(both)
    assert verify(both).violations == ()
    assert rebuild(both) > 10
    assert verify(both).violations == ()


def test_work_goes_on_after_a_rebuild(lived: County) -> None:
    rebuild(lived)
    tablet = Tablet(lived, villages()[0])
    tablet.pull()
    with lived.ledger.read() as tx:
        record = next(row.record for row in tx.records_of(list(tx.all_record_ids())).values()
                      if row.kind == "proxy")  # fmt: skip
    tablet.amend(record, remark=ids.record_text(record))
    tablet.sync()
    assert verify(lived).violations == ()
