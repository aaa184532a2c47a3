"""The ten rules of one schema for SQLite, PostgreSQL and Citus, held against the metadata.

That every statement carries the county and uses no function of one back end is held against the
statements themselves, while the storage contract runs (`tests.server.ledgers.watched`).
"""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import BigInteger, ForeignKeyConstraint, Integer, SmallInteger, Table
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from server.schema import metadata
from server.schema.columns import Octets
from server.storage import Ledger, create_schema, desk_rows, rows

TABLES = list(metadata.tables.values())
ROWS: dict[str, Any] = {
    "agents": rows.Agent,
    "attached": rows.Attached,
    "audit": rows.AuditEntry,
    "bridge_batches": desk_rows.BridgeBatch,
    "bridge_cases": desk_rows.BridgeCase,
    "bridge_pieces": desk_rows.BridgePiece,
    "bridge_state": desk_rows.BridgeState,
    "checkpoints": rows.Checkpoint,
    "conflicts": rows.ConflictRow,
    "counties": rows.CountyHead,
    "devices": rows.Device,
    "due_changes": desk_rows.DueChange,
    "edition_drafts": desk_rows.EditionDraft,
    "editions": rows.Edition,
    "envelopes": rows.Envelope,
    "feed": rows.FeedRow,
    "grants": rows.Grant,
    "invitations": rows.Invitation,
    "judgements": rows.Judgement,
    "match_keys": rows.MatchKey,
    "numbers": rows.NumberRow,
    "operations": rows.StoredOperation,
    "pairs": rows.PairRow,
    "postings": rows.Posting,
    "records": rows.RecordRow,
    "recounts": desk_rows.Recount,
    "staff": rows.Staff,
    "staff_codes": rows.StaffCode,
    "staff_sessions": rows.StaffSession,
    "streams": rows.Stream,
    "watched": rows.WatchedRow,
}
WITHOUT_ROW = {"leases", "routes"}
each_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


@each_table
def test_the_county_leads_every_key_and_index(table: Table) -> None:
    assert next(iter(table.columns)).name == "county"
    assert next(iter(table.primary_key)).name == "county"
    for constraint in table.constraints:
        if isinstance(constraint, Unique):
            assert constraint.columns[0].name == "county"
    for index in table.indexes:
        assert index.columns[0].name == "county"


@each_table
def test_foreign_keys_stay_inside_a_county(table: Table) -> None:
    for constraint in table.constraints:
        if isinstance(constraint, ForeignKeyConstraint):
            first = constraint.elements[0]
            assert (first.parent.name, first.column.name) == ("county", "county")
            assert constraint.ondelete is None
            assert constraint.onupdate is None


@each_table
def test_ids_and_times_come_from_python(table: Table) -> None:
    for column in table.columns:
        assert column.server_default is None
        assert column.default is None
        assert column.onupdate is None
        assert column.autoincrement is not True
        assert column.computed is None
        assert column.identity is None
        if column.name.endswith("_at") or column.name == "at":
            assert isinstance(column.type, BigInteger)
        if column.name.endswith("_on"):
            assert isinstance(column.type, Integer)
            assert not isinstance(column.type, BigInteger | SmallInteger)


@each_table
def test_only_types_that_are_the_same_everywhere(table: Table) -> None:
    for column in table.columns:
        kinds = (Octets, BigInteger, Integer, SmallInteger)
        assert isinstance(column.type, kinds) or str(column.type) == "VARCHAR", column


@each_table
def test_neither_back_end_makes_a_sequence_or_a_trigger(table: Table) -> None:
    for dialect in (sqlite.dialect(), postgresql.dialect()):  # type: ignore[no-untyped-call]
        ddl = str(CreateTable(table).compile(dialect=dialect)).upper()
        ddl += "".join(str(CreateIndex(one).compile(dialect=dialect)) for one in table.indexes)
        for word in ("SERIAL", "AUTOINCREMENT", "IDENTITY", "TRIGGER", "DEFAULT", "SET NULL"):
            assert word not in ddl


def test_rows_have_the_fields_of_their_tables_in_order() -> None:
    assert ROWS.keys() | WITHOUT_ROW == metadata.tables.keys()
    for name, kind in ROWS.items():
        columns = [column.name for column in metadata.tables[name].columns]
        assert columns == ["county", *kind._fields], name


def test_a_schema_that_is_there_is_left_as_it_is(ledger: Ledger) -> None:
    create_schema(ledger.engine)
    with ledger.read() as tx:
        assert tx.county_head().epoch == 1
