"""A sample county in a folder, with a clock that tests move."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from server.birth import init_county
from server.county import County
from server.enrolment import enrol
from server.opening import close_county, open_county
from tests.server.tablets import Tablet

NOW = 1_795_400_000_000
"""23 November 2026 at UTC+8."""
COUNTY = 510322
VILLAGE, TOWNSHIP, CENTRE = "510322100221", "510322100000", "510322000000"


class Clock:
    """Time as the test says."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        """Every look is a millisecond later."""
        self.now += 1
        return self.now


@contextlib.contextmanager
def a_county(folder: Path, *, sample: bool = True, clock: Clock | None = None) -> Iterator[County]:
    """Make a county and open it."""
    now = clock or Clock()
    init_county(folder, COUNTY, database=None, sample=sample, now=now, entropy=os.urandom)
    county = open_county(folder, now=now)
    try:
        yield county
    finally:
        close_county(county)


def a_tablet(county: County, code: str, name: str = "张三") -> Tablet:
    """A tablet enrolled with this code."""
    tablet = Tablet(county.home.config.fingerprint, county.now)
    request = tablet.request(code, name)
    tablet.enrolled(request, enrol(county, request.encode()))
    return tablet
