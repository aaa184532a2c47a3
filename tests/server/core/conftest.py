"""A county on each back end, and the tablets of two neighbouring villages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.county import County
from server.database import open_engine
from server.verify import verify
from shared.canonical import Value
from tests.server.core.world import (
    DAY,
    ITEM,
    T0,
    Mould,
    Tablet,
    make_county,
    ruled,
    township_of,
    villages,
)


@pytest.fixture(scope="session")
def mould(tmp_path_factory: pytest.TempPathFactory) -> Mould:
    """A county that was born once, to be copied."""
    return Mould(tmp_path_factory.mktemp("mould"))


@pytest.fixture
def county(mould: Mould) -> Iterator[County]:
    """A county on the embedded database; whatever a test does, its books agree afterwards."""
    with mould.cast() as made:
        yield made
        assert verify(made).violations == ()


@pytest.fixture(params=["sqlite", "postgres"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[County]:
    """The same county once on each back end."""
    if request.param == "sqlite":
        yield request.getfixturevalue("county")
        return
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


@pytest.fixture
def file(county: County) -> Callable[..., bytes]:
    """Make a filing: at the village a proxy, at the township a case, and take it in."""
    site = villages()[0]
    village, town = Tablet(county, site), Tablet(county, township_of(site), role="clerk")

    def make(where: str = "village", days: int = 0, **data: Value) -> bytes:
        tablet, kind, act = (
            (village, "proxy", "entrust") if where == "village" else (town, "case", "receive")
        )
        fields: dict[str, Value] = {"person_name": "王小二", "item": ITEM, **data}
        op = tablet.record(kind, act, fields, effective_at=T0 + (days - 30) * DAY)
        tablet.send()
        assert ruled(county, op) == ("admitted", "")
        return op.skeleton.record

    return make
