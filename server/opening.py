"""Opening a county: its home, keys and database become one `County` for core and commands."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from server.county import County
from server.database import open_engine
from server.home import CountyHome
from server.keys import CountyKeys, load_keys
from server.storage import Ledger, create_schema


def wall_clock() -> int:
    """Return the time now (Unix ms)."""
    return time.time_ns() // 1_000_000


def open_county(
    root: Path,
    *,
    now: Callable[[], int] = wall_clock,
    entropy: Callable[[int], bytes] = os.urandom,
) -> County:
    """Return the county at `root`, whether or not its server runs.

    Raises NoHome, KeyUnreadable, DatabaseUnavailable.
    """
    home = CountyHome.open(root)
    return open_with(home, load_keys(home), now=now, entropy=entropy)


def open_with(
    home: CountyHome,
    keys: CountyKeys,
    *,
    now: Callable[[], int] = wall_clock,
    entropy: Callable[[int], bytes] = os.urandom,
) -> County:
    """Return the county of a home whose keys are loaded; tables that are missing are made."""
    engine = open_engine(home.database, None if home.config.database else keys.database)
    create_schema(engine)
    ledger = Ledger(engine, home.config.county, keys.data, entropy=entropy)
    return County(
        code=home.config.county,
        home=home,
        keys=keys,
        ledger=ledger,
        now=now,
        entropy=entropy,
        sample=home.config.sample,
    )


def close_county(county: County) -> None:
    """Close the county's database connections."""
    county.ledger.engine.dispose()
