"""A line that breaks again and again: less is asked for, with pauses, and then it is given up."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from mobile.freezing import SMALLEST_BYTES
from mobile.synchronise import BROKEN_TRIES, Synced, Synchroniser
from mobile.tablet import Tablet
from sync.exchange import Exchange, Exchanged, Unreachable
from sync.messages import SyncRequest
from tests.mobile.county import County, Serving
from tests.mobile.kit import introduce, unlocked


@pytest.fixture
def county() -> County:
    return County()


@pytest.fixture
def tablet(tmp_path: Path, county: County) -> Tablet:
    made = unlocked(tmp_path / "one", county.keys)
    introduce(made, county)
    return made


@pytest.fixture
def line(county: County) -> Iterator[Line]:
    with Serving(county) as serving:
        yield Line(serving.url)


class Line(Exchange):
    """The real exchange; a test in which it spins ends."""

    def __init__(self, url: str) -> None:
        super().__init__(requests.Session(), url, monotonic=time.monotonic)
        self.calls = 0
        self.waits: list[float] = []

    def sync(self, request: SyncRequest) -> Exchanged:
        self.calls += 1
        assert self.calls < 60, "it spins"
        return super().sync(request)

    def run(self, tablet: Tablet) -> Synced:
        return Synchroniser(tablet, self, self.waits.append).run()


def ask(tablet: Tablet, count: int) -> None:
    for number in range(count):
        text = hashlib.sha512(str(number).encode()).hexdigest()
        tablet.desk.record("consultation", {"question": text})


def sizes(tablet: Tablet) -> list[int]:
    return [one.size for one in tablet.locked.outbox.all()]


def test_one_envelope_between_the_least_and_twice_the_least_ends_it(
    tablet: Tablet, county: County, line: Line
) -> None:
    chance = random.Random(1)
    text = "".join(chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(2_000))
    tablet.desk.record("consultation", {"question": text})
    tablet.freezer.freeze()
    (size,) = sizes(tablet)
    assert SMALLEST_BYTES < size <= 2 * SMALLEST_BYTES
    county.manners.envelope_bytes_max = 0
    with pytest.raises(Unreachable):
        line.run(tablet)
    assert len(line.waits) == line.calls - 1
    assert sum(line.waits) > 0


def test_a_sealed_act_that_never_passes_ends_it(tablet: Tablet, county: County, line: Line) -> None:
    ask(tablet, 1)
    tablet.desk.record("complaint", {"target_kind": "undisclosed", "content": "有人收钱"})
    tablet.freezer.freeze()
    assert max(sizes(tablet)) > 2 * SMALLEST_BYTES
    county.manners.envelope_bytes_max = 2 * SMALLEST_BYTES
    with pytest.raises(Unreachable):
        line.run(tablet)
    assert tablet.status().pending == 0  # the act beside it went
    assert line.calls <= 10


def test_a_line_that_takes_nothing_ends_it_from_the_largest_batch(
    tablet: Tablet, county: County, line: Line
) -> None:
    ask(tablet, 900)
    county.manners.envelope_bytes_max = 0
    with pytest.raises(Unreachable):
        line.run(tablet)
    assert BROKEN_TRIES <= line.calls <= 10


def test_what_does_not_shrink_is_cut_finer(tablet: Tablet, county: County, line: Line) -> None:
    """300 questions of random digits pack badly; each envelope has to get below 6,000 bytes."""
    ask(tablet, 300)
    county.manners.envelope_bytes_max = 6_000
    assert line.run(tablet).pending == 0
    assert len({one.id for one in county.operations}) == 301
