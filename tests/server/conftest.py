"""Fixtures of the server room: databases of both back ends, and a county's ledger on each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from server.database import open_engine
from server.storage import Ledger, create_schema
from tests.server import ledgers, postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL server for the whole run."""
    with postgres.running() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: postgres.Server) -> Iterator[str]:
    """The URL of a fresh PostgreSQL database with the schema in it."""
    with postgres_server.clone() as url:
        yield url


@contextmanager
def _opened(target: str | Path, key: bytes | None) -> Iterator[Ledger]:
    engine = open_engine(target, key)
    try:
        create_schema(engine)
        with ledgers.watched(engine):
            yield ledgers.begun(engine)
    finally:
        engine.dispose()


@pytest.fixture
def sqlite_ledger(tmp_path: Path) -> Iterator[Ledger]:
    """The ledger of a county on the embedded database."""
    with _opened(tmp_path / "core.db", ledgers.FILE_KEY) as ledger:
        yield ledger


@pytest.fixture
def postgres_ledger(postgres_url: str) -> Iterator[Ledger]:
    """The ledger of a county on PostgreSQL."""
    with _opened(postgres_url, None) as ledger:
        yield ledger


@pytest.fixture(params=["sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    """The ledger of a county, once on each back end: the storage contract."""
    opened = request.getfixturevalue(f"{request.param}_ledger")
    assert isinstance(opened, Ledger)
    return opened
