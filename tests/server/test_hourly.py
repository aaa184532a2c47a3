"""The core's hourly work: an hour that fails is no reason for the next one not to come."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy.exc import OperationalError

from server import core_app
from server.county import County
from server.database import DatabaseFull
from tests.server.counties import a_county


@pytest.fixture
def county(tmp_path: Path) -> Iterator[County]:
    with a_county(tmp_path / "county") as county:
        yield county


def test_the_hours_go_on_after_every_declared_trouble(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = sqlcipher.OperationalError("database is locked")
    troubles = [
        DatabaseFull("磁盘空间不足"), OSError(28, "No space left"), busy,
        OperationalError("SELECT 1", {}, busy),
    ]  # fmt: skip
    hours: list[str] = []
    stopping = threading.Event()

    def renew(_: County) -> bool:
        hours.append("renew")
        if troubles:
            raise troubles.pop(0)
        return True

    def due(_: County) -> None:
        hours.append("due")
        stopping.set()

    monkeypatch.setattr(core_app, "HOUR_S", 0.01)
    monkeypatch.setattr(core_app, "renew_keys", renew)
    monkeypatch.setattr(core_app, "run_due", due)
    core_app._every_hour(county, stopping)
    assert hours == [*["renew"] * 5, "due"]
