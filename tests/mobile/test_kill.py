"""Killed at any moment: nothing acknowledged is lost, the chain is whole, no number comes twice."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from mobile import streams
from mobile.tablet import Tablet
from shared import chain
from shared.operation import restore
from tests.mobile.kit import COUNTY, PIN, CountyKeys, enrolled, frozen_operations

KILLS = 10
ROOT = Path(__file__).parents[2]


def record_until_killed(home: Path, lines_before_kill: int, more_bytes: int) -> list[str]:
    """Return what was acknowledged before the kill: whole lines on standard output."""
    command = [sys.executable, "-m", "tests.mobile.recorder", str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(lines_before_kill)]
        process.stdout.read(more_bytes)  # part of a line: any instant, not only after a save
        process.kill()
        rest = process.stdout.read()
    assert all(lines), "the recorder ended by itself"
    acknowledged = [line.decode() for line in lines]
    # What followed the part we read is whole up to its last line break.
    acknowledged += rest.decode().splitlines(keepends=True)[1:]
    return [line.strip() for line in acknowledged if line.endswith("\n")]


def require_whole(tablet: Tablet) -> None:
    """The chain of every stream is contiguous and leads to its head; projections agree."""
    for stream in streams.all_streams(tablet.store):
        rows = tablet.store.rows(
            "SELECT skeleton, salt, data FROM operations WHERE own = ? ORDER BY seq",
            (stream.number,),
        )
        operations = [restore(*row) for row in rows]
        assert [one.skeleton.seq for one in operations] == list(range(1, stream.seq + 1))
        head = chain.genesis(COUNTY, stream.id)
        assert chain.extend_all(head, (one.id for one in operations)) == stream.head
    before = tablet.store.rows("SELECT * FROM records ORDER BY record")
    tablet.rebuild()
    assert tablet.store.rows("SELECT * FROM records ORDER BY record") == before


@pytest.mark.parametrize("seed", [20260726])
def test_nothing_acknowledged_is_lost(tmp_path: Path, seed: int) -> None:
    home = tmp_path / "home"
    keys = CountyKeys()
    locked = enrolled(home, keys)
    chance = random.Random(seed)
    acknowledged: list[str] = []
    for _ in range(KILLS):
        acknowledged += record_until_killed(home, chance.randint(1, 25), chance.randint(1, 60))
        tablet = locked.unlock(PIN)
        kept = {bytes(row[0]).hex() for row in tablet.store.rows("SELECT id FROM operations")}
        assert {line.split()[0] for line in acknowledged} <= kept
        require_whole(tablet)
        tablet.store.close()
    slips = [line.split()[1] for line in acknowledged]
    assert len(set(slips)) == len(slips) >= KILLS
    tablet = locked.unlock(PIN)
    tablet.lock()
    frozen = {operation.id.hex() for operation in frozen_operations(locked, keys)}
    assert {line.split()[0] for line in acknowledged} <= frozen
