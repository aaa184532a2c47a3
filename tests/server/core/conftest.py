"""A county on each back end, and the tablets of two neighbouring villages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from server.county import County
from server.database import open_engine
from server.storage import create_schema
from server.verify import verify
from tests.server.core.world import Tablet, make_county, villages

KEY = bytes(range(32))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """The embedded database."""
    opened = open_engine(tmp_path / "core.db", KEY)
    create_schema(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def county(engine: Engine, tmp_path: Path) -> Iterator[County]:
    """A county on the embedded database; whatever a test does, its books agree afterwards."""
    made = make_county(engine, tmp_path / "county")
    yield made
    assert verify(made).violations == ()


@pytest.fixture(params=["sqlite", "postgres"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[County]:
    """The same county once on each back end."""
    if request.param == "sqlite":
        opened = open_engine(tmp_path / "core.db", KEY)
        create_schema(opened)
    else:
        opened = open_engine(request.getfixturevalue("postgres_url"))
    made = make_county(opened, tmp_path / "county")
    yield made
    assert verify(made).violations == ()
    opened.dispose()


@pytest.fixture
def anna(county: County) -> Tablet:
    """The tablet of a village."""
    return Tablet(county, villages()[0])


@pytest.fixture
def bert(county: County) -> Tablet:
    """Another tablet of the same village."""
    return Tablet(county, villages()[0])
