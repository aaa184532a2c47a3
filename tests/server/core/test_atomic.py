"""All or nothing: what breaks inside leaves nothing behind, and the envelope can be taken again."""

from __future__ import annotations

import pytest
from sqlalchemy import event, func, select

from server import reconcile
from server.county import County
from server.database import DatabaseFull
from server.schema import metadata
from shared.errors import BianminError
from tests.server.core.world import Tablet, folded, township_of, villages


class PowerCut(BianminError):
    """What the test throws into a transaction."""


def _rows(county: County) -> dict[str, int]:
    with county.ledger.engine.connect() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in metadata.tables.items()
        }


def _heads(county: County) -> object:
    with county.ledger.read() as tx:
        return tx.county_head(), sorted(tx.streams())


class Cut:
    """Breaks the connection at the n-th statement that writes to a table."""

    def __init__(self, county: County, table: str) -> None:
        self._engine, self._table = county.ledger.engine, table

    def __enter__(self) -> None:
        event.listen(self._engine, "before_cursor_execute", self._watch)

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._watch)

    def _watch(self, _c: object, _k: object, statement: str, *_: object) -> None:
        words = statement.split()
        if words[0] in ("INSERT", "UPDATE") and self._table in words[:3]:
            raise PowerCut("断电")


WRITTEN = [
    "streams", "operations", "judgements", "records", "match_keys", "routes", "feed", "counties",
    "checkpoints", "envelopes",
]  # fmt: skip


@pytest.mark.parametrize("table", WRITTEN)
def test_an_envelope_that_breaks_anywhere_leaves_nothing_and_is_taken_again(
    both: County, table: str
) -> None:
    tablet = Tablet(both, villages()[0])
    tablet.entrust("王小二", phone="13800000001")
    tablet.consult()
    raw, rows, heads = tablet.seal(), _rows(both), _heads(both)
    with Cut(both, table), pytest.raises(PowerCut):
        tablet.take(raw)
    assert (_rows(both), _heads(both)) == (rows, heads)
    assert tablet.take(raw).fresh == 3
    assert tablet.take(raw).fresh == 0


def test_a_merger_that_breaks_leaves_no_record_merged(county: County) -> None:
    site = villages()[0]
    village, town = Tablet(county, site), Tablet(county, township_of(site), role="clerk")
    one = village.entrust("王小二", id_no="519900199001011237")
    other = town.receive("王小二", id_no="519900199001011237")
    village.send()
    town.send()
    with county.ledger.read() as tx:
        (pair,) = tx.list_pairs()
    rows, heads = _rows(county), _heads(county)
    with Cut(county, "feed"), pytest.raises(PowerCut):
        reconcile.settle_pair(county, pair.pair, True, "同一件", "ADMIN")
    assert (_rows(county), _heads(county)) == (rows, heads)
    reconcile.settle_pair(county, pair.pair, True, "同一件", "ADMIN")
    assert sorted(str(folded(county, op).state) for op in (one, other)) == ["已委托", "已并入"]


def test_a_full_disk_is_said_and_nothing_is_lost(county: County, anna: Tablet) -> None:
    anna.consult()
    raw, rows = anna.seal(), _rows(county)

    class Full(Cut):
        def _watch(self, _c: object, _k: object, statement: str, *_: object) -> None:
            if statement.startswith("INSERT INTO feed"):
                raise DatabaseFull("磁盘空间不足")

    with Full(county, "feed"), pytest.raises(DatabaseFull):
        anna.take(raw)
    assert _rows(county) == rows
    assert anna.take(raw).fresh == 2
